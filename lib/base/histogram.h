#ifndef LIB_BASE_HISTOGRAM_H
#define LIB_BASE_HISTOGRAM_H

#include <stdint.h>

/*
 * How often what size was seen: counts between limits that grow, as
 * Prometheus' histograms have them.
 */
#define HISTOGRAM_MAX 16

struct histogram {
	const uint64_t *limits; /* ascending; borrowed */
	int count;              /* of limits, at most HISTOGRAM_MAX */
	uint64_t counts[HISTOGRAM_MAX + 1]; /* the last: above all limits */
	uint64_t sum;
};

/* One of "value": it counts where value <= limit. */
void histogram_add(struct histogram *h, uint64_t value);

/* How many there were. */
uint64_t histogram_total(const struct histogram *h);

#endif
