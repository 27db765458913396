#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stdint.h>

/*
 * The floor of ingest: the least that must happen to units before they may be
 * acknowledged, in one bare loop.  Per unit SHA-256, a new file in stage/, a
 * write, a rename into one of 256 folders and a row; per bundle a row; per
 * batch one syncfs, the target's sums and one COMMIT (WAL, synchronous=FULL).
 * No wire, no gzip, no other process, no checks.
 */
struct floor;

struct floor_batch {
	int bundles;
	int units; /* per bundle */
};

struct floor *floor_open(const char *root);
void floor_close(struct floor *f);

/* Units from number "first" on, whose bytes lie in "units" one after the
 * other. */
void floor_batch(
    struct floor *f, const struct floor_batch *b, const uint8_t *units);

/* What masterd does after its acknowledgement: move a long WAL over. */
void floor_between(struct floor *f);

#endif
