#ifndef MASTERD_ADMIN_JOB_MAKE_H
#define MASTERD_ADMIN_JOB_MAKE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/jobs.h"
#include "masterd/plan/templates.h"

/*
 * Where templates and jobs meet: what a person or a template asks for is
 * resolved (masterd/plan/templates.h) and becomes rows (masterd/db/jobs.h).
 * All of it is called in a transaction of the caller's.
 */

/* What --branch, --slots, --for and --set are: "own" values, source "job". */
#define JOB_SOURCE "job"

struct job_want {
	const char *target; /* or the project's name, with "all" */
	bool all;           /* a job for each target of its build */
	int64_t build;      /* row; 0: the newest that fits */
	const char *engine, *sanitizer, *template; /* "" */
	const struct values *own;
	const char *by;     /* "user:root" */
	const char *detail; /* of the event; "" */
};

struct job_made {
	struct db_id *list; /* caller frees */
	size_t count;
};

/* All jobs or none: 0, -1, or 1 when the target is ambiguous. */
int job_make(struct db *db, const struct templates *t,
    const struct job_want *want, struct job_made *made, struct err *e);

/* Another job for the same target, with the same settings and "own" over
 * them. */
int job_clone(struct db *db, const struct templates *t,
    const struct job_act *of, const struct values *own, struct job_made *made,
    struct err *e);

/* Put "set" over a live job's settings and take "unset" (keys, NULL at the
 * end) out. */
int job_set(struct db *db, const struct templates *t, const struct job_act *act,
    const struct values *set, const char *const *unset, struct err *e);

/*
 * A target that a build brought (rows): it gets a job if its project's
 * template says start: yes, and if it never had one with that build's engine
 * and sanitizer.  *started is 1 or 0.  What a template does not allow is told
 * as an event, and is no error.
 */
int jobs_start_new(struct db *db, const struct templates *t, int64_t target,
    int64_t build, int *started, struct err *e);

/*
 * The templates are others now, or it is the start: every live job's values
 * anew.  Only what changed is written, with an event a job; *changed of them.
 * A job whose template is gone keeps the values that it has.
 */
int jobs_resolve_all(
    struct db *db, const struct templates *t, int *changed, struct err *e);

#endif
