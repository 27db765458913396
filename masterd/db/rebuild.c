/*
 * From copies to rows: metadata.c the other way round.  Names and digests pass
 * the gates again (what is none becomes NULL, which no column takes), and so
 * do words, by the CHECKs of the tables.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"
#include "masterd/db/ledger.h"
#include "masterd/db/rebuild.h"
#include "masterd/db/rebuild_sql.h"
#include "masterd/db/segments.h"
#include "masterd/db/submissions.h"

/* Who found what files alone tell of: a bot that has left. */
#define FINDER "rebuilt"

/* ---- gates as functions ---------------------------------------------- */

static void
give_if(sqlite3_context *c, sqlite3_value *v, bool good)
{
	if (good)
		sqlite3_result_value(c, v);
}

static void
name_of(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);

	(void)n;
	give_if(c, v[0],
	    text != NULL && (name_ok(text) || strcmp(text, PROJECT_LOST) == 0));
}

static void
target_of(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);

	(void)n;
	give_if(c, v[0], text != NULL && target_name_ok(text));
}

static void
blob_of(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);
	struct digest d;

	(void)n;
	if (text != NULL && digest_parse(&d, text) == 0)
		sqlite3_result_blob(c, d.bytes, DIGEST_SIZE, SQLITE_TRANSIENT);
}

static void
sha256_of(sqlite3_context *c, int n, sqlite3_value **v)
{
	const void *text = sqlite3_value_text(v[0]);
	struct digest d;

	(void)n;
	if (text == NULL)
		return;
	digest_of(&d, text, (size_t)sqlite3_value_bytes(v[0]));
	sqlite3_result_text(c, digest_hex(&d).text, -1, SQLITE_TRANSIENT);
}

int
rebuild_begin(struct db *db, struct err *e)
{
	static const struct {
		const char *name;
		void (*fn)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {{"name_of", name_of}, {"target_of", target_of},
	    {"blob_of", blob_of}, {"sha256_of", sha256_of}};
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (sqlite3_create_function(db->handle, functions[i].name, 1,
			SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
			NULL, functions[i].fn, NULL, NULL) != SQLITE_OK)
			return db_err(db, e, "begin a rebuild");
	return db_exec(db,
	    "CREATE TEMP TABLE IF NOT EXISTS rebuilt_decision (id, other,"
	    " undone)",
	    e);
}

/* ---- metadata/ ------------------------------------------------------- */

static int
is_json(struct db *db, const char *json, struct err *e)
{
	int64_t valid;

	if (db_number(db, e, &valid, "SELECT json_valid(?)", "t", json) != 1)
		return -1;
	return valid == 1 ? 0 : err_set(e, ERR_REFUSED, "is no JSON");
}

static int
run_all(struct db *db, enum metadata_kind kind, const char *json, struct err *e)
{
	const char *const *sql = rebuild_sql[kind].put;
	int i;

	for (i = 0; i < REBUILD_STATEMENTS && sql[i] != NULL; i++)
		if (db_run(db, e, sql[i], "t", json) == -1)
			return -1;
	return 0;
}

/* The last INSERT of a kind may find nothing to refer to, which is silent. */
static int
check_taken(
    struct db *db, enum metadata_kind kind, const char *json, struct err *e)
{
	int64_t one;
	int got;

	if (rebuild_sql[kind].there == NULL)
		return 0;
	got = db_number(db, e, &one, rebuild_sql[kind].there, "t", json);
	if (got == 0)
		return err_set(
		    e, ERR_REFUSED, "does not say what it is a copy of");
	return got == 1 ? 0 : -1;
}

int
rebuild_take(
    struct db *db, enum metadata_kind kind, const char *json, struct err *e)
{
	struct err ignored;

	if (is_json(db, json, e) == -1 || db_mark(db, e) == -1)
		return -1;
	if (run_all(db, kind, json, e) == 0 &&
	    check_taken(db, kind, json, e) == 0)
		return db_mark_keep(db, e);
	if (db_mark_undo(db, &ignored) == -1)
		*e = ignored;
	return -1;
}

/* ---- builds ---------------------------------------------------------- */

int
rebuild_build(struct db *db, const struct digest *id, int64_t *row, bool *files,
    struct err *e)
{
	sqlite3_stmt *found;
	int got = db_query(db, e, &found,
	    "SELECT id, state <> 'removed' FROM build WHERE sha256 = ?", "d",
	    id);

	if (got == 1) {
		*row = sqlite3_column_int64(found, 0);
		*files = sqlite3_column_int(found, 1);
		db_end(found);
	}
	return got;
}

int
rebuild_traits(struct db *db, const char *json, const struct digest *file,
    uint32_t *traits, struct err *e)
{
	int64_t value;
	int got = db_number(db, e, &value,
	    "SELECT json_extract(x.value, '$.traits') FROM"
	    " json_each(?1, '$.traits') x"
	    " WHERE json_extract(x.value, '$.sha256') = ?2",
	    "tt", json, digest_hex(file).text);

	if (got == 1)
		*traits = (uint32_t)value;
	if (got != 0)
		return got;
	got = db_number(db, e, &value,
	    "SELECT coalesce(json_array_length(?1, '$.traits'), 0)", "t", json);
	return got != 1 ? -1 : value == 0 ? 2 : 0;
}

int
rebuild_build_file(struct db *db, int64_t build, const struct digest *file,
    uint64_t bytes, uint32_t traits, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO build_file (sha256, bytes, traits, added_ms)"
		" VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
		"diii", file, (int64_t)bytes, (int64_t)traits,
		(int64_t)clock_wall_ms()) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO build_use (build, sha256) VALUES (?, ?)"
	    " ON CONFLICT DO NOTHING",
	    "id", build, file);
}

