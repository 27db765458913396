/*
 * Rows to copies and back: what a rebuild needs is marked when it changes and
 * only then, and a database made of the copies gives the same copies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/metadata.h"
#include "masterd/db/rebuild.h"
#include "tests/unit/masterd/world.h"

/* Every column that a copy may have to hold says something. */
/* clang-format off */
static const char full[] =
"UPDATE project SET next_bucket = 18 WHERE id = 1;"
"INSERT INTO target (id, project, name, generation, of, added_ms) VALUES"
" (77, 1, 'inflate.own', 9, 1, 1000);"
"UPDATE build SET branch = 'next', revision = 'r1', ord = 4,"
" arch = 'x86_64', state = 'good', reason = 'why', judged_ms = 5 WHERE id = 1;"
"UPDATE build_target SET state = 'good', reason = 'a \"quote\"',"
" warnings = 'two' || char(10) || 'lines', edges = 1, features = 2,"
" calls = 3, dict = 4, seeds = 5 WHERE build = 1;"
"INSERT INTO build_host VALUES (1, 'arm64 Debian', 'GLIBC_2.38', 6);"
"INSERT OR IGNORE INTO build_use SELECT 1, sha256 FROM build_file;"
"UPDATE build_file SET traits = 591;"
"UPDATE job SET corpus = 77, build = 1, current = 1, template = 'nightly',"
" reason = 'so', paused_by = 'user:x', slots = 2, floor = 1, tags = 'big',"
" weight = 15, boost = 3000, boost_until_ms = 7, slice_ms = 8, for_ms = 9,"
" used_ms = 10, cpu_limit_ms = 11, cpu_ms = 12, spent_ms = 13, execs = 14,"
" succeeded = 3,"
" started_ms = 15, trace = 't' WHERE id = 1;"
"INSERT INTO job_setting VALUES (1, 'timeout', '30s');"
"INSERT INTO job_value VALUES (1, 'timeout', '30s', 'job'),"
" (1, 'environment.X', 'a=b', 'base (x.yaml:3)');"
"UPDATE bucket SET status = 'muted' WHERE id = 1;"
"INSERT INTO signature (id, project, signature, security, bucket, home, stack,"
" family, apart, rule, counted, hits) VALUES (5, 1, zeroblob(32), 0, 1, 1,"
" 'f' || char(10) || 'g', 'Abrt', 1, 'merge', 7, 9);"
"INSERT INTO signature_band VALUES (1, -3, zeroblob(32), 5),"
" (1, 9, zeroblob(32), 5);"
"INSERT INTO signature_link VALUES (1, 5, 'frames', 250000);"
"INSERT INTO signature_join VALUES (1, 5, 2);"
"INSERT INTO bucket (id, project, number, type, state, security, alias,"
" first_ms, last_ms) VALUES (4, 1, 9, 'Abrt', 'f', 0, 1, 5, 6);"
"UPDATE bucket SET reason = '', muted_until_ms = 12, owner = 'ann',"
" issue = 'X-1', severity = 'high' WHERE id = 1;"
"INSERT INTO bucket_label VALUES (1, 'parser');"
"INSERT INTO bucket_note VALUES (3, 1, 8, 'user:ann', 'a note');"
"INSERT INTO decision (id, project, at_ms, who, trace, verb, bucket, other,"
" detail, reason) VALUES (2, 1, 9, 'user:ann', 't', 'merge', 1, 4, '{}',"
" 'one bug');"
"INSERT INTO ruleset VALUES (1, '2-9f86d081', 'text', 5);"
"INSERT INTO stack VALUES (1, zeroblob(32), 'stack');"
"UPDATE crash SET class = 'leak', severity = 'low', severity_rule = 'so',"
" security_rule = 'thus', casr = 'EXPLOITABLE', stack = 1, ruleset = 1,"
" min_sha256 = zeroblob(32), min_bytes = 3, series = 'aa', parents = 'bb';"
"INSERT INTO reproduction VALUES (1, 1, x'', 10, 7, 0, 1, 77);";
/* clang-format on */

static int
setup(void **state)
{
	struct world *w = world_new();

	world_sql(w, full);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

struct copies {
	int count;
	int64_t marks[256];
	char *paths[256], *texts[256];
};

static int
collect(
    void *arg, int64_t mark, const char *path, const char *json, struct err *e)
{
	struct copies *c = arg;

	(void)e;
	assert_true(c->count < 256);
	c->marks[c->count] = mark;
	c->paths[c->count] = mem_strdup(path == NULL ? "" : path);
	c->texts[c->count++] = mem_strdup(json == NULL ? "" : json);
	return 0;
}

static void
copies_of(struct db *db, struct copies *c)
{
	memset(c, 0, sizeof(*c));
	assert_int_not_equal(metadata_each(db, 0, 1000, collect, c, NULL), -1);
}

static void
release(struct copies *c)
{
	int i;

	for (i = 0; i < c->count; i++) {
		free(c->paths[i]);
		free(c->texts[i]);
	}
}

static const char *
text_of(const struct copies *c, const char *path)
{
	int i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->paths[i], path) == 0)
			return c->texts[i];
	return NULL;
}

