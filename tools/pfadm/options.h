#ifndef TOOLS_PFADM_OPTIONS_H
#define TOOLS_PFADM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Options by bit, for the table of commands. */
#define O_PROJECT     (UINT64_C(1) << 0)
#define O_BRANCH      (UINT64_C(1) << 1)
#define O_REVISION    (UINT64_C(1) << 2)
#define O_SLOTS       (UINT64_C(1) << 3)
#define O_FOR         (UINT64_C(1) << 4)
#define O_PARSABLE    (UINT64_C(1) << 5)
#define O_TARGET      (UINT64_C(1) << 6)
#define O_BUCKET      (UINT64_C(1) << 7)
#define O_STATUS      (UINT64_C(1) << 8)
#define O_OUTPUT      (UINT64_C(1) << 9)
#define O_REPORT      (UINT64_C(1) << 10)
#define O_LINES       (UINT64_C(1) << 11)
#define O_FOLLOW      (UINT64_C(1) << 12)
#define O_ALL         (UINT64_C(1) << 13)
#define O_EPOCH       (UINT64_C(1) << 14)
#define O_ANY         (UINT64_C(1) << 15) /* every command takes it */
#define O_ENGINE      (UINT64_C(1) << 16)
#define O_SANITIZER   (UINT64_C(1) << 17)
#define O_BUILD       (UINT64_C(1) << 18)
#define O_TEMPLATE    (UINT64_C(1) << 19)
#define O_SET         (UINT64_C(1) << 20)
#define O_UNSET       (UINT64_C(1) << 21)
#define O_WEIGHT      (UINT64_C(1) << 22)
#define O_ALL_TARGETS (UINT64_C(1) << 23)
#define O_REASON      (UINT64_C(1) << 24)
#define O_EXPECT      (UINT64_C(1) << 25)
#define O_EXPLAIN     (UINT64_C(1) << 26)
#define O_BY          (UINT64_C(1) << 27)
#define O_TIMEOUT     (UINT64_C(1) << 28)
#define O_TAG         (UINT64_C(1) << 29)
#define O_ORDER       (UINT64_C(1) << 30)
#define O_WAIT        (UINT64_C(1) << 31)
/* 32 on: free */

/* What was given several times, in order. */
#define OPTION_WORDS 64
struct option_words {
	const char *list[OPTION_WORDS];
	int count;
};

struct options {
	const char *root, *socket; /* NULL: not given */
	const char *project, *branch, *revision, *target, *bucket, *status,
	    *output, *epoch, *engine, *sanitizer, *build, *template, *reason,
	    *expect, *by, *tag;
	struct option_words set, unset;
	uint64_t slots, for_ms, lines, weight, timeout_ms, order;
	bool has_lines;
	bool json, help, version, no_header, parsable, report, follow, all,
	    all_targets, explain, wait;
	uint64_t given; /* bits */
};

struct option_spec {
	const char *name;
	char letter;          /* 0: long only */
	const char *argument; /* NULL: a flag */
	uint64_t bit;
	const char *help;
};

extern const struct option_spec option_specs[];
extern const int option_spec_count;

/*
 * Read the options wherever they stand; words are moved behind them, *first
 * is the index of the first one.  -1 after a complaint.
 */
int options_read(struct options *o, int argc, char **argv, int *first);

/* "--name" of the first given option that is not in "allowed", or NULL. */
const char *options_unwanted(const struct options *o, uint64_t allowed);

#endif
