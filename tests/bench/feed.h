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
#define FEED_UNIT    4096 /* bytes, at most */

struct feed {
	const char *bot;
	uint64_t epoch;
	uint64_t seq;  /* last used */
	uint64_t beat; /* last used */
};

/* What unit number "n" holds: half noise, half text, different for each n. */
void feed_unit(uint8_t *bytes, size_t size, uint64_t n);

struct feed_units {
	uint64_t first; /* number of the first */
	int count;
	size_t size; /* of each */
};

/* One corpus bundle in "dir". */
struct bundle_name feed_corpus(
    struct feed *f, int dir, const struct feed_units *u);

/* A crash with input, report and command; each "n" is another input. */
struct bundle_name feed_crash(struct feed *f, int dir, uint64_t n);

/* A heartbeat that says: nothing in hand, seqs up to "highest" sealed. */
struct bundle_name feed_beat(struct feed *f, int dir, uint64_t highest);

#endif
