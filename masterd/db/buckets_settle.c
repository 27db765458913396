/*
 * From links and joins to buckets.  What is connected with a signature that was
 * touched is read, grouped (lib/triage/group.c), groups that people joined are
 * put together, and each group gets its bucket.
 *
 * A bucket is made for one signature, its home, and has its number for ever.
 * A group has the home with the smallest number of all its signatures; the
 * other homes in it are aliases that lead there.  So a number comes back when
 * its signature stands by itself again, and which bucket a group has is a
 * function of the group.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/buckets_internal.h"

struct node {
	int64_t id, bucket, home, number, first_ms; /* number: of the home */
	int64_t left; /* bucket that it was in; 0: it stays */
	int apart, group;
	bool security;
	const char *rule; /* how it belongs to its group; static */
	int64_t rule_distance;
};

struct bound { /* joined by people, or by a report */
	int a, b;
	const char *rule;
};

struct web {
	struct node *nodes;
	struct link_item *items; /* of the nodes; only what groups need */
	int count, room;
	struct group_link *links;
	const char **rules; /* of the links */
	int link_count, link_room;
	struct bound *bounds;
	int bound_count, bound_room;
	int *slot; /* id to index + 1, open addressing */
	size_t mask;
};

/* ---- reading --------------------------------------------------------- */

static size_t
slot_of(const struct web *w, int64_t id)
{
	size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15 >> 20) & w->mask;

	while (w->slot[at] != 0 && w->nodes[w->slot[at] - 1].id != id)
		at = (at + 1) & w->mask;
	return at;
}

static void
grow(struct web *w)
{
	int i;

	if (w->count == w->room) {
		w->room = w->room * 2 + 16;
		w->nodes =
		    mem_resize(w->nodes, (size_t)w->room, sizeof(*w->nodes));
		w->items =
		    mem_resize(w->items, (size_t)w->room, sizeof(*w->items));
	}
	if (w->slot != NULL && (size_t)w->count * 2 <= w->mask)
		return;
	w->mask = w->mask == 0 ? 63 : w->mask * 2 + 1;
	free(w->slot);
	w->slot = mem_array(w->mask + 1, sizeof(*w->slot));
	for (i = 0; i < w->count; i++)
		w->slot[slot_of(w, w->nodes[i].id)] = i + 1;
}

/* Index of a signature, which is put on the list when it is new there. */
static int
node_of(struct web *w, int64_t id)
{
	size_t at;

	grow(w);
	at = slot_of(w, id);
	if (w->slot[at] == 0) {
		memset(&w->nodes[w->count], 0, sizeof(*w->nodes));
		memset(&w->items[w->count], 0, sizeof(*w->items));
		w->nodes[w->count].id = id;
		w->slot[at] = ++w->count;
	}
	return w->slot[at] - 1;
}

/* A bucket that is nobody's home (of a rebuilt database) is that of its first
 * signature. */
static int
claim_home(struct db *db, struct node *n, struct err *e)
{
	int64_t yes;
	int got;

	if (n->home != 0 || n->bucket == 0)
		return 0;
	/* The second condition is that of the index. */
	got = db_number(db, e, &yes,
	    "SELECT 1 FROM signature WHERE home = ? AND home <> 0", "i",
	    n->bucket);
	if (got != 0)
		return got == 1 ? 0 : -1;
	got = db_number(db, e, &yes,
	    "SELECT id FROM signature WHERE bucket = ?"
	    " ORDER BY first_ms, id LIMIT 1",
	    "i", n->bucket);
	if (got != 1 || yes != n->id)
		return got == -1 ? -1 : 0;
	n->home = n->bucket;
	return db_run(db, e, "UPDATE signature SET home = ? WHERE id = ?", "ii",
	    n->home, n->id);
}

