/*
 * Regroup, applying: crashes go to their new signatures a slice at a time.  A
 * signature that has lost all its crashes stays, with its number, joined to
 * that of its first crash, and is linked by no rule any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "masterd/db/judge.h"
#include "masterd/db/regroup_internal.h"

static int
compare_crashes(const void *x, const void *y)
{
	const struct again_crash *a = x, *b = y;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void
by_project(struct regroup *r)
{
	/* Rows are in the order of ids; new ones follow: only crashes are
	 * sorted, so that those of one signature stand together. */
	if (r->crash_count > 0)
		qsort(r->crashes, (size_t)r->crash_count, sizeof(*r->crashes),
		    compare_crashes);
}

/* ---- one signature --------------------------------------------------- */

static int
make_row(struct bucket_turn *t, struct regroup *r, struct again_sig *s,
    const struct again_sig *old, int64_t crash, struct err *e)
{
	struct bucket_step step = {
	    .op = OP_APART, .from = "2", .to = s->apart_then ? "1" : "0"};

	if (s->row != 0)
		return 0;
	if (db_run(r->db, e,
		"INSERT INTO signature (project, signature, security, bucket,"
		" class, type, family, state, stack, placeless, severity,"
		" apart, rule, first_ms, last_ms) SELECT ?1, ?2, ?3, o.bucket,"
		" ?4, ?5, ?6, ?7, ?8, ?9, ?10, 2, 'regroup', c.first_ms,"
		" c.last_ms FROM signature o, crash c WHERE o.id = ?11"
		" AND c.id = ?12",
		"iditttttitii", s->project, &s->digest, (int64_t)s->security,
		s->class, s->type, s->family, s->state, s->fresh,
		(int64_t)s->placeless, triage_severity_name(s->worst), old->row,
		crash) == -1)
		return -1;
	s->row = db_last_id(r->db);
	s->severity = s->worst;
	s->apart = s->apart_then;
	free(s->stack);
	s->stack = mem_strdup(s->fresh);
	/* So that undo leaves it linked with nobody. */
	step.a = s->row;
	return bucket_step(t, &step, &r->ops, e);
}

/* It was left without crashes once, and has some again: see drop_joins(). */
static int
wake(struct bucket_turn *t, struct regroup *r, struct again_sig *s,
    struct err *e)
{
	struct bucket_step step = {
	    .op = OP_APART, .a = s->row, .from = "2", .to = "0"};
	struct bucket_step cut = {.op = OP_JOIN, .add = false};
	sqlite3_stmt *row;
	int got;

	if (s->woken || !again_wakes(s))
		return 0;
	s->woken = true;
	got = db_query(r->db, e, &row,
	    "SELECT j.a, j.b, j.decision FROM (SELECT * FROM signature_join"
	    " WHERE a = ?1 UNION ALL SELECT * FROM signature_join WHERE b ="
	    " ?1) j LEFT JOIN decision d ON d.id = j.decision WHERE (d.verb ="
	    " 'regroup' OR j.decision < 0) AND j.decision <> ?2"
	    " ORDER BY abs(j.decision) DESC LIMIT 1",
	    "ii", s->row, r->decision);
	if (got == 1) {
		cut.a = sqlite3_column_int64(row, 0);
		cut.b = sqlite3_column_int64(row, 1);
		cut.decision = sqlite3_column_int64(row, 2);
		db_end(row);
		got = bucket_step(t, &cut, &r->ops, e);
	}
	if (got == -1 || s->apart != 2)
		return got == -1 ? -1 : 0;
	s->apart = 0;
	return bucket_step(t, &step, &r->ops, e);
}

/* All its crashes go. */
static int
retire(struct bucket_turn *t, struct regroup *r, struct again_sig *s,
    struct err *e)
{
	struct bucket_step apart = {
	    .op = OP_APART, .a = s->row, .from = "0", .to = "2"};
	struct bucket_step join = {
	    .op = OP_JOIN, .add = true, .decision = r->decision};
	struct again_sig *to = &r->sigs[s->first_out];
	struct bucket_step too = {
	    .op = OP_APART, .a = to->row, .from = "0", .to = "1"};

