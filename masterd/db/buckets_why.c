/*
 * Why: the frames that gave a signature its name, and the shortest way of links
 * and joins from one signature to another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/triage/facts.h"
#include "masterd/db/buckets_internal.h"
#include "masterd/db/judge.h"

#define CHAIN_MOST 10000 /* signatures looked at */

/* ---- the way from one to another ------------------------------------- */

struct step { /* how it was reached */
	int64_t id;
	int from;
};

static int
seen(const struct step *s, int count, int64_t id)
{
	int i;

	for (i = 0; i < count; i++)
		if (s[i].id == id)
			return i;
	return -1;
}

/* Breadth first, within the bucket. */
static int
find_way(struct db *db, int64_t a, int64_t b, struct step **way, int *at,
    struct err *e)
{
	struct step *s = mem_array(CHAIN_MOST, sizeof(*s));
	sqlite3_stmt *row;
	int count = 1, i, got = 0;
	int64_t id;

	s[0] = (struct step){a, -1};
	for (i = 0; i < count && s[i].id != b && got == 0; i++) {
		got = db_query(db, e, &row,
		    "SELECT o.id FROM (SELECT b AS id FROM signature_join WHERE"
		    " a = ?1 UNION ALL SELECT a FROM signature_join WHERE b ="
		    " ?1 UNION ALL SELECT b FROM signature_link WHERE a = ?1"
		    " UNION ALL SELECT a FROM signature_link WHERE b = ?1) o"
		    " JOIN signature s ON s.id = o.id WHERE s.bucket = (SELECT"
		    " bucket FROM signature WHERE id = ?1)",
		    "i", s[i].id);
		for (; got == 1; got = db_next(db, e, row)) {
			id = sqlite3_column_int64(row, 0);
			if (count < CHAIN_MOST && seen(s, count, id) == -1)
				s[count++] = (struct step){id, i};
		}
	}
	*way = s;
	*at = got == -1 ? -1 : seen(s, count, b);
	return got;
}

static void
put_double(struct buf *out, const char *key, double value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.4f", value);

	json_put_raw(out, key, text, (size_t)n);
}

static int
put_link(struct db *db, int64_t x, int64_t y, struct buf *out, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT lower(hex(a.signature)), lower(hex(b.signature)),"
	    " CASE WHEN j.a IS NULL THEN l.rule WHEN j.decision = 0 THEN"
	    " 'stack' WHEN j.decision < 0 THEN 'regroup' ELSE coalesce(d.verb,"
	    " 'merge') END, coalesce(l.distance, -1), coalesce(d.who, ''),"
	    " strftime('%Y-%m-%dT%H:%M:%SZ', d.at_ms / 1000, 'unixepoch'),"
	    " coalesce(d.reason, '') FROM signature a JOIN signature b LEFT"
	    " JOIN signature_link l ON l.a = min(a.id, b.id) AND l.b ="
	    " max(a.id, b.id) LEFT JOIN signature_join j ON j.a = min(a.id,"
	    " b.id) AND j.b = max(a.id, b.id) LEFT JOIN decision d ON d.id ="
	    " j.decision WHERE a.id = ? AND b.id = ?",
	    "ii", x, y);

	if (got != 1)
		return got;
	json_open(out, NULL, '{');
	json_put_string(out, "a", db_text(row, 0));
	json_put_string(out, "b", db_text(row, 1));
	json_put_string(out, "rule", db_text(row, 2));
	if (sqlite3_column_int64(row, 3) >= 0)
		put_double(out, "distance",
		    (double)sqlite3_column_int64(row, 3) / LINK_DISTANCE_ONE);
	else
		json_put_null(out, "distance");
	json_put_string(out, "who", db_text(row, 4));
	json_put_string(out, "at", db_text(row, 5));
	json_put_string(out, "reason", db_text(row, 6));
	json_close(out, '}');
	db_end(row);
	return 0;
}

/* From b back to a; empty when they are not in one bucket. */
static int
put_chain(struct db *db, int64_t a, int64_t b, bool *same, struct buf *out,
    struct err *e)
{
	struct step *way;
	int at, got;

	*same = false;
	json_open(out, "chain", '[');
	if ((got = find_way(db, a, b, &way, &at, e)) == 0 && at >= 0)
		*same = true;
	for (; got == 0 && at > 0; at = way[at].from)
		got = put_link(db, way[way[at].from].id, way[at].id, out, e);
	json_close(out, ']');
	free(way);
	return got;
}

/* ---- two of them ----------------------------------------------------- */

static const char *
line_of(const struct bucket_item *i, const struct link *l, int at)
{
	const char *const *lines =
	    l->rule == LINK_LINES ? i->item.state : i->item.stack;
	int count = l->rule == LINK_LINES ? i->item.state_count : i->item.depth;

	return at >= 0 && at < count ? lines[at] : "";
}

static void
put_compared(struct buf *out, const struct bucket_item *a,
    const struct bucket_item *b, const struct link *l)
{
	int i, first;

	json_put_string(
	    out, "rule", l->rule == LINK_NONE ? "" : link_rule_name(l->rule));
	put_double(out, "distance", l->distance);
	json_put_string(out, "reason", l->why);
	json_open(out, "common", '[');
	first = l->differ_a == -1 ? a->item.depth - l->common
				  : l->differ_a - l->common;
	if (l->rule == LINK_LINES) {
		for (i = 0; i < a->item.state_count; i++)
			if (strcmp(a->item.state[i], b->item.state[i]) == 0)
				json_put_string(out, NULL, a->item.state[i]);
	} else {
		for (i = 0; i < l->common && first + i >= 0; i++)
			json_put_string(out, NULL, line_of(a, l, first + i));
	}
	json_close(out, ']');
	json_open(out, "differs", '{');
	json_put_string(out, "a", line_of(a, l, l->differ_a));
	json_put_string(out, "b", line_of(b, l, l->differ_b));
	if (l->differ_a >= 0)
		json_put_u64(out, "line", (uint64_t)l->differ_a);
	else
		json_put_null(out, "line");
	json_close(out, '}');
}

