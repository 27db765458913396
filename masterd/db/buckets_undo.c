/*
 * Undo: the steps of a decision backwards, last first.  It is a decision
 * itself, with the steps that it did, so it can be taken back like any other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"

struct undone {
	int64_t id, of, bucket, other, project;
	char verb[16];
};

static int
read_decision(struct db *db, int64_t id, struct undone *u, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT verb, coalesce(bucket, 0), coalesce(other, 0), project,"
	    " coalesce(json_extract(detail, '$.of'), 0), coalesce(undone, 0)"
	    " FROM decision WHERE id = ?",
	    "i", id);
	int64_t by;

	if (got == 0)
		return err_set(
		    e, ERR_NOT_FOUND, "decision %jd: not found", (intmax_t)id);
	if (got == -1)
		return -1;
	u->id = id;
	text_copy(u->verb, sizeof(u->verb), db_text(row, 0));
	u->bucket = sqlite3_column_int64(row, 1);
	u->other = sqlite3_column_int64(row, 2);
	u->project = sqlite3_column_int64(row, 3);
	u->of = sqlite3_column_int64(row, 4);
	by = sqlite3_column_int64(row, 5);
	db_end(row);
	if (by != 0)
		return err_set(e, ERR_CONFLICT,
		    "decision %jd: was taken back by decision %jd already",
		    (intmax_t)id, (intmax_t)by);
	return 0;
}

/* The newest in force on the bucket, or on one that leads to it. */
static int
newest(struct db *db, int64_t bucket, int64_t *id, struct err *e)
{
	int got = db_number(db, e, id,
	    "SELECT max(id) FROM decision WHERE undone IS NULL AND verb <>"
	    " 'undo' AND (bucket IN (SELECT id FROM bucket WHERE id = ?1 OR"
	    " alias = ?1) OR other IN (SELECT id FROM bucket WHERE id = ?1 OR"
	    " alias = ?1))",
	    "i", bucket);

	if (got == -1)
		return -1;
	return *id == 0
	    ? err_set(e, ERR_CONFLICT, "there is no decision to take back")
	    : 0;
}

/* A decision about another bucket is not this one's to take back. */
static int
is_about(struct db *db, const struct undone *u, int64_t bucket, struct err *e)
{
	int64_t yes;
	int got = db_number(db, e, &yes,
	    "SELECT 1 FROM bucket WHERE id IN (?1, ?2) AND (id = ?3 OR alias ="
	    " ?3)",
	    "iii", u->bucket, u->other, bucket);

	if (got != 0 || u->bucket == 0)
		return got == -1 ? -1 : 0;
	return err_set(e, ERR_NOT_FOUND,
	    "decision %jd: is about another bucket", (intmax_t)u->id);
}

static bool
regroups(const char *verb)
{
	return strcmp(verb, "merge") == 0 || strcmp(verb, "split") == 0 ||
	    strcmp(verb, "regroup") == 0 || strcmp(verb, "undo") == 0;
}

/* Whose buckets were merged on since stays as it is. */
static int
check_since(struct db *db, const struct undone *u, struct err *e)
{
	int64_t later;
	int got;

	if (!regroups(u->verb))
		return 0;
	got = db_number(db, e, &later,
	    "SELECT min(id) FROM decision WHERE id > ?1 AND undone IS NULL AND"
	    " project = ?2 AND (verb = 'regroup' OR (verb IN ('merge', 'split')"
	    " AND (?3 = 0 OR bucket IN (?3, ?4) OR other IN (?3, ?4)))) HAVING"
	    " min(id) IS NOT NULL",
	    "iiii", u->id, u->project, u->bucket,
	    u->other == 0 ? u->bucket : u->other);
	if (got != 1)
		return got;
	return err_set(e, ERR_CONFLICT,
	    "decision %jd: its buckets were changed on by decision %jd since;"
	    " take that back first",
	    (intmax_t)u->id, (intmax_t)later);
}

/* ---- steps ----------------------------------------------------------- */

struct steps { /* read before any is done: they change what is read */
	struct bucket_step *list;
	char **texts;
	int count, text_count;
};

static const char *
keep(struct steps *s, const char *text)
{
	return s->texts[s->text_count++] = mem_strdup(text);
}

static void
steps_release(struct steps *s)
{
	int i;

	for (i = 0; i < s->text_count; i++)
		free(s->texts[i]);
	free(s->texts);
	free(s->list);
}

#define TEXTS 4 /* of a step */