static void
change(struct world *w, const char *sql)
{
	world_sql(w, "DELETE FROM dirty");
	world_sql(w, sql);
}

/* ---- marks ----------------------------------------------------------- */

static void
what_matters_is_marked_when_it_changes(void **state)
{
	static const struct {
		const char *sql, *kind;
	} changes[] = {
	    {"INSERT INTO project (name, added_ms) VALUES ('new', 1)",
		"project"},
	    {"UPDATE target SET generation = generation + 1 WHERE id = 1",
		"target"},
	    {"UPDATE build SET state = 'bad' WHERE id = 1", "build"},
	    {"UPDATE build_target SET state = 'bad' WHERE build = 1", "build"},
	    {"DELETE FROM build_host WHERE build = 1", "build"},
	    {"UPDATE job SET status = 'paused' WHERE id = 1", "job"},
	    {"UPDATE job SET weight = 16 WHERE id = 1", "job"},
	    {"UPDATE job_setting SET value = '31s'", "job"},
	    {"DELETE FROM job_value WHERE key = 'timeout'", "job"},
	    {"UPDATE bot SET owner = 0 WHERE id = 1", "bot"},
	    {"UPDATE bucket SET status = 'open' WHERE id = 1", "bucket"},
	    {"UPDATE signature SET apart = 0 WHERE id = 5", "bucket"},
	    {"DELETE FROM signature_link", "bucket"},
	    {"DELETE FROM signature_join", "bucket"},
	    {"DELETE FROM bucket_label", "bucket"},
	    {"UPDATE bucket_note SET id = 4 WHERE id = 99; DELETE FROM"
	     " bucket_note",
		"bucket"},
	    {"UPDATE decision SET undone = 2", "bucket"},
	    {"UPDATE bucket SET owner = 'bob' WHERE id = 1", "bucket"},
	    {"UPDATE crash SET min_sha256 = NULL", "crash"},
	    {"UPDATE crash SET has_input = 0 WHERE id = 1", "crash"},
	};
	char sql[128];
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		change(*state, changes[i].sql);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM dirty WHERE kind = '%s'",
		    changes[i].kind);
		if (world_number(*state, sql) != 1)
			fail_msg("%s", changes[i].sql);
	}
}

static void
what_ticks_is_not_marked(void **state)
{
	static const char *const ticks[] = {
	    "UPDATE job SET used_ms = used_ms + 1, spent_ms = spent_ms + 1,"
	    " vtime = vtime + 1, cpu_ms = 3, execs = 99, multiplier = 900",
	    "UPDATE job SET status = status, weight = weight",
	    "UPDATE bot SET seen_ms = 5, seen_up = 6, state = 'late'",
	    "UPDATE target SET edges = 7, features = 8, units = 9",
	    "UPDATE bucket SET last_ms = last_ms + 1",
	    "UPDATE signature SET hits = hits + 1, counted = counted + 1,"
	    " last_ms = last_ms + 1",
	    "UPDATE crash SET last_ms = last_ms + 1, tries = max(tries, 1)",
	    "UPDATE lease SET seconds = seconds + 1",
	};
	size_t i;

	for (i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		change(*state, ticks[i]);
		if (world_number(*state, "SELECT count(*) FROM dirty") != 0)
			fail_msg("%s", ticks[i]);
	}
}

static void
a_change_while_it_is_written_stays_marked(void **state)
{
	struct world *w = *state;
	struct copies c;

	change(w,
	    "UPDATE bucket SET status = 'open' WHERE id = 1; UPDATE job SET"
	    " floor = 7");
	copies_of(w->db, &c);
	assert_int_equal(c.count, 2);
	world_sql(w, "UPDATE bucket SET status = 'fixed' WHERE id = 1");
	assert_int_equal(metadata_written(w->db, c.marks, c.count, NULL), 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM dirty"), 1);
	assert_int_equal(
	    world_number(w, "SELECT kind = 'bucket' FROM dirty"), 1);
	release(&c);
	copies_of(w->db, &c);
	assert_non_null(
	    strstr(text_of(&c, "buckets/zlib/1.json"), "\"fixed\""));
	release(&c);
}

static void
marks_come_in_their_order_and_in_parts(void **state)
{
	struct world *w = *state;
	long all = world_number(w, "SELECT count(*) FROM dirty"), seen = 0;
	int64_t after = 0;
	struct copies c;
	int got, i;

	do {
		memset(&c, 0, sizeof(c));
		got = metadata_each(w->db, after, 3, collect, &c, NULL);
		assert_in_range(got, 0, 3);
		for (i = 0; i < got; i++) {
			assert_true(c.marks[i] > after);
			after = c.marks[i];
		}
		seen += got;
		release(&c);
	} while (got > 0);
	assert_int_equal(seen, all);
}

static void
a_row_that_is_no_more_is_no_copy(void **state)
{
	struct world *w = *state;
	struct copies c;

	change(w,
	    "INSERT INTO project (id, name, added_ms) VALUES (99, 'x', 1);"
	    "DELETE FROM project WHERE id = 99");
	copies_of(w->db, &c);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.paths[0], "");
	release(&c);
}

