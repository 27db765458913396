/*
 * Signs of life, from the main loop and nowhere else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "masterd/alive.h"

#define STATUS_MS   5000
#define STEP_MAX_MS (10 * 60 * 1000) /* asked for anew with each step */

struct alive {
	struct db *db;
	struct loop_source *timer;
	uint64_t every_ms;
	bool watched;
	void (*look)(void *arg, struct alive_now *now);
	void *arg;
};

void
alive_step(const char *what)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "EXTEND_TIMEOUT_USEC=%ju\nSTATUS=starting: %s",
	    (uintmax_t)STEP_MAX_MS * 1000, what);
	loop_notify(text);
}

/* The write lock can be had: nobody else's transaction, no dead disk. */
static bool
can_write(struct alive *a)
{
	struct err e;

	if (db_begin(a->db, &e) == 0) {
		db_rollback(a->db);
		return true;
	}
	log_warn("masterd.stuck", LOG_T("reason", e.text));
	return false;
}

static void
on_time(void *arg)
{
	struct alive *a = arg;
	struct alive_now now = {0, 0, 0};
	char text[160];
	bool good = can_write(a);

	a->look(a->arg, &now);
	snprintf(text, sizeof(text),
	    "STATUS=%s%zu bundles wait, %d in hand, %ju in the last minute%s",
	    good ? "" : "the database cannot be written to; ", now.waiting,
	    now.in_hand, (uintmax_t)now.per_minute,
	    a->watched && good ? "\nWATCHDOG=1" : "");
	loop_notify(text);
	loop_timer_set(a->timer, a->every_ms, NULL);
}

struct alive *
alive_open(struct loop *loop, struct db *db,
    void (*look)(void *arg, struct alive_now *now), void *arg, struct err *e)
{
	struct alive *a = mem_alloc(sizeof(*a));
	uint64_t watchdog_ms = loop_take_watchdog(loop);

	a->db = db;
	a->look = look;
	a->arg = arg;
	a->watched = watchdog_ms != 0;
	a->every_ms = STATUS_MS;
	if (a->watched && watchdog_ms / 2 < STATUS_MS)
		a->every_ms = watchdog_ms / 2;
	if ((a->timer = loop_timer(loop, on_time, a, e)) == NULL ||
	    loop_timer_set(a->timer, 0, e) == -1) {
		alive_close(a);
		return NULL;
	}
	return a;
}

void
alive_close(struct alive *a)
{
	if (a == NULL)
		return;
	loop_drop(a->timer);
	free(a);
}
