#ifndef MASTERD_ADMIN_PROBLEMS_H
#define MASTERD_ADMIN_PROBLEMS_H

#include "masterd/admin/request.h"

/*
 * What is wrong, each a sentence with its fix.  To add one:
 *   - a fact of the database: a line in masterd/db/views_alarm.c;
 *   - what only main knows: admin_hooks.checks, which calls admin_check() of
 *     admin.h for each thing that it looks at.
 * Both are in `status`; the latter are items of `system check`, too.
 */
struct problem {
	const char *severity; /* "error", "warning", "note" */
	const char *text, *fix;
};
typedef void problem_fn(void *arg, const struct problem *p);

/* All of them, the most urgent of each kind first. */
int problems_each(struct request *r, problem_fn *fn, void *arg, struct err *e);

#endif
