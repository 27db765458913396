#ifndef MASTERD_DB_FOLLOW_H
#define MASTERD_DB_FOLLOW_H

#include <stdint.h>

#include "masterd/db/leases.h"

/*
 * Which build a job uses (job.current).  A pinned job uses its own once that
 * is good.  Any other follows its line (project, branch, engine, sanitizer):
 * the newest good build of it, by order; builds without an order count only
 * where no good one of the line has one, then by their ids.  Leases in hand
 * end their slice with the build they were given; new ones use "current".
 *
 *   no good build yet        pending (or running) with a reason; current NULL
 *   target not in the newest paused by "master": it vanished; goes on by
 *                            itself with the next good build that has it
 *   target bad in the newest the newest one where it is good
 *   pinned, and that is bad  failed
 *
 * An older order that comes late is checked, and never followed.
 */

/* A build turned good or bad, or was removed. */
int follow_build(
    struct db *db, int64_t build, const struct lease_turn *turn, struct err *e);

/* A job was made, resumed, retried, pinned or unpinned.  Nothing happens to
 * one that is over. */
int follow_job(
    struct db *db, int64_t job, const struct lease_turn *turn, struct err *e);

/* At start. */
int follow_all(struct db *db, const struct lease_turn *turn, struct err *e);

/*
 * The newest build of its line has turned good and has this target, which no
 * good build of the line had before: it may start by its project's template.
 * "fn" is called in the transaction.  NULL: nobody wants to know.
 */
struct follow_new {
	int64_t project, target, build;
};
typedef int follow_new_fn(
    void *arg, struct db *db, const struct follow_new *n, struct err *e);
void follow_on_new(struct db *db, follow_new_fn *fn, void *arg);

#endif
