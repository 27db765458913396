#ifndef BOTD_HOURS_H
#define BOTD_HOURS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "lib/base/err.h"

/*
 * Hours of the week, by the machine's own clock on the wall:
 *
 *	Mon-Fri 19:00-07:00, Sat-Sun
 *	08:00-12:00, 13:00-17:00	every day
 *	Tue, Thu 22:00-24:00		Tue all day, Thu in the evening
 *
 * An item is a day or a range of days, a range of times, or both; the items
 * stand between commas.  A range of times that ends no later than it begins
 * goes over midnight: it belongs to the day on which it begins, and a range of
 * days may go over the end of the week.  No item at all: always.
 *
 * When the clock is put forward, what lies in the hour that is left out does
 * not happen; when it is put back, the hour that comes twice counts twice.
 */
#define HOURS_DAY  1440
#define HOURS_WEEK (7 * HOURS_DAY)
#define HOURS_MOST 32

struct hours_span {
	int from, minutes; /* minutes since Sunday 00:00; 1 to a week */
};

struct hours {
	struct hours_span list[HOURS_MOST];
	int count; /* 0: always */
};

/* REFUSED, with what would be accepted; then "h" is as it was. */
int hours_parse(struct hours *h, const char *text, struct err *e);

/* Is this moment among them?  In the time zone of the process. */
bool hours_have(const struct hours *h, time_t now);

/* Seconds until the answer is another one; 0: it never will be. */
uint64_t hours_until_change(const struct hours *h, time_t now);

#endif
