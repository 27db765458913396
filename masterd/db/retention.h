#ifndef MASTERD_DB_RETENTION_H
#define MASTERD_DB_RETENTION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * How long rows are kept.  Every table that grows has a rule here or is a fact
 * that stays (DESIGN of this folder: the list, and why).  No rule takes what
 * is open or what another row refers to, and no count that a view shows
 * changes: what goes was added up before, or is added up when it goes.
 */
struct retention_policy {
	uint64_t ledger_ms;   /* fates that are folded into ranges */
	uint64_t refused_ms;  /* refusals that the bot has noted */
	uint64_t attempts_ms; /* failed arrivals */
	uint64_t events_ms;
	uint64_t leases_ms; /* that ended; their sums are their job's */
	uint64_t tasks_ms;  /* that ended and have no lease left; values of
			       jobs that were completed */
	uint64_t builds_ms; /* verdicts on builds that were removed */
	uint64_t days_ms;   /* days; older ones become weeks */
	uint64_t epochs_ms; /* of which nothing is missing (PROTOCOL 20) */
	int observations;   /* of a crash: the newest, besides first and last
			       and the last of each job */
};

extern const struct retention_policy RETENTION_DEFAULT;

/* A pass over all rules; zero it, set the policy. */
struct retention {
	struct retention_policy policy;
	size_t rule;    /* where the pass is */
	int64_t cursor; /* in a rule that walks over ids */
};

/*
 * Go on with the pass, at about "most" rows that are looked at or removed; in
 * a transaction.  Returns 1 when there is more to do, 0 when the pass is over
 * (the next call begins another one), -1.
 */
int retention_run(struct db *db, struct retention *r, uint64_t now_ms, int most,
    struct err *e);

/* Name of rule i ("ended leases"), NULL after the last. */
const char *retention_rule(size_t i);

#endif
