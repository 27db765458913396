#ifndef MASTERD_PLAN_WHY_BOT_H
#define MASTERD_PLAN_WHY_BOT_H

#include "masterd/plan/why.h"

/*
 * Why a bot has slots that nobody uses: a sentence a cause, none when it has
 * no free slot.  Pure, and made from the very input that schedule_run() gets.
 */
struct why_bot_facts {
	const char *held;        /* why the master offers nothing; or NULL */
	const char *off_until;   /* a time, or "" */
	const char *rests_until; /* a time, or "" */
	unsigned failures;       /* leases in a row */
};

struct why_bot {
	unsigned slots, taken, offers; /* offers: it is given now */
	struct why_cause *causes;
	size_t cause_count;
};

/* "in" is as for schedule_run(), and is not changed; "bot" a place in it. */
void why_bot_make(struct why_bot *w, const struct schedule_input *in,
    size_t bot, const struct why_bot_facts *f);
void why_bot_release(struct why_bot *w);

#endif
