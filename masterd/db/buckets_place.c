/*
 * A crash to its bucket: one look-up when its signature is known.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"
#include "masterd/db/facts.h"

/* The frames that count, a line each. */
struct stack_text {
	char text[TRIAGE_DEPTH * TRIAGE_LINE_MAX];
};

static struct stack_text
stack_text(const struct triage *t)
{
	struct stack_text s;
	size_t used = 0, n;
	int i;

	s.text[0] = '\0';
	for (i = 0; i < t->stack_count; i++) {
		if (i > 0)
			s.text[used++] = '\n';
		n = strnlen(t->stack[i], TRIAGE_LINE_MAX - 1);
		memcpy(s.text + used, t->stack[i], n);
		used += n;
		s.text[used] = '\0';
	}
	return s;
}

/* ---- names ----------------------------------------------------------- */

int
buckets_name(struct db *db, int64_t id, struct bucket_name *name, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT p.name || '-' || b.number FROM bucket b JOIN project p"
	    " ON p.id = b.project WHERE b.id = ?",
	    "i", id);

	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "bucket: not found");
	if (got == -1)
		return -1;
	text_copy(name->text, sizeof(name->text), db_text(row, 0));
	db_end(row);
	return 0;
}

int
buckets_find(struct db *db, const char *name, int64_t *id, struct err *e)
{
	const char *dash = strrchr(name, '-');
	char project[BUCKET_NAME_MAX];
	uint64_t number;
	int got;

	if (dash == NULL || (size_t)(dash - name) >= sizeof(project) ||
	    text_to_u64(&number, dash + 1) == -1 || number > INT64_MAX)
		return 1;
	memcpy(project, name, (size_t)(dash - name));
	project[dash - name] = '\0';
	got = db_number(db, e, id,
	    "SELECT coalesce(b.alias, b.id) FROM bucket b JOIN project p"
	    " ON p.id = b.project WHERE p.name = ? AND b.number = ?",
	    "ti", project, (int64_t)number);
	return got == -1 ? -1 : 1 - got;
}

/* ---- what is known --------------------------------------------------- */

struct known {
	int64_t id, bucket, number;
	bool fixed, grows; /* its stack becomes smaller, or it has none */
};

/* 1 found, 0 not. */
static int
find(struct db *db, const struct bucket_ask *ask, const char *stack,
    struct known *k, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT s.id, s.bucket, b.number, b.status = 'fixed',"
	    " s.family = '' OR s.stack > ?4 FROM signature s JOIN bucket b"
	    " ON b.id = s.bucket WHERE s.project = ?1 AND s.signature = ?2"
	    " AND s.security = ?3",
	    "idit", ask->project, &ask->triage->signature,
	    (int64_t)ask->triage->security, stack);

	if (got != 1)
		return got;
	k->id = sqlite3_column_int64(row, 0);
	k->bucket = sqlite3_column_int64(row, 1);
	k->number = sqlite3_column_int64(row, 2);
	k->fixed = sqlite3_column_int(row, 3) != 0;
	k->grows = sqlite3_column_int(row, 4) != 0;
	db_end(row);
	return 1;
}

static int
reopen(struct bucket_turn *t, int64_t bucket, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE bucket SET status = 'open', reason = '' WHERE id = ?"
		" AND status = 'fixed'",
		"i", bucket) == -1)
		return -1;
	return db_changes(t->db) == 0 ? 0
				      : bucket_event(t, "bucket.reopened",
					    bucket, "a new crash shows it", e);
}

/* Of all stacks seen with it the smallest stands for it. */
static int
take_stack(struct bucket_turn *t, const struct bucket_ask *ask, int64_t id,
    const char *stack, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE signature SET stack = ?, family = ?, placeless = ?,"
		" class = ? WHERE id = ?",
		"ttiti", stack, ask->triage->type,
		(int64_t)ask->triage->placeless,
		triage_class_name(ask->triage->class), id) == -1 ||
	    bucket_relink(t, id, e) == -1)
		return -1;
	return bucket_settle(t, e);
}

static int
place_known(struct bucket_turn *t, const struct bucket_ask *ask,
    const struct known *k, const char *stack, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE signature SET last_ms = max(last_ms, ?) WHERE id = ?",
		"ii", (int64_t)ask->now_ms, k->id) == -1 ||
	    db_run(t->db, e,
		"UPDATE bucket SET last_ms = max(last_ms, ?) WHERE id = ?",
		"ii", (int64_t)ask->now_ms, k->bucket) == -1)
		return -1;
	return k->grows ? take_stack(t, ask, k->id, stack, e) : 0;
}

/* ---- what is new ----------------------------------------------------- */

static int
insert(struct bucket_turn *t, const struct bucket_ask *ask, const char *stack,
    int64_t bucket, int64_t *id, struct err *e)
{
	const struct triage *g = ask->triage;

	if (db_run(t->db, e,
		"INSERT INTO signature (project, signature, security, bucket,"
		" class, type, family, state, stack, placeless, severity,"
		" first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?)",
		"idiitttttitii", ask->project, &g->signature,
		(int64_t)g->security, bucket, triage_class_name(g->class),
		triage_type_text(g).text, g->type, facts_state(g).text, stack,
		(int64_t)g->placeless, triage_severity_name(g->severity),
		(int64_t)ask->now_ms, (int64_t)ask->now_ms) == -1)
		return -1;
	*id = db_last_id(t->db);
	return 0;
}

