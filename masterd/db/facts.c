/*
 * Units, crashes, buckets.  A bucket's number is given once, from the
 * project's counter, in the same transaction as its first crash.
 */
#include <stdio.h>
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
facts_crash_files(struct db *db, int64_t target, const struct digest *sha256,
    const struct digest *signature, struct facts_crash_files *f, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	f->input = f->report = false;
	got = db_query(db, e, &row,
	    "SELECT coalesce(max(has_input > 0), 0), "
	    "coalesce(max(signature = ?), 0) FROM crash WHERE target = ? AND "
	    "sha256 = ?",
	    "did", signature, target, sha256);
	if (got == 1) {
		f->input = sqlite3_column_int(row, 0);
		f->report = sqlite3_column_int(row, 1);
		db_end(row);
	}
	return got == -1 ? -1 : 0;
}

struct facts_state
facts_state(const struct triage *t)
{
	struct facts_state s = {""};
	size_t used = 0;
	int i;

	for (i = 0; i < t->state_count; i++)
		used += (size_t)snprintf(s.text + used, sizeof(s.text) - used,
		    "%s%s", i == 0 ? "" : "\n", t->state[i]);
	return s;
}

/* ---- buckets --------------------------------------------------------- */

static int
new_bucket(struct db *db, const struct facts_crash *c, int64_t project,
    int64_t *id, struct facts_bucket *b, struct err *e)
{
	const struct triage *t = c->triage;

	b->new_bucket = true;
	if (db_number(db, e, &b->number,
		"UPDATE project SET next_bucket = "
		"next_bucket + 1 WHERE id = ? RETURNING next_bucket - 1",
		"i", project) != 1)
		return -1;
	if (db_run(db, e,
		"INSERT INTO bucket (project, number, type, state, "
		"security, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"iittiii", project, b->number, triage_type_text(t).text,
		facts_state(t).text, (int64_t)t->security, (int64_t)c->now_ms,
		(int64_t)c->now_ms) == -1)
		return -1;
	*id = db_last_id(db);
	return db_run(db, e,
	    "INSERT INTO bucket_signature (project, "
	    "signature, security, bucket) VALUES (?, ?, ?, ?)",
	    "idii", project, &t->signature, (int64_t)t->security, *id);
}

static int
bucket_of(struct db *db, const struct facts_crash *c, int64_t *id,
    struct facts_bucket *b, struct err *e)
{
	sqlite3_stmt *row;
	int64_t project;
	int got;

	if (db_number(db, e, &project,
		"SELECT project FROM target WHERE "
		"id = ?",
		"i", c->place->target) != 1)
		return -1;
	got = db_query(db, e, &row,
	    "SELECT b.id, b.number FROM "
	    "bucket_signature s JOIN bucket b ON b.id = s.bucket WHERE "
	    "s.project = ? AND s.signature = ? AND s.security = ?",
	    "idi", project, &c->triage->signature,
	    (int64_t)c->triage->security);
	if (got == -1)
		return -1;
	if (got == 0)
		return new_bucket(db, c, project, id, b, e);
	*id = sqlite3_column_int64(row, 0);
	b->number = sqlite3_column_int64(row, 1);
	db_end(row);
	return db_run(db, e, "UPDATE bucket SET last_ms = ? WHERE id = ?", "ii",
	    (int64_t)c->now_ms, *id);
}

static int
insert_crash(
    struct db *db, const struct facts_crash *c, int64_t bucket, struct err *e)
{
	const struct triage *t = c->triage;
	const struct record *r = c->record;
	char address[20] = "";

	if (t->has_address)
		snprintf(
		    address, sizeof(address), "0x%jx", (uintmax_t)t->address);
	return db_run(db, e,
	    "INSERT INTO crash (target, sha256, signature, "
	    "bucket, rules, type, access, access_size, address, state, tool, "
	    "security, engine, sanitizer, bytes, has_input, tries, "
	    "reproduced, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
	    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "iddiittitttittiiiiii", c->place->target, &r->sha256, &t->signature,
	    bucket, (int64_t)TRIAGE_RULES, triage_type_text(t).text, t->access,
	    (int64_t)t->access_size, address, facts_state(t).text, t->tool,
	    (int64_t)t->security, r->word, r->word2,
	    (int64_t)r->n[CRASH_INPUT_SIZE], (int64_t)c->has_input,
	    (int64_t)r->n[CRASH_TRIES], (int64_t)r->n[CRASH_REPRODUCED],
	    (int64_t)c->now_ms, (int64_t)c->now_ms);
}

static int
observe(
    struct db *db, const struct facts_crash *c, int64_t crash, struct err *e)
{
	const struct bundle_header *h = c->header;
	const struct record *r = c->record;

	return db_run(db, e,
	    "INSERT OR IGNORE INTO observation (crash, bot, "
	    "epoch, seq, record, lease, job, build, exit, signal, tries, "
	    "reproduced, found_ms, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
	    "?, ?, ?, ?, ?)",
	    "iitiittdiiiiit", crash, c->bot, text_hex64(h->epoch).text,
	    (int64_t)h->seq, (int64_t)c->line,
	    h->lease == 0 ? "" : text_hex64(h->lease).text,
	    h->job == 0 ? "" : text_hex64(h->job).text,
	    h->has_build ? &h->build : NULL, (int64_t)r->n[CRASH_EXIT],
	    (int64_t)r->n[CRASH_SIGNAL], (int64_t)r->n[CRASH_TRIES],
	    (int64_t)r->n[CRASH_REPRODUCED], (int64_t)r->n[CRASH_FOUND_MS],
	    h->trace);
}

int
facts_add_crash(struct db *db, const struct facts_crash *c,
    struct facts_bucket *b, struct err *e)
{
	int64_t bucket, crash;
	int got;

	memset(b, 0, sizeof(*b));
	if (bucket_of(db, c, &bucket, b, e) == -1)
		return -1;
	got = db_number(db, e, &crash,
	    "SELECT id FROM crash WHERE target = ? "
	    "AND sha256 = ? AND signature = ?",
	    "idd", c->place->target, &c->record->sha256, &c->triage->signature);
	if (got == -1)
		return -1;
	b->new_crash = got == 0;
	if (got == 0) {
		if (insert_crash(db, c, bucket, e) == -1)
			return -1;
		crash = db_last_id(db);
	} else if (db_run(db, e,
		       "UPDATE crash SET last_ms = ?, has_input = "
		       "max(has_input, ?), tries = max(tries, ?), reproduced = "
		       "max(reproduced, ?) WHERE id = ?",
		       "iiiii", (int64_t)c->now_ms, (int64_t)c->has_input,
		       (int64_t)c->record->n[CRASH_TRIES],
		       (int64_t)c->record->n[CRASH_REPRODUCED], crash) == -1) {
		return -1;
	}
	return observe(db, c, crash, e);
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
facts_each_crash(struct db *db, facts_crash_fn *fn, void *arg, struct err *e)
{
	struct facts_place place;
	struct digest sha256;
	sqlite3_stmt *row;
	int got;

	memset(&place, 0, sizeof(place));
	got = db_query(db, e, &row,
	    "SELECT t.id, p.name, t.name, c.sha256, b.number FROM crash c "
	    "JOIN bucket b ON b.id = c.bucket JOIN target t ON t.id = "
	    "c.target JOIN project p ON p.id = t.project ORDER BY c.bucket",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		place.target = sqlite3_column_int64(row, 0);
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