static int
read_node(struct db *db, struct web *w, int i, int64_t not_new, struct err *e)
{
	struct node *n = &w->nodes[i];
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT signature, security, bucket, home, apart, first_ms"
	    " FROM signature WHERE id = ?",
	    "i", n->id);

	if (got != 1)
		return -1;
	db_digest(row, 0, &w->items[i].signature);
	n->security = w->items[i].security = sqlite3_column_int(row, 1) != 0;
	n->bucket = sqlite3_column_int64(row, 2);
	n->home = sqlite3_column_int64(row, 3);
	n->apart = sqlite3_column_int(row, 4);
	n->first_ms = sqlite3_column_int64(row, 5);
	n->rule = n->apart != 0 ? "split" : "exact";
	n->rule_distance = INT64_MAX;
	db_end(row);
	if (n->id == not_new && n->home == 0)
		n->bucket = 0; /* it has none yet, whatever its row says */
	if (claim_home(db, n, e) == -1)
		return -1;
	n->number = INT64_MAX;
	if (n->home != 0 &&
	    db_number(db, e, &n->number,
		"SELECT number FROM bucket WHERE id = ?", "i", n->home) == -1)
		return -1;
	return 0;
}

static int
read_links(struct db *db, struct web *w, int i, struct err *e)
{
	static const char *const names[] = {"frames", "lines"};
	int64_t id = w->nodes[i].id;
	sqlite3_stmt *row;
	int got, other, n;

	got = db_query(db, e, &row,
	    "SELECT b, rule, distance, 1 FROM signature_link WHERE a = ?1"
	    " UNION ALL SELECT a, rule, distance, 0 FROM signature_link"
	    " WHERE b = ?1",
	    "i", id);
	for (; got == 1; got = db_next(db, e, row)) {
		other = node_of(w, sqlite3_column_int64(row, 0));
		if (sqlite3_column_int(row, 3) == 0)
			continue; /* the other one brings it */
		if (w->link_count == w->link_room) {
			w->link_room = w->link_room * 2 + 16;
			w->links = mem_resize(
			    w->links, (size_t)w->link_room, sizeof(*w->links));
			w->rules = mem_resize(
			    w->rules, (size_t)w->link_room, sizeof(*w->rules));
		}
		n = w->link_count++;
		w->rules[n] =
		    names[strcmp(db_text(row, 1), "lines") == 0 ? 1 : 0];
		w->links[n] = (struct group_link){
		    i, other, (double)sqlite3_column_int64(row, 2)};
	}
	return got;
}

static int
read_joins(struct db *db, struct web *w, int i, struct err *e)
{
	sqlite3_stmt *row;
	int got, other;

	got = db_query(db, e, &row,
	    "SELECT b, decision, 1, decision < 0 OR (SELECT verb = 'regroup'"
	    " FROM decision d WHERE d.id = decision) FROM signature_join WHERE "
	    "a = ?1"
	    " UNION ALL SELECT a, 0, 0, 0 FROM signature_join WHERE b = ?1",
	    "i", w->nodes[i].id);
	for (; got == 1; got = db_next(db, e, row)) {
		other = node_of(w, sqlite3_column_int64(row, 0));
		if (sqlite3_column_int(row, 2) == 0)
			continue;
		if (w->bound_count == w->bound_room) {
			w->bound_room = w->bound_room * 2 + 16;
			w->bounds = mem_resize(w->bounds, (size_t)w->bound_room,
			    sizeof(*w->bounds));
		}
		w->bounds[w->bound_count++] = (struct bound){i, other,
		    sqlite3_column_int64(row, 1) == 0     ? "stack"
			: sqlite3_column_int(row, 3) == 1 ? "regroup"
							  : "merge"};
	}
	return got;
}

static int
read_web(struct bucket_turn *t, struct web *w, struct err *e)
{
	int i;

	for (i = 0; i < t->count; i++)
		node_of(w, t->touched[i]);
	for (i = 0; i < w->count; i++)
		if (read_node(t->db, w, i, t->not_new, e) == -1 ||
		    read_links(t->db, w, i, e) == -1 ||
		    read_joins(t->db, w, i, e) == -1)
			return -1;
	return 0;
}

static void
web_release(struct web *w)
{
	free(w->nodes);
	free(w->items);
	free(w->links);
	free(w->rules);
	free(w->bounds);
	free(w->slot);
}

/* ---- grouping -------------------------------------------------------- */

static int
root_of(const int *group, int i)
{
	while (group[i] != i)
		i = group[i];
	return i;
}

static void
note_rule(struct node *n, const char *rule, int64_t distance)
{
	if (distance >= n->rule_distance)
		return;
	n->rule = rule;
	n->rule_distance = distance;
}

