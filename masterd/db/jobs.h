#ifndef MASTERD_DB_JOBS_H
#define MASTERD_DB_JOBS_H

#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * Jobs as people make and end them.  What runs them (tasks, leases, time) is
 * the planner's: leases.h.
 */
#define JOB_MAX_SLOTS  10000
#define JOB_MAX_FOR_MS (365ull * 24 * 60 * 60 * 1000)

struct job_new {
	const char *target; /* [project/]target[@revision][:sanitizer] */
	int64_t build;      /* row of the build; 0: the newest that fits */
	uint64_t slots;     /* 0: what is free, fairly shared */
	uint64_t for_ms;    /* 0: until cancelled */
	const char *by;     /* "user:root" */
};

/* A job "pending", with its event.  0, -1, or 1 when the target is ambiguous
 * (builds_resolve()). */
int jobs_create(
    struct db *db, const struct job_new *job, struct db_id *id, struct err *e);

/*
 * Cancel the job of this row: it, its tasks that are not over and its open
 * leases are "cancelled", with an event.  Harmless when it was cancelled
 * before; CONFLICT when it ended otherwise.
 */
int jobs_cancel(struct db *db, int64_t row, const char *by, struct err *e);

#endif
