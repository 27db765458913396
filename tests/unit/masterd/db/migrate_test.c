/*
 * Upgrades of databases that real programs of schemas 1 to 3 left
 * (schema-1.sql, ...), and the copies that are kept; killed at every
 * call that changes a file.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"
#include "tests/unit/masterd/db/killed.h"
#include "tests/unit/masterd/db/schemas.h"

/* ---- what an upgrade keeps ------------------------------------------- */

/* Rows of "table" in schema "a" that "b" has not, by the columns of a. */
static int64_t
rows_missing(sqlite3 *handle, const char *a, const char *b, const char *table)
{
	struct buf columns = BUF_INIT, sql = BUF_INIT;
	sqlite3_stmt *s;
	int64_t n;

	buf_printf(
	    &sql, "SELECT name FROM pragma_table_info('%s', '%s')", table, a);
	assert_int_equal(
	    sqlite3_prepare_v2(handle, sql.data, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		buf_printf(&columns, "%s\"%s\"", columns.len > 0 ? ", " : "",
		    (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	buf_reset(&sql);
	buf_printf(&sql,
	    "SELECT count(*) FROM (SELECT %s FROM %s.\"%s\" EXCEPT "
	    "SELECT %s FROM %s.\"%s\")",
	    columns.data, a, table, columns.data, b, table);
	n = schemas_number(handle, sql.data);
	buf_release(&columns);
	buf_release(&sql);
	return n;
}

/* The upgraded one, and beside it as "old" the copy of before. */
static sqlite3 *
upgraded(struct scratch *s)
{
	sqlite3 *handle;
	char sql[256];

	db_close(schemas_db(s));
	handle = schemas_open(s, DATA);
	snprintf(
	    sql, sizeof(sql), "ATTACH '%s/%s' AS old", s->path, schemas_kept());
	schemas_run(handle, sql);
	return handle;
}

/* Returns the number of tables that hold rows. */
static int
all_rows_are_kept(sqlite3 *handle)
{
	sqlite3_stmt *tables;
	char sql[256];
	const char *table;
	int count = 0;

	sqlite3_prepare_v2(handle,
	    "SELECT name FROM old.sqlite_master WHERE type = 'table' AND "
	    "name NOT IN ('sqlite_sequence', 'bucket_signature', 'dirty')",
	    -1, &tables, NULL);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		table = (const char *)sqlite3_column_text(tables, 0);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) = (SELECT count(*) FROM main.\"%s\") FROM "
		    "old.\"%s\"",
		    table, table);
		if (schemas_number(handle, sql) != 1 ||
		    rows_missing(handle, "old", "main", table) != 0)
			fail_msg("rows of '%s' were lost or changed", table);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) > 0 FROM old.\"%s\"", table);
		count += schemas_number(handle, sql) == 1;
	}
	sqlite3_finalize(tables);
	return count;
}

static void
every_row_and_its_meaning_is_kept(void **state)
{
	sqlite3 *handle = upgraded(*state);

	assert_true(all_rows_are_kept(handle) >= 23);

	/* A job of schema 1 had one build: it is pinned to it. */
	assert_int_equal(
	    schemas_number(handle,
		"SELECT count(*) FROM main.job j JOIN old.job o USING (id) "
		"JOIN main.build b ON b.id = o.build WHERE j.build = o.build "
		"AND j.current = o.build AND j.branch = b.branch AND j.engine "
		"= b.engine AND j.sanitizer = b.sanitizer"),
	    schemas_number(handle, "SELECT count(*) FROM old.job"));
	assert_int_equal(
	    schemas_number(handle,
		"SELECT count(*) FROM main.lease l JOIN old.task t ON t.id = "
		"l.task JOIN old.job j ON j.id = t.job WHERE l.build = "
		"j.build"),
	    schemas_number(handle, "SELECT count(*) FROM old.lease"));
	assert_int_equal(
	    schemas_number(handle,
		"SELECT count(*) FROM main.task t JOIN old.job j ON j.id = "
		"t.job WHERE t.target = j.target"),
	    schemas_number(handle, "SELECT count(*) FROM old.task"));
	sqlite3_close(handle);
}

