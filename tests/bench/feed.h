#ifndef TESTS_BENCH_FEED_H
#define TESTS_BENCH_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/bundle.h"

/*
 * A bot that exists on paper: bundles as the runner seals them, written where
 * the bench wants them.  Whatever fails ends the bench.
 */
#define FEED_ACCOUNT "local"
#define FEED_UNIT    4096 /* bytes */

struct feed {
	const char *bot;
	uint64_t epoch;
	uint64_t seq;  /* last used */
	uint64_t beat; /* last used */
};

/* What unit number "n" holds: half noise, half text, different for each n. */
void feed_unit(uint8_t *bytes, uint64_t n);

/* One corpus bundle of "units" units from number "first" on, in "dir". */
struct bundle_name feed_corpus(
    struct feed *f, int dir, uint64_t first, int units);

/* A crash with input, report and command; each "n" is another input. */
struct bundle_name feed_crash(struct feed *f, int dir, uint64_t n);

/* A heartbeat that says: nothing in hand, seqs up to "highest" sealed. */
struct bundle_name feed_beat(struct feed *f, int dir, uint64_t highest);

#endif