/* ---- there and back -------------------------------------------------- */

static struct db *
rebuilt_from(struct world *w, const struct copies *c)
{
	struct db *db = db_open_new(w->root, NULL);
	char folder[32];
	struct err e = {.text = ""};
	int kind, i;

	assert_non_null(db);
	assert_int_equal(rebuild_begin(db, NULL), 0);
	assert_int_equal(db_begin(db, NULL), 0);
	for (kind = 0; kind < METADATA_KINDS; kind++) {
		snprintf(folder, sizeof(folder), "%s/",
		    metadata_folder((enum metadata_kind)kind));
		for (i = 0; i < c->count; i++)
			if (strncmp(c->paths[i], folder, strlen(folder)) == 0 &&
			    rebuild_take(db, (enum metadata_kind)kind,
				c->texts[i], &e) == -1)
				fail_msg("%s: %s", c->paths[i], e.text);
	}
	return db;
}

static void
copies_of_copies_are_the_same(void **state)
{
	struct world *w = *state;
	struct copies first, second;
	struct db *db;
	const char *text;
	int i;

	copies_of(w->db, &first);
	db = rebuilt_from(w, &first);
	copies_of(db, &second);
	assert_int_equal(first.count, second.count);
	for (i = 0; i < first.count; i++) {
		/* Files of builds come from their manifest. */
		if (strncmp(first.paths[i], "builds/", 7) == 0)
			continue;
		text = text_of(&second, first.paths[i]);
		assert_non_null(text);
		assert_string_equal(text, first.texts[i]);
	}
	release(&first);
	release(&second);
	db_commit(db, NULL);
	db_close(db);
}

/* What no copy has: statistics, and what is derived or only of one run. */
static const char *const left_out[] = {"project.id", "target.id",
    "target.project", "target.edges", "target.features", "target.functions",
    "target.units", "target.unit_bytes", "build.id", "build.sha256", "job.id",
    "job.multiplier", "job.multiplier_why", "job.vtime", "bucket.id",
    "bucket.project", "crash.id", "crash.sha256", "crash.moved", NULL};

static bool
is_left_out(const char *name)
{
	int i;

	for (i = 0; left_out[i] != NULL; i++)
		if (strcmp(left_out[i], name) == 0)
			return true;
	return false;
}

static void
every_column_is_in_a_copy_or_left_out_on_purpose(void **state)
{
	static const struct {
		const char *table, *path;
	} tables[] = {
	    {"project", "projects/zlib.json"},
	    {"target", "targets/zlib/inflate.own.json"},
	    {"build", "builds/"},
	    {"job", "jobs/" WORLD_JOB ".json"},
	    {"bucket", "buckets/zlib/1.json"},
	    {"crash", "crashes/zlib/inflate/"},
	};
	struct world *w = *state;
	struct copies c;
	sqlite3_stmt *s;
	char sql[128], name[96], key[96];
	const char *text;
	size_t t;
	int i;

	copies_of(w->db, &c);
	for (t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		text = NULL;
		for (i = 0; i < c.count; i++)
			if (strncmp(c.paths[i], tables[t].path,
				strlen(tables[t].path)) == 0 &&
			    (text == NULL || strstr(c.texts[i], "\"why\"")))
				text = c.texts[i];
		assert_non_null(text);
		snprintf(sql, sizeof(sql),
		    "SELECT name FROM "
		    "pragma_table_info('%s')",
		    tables[t].table);
		sqlite3_prepare_v2(w->db->handle, sql, -1, &s, NULL);
		while (sqlite3_step(s) == SQLITE_ROW) {
			snprintf(name, sizeof(name), "%s.%s", tables[t].table,
			    (const char *)sqlite3_column_text(s, 0));
			snprintf(key, sizeof(key), "\"%s\":",
			    strcmp(name, "project.name") == 0 ? "project"
				: strcmp(name, "target.name") == 0
				? "target"
				: (const char *)sqlite3_column_text(s, 0));
			if (!is_left_out(name) &&
			    (text == NULL || strstr(text, key) == NULL))
				fail_msg("%s is in no copy", name);
		}
		sqlite3_finalize(s);
	}
	release(&c);
}

