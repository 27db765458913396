#ifndef MASTERD_INTAKE_METER_H
#define MASTERD_INTAKE_METER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much of an account is taken in: a bucket of tokens for heartbeats and
 * one for all else, each refilled at the account's rate and no larger than a
 * minute of it.  What finds its bucket empty waits where it lies; nothing is
 * lost, and other accounts go on.  Pure: time is passed in.
 */
struct limits {                /* 0: none */
	uint64_t bytes, files; /* in incoming/tmp and new */
	uint64_t rate;         /* bundles a minute */
};

struct meter {
	uint64_t rate;
	struct bucket {
		uint64_t level; /* in bundles times METER_UNIT */
		uint64_t at_ms; /* when it had that */
	} buckets[2];
};

enum meter_what { METER_BEATS, METER_REST };

#define METER_UNIT 60000 /* milliseconds of a minute */

/* Another rate.  A meter that had none starts full. */
void meter_set(struct meter *m, uint64_t rate, uint64_t now_ms);
bool meter_may(const struct meter *m, enum meter_what what, uint64_t now_ms);
void meter_take(struct meter *m, enum meter_what what, uint64_t now_ms);
/* Milliseconds until meter_may(); 0: now. */
uint64_t meter_wait(
    const struct meter *m, enum meter_what what, uint64_t now_ms);

/* ---- what lies there ---- */
struct usage {
	uint64_t bytes, files;
	bool counting_stopped; /* there is more: nobody counts it all */
};

/* Files of two folders, no more than "most" of them. */
void usage_count(struct usage *u, int tmp, int fresh, uint64_t most);

/*
 * What an account is told: nothing, hold (its bots keep what they find), or
 * shut (it goes on all the same: its sessions end until there is room).  Going
 * back needs a tenth less than going there.
 */
enum usage_level { USAGE_OPEN, USAGE_HOLD, USAGE_SHUT };
enum usage_level usage_judge(const struct usage *u, const struct limits *l,
    enum usage_level was, char *reason, unsigned size);

#endif
