#ifndef MASTERD_ADMIN_REQUEST_H
#define MASTERD_ADMIN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/admin/admin.h"
#include "masterd/admin/roles.h"
#include "masterd/admin/trace.h"
#include "masterd/db/views.h"

/*
 * One request, as the routes see it.  For this folder only.  http.c makes it,
 * reads the body into it, calls the route, sends what the route has left in
 * it.  The only door to libmicrohttpd is http.c.
 */
struct request;

/*
 * Answer the request: fill "out" (or set a stream or a file) and return 0, or
 * return -1 with "e".  REPLY_LATER: request_finish() will be called, once.
 */
#define REPLY_LATER 1
typedef int route_fn(struct request *r, struct err *e);

/* A piece of the body, for routes that do not want it in "body". */
typedef int piece_fn(
    struct request *r, const void *bytes, size_t len, struct err *e);

struct route {
	const char *method;
	/* Below /api/v1, "*" for any one part; a last one takes the rest. */
	const char *path;
	unsigned needs;    /* who may, and what it is about: permit.h */
	const char *query; /* the parameters that it knows, words */
	uint64_t body_max; /* 0: no body */
	route_fn *run;
	route_fn *begin; /* before the body; may be NULL */
	piece_fn *piece; /* NULL: the body is collected */
};

const struct route *route_find(
    const char *method, const char *path, struct request *r);

/* All of them, for the tests of what each must keep. */
const struct route *routes_all(size_t *count);

/* Bytes that come bit by bit: from a read child, or events. */
struct stream {
	/*
	 * Up to "max" bytes into "bytes": their number, 0 when there are none
	 * yet (request_wake() says when), -1 at the end, -2 when it broke.
	 */
	long (*read)(void *arg, char *bytes, size_t max);
	void (*drop)(void *arg);
	void *arg;
	bool asks; /* whether the peer still may, before each read */
};

struct request {
	struct admin *admin;
	struct peer peer;
	struct trace trace;
	struct grant *grants; /* permit.h */
	int grant_count;
	bool asked; /* permit_project() was called */
	const struct route *route;
	char part[2][VIEW_KEY_MAX + 1]; /* what the stars stand for */
	int parts;
	struct buf body;

	/* the answer */
	struct buf out;
	const char *type;  /* NULL: application/json */
	int status;        /* HTTP's, when it is not that of the error */
	const char *code;  /* of the error, when not the name of its class */
	const char *field; /* the parameter at fault, or NULL */
	const char *hint;  /* what to do about it, or NULL */
	char said[400];    /* room for a hint that is made up */
	char key[44];      /* and for such a field */
	int file;          /* a file to send instead of "out"; -1 */
	struct stream stream;

	/* the route's own, dropped with the request */
	void *own;
	void (*drop)(void *own);

	struct http_request *http; /* http.c's part */
};

/* The answer of a request that failed with "e": its body and status. */
void request_failed(struct request *r, const struct err *e);

/*
 * One parameter of the query as it came: a key that the route does not know,
 * one that came before, and text that is no line of UTF-8 are refused, and
 * named.
 */
int request_check_query(struct request *r, const char *key, const char *value,
    bool again, struct err *e);

/* Valid UTF-8 without control characters. */
bool request_is_line(const char *text);

/* What all of them keep. */
struct request_head {
	size_t headers, bytes;
};
int request_check_head(struct request *r, const struct request_head *h,
    const char *url, struct err *e);
int request_check_length(struct request *r, uint64_t length, struct err *e);
int request_no_route(
    struct request *r, const char *method, const char *url, struct err *e);

/* %XX to bytes, in place, but for %00, which stays as it is: no text is cut in
 * two.  The new length. */
size_t request_unescape(char *text);

/* Query parameter, or "" when it is not there. */
const char *request_query(struct request *r, const char *key);
/* The same as a whole number of at most "max"; "otherwise" when it is not
 * there. */
int request_number(struct request *r, const char *key, uint64_t otherwise,
    uint64_t max, uint64_t *value, struct err *e);

/* The body's length as announced, UINT64_MAX when it is not. */
uint64_t request_length(struct request *r);

/* After REPLY_LATER: "result" is what the route would have returned. */
void request_finish(struct request *r, int result, const struct err *e);
/* After its stream's read() returned 0: there is something now. */
void request_wake(struct request *r);

#endif
