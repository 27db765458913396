/*
 * Bytes owed and bytes saved, in thousandths, so that slow rates and short
 * times lose nothing to rounding.
 */
#include "botd/courier/bucket.h"

#define LEAST_SAVED 65536
#define LEAST_PIECE 4096
/* An hour's pause is a full bucket, and no overflow. */
#define LONGEST_MS 3600000

static int64_t
most_saved(const struct bucket *b)
{
	uint64_t bytes = b->rate < LEAST_SAVED ? LEAST_SAVED : b->rate;

	return (int64_t)bytes * 1000;
}

static void
fill(struct bucket *b, uint64_t now_ms)
{
	uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	if (passed > LONGEST_MS)
		passed = LONGEST_MS;
	/* A byte a second is a thousandth a millisecond. */
	b->left += (int64_t)(passed * b->rate);
	if (b->left > most_saved(b))
		b->left = most_saved(b);
	b->at_ms = now_ms;
}

void
bucket_set(struct bucket *b, uint64_t rate, uint64_t now_ms)
{
	if (rate > (UINT64_C(1) << 40))
		rate = 0; /* no link is so fast */
	if (rate == b->rate)
		return;
	if (b->rate == 0) {
		b->left = 0;
		b->at_ms = now_ms;
	} else {
		fill(b, now_ms);
	}
	b->rate = rate;
	if (rate == 0)
		b->left = 0;
	else if (b->left > most_saved(b))
		b->left = most_saved(b);
}

void
bucket_take(struct bucket *b, uint64_t bytes, uint64_t now_ms)
{
	if (b->rate == 0)
		return;
	fill(b, now_ms);
	b->left -= (int64_t)(bytes * 1000);
}

uint64_t
bucket_wait(struct bucket *b, uint64_t now_ms)
{
	if (b->rate == 0)
		return 0;
	fill(b, now_ms);
	if (b->left >= 0)
		return 0;
	return ((uint64_t)-b->left + b->rate - 1) / b->rate;
}

uint64_t
bucket_piece(const struct bucket *b, uint64_t most)
{
	uint64_t piece = b->rate / 4;

	if (b->rate == 0 || piece > most)
		return most;
	return piece < LEAST_PIECE ? LEAST_PIECE : piece;
}
