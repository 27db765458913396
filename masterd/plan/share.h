#ifndef MASTERD_PLAN_SHARE_H
#define MASTERD_PLAN_SHARE_H

#include "masterd/plan/match.h"

/*
 * Who is first.  A job's vtime grows by its slot time over its effective
 * weight; jobs with equal vtime had their shares.
 *
 * A job that is new, or comes back after it had nothing to run, starts at the
 * smallest vtime of those that want what it wants: it does not catch up.  For
 * jobs on bots of several classes that is the class where it stands highest:
 * beside a few jobs that must share one special bot, and lag behind for that,
 * it gets no claim on all the others.
 *
 * No lag or lead is kept beyond what slices make of themselves: twice the
 * longest slice over weight there is, and two slices for each slot that is
 * due.  Somebody whose ceiling, floor or tags were changed does not owe, or is
 * owed, a week.  A job at its ceiling has no claim at all.
 */
#define SHARE_UNIT 256000000u /* vtime of 1 ms at a weight of 1, times 10^6 */

struct share {
	uint64_t effective; /* weight x multiplier x boost, in millionths */
	uint64_t slice_ms;  /* what it gets at once */
	unsigned open;      /* leases, and offers of this round */
	int64_t ahead;      /* vtime that its open leases will cost */
	bool contends;
};

/* ms of slot time as vtime; never above INT64_MAX / 4. */
int64_t share_vtime(uint64_t ms, uint64_t effective);

/*
 * Bring vtime, paid_ms and contends of all jobs up to date and fill "shares",
 * one for each.
 */
void share_begin(
    struct schedule_input *in, const struct match *m, struct share *shares);

#endif