/* ---- what is not as it should be ------------------------------------- */

static void
is_refused(struct db *db, enum metadata_kind kind, const char *json)
{
	struct err e = {.text = ""};

	if (rebuild_take(db, kind, json, &e) != -1)
		fail_msg("taken: %s", json);
	if (e.cls != ERR_REFUSED && e.cls != ERR_CONFLICT)
		fail_msg("%s: %s", json, e.text);
}

static void
what_is_no_copy_leaves_no_trace(void **state)
{
	struct world *w = *state;
	struct db *db = db_open_new(w->root, NULL);
	int64_t n;

	rebuild_begin(db, NULL);
	db_begin(db, NULL);
	is_refused(db, METADATA_PROJECT, "no JSON");
	is_refused(db, METADATA_PROJECT, "{}");
	is_refused(db, METADATA_PROJECT, "{\"project\":\"../x\"}");
	is_refused(db, METADATA_PROJECT, "[1]");
	is_refused(db, METADATA_TARGET,
	    "{\"project\":\"p\",\"target\":\"a/b\",\"generation\":1}");
	is_refused(db, METADATA_BUILD, "{\"project\":\"p\",\"build\":\"12\"}");
	is_refused(db, METADATA_JOB,
	    "{\"project\":\"p\",\"target\":\"t\",\"job\":\"1\"}");
	is_refused(db, METADATA_BOT, "{\"account\":\"a\",\"bot\":\"B!\"}");
	is_refused(db, METADATA_BUCKET,
	    "{\"project\":\"p\",\"number\":1,\"status\":\"odd\"}");
	is_refused(db, METADATA_CRASH,
	    "{\"project\":\"p\",\"target\":\"t\",\"bucket\":\"x\"}");
	db_number(db, NULL, &n,
	    "SELECT (SELECT count(*) FROM project) + (SELECT count(*) FROM"
	    " target) + (SELECT count(*) FROM account)",
	    "");
	assert_int_equal(n, 0);
	db_rollback(db);
	db_close(db);
}

static void
a_crash_brings_the_bucket_that_has_no_copy_yet(void **state)
{
	struct world *w = *state;
	struct copies c;
	struct db *db;
	int64_t n;
	int i;

	copies_of(w->db, &c);
	for (i = 0; i < c.count; i++)
		if (strncmp(c.paths[i], "buckets/", 8) == 0 ||
		    strncmp(c.paths[i], "projects/", 9) == 0)
			c.paths[i][0] = '-';
	db = rebuilt_from(w, &c);
	assert_int_equal(db_number(db, NULL, &n,
			     "SELECT k.number FROM crash c JOIN bucket k ON "
			     "k.id = c.bucket",
			     ""),
	    1);
	assert_int_equal(n, 1);
	db_number(db, NULL, &n,
	    "SELECT next_bucket FROM project WHERE name = 'zlib'", "");
	assert_int_equal(n, 2);
	db_rollback(db);
	db_close(db);
	release(&c);
}

static void
a_job_pinned_to_a_build_that_is_gone_is_paused(void **state)
{
	struct world *w = *state;
	struct copies c;
	struct db *db;
	int64_t n;
	int i;

	copies_of(w->db, &c);
	for (i = 0; i < c.count; i++)
		if (strncmp(c.paths[i], "builds/", 7) == 0)
			c.paths[i][0] = '-';
	db = rebuilt_from(w, &c);
	assert_int_equal(db_number(db, NULL, &n,
			     "SELECT status = 'paused' AND build IS NULL FROM "
			     "job WHERE job = '" WORLD_JOB "'",
			     ""),
	    1);
	assert_int_equal(n, 1);
	db_rollback(db);
	db_close(db);
	release(&c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_matters_is_marked_when_it_changes),
	    T(what_ticks_is_not_marked),
	    T(a_change_while_it_is_written_stays_marked),
	    T(marks_come_in_their_order_and_in_parts),
	    T(a_row_that_is_no_more_is_no_copy),
	    T(copies_of_copies_are_the_same),
	    T(every_column_is_in_a_copy_or_left_out_on_purpose),
	    T(what_is_no_copy_leaves_no_trace),
	    T(a_crash_brings_the_bucket_that_has_no_copy_yet),
	    T(a_job_pinned_to_a_build_that_is_gone_is_paused),
	};

	return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
