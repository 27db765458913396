/*
 * Hours of the week: parsed into spans of minutes, and asked with the moment
 * passed in, so that every case is a line in a table of tests.  What the clock
 * on the wall says is localtime(3)'s word; its jumps need no rule here.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "botd/hours.h"
#include "lib/base/text.h"

#define ACCEPTED                                                              \
	"accepted are days (Mon to Sun), ranges of days and of times, as in " \
	"'Mon-Fri 19:00-07:00, Sat-Sun'"

static const char *const days[] = {"sunday", "monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday"};

/* ---- words ----------------------------------------------------------- */

/* "Mon", "monday"; -1 when it is none. */
static int
day_of(const char *word, size_t len)
{
	int i;

	for (i = 0; i < 7; i++)
		if ((len == 3 || len == strlen(days[i])) &&
		    strncasecmp(word, days[i], len) == 0)
			return i;
	return -1;
}

/* "07:00" to "24:00" as minutes; -1 when it is none. */
static int
time_of(const char *word, size_t len)
{
	int hour, minute;

	if (len != 5 || !isdigit((unsigned char)word[0]) ||
	    !isdigit((unsigned char)word[1]) || word[2] != ':' ||
	    !isdigit((unsigned char)word[3]) ||
	    !isdigit((unsigned char)word[4]))
		return -1;
	hour = (word[0] - '0') * 10 + word[1] - '0';
	minute = (word[3] - '0') * 10 + word[4] - '0';
	if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
		return -1;
	return hour * 60 + minute;
}

static int
odd(struct err *e, const char *word, size_t len, const char *what)
{
	return err_set(e, ERR_REFUSED, "'%.*s' is no %s: " ACCEPTED,
	    (int)(len > 40 ? 40 : len), word, what);
}

/* "A-B" or "A" by "value"; without B they are the same. */
static int
range_of(const char *word, size_t len, int (*value)(const char *, size_t),
    int *first, int *last)
{
	const char *dash = memchr(word, '-', len);
	size_t head = dash == NULL ? len : (size_t)(dash - word);

	*first = *last = value(word, head);
	if (dash != NULL)
		*last = value(dash + 1, len - head - 1);
	return *first == -1 || *last == -1 ? -1 : 0;
}

/* ---- items ----------------------------------------------------------- */

static int
add_span(struct hours *h, int from, int minutes, struct err *e)
{
	if (h->count == HOURS_MOST)
		return err_set(e, ERR_REFUSED,
		    "more than %d spans of hours are given", HOURS_MOST);
	h->list[h->count++] = (struct hours_span){from, minutes};
	return 0;
}

struct item {
	bool has_days, has_times;
	int first, last;     /* days */
	int begins, minutes; /* of each of them */
};

static int
add_item(struct hours *h, const struct item *i, struct err *e)
{
	int day, n = i->has_days ? (i->last - i->first + 7) % 7 + 1 : 7;

	/* Whole days in a row are one span, so that no midnight is a change. */
	if (!i->has_times)
		return add_span(h, i->first * HOURS_DAY, n * HOURS_DAY, e);
	for (day = 0; day < n; day++)
		if (add_span(h, (i->first + day) % 7 * HOURS_DAY + i->begins,
			i->minutes, e) == -1)
			return -1;
	return 0;
}

static int
take_times(struct item *i, const char *word, size_t len, struct err *e)
{
	int begin, end;

	if (i->has_times || range_of(word, len, time_of, &begin, &end) == -1 ||
	    memchr(word, '-', len) == NULL || begin == 24 * 60)
		return odd(e, word, len, "range of times");
	if (begin == end)
		return err_set(e, ERR_REFUSED,
		    "'%.*s' begins when it ends: leave the times out for the "
		    "whole day",
		    (int)len, word);
	i->has_times = true;
	i->begins = begin;
	i->minutes = (end - begin + HOURS_DAY) % HOURS_DAY;
	if (i->minutes == 0)
		i->minutes = HOURS_DAY; /* 00:00-24:00 */
	return 0;
}

static int
take_word(struct item *i, const char *word, size_t len, struct err *e)
{
	if (isdigit((unsigned char)word[0]))
		return take_times(i, word, len, e);
	if (i->has_days || i->has_times ||
	    range_of(word, len, day_of, &i->first, &i->last) == -1)
		return odd(e, word, len, "day or range of days");
	i->has_days = true;
	return 0;
}

/* One item, between two commas. */
static int
parse_item(struct hours *h, const char *text, size_t len, struct err *e)
{
	const char *p = text, *end = text + len, *word;
	struct item item = {.first = 0, .last = 6};

	while (p < end) {
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		for (word = p; p < end && !isspace((unsigned char)*p); p++)
			;
		if (take_word(&item, word, (size_t)(p - word), e) == -1)
			return -1;
	}
	if (!item.has_days && !item.has_times)
		return err_set(e, ERR_REFUSED,
		    "there is nothing between two commas: " ACCEPTED);
	return add_item(h, &item, e);
}

int
hours_parse(struct hours *h, const char *text, struct err *e)
{
	struct hours all = {.count = 0};
	const char *p = text, *comma;
	size_t len;

	if (text[strspn(text, " \t")] == '\0') {
		h->count = 0;
		return 0;
	}
	for (;; p = comma + 1) {
		comma = strchr(p, ',');
		len = comma == NULL ? strlen(p) : (size_t)(comma - p);
		if (parse_item(&all, p, len, e) == -1)
			return -1;
		if (comma == NULL)
			break;
	}
	*h = all;
	return 0;
}

/* ---- asking ---------------------------------------------------------- */

static bool
have_minute(const struct hours *h, int minute)
{
	int i, since;

	for (i = 0; i < h->count; i++) {
		since = (minute - h->list[i].from + HOURS_WEEK) % HOURS_WEEK;
		if (since < h->list[i].minutes)
			return true;
	}
	return false;
}

bool
hours_have(const struct hours *h, time_t now)
{
	struct tm t;

	if (h->count == 0 || localtime_r(&now, &t) == NULL)
		return true;
	return have_minute(
	    h, t.tm_wday * HOURS_DAY + t.tm_hour * 60 + t.tm_min);
}

uint64_t
hours_until_change(const struct hours *h, time_t now)
{
	bool before = hours_have(h, now);
	time_t at = now - now % 60;
	int i;

	if (h->count == 0)
		return 0;
	/* Minute by minute and not by arithmetic: only localtime(3) knows
	 * which minutes there are.  A week and the hours of a change. */
	for (i = 0; i < HOURS_WEEK + HOURS_DAY; i++) {
		at += 60;
		if (hours_have(h, at) != before)
			return (uint64_t)(at - now);
	}
	return 0;
}
