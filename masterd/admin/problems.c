/*
 * One list of all that is wrong: what the checks of the master found, then
 * what the database knows.
 */
#include <stdio.h>

#include "masterd/admin/admin_internal.h"
#include "masterd/admin/checks.h"
#include "masterd/admin/problems.h"
#include "masterd/db/regroup.h"

struct telling {
	problem_fn *fn;
	void *arg;
};

static void
tell_check(void *arg, const struct admin_check *c)
{
	const struct telling *t = arg;
	const struct problem p = {c->severity, c->text, c->fix};

	if (!c->good && !c->counted)
		t->fn(t->arg, &p);
}

static void
tell_alarm(void *arg, const struct view_alarm *a)
{
	const struct telling *t = arg;
	const struct problem p = {a->severity, a->text, a->fix};

	t->fn(t->arg, &p);
}

/* An upgrade of the rules never regroups by itself. */
static int
tell_regroup(struct db *db, struct telling *t, struct err *e)
{
	struct problem p = {"note", NULL,
	    "pfadm bucket regroup --dry-run shows how; without --dry-run it is"
	    " done"};
	struct regroup_due due;
	char text[120];

	if (regroup_due(db, &due, e) == -1)
		return -1;
	if (due.buckets == 0)
		return 0;
	snprintf(text, sizeof(text),
	    "rules changed: %ju buckets would be looked at again by a regroup",
	    (uintmax_t)due.buckets);
	p.text = text;
	t->fn(t->arg, &p);
	return 0;
}

int
problems_each(struct request *r, problem_fn *fn, void *arg, struct err *e)
{
	struct telling t = {fn, arg};

	if (checks_each(r->admin, tell_check, &t, e) == -1)
		return -1;
	if (view_alarms(r->admin->db, tell_alarm, &t, e) == -1)
		return -1;
	return tell_regroup(r->admin->db, &t, e);
}
