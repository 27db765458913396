#ifndef MASTERD_PLAN_SCHEDULE_H
#define MASTERD_PLAN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who works on what: a pure function of plain structs (DESIGN 6).  It reads
 * no clock, file or database and writes no log.
 */
struct schedule_bot {
	int64_t id;
	unsigned slots;      /* it has */
	unsigned taken;      /* by open leases */
	bool takes;          /* up, owner, not holding */
	const char *engines; /* words, blank between */
};

struct schedule_job {
	int64_t id;
	const char *engine;
	uint64_t weight;      /* > 0 */
	uint64_t spent_ms;    /* slot time so far */
	unsigned ceiling;     /* most leases at once, 0: any */
	unsigned open;        /* leases now */
	int64_t newest_lease; /* the one to give up first; 0: none */
	bool ready;           /* may start another task now */
	uint64_t left_ms;     /* of --for; UINT64_MAX: no end */
};

struct schedule_input {
	struct schedule_bot *bots;
	size_t bot_count;
	struct schedule_job *jobs;
	size_t job_count;
	char **texts; /* what the const char * point into */
	size_t text_count;
};

void schedule_input_release(struct schedule_input *in);

enum schedule_act { SCHEDULE_OFFER, SCHEDULE_WITHDRAW };

struct schedule_step {
	enum schedule_act act;
	int64_t job;
	int64_t bot;       /* offer */
	int64_t lease;     /* withdraw */
	uint64_t slice_ms; /* offer */
};

#define SCHEDULE_SLICE_MS (60ull * 60 * 1000)

/*
 * Next step, true; false when there is nothing to do.  Updates "in" as if the
 * step were taken, so call it until it says false.
 *
 * Among jobs that are ready, under their ceiling and whose engine a free slot
 * has, the one with the smallest spent/weight (counting what is open) gets the
 * bot with the most free slots.  When no slot is free and a ready job has no
 * lease at all, the job with the most leases (two at least) gives one up.
 */
bool schedule_next(struct schedule_input *in, struct schedule_step *step);

#endif
