#ifndef MASTERD_PLAN_WHY_H
#define MASTERD_PLAN_WHY_H

#include <stdarg.h>

#include "lib/base/buf.h"
#include "masterd/plan/schedule.h"

/*
 * Why a job has the slots that it has, and why not more.  Pure, and made from
 * the very input that schedule_run() gets: what it says is what is done.
 */
struct why_facts {
	const char *job, *target, *status; /* for the answer */
	const char *multiplier_why;        /* or "" */
	const char *boost_until;           /* or "" */
	const char *held; /* why the master offers nothing at all; or NULL */
	/* Slot time, the job's and everybody's: of the last day, and since it
	 * started or for a week, whichever is shorter. */
	uint64_t day_ms, day_all_ms, start_ms, start_all_ms;
};

struct why_cause {
	const char *code; /* "no_free_slot" */
	char *text;       /* "no free slot: 12 of 12 are taken" */
};

/* One more, and the end of all. */
void why_add(struct why_cause **list, size_t *count, const char *code,
    const char *fmt, va_list ap);
void why_free(struct why_cause *list, size_t count);

struct why {
	uint64_t effective;     /* in millionths of a weight of 1 */
	uint64_t due;           /* slots that it should have, in millionths */
	unsigned slots, offers; /* it has; it is given now */
	unsigned all_slots;     /* of bots that take */
	struct why_cause *causes;
	size_t cause_count;
};

/* "in" is as for schedule_run(), and is not changed. */
void why_make(struct why *w, const struct schedule_input *in, size_t job,
    const char *held);
void why_release(struct why *w);

/* {"api":1,"item":{...}} */
void why_json(struct buf *out, const struct why *w,
    const struct schedule_job *j, const struct why_facts *f);

#endif
