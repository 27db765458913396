/*
 * Upgrades of a database that a real program of schema 1 left
 * (schema-1.sql), and the copy that is kept; killed at every call that changes
 * a file.
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

static void
every_row_and_its_meaning_is_kept(void **state)
{
	struct scratch *s = *state;
	sqlite3 *handle;
	sqlite3_stmt *tables;
	char sql[256];
	const char *table;
	int count = 0;

	db_close(schemas_db(s));
	handle = schemas_open(s, DATA);
	snprintf(sql, sizeof(sql), "ATTACH '%s/" COPY "' AS old", s->path);
	schemas_run(handle, sql);
	sqlite3_prepare_v2(handle,
	    "SELECT name FROM old.sqlite_master WHERE type = 'table' AND "
	    "name <> 'sqlite_sequence'",
	    -1, &tables, NULL);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		table = (const char *)sqlite3_column_text(tables, 0);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) > 0 AND count(*) = (SELECT count(*) FROM "
		    "main.\"%s\") FROM old.\"%s\"",
		    table, table);
		if (schemas_number(handle, sql) != 1 ||
		    rows_missing(handle, "old", "main", table) != 0)
			fail_msg("rows of '%s' were lost or changed", table);
		count++;
	}
	sqlite3_finalize(tables);
	assert_true(count >= 23);

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
	/* What metadata/ is to have copies of is on its list. */
	db_number(db, NULL, &n,
	    "SELECT (SELECT count(*) FROM dirty) - (SELECT count(*) FROM crash)"
	    " - (SELECT count(*) FROM bucket) - (SELECT count(*) FROM job)"
	    " - (SELECT count(*) FROM build) - (SELECT count(*) FROM target)"
	    " - (SELECT count(*) FROM project) - (SELECT count(*) FROM bot)",
	    "");
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
	assert_true(schemas_same(s, COPY, &before));
	assert_int_equal(schemas_number_in(s, COPY, "PRAGMA user_version"), 1);
	assert_int_equal(schemas_number_in(s, COPY, "PRAGMA application_id"),
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
	fstatat(s->fd, COPY, &first, 0);
	db_close(schemas_db(s));
	fstatat(s->fd, COPY, &second, 0);
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
	struct digest old = schemas_content(s, DATA), new;
	int n, olds = 0, news = 0;

	schemas_copy(s, DATA, "original");
	upgrade(s);
	new = schemas_content(s, DATA);
	/* Page after page is written: each third will do. */
	for (n = 1;; n += n < 30 ? 1 : 3) {
		fs_remove_tree(s->fd, "data", NULL);
		close(fs_make_dir_open(s->fd, "data", 0755, NULL));
		schemas_copy(s, "original", DATA);
		if (!killed_at(n, upgrade, s))
			break;
		if (schemas_number_in(s, DATA, "PRAGMA user_version") == 1) {
			olds++;
			assert_true(schemas_same(s, DATA, &old));
		} else {
			news++;
			assert_true(schemas_same(s, DATA, &new));
		}
		/* A copy that has its name is whole. */
		if (faccessat(s->fd, COPY, F_OK, 0) == 0)
			assert_true(schemas_same(s, COPY, &old));
		upgrade(s);
		assert_true(schemas_same(s, DATA, &new));
		assert_true(schemas_same(s, COPY, &old));
	}
	print_message("killed: %d old, %d new\n", olds, news);
	assert_true(olds > 20 && news > 5);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, schemas_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(every_row_and_its_meaning_is_kept),
	    T(the_upgraded_one_is_sound),
	    T(a_new_database_and_an_upgraded_one_have_the_same_tables),
	    T(the_copy_is_the_database_as_it_was),
	    T(a_second_open_changes_nothing),
	    T(a_kill_leaves_the_old_schema_or_the_new_one_whole),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
