#ifndef MASTERD_DB_POOLS_H
#define MASTERD_DB_POOLS_H

#include <stdint.h>

#include "masterd/db/db.h"
#include "masterd/db/leases.h"

/*
 * Pools of ephemeral bots: tasks of an array, each a bot of its own name that
 * works for an hour and never comes again.
 *
 * Those that left, were lost or were never alive for "age_ms" are folded: what
 * they did is added to the row of their pool, and they are forgotten.  At most
 * "most" a call, in a transaction.  Returns how many were, or -1.
 */
struct pools_turn {
	uint64_t age_ms;
	int most;
	struct lease_turn turn;
};
int pools_fold(struct db *db, const struct pools_turn *t, struct err *e);

/* What a bot did is its pool's from now on, and no more its own; nothing for
 * a bot of none.  Before it is forgotten, in that transaction. */
int pools_add(struct db *db, int64_t bot, struct err *e);

#endif
