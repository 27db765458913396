/*
 * Once an hour: facts from the tables, the decision of masterd/plan, and back.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "masterd/db/multipliers.h"
#include "masterd/plan/multiplier.h"
#include "masterd/weigh.h"

struct weighing {
	struct weighed {
		int64_t job;
		struct multiplier m;
	} * list;
	size_t count;
};

/* Kept until the query is over: it reads the table that is written. */
static int
weigh(void *arg, const struct multiplier_row *r, struct err *e)
{
	const struct multiplier_facts f = {
	    .target_age_ms = r->target_age_ms,
	    .sessions = r->sessions,
	    .startup_crashes = r->startup_crashes,
	    .slow = r->slow,
	    .timeouts = r->timeouts,
	    .memory = r->memory,
	    .crashes = r->crashes,
	    .edges = r->edges,
	    .edges_before = r->edges_before,
	};
	struct weighing *w = arg;
	struct weighed one = {.job = r->job};

	(void)e;
	if (!multiplier_of(&f, &one.m))
		return 0;
	w->list = mem_resize(w->list, w->count + 1, sizeof(*w->list));
	w->list[w->count++] = one;
	return 0;
}

static int
put_all(
    struct db *db, const struct weighing *w, unsigned *changed, struct err *e)
{
	size_t i;
	int got;

	for (i = 0; i < w->count; i++) {
		got = multipliers_put(db, w->list[i].job, w->list[i].m.permille,
		    w->list[i].m.why, e);
		if (got == -1)
			return -1;
		*changed += (unsigned)got;
	}
	return 0;
}

int
weigh_jobs(struct db *db, uint64_t now_ms, unsigned *changed, struct err *e)
{
	struct weighing w = {0};
	int got = multipliers_each(db, now_ms, weigh, &w, e);

	*changed = 0;
	if (got == 0)
		got = put_all(db, &w, changed, e);
	free(w.list);
	return got;
}

int
weigh_new_jobs(struct db *db, uint64_t now_ms, unsigned *changed, struct err *e)
{
	int got;

	*changed = 0;
	got = multipliers_missing(
	    db, (int64_t)now_ms - (int64_t)MULTIPLIER_NEW_MS, e);
	return got == 1 ? weigh_jobs(db, now_ms, changed, e) : got;
}
