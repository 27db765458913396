#ifndef BOTD_COURIER_LINK_H
#define BOTD_COURIER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "botd/courier/bucket.h"

/*
 * The way to the account's folder on the master: incoming/... and
 * outgoing/<bot>/..., named relative to that folder in both kinds (P.9).
 *
 *	sftp://user@host[:port]	link_sftp.c, the only <libssh2.h>
 *	dir:/path		link_dir.c: same machine, relay, shared folder
 *
 * All calls block, none longer than the timeout without a byte of progress.
 * They return 0, or -1 with "e".  Afterwards link_up() tells the two kinds of
 * failure apart: still up, and the master's side said no (NOT_FOUND, DENIED,
 * CONFLICT, or AGAIN as for a full disk); or down, and the caller closes it,
 * backs off and opens it again.
 */
struct link_config {
	const char *url;
	const char *key;         /* sftp: private key file, ed25519 */
	const char *known_hosts; /* sftp: the pinned host key */
	uint64_t timeout_ms;
	/* sftp: whom to log in as where the URL's user is not let in; may be
	 * NULL.  A master that became one of many Unix users (pf-account adopt)
	 * is so found without a word to the bot. */
	const char *account;
};

struct link;

/* REFUSED when the URL cannot be understood.  Connects nowhere yet. */
struct link *link_new(const struct link_config *c, struct err *e);
void link_free(struct link *l); /* NULL is fine */

int link_open(struct link *l, struct err *e);
void link_close(struct link *l); /* fine when it is not open */
bool link_up(const struct link *l);
void link_set_timeout(struct link *l, uint64_t ms);

/* How long any one request may take in all, and each MiB of a transfer: one
 * that moves, but only just, is given up too.  0: no limit. */
void link_set_operation(struct link *l, uint64_t ms);

/*
 * How fast it may be: "fn" says bytes a second at each piece, 0 for no limit.
 * What is urgent, or done while another transfer is interrupted, does not wait
 * for it, but counts.
 */
typedef uint64_t link_rate_fn(void *arg);
void link_set_rate(struct link *l, link_rate_fn *fn, void *arg);
void link_urgent(struct link *l, bool urgent);

/*
 * Called between the slices of a put or get, so that a waiting crash can go
 * first on the same connection (P.9).  "fn" may use the link itself; transfers
 * that it makes are not interrupted again.  -1 ends the outer transfer with
 * its error.
 */
typedef int link_between_fn(void *arg, struct err *e);
void link_between(struct link *l, link_between_fn *fn, void *arg);

struct link_stat {
	bool exists;
	uint64_t size;
	uint64_t mtime; /* whole seconds, as SFTP has them */
};

/* A missing file is no failure. */
int link_stat(
    struct link *l, const char *path, struct link_stat *st, struct err *e);

/*
 * Write "size" bytes of "fd" to a new file.  What an earlier try has left
 * there is unlinked first, never written into: a server killed in the middle
 * of a rename leaves one inode under both names.  On failure it is removed
 * again if the link is still up.
 */
int link_put(
    struct link *l, const char *path, int fd, uint64_t size, struct err *e);

/* CONFLICT when there is something at "to": nothing is replaced. */
int link_rename(
    struct link *l, const char *from, const char *to, struct err *e);

int link_unlink(struct link *l, const char *path, struct err *e); /* or gone */

/*
 * Read a whole file; each piece goes to "sink", whose -1 ends it.  "expect" is
 * its size as far as known: small files are read with small requests.
 */
typedef int link_sink_fn(
    void *arg, const void *bytes, size_t len, struct err *e);

struct link_sink {
	link_sink_fn *fn;
	void *arg;
};

int link_get(struct link *l, const char *path, uint64_t expect,
    const struct link_sink *sink, struct err *e);

/* ---- for link_*.c ---------------------------------------------------- */
struct link_ops {
	int (*open)(struct link *l, struct err *e);
	void (*close)(struct link *l);
	void (*free)(struct link *l);
	int (*stat)(struct link *l, const char *path, struct link_stat *st,
	    struct err *e);
	int (*put)(struct link *l, const char *path, int fd, uint64_t size,
	    struct err *e);
	int (*rename)(
	    struct link *l, const char *from, const char *to, struct err *e);
	int (*unlink)(struct link *l, const char *path, struct err *e);
	int (*get)(struct link *l, const char *path, uint64_t expect,
	    const struct link_sink *sink, struct err *e);
};

struct link {
	const struct link_ops *ops;
	uint64_t timeout_ms, operation_ms;
	uint64_t began, moved; /* of the present MiB: up-time, bytes */
	bool up;
	link_between_fn *between;
	void *between_arg;
	bool interrupted; /* "between" is running */
	bool urgent;
	link_rate_fn *rate;
	void *rate_arg;
	struct bucket bucket;
};

#define LINK_SLICE (1024 * 1024)

/* Between two slices: what goes first, and what the rate asks for. */
int link_pause(struct link *l, struct err *e);

/* How much to move until the next pause, at most "most". */
size_t link_piece(struct link *l, size_t most);

/* So many bytes went over; -1 when it takes too long (link_set_operation). */
int link_moved(struct link *l, size_t len, struct err *e);

/* Does known_hosts name the host of this URL?  For doctor; asks nobody. */
int link_sftp_known(const struct link_config *c, struct err *e);

struct link *link_dir_new(const char *path, struct err *e);
struct link *link_sftp_new(const struct link_config *c, struct err *e);

#endif
