#ifndef MASTERD_DB_BUCKETS_INTERNAL_H
#define MASTERD_DB_BUCKETS_INTERNAL_H

#include "masterd/db/buckets.h"
#include "masterd/db/db_internal.h"

/*
 * For the files buckets_*.c.  A change of who may be linked with whom is made
 * in two steps: rows of bands, links and joins first (buckets_link.c), which
 * collects the signatures that it touched; then what is connected with those
 * is grouped anew and given its buckets (buckets_settle.c).
 */
struct bucket_turn {
	struct db *db;
	int64_t project;
	struct rules_limits limits;
	uint64_t now_ms;
	const char *who, *trace;
	int64_t *touched; /* signatures; may hold one twice */
	int count, room;
	bool moved;      /* a signature that had a bucket has another */
	bool made;       /* a bucket */
	bool rated;      /* a signature is more or less severe now */
	int64_t not_new; /* a signature that is not said to have moved */
};

void bucket_turn_release(struct bucket_turn *t);
void bucket_touch(struct bucket_turn *t, int64_t signature);

/* A signature with its text, as link.h wants it; release it. */
struct bucket_item {
	int64_t id;
	struct link_item item;
	char *state, *stack; /* what the item's lines point into */
};
void bucket_item_release(struct bucket_item *i);
/* Lines of "text" (kept in *copy) into "lines"; their number. */
int bucket_lines(const char *text, char **copy, const char **lines, int most);
int bucket_item_load(
    struct db *db, int64_t id, struct bucket_item *i, struct err *e);

/* Bands and links of a signature, made to fit its row. */
int bucket_relink(struct bucket_turn *t, int64_t signature, struct err *e);

/* The groups of all that is connected with what was touched. */
int bucket_settle(struct bucket_turn *t, struct err *e);

/* A bucket for a signature; its row and number. */
int bucket_make(struct bucket_turn *t, int64_t signature, int64_t *bucket,
    int64_t *number, struct err *e);

int bucket_event(struct bucket_turn *t, const char *what, int64_t bucket,
    const char *detail, struct err *e);

/*
 * What a decision does, as a list of small steps that can be done backwards;
 * the JSON of decision.detail.
 */
enum bucket_op {
	OP_JOIN,
	OP_APART,
	OP_BUCKET,
	OP_LABEL,
	OP_NOTE,
	OP_MOVES,
	OP_STACK
};
struct bucket_step {
	enum bucket_op op;
	int64_t a, b;          /* join: signatures, a < b; else the row */
	int64_t decision;      /* join, moves: the one that it is of */
	bool add;              /* join, label, note: or take away */
	const char *key;       /* bucket: which column */
	const char *from, *to; /* others; label and note: "to" alone */
	const char *who;       /* note */
	int64_t at_ms;
};
/* Do it in the tables and append it to "ops", an open array (NULL: do not).
 * CONFLICT when the state is not what it begins with. */
int bucket_step(struct bucket_turn *t, const struct bucket_step *s,
    struct buf *ops, struct err *e);

/* The row of a decision, before its steps; and its details and groups after
 * them.  "of": the decision that an undo takes back. */
int bucket_decide(struct bucket_turn *t, const struct bucket_act *act,
    const char *verb, int64_t *decision, struct err *e);
int bucket_decided(struct bucket_turn *t, int64_t decision, int64_t of,
    int64_t bucket, int64_t other, struct buf *ops, struct err *e);

/* For what is done for "act" to a bucket of a project. */
int bucket_turn_begin(struct bucket_turn *t, struct db *db,
    const struct bucket_act *act, struct err *e);
struct rules_limits bucket_limits(
    struct db *db, int64_t project, const struct rules *rules);
int64_t bucket_column(struct db *db, const char *sql, int64_t id);

/*
 * What is said of a crash beside its signature, from it and to it: by a regroup
 * and by its undo.
 */
struct bucket_rating {
	char severity[16], severity_rule[TRIAGE_RULE_MAX];
	char security_rule[TRIAGE_RULE_MAX], casr[32];
};
/* The columns of that, from "column" on. */
void bucket_rating_from(struct bucket_rating *r, sqlite3_stmt *row, int column);
/* A crash counts as "sig" from now on, in its bucket. */
int bucket_count_as(struct bucket_turn *t, int64_t crash, int64_t sig,
    int64_t ruleset, const struct bucket_rating *rating, struct err *e);

#endif
