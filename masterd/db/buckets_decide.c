/*
 * What people decide on buckets: a row of who, when and why, and the steps.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"
#include "masterd/db/judge.h"

struct rules_limits
bucket_limits(struct db *db, int64_t project, const struct rules *rules)
{
	char name[64] = "";
	sqlite3_stmt *row;

	if (db_query(db, NULL, &row, "SELECT name FROM project WHERE id = ?",
		"i", project) == 1) {
		text_copy(name, sizeof(name), db_text(row, 0));
		db_end(row);
	}
	return rules_limits(rules_of(rules, name));
}

int64_t
bucket_column(struct db *db, const char *sql, int64_t id)
{
	int64_t n = 0;

	return db_number(db, NULL, &n, sql, "i", id) == 1 ? n : 0;
}

int
bucket_turn_begin(struct bucket_turn *t, struct db *db,
    const struct bucket_act *act, struct err *e)
{
	memset(t, 0, sizeof(*t));
	t->db = db;
	t->now_ms = act->now_ms;
	t->who = act->who;
	t->trace = act->trace;
	if (db_number(db, e, &t->project,
		"SELECT project FROM bucket WHERE id = ?", "i",
		act->bucket) != 1)
		return err_set(e, ERR_NOT_FOUND, "bucket: not found");
	t->limits = bucket_limits(db, t->project, judge_rules(db));
	return 0;
}

int
bucket_decide(struct bucket_turn *t, const struct bucket_act *act,
    const char *verb, int64_t *decision, struct err *e)
{
	if (db_run(t->db, e,
		"INSERT INTO decision (project, at_ms, who, trace, verb,"
		" bucket, detail, reason) VALUES (?, ?, ?, ?, ?, nullif(?, 0),"
		" '{}', ?)",
		"iitttit", t->project, (int64_t)act->now_ms, act->who,
		act->trace, verb, act->bucket, act->reason) == -1)
		return -1;
	*decision = db_last_id(t->db);
	return 0;
}

int
bucket_decided(struct bucket_turn *t, int64_t decision, int64_t of,
    int64_t bucket, int64_t other, struct buf *ops, struct err *e)
{
	struct buf detail = BUF_INIT;
	int got;

	json_open(&detail, NULL, '{');
	json_put_u64(&detail, "of", (uint64_t)of);
	json_put_raw(&detail, "ops", buf_text(ops), ops->len);
	json_close(&detail, '}');
	got = db_run(t->db, e,
	    "UPDATE decision SET detail = ?, bucket = nullif(?, 0), other ="
	    " nullif(?, 0) WHERE id = ?",
	    "tiii", buf_text(&detail), bucket, other, decision);
	buf_release(&detail);
	return got;
}

/* ---- merge ----------------------------------------------------------- */

int
buckets_first_signature(
    struct db *db, int64_t bucket, int64_t *signature, struct err *e)
{
	int got = db_number(db, e, signature,
	    "SELECT id FROM signature WHERE bucket = ? ORDER BY home = bucket"
	    " DESC, first_ms, id LIMIT 1",
	    "i", bucket);

	return got == 0
	    ? err_set(e, ERR_CONFLICT, "bucket: it has no signature any more")
	    : got - 1;
}

int
buckets_crash_signature(
    struct db *db, int64_t crash, int64_t *signature, struct err *e)
{
	int got = db_number(db, e, signature,
	    "SELECT sig FROM crash WHERE id = ? AND sig IS NOT NULL", "i",
	    crash);

	return got == 0
	    ? err_set(e, ERR_NOT_FOUND, "crash: it has no signature")
	    : got - 1;
}

/* The one that keeps its number is open when the other one was. */
static int
stay_open(struct bucket_turn *t, int64_t stays, int64_t goes, struct buf *ops,
    struct err *e)
{
	struct bucket_step s = {.op = OP_BUCKET,
	    .a = stays,
	    .key = "status",
	    .from = "fixed",
	    .to = "open"};

	if (bucket_column(t->db,
		"SELECT status = 'fixed' FROM bucket WHERE id = ?",
		stays) == 0 ||
	    bucket_column(t->db,
		"SELECT status = 'open' FROM bucket WHERE id = ?", goes) == 0)
		return 0;
	return bucket_step(t, &s, ops, e);
}

