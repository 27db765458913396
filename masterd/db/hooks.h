#ifndef MASTERD_DB_HOOKS_H
#define MASTERD_DB_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * Programs that run for events (masterd/hooks/DESIGN): which events were
 * looked at, and a row for each run that is owed.
 *
 *	waiting -> done | failed
 */

/* The event that was looked at last; the newest one where none ever was. */
int hooks_looked(struct db *db, int64_t *event, struct err *e);
int hooks_set_looked(struct db *db, int64_t event, struct err *e);

struct hook_event {
	int64_t id;
	char what[64];
};

/* Up to "most" events after that one, in their order; how many, or -1. */
int hooks_events(struct db *db, int64_t after, struct hook_event *list,
    int most, struct err *e);

/* Append what a program is told of an event: the event's own keys, and the
 * bucket, build, bot or job that it is about under that name. */
int hooks_input(struct db *db, int64_t event, struct buf *out, struct err *e);

/* "hook" is owed a run for "event"; a row that is there stays as it is. */
int hooks_add(struct db *db, int64_t event, const char *hook, const char *input,
    uint64_t now_ms, struct err *e);

#define HOOK_NAME_MAX 160

struct hook_run {
	int64_t id, event;
	const char *hook, *input;
	const char *trace; /* of the event */
	uint32_t tries;    /* so far */
};

/*
 * Call "fn" for the oldest run of each hook whose time has come.  A time
 * further off than "horizon" counts as come: the clock was put back.
 */
typedef void hook_run_fn(void *arg, const struct hook_run *run);
int hooks_due(struct db *db, uint64_t now_ms, uint64_t horizon, hook_run_fn *fn,
    void *arg, struct err *e);

/* How a try ended. */
struct hook_end {
	int64_t run;
	enum { HOOK_DONE, HOOK_AGAIN, HOOK_FAILED } how;
	uint64_t now_ms, next_ms; /* HOOK_AGAIN: the next try */
	const char *said;         /* cleaned */
	const char *issue;        /* URL for the event's bucket; "" none */
};

/* In the caller's transaction; a failure and an issue are events, too. */
int hooks_end(struct db *db, const struct hook_end *end, struct err *e);

#endif