int
rebuild_build_lost(
    struct db *db, int64_t build, const char *reason, struct err *e)
{
	return db_run(db, e,
	    "UPDATE build SET state = 'removed', reason = ?, removed_ms = ?"
	    " WHERE id = ? AND state <> 'removed'",
	    "tii", reason, (int64_t)clock_wall_ms(), build);
}

/* ---- findings -------------------------------------------------------- */

int
rebuild_target(struct db *db, const char *project, const char *target,
    int64_t *row, struct err *e)
{
	struct facts_place p;
	int got;

	memset(&p, 0, sizeof(p));
	text_copy(p.project.text, sizeof(p.project.text), project);
	text_copy(p.name.text, sizeof(p.name.text), target);
	got = facts_make_target(db, &p, clock_wall_ms(), e);
	*row = p.target;
	return got;
}

static int
finder(struct db *db, int64_t *bot, struct err *e)
{
	int got = db_number(db, e, bot,
	    "SELECT id FROM bot WHERE name = '" FINDER "' AND owner = 1", "");
	struct buf account = BUF_INIT;
	sqlite3_stmt *row;

	if (got != 0)
		return got == 1 ? 0 : -1;
	got = db_query(
	    db, e, &row, "SELECT name FROM account ORDER BY id LIMIT 1", "");
	if (got == -1)
		return -1;
	buf_adds(&account, got == 1 ? db_text(row, 0) : FINDER);
	if (got == 1)
		db_end(row);
	got = rebuild_bot(db, buf_text(&account), FINDER, 0, bot, e);
	buf_release(&account);
	return got;
}

int
rebuild_unit(struct db *db, int64_t target, const struct digest *sha256,
    uint64_t bytes, uint64_t added_ms, struct err *e)
{
	int64_t bot;
	bool added;

	if (finder(db, &bot, e) == -1)
		return -1;
	return facts_add_unit(
	    db, target, sha256, bytes, 0, bot, added_ms, &added, e);
}

int
rebuild_has_crash(struct db *db, int64_t target, const struct digest *sha256,
    const char *signature8, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM crash WHERE target = ? AND sha256 = ? AND"
	    " (?3 = '' OR lower(hex(substr(signature, 1, 4))) = ?3) LIMIT 1",
	    "idt", target, sha256, signature8);
}

int
rebuild_has_bucket(
    struct db *db, const char *project, uint64_t number, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM bucket k JOIN project p ON p.id = k.project"
	    " WHERE p.name = ? AND k.number = ?",
	    "ti", project, (int64_t)number);
}

/* The answer of a statement that makes one JSON text of another. */
static int
remake(struct db *db, struct buf *out, sqlite3_stmt *row, int got)
{
	if (got == 1) {
		buf_adds(out, db_text(row, 0));
		db_end(row);
	}
	(void)db;
	return got == 1 ? 0 : -1;
}

