#ifndef MASTERD_PLAN_SEATS_H
#define MASTERD_PLAN_SEATS_H

#include "masterd/plan/match.h"

/*
 * Free slots, and who was given which in this round.  Until the round is over
 * an offer may change places: a slot that only one job can use is not lost to
 * a job that could sit elsewhere.
 *
 * Where to: to the class of bots that the fewest waiting groups can use, there
 * to the bot with the most free slots, there to the oldest.
 */
struct seats;

struct seat {
	size_t bot;     /* index in in->bots; good when the round is over */
	unsigned group; /* of who sits there */
	bool fixed;     /* it must not move */
	long next;      /* of this class and group; -1 */
};

/*
 * "free" slots by bot; "waits" by group: does anybody of it want a slot?  All
 * are borrowed, "free" is changed.
 */
struct seats *seats_new(
    const struct match *m, unsigned *free, size_t bots, const bool *waits);
void seats_free(struct seats *s);

#define ANY_BOT ((size_t)-1)

/*
 * A slot for somebody of "group", on another bot than "avoid": its number
 * (seats are numbered from 0), or -1 when there is none, whoever moved.
 */
long seats_take(struct seats *s, unsigned group, size_t avoid);

const struct seat *seats_at(const struct seats *s, long seat);

#endif