static void
every_row_of_schema_2_is_kept_and_bots_know_what_they_did(void **state)
{
	sqlite3 *handle = upgraded(*state);

	assert_true(all_rows_are_kept(handle) >= 25);
	assert_int_equal(schemas_number(handle,
			     "SELECT count(*) FROM main.bot b WHERE (leases, "
			     "execs, cpu_ms) = (SELECT count(*), "
			     "coalesce(sum(l.execs), 0), "
			     "coalesce(sum(l.cpu_ms), 0) FROM old.lease l "
			     "WHERE l.bot = b.id AND l.ended_ms > 0)"),
	    3);
	assert_true(
	    schemas_number(handle, "SELECT max(execs) FROM bot") > 1000);
	assert_int_equal(schemas_number(handle,
			     "SELECT count(*) FROM bot WHERE drained = 0 AND "
			     "failures = 0 AND pool = '' AND state = 'up'"),
	    3);
	sqlite3_close(handle);
}

/* Signatures of buckets became rows with what was seen of them. */
static void
every_row_of_schema_3_is_kept_and_bugs_know_their_hits(void **state)
{
	sqlite3 *handle = upgraded(*state);

	assert_true(all_rows_are_kept(handle) >= 25);
	assert_int_equal(
	    schemas_number(handle,
		"SELECT count(*) FROM main.signature s JOIN"
		" old.bucket_signature o USING (project, signature, security,"
		" bucket)"),
	    schemas_number(
		handle, "SELECT count(*) FROM old.bucket_signature"));
	assert_int_equal(
	    schemas_number(handle, "SELECT sum(hits) FROM signature"),
	    schemas_number(handle,
		"SELECT (SELECT count(*) FROM old.observation) + (SELECT"
		" sum(count) FROM old.observation_day)"));
	assert_int_equal(
	    schemas_number(handle, "SELECT sum(crashes) FROM bucket_target"),
	    schemas_number(handle, "SELECT count(*) FROM old.crash"));
	assert_int_equal(schemas_number(handle,
			     "SELECT count(*) FROM crash WHERE sig IS NULL"),
	    0);
	assert_int_equal(schemas_number(handle,
			     "SELECT count(*) FROM bucket WHERE class ="
			     " 'timeout' OR class = 'memory'"),
	    2);
	assert_int_equal(schemas_number(handle,
			     "SELECT count(*) FROM bucket WHERE status ="
			     " 'muted' OR status = 'fixed'"),
	    2);
	assert_true(
	    schemas_number(handle, "SELECT count(*) FROM reproduction") > 5);
	sqlite3_close(handle);
}

