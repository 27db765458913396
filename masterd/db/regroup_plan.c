/*
 * Regroup, the plan: the groups that all signatures would be in, which bucket
 * each would have, and what that changes.  The same rules as in
 * buckets_settle.c, over all at once and in memory.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/regroup_internal.h"

#define MOVES_SHOWN 100
#define PAIRS       2000 /* of signatures, compared between looks at the clock */
#define PAIRS_SHOWN 1000 /* joins, or splits */

bool
again_retires(const struct again_sig *s)
{
	return s->out > 0 && s->out == s->crashes && s->in == 0;
}

bool
again_wakes(const struct again_sig *s)
{
	return s->row != 0 && s->crashes == 0 && s->in > 0;
}

/*
 * Whoever was left without crashes was joined to that of its first one.  That
 * ends with its first crash: else rules that were a mistake, taken back, would
 * leave together what only they had put together.  It is the newest of its
 * joins by a regroup, as nobody is joined to one that has no crashes.
 */
static void
drop_joins(struct regroup *r)
{
	int *newest = mem_array((size_t)r->count + 1, sizeof(*newest));
	const struct again_join *j;
	int i, side, at, kept = 0;

	for (i = 0; i < r->count; i++)
		newest[i] = -1;
	for (i = 0; i < r->join_count; i++)
		for (side = 0; side < 2; side++) {
			j = &r->joins[i];
			at = side == 0 ? j->a : j->b;
			if (j->again != 0 && again_wakes(&r->sigs[at]) &&
			    (newest[at] == -1 ||
				j->again > r->joins[newest[at]].again))
				newest[at] = i;
		}
	for (i = 0; i < r->join_count; i++) {
		j = &r->joins[i];
		if (newest[j->a] != i && newest[j->b] != i)
			r->joins[kept++] = *j;
		/* Indices stand for what was read: kept <= i. */
	}
	r->join_count = kept;
	free(newest);
}

/* What stands in the rows after applying. */
static void
look_ahead(struct regroup *r)
{
	struct again_sig *s, *to;
	int i;

	drop_joins(r);
	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		s->apart_then = s->apart == 1;
		if (s->apart == 2)
			s->apart_then = s->in == 0;
	}
	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		if (!again_retires(s))
			continue;
		to = &r->sigs[s->first_out];
		if (s->apart == 1)
			to->apart_then = true;
		s->apart_then = true;
		r->joins = mem_resize(
		    r->joins, (size_t)r->join_count + 1, sizeof(*r->joins));
		r->joins[r->join_count++] =
		    (struct again_join){i, s->first_out, 0};
	}
}

/* ---- groups ---------------------------------------------------------- */

/* The signatures of the project at hand. */
static void
choose(struct regroup *r)
{
	struct again_chosen *c = &r->chosen;
	struct link_item *item;
	struct again_sig *s;
	int i;

	for (i = 0, c->count = 0; i < r->count; i++) {
		s = &r->sigs[i];
		if (s->project != r->grouped)
			continue;
		c->index[c->count] = i;
		item = &c->items[c->count];
		memset(item, 0, sizeof(*item));
		item->signature = s->digest;
		item->security = s->security;
		item->linkable =
		    !s->placeless && !s->apart_then && *s->family != '\0';
		text_copy(item->family, sizeof(item->family), s->family);
		item->state_count = bucket_lines(s->state,
		    &c->texts[2 * c->count], item->state, TRIAGE_STATE_LINES);
		item->depth = bucket_lines(s->seen ? s->fresh : s->stack,
		    &c->texts[2 * c->count + 1], item->stack, TRIAGE_DEPTH);
		c->count++;
	}
}

static void
begin_project(struct regroup *r)
{
	choose(r);
	r->limits = bucket_limits(r->db, r->grouped, r->rules);
	r->search =
	    group_search_new(r->chosen.items, r->chosen.count, &r->limits);
}

static void
drop_texts(struct again_chosen *c)
{
	int i;

	for (i = 0; i < 2 * c->count; i++)
		free(c->texts[i]);
	c->count = 0;
}

