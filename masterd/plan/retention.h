#ifndef MASTERD_PLAN_RETENTION_H
#define MASTERD_PLAN_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which builds stay.  Pure: rows in, a reason for each that stays out.
 *
 * A line is what is compared with each other: project, branch, engine and
 * sanitizer.  All builds of the last days stay, then the last good one of each
 * ISO week (the last unchecked one where none was good); and, whatever their
 * age, those that somebody holds and the newest good one of each line.  What
 * was kept for its week yesterday is kept today: asking often changes nothing.
 */
struct retain_policy {
	uint64_t keep_all_ms;
	uint64_t keep_weekly_ms; /* 0: none; UINT64_MAX: for ever */
};

/* 14 days, then one a week for ever. */
extern const struct retain_policy RETAIN_DEFAULT;

enum retain_state { RETAIN_NEW, RETAIN_GOOD, RETAIN_BAD };

/* Who holds a build, as bits. */
enum {
	RETAIN_PIN = 1,    /* an unfinished job is pinned to it */
	RETAIN_JOB = 2,    /* an unfinished job uses it now */
	RETAIN_LEASE = 4,  /* a lease in hand does */
	RETAIN_BUCKET = 8, /* an open bucket was first or last seen in it */
	RETAIN_CHECK = 16  /* it is being checked */
};

struct retain_build {
	int64_t id; /* grows with each build */
	const char *line;
	uint64_t added_ms;
	int64_t order; /* when "ordered" */
	bool ordered;
	enum retain_state state;
	unsigned held;
	const char *kept; /* out: "an open bucket needs it"; NULL: it goes */
};

/* Sets "kept" of each; the order of the rows is not changed. */
void retain_decide(struct retain_build *builds, size_t count,
    const struct retain_policy *policy, uint64_t now_ms);

/* As retain_decide(), for what an administrator wants to remove: age and week
 * are no reason to keep it. */
void retain_needed(struct retain_build *builds, size_t count);

#endif
