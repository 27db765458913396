#ifndef MASTERD_CHORES_H
#define MASTERD_CHORES_H

#include <stdbool.h>

#include "masterd/db/db.h"
#include "masterd/retire.h"
#include "masterd/store/store.h"

/*
 * What the master does for its own sake, seldom, and a little at a time: bytes
 * are counted, and when room runs short what may go early goes.  Each chore is
 * a transaction of its own; one that fails for want of room is logged and done
 * the next time.  A return of -1 ends the process.
 */
struct chores {
	struct db *db;
	struct store *store;
	struct retire retire; /* builds, once the admin socket is open */
	/* Inputs: how many of a bucket, how long all of them; and where the
	 * walk over buckets is. */
	uint64_t keep_inputs, keep_inputs_ms;
	int64_t inputs_at;
};

/* Once at start and each hour: what is counted. */
int chores_hourly(const struct chores *c, struct err *e);

/* Each hour: builds that nobody needs go, sooner where room runs short. */
int chores_retire(const struct chores *c, struct err *e);

/* Every 10 s.  "idle": no batch is between its names and its COMMIT. */
int chores_often(struct chores *c, bool idle, struct err *e);

#endif
