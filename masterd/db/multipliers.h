#ifndef MASTERD_DB_MULTIPLIERS_H
#define MASTERD_DB_MULTIPLIERS_H

#include <stdint.h>

#include "masterd/db/db.h"

/*
 * What the last day of each job was like, for masterd/plan/multiplier.h, and
 * what came of it.  masterd/weigh.c puts the two together.
 */
struct multiplier_row {
	int64_t job;
	uint64_t target_age_ms;
	unsigned sessions, startup_crashes, slow, timeouts, memory, crashes;
	uint64_t edges, edges_before; /* a week ago; 0: not known */
};
typedef int multiplier_row_fn(
    void *arg, const struct multiplier_row *r, struct err *e);

/* Each job that is pending or running; -1 of "fn" ends it. */
int multipliers_each(struct db *db, uint64_t now_ms, multiplier_row_fn *fn,
    void *arg, struct err *e);

/* Is there one whose target is younger than that, and has no multiplier with a
 * reason?  1, 0, -1. */
int multipliers_missing(struct db *db, int64_t since_ms, struct err *e);

/* 1 when it was another one before, 0, -1. */
int multipliers_put(struct db *db, int64_t job, unsigned permille,
    const char *why, struct err *e);

#endif
