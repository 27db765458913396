/*
 * Places, units, coverage; crashes are facts_crash.c.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"

static int
find(struct db *db, struct facts_place *p, struct err *e)
{
	return db_number(db, e, &p->target,
	    "SELECT g.id FROM target g JOIN "
	    "project p ON p.id = g.project WHERE p.name = ? AND g.name = ?",
	    "tt", p->project.text, p->name.text);
}

/* Units of a job with a corpus of its own go there, all else to the target. */
static int
own_corpus(struct db *db, const struct bundle_header *h, struct facts_place *p,
    struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT c.id, c.name FROM job j JOIN target c ON c.id = j.corpus"
	    " WHERE j.job = ? AND j.target = ?",
	    "ti", text_hex64(h->job).text, p->target);
	if (got != 1)
		return got;
	p->target = sqlite3_column_int64(row, 0);
	text_copy(p->name.text, sizeof(p->name.text), db_text(row, 1));
	db_end(row);
	return 0;
}

int
facts_find_target(struct db *db, const struct bundle_header *h,
    struct facts_place *p, struct err *e)
{
	int got;

	memset(p, 0, sizeof(*p));
	if (h->has_target) {
		p->project = h->project;
		p->name = h->target;
		if ((got = find(db, p, e)) == 1)
			return h->kind == KIND_CORPUS && h->job != 0
			    ? own_corpus(db, h, p, e)
			    : 0;
		if (got == -1)
			return -1;
	} else {
		text_copy(p->name.text, sizeof(p->name.text), "unknown");
	}
	text_copy(p->project.text, sizeof(p->project.text), PROJECT_LOST);
	p->target = 0;
	return find(db, p, e) == -1 ? -1 : 0;
}

static int
make_project(struct db *db, const char *name, uint64_t now_ms, int64_t *id,
    struct err *e)
{
	if (db_run(db, e,
		"INSERT OR IGNORE INTO project (name, added_ms) "
		"VALUES (?, ?)",
		"ti", name, (int64_t)now_ms) == -1)
		return -1;
	return db_number(db, e, id, "SELECT id FROM project WHERE name = ?",
		   "t", name) == 1
	    ? 0
	    : -1;
}

int
facts_make_target(
    struct db *db, struct facts_place *p, uint64_t now_ms, struct err *e)
{
	int64_t project;
	int got;

	if (p->target != 0)
		return 0;
	/* Another bundle of the batch may have made it. */
	if ((got = find(db, p, e)) != 0)
		return got == 1 ? 0 : -1;
	if (make_project(db, p->project.text, now_ms, &project, e) == -1 ||
	    db_run(db, e,
		"INSERT INTO target (project, name, generation, "
		"added_ms) VALUES (?, ?, ?, ?)",
		"itii", project, p->name.text, (int64_t)(now_ms / 1000),
		(int64_t)now_ms) == -1)
		return -1;
	p->target = db_last_id(db);
	return 0;
}

int
facts_has_unit(
    struct db *db, int64_t target, const struct digest *sha256, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM unit WHERE target = ? "
	    "AND sha256 = ?",
	    "id", target, sha256);
}

int
facts_add_unit(struct db *db, int64_t target, const struct digest *sha256,
    uint64_t bytes, uint64_t features, int64_t bot, uint64_t now_ms,
    bool *added, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO unit (target, sha256, bytes, features, "
		"bot, added_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (target, "
		"sha256) DO NOTHING",
		"idiiii", target, sha256, (int64_t)bytes, (int64_t)features,
		bot, (int64_t)now_ms) == -1)
		return -1;
	*added = db_changes(db) == 1;
	return 0;
}

int
facts_coverage(
    struct db *db, int64_t target, const struct record *r, struct err *e)
{
	return db_run(db, e,
	    "UPDATE target SET edges = max(edges, ?), "
	    "features = max(features, ?), functions = max(functions, ?) "
	    "WHERE id = ?",
	    "iiii", (int64_t)r->n[COVERAGE_EDGES],
	    (int64_t)r->n[COVERAGE_FEATURES], (int64_t)r->n[COVERAGE_FUNCTIONS],
	    target);
}

int
facts_each_crash(struct db *db, int64_t after, int64_t *last,
    facts_crash_fn *fn, void *arg, struct err *e)
{
	struct facts_place place;
	struct digest sha256;
	sqlite3_stmt *row;
	int got;

	memset(&place, 0, sizeof(place));
	*last = after;
	got = db_query(db, e, &row,
	    "SELECT t.id, p.name, t.name, c.sha256, b.number, c.id FROM crash c"
	    " CROSS JOIN bucket b ON b.id = c.bucket CROSS JOIN target t"
	    " ON t.id = c.target CROSS JOIN project p ON p.id = t.project"
	    " WHERE c.id > ? ORDER BY c.id",
	    "i", after);
	for (; got == 1; got = db_next(db, e, row)) {
		place.target = sqlite3_column_int64(row, 0);
		*last = sqlite3_column_int64(row, 5);
		text_copy(place.project.text, sizeof(place.project.text),
		    db_text(row, 1));
		text_copy(
		    place.name.text, sizeof(place.name.text), db_text(row, 2));
		if (db_digest(row, 3, &sha256) == 0 &&
		    fn(arg, &place, &sha256,
			(uint64_t)sqlite3_column_int64(row, 4)) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

int
facts_reserve_bucket(
    struct db *db, const char *project, uint64_t number, struct err *e)
{
	if (number == 0)
		return 0;
	/* A project that an older database has not heard of yet, too. */
	return db_run(db, e,
	    "INSERT INTO project (name, next_bucket, added_ms) VALUES (?, ?, "
	    "strftime('%s') * 1000) ON CONFLICT (name) DO UPDATE SET "
	    "next_bucket = max(next_bucket, excluded.next_bucket)",
	    "ti", project, (int64_t)number + 1);
}
