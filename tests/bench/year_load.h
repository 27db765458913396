#ifndef TESTS_BENCH_YEAR_LOAD_H
#define TESTS_BENCH_YEAR_LOAD_H

#include "lib/base/digest.h"
#include "masterd/db/db.h"

/*
 * A day of so many bots, as rows.  What is folded or removed before the end
 * leaves a sum behind, whether it was much or little: bundles of statistics
 * that are older than ledger rows live (14 days), and leases older than those
 * (90 days), are made in a small share only.  "fine" says how many days are
 * left.
 */
#define LOAD_BOTS   100
#define LOAD_RECENT 512

struct load_bot {
	int64_t row, epoch;
	uint64_t name; /* of its epoch */
	uint64_t seq, beat;
};

struct load {
	int bots;
	struct db *db;
	int fine;
	uint64_t now_ms, up_ms;
	int64_t last_event, last_job;
	int projects, targets; /* targets: of all */
	int64_t *jobs, *target_rows;
	struct digest *lines; /* a file shared by the builds of a line */
	struct load_bot bot[LOAD_BOTS];
	struct {
		int target;
		uint64_t bug;
		struct digest sha256;
	} recent[LOAD_RECENT];
	uint64_t crashes;
	uint64_t random;
};

/* bots and db are set by the caller. */
void load_open(struct load *l);
void load_day(struct load *l, int day);
void load_close(struct load *l);

#endif
