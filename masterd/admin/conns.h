#ifndef MASTERD_ADMIN_CONNS_H
#define MASTERD_ADMIN_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How long each connection may take, and which one goes when there are too
 * many.  The library's own timeout is for silence; a client that sends a byte
 * a second is never silent.  So a connection has REQUEST_MS for a whole head,
 * and for each body or answer as much and a second more for every CONN_RATE
 * bytes.  A connection that is cut is shut down; the library then closes it.
 */
#define CONN_RATE (16 * 1024)

struct conn {
	int fd;
	bool cut;
	bool busy;        /* has a request: not to be cut for another */
	bool waits;       /* for us: its time does not run */
	bool watched;     /* while it waits: is the other side still there? */
	uint64_t mark_ms; /* when what it does now was begun */
	uint64_t moved;   /* bytes of it */
	struct conn *prev, *next;
};

struct conns {
	struct conn *first, *last; /* longest without a request first */
	size_t count, most;
	uint64_t request_ms;
};

struct conn *conn_new(struct conns *s, int fd); /* may cut an idle one */
void conn_free(struct conns *s, struct conn *c);

/* It begins to do something else: a request, its answer, nothing. */
void conn_begin(struct conns *s, struct conn *c, bool busy);
void conn_moved(struct conn *c, uint64_t bytes);
void conn_waits(struct conn *c, bool waits);

/* Cut those whose time is over.  True when one that waits has lost its other
 * side: wake the requests whose conn->cut is set. */
bool conns_tick(struct conns *s);

#endif
