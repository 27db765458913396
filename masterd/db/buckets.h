#ifndef MASTERD_DB_BUCKETS_H
#define MASTERD_DB_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/link.h"
#include "lib/triage/triage.h"
#include "masterd/db/db.h"

/*
 * Which bug a crash shows.  A bucket is a group of signatures of one project:
 * those that the rules link (lib/triage/link.h), and those that people joined.
 * The groups are a function of the signatures, the rules and the decisions,
 * never of the order in which they came; the numbers tell who came first.
 *
 *  - a known signature costs one look-up;
 *  - a new one whose normalised report is known goes where that is (so that
 *    another version of the rules makes no new bucket of an old bug);
 *  - else it is compared with those of its own bands, and the groups that are
 *    connected with it are made again.  Where two buckets become one, the one
 *    with the first crash keeps its number and the other's leads there (alias);
 *    where one falls apart, the number stays with its first crash.
 *
 * All of this in the caller's transaction.
 */
struct bucket_ask {
	int64_t project;
	const struct triage *triage;
	int64_t stack; /* row of the normalised report; 0: none */
	struct rules_limits limits;
	uint64_t now_ms;
	const char *trace;
	bool seen; /* this crash has its row: a bucket that is fixed stays so */
};

struct bucket_answer {
	int64_t signature; /* row */
	int64_t bucket;    /* row, never an alias */
	int64_t number;
	bool new_signature, new_bucket;
	bool regrouped; /* other signatures changed their bucket: links in
			   buckets/ are to be made again (buckets_moved()) */
};

int buckets_place(struct db *db, const struct bucket_ask *ask,
    struct bucket_answer *answer, struct err *e);

/* Crashes whose link in buckets/ is not where they belong, since the bucket of
 * their signature changed: the next few, each once.  How many there were.  From
 * 0: another crash of the same input still needs the old link. */
typedef int buckets_moved_fn(void *arg, const char *project, int64_t from,
    int64_t to, const char *target, const struct digest *input);
int buckets_moved(
    struct db *db, int most, buckets_moved_fn *fn, void *arg, struct err *e);

/* Muted until now: open again.  How many. */
int buckets_unmute_due(struct db *db, uint64_t now_ms, struct err *e);

/*
 * "png-7" in full, as a person says it: the row, of the bucket that it leads to
 * when it was merged.  0, 1 when there is no such number, -1.
 */
#define BUCKET_NAME_MAX 160
struct bucket_name {
	char text[BUCKET_NAME_MAX];
};
int buckets_find(struct db *db, const char *name, int64_t *id, struct err *e);
int buckets_name(
    struct db *db, int64_t id, struct bucket_name *name, struct err *e);

/* ---- what people decide ---- */
/*
 * Each is a row of the table decision, with all that undo needs, and events;
 * the caller tells audit.h.  REFUSED for what makes no sense (other projects),
 * CONFLICT for what the state does not allow, with the reason.
 */
struct bucket_act {
	int64_t bucket; /* row, never an alias */
	const char *who, *reason, *trace;
	uint64_t now_ms;
};

struct bucket_did {
	int64_t decision;
	int64_t bucket; /* the row that it is about now */
	char text[200]; /* "merged png-7 into png-3" */
};

/* The one with the smaller number keeps it, the other's leads there. */
int buckets_merge(struct db *db, const struct bucket_act *act, int64_t other,
    struct bucket_did *did, struct err *e);
/* "what": digests of signatures, beginnings of them, or ids of crashes. */
int buckets_split(struct db *db, const struct bucket_act *act,
    const char *const *what, int count, struct bucket_did *did, struct err *e);
int buckets_mute(struct db *db, const struct bucket_act *act, uint64_t until_ms,
    struct bucket_did *did, struct err *e); /* 0: for good */
int buckets_unmute(struct db *db, const struct bucket_act *act,
    struct bucket_did *did, struct err *e);

#define BUCKET_LABELS    32 /* of a bucket */
#define BUCKET_LABEL_MAX 64
struct bucket_set { /* NULL: as it is */
	const char *status, *closed_reason, *owner, *issue;
	const char *const *add, *const *remove; /* labels */
	int add_count, remove_count;
};
int buckets_set(struct db *db, const struct bucket_act *act,
    const struct bucket_set *set, struct bucket_did *did, struct err *e);
int buckets_note(struct db *db, const struct bucket_act *act, const char *text,
    struct bucket_did *did, struct err *e);

/* Take a decision on this bucket back: that one, or (0) the newest in force
 * that is no undo itself. */
int buckets_undo(struct db *db, const struct bucket_act *act, int64_t decision,
    struct bucket_did *did, struct err *e);

/* Why two crashes or buckets are together, or are not: members of an open JSON
 * object.  Rows of signatures; the same twice: how it came to its bucket. */
int buckets_why(struct db *db, int64_t a, int64_t b, const struct rules *rules,
    struct buf *out, struct err *e);
/* The signature that a bucket is known by, or that of a crash's row. */
int buckets_first_signature(
    struct db *db, int64_t bucket, int64_t *signature, struct err *e);
int buckets_crash_signature(
    struct db *db, int64_t crash, int64_t *signature, struct err *e);

#endif
