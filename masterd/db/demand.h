#ifndef MASTERD_DB_DEMAND_H
#define MASTERD_DB_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "masterd/db/db.h"

/*
 * What the planner decides on, as it is in the tables: a query a kind, in
 * order of rows.  Texts are good until "fn" returns.  "up_ms" is the master's
 * observed up-time.
 */
struct demand_bot {
	int64_t id;
	const char *name;
	unsigned slots;
	bool takes;        /* up, owner, not holding, not drained */
	bool rests;        /* takes checks only */
	const char *state; /* why it does not: "lost", "holding: disk full" */
	unsigned failures; /* leases in a row */
	uint64_t rest_ms;  /* how long it rests yet */
	uint64_t off_until_ms;  /* wall time; 0: it is not off, or cannot say */
	const char *sanitizers; /* words; "": it did not say */
	const char *engines, *arch, *host_class;
	const char *tags; /* a word between blanks, commas or newlines */
};
typedef void demand_bot_fn(void *arg, const struct demand_bot *b);
int demand_bots(
    struct db *db, uint64_t up_ms, demand_bot_fn *fn, void *arg, struct err *e);

struct demand_job {
	int64_t id;
	const char *name, *status, *target, *engine, *sanitizer, *arch, *tags;
	const char *stopped, *stop_code; /* why it may not run; NULL */
	const char *multiplier_why;
	int64_t build; /* 0: none */
	unsigned weight, multiplier, boost, ceiling, floor;
	uint64_t boost_until_ms;
	uint64_t slice_ms, left_ms; /* UINT64_MAX: no end */
	uint64_t spent_ms, started_ms;
	int64_t vtime;
};
typedef void demand_job_fn(void *arg, const struct demand_job *j);
/* Jobs that are not over, and "also" (0: none) whatever it is. */
int demand_jobs(
    struct db *db, int64_t also, demand_job_fn *fn, void *arg, struct err *e);

/* Open leases.  "well": of a task that did not fail, and running for a while
 * already. */
struct demand_lease {
	int64_t id, job, bot; /* job 0: none */
	uint64_t age_ms;      /* by the wall clock */
	int64_t left_ms;
	bool well;
};
typedef void demand_lease_fn(void *arg, const struct demand_lease *l);
int demand_leases(struct db *db, uint64_t now_ms, demand_lease_fn *fn,
    void *arg, struct err *e);

/* Ready tasks of jobs that failed, or lost their bot, and are to be tried
 * again: elsewhere than on "avoid" (0: anywhere), when "wait_ms" has passed. */
struct demand_retry {
	int64_t job, avoid;
	uint64_t wait_ms;
};
typedef void demand_retry_fn(void *arg, const struct demand_retry *r);
int demand_retries(struct db *db, uint64_t up_ms, demand_retry_fn *fn,
    void *arg, struct err *e);

/* Jobs that have a parked task, and how many others run or could. */
struct demand_parked {
	int64_t job;
	unsigned tasks;
};
typedef void demand_parked_fn(void *arg, const struct demand_parked *p);
int demand_parked(struct db *db, uint64_t up_ms, demand_parked_fn *fn,
    void *arg, struct err *e);

/* Ready tasks without a job.  "patient": it waits for a slot that comes free. */
struct demand_task {
	int64_t id, build, avoid;
	bool patient;
	const char *engine, *sanitizer, *arch;
};
typedef void demand_task_fn(void *arg, const struct demand_task *t);
int demand_tasks(struct db *db, uint64_t up_ms, demand_task_fn *fn, void *arg,
    struct err *e);

/* Kinds of hosts that cannot run builds that are in use. */
struct demand_mark {
	int64_t build;
	const char *build_name, *host_class;
};
typedef void demand_mark_fn(void *arg, const struct demand_mark *m);
int demand_marks(struct db *db, demand_mark_fn *fn, void *arg, struct err *e);

/* ---- shares ---- */
int demand_put_vtime(struct db *db, int64_t job, int64_t vtime, struct err *e);

/* Slot time of fuzzing between two points of wall time: a job's, and all. */
int demand_used(struct db *db, int64_t job, uint64_t from_ms, uint64_t to_ms,
    uint64_t *mine, uint64_t *all, struct err *e);

#endif
