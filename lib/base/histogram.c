/* Counting by size. */
#include "lib/base/histogram.h"

void
histogram_add(struct histogram *h, uint64_t value)
{
	int i;

	for (i = 0; i < h->count && value > h->limits[i]; i++)
		;
	h->counts[i]++;
	h->sum += value;
}

uint64_t
histogram_total(const struct histogram *h)
{
	uint64_t total = 0;
	int i;

	for (i = 0; i <= h->count; i++)
		total += h->counts[i];
	return total;
}
