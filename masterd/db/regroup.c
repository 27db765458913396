/*
 * Regroup, reading: each normalised report is judged once for each target that
 * has it, and each crash is put to the signature that it would have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/triage/facts.h"
#include "masterd/db/facts.h"
#include "masterd/db/judge.h"
#include "masterd/db/regroup_internal.h"

#define PAGE 500 /* crashes of a report, or signatures, in one go */

/* ---- signatures ------------------------------------------------------ */

static bool
same(const struct again_sig *s, int64_t project, const struct digest *d,
    bool security)
{
	return s->project == project && s->security == security &&
	    digest_equal(&s->digest, d);
}

static size_t
slot_of(const struct regroup *r, int64_t project, const struct digest *d,
    bool security)
{
	uint64_t h;
	size_t at;

	memcpy(&h, d->bytes, sizeof(h));
	at = (size_t)((h ^ (uint64_t)project * 2 ^ security) *
		     0x9e3779b97f4a7c15 >>
		 20) &
	    r->mask;
	while (r->slot[at] != 0 &&
	    !same(&r->sigs[r->slot[at] - 1], project, d, security))
		at = (at + 1) & r->mask;
	return at;
}

static void
make_room(struct regroup *r)
{
	struct again_sig *s;
	int i;

	if (r->count == r->room) {
		r->room = r->room * 2 + 64;
		r->sigs =
		    mem_resize(r->sigs, (size_t)r->room, sizeof(*r->sigs));
	}
	if (r->slot != NULL && (size_t)r->count * 2 <= r->mask)
		return;
	free(r->slot);
	r->mask = r->mask == 0 ? 255 : r->mask * 2 + 1;
	r->slot = mem_array(r->mask + 1, sizeof(*r->slot));
	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		r->slot[slot_of(r, s->project, &s->digest, s->security)] =
		    i + 1;
	}
}

/* Index; *fresh when it was not there. */
static int
sig_of(struct regroup *r, int64_t project, const struct digest *d,
    bool security, bool *fresh)
{
	struct again_sig *s;
	size_t at;

	make_room(r);
	at = slot_of(r, project, d, security);
	*fresh = r->slot[at] == 0;
	if (*fresh) {
		s = &r->sigs[r->count];
		memset(s, 0, sizeof(*s));
		s->project = project;
		s->digest = *d;
		s->security = security;
		s->first_out = -1;
		r->slot[at] = ++r->count;
	}
	return r->slot[at] - 1;
}

