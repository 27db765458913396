/*
 * One list of all that is wrong: what the checks of the master found, then
 * what the database knows.
 */
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/checks.h"
#include "masterd/admin/problems.h"

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

int
problems_each(struct request *r, problem_fn *fn, void *arg, struct err *e)
{
	struct telling t = {fn, arg};

	if (checks_each(r->admin, tell_check, &t, e) == -1)
		return -1;
	return view_alarms(r->admin->db, tell_alarm, &t, e);
}