	if (s->apart == 0 && bucket_step(t, &apart, &r->ops, e) == -1)
		return -1;
	if (s->apart == 1 && to->apart == 0) {
		to->apart = 1;
		if (bucket_step(t, &too, &r->ops, e) == -1)
			return -1;
	}
	if (s->apart == 0)
		s->apart = 2;
	join.a = s->row < to->row ? s->row : to->row;
	join.b = s->row < to->row ? to->row : s->row;
	return bucket_step(t, &join, &r->ops, e);
}

/* A crash that came since it was read may have brought a smaller one: that
 * stays. */
static int
new_stack(struct bucket_turn *t, struct regroup *r, struct again_sig *s,
    struct err *e)
{
	struct bucket_step step = {
	    .op = OP_STACK, .a = s->row, .from = s->stack, .to = s->fresh};
	int64_t same;
	int got;

	if (s->row == 0 || !s->seen || strcmp(s->stack, s->fresh) == 0)
		return 0;
	got = db_number(r->db, e, &same,
	    "SELECT stack = ?2 FROM signature WHERE id = ?1", "it", s->row,
	    s->stack);
	if (got == -1 ||
	    (got == 1 && same && bucket_step(t, &step, &r->ops, e) == -1))
		return -1;
	free(s->stack);
	s->stack = mem_strdup(s->fresh);
	return 0;
}

/* How severe it is then: one without reports stays as it is. */
static enum triage_severity
severity_then(const struct again_sig *s)
{
	return again_retires(s) ? SEVERITY_NONE
	    : s->seen           ? s->worst
				: s->severity;
}

static int
rate(struct bucket_turn *t, struct regroup *r, struct again_sig *s,
    struct err *e)
{
	if (s->row == 0 || severity_then(s) == s->severity)
		return 0;
	s->severity = severity_then(s);
	bucket_touch(t, s->row);
	t->rated = true;
	return db_run(r->db, e,
	    "UPDATE signature SET severity = ? WHERE id = ?", "ti",
	    triage_severity_name(s->severity), s->row);
}

/* ---- one crash ------------------------------------------------------- */

static int
move_crash(struct bucket_turn *t, struct regroup *r,
    const struct again_crash *c, int64_t ruleset, struct err *e)
{
	struct again_sig *from = &r->sigs[c->from], *to = &r->sigs[c->to];
	int64_t now;

	/* It may have gone elsewhere since it was read. */
	if (db_number(r->db, e, &now, "SELECT sig FROM crash WHERE id = ?", "i",
		c->id) != 1 ||
	    now != from->row)
		return 0;
	if (c->from != c->to) {
		if (make_row(t, r, to, from, c->id, e) == -1 ||
		    wake(t, r, to, e) == -1)
			return -1;
		bucket_touch(t, from->row);
		bucket_touch(t, to->row);
	}
	if (db_run(r->db, e,
		"INSERT OR IGNORE INTO regroup_move (decision, crash, sig,"
		" ruleset, severity, severity_rule, security_rule, casr)"
		" SELECT ?1, id, sig, ruleset, severity, severity_rule,"
		" security_rule, casr FROM crash WHERE id = ?2",
		"ii", r->decision, c->id) == -1)
		return -1;
	return bucket_count_as(
	    t, c->id, to->row, ruleset, &r->ratings[c->rating], e);
}

/* ---- slices ---------------------------------------------------------- */

static int
begin(struct regroup *r, struct bucket_turn *t, const struct bucket_act *act,
    int64_t project, struct err *e)
{
	struct bucket_act none = *act;
	struct bucket_step moves = {.op = OP_MOVES, .add = true};

	none.bucket = 0;
	r->at_project = project;
	buf_reset(&r->ops);
	if (bucket_decide(t, &none, "regroup", &r->decision, e) == -1)
		return -1;
	moves.decision = r->decision;
	json_open(&r->ops, NULL, '[');
	/* Nothing is in the table yet: this only writes the step down. */
	return bucket_step(t, &moves, &r->ops, e);
}

/* Each slice writes down its own steps, so that a kill loses none, and a long
 * regroup does not write all of them again and again. */
static int
end_slice(struct regroup *r, struct bucket_turn *t, struct err *e)
{
	if (r->decision == 0)
		return 0;
	if (bucket_settle(t, e) == -1)
		return -1;
	json_close(&r->ops, ']');
	if (strcmp(r->ops.data, "[]") != 0 &&
	    db_run(r->db, e,
		"INSERT INTO decision_part (decision, n, ops) SELECT ?1,"
		" count(*), ?2 FROM decision_part WHERE decision = ?1",
		"it", r->decision, r->ops.data) == -1)
		return -1;
	buf_reset(&r->ops);
	json_open(&r->ops, NULL, '[');
	return 0;
}

