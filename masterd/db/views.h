#ifndef MASTERD_DB_VIEWS_H
#define MASTERD_DB_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * The read interface (DESIGN 8): rows as JSON, made by SQLite from one view a
 * noun (views_sql.c).  What these functions append is always valid UTF-8,
 * whatever stands in a row.  Keys are added, never changed.
 */
enum view {
	VIEW_BUILD,   /* filters: project, status, branch */
	VIEW_TARGET,  /* project, all: "1" with corpora of jobs' own */
	VIEW_JOB,     /* status, target, project, tag */
	VIEW_BOT,     /* state, account, pool: each by itself; forgotten ones by
			state=forgotten alone */
	VIEW_BOTS,    /* account: those that stay, and for ephemeral ones a
			line a pool, {"name":"pool/P","state":"pool",
			"bots":{"up":3,"left":40},"forgotten":900,...}, with
			the sums of all that it ever had */
	VIEW_BUCKET,  /* project, status, class, all: "1" with what lists leave
			out by themselves (view_list() says how many):
			those that are not open, timeouts and memory */
	VIEW_CRASH,   /* project, target, bucket */
	VIEW_UNIT,    /* target, which must be given */
	VIEW_EVENT,   /* what, who, subject */
	VIEW_EPOCH,   /* bot */
	VIEW_LEDGER,  /* bot, epoch, outcome */
	VIEW_AUDIT,   /* who, what, subject */
	VIEW_ACCOUNT, /* kind, state */
	VIEW_SUBMISSION, /* target, state */
	VIEW_DECISION,   /* project, bucket, verb */
	VIEW_COUNT
};

#define VIEW_FILTERS 4
#define VIEW_PAGE    200
#define VIEW_KEY_MAX 191

const char *view_noun(enum view v); /* "job" */
/* Name of filter i, as in ?project=, or NULL. */
const char *view_filter(enum view v, int i);

/* Name of order i, as in ?sort=, or NULL; and does it know this one? */
const char *view_sort(enum view v, int i);
bool view_sort_known(enum view v, const char *sort);

struct view_page {
	enum view view;
	const char *filter[VIEW_FILTERS]; /* NULL: any */
	int64_t after;                    /* cursor; 0: from the start */
	bool newest;                      /* walk from the newest back */
	int limit;                        /* 1..; rows of this page */
	bool lines;       /* each row ends in a newline, no commas between */
	const char *sort; /* NULL, "": by arrival; "name", "-name": back */
};

/*
 * Append {"api":1,"items":[...],"next":...}: "next" is the cursor of the next
 * page, or null when this was the last.  Of buckets also "hidden", how many
 * were left out: {"timeout":7,"memory":2,"muted":1,"closed":3,"fixed":0}.
 */
int view_list(struct db *db, const struct view_page *page, struct buf *out,
    struct err *e);

/*
 * Append up to page->limit rows with commas between and set *next (0: no
 * more).  Returns the number of rows, or -1.
 */
int view_rows(struct db *db, const struct view_page *page, struct buf *out,
    int64_t *next, struct err *e);

struct view_key {
	int64_t id;
	char text[VIEW_KEY_MAX + 1]; /* in full */
};

/*
 * The row that a person means by "key": its key in full or a unique beginning
 * of it.  "within" narrows crashes to one target (NULL: any).  0, or -1
 * (NOT_FOUND: "job 7f3: not found"), or 1 when several begin so: "e" then
 * lists them.
 */
int view_find(struct db *db, enum view v, const char *key, const char *within,
    struct view_key *found, struct err *e);

/* Append {"api":1,"item":{...}} of the row "id": its line of the list and its
 * details. */
int view_item(
    struct db *db, enum view v, int64_t id, struct buf *out, struct err *e);

/* Append the counts of `status` as members of an open JSON object, with
 * "alarms", an array of sentences; "alarm" is one more, or NULL. */
int view_status(
    struct db *db, const char *alarm, struct buf *out, struct err *e);

/* What wants a person, the most urgent first; "fix" says what to do. */
struct view_alarm {
	const char *severity; /* "error", "warning", "note" */
	const char *text, *fix;
};
typedef void view_alarm_fn(void *arg, const struct view_alarm *alarm);
int view_alarms(struct db *db, view_alarm_fn *fn, void *arg, struct err *e);

/* "project/target" of a crash's row. */
int view_crash_target(
    struct db *db, int64_t id, char *target, size_t size, struct err *e);

/* Every metric that is a fact; rows of one name follow each other. */
typedef void view_metric_fn(
    void *arg, const char *name, const char *labels, int64_t value);
int view_metrics(struct db *db, view_metric_fn *fn, void *arg, struct err *e);

#endif
