#ifndef MASTERD_DB_SEGMENTS_H
#define MASTERD_DB_SEGMENTS_H

#include <stdint.h>

#include "lib/wire/ids.h"
#include "lib/wire/ticket.h"
#include "masterd/db/db.h"

/*
 * Segments of targets' corpora (PROTOCOL 33), and what publishing them needs.
 */

/* Fill generation and segments of j->job's target; caller releases. */
int segments_job_file(struct db *db, struct job_file *j, struct err *e);

/* Programs of all targets of a build. */
int segments_programs(struct db *db, const struct digest *build,
    int (*fn)(void *arg, const char *program), void *arg, struct err *e);

#define SEGMENT_UNITS 1024
#define SEGMENT_BYTES (8ull << 20)

struct segment_unit {
	int64_t serial;
	struct digest sha256;
	uint64_t bytes, features;
};

/* One segment to be made: the units of "target" from "first" on. */
struct segment_plan {
	int64_t target;
	struct name project;
	struct target_name name;
	uint64_t generation;
	uint64_t first; /* serial; older segments from here on
					   are replaced by the new one */
	struct segment_unit *units;
	int count;
};

/* The serial of the newest unit, 0 when there is none. */
int segments_newest(struct db *db, uint64_t *serial, struct err *e);

/*
 * The next target that someone works on and that has units up to serial "up_to"
 * without a segment, but not target "but": 1 and a plan (caller frees
 * plan->units), 0 none, -1.  The one that was packed longest ago comes first,
 * so that none waits for another that never rests.  Small segments at the
 * end are taken in again while they are not twice as large as what is new, so
 * that a target has few segments and a unit is packed few times.
 */
int segments_next(struct db *db, uint64_t up_to, int64_t but,
    struct segment_plan *plan, struct err *e);

/* After a restore: unit serials may be given twice, so every target's corpus
 * gets a generation above any it had. */
int segments_new_generation(struct db *db, uint64_t now_ms, struct err *e);

/* Record it, in place of those that it replaces. */
int segments_add(struct db *db, const struct segment_plan *plan,
    const struct segment *s, struct err *e);

/* 1 when a target still has this segment, 0 when it was replaced, -1. */
int segments_has(struct db *db, const struct digest *sha256, struct err *e);

/* Bots with an open lease on a target. */
int segments_bots(struct db *db, int64_t target,
    int (*fn)(void *arg, int64_t bot), void *arg, struct err *e);

#endif
