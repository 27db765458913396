#ifndef MASTERD_WEIGH_H
#define MASTERD_WEIGH_H

#include <stdint.h>

#include "masterd/db/db.h"

/*
 * The automatic multipliers of all jobs that are pending or running, from
 * what their last day was like (masterd/plan/multiplier.h); *changed says how
 * many have another one now.  A job that did not run keeps what it has;
 * weights that people gave are not touched.  In a transaction, each hour.
 */
int weigh_jobs(
    struct db *db, uint64_t now_ms, unsigned *changed, struct err *e);

/*
 * The same when a job on a new target was not weighed yet, so that it need
 * not stand behind older ones of new targets for an hour.  Every few seconds.
 */
int weigh_new_jobs(
    struct db *db, uint64_t now_ms, unsigned *changed, struct err *e);

#endif