int
rebuild_crash_meta(struct db *db, const char *json, uint64_t number,
    bool has_input, struct err *e)
{
	struct buf copy = BUF_INIT;
	sqlite3_stmt *row;
	int got;

	if (is_json(db, json, e) == -1)
		return -1;
	got = db_query(db, e, &row, rebuild_from_meta, "tiii", json,
	    (int64_t)number, (int64_t)has_input, (int64_t)clock_wall_ms());
	got = remake(db, &copy, row, got);
	if (got == 0)
		got = rebuild_take(db, METADATA_CRASH, copy.data, e);
	buf_release(&copy);
	return got;
}

int
rebuild_input(struct db *db, int64_t target, const struct digest *sha256,
    bool there, struct err *e)
{
	return db_run(db, e,
	    "UPDATE crash SET has_input = ?1 WHERE target = ?2 AND sha256 = ?3"
	    " AND has_input <> ?1",
	    "iid", (int64_t)there, target, sha256);
}

int
rebuild_submission(struct db *db, int64_t target, const struct digest *sha256,
    uint64_t bytes, struct err *e)
{
	const struct submission s = {.target = target,
	    .sha256 = *sha256,
	    .bytes = bytes,
	    .name = "",
	    .who = "rebuild",
	    .trace = "",
	    .now_ms = clock_wall_ms()};
	int64_t id;
	bool fresh;

	return submissions_add(db, &s, &id, &fresh, e);
}

int
rebuild_job_view(struct db *db, const char *json, struct err *e)
{
	struct buf copy = BUF_INIT;
	sqlite3_stmt *row;
	int64_t one;
	int got;

	if (is_json(db, json, e) == -1)
		return -1;
	got = db_number(db, e, &one,
	    "SELECT 1 FROM job WHERE job = json_extract(?1, '$.job')", "t",
	    json);
	if (got != 0)
		return got == 1 ? 0 : -1;
	got = db_query(db, e, &row, rebuild_from_view, "ti", json,
	    (int64_t)clock_wall_ms());
	got = remake(db, &copy, row, got);
	if (got == 0)
		got = rebuild_take(db, METADATA_JOB, copy.data, e);
	buf_release(&copy);
	return got == 0 ? 1 : -1;
}

/* ---- bots ------------------------------------------------------------ */

int
rebuild_bot(struct db *db, const char *account, const char *bot,
    uint64_t serial, int64_t *row, struct err *e)
{
	if (bots_get(db, account, bot, clock_wall_ms(), row, e) == -1 ||
	    bots_raise_serial(db, *row, serial, e) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET state = 'left' WHERE id = ? AND state = 'new'", "i",
	    *row);
}

int
rebuild_epoch(
    struct db *db, int64_t bot, uint64_t epoch, uint64_t last, struct err *e)
{
	int64_t row;

	if (last == 0)
		return 0;
	if (ledger_epoch(db, bot, epoch, clock_wall_ms(), &row, e) == -1)
		return -1;
	if (db_run(db, e,
		"UPDATE epoch SET max_seen = max(max_seen, ?) WHERE id = ?",
		"ii", (int64_t)last, row) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO epoch_before (epoch, last) VALUES (?, ?)"
	    " ON CONFLICT (epoch) DO UPDATE SET last = max(last, "
	    "excluded.last)",
	    "ii", row, (int64_t)last);
}

/* ---- the end --------------------------------------------------------- */

static int
count(struct db *db, struct rebuild_counts *c, struct err *e)
{
	const struct {
		const char *sql;
		int64_t *value;
	} counts[] = {
	    {"SELECT count(*) FROM project", &c->projects},
	    {"SELECT count(*) FROM target", &c->targets},
	    {"SELECT count(*) FROM build", &c->builds},
	    {"SELECT count(*) FROM job", &c->jobs},
	    {"SELECT count(*) FROM bot WHERE name <> '" FINDER "'", &c->bots},
	    {"SELECT count(*) FROM bucket", &c->buckets},
	    {"SELECT count(*) FROM crash", &c->crashes},
	    {"SELECT count(*) FROM unit", &c->units},
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (db_number(db, e, counts[i].value, counts[i].sql, "") != 1)
			return -1;
	return 0;
}

int
rebuild_end(struct db *db, struct db_id *generation,
    struct rebuild_counts *counts, struct err *e)
{
	*generation = db_new_id();
	if (db_run(db, e, rebuild_decisions, "") == -1 ||
	    db_set_setting(db, "generation", generation->text, e) == -1 ||
	    segments_new_generation(db, clock_wall_ms(), e) == -1 ||
	    db_event(db, "master", "database.rebuilt", generation->text,
		"from files alone", "", e) == -1)
		return -1;
	return count(db, counts, e);
}
