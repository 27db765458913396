/*
 * The small steps that decisions are made of.  Each says what it changes from
 * and to, so that it can be done backwards, and refuses when the state is
 * another one by now.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"

static int
conflict(struct err *e, const char *what)
{
	return err_set(
	    e, ERR_CONFLICT, "%s was changed since; undo that first", what);
}

static int
do_join(struct bucket_turn *t, const struct bucket_step *s, bool *done,
    struct err *e)
{
	bucket_touch(t, s->a);
	bucket_touch(t, s->b);
	if (s->add ? db_run(t->db, e,
			 "INSERT OR IGNORE INTO signature_join (a, b, decision)"
			 " VALUES (?, ?, ?)",
			 "iii", s->a, s->b, s->decision) == -1
		   : db_run(t->db, e,
			 "DELETE FROM signature_join WHERE a = ? AND b = ? AND"
			 " decision = ?",
			 "iii", s->a, s->b, s->decision) == -1)
		return -1;
	*done = db_changes(t->db) > 0;
	return *done || s->add ? 0 : conflict(e, "what was joined");
}

static int
do_apart(struct bucket_turn *t, const struct bucket_step *s, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE signature SET apart = CAST(? AS INTEGER) WHERE id = ?"
		" AND apart = CAST(? AS INTEGER)",
		"tit", s->to, s->a, s->from) == -1)
		return -1;
	if (db_changes(t->db) == 0)
		return conflict(e, "one of the signatures");
	return bucket_relink(t, s->a, e);
}

static int
do_stack(struct bucket_turn *t, const struct bucket_step *s, struct err *e)
{
	return db_run(t->db, e, "UPDATE signature SET stack = ? WHERE id = ?",
		   "ti", s->to, s->a) == -1
	    ? -1
	    : bucket_relink(t, s->a, e);
}

/* clang-format off */
#define COLUMN(name)							\
	{ #name, "UPDATE bucket SET " #name " = ?1 WHERE id = ?2 AND "	\
	    #name " = ?3" }
static const struct {
	const char *key, *sql;
} columns[] = {
	COLUMN(status), COLUMN(reason), COLUMN(owner), COLUMN(issue),
	{ "muted_until_ms", "UPDATE bucket SET muted_until_ms ="
	    " CAST(?1 AS INTEGER) WHERE id = ?2 AND muted_until_ms ="
	    " CAST(?3 AS INTEGER)" },
};
/* clang-format on */

static int
do_bucket(struct bucket_turn *t, const struct bucket_step *s, struct err *e)
{
	struct bucket_name name;
	size_t i;

	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (strcmp(columns[i].key, s->key) == 0)
			break;
	if (i == sizeof(columns) / sizeof(columns[0]))
		return err_set(e, ERR_BUG, "bucket: no column %s", s->key);
	if (db_run(t->db, e, columns[i].sql, "tit", s->to, s->a, s->from) == -1)
		return -1;
	if (db_changes(t->db) > 0)
		return 0;
	if (buckets_name(t->db, s->a, &name, e) == -1)
		return -1;
	return err_set(e, ERR_CONFLICT,
	    "%s of %s was changed since; undo that first", s->key, name.text);
}

static int
do_label(struct bucket_turn *t, const struct bucket_step *s, bool *done,
    struct err *e)
{
	if (s->add
		? db_run(t->db, e,
		      "INSERT OR IGNORE INTO bucket_label (bucket, label)"
		      " VALUES (?, ?)",
		      "it", s->a, s->to) == -1
		: db_run(t->db, e,
		      "DELETE FROM bucket_label WHERE bucket = ? AND label = ?",
		      "it", s->a, s->to) == -1)
		return -1;
	*done = db_changes(t->db) > 0;
	return 0;
}

static int
do_note(struct bucket_turn *t, const struct bucket_step *s, struct err *e)
{
	if (s->add)
		return db_run(t->db, e,
		    "INSERT INTO bucket_note (bucket, at_ms, who, text)"
		    " VALUES (?, ?, ?, ?)",
		    "iitt", s->a, s->at_ms, s->who, s->to);
	return db_run(t->db, e,
	    "DELETE FROM bucket_note WHERE id = (SELECT max(id) FROM"
	    " bucket_note WHERE bucket = ? AND at_ms = ? AND who = ?"
	    " AND text = ?)",
	    "iitt", s->a, s->at_ms, s->who, s->to);
}

/* ---- the crashes of a regroup ---------------------------------------- */

void
bucket_rating_from(struct bucket_rating *r, sqlite3_stmt *row, int column)
{
	text_copy(r->severity, sizeof(r->severity), db_text(row, column));
	text_copy(r->severity_rule, sizeof(r->severity_rule),
	    db_text(row, column + 1));
	text_copy(r->security_rule, sizeof(r->security_rule),
	    db_text(row, column + 2));
	text_copy(r->casr, sizeof(r->casr), db_text(row, column + 3));
}

int
bucket_count_as(struct bucket_turn *t, int64_t crash, int64_t sig,
    int64_t ruleset, const struct bucket_rating *rating, struct err *e)
{
	return db_run(t->db, e,
	    "UPDATE crash SET sig = ?2, ruleset = nullif(?3, 0), severity = ?4,"
	    " severity_rule = ?5, security_rule = ?6, casr = ?7, (type, state,"
	    " security, class, bucket, moved) = (SELECT s.type, s.state,"
	    " s.security, s.class, s.bucket, CASE s.bucket WHEN crash.bucket"
	    " THEN crash.moved ELSE coalesce(crash.moved, crash.bucket) END"
	    " FROM signature s WHERE s.id = ?2) WHERE id = ?1",
	    "iiitttt", crash, sig, ruleset, rating->severity,
	    rating->severity_rule, rating->security_rule, rating->casr);
}

static int
swap(struct bucket_turn *t, int64_t decision, int64_t crash, int64_t sig,
    int64_t ruleset, const struct bucket_rating *rating, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE regroup_move SET (sig, ruleset, severity,"
		" severity_rule, security_rule, casr) = (SELECT sig, ruleset,"
		" severity, severity_rule, security_rule, casr FROM crash"
		" WHERE id = ?2) WHERE decision = ?1 AND crash = ?2",
		"ii", decision, crash) == -1)
		return -1;
	return bucket_count_as(t, crash, sig, ruleset, rating, e);
}