/*
 * The signature that other rules gave to the same normalised report.  Only for
 * reports with frames: without them the target's name is the state, and two
 * targets may well say the same.
 */
static int
find_by_stack(
    struct db *db, const struct bucket_ask *ask, int64_t *id, struct err *e)
{
	*id = 0;
	if (ask->stack == 0 || ask->triage->placeless ||
	    ask->triage->stack_count == 0)
		return 0;
	return db_number(db, e, id,
		   "SELECT s.id FROM crash c JOIN signature s ON s.id = c.sig"
		   " WHERE c.stack = ? AND s.project = ? AND s.security = ?"
		   " AND s.placeless = 0 AND s.stack <> '' ORDER BY s.first_ms,"
		   " s.id LIMIT 1",
		   "iii", ask->stack, ask->project,
		   (int64_t)ask->triage->security) == -1
	    ? -1
	    : 0;
}

/*
 * The row needs a bucket before it is known which: any will do until it is
 * settled (a pragma that puts the check of foreign keys off would prepare all
 * statements anew).
 */
static int
any_bucket(
    struct db *db, const struct bucket_ask *ask, int64_t *bucket, struct err *e)
{
	int got = db_number(db, e, bucket,
	    "SELECT id FROM bucket ORDER BY id DESC LIMIT 1", "");
	int64_t number;

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_number(db, e, &number,
		"UPDATE project SET next_bucket = next_bucket + 1 WHERE id = ?"
		" RETURNING next_bucket - 1",
		"i", ask->project) != 1 ||
	    db_run(db, e,
		"INSERT INTO bucket (project, number, class, type, state,"
		" security, severity, first_ms, last_ms) VALUES (?, ?, ?, ?, ?,"
		" ?, ?, ?, ?)",
		"iitttitii", ask->project, number,
		triage_class_name(ask->triage->class),
		triage_type_text(ask->triage).text,
		facts_state(ask->triage).text, (int64_t)ask->triage->security,
		triage_severity_name(ask->triage->severity),
		(int64_t)ask->now_ms, (int64_t)ask->now_ms) == -1)
		return -1;
	*bucket = db_last_id(db);
	return 1; /* the very first: it is its own */
}

static int
place_new(struct bucket_turn *t, const struct bucket_ask *ask,
    const char *stack, int64_t *id, struct err *e)
{
	int64_t same, bucket;
	int first;

	if (find_by_stack(t->db, ask, &same, e) == -1 ||
	    (first = any_bucket(t->db, ask, &bucket, e)) == -1 ||
	    insert(t, ask, stack, bucket, id, e) == -1)
		return -1;
	if (first == 1 &&
	    db_run(t->db, e, "UPDATE signature SET home = bucket WHERE id = ?",
		"i", *id) == -1)
		return -1;
	if (same != 0 &&
	    db_run(t->db, e,
		"INSERT OR IGNORE INTO signature_join (a, b, decision)"
		" VALUES (min(?1, ?2), max(?1, ?2), 0)",
		"ii", *id, same) == -1)
		return -1;
	t->not_new = *id;
	return bucket_relink(t, *id, e) == -1 ? -1 : bucket_settle(t, e);
}

static int
read_answer(struct db *db, int64_t id, struct bucket_answer *a, bool *home,
    struct err *e)
{
	sqlite3_stmt *row;

	if (db_query(db, e, &row,
		"SELECT s.bucket, b.number, s.home = s.bucket FROM signature s"
		" JOIN bucket b ON b.id = s.bucket WHERE s.id = ?",
		"i", id) != 1)
		return -1;
	a->signature = id;
	a->bucket = sqlite3_column_int64(row, 0);
	a->number = sqlite3_column_int64(row, 1);
	*home = sqlite3_column_int(row, 2) != 0;
	db_end(row);
	return 0;
}

int
buckets_place(struct db *db, const struct bucket_ask *ask,
    struct bucket_answer *answer, struct err *e)
{
	struct bucket_turn t = {.db = db,
	    .project = ask->project,
	    .limits = ask->limits,
	    .now_ms = ask->now_ms,
	    .who = "master",
	    .trace = ask->trace == NULL ? "" : ask->trace};
	struct stack_text stack = stack_text(ask->triage);
	struct known k = {.id = 0};
	bool home = false;
	int got;

	memset(answer, 0, sizeof(*answer));
	if ((got = find(db, ask, stack.text, &k, e)) == 1) {
		answer->signature = k.id;
		answer->bucket = k.bucket;
		answer->number = k.number;
		got = place_known(&t, ask, &k, stack.text, e);
		if (got == 0 && k.grows)
			got = read_answer(db, k.id, answer, &home, e);
	} else if (got == 0) {
		got = place_new(&t, ask, stack.text, &k.id, e);
		if (got == 0)
			got = read_answer(db, k.id, answer, &home, e);
		answer->new_signature = true;
		answer->new_bucket = home;
	}
	answer->regrouped = t.moved;
	bucket_turn_release(&t);
	/* What is fixed is open again when a crash shows it that is new. */
	if (got == 0 && !ask->seen && !answer->new_bucket &&
	    (k.fixed || k.grows || answer->new_signature))
		got = reopen(&t, answer->bucket, e);
	return got;
}