static int
may_merge(struct bucket_turn *t, int64_t a, int64_t b, struct err *e)
{
	int64_t project =
	    bucket_column(t->db, "SELECT project FROM bucket WHERE id = ?", b);

	if (project == 0)
		return err_set(e, ERR_NOT_FOUND, "bucket: not found");
	if (project != t->project)
		return err_set(e, ERR_REFUSED,
		    "buckets of different projects cannot be merged");
	if (a == b)
		return err_set(e, ERR_CONFLICT, "both are one bucket already");
	return 0;
}

static int
merge(struct bucket_turn *t, const struct bucket_act *act, int64_t stays,
    int64_t goes, struct bucket_did *did, struct buf *ops, struct err *e)
{
	struct bucket_step s = {.op = OP_JOIN, .add = true};
	struct bucket_name into, from;
	int64_t a, b;

	if (buckets_first_signature(t->db, stays, &a, e) == -1 ||
	    buckets_first_signature(t->db, goes, &b, e) == -1 ||
	    buckets_name(t->db, stays, &into, e) == -1 ||
	    buckets_name(t->db, goes, &from, e) == -1 ||
	    bucket_decide(t, act, "merge", &did->decision, e) == -1)
		return -1;
	s.a = a < b ? a : b;
	s.b = a < b ? b : a;
	s.decision = did->decision;
	did->bucket = stays;
	snprintf(did->text, sizeof(did->text), "merged %.80s into %.80s",
	    from.text, into.text);
	json_open(ops, NULL, '[');
	if (stay_open(t, stays, goes, ops, e) == -1 ||
	    bucket_step(t, &s, ops, e) == -1)
		return -1;
	json_close(ops, ']');
	if (bucket_settle(t, e) == -1)
		return -1;
	return bucket_decided(t, did->decision, 0, stays, goes, ops, e);
}

int
buckets_merge(struct db *db, const struct bucket_act *act, int64_t other,
    struct bucket_did *did, struct err *e)
{
	static const char number[] = "SELECT number FROM bucket WHERE id = ?";
	struct buf ops = BUF_INIT;
	struct bucket_turn t;
	int64_t stays = act->bucket, goes = other;
	int got;

	memset(did, 0, sizeof(*did));
	if (bucket_turn_begin(&t, db, act, e) == -1 ||
	    may_merge(&t, act->bucket, other, e) == -1)
		return -1;
	if (bucket_column(db, number, goes) <
	    bucket_column(db, number, stays)) {
		stays = other;
		goes = act->bucket;
	}
	got = merge(&t, act, stays, goes, did, &ops, e);
	buf_release(&ops);
	bucket_turn_release(&t);
	return got;
}

/* ---- mute, set, note ------------------------------------------------- */

/* A column to "to", if it is not that already. */
static int
change(struct bucket_turn *t, int64_t bucket, const char *sql, const char *key,
    const char *to, struct buf *ops, struct err *e)
{
	struct bucket_step s = {
	    .op = OP_BUCKET, .a = bucket, .key = key, .to = to};
	char from[512];
	sqlite3_stmt *row;

	if (db_query(t->db, e, &row, sql, "i", bucket) != 1)
		return -1;
	text_copy(from, sizeof(from), db_text(row, 0));
	db_end(row);
	s.from = from;
	return strcmp(from, to) == 0 ? 0 : bucket_step(t, &s, ops, e);
}