/* ---- one of them ----------------------------------------------------- */

static void
put_part(struct buf *out, const struct rules_named *named,
    const struct facts *f, int n, const char *line)
{
	struct rules_word word = rules_frame(named, &f->stack[n]);
	struct buf why = BUF_INIT;

	if (line == NULL && word.role == ROLE_NONE)
		return;
	json_open(out, NULL, '{');
	json_put_string(out, "line",
	    line != NULL ? line : frame_function(&f->stack[n]).text);
	json_put_u64(out, "frame", (uint64_t)n);
	if (line != NULL && word.role == ROLE_NONE) {
		buf_adds(&why, word.widens ? "counts, and widens: " : "counts");
		if (word.widens)
			rules_line(named, &word, &why);
	} else if (line != NULL) {
		buf_adds(&why, "stands for a recursion, or for want of others");
	} else {
		buf_adds(&why, "ignored: ");
		rules_line(named, &word, &why);
	}
	json_put_string(out, "why", buf_text(&why));
	json_close(out, '}');
	buf_release(&why);
}

static void
put_frames(struct buf *out, const struct rules_named *named,
    const struct facts *f, const char *target)
{
	struct triage *t = mem_alloc(sizeof(*t));
	int i, n, last = 0;

	triage_settle(t, f, named, target);
	for (i = 0; i < t->state_count; i++)
		if (t->state_frame[i] > last)
			last = t->state_frame[i];
	for (i = 0; i < t->state_count; i++) {
		if (t->state_frame[i] != -1)
			continue;
		json_open(out, NULL, '{');
		json_put_string(out, "line", t->state[i]);
		json_put_null(out, "frame");
		json_put_string(out, "why",
		    t->placeless ? "the target: such bugs have no place"
				 : "the report's own words");
		json_close(out, '}');
	}
	for (n = 0; n <= last && n < f->depth[STACK_CRASH]; n++) {
		for (i = 0; i < t->state_count; i++)
			if (t->state_frame[i] == n)
				break;
		put_part(
		    out, named, f, n, i < t->state_count ? t->state[i] : NULL);
	}
	free(t);
}

static int
put_parts(struct db *db, int64_t sig, const struct rules *rules,
    struct buf *out, struct err *e)
{
	struct facts *f = mem_alloc(sizeof(*f));
	sqlite3_stmt *row;
	int got;

	json_open(out, "parts", '[');
	got = db_query(db, e, &row,
	    "SELECT x.text, p.name, t.name FROM crash c JOIN stack x ON x.id ="
	    " c.stack JOIN target t ON t.id = c.target JOIN project p ON p.id ="
	    " t.project WHERE c.sig = ? ORDER BY c.first_ms LIMIT 1",
	    "i", sig);
	if (got == 1) {
		if (facts_parse(
			f, db_text(row, 0), strlen(db_text(row, 0)), NULL) == 0)
			put_frames(out, rules_of(rules, db_text(row, 1)), f,
			    db_text(row, 2));
		db_end(row);
	}
	json_close(out, ']');
	free(f);
	return got == -1 ? -1 : 0;
}

/* All that hold a bucket together, when one asks for it alone. */
static int
put_members(struct db *db, int64_t sig, struct buf *out, struct err *e)
{
	int64_t ids[200], first, id;
	sqlite3_stmt *row;
	int got, n = 0, i, at, x;
	struct step *way;

	got = db_query(db, e, &row,
	    "SELECT id FROM signature WHERE bucket = (SELECT bucket FROM"
	    " signature WHERE id = ?) ORDER BY home = bucket DESC, first_ms, id"
	    " LIMIT 200",
	    "i", sig);
	for (; got == 1; got = db_next(db, e, row))
		ids[n++] = sqlite3_column_int64(row, 0);
	json_open(out, "chain", '[');
	for (i = 1, first = n == 0 ? 0 : ids[0]; i < n && got == 0; i++) {
		got = find_way(db, first, ids[i], &way, &at, e);
		if (got == 0 && at > 0 && (x = way[at].from) >= 0) {
			id = way[x].id;
			got = put_link(db, id, ids[i], out, e);
		}
		free(way);
	}
	json_close(out, ']');
	return got;
}

int
buckets_why(struct db *db, int64_t a, int64_t b, const struct rules *rules,
    struct buf *out, struct err *e)
{
	struct rules_limits limits = bucket_limits(db,
	    bucket_column(db, "SELECT project FROM signature WHERE id = ?", a),
	    rules);
	struct bucket_item x, y;
	struct link l;
	bool same = true;
	int got;

	json_put_string(out, "rules", rules_name(rules).text);
	if (a == b) {
		json_put_bool(out, "same", true);
		return put_members(db, a, out, e) == -1
		    ? -1
		    : put_parts(db, a, rules, out, e);
	}
	if (bucket_item_load(db, a, &x, e) == -1)
		return -1;
	if (bucket_item_load(db, b, &y, e) == -1) {
		bucket_item_release(&x);
		return -1;
	}
	l = link_of(&x.item, &y.item, &limits);
	put_compared(out, &x, &y, &l);
	bucket_item_release(&x);
	bucket_item_release(&y);
	got = put_chain(db, a, b, &same, out, e);
	json_put_bool(out, "same", same);
	return got == -1 ? -1 : put_parts(db, a, rules, out, e);
}
