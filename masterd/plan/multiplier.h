#ifndef MASTERD_PLAN_MULTIPLIER_H
#define MASTERD_PLAN_MULTIPLIER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The automatic part of a job's weight, from what its last day was like.  A
 * pure function; the weight that people gave is never touched by it.
 *
 *	 5.0	a target of less than 7 days; wins over all that follows
 *	 0.10	its sessions crash at start
 *	 0.25	inputs that are slow, that time out, or that eat the memory
 *	 0.50	its sessions end in crashes
 *	 0.75	coverage grew by less than 1 % in a week
 *	 1.0	otherwise
 *
 * All but the first and the one of coverage hold in full when every session
 * was like that, and in part (1 - (1 - m) * rate) when some were.  The
 * smallest wins.
 */
#define MULTIPLIER_ONE    1000
#define MULTIPLIER_NEW_MS (7ull * 24 * 60 * 60 * 1000)

struct multiplier_facts {
	uint64_t target_age_ms;
	/* Sessions of the last day, and those of them with such an end or
	 * such an input. */
	unsigned sessions;
	unsigned startup_crashes, slow, timeouts, memory, crashes;
	/* Edges now and a week ago; either 0: not known. */
	uint64_t edges, edges_before;
};

struct multiplier {
	unsigned permille;
	char why[120]; /* "" for 1.0 */
};

/* false: it did not run; what was before holds on. */
bool multiplier_of(const struct multiplier_facts *f, struct multiplier *m);

#endif
