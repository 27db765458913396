#ifndef TESTS_UNIT_MASTERD_ADMIN_SERVER_H
#define TESTS_UNIT_MASTERD_ADMIN_SERVER_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"

/*
 * An admin socket over a real store and database (tests/unit/masterd/world.h),
 * served by a child that runs the loop; and a client of one request at a time.
 */
struct server {
	char root[128];
	char socket[160];
	pid_t pid;
};

/* Before server_start(): admin_set_timeout() of it; 0: as it is. */
extern uint64_t server_timeout_ms;

struct server *server_start(bool hostile);
int server_stop(struct server *s); /* SIGTERM; its exit code */

/* A cmocka pair: *state is a struct server *. */
int server_setup(void **state);
int server_teardown(void **state);

struct answer {
	long status; /* 0: no answer */
	struct buf body;
	char type[64];
	char error[128];
	struct json *json; /* NULL when it is none */
};

void request(struct answer *a, struct server *s, const char *method,
    const char *path, const void *body, size_t len);
void get(struct answer *a, struct server *s, const char *path);
void answer_release(struct answer *a);

/* The test fails unless the answer has this status and is JSON; "body" may be
 * NULL.  server_done(): 200, and no more is asked of it. */
struct answer server_ask(struct server *s, const char *method, const char *path,
    const char *body, long status);
void server_done(
    struct server *s, const char *method, const char *path, const char *body);

/* A connected socket that says nothing. */
int server_connect(struct server *s);

#endif
