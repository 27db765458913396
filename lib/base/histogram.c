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

uint64_t
histogram_quantile(const struct histogram *h, unsigned permille)
{
	uint64_t total = histogram_total(h), seen = 0;
	int i;

	if (total == 0)
		return 0;
	for (i = 0; i < h->count; i++) {
		seen += h->counts[i];
		if (seen * 1000 >= total * permille)
			return h->limits[i];
	}
	return UINT64_MAX;
}