static void
the_upgraded_one_is_sound(void **state)
{
	struct scratch *s = *state;
	struct buf json = BUF_INIT;
	struct db *db = schemas_db(s);
	bool balanced = false;
	int64_t n = -1;

	assert_int_equal(db_pragma(db, "PRAGMA user_version", &n, NULL), 0);
	assert_int_equal(n, DB_SCHEMA);
	assert_int_equal(db_pragma(db, "PRAGMA foreign_keys", &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(
	    db_number(db, NULL, &n,
		"SELECT count(*) FROM pragma_foreign_key_check", ""),
	    1);
	assert_int_equal(n, 0);
	assert_int_equal(ledger_check(db, &json, &balanced, NULL), 0);
	if (!balanced)
		fail_msg("%s", json.data);
	/* What metadata/ is to have copies of is on its list, unless it has
	 * them already. */
	db_number(db, NULL, &n,
	    "SELECT (SELECT count(*) FROM dirty) - (SELECT count(*) FROM crash)"
	    " - (SELECT count(*) FROM bucket) - (SELECT count(*) FROM job)"
	    " - (SELECT count(*) FROM build) - (SELECT count(*) FROM target)"
	    " - (SELECT count(*) FROM project) - (SELECT count(*) FROM bot)",
	    "");
	if (schemas_from == 1)
		assert_int_equal(n, 0);
	buf_release(&json);
	db_close(db);
}

static void
a_new_database_and_an_upgraded_one_have_the_same_tables(void **state)
{
	struct scratch *s = *state;
	sqlite3 *handle;
	char sql[256];

	db_close(schemas_db(s));
	schemas_copy(s, DATA, "upgraded");
	unlinkat(s->fd, DATA, 0);
	db_close(schemas_db(s));
	handle = schemas_open(s, DATA);
	snprintf(sql, sizeof(sql), "ATTACH '%s/upgraded' AS up", s->path);
	schemas_run(handle, sql);
	assert_int_equal(
	    schemas_number(handle,
		"SELECT count(*) FROM (SELECT type, name, sql FROM "
		"main.sqlite_master EXCEPT SELECT type, name, sql FROM "
		"up.sqlite_master)"),
	    0);
	assert_int_equal(schemas_number(handle,
			     "SELECT (SELECT count(*) FROM main.sqlite_master)"
			     " - (SELECT count(*) FROM up.sqlite_master)"),
	    0);
	sqlite3_close(handle);
}

static void
the_copy_is_the_database_as_it_was(void **state)
{
	struct scratch *s = *state;
	struct digest before = schemas_content(s, DATA);

	db_close(schemas_db(s));
	assert_true(schemas_same(s, schemas_kept(), &before));
	assert_int_equal(
	    schemas_number_in(s, schemas_kept(), "PRAGMA user_version"),
	    schemas_from);
	assert_int_equal(
	    schemas_number_in(s, schemas_kept(), "PRAGMA application_id"),
	    DB_APPLICATION_ID);
}

static void
a_second_open_changes_nothing(void **state)
{
	struct scratch *s = *state;
	struct stat first, second;
	struct digest before;

	db_close(schemas_db(s));
	before = schemas_content(s, DATA);
	fstatat(s->fd, schemas_kept(), &first, 0);
	db_close(schemas_db(s));
	fstatat(s->fd, schemas_kept(), &second, 0);
	assert_true(schemas_same(s, DATA, &before));
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
}

/* ---- killed ---------------------------------------------------------- */

static void
upgrade(void *arg)
{
	db_close(db_open(((struct scratch *)arg)->fd, NULL));
}

static void
a_kill_leaves_the_old_schema_or_the_new_one_whole(void **state)
{
	struct scratch *s = *state;
	struct digest is[DB_SCHEMA + 1]; /* by schema */
	int n, version, seen[DB_SCHEMA + 1] = {0};

	is[1] = schemas_content(s, DATA);
	schemas_copy(s, DATA, "original");
	upgrade(s);
	is[2] = schemas_content(s, COPY_2);
	is[3] = schemas_content(s, COPY_3);
	is[4] = schemas_content(s, DATA);
	/* Page after page is written: some of them will do. */
	for (n = 1;; n += n < 30 ? 1 : 13) {
		fs_remove_tree(s->fd, "data", NULL);
		close(fs_make_dir_open(s->fd, "data", 0755, NULL));
		schemas_copy(s, "original", DATA);
		if (!killed_at(n, upgrade, s))
			break;
		version =
		    (int)schemas_number_in(s, DATA, "PRAGMA user_version");
		assert_in_range(version, 1, DB_SCHEMA);
		seen[version]++;
		assert_true(schemas_same(s, DATA, &is[version]));
		/* A copy that has its name is whole. */
		if (faccessat(s->fd, COPY, F_OK, 0) == 0)
			assert_true(schemas_same(s, COPY, &is[1]));
		if (faccessat(s->fd, COPY_2, F_OK, 0) == 0)
			assert_true(schemas_same(s, COPY_2, &is[2]));
		if (faccessat(s->fd, COPY_3, F_OK, 0) == 0)
			assert_true(schemas_same(s, COPY_3, &is[3]));
		upgrade(s);
		assert_true(schemas_same(s, DATA, &is[DB_SCHEMA]));
		assert_true(schemas_same(s, COPY, &is[1]));
	}
	print_message("killed: %d of schema 1, %d of 2, %d of 3, %d of 4\n",
	    seen[1], seen[2], seen[3], seen[4]);
	assert_true(seen[1] > 10 && seen[2] > 5 && seen[3] > 5 && seen[4] > 0);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, schemas_setup, scratch_teardown)

#define T3(name) \
	cmocka_unit_test_setup_teardown(name, schemas_setup_3, scratch_teardown)

#define T2(name) \
	cmocka_unit_test_setup_teardown(name, schemas_setup_2, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(every_row_and_its_meaning_is_kept),
	    T(the_upgraded_one_is_sound),
	    T(a_new_database_and_an_upgraded_one_have_the_same_tables),
	    T(the_copy_is_the_database_as_it_was),
	    T(a_second_open_changes_nothing),
	    T2(every_row_of_schema_2_is_kept_and_bots_know_what_they_did),
	    T2(the_upgraded_one_is_sound),
	    T2(a_new_database_and_an_upgraded_one_have_the_same_tables),
	    T2(the_copy_is_the_database_as_it_was),
	    T2(a_second_open_changes_nothing),
	    T3(every_row_of_schema_3_is_kept_and_bugs_know_their_hits),
	    T3(the_upgraded_one_is_sound),
	    T3(a_new_database_and_an_upgraded_one_have_the_same_tables),
	    T3(the_copy_is_the_database_as_it_was),
	    T3(a_second_open_changes_nothing),
	    T(a_kill_leaves_the_old_schema_or_the_new_one_whole),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
