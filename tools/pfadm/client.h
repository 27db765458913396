#ifndef TOOLS_PFADM_CLIENT_H
#define TOOLS_PFADM_CLIENT_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "tools/pfadm/where.h"

/*
 * One connection to the master's socket, here or through ssh.  The only door
 * to libcurl.  Paths are those below /api/v1/, already escaped: client_path().
 */
struct client;

/* "w" is borrowed; "batch": nobody is asked for passphrases. */
struct client *client_open(const struct where *w, bool batch);
void client_close(struct client *c); /* NULL is fine */

struct reply {
	long status;       /* HTTP's; 0: the master did not answer */
	struct buf body;   /* as it came */
	struct json *json; /* NULL when it is none */
	const char *hint;  /* what could help; static, or NULL */
};

void reply_release(struct reply *r);

/*
 * Ask.  0 when the master did it; else -1 with "e" made from what it said:
 * its sentence and class.  "r" is to be released in any case.
 * A master that is not there is AGAIN with status 0 and e->sys set.
 */
int client_get(
    struct client *c, const char *path, struct reply *r, struct err *e);
int client_send(struct client *c, const char *method, const char *path,
    const void *body, size_t len, struct reply *r, struct err *e);

/* Send "size" bytes of an open file: by PUT, by POST. */
int client_upload(struct client *c, const char *path, int fd, uint64_t size,
    struct reply *r, struct err *e);
int client_post_file(struct client *c, const char *path, int fd, uint64_t size,
    struct reply *r, struct err *e);

/* The answer's bytes go to "fd" as they come; errors to "r". */
int client_download(
    struct client *c, const char *path, int fd, struct reply *r, struct err *e);

/*
 * An answer without an end: "fn" gets each line of it as it comes, without its
 * newline, until it returns -1, the user interrupts, or the connection ends.
 * All three are 0.
 */
typedef int client_line_fn(void *arg, const char *line, size_t len);
int client_follow(struct client *c, const char *path, client_line_fn *fn,
    void *arg, struct reply *r, struct err *e);

/*
 * Make a path: in "fmt" each %s is replaced by its argument with everything
 * escaped that is not plain.  Returns a buffer of "c", good until its next
 * use of this function; at most 4 KiB.
 */
const char *client_path(struct client *c, const char *fmt, ...);

#endif
