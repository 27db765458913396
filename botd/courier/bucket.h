#ifndef BOTD_COURIER_BUCKET_H
#define BOTD_COURIER_BUCKET_H

#include <stdint.h>

/*
 * How fast bytes may go: a token bucket, pure data; time is passed in.  What
 * was moved is taken at once and may be more than there is; whoever can wait
 * asks how long.  A second's worth may be saved up, at least 64 KiB.
 */
struct bucket {        /* all zero: no limit */
	uint64_t rate; /* bytes a second; 0: no limit */
	int64_t left;  /* in thousandths of a byte; negative: owed */
	uint64_t at_ms;
};

/* From now on; what is owed is kept, what is saved is cut. */
void bucket_set(struct bucket *b, uint64_t rate, uint64_t now_ms);

void bucket_take(struct bucket *b, uint64_t bytes, uint64_t now_ms);

/* Milliseconds until nothing is owed; 0: go on. */
uint64_t bucket_wait(struct bucket *b, uint64_t now_ms);

/* A piece that takes about a quarter of a second, 4 KiB to "most". */
uint64_t bucket_piece(const struct bucket *b, uint64_t most);

#endif
