#ifndef MASTERD_DB_STUCK_H
#define MASTERD_DB_STUCK_H

#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * Jobs that want to run, and how far each is: executions so far and sessions
 * that ended well.  While no bot is up there is none: nobody could run them.
 */
struct stuck_job {
	int64_t row;
	char job[24];
	uint64_t progress;
};

typedef int stuck_fn(void *arg, const struct stuck_job *j, struct err *e);
int stuck_each(struct db *db, stuck_fn *fn, void *arg, struct err *e);

#endif
