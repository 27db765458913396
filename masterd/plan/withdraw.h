#ifndef MASTERD_PLAN_WITHDRAW_H
#define MASTERD_PLAN_WITHDRAW_H

#include "masterd/plan/match.h"
#include "masterd/plan/share.h"

/*
 * Slots that are taken back (rule 5 of schedule.h), each with the offer that
 * it is for: a withdrawal and an offer are added to "steps".
 */
struct withdraw {
	const struct schedule_input *in;
	const struct match *m;
	struct share *shares; /* "open" and "ahead" are kept right */
	const bool *task_left;
	struct schedule_steps *steps;
};

void withdraw_run(struct withdraw *w);

/* Rule 1.  Such a lease has no job and no bot in "in" from then on. */
void withdraw_above_ceilings(
    struct schedule_input *in, struct schedule_steps *steps);

/* schedule.c */
void schedule_add_step(
    struct schedule_steps *s, const struct schedule_step *step);

#endif
