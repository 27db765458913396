#ifndef MASTERD_RETIRE_H
#define MASTERD_RETIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"
#include "masterd/plan/retention.h"
#include "masterd/store/store.h"

/*
 * Builds that nobody needs any more, once an hour: those that the policy lets
 * go are removed, those removed longer than the grace time are collected, and
 * so are the files that no build uses (masterd/DESIGN, "Builds").
 */
struct retire {
	struct db *db;
	struct store *store;
	struct retain_policy policy;
	uint64_t grace_ms; /* between removed and collected */
	/* May be NULL.  busy: a build is on its way into the database, so
	 * that nothing is collected now.  holds: a file that waits for its
	 * build's row. */
	bool (*busy)(void *arg);
	bool (*holds)(void *arg, const struct digest *sha256);
	void *arg;
};

#define RETIRE_GRACE_MS (24ull * 60 * 60 * 1000)

/* Outside of a transaction, at wall time "now_ms".  What one call leaves, the
 * next takes. */
int retire_builds(const struct retire *r, uint64_t now_ms, struct err *e);

#endif