static void
end_project(struct regroup *r)
{
	struct again_chosen *c = &r->chosen;
	int *group = mem_array((size_t)c->count + 1, sizeof(*group)), i, n;
	struct group_link *links = group_search_end(r->search, &n);

	r->search = NULL;
	group_partition(c->items, c->count, links, n, &r->limits, group);
	for (i = 0; i < c->count; i++)
		r->sigs[c->index[i]].group = c->index[group[i]];
	drop_texts(c);
	free(links);
	free(group);
}

static int
root_of(const struct regroup *r, int i)
{
	while (r->sigs[i].group != i)
		i = r->sigs[i].group;
	return i;
}

static void
join_groups(struct regroup *r)
{
	int i, a, b;

	for (i = 0; i < r->join_count; i++) {
		a = root_of(r, r->joins[i].a);
		b = root_of(r, r->joins[i].b);
		if (r->sigs[a].project == r->sigs[b].project)
			r->sigs[a].group = b;
	}
	for (i = 0; i < r->count; i++)
		r->sigs[i].group = root_of(r, i);
}

/* The next project behind those that are grouped; 0: none. */
static int64_t
next_ungrouped(const struct regroup *r)
{
	int64_t best = 0;
	int i;

	for (i = 0; i < r->count; i++)
		if (r->sigs[i].project > r->grouped &&
		    (best == 0 || r->sigs[i].project < best))
			best = r->sigs[i].project;
	return best;
}

/* The smallest number that is home in it, or a new one. */
static void
make_buckets(struct regroup *r)
{
	struct again_sig *s, *g;
	int i;

	for (i = 0; i < r->count; i++)
		r->sigs[i].to = 0;
	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		g = &r->sigs[s->group];
		if (s->home != 0 && (g->to == 0 || s->home < g->to))
			g->to = s->home;
	}
	for (i = 0; i < r->count; i++) {
		g = &r->sigs[r->sigs[i].group];
		if (g->to == 0)
			g->to = -++r->made;
	}
	for (i = 0; i < r->count; i++)
		r->sigs[i].to = r->sigs[r->sigs[i].group].to;
}

static void
begin_plan(struct regroup *r)
{
	r->chosen = (struct again_chosen){
	    mem_array((size_t)r->count + 1, sizeof(struct link_item)),
	    mem_array((size_t)r->count * 2 + 1, sizeof(char *)),
	    mem_array((size_t)r->count + 1, sizeof(int)), 0};
	look_ahead(r);
}

void
again_plan_drop(struct regroup *r)
{
	int n;

	if (r->search != NULL)
		free(group_search_end(r->search, &n));
	drop_texts(&r->chosen);
	free(r->chosen.items);
	free(r->chosen.texts);
	free(r->chosen.index);
}

int
again_plan(struct regroup *r, uint64_t until)
{
	if (r->chosen.items == NULL)
		begin_plan(r);
	for (;;) {
		if (r->search == NULL) {
			if ((r->grouped = next_ungrouped(r)) == 0)
				break;
			begin_project(r);
		}
		while (group_search_step(r->search, PAIRS))
			if (clock_up_ms() >= until)
				return 1;
		end_project(r);
	}
	join_groups(r);
	make_buckets(r);
	return 0;
}

/* ---- what that changes ----------------------------------------------- */

struct flow { /* crashes of a bucket, to a bucket */
	int64_t project, from, to, crashes;
};

static int
compare_flows(const void *x, const void *y)
{
	const struct flow *a = x, *b = y;

	if (a->project != b->project)
		return a->project < b->project ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* One a pair of buckets, in order. */
static int
make_flows(const struct regroup *r, struct flow *f)
{
	const struct again_sig *s;
	int i, n = 0, kept = 0;

	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		if (s->number != 0 && s->crashes - s->out > 0)
			f[n++] = (struct flow){
			    s->project, s->number, s->to, s->crashes - s->out};
	}
	for (i = 0; i < r->crash_count; i++) {
		s = &r->sigs[r->crashes[i].from];
		if (r->crashes[i].from == r->crashes[i].to)
			continue; /* stays with its signature */
		f[n++] = (struct flow){
		    s->project, s->number, r->sigs[r->crashes[i].to].to, 1};
	}
	qsort(f, (size_t)n, sizeof(*f), compare_flows);
	for (i = 0; i < n; i++)
		if (kept > 0 && compare_flows(&f[kept - 1], &f[i]) == 0)
			f[kept - 1].crashes += f[i].crashes;
		else
			f[kept++] = f[i];
	return kept;
}