int
again_find_row(const struct regroup *r, int64_t row)
{
	int low = 0, high = r->known - 1, middle;

	while (low <= high) {
		middle = (low + high) / 2;
		if (r->sigs[middle].row == row)
			return middle;
		if (r->sigs[middle].row < row)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

static enum triage_severity
severity_of(const char *name)
{
	int s;

	for (s = SEVERITY_CRITICAL; s > SEVERITY_NONE; s--)
		if (strcmp(triage_severity_name(s), name) == 0)
			break;
	return s;
}

static void
sig_from(struct again_sig *s, sqlite3_stmt *row)
{
	s->row = sqlite3_column_int64(row, 0);
	s->bucket = sqlite3_column_int64(row, 4);
	s->number = sqlite3_column_int64(row, 5);
	s->home = sqlite3_column_int64(row, 6);
	s->placeless = sqlite3_column_int(row, 7) != 0;
	s->apart = sqlite3_column_int(row, 8);
	s->family = mem_strdup(db_text(row, 9));
	s->state = mem_strdup(db_text(row, 10));
	s->stack = mem_strdup(db_text(row, 11));
	s->crashes = sqlite3_column_int64(row, 12);
	s->severity = severity_of(db_text(row, 13));
}

/* The next rows: how many. */
static int
load_sigs(struct regroup *r, struct err *e)
{
	struct digest d;
	sqlite3_stmt *row;
	bool fresh;
	int got, i, n = 0;

	got = db_query(r->db, e, &row,
	    "SELECT s.id, s.project, s.signature, s.security, s.bucket,"
	    " b.number, coalesce((SELECT number FROM bucket h WHERE h.id ="
	    " s.home), 0), s.placeless, s.apart, s.family, s.state, s.stack,"
	    " (SELECT count(*) FROM crash c WHERE c.sig = s.id), s.severity"
	    " FROM signature s JOIN bucket b ON b.id = s.bucket JOIN project p"
	    " ON p.id = s.project WHERE s.id > ?2 AND (?1 = '' OR p.name = ?1)"
	    " ORDER BY s.id LIMIT ?3",
	    "tii", r->project, r->sig, (int64_t)PAGE);
	for (; got == 1; got = db_next(r->db, e, row), n++) {
		r->sig = sqlite3_column_int64(row, 0);
		db_digest(row, 2, &d);
		i = sig_of(r, sqlite3_column_int64(row, 1), &d,
		    sqlite3_column_int(row, 3) != 0, &fresh);
		sig_from(&r->sigs[i], row);
	}
	r->known = r->count;
	return got == -1 ? -1 : n;
}

/* Those of an earlier regroup are made anew with it. */
static int
load_joins(struct regroup *r, struct err *e)
{
	sqlite3_stmt *row;
	int got, a, b;

	got = db_query(r->db, e, &row,
	    "SELECT j.a, j.b, CASE WHEN d.verb = 'regroup' OR j.decision < 0"
	    " THEN abs(j.decision) ELSE 0 END FROM signature_join j"
	    " LEFT JOIN decision d ON d.id = j.decision",
	    "");
	for (; got == 1; got = db_next(r->db, e, row)) {
		a = again_find_row(r, sqlite3_column_int64(row, 0));
		b = again_find_row(r, sqlite3_column_int64(row, 1));
		if (a == -1 || b == -1)
			continue;
		r->joins = mem_resize(
		    r->joins, (size_t)r->join_count + 1, sizeof(*r->joins));
		r->joins[r->join_count++] =
		    (struct again_join){a, b, sqlite3_column_int64(row, 2)};
	}
	return got;
}

/* ---- judging --------------------------------------------------------- */

static char *
joined(const char (*lines)[TRIAGE_LINE_MAX], int count)
{
	struct buf b = BUF_INIT;
	int i;

	buf_adds(&b, "");
	for (i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : "\n", lines[i]);
	return b.data == NULL ? mem_strdup("") : buf_detach(&b);
}

/* There are few, and mostly the one before is meant. */
static int
rating_of(struct regroup *r, const struct triage *t)
{
	struct bucket_rating one;
	int i;

	memset(&one, 0, sizeof(one));
	text_copy(one.severity, sizeof(one.severity),
	    triage_severity_name(t->severity));
	text_copy(
	    one.severity_rule, sizeof(one.severity_rule), t->severity_rule);
	text_copy(
	    one.security_rule, sizeof(one.security_rule), t->security_rule);
	text_copy(one.casr, sizeof(one.casr), t->casr == NULL ? "" : t->casr);
	for (i = r->rating_count - 1; i >= 0; i--)
		if (memcmp(&r->ratings[i], &one, sizeof(one)) == 0)
			return i;
	r->ratings = mem_resize(
	    r->ratings, (size_t)r->rating_count + 1, sizeof(*r->ratings));
	r->ratings[r->rating_count] = one;
	return r->rating_count++;
}

static void
see_sig(struct again_sig *s, const struct triage *t, bool fresh)
{
	char *stack = joined(t->stack, t->stack_count);

	if (s->type == NULL) {
		s->type = mem_strdup(triage_type_text(t).text);
		s->class = triage_class_name(t->class);
	}
	if (fresh) {
		s->family = mem_strdup(t->type);
		s->state = joined(t->state, t->state_count);
		s->stack = mem_strdup("");
		s->placeless = t->placeless;
	}
	if (s->fresh == NULL || strcmp(stack, s->fresh) < 0) {
		free(s->fresh);
		s->fresh = stack;
	} else {
		free(stack);
	}
	if (t->severity > s->worst)
		s->worst = t->severity;
	s->seen = true;
}

/* As the new rules see the report in hand, of the target of this row. */
static void
judge(struct regroup *r, sqlite3_stmt *row, struct again_judged *j)
{
	const struct rules_named *named = rules_of(r->rules, db_text(row, 4));
	static struct triage t;
	bool fresh;

	triage_settle(&t, r->facts, named, db_text(row, 3));
	j->target = sqlite3_column_int64(row, 2);
	j->to = sig_of(
	    r, sqlite3_column_int64(row, 5), &t.signature, t.security, &fresh);
	see_sig(&r->sigs[j->to], &t, fresh);
	j->rating = rating_of(r, &t);
}

/* Targets may take turns: each is judged once. */
static const struct again_judged *
judged(struct regroup *r, sqlite3_stmt *row)
{
	int64_t target = sqlite3_column_int64(row, 2), project;
	struct again_judged *j;
	bool told = false;
	int i;

	project = sqlite3_column_int64(row, 5);
	for (i = 0; i < r->judged_count; i++) {
		j = &r->judged[i];
		if (j->target == target)
			return j;
		told |= r->sigs[j->to].project == project;
	}
	if (i == AGAIN_TARGETS)
		i = AGAIN_TARGETS - 1; /* that one is judged again */
	else
		r->judged_count++;
	j = &r->judged[i];
	judge(r, row, j);
	if (!told && r->watch != NULL)
		r->watch(r->watch_arg, rules_of(r->rules, db_text(row, 4)),
		    r->facts);
	return j;
}

static void
change(struct regroup *r, int from, const struct again_judged *j)
{
	struct again_sig *old = &r->sigs[from];

	if (r->crash_count == r->crash_room) {
		r->crash_room = r->crash_room * 2 + 64;
		r->crashes = mem_resize(
		    r->crashes, (size_t)r->crash_room, sizeof(*r->crashes));
	}
	r->crashes[r->crash_count++] =
	    (struct again_crash){r->crash, from, j->to, j->rating};
	if (from == j->to) {
		old->rated++;
		return;
	}
	r->changed++;
	old->out++;
	r->sigs[j->to].in++;
	if (old->first_out == -1 || r->crash < old->first_crash) {
		old->first_out = j->to;
		old->first_crash = r->crash;
	}
}

static bool
has_rating(sqlite3_stmt *row, int column, const struct bucket_rating *now)
{
	return strcmp(db_text(row, column), now->severity) == 0 &&
	    strcmp(db_text(row, column + 1), now->severity_rule) == 0 &&
	    strcmp(db_text(row, column + 2), now->security_rule) == 0 &&
	    strcmp(db_text(row, column + 3), now->casr) == 0;
}

/* The next crashes of the report in hand: how many. */
static int
read_crashes(struct regroup *r, struct err *e)
{
	const struct again_judged *j;
	sqlite3_stmt *row;
	int got, n = 0, from;

	got = db_query(r->db, e, &row,
	    "SELECT c.id, c.sig, c.target, t.name, p.name, p.id, c.severity,"
	    " c.severity_rule, c.security_rule, c.casr FROM crash c CROSS JOIN"
	    " target t ON t.id = c.target CROSS JOIN project p ON p.id ="
	    " t.project WHERE c.stack = ? AND c.id > ? ORDER BY c.id LIMIT ?",
	    "iii", r->stack, r->crash, (int64_t)PAGE);
	for (; got == 1; got = db_next(r->db, e, row), n++) {
		r->crash = sqlite3_column_int64(row, 0);
		if (r->project[0] != '\0' &&
		    strcmp(r->project, db_text(row, 4)) != 0)
			continue;
		from = again_find_row(r, sqlite3_column_int64(row, 1));
		if (from == -1)
			continue; /* came after we began */
		j = judged(r, row);
		r->read++;
		if (from != j->to ||
		    !has_rating(row, 6, &r->ratings[j->rating]))
			change(r, from, j);
	}
	return got == -1 ? -1 : n;
}

/* 1 there was one, 0 no more. */
static int
next_stack(struct regroup *r, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(r->db, e, &row,
	    "SELECT id, text FROM stack WHERE id > ? ORDER BY id LIMIT 1", "i",
	    r->stack);

	if (got != 1)
		return got;
	r->stack = sqlite3_column_int64(row, 0);
	r->crash = 0;
	r->judged_count = 0;
	buf_reset(&r->text);
	buf_adds(&r->text, db_text(row, 1));
	db_end(row);
	r->stacks++;
	return 1;
}

/* A page of a report's crashes, or the next report. */
static int
read_some(struct regroup *r, struct err *e)
{
	int got;

	if (!r->in_hand) {
		if ((got = next_stack(r, e)) != 1)
			return got;
		/* A text that nobody can read stays as it was judged. */
		if (facts_parse(
			r->facts, buf_text(&r->text), r->text.len, NULL) == -1)
			return 1;
	}
	if ((got = read_crashes(r, e)) == -1)
		return -1;
	r->in_hand = got == PAGE;
	return 1;
}

/* A step of the stage at hand: 1 there is more, 0 all is done, -1. */
static int
step(struct regroup *r, uint64_t until, struct err *e)
{
	int got = 0;

	switch (r->stage) {
	case AGAIN_BEGIN:
		if ((got = load_sigs(r, e)) == 0)
			r->stage = AGAIN_JOINS;
		break;
	case AGAIN_JOINS:
		got = load_joins(r, e);
		r->stage = AGAIN_READ;
		break;
	case AGAIN_READ:
		if ((got = read_some(r, e)) == 0)
			r->stage = AGAIN_GROUPS;
		break;
	case AGAIN_GROUPS:
		if (again_plan(r, until) == 0)
			r->stage = AGAIN_PLANNED;
		break;
	case AGAIN_PLANNED:
		return 0;
	}
	return got == -1 ? -1 : r->stage == AGAIN_PLANNED ? 0 : 1;
}

int
regroup_read(struct regroup *r, uint64_t ms, struct err *e)
{
	uint64_t until = clock_up_ms() + ms;
	int got;

	do
		got = step(r, until, e);
	while (got == 1 && clock_up_ms() < until);
	return got;
}

void
regroup_watch(struct regroup *r, regroup_watch_fn *fn, void *arg)
{
	r->watch = fn;
	r->watch_arg = arg;
}

struct regroup *
regroup_new(struct db *db, const struct rules *rules, const char *project)
{
	struct regroup *r = mem_alloc(sizeof(*r));

	r->db = db;
	r->rules = rules;
	text_copy(r->project, sizeof(r->project), project);
	r->facts = mem_alloc(sizeof(*r->facts));
	return r;
}

void
regroup_free(struct regroup *r)
{
	int i;

	if (r == NULL)
		return;
	for (i = 0; i < r->count; i++) {
		free(r->sigs[i].family);
		free(r->sigs[i].type);
		free(r->sigs[i].state);
		free(r->sigs[i].stack);
		free(r->sigs[i].fresh);
	}
	again_plan_drop(r);
	free(r->sigs);
	free(r->slot);
	free(r->crashes);
	free(r->joins);
	free(r->ratings);
	free(r->facts);
	buf_release(&r->text);
	buf_release(&r->ops);
	free(r);
}

/* ---- how much there is to do ----------------------------------------- */

int
regroup_due(struct db *db, struct regroup_due *due, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT count(*), count(DISTINCT bucket) FROM (SELECT c.bucket AS"
	    " bucket FROM ruleset r CROSS JOIN crash c ON c.ruleset = r.id"
	    " WHERE r.name <> ? AND c.stack IS NOT NULL LIMIT 10000)",
	    "t", rules_name(judge_rules(db)).text);

	if (got != 1)
		return -1;
	due->crashes = (uint64_t)sqlite3_column_int64(row, 0);
	due->buckets = (uint64_t)sqlite3_column_int64(row, 1);
	db_end(row);
	return 0;
}