static void
make_groups(struct web *w, const struct rules_limits *limits)
{
	int *group = mem_array((size_t)w->count + 1, sizeof(*group)), i, a, b;
	const struct bound *o;

	group_partition(
	    w->items, w->count, w->links, w->link_count, limits, group);
	for (i = 0; i < w->link_count; i++) {
		a = w->links[i].a;
		b = w->links[i].b;
		if (group[a] != group[b])
			continue;
		note_rule(
		    &w->nodes[a], w->rules[i], (int64_t)w->links[i].distance);
		note_rule(
		    &w->nodes[b], w->rules[i], (int64_t)w->links[i].distance);
	}
	for (i = 0; i < w->bound_count; i++) {
		o = &w->bounds[i];
		a = root_of(group, o->a);
		b = root_of(group, o->b);
		group[a] = b;
		note_rule(&w->nodes[o->a], o->rule, INT64_MAX - 1);
		note_rule(&w->nodes[o->b], o->rule, INT64_MAX - 1);
	}
	for (i = 0; i < w->count; i++)
		w->nodes[i].group = root_of(group, i);
	free(group);
}

/* ---- buckets --------------------------------------------------------- */

/*
 * noted: bucket.joined bucket.split bucket.reopened bucket.muted
 * bucket.unmuted bucket.changed bucket.undone
 */
int
bucket_event(struct bucket_turn *t, const char *what, int64_t bucket,
    const char *detail, struct err *e)
{
	struct bucket_name name;
	char subject[BUCKET_NAME_MAX + 8];

	if (buckets_name(t->db, bucket, &name, e) == -1)
		return -1;
	snprintf(subject, sizeof(subject), "bucket:%s", name.text);
	return db_event(t->db, t->who, what, subject, detail, t->trace, e);
}

int
bucket_make(struct bucket_turn *t, int64_t signature, int64_t *bucket,
    int64_t *number, struct err *e)
{
	if (db_number(t->db, e, number,
		"UPDATE project SET next_bucket = next_bucket + 1 WHERE id = ?"
		" RETURNING next_bucket - 1",
		"i", t->project) != 1)
		return -1;
	if (db_run(t->db, e,
		"INSERT INTO bucket (project, number, class, type, state,"
		" security, severity, first_ms, last_ms) SELECT project, ?1,"
		" class, type, state, security, severity, first_ms, last_ms"
		" FROM signature WHERE id = ?2",
		"ii", *number, signature) == -1)
		return -1;
	*bucket = db_last_id(t->db);
	t->made = true;
	return db_run(t->db, e, "UPDATE signature SET home = ? WHERE id = ?",
	    "ii", *bucket, signature);
}

/* Its crashes go along; links in buckets/ follow (buckets_moved.c). */
static int
move_node(
    struct bucket_turn *t, const struct node *n, int64_t to, struct err *e)
{
	if (n->id != t->not_new)
		t->moved = true;
	if (db_run(t->db, e,
		"UPDATE signature SET bucket = ?, rule = ? WHERE id = ?", "iti",
		to, n->rule, n->id) == -1)
		return -1;
	return db_run(t->db, e,
	    "UPDATE crash SET moved = coalesce(moved, bucket), bucket = ?1"
	    " WHERE sig = ?2 AND bucket <> ?1",
	    "ii", to, n->id);
}

/* Open wins over fixed. */
static int
keep_open(struct bucket_turn *t, int64_t bucket, int64_t joined, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE bucket SET status = 'open', reason = '' WHERE id = ?1"
		" AND status = 'fixed' AND (SELECT status FROM bucket"
		" WHERE id = ?2) = 'open'",
		"ii", bucket, joined) == -1)
		return -1;
	return db_changes(t->db) == 0
	    ? 0
	    : bucket_event(t, "bucket.reopened", bucket,
		  "what was joined to it is open", e);
}

static int
make_alias(
    struct bucket_turn *t, const struct node *n, int64_t to, struct err *e)
{
	char detail[BUCKET_NAME_MAX + 40];
	struct bucket_name name;

