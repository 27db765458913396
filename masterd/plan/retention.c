/*
 * Retention of builds: sorted by line and age, each row is asked who needs it,
 * then whether it is young, then whether it is the last of its week.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/plan/retention.h"

#define DAY_MS 86400000ull

const struct retain_policy RETAIN_DEFAULT = {14 * DAY_MS, UINT64_MAX};

/* Weeks begin on Monday; 1 January 1970 was a Thursday. */
static uint64_t
week_of(uint64_t ms)
{
	return (ms / DAY_MS + 3) / 7;
}

static int
by_line_and_age(const void *a, const void *b)
{
	const struct retain_build *x = *(struct retain_build *const *)a;
	const struct retain_build *y = *(struct retain_build *const *)b;
	int order = strcmp(x->line, y->line);

	if (order != 0)
		return order;
	if (x->added_ms != y->added_ms)
		return x->added_ms < y->added_ms ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static struct retain_build **
sort(struct retain_build *builds, size_t count)
{
	struct retain_build **sorted = mem_array(count + 1, sizeof(*sorted));
	size_t i;

	for (i = 0; i < count; i++)
		sorted[i] = &builds[i];
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), by_line_and_age);
	return sorted;
}

static const char *
holder(unsigned held)
{
	static const struct {
		unsigned bit;
		const char *text;
	} holders[] = {
	    {RETAIN_PIN, "a job is pinned to it"},
	    {RETAIN_JOB, "a job uses it"},
	    {RETAIN_LEASE, "a bot works with it"},
	    {RETAIN_BUCKET, "an open bucket needs it"},
	    {RETAIN_CHECK, "it is being checked"},
	};
	size_t i;

	for (i = 0; i < sizeof(holders) / sizeof(holders[0]); i++)
		if ((held & holders[i].bit) != 0)
			return holders[i].text;
	return NULL;
}

/* The newest by time, and the newest by the order that people gave: a late
 * one may be the one or the other.  "line" has "count" rows, oldest first. */
static void
keep_newest(struct retain_build **line, size_t count)
{
	struct retain_build *newest = NULL, *last = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (line[i]->state != RETAIN_GOOD)
			continue;
		newest = line[i];
		if (line[i]->ordered &&
		    (last == NULL || line[i]->order >= last->order))
			last = line[i];
	}
	if (newest != NULL)
		newest->kept = "it is the newest good build of its line";
	if (last != NULL)
		last->kept = "it is the newest good build of its line";
}

/* The last good one of each week; weeks are runs of a line. */
static void
keep_weekly(struct retain_build **line, size_t count, uint64_t policy_ms,
    uint64_t now_ms)
{
	struct retain_build *good = NULL, *unchecked = NULL, *pick;
	size_t i;

	for (i = 0; i < count; i++) {
		if (line[i]->state == RETAIN_GOOD)
			good = line[i];
		else if (line[i]->state == RETAIN_NEW)
			unchecked = line[i];
		if (i + 1 < count &&
		    week_of(line[i + 1]->added_ms) ==
			week_of(line[i]->added_ms))
			continue;
		pick = good != NULL ? good : unchecked;
		if (pick != NULL && pick->kept == NULL && policy_ms != 0 &&
		    (policy_ms == UINT64_MAX || now_ms < pick->added_ms ||
			now_ms - pick->added_ms < policy_ms))
			pick->kept = "it is the one of its week";
		good = unchecked = NULL;
	}
}

static void
decide_line(struct retain_build **line, size_t count,
    const struct retain_policy *policy, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < count; i++) {
		line[i]->kept = holder(line[i]->held);
		if (line[i]->kept == NULL && policy != NULL &&
		    (now_ms < line[i]->added_ms ||
			now_ms - line[i]->added_ms < policy->keep_all_ms))
			line[i]->kept = "it is young";
	}
	keep_newest(line, count);
	if (policy != NULL)
		keep_weekly(line, count, policy->keep_weekly_ms, now_ms);
}

static void
decide(struct retain_build *builds, size_t count,
    const struct retain_policy *policy, uint64_t now_ms)
{
	struct retain_build **sorted = sort(builds, count);
	size_t start, end;

	for (start = 0; start < count; start = end) {
		for (end = start + 1; end < count; end++)
			if (strcmp(sorted[start]->line, sorted[end]->line) != 0)
				break;
		decide_line(sorted + start, end - start, policy, now_ms);
	}
	free(sorted);
}

void
retain_decide(struct retain_build *builds, size_t count,
    const struct retain_policy *policy, uint64_t now_ms)
{
	decide(builds, count, policy, now_ms);
}

void
retain_needed(struct retain_build *builds, size_t count)
{
	decide(builds, count, NULL, 0);
}