static bool
has_work(const struct again_sig *s)
{
	if (s->out > 0 || s->in > 0 || s->rated > 0)
		return true;
	return s->row != 0 &&
	    ((s->seen && strcmp(s->stack, s->fresh) != 0) ||
		severity_then(s) != s->severity);
}

/* The next project that has something to do: its row, or 0. */
static int64_t
next_project(const struct regroup *r)
{
	const struct again_sig *s;
	int64_t best = 0;
	int i;

	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		if (s->project <= r->at_project ||
		    (best != 0 && s->project >= best))
			continue;
		if (has_work(s))
			best = s->project;
	}
	return best;
}

/* 1: time is up. */
static int
crashes_of(struct regroup *r, struct bucket_turn *t, uint64_t until,
    int64_t ruleset, struct err *e)
{
	const struct again_crash *c;
	struct again_sig *from;
	bool first;

	for (; r->at < r->crash_count; r->at++) {
		if (clock_up_ms() >= until)
			return 1;
		c = &r->crashes[r->at];
		from = &r->sigs[c->from];
		if (from->project != t->project)
			continue;
		if (move_crash(t, r, c, ruleset, e) == -1)
			return -1;
		/* At once: what comes after it is then of the same bucket. */
		first = r->at == 0 || r->crashes[r->at - 1].from != c->from;
		if (first && again_retires(from) &&
		    r->sigs[from->first_out].row != 0 &&
		    retire(t, r, from, e) == -1)
			return -1;
	}
	return 0;
}

static int
stacks_of(
    struct regroup *r, struct bucket_turn *t, uint64_t until, struct err *e)
{
	struct again_sig *s;

	for (; r->at_sig < r->count; r->at_sig++) {
		if (clock_up_ms() >= until)
			return 1;
		s = &r->sigs[r->at_sig];
		if (s->project != t->project)
			continue;
		if (new_stack(t, r, s, e) == -1 || rate(t, r, s, e) == -1)
			return -1;
	}
	return 0;
}

/* Those that stay as they are were judged by these rules now, too. */
static int
stamp(struct regroup *r, int64_t ruleset, struct err *e)
{
	if (db_run(r->db, e,
		"UPDATE crash SET ruleset = ?1 WHERE id IN (SELECT c.id FROM"
		" ruleset s CROSS JOIN crash c ON c.ruleset = s.id JOIN target"
		" t ON t.id = c.target JOIN project p ON p.id = t.project WHERE"
		" s.id <> ?1 AND c.stack IS NOT NULL AND (?2 = '' OR p.name ="
		" ?2) LIMIT 2000)",
		"it", ruleset, r->project) == -1)
		return -1;
	return db_changes(r->db) > 0 ? 1 : 0;
}

static int
slice(struct regroup *r, struct bucket_turn *t, const struct bucket_act *act,
    uint64_t until, struct err *e)
{
	int64_t project, ruleset;
	int got;

	if (judge_ruleset(r->db, rules_name(r->rules).text, act->now_ms,
		&ruleset, e) == -1)
		return -1;
	if (!r->settled) {
		by_project(r);
		r->settled = true;
	}
	if (r->at_project == 0 ||
	    (r->at >= r->crash_count && r->at_sig >= r->count)) {
		project = next_project(r);
		if (project == 0)
			return stamp(r, ruleset, e);
		t->project = project;
		r->at = r->at_sig = 0;
		if (begin(r, t, act, project, e) == -1)
			return -1;
	}
	t->project = r->at_project;
	t->limits = bucket_limits(r->db, t->project, r->rules);
	if ((got = crashes_of(r, t, until, ruleset, e)) == 0)
		got = stacks_of(r, t, until, e);
	if (got == -1 || end_slice(r, t, e) == -1)
		return -1;
	return 1;
}

int
regroup_apply(
    struct regroup *r, const struct bucket_act *act, uint64_t ms, struct err *e)
{
	struct bucket_turn t = {.db = r->db,
	    .now_ms = act->now_ms,
	    .who = act->who,
	    .trace = act->trace};
	int got = slice(r, &t, act, clock_up_ms() + ms, e);

	bucket_turn_release(&t);
	return got;
}

int64_t
regroup_decision(const struct regroup *r)
{
	return r->decision;
}
