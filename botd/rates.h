#ifndef BOTD_RATES_H
#define BOTD_RATES_H

#include <stdint.h>
#include <time.h>

#include "botd/hours.h"
#include "lib/base/err.h"

/*
 * How fast the courier may be, by the hour: "Mon-Fri 08:00-18:00 200KiB/s".
 * The first line that holds now wins; when none does, "base".  0 is no limit.
 */
#define RATES_MOST 16

struct rates {
	uint64_t base;
	struct {
		struct hours when;
		uint64_t bytes; /* a second */
	} list[RATES_MOST];
	int count;
};

/* "list" ends in NULL, or is NULL.  REFUSED with what would be accepted. */
int rates_parse(
    struct rates *r, uint64_t base, char *const *list, struct err *e);

uint64_t rates_at(const struct rates *r, time_t now);

#endif