/* Signatures that a regroup made and that have no crashes now go with those
 * that have: joined by minus the decision, until it is in force again. */
static int
tie_empty(struct bucket_turn *t, int64_t decision, struct err *e)
{
	if (db_run(t->db, e, "DELETE FROM signature_join WHERE decision = ?",
		"i", -decision) == -1)
		return -1;
	if (db_changes(t->db) > 0)
		return 0;
	return db_run(t->db, e,
	    "INSERT OR IGNORE INTO signature_join (a, b, decision) SELECT"
	    " min(m.sig, c.sig), max(m.sig, c.sig), -m.decision FROM"
	    " regroup_move m JOIN crash c ON c.id = m.crash WHERE m.decision ="
	    " ? AND m.sig <> c.sig AND NOT EXISTS (SELECT 1 FROM crash x WHERE"
	    " x.sig = m.sig) GROUP BY m.sig",
	    "i", decision);
}

/* As severe as the worst of the crashes that they have now. */
static int
rate(struct bucket_turn *t, int64_t decision, struct err *e)
{
	t->rated = true;
	return db_run(t->db, e,
	    "UPDATE signature SET severity = coalesce((SELECT c.severity FROM"
	    " crash c WHERE c.sig = signature.id ORDER BY " SEVERITY_RANK(
		"c.severity") " DESC LIMIT 1), 'none') WHERE id IN"
			      " (SELECT sig FROM regroup_move WHERE decision = "
			      "?1 UNION SELECT"
			      " c.sig FROM regroup_move m JOIN crash c ON c.id "
			      "= m.crash"
			      " WHERE m.decision = ?1)",
	    "i", decision);
}

/* What the crash has and what the row has change places: done twice, all is
 * as before. */
static int
do_moves(struct bucket_turn *t, int64_t decision, struct err *e)
{
	int64_t crash = 0, sig, ruleset;
	struct bucket_rating rating;
	sqlite3_stmt *row;
	int got;

	while ((got = db_query(t->db, e, &row,
		    "SELECT m.crash, m.sig, coalesce(m.ruleset, 0), m.severity,"
		    " m.severity_rule, m.security_rule, m.casr, c.sig FROM"
		    " regroup_move m JOIN crash c ON c.id = m.crash WHERE"
		    " m.decision = ? AND m.crash > ? ORDER BY m.crash LIMIT 1",
		    "ii", decision, crash)) == 1) {
		crash = sqlite3_column_int64(row, 0);
		sig = sqlite3_column_int64(row, 1);
		ruleset = sqlite3_column_int64(row, 2);
		bucket_rating_from(&rating, row, 3);
		bucket_touch(t, sig);
		bucket_touch(t, sqlite3_column_int64(row, 7));
		db_end(row);
		if (swap(t, decision, crash, sig, ruleset, &rating, e) == -1)
			return -1;
	}
	if (got == -1 || rate(t, decision, e) == -1)
		return -1;
	return tie_empty(t, decision, e);
}

/* ---- any ------------------------------------------------------------- */

static void
put_step(struct buf *ops, const struct bucket_step *s)
{
	json_open(ops, NULL, '{');
	json_put_u64(ops, "op", (uint64_t)s->op);
	json_put_u64(ops, "a", (uint64_t)s->a);
	json_put_u64(ops, "b", (uint64_t)s->b);
	json_put_u64(ops, "decision", (uint64_t)s->decision);
	json_put_u64(ops, "add", s->add);
	json_put_string(ops, "key", s->key == NULL ? "" : s->key);
	json_put_string(ops, "from", s->from == NULL ? "" : s->from);
	json_put_string(ops, "to", s->to == NULL ? "" : s->to);
	json_put_string(ops, "who", s->who == NULL ? "" : s->who);
	json_put_u64(ops, "at_ms", (uint64_t)s->at_ms);
	json_close(ops, '}');
}

int
bucket_step(struct bucket_turn *t, const struct bucket_step *s, struct buf *ops,
    struct err *e)
{
	bool done = true;
	int got = -1;

	switch (s->op) {
	case OP_JOIN:
		got = do_join(t, s, &done, e);
		break;
	case OP_APART:
		got = do_apart(t, s, e);
		break;
	case OP_BUCKET:
		got = do_bucket(t, s, e);
		break;
	case OP_LABEL:
		got = do_label(t, s, &done, e);
		break;
	case OP_NOTE:
		got = do_note(t, s, e);
		break;
	case OP_STACK:
		got = do_stack(t, s, e);
		break;
	case OP_MOVES:
		got = do_moves(t, s->decision, e);
		break;
	}
	/* What was so before is no step. */
	if (got == 0 && done && ops != NULL)
		put_step(ops, s);
	return got;
}