	if (db_run(t->db, e,
		"UPDATE bucket SET alias = ?1 WHERE id = ?2 AND alias IS NOT"
		" ?1",
		"ii", to, n->home) == -1)
		return -1;
	if (db_changes(t->db) == 0)
		return 0;
	if (buckets_name(t->db, to, &name, e) == -1)
		return -1;
	snprintf(detail, sizeof(detail), "into %s (%s)", name.text, n->rule);
	return keep_open(t, to, n->home, e) == -1
	    ? -1
	    : bucket_event(t, "bucket.joined", n->home, detail, e);
}

static int
end_alias(struct bucket_turn *t, int64_t bucket, struct err *e)
{
	if (db_run(t->db, e,
		"UPDATE bucket SET alias = NULL WHERE id = ? AND alias IS NOT"
		" NULL",
		"i", bucket) == -1)
		return -1;
	return db_changes(t->db) == 0 ? 0
				      : bucket_event(t, "bucket.split", bucket,
					    "it stands by itself again", e);
}

/* What a bucket says of its signatures: a bug is as severe as the worst of
 * them. */
static int
sum_up(struct bucket_turn *t, int64_t bucket, struct err *e)
{
	return db_run(t->db, e,
	    "UPDATE bucket SET (security, first_ms, last_ms) = (SELECT"
	    " max(security), min(first_ms), max(last_ms) FROM signature"
	    " WHERE bucket = ?1), severity = (SELECT severity FROM signature"
	    " WHERE bucket = ?1 ORDER BY " SEVERITY_RANK(
		"severity") " DESC"
			    " LIMIT 1) WHERE id = ?1 AND EXISTS (SELECT 1 FROM"
			    " signature WHERE bucket = ?1)",
	    "i", bucket);
}

static int
compare_nodes(const void *x, const void *y)
{
	const struct node *a = x, *b = y;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->first_ms != b->first_ms)
		return a->first_ms < b->first_ms ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* "n" begins with the one whose home it is, or would be. */
static int
settle_group(struct bucket_turn *t, struct node *n, int count, struct err *e)
{
	int64_t bucket = n->home, old;
	bool changed = false;
	char detail[BUCKET_NAME_MAX + 40];
	struct bucket_name name;
	int i;

	if (bucket == 0) {
		old = n->bucket;
		if (bucket_make(t, n->id, &bucket, &n->number, e) == -1)
			return -1;
		n->home = bucket;
		if (n->id != t->not_new) {
			if (buckets_name(t->db, old, &name, e) == -1)
				return -1;
			snprintf(detail, sizeof(detail), "was part of %s",
			    name.text);
			if (bucket_event(
				t, "bucket.split", bucket, detail, e) == -1)
				return -1;
		}
	}
	if (end_alias(t, bucket, e) == -1)
		return -1;
	for (i = 0; i < count; i++) {
		if (n[i].bucket != bucket) {
			changed = true;
			n[i].left = n[i].bucket;
			if (move_node(t, &n[i], bucket, e) == -1)
				return -1;
		}
		if (n[i].home != 0 && n[i].home != bucket &&
		    make_alias(t, &n[i], bucket, e) == -1)
			return -1;
	}
	return changed || t->rated ? sum_up(t, bucket, e) : 0;
}

/* Buckets that lost one say less now. */
static int
settle_left(struct bucket_turn *t, const struct web *w, struct err *e)
{
	int64_t last = 0;
	int i;

	for (i = 0; i < w->count; i++) {
		if (w->nodes[i].left == 0 || w->nodes[i].left == last)
			continue;
		last = w->nodes[i].left;
		if (sum_up(t, last, e) == -1)
			return -1;
	}
	return 0;
}

int
bucket_settle(struct bucket_turn *t, struct err *e)
{
	struct web w = {.count = 0};
	int from, to, got = read_web(t, &w, e);

	if (got == 0 && w.count > 0) {
		make_groups(&w, &t->limits);
		qsort(
		    w.nodes, (size_t)w.count, sizeof(*w.nodes), compare_nodes);
	}
	for (from = 0; from < w.count && got == 0; from = to) {
		for (to = from;
		     to < w.count && w.nodes[to].group == w.nodes[from].group;)
			to++;
		got = settle_group(t, &w.nodes[from], to - from, e);
	}
	if (got == 0)
		got = settle_left(t, &w, e);
	web_release(&w);
	t->count = 0;
	return got;
}
