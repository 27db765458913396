/*
 * The time of connections.  They are few hundred, and are all looked at a few
 * times a second while there are any.
 */
#include <sys/socket.h>

#include <poll.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "masterd/admin/conns.h"

static void
put_last(struct conns *s, struct conn *c)
{
	c->prev = s->last;
	c->next = NULL;
	if (s->last != NULL)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
}

static void
take_out(struct conns *s, struct conn *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	else
		s->last = c->prev;
}

static void
cut(struct conn *c)
{
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);
}

/* Room for one that asks: the one that has been silent longest goes. */
static void
make_room(struct conns *s)
{
	struct conn *c;
	size_t live = 0;

	for (c = s->first; c != NULL; c = c->next)
		live += !c->cut;
	for (c = s->first; c != NULL && live > s->most; c = c->next) {
		if (c->busy || c->cut)
			continue;
		cut(c);
		live--;
	}
}

struct conn *
conn_new(struct conns *s, int fd)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->fd = fd;
	c->mark_ms = clock_up_ms();
	put_last(s, c);
	if (++s->count > s->most)
		make_room(s);
	return c;
}

void
conn_free(struct conns *s, struct conn *c)
{
	take_out(s, c);
	s->count--;
	free(c);
}

void
conn_begin(struct conns *s, struct conn *c, bool busy)
{
	if (c->busy && !busy) {
		take_out(s, c);
		put_last(s, c);
	}
	c->busy = busy;
	c->waits = c->watched = false;
	c->mark_ms = clock_up_ms();
	c->moved = 0;
}

void
conn_moved(struct conn *c, uint64_t bytes)
{
	c->moved += bytes;
}

void
conn_waits(struct conn *c, bool waits)
{
	if (c->waits && !waits) {
		c->mark_ms = clock_up_ms();
		c->moved = 0;
	}
	c->waits = waits;
}

static bool
is_late(const struct conns *s, const struct conn *c, uint64_t now)
{
	return now > c->mark_ms + s->request_ms + c->moved * 1000 / CONN_RATE;
}

static bool
has_left(const struct conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 &&
	    (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool
conns_tick(struct conns *s)
{
	uint64_t now = clock_up_ms();
	struct conn *c;
	bool left = false;

	for (c = s->first; c != NULL; c = c->next) {
		if (c->cut)
			continue;
		if (!c->waits) {
			if (is_late(s, c, now))
				cut(c);
		} else if (c->watched && has_left(c)) {
			c->cut = left = true;
		}
	}
	return left;
}