#define CHANGE(t, bucket, column, to, ops, e)                                \
	change((t), (bucket), "SELECT " #column " FROM bucket WHERE id = ?", \
	    #column, (to), (ops), (e))

static int
change_status(struct bucket_turn *t, int64_t bucket, const char *status,
    const char *reason, uint64_t until_ms, struct buf *ops, struct err *e)
{
	char until[24];

	snprintf(until, sizeof(until), "%ju", (uintmax_t)until_ms);
	return CHANGE(t, bucket, status, status, ops, e) == -1 ||
		CHANGE(t, bucket, reason, reason, ops, e) == -1 ||
		CHANGE(t, bucket, muted_until_ms, until, ops, e) == -1
	    ? -1
	    : 0;
}

typedef int steps_fn(struct bucket_turn *t, const struct bucket_act *act,
    const void *arg, struct buf *ops, struct err *e);

/* A decision that changes rows of one bucket. */
static int
decide(struct db *db, const struct bucket_act *act, const char *verb,
    const char *event, steps_fn *fn, const void *arg, struct bucket_did *did,
    struct err *e)
{
	struct buf ops = BUF_INIT;
	struct bucket_turn t;
	int got;

	memset(did, 0, sizeof(*did));
	did->bucket = act->bucket;
	if (bucket_turn_begin(&t, db, act, e) == -1 ||
	    bucket_decide(&t, act, verb, &did->decision, e) == -1)
		return -1;
	json_open(&ops, NULL, '[');
	got = fn(&t, act, arg, &ops, e);
	json_close(&ops, ']');
	if (got == 0 && strcmp(buf_text(&ops), "[]") == 0)
		got = err_set(e, ERR_CONFLICT, "it is so already");
	if (got == 0)
		got = bucket_decided(
		    &t, did->decision, 0, act->bucket, 0, &ops, e);
	if (got == 0)
		got = bucket_event(&t, event, act->bucket, act->reason, e);
	buf_release(&ops);
	bucket_turn_release(&t);
	return got;
}

static int
say(struct db *db, struct bucket_did *did, const char *what, struct err *e)
{
	struct bucket_name name;

	if (buckets_name(db, did->bucket, &name, e) == -1)
		return -1;
	snprintf(did->text, sizeof(did->text), "%s %s", what, name.text);
	return 0;
}

static void
say_more(struct bucket_did *did, const char *what, const char *value)
{
	size_t len = strlen(did->text);

	snprintf(
	    did->text + len, sizeof(did->text) - len, "%s%.60s", what, value);
}

static int
mute_steps(struct bucket_turn *t, const struct bucket_act *act, const void *arg,
    struct buf *ops, struct err *e)
{
	return change_status(
	    t, act->bucket, "muted", "", *(const uint64_t *)arg, ops, e);
}

int
buckets_mute(struct db *db, const struct bucket_act *act, uint64_t until_ms,
    struct bucket_did *did, struct err *e)
{
	if (until_ms != 0 && until_ms <= act->now_ms)
		return err_set(
		    e, ERR_REFUSED, "until_ms: that time is over already");
	if (decide(db, act, "mute", "bucket.muted", mute_steps, &until_ms, did,
		e) == -1 ||
	    say(db, did, "muted", e) == -1)
		return -1;
	if (until_ms != 0)
		say_more(did, " until ", clock_rfc3339(until_ms).text);
	return 0;
}

static int
unmute_steps(struct bucket_turn *t, const struct bucket_act *act,
    const void *arg, struct buf *ops, struct err *e)
{
	(void)arg;
	if (bucket_column(t->db,
		"SELECT status = 'muted' FROM bucket WHERE id = ?",
		act->bucket) == 0)
		return err_set(e, ERR_CONFLICT, "it is not muted");
	return change_status(t, act->bucket, "open", "", 0, ops, e);
}

int
buckets_unmute(struct db *db, const struct bucket_act *act,
    struct bucket_did *did, struct err *e)
{
	return decide(db, act, "unmute", "bucket.unmuted", unmute_steps, NULL,
		   did, e) == -1
	    ? -1
	    : say(db, did, "unmuted", e);
}

static int
check_status(const struct bucket_set *set, struct err *e)
{
	static const char *const known[] = {"open", "fixed", "closed", NULL};
	static const char *const reasons[] = {
	    "fixed", "wontfix", "invalid", "duplicate", "obsolete", NULL};
	int i;

	if (set->status == NULL)
		return set->closed_reason == NULL
		    ? 0
		    : err_set(e, ERR_REFUSED,
			  "closed_reason: goes with status closed");
	for (i = 0; known[i] != NULL; i++)
		if (strcmp(known[i], set->status) == 0)
			break;
	if (known[i] == NULL)
		return err_set(e, ERR_REFUSED,
		    "status: open, fixed or closed (muted: the verb mute)");
	if (strcmp(set->status, "closed") != 0)
		return set->closed_reason == NULL
		    ? 0
		    : err_set(e, ERR_REFUSED,
			  "closed_reason: goes with status closed");
	for (i = 0; set->closed_reason != NULL && reasons[i] != NULL; i++)
		if (strcmp(reasons[i], set->closed_reason) == 0)
			return 0;
	return err_set(e, ERR_REFUSED,
	    "closed_reason: fixed, wontfix, invalid, duplicate or obsolete");
}

static int
set_labels(struct bucket_turn *t, int64_t bucket, const char *const *labels,
    int count, bool add, struct buf *ops, struct err *e)
{
	struct bucket_step s = {.op = OP_LABEL, .a = bucket, .add = add};
	int i;

	for (i = 0; i < count; i++) {
		s.to = labels[i];
		if (bucket_step(t, &s, ops, e) == -1)
			return -1;
	}
	if (bucket_column(t->db,
		"SELECT count(*) FROM bucket_label WHERE bucket = ?",
		bucket) > BUCKET_LABELS)
		return err_set(
		    e, ERR_REFUSED, "labels_add: more than %d", BUCKET_LABELS);
	return 0;
}

static int
set_steps(struct bucket_turn *t, const struct bucket_act *act, const void *arg,
    struct buf *ops, struct err *e)
{
	const struct bucket_set *set = arg;

	if (set->status != NULL &&
	    change_status(t, act->bucket, set->status,
		set->closed_reason == NULL ? "" : set->closed_reason, 0, ops,
		e) == -1)
		return -1;
	if (set->owner != NULL &&
	    CHANGE(t, act->bucket, owner, set->owner, ops, e) == -1)
		return -1;
	if (set->issue != NULL &&
	    CHANGE(t, act->bucket, issue, set->issue, ops, e) == -1)
		return -1;
	if (set_labels(t, act->bucket, set->remove, set->remove_count, false,
		ops, e) == -1)
		return -1;
	return set_labels(
	    t, act->bucket, set->add, set->add_count, true, ops, e);
}

static void
say_set(struct bucket_did *did, const struct bucket_set *set)
{
	const char *with = ": ";
	int i;

	if (set->status != NULL) {
		say_more(did, with, set->status);
		if (set->closed_reason != NULL)
			say_more(did, " as ", set->closed_reason);
		with = ", ";
	}
	if (set->owner != NULL) {
		say_more(did, with, "owner ");
		say_more(did, "", *set->owner == '\0' ? "nobody" : set->owner);
		with = ", ";
	}
	if (set->issue != NULL) {
		say_more(did, with, "issue ");
		say_more(did, "", *set->issue == '\0' ? "none" : set->issue);
		with = ", ";
	}
	for (i = 0; i < set->add_count + set->remove_count; i++) {
		say_more(did, with, i < set->add_count ? "+" : "-");
		say_more(did, "",
		    i < set->add_count ? set->add[i]
				       : set->remove[i - set->add_count]);
		with = ", ";
	}
}

int
buckets_set(struct db *db, const struct bucket_act *act,
    const struct bucket_set *set, struct bucket_did *did, struct err *e)
{
	if (check_status(set, e) == -1)
		return -1;
	if (decide(db, act, "set", "bucket.changed", set_steps, set, did, e) ==
		-1 ||
	    say(db, did, "changed", e) == -1)
		return -1;
	say_set(did, set);
	return 0;
}

static int
note_steps(struct bucket_turn *t, const struct bucket_act *act, const void *arg,
    struct buf *ops, struct err *e)
{
	struct bucket_step s = {.op = OP_NOTE,
	    .a = act->bucket,
	    .add = true,
	    .to = arg,
	    .who = act->who,
	    .at_ms = (int64_t)act->now_ms};

	return bucket_step(t, &s, ops, e);
}

int
buckets_note(struct db *db, const struct bucket_act *act, const char *text,
    struct bucket_did *did, struct err *e)
{
	return decide(db, act, "note", "bucket.changed", note_steps, text, did,
		   e) == -1
	    ? -1
	    : say(db, did, "noted on", e);
}
