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
#define O_COLUMNS     (UINT64_C(1) << 32)
#define O_SORT        (UINT64_C(1) << 33)
#define O_FILTER      (UINT64_C(1) << 34)
#define O_CSV         (UINT64_C(1) << 35)
#define O_JSONL       (UINT64_C(1) << 36)
#define O_WIDE        (UINT64_C(1) << 37)
#define O_YES         (UINT64_C(1) << 38)
#define O_DRY_RUN     (UINT64_C(1) << 39)
#define O_WHO         (UINT64_C(1) << 40)
#define O_WHAT        (UINT64_C(1) << 41)
#define O_SUBJECT     (UINT64_C(1) << 42)
#define O_SINCE       (UINT64_C(1) << 43)
#define O_COUNT       (UINT64_C(1) << 44)
#define O_EXPIRES     (UINT64_C(1) << 45)
#define O_ACCOUNT     (UINT64_C(1) << 46)
#define O_AUTO        (UINT64_C(1) << 47)
#define O_KEY         (UINT64_C(1) << 48)
#define O_KIND        (UINT64_C(1) << 49)
#define O_MAX_BYTES   (UINT64_C(1) << 50)
#define O_MAX_FILES   (UINT64_C(1) << 51)
#define O_MAX_RATE    (UINT64_C(1) << 52)
#define O_NAGIOS      (UINT64_C(1) << 53)
#define O_NOW         (UINT64_C(1) << 54)
#define O_POOL        (UINT64_C(1) << 55)
#define O_TRACK       (UINT64_C(1) << 56) /* --as, --owner, --issue, --label */
#define O_UNTIL       (UINT64_C(1) << 57)
#define O_DECISION    (UINT64_C(1) << 58)
#define O_SARIF       (UINT64_C(1) << 59)
#define O_ADDED       (UINT64_C(1) << 60)
#define O_SCRUB       (UINT64_C(1) << 61)
#define O_RUNS        (UINT64_C(1) << 62)
/* 63: free */

/* Every table: which columns and rows, and as what. */
/* What leaves some rows of a list out. */
#define O_CHOOSE                                                          \
	(O_PROJECT | O_TARGET | O_BUCKET | O_STATUS | O_EPOCH | O_TAG |   \
	    O_FILTER | O_WHO | O_WHAT | O_SUBJECT | O_SINCE | O_ACCOUNT | \
	    O_POOL)
#define O_TABLE (O_COLUMNS | O_SORT | O_FILTER | O_CSV | O_JSONL | O_WIDE)
/* What deletes or moves. */
#define O_CAREFUL (O_REASON | O_YES | O_DRY_RUN)

/* What was given several times, in order. */
#define OPTION_WORDS 64
struct option_words {
	const char *list[OPTION_WORDS];
	int count;
};

struct options {
	const char *host, *root, *socket; /* NULL: not given */
	const char *project, *branch, *revision, *target, *bucket, *status,
	    *output, *epoch, *engine, *sanitizer, *build, *template, *reason,
	    *expect, *by, *tag, *columns, *sort, *who, *what, *subject, *since,
	    *account, *key, *kind, *color, *pool, *as, *owner, *issue, *until,
	    *sarif;
	struct option_words set, unset, filter, labels;
	uint64_t slots, for_ms, lines, weight, timeout_ms, order, count,
	    expires_ms, max_bytes, max_files, max_rate, decision, runs;
	bool has_lines;
	bool json, help, version, no_header, parsable, report, follow, all,
	    all_targets, explain, wait, csv, jsonl, wide, yes, dry_run, is_auto,
	    nagios, no_pager, now, added, scrub;
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

/*
 * -o is --output FILE where a command writes a file, and --columns where it
 * prints a table; known only when the command is.  So is -n: --n N where
 * something is run, else --lines.
 */
void options_settle(struct options *o, uint64_t allowed);

/* "--name" of the first given option that is not in "allowed", or NULL. */
const char *options_unwanted(const struct options *o, uint64_t allowed);

#endif
