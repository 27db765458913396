#ifndef TESTS_UNIT_MASTERD_WORK_H
#define TESTS_UNIT_MASTERD_WORK_H

#include "masterd/db/leases.h"
#include "tests/unit/masterd/farm.h"

/*
 * Tasks and leases in a farm: who gets what, and what they say of it.  Time
 * stands still at WORK_START unless a test says otherwise.
 */
#define WORK_START 1000000ull /* of the master's up-time */

/* farm_setup(), and b1 is up, for libfuzzer, on a host of class "A". */
int work_setup(void **state);

/* One more bot, up, with an epoch of its own; its row. */
int64_t work_bot(struct farm *f, const char *name, const char *host_class);

/* Rows of project zlib: a target, a build of its line, and what is in it. */
int64_t work_target(struct farm *f, const char *name);
/* "ord": -1 is without an order.  State "new", no targets yet. */
int64_t work_build(struct farm *f, const char *revision, int ord);
void work_put(struct farm *f, int64_t build, int64_t target, const char *state);
/* A job that follows main, or is pinned to "build" (0: not). */
int64_t work_job(struct farm *f, int64_t target, int64_t build);

/* A lease: of a job (as the planner's offer), or of a certain task. */
int64_t work_offer(struct farm *f, int64_t job);
int64_t work_offer_at(struct farm *f, int64_t job, int64_t bot, uint64_t up_ms);
int64_t work_lease_of(struct farm *f, int64_t task, int64_t bot);

uint64_t work_id(struct farm *f, int64_t lease);
/* A column of a row; until the next call. */
const char *work_is(
    struct farm *f, const char *table, const char *column, int64_t id);
int64_t work_task_of(struct farm *f, int64_t lease);
const char *work_lease(struct farm *f, int64_t lease); /* its state */
const char *work_task(struct farm *f, int64_t lease);  /* state of its task */
const char *work_job_is(struct farm *f, int64_t job);  /* status */

/* f->bot names it in a beat, or completes it. */
void work_name(struct farm *f, int64_t lease, uint64_t up_ms);
/* Needs seqs first..last of FARM_EPOCH; last 0: none. */
void work_complete(struct farm *f, int64_t lease, const char *result,
    uint64_t first, uint64_t last);
/* As "bot", done, with a verdict; and settled. */
void work_says(struct farm *f, int64_t lease, int64_t bot, const char *verdict,
    const char *said);

/* Each returns how many bots were told. */
int work_settle(struct farm *f);
int work_expire(struct farm *f, uint64_t up_ms);
int work_charge(struct farm *f, uint64_t ms);

/* A turn that counts bots that are told in "changed". */
struct lease_turn work_turn(uint64_t up_ms, int *changed);

#endif
