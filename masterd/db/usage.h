#ifndef MASTERD_DB_USAGE_H
#define MASTERD_DB_USAGE_H

#include <stdint.h>

#include "lib/base/digest.h"
#include "masterd/db/db.h"

/*
 * What projects take of the disk, a line a day, from which growth and the days
 * until it is full are reckoned (view v_usage), and what may be let go of when
 * room runs short.
 */
int usage_record(
    struct db *db, uint64_t now_ms, uint64_t disk_free, struct err *e);

/* The next day's line of targets: edges, features, units, work done. */
int usage_targets(struct db *db, uint64_t now_ms, struct err *e);

/*
 * Inputs of crashes that may go: of each bucket stay the first, the smallest
 * and the newest "most", and what came after "before_ms"; and those that people
 * handed in and that came to nothing before "before_ms".  Rows stay, and all
 * counts.
 *
 *	has_input  1 --- usage_mark_*(), COMMIT ------------------> -1
 *	          -1 --- usage_each_spare(): the caller unlinks,
 *	                 usage_spare_gone(), COMMIT --------------->  0
 *
 * A kill in between leaves rows of -1, which come out again the next time.
 * Not while a batch is between its names and its COMMIT: that took a row's
 * word for an input that is there.
 */
struct usage_keep {
	int most;
	uint64_t before_ms;
};

/*
 * Marks at most "most" crashes or so, of at most USAGE_BUCKETS buckets behind
 * row *bucket, which is moved on; 0 when the last one was looked at (*bucket
 * is 0 then), 1 when there are more, -1.
 */
#define USAGE_BUCKETS 2000
int usage_mark_spare(struct db *db, const struct usage_keep *k, int64_t *bucket,
    int most, struct err *e);

int usage_mark_quiet(
    struct db *db, uint64_t before_ms, int most, struct err *e);

typedef int usage_spare_fn(void *arg, const char *project, const char *target,
    const struct digest *sha256, struct err *e);
int usage_each_spare(
    struct db *db, usage_spare_fn *fn, void *arg, struct err *e);

int usage_spare_gone(struct db *db, struct err *e);

#endif
