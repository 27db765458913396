/*
 * Events, as a list and as a stream: with follow=1 each is one line as soon as
 * it is committed.  A stream sleeps while nothing happens; every 250 ms the
 * newest id is looked at, once for all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/follow.h"
#include "masterd/db/health.h"

#define FOLLOWERS 32
#define LOOK_MS   250
#define LINES     64 /* made at once */

struct follow {
	struct request *r;
	struct follows *all;
	int64_t last;
	char filter[VIEW_FILTERS][256];
	struct buf have;
	struct follow *next;
};

struct follows {
	struct admin *admin;
	struct loop_source *timer;
	struct follow *first;
	int count;
};

/* ---- one stream ------------------------------------------------------ */

static void
follow_drop(void *arg)
{
	struct follow *f = arg, **at;

	for (at = &f->all->first; *at != f; at = &(*at)->next)
		;
	*at = f->next;
	if (--f->all->count == 0)
		loop_timer_off(f->all->timer);
	buf_release(&f->have);
	free(f);
}

/* Lines behind the last one; what is not committed yet may come to nothing. */
static int
fill(struct follow *f, struct err *e)
{
	struct view_page page = {.view = VIEW_EVENT,
	    .after = f->last,
	    .limit = LINES,
	    .lines = true};
	struct db *db = f->all->admin->db;
	int64_t newest, next;
	int i;

	if (db_in_transaction(db))
		return 0;
	for (i = 0; i < VIEW_FILTERS; i++)
		page.filter[i] = f->filter[i];
	if (health_newest_event(db, &newest, e) == -1 ||
	    view_rows(db, &page, &f->have, &next, e) == -1)
		return -1;
	f->last = next != 0 ? next : newest;
	return 0;
}

static long
follow_read(void *arg, char *bytes, size_t max)
{
	struct follow *f = arg;
	struct err e;
	size_t n;

	if (f->have.len == 0 && fill(f, &e) == -1)
		return -2;
	n = f->have.len < max ? f->have.len : max;
	if (n == 0)
		return 0;
	memcpy(bytes, f->have.data, n);
	buf_consume(&f->have, n);
	return (long)n;
}

/* ---- all of them ----------------------------------------------------- */

static void
look(void *arg)
{
	struct follows *all = arg;
	int64_t newest = 0;
	struct follow *f;
	struct err e;

	loop_timer_set(all->timer, LOOK_MS, &e);
	if (db_in_transaction(all->admin->db) ||
	    health_newest_event(all->admin->db, &newest, &e) == -1)
		return;
	for (f = all->first; f != NULL; f = f->next)
		if (f->have.len > 0 || f->last < newest)
			request_wake(f->r);
}

struct follows *
follows_new(struct admin *a, struct err *e)
{
	struct follows *all = mem_alloc(sizeof(*all));

	all->admin = a;
	if ((all->timer = loop_timer(a->loop, look, all, e)) == NULL) {
		free(all);
		return NULL;
	}
	return all;
}

void
follows_free(struct follows *all)
{
	if (all == NULL)
		return;
	loop_drop(all->timer);
	free(all);
}

/* ---- the route ------------------------------------------------------- */

static int
read_filters(struct request *r, struct follow *f, struct err *e)
{
	const char *name, *value;
	int i;

	for (i = 0; (name = view_filter(VIEW_EVENT, i)) != NULL; i++) {
		value = request_query(r, name);
		if (text_copy(f->filter[i], sizeof(f->filter[i]), value))
			continue;
		r->field = name;
		return err_set(e, ERR_REFUSED, "%s: too long", name);
	}
	return 0;
}

static int
read_start(struct request *r, int64_t *last, struct err *e)
{
	uint64_t after;

	if (request_number(r, "after", 0, INT64_MAX, &after, e) == -1)
		return -1;
	*last = (int64_t)after;
	return *request_query(r, "after") != '\0'
	    ? 0
	    : health_newest_event(r->admin->db, last, e);
}

int
events_follow(struct request *r, struct err *e)
{
	struct follows *all = r->admin->follows;
	struct follow *f;

	if (all->count >= FOLLOWERS)
		return err_set(e, ERR_AGAIN,
		    "%d streams of events are open, no more are served",
		    FOLLOWERS);
	f = mem_alloc(sizeof(*f));
	f->r = r;
	f->all = all;
	if (read_filters(r, f, e) == -1 || read_start(r, &f->last, e) == -1) {
		free(f);
		return -1;
	}
	f->next = all->first;
	all->first = f;
	if (all->count++ == 0 && loop_timer_set(all->timer, LOOK_MS, e) == -1) {
		follow_drop(f);
		return -1;
	}
	r->type = "application/x-ndjson";
	r->stream.read = follow_read;
	r->stream.drop = follow_drop;
	r->stream.arg = f;
	r->stream.asks = true;
	return 0;
}
