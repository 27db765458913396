#ifndef BOTD_OFF_H
#define BOTD_OFF_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "botd/hours.h"
#include "botd/presence.h"
#include "botd/runner/runner.h"

/*
 * May this machine be used now?  What "hours" and "only_when" say together,
 * for the runner, which asks each second.
 */
enum off_when { WHEN_ALWAYS, WHEN_IDLE, WHEN_AC_POWER };

struct off {
	struct hours hours;
	char hours_text[160]; /* as they were given, for sentences */
	int when;             /* enum off_when */
	uint64_t quiet_ms;    /* so long nobody was there: idle */
	const char *host;     /* NULL: "/"; a test's tree */
	struct presence presence;
	struct presence_facts facts;
	bool looked;
	uint64_t looked_ms;
	time_t asked_at, back_at; /* of the hours; 0: not asked yet */
};

/*
 * Fill "out" for this moment: "now_s" is the wall clock, "up_ms" the up-time,
 * "busy" the sessions of ours that run.  The machine itself is looked at every
 * five seconds at most.
 */
void off_decide(struct off *o, unsigned busy, time_t now_s, uint64_t up_ms,
    struct runner_off *out);

/* The same for now, as runner_config.off wants it; "arg" is a struct off. */
void off_now(void *arg, unsigned busy, struct runner_off *out);

#endif