static int
read_steps(struct db *db, int64_t decision, struct steps *s, struct err *e)
{
	struct bucket_step *b;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT json_extract(o.value, '$.op'), json_extract(o.value, "
	    "'$.a'),"
	    " json_extract(o.value, '$.b'), json_extract(o.value,"
	    " '$.decision'), json_extract(o.value, '$.add'),"
	    " json_extract(o.value, '$.key'), json_extract(o.value, '$.from'),"
	    " json_extract(o.value, '$.to'), json_extract(o.value, '$.who'),"
	    " json_extract(o.value, '$.at_ms') FROM (SELECT -1 AS n,"
	    " json_extract(detail, '$.ops') AS ops FROM decision WHERE id = ?1"
	    " UNION ALL SELECT n, ops FROM decision_part WHERE decision = ?1)"
	    " d, json_each(d.ops) o ORDER BY d.n DESC, CAST(o.key AS INTEGER)"
	    " DESC",
	    "i", decision);
	for (; got == 1; got = db_next(db, e, row)) {
		s->list =
		    mem_resize(s->list, (size_t)s->count + 1, sizeof(*s->list));
		s->texts = mem_resize(s->texts, ((size_t)s->count + 1) * TEXTS,
		    sizeof(*s->texts));
		b = &s->list[s->count++];
		memset(b, 0, sizeof(*b));
		b->op = (enum bucket_op)sqlite3_column_int(row, 0);
		b->a = sqlite3_column_int64(row, 1);
		b->b = sqlite3_column_int64(row, 2);
		b->decision = sqlite3_column_int64(row, 3);
		b->add = sqlite3_column_int(row, 4) == 0; /* backwards */
		b->key = keep(s, db_text(row, 5));
		b->to = keep(s, db_text(row, 6));
		b->from = keep(s, db_text(row, 7));
		b->who = keep(s, db_text(row, 8));
		b->at_ms = sqlite3_column_int64(row, 9);
		/* These have their text in "to", whichever way. */
		if (b->op == OP_LABEL || b->op == OP_NOTE)
			b->to = b->from;
	}
	return got;
}

static int
do_steps(
    struct bucket_turn *t, int64_t decision, struct buf *ops, struct err *e)
{
	struct steps s = {.count = 0};
	int got = read_steps(t->db, decision, &s, e), i;

	for (i = 0; i < s.count && got == 0; i++)
		got = bucket_step(t, &s.list[i], ops, e);
	if (got == 0)
		got = bucket_settle(t, e);
	steps_release(&s);
	return got;
}

/* ---- who is in force ------------------------------------------------- */

/* "id" is taken back by "by", or in force again (0).  An undo that is taken
 * back puts what it undid in force, and so on. */
static int
mark(struct db *db, int64_t id, int64_t by, struct err *e)
{
	int64_t of;
	int got;

	for (;;) {
		if (db_run(db, e,
			"UPDATE decision SET undone = nullif(?, 0) WHERE id ="
			" ?",
			"ii", by, id) == -1)
			return -1;
		got = db_number(db, e, &of,
		    "SELECT json_extract(detail, '$.of') FROM decision WHERE"
		    " id = ? AND verb = 'undo'",
		    "i", id);
		if (got != 1 || of == 0)
			return got == -1 ? -1 : 0;
		by = by != 0 ? 0 : id;
		id = of;
	}
}

static int
undo(struct bucket_turn *t, const struct bucket_act *act, struct undone *u,
    struct bucket_did *did, struct err *e)
{
	struct buf ops = BUF_INIT;
	int got;

	if (bucket_decide(t, act, "undo", &did->decision, e) == -1)
		return -1;
	json_open(&ops, NULL, '[');
	got = do_steps(t, u->id, &ops, e);
	json_close(&ops, ']');
	if (got == 0)
		got = bucket_decided(
		    t, did->decision, u->id, u->bucket, u->other, &ops, e);
	if (got == 0)
		got = mark(t->db, u->id, did->decision, e);
	snprintf(did->text, sizeof(did->text), "took back decision %jd (%s)",
	    (intmax_t)u->id, u->verb);
	if (got == 0 && act->bucket != 0)
		got =
		    bucket_event(t, "bucket.undone", act->bucket, did->text, e);
	buf_release(&ops);
	return got;
}

int
buckets_undo(struct db *db, const struct bucket_act *act, int64_t decision,
    struct bucket_did *did, struct err *e)
{
	struct bucket_turn t;
	struct undone u;
	int got;

	memset(did, 0, sizeof(*did));
	did->bucket = act->bucket;
	if (bucket_turn_begin(&t, db, act, e) == -1 ||
	    (decision == 0 && newest(db, act->bucket, &decision, e) == -1) ||
	    read_decision(db, decision, &u, e) == -1)
		return -1;
	if (u.project != t.project)
		return err_set(e, ERR_NOT_FOUND,
		    "decision %jd: is of another project", (intmax_t)decision);
	if (is_about(db, &u, act->bucket, e) == -1 ||
	    check_since(db, &u, e) == -1)
		return -1;
	got = undo(&t, act, &u, did, e);
	bucket_turn_release(&t);
	return got;
}