struct project_name {
	char text[64];
};

static struct project_name
name_of(struct db *db, int64_t project)
{
	struct project_name n = {""};
	sqlite3_stmt *row;

	if (db_query(db, NULL, &row, "SELECT name FROM project WHERE id = ?",
		"i", project) == 1) {
		snprintf(n.text, sizeof(n.text), "%s", db_text(row, 0));
		db_end(row);
	}
	return n;
}

static void
put_bucket(struct regroup *r, struct buf *out, const char *key, int64_t project,
    int64_t number)
{
	char text[BUCKET_NAME_MAX];

	if (number < 0)
		snprintf(text, sizeof(text), "new");
	else
		snprintf(text, sizeof(text), "%s-%jd",
		    name_of(r->db, project).text, (intmax_t)number);
	json_put_string(out, key, text);
}

/* A bucket all of whose crashes go to one other. */
static void
put_joins(struct regroup *r, const struct flow *f, int n, struct buf *out)
{
	int i, from, to, shown = 0;

	json_open(out, "joins", '[');
	for (from = 0; from < n && shown < PAIRS_SHOWN; from = to) {
		for (to = from + 1; to < n &&
		     f[to].project == f[from].project &&
		     f[to].from == f[from].from;)
			to++;
		i = from;
		if (to - from != 1 || f[i].to == f[i].from || f[i].to < 0)
			continue;
		shown++;
		json_open(out, NULL, '{');
		json_open(out, "from", '[');
		put_bucket(r, out, NULL, f[i].project, f[i].from);
		json_close(out, ']');
		put_bucket(r, out, "into", f[i].project, f[i].to);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_splits(struct regroup *r, const struct flow *f, int n, struct buf *out)
{
	int i, from, to, shown = 0;

	json_open(out, "splits", '[');
	for (from = 0; from < n && shown < PAIRS_SHOWN; from = to) {
		for (to = from + 1; to < n &&
		     f[to].project == f[from].project &&
		     f[to].from == f[from].from;)
			to++;
		if (to - from == 1)
			continue;
		shown++;
		json_open(out, NULL, '{');
		put_bucket(r, out, "from", f[from].project, f[from].from);
		json_open(out, "into", '[');
		for (i = from; i < to; i++)
			put_bucket(r, out, NULL, f[i].project, f[i].to);
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* 1, 0 when it is no more. */
static int
crash_name(struct regroup *r, int64_t crash, struct buf *name, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(r->db, e, &row,
	    "SELECT lower(hex(sha256)) || '-' || substr(lower(hex(signature)),"
	    " 1, 8) FROM crash WHERE id = ?",
	    "i", crash);

	if (got == 1) {
		buf_adds(name, db_text(row, 0));
		db_end(row);
	}
	return got;
}

static int
put_move(struct regroup *r, struct buf *out, int64_t crash,
    const struct again_sig *from, int64_t to, struct err *e)
{
	struct buf name = BUF_INIT;
	int got = crash_name(r, crash, &name, e);

	if (got == 1) {
		json_open(out, NULL, '{');
		json_put_string(out, "crash", buf_text(&name));
		put_bucket(r, out, "from", from->project, from->number);
		put_bucket(r, out, "to", from->project, to);
		json_close(out, '}');
	}
	buf_release(&name);
	return got == -1 ? -1 : 0;
}

static int
put_moves(struct regroup *r, struct buf *out, struct err *e)
{
	const struct again_sig *s;
	int i, shown = 0, got = 0;
	int64_t crash;

	json_open(out, "moves", '[');
	for (i = 0; i < r->crash_count && shown < MOVES_SHOWN && got == 0;
	     i++) {
		s = &r->sigs[r->crashes[i].from];
		if (r->crashes[i].from == r->crashes[i].to ||
		    s->number == r->sigs[r->crashes[i].to].to)
			continue;
		got = put_move(r, out, r->crashes[i].id, s,
		    r->sigs[r->crashes[i].to].to, e);
		shown++;
	}
	/* Of those that stay with a signature that goes elsewhere, one each. */
	for (i = 0; i < r->count && shown < MOVES_SHOWN && got == 0; i++) {
		s = &r->sigs[i];
		if (s->row == 0 || s->number == s->to || s->crashes == s->out)
			continue;
		if (db_number(r->db, e, &crash,
			"SELECT id FROM crash WHERE sig = ? ORDER BY first_ms"
			" LIMIT 1",
			"i", s->row) != 1)
			continue;
		got = put_move(r, out, crash, s, s->to, e);
		shown++;
	}
	json_close(out, ']');
	return got;
}

/* Signatures that have crashes then. */
static uint64_t
count_used(const struct regroup *r)
{
	const struct again_sig *s;
	uint64_t n = 0;
	int i;

	for (i = 0; i < r->count; i++) {
		s = &r->sigs[i];
		n += s->crashes - s->out + s->in > 0;
	}
	return n;
}

/* Crashes that go to another bucket, and how many of those are new. */
static void
put_sums(const struct regroup *r, const struct flow *f, int n, struct buf *out)
{
	bool *seen = mem_array((size_t)r->made + 1, sizeof(*seen));
	uint64_t moved = 0, made = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (f[i].from != f[i].to)
			moved += (uint64_t)f[i].crashes;
		if (f[i].to >= 0)
			continue;
		made += !seen[-f[i].to];
		seen[-f[i].to] = true;
	}
	json_put_u64(out, "moved", moved);
	json_put_u64(out, "new_buckets", made);
	free(seen);
}

int
regroup_tell(struct regroup *r, struct buf *out, struct err *e)
{
	struct flow *f = mem_array(
	    (size_t)r->count + (size_t)r->crash_count + 1, sizeof(*f));
	int n = make_flows(r, f), got;

	json_put_string(out, "rules", rules_name(r->rules).text);
	json_put_u64(out, "stacks", r->stacks);
	json_put_u64(out, "crashes", r->read);
	json_put_u64(out, "signatures", count_used(r));
	json_put_u64(out, "changed", r->changed);
	json_put_u64(out, "rated", (uint64_t)r->crash_count - r->changed);
	put_sums(r, f, n, out);
	put_joins(r, f, n, out);
	put_splits(r, f, n, out);
	got = put_moves(r, out, e);
	free(f);
	return got;
}

/* ---- for example ----------------------------------------------------- */

static void
put_lines(struct buf *out, const char *key, const char *text)
{
	const char *lines[TRIAGE_STATE_LINES];
	char *copy;
	int i, n = bucket_lines(text, &copy, lines, TRIAGE_STATE_LINES);

	json_open(out, key, '[');
	for (i = 0; i < n; i++)
		json_put_string(out, NULL, lines[i]);
	json_close(out, ']');
	free(copy);
}

static int
put_example(struct regroup *r, const struct again_crash *c, struct buf *out,
    struct err *e)
{
	const struct again_sig *from = &r->sigs[c->from];
	struct buf id = BUF_INIT;
	int got = crash_name(r, c->id, &id, e);

	if (got == 1) {
		json_open(out, NULL, '{');
		put_bucket(r, out, "bucket", from->project, from->number);
		json_put_string(out, "crash", buf_text(&id));
		put_lines(out, "before", from->state);
		put_lines(out, "after", r->sigs[c->to].state);
		json_close(out, '}');
	}
	buf_release(&id);
	return got;
}

int
regroup_examples(struct regroup *r, int most, struct buf *out, struct err *e)
{
	int i, shown = 0, got = 0;

	json_open(out, "examples", '[');
	for (i = 0; i < r->crash_count && shown < most && got != -1; i++) {
		if (r->crashes[i].from == r->crashes[i].to)
			continue;
		got = put_example(r, &r->crashes[i], out, e);
		shown++;
	}
	json_close(out, ']');
	return got == -1 ? -1 : 0;
}
