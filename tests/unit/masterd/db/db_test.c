/* The connection: opening, refusing, settings, transactions. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
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

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/retention.h"
#include "tests/unit/scratch.h"

static struct db *
open_db(void **state)
{
	struct scratch *s = *state;
	struct err e = {.text = ""};
	struct db *db = db_open(s->fd, &e);

	if (db == NULL)
		fail_msg("%s", e.text);
	return db;
}

static void
refuses(void **state, enum err_class cls, const char *word)
{
	struct scratch *s = *state;
	struct err e = {.text = ""};

	assert_null(db_open(s->fd, &e));
	assert_int_equal(e.cls, cls);
	if (strstr(e.text, word) == NULL)
		fail_msg("'%s' is not in '%s'", word, e.text);
}

/* A statement by a connection of its own, as somebody else would run it. */
static void
outside(void **state, const char *sql)
{
	struct scratch *s = *state;
	char path[100];
	sqlite3 *handle;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", s->path);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static int64_t
number(struct db *db, const char *sql)
{
	int64_t n = -1;

	assert_int_not_equal(db_number(db, NULL, &n, sql, ""), -1);
	return n;
}

/* ---- opening --------------------------------------------------------- */

static void
a_new_database_has_the_schema_and_opens_again(void **state)
{
	struct db *db = open_db(state);
	int i;

	assert_int_equal(number(db, "PRAGMA user_version"), DB_SCHEMA);
	db_close(db);
	for (i = 0; i < 2; i++) {
		db = open_db(state);
		assert_int_equal(number(db, "SELECT count(*) FROM bot"), 0);
		db_close(db);
	}
}

static void
every_table_is_strict(void **state)
{
	struct db *db = open_db(state);

	assert_int_equal(number(db,
			     "SELECT count(*) FROM pragma_table_list WHERE "
			     "schema = 'main' AND type = 'table' AND name NOT "
			     "LIKE 'sqlite_%' AND NOT strict"),
	    0);
	assert_true(
	    number(db, "SELECT count(*) FROM pragma_table_list WHERE strict") >
	    20);
	db_close(db);
}

static void
its_settings_are_those_of_the_design(void **state)
{
	struct db *db = open_db(state);
	sqlite3_stmt *row;
	int on;

	assert_int_equal(
	    db_query(db, NULL, &row, "PRAGMA journal_mode", ""), 1);
	assert_string_equal(db_text(row, 0), "wal");
	db_end(row);
	assert_int_equal(number(db, "PRAGMA synchronous"), 2);
	assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(db, "PRAGMA wal_autocheckpoint"), 0);
	assert_int_equal(number(db, "PRAGMA mmap_size"), 0);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, -1, &on);
	assert_int_equal(on, 1);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &on);
	assert_int_equal(on, 0);
	assert_int_equal(db_leave_out_syncs(db, NULL), 0);
	assert_int_equal(number(db, "PRAGMA synchronous"), 0);
	db_close(db);
}

static void
a_newer_schema_is_refused_and_left_alone(void **state)
{
	db_close(open_db(state));
	outside(state, "PRAGMA user_version=9");
	refuses(state, ERR_REFUSED, "newer version");
	outside(state, "PRAGMA user_version=4");
	db_close(open_db(state));
}

static void
another_programs_database_is_refused(void **state)
{
	struct scratch *s = *state;

	close(fs_make_dir_open(s->fd, "data", 0755, NULL));
	outside(state, "CREATE TABLE x (y); PRAGMA user_version=1");
	refuses(state, ERR_REFUSED, "not a database of PandaFuzz");
}

static void
a_damaged_file_is_not_opened(void **state)
{
	struct scratch *s = *state;
	char junk[8192];
	int fd;

	db_close(open_db(state));
	memset(junk, 0xa5, sizeof(junk));
	fd = openat(s->fd, "data/pandafuzz.db", O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 8192), 8192);
	close(fd);
	refuses(state, ERR_BUG, "damaged");
}

/* ---- DESIGN of this folder ------------------------------------------- */

static char *
design(void)
{
	struct buf text = BUF_INIT;

	assert_int_equal(
	    fs_read_file(AT_FDCWD, "masterd/db/DESIGN", &text, 1 << 20, NULL),
	    0);
	return buf_detach(&text);
}

static void
every_table_and_index_stands_in_design(void **state)
{
	struct db *db = open_db(state);
	char *text = design(), word[80];
	sqlite3_stmt *row;
	int got, count = 0;

	got = db_query(db, NULL, &row,
	    "SELECT name, type FROM sqlite_master WHERE type IN ('table', "
	    "'index') AND name NOT LIKE 'sqlite_%'",
	    "");
	for (; got == 1; got = db_next(db, NULL, row), count++) {
		snprintf(word, sizeof(word),
		    strcmp(db_text(row, 1), "table") == 0 ? "\n  %s " : "%s",
		    db_text(row, 0));
		if (strstr(text, word) == NULL)
			fail_msg("'%s' is not in masterd/db/DESIGN", word);
	}
	assert_true(count > 40);
	free(text);
	db_close(db);
}

static void
every_rule_of_retention_stands_in_design(void **state)
{
	char *text = design(), word[80];
	char *from, *to;
	size_t i;

	(void)state;
	/* One line, for a name may be broken by one. */
	for (from = to = text; *from != '\0'; from++)
		if (*from != '\n' &&
		    (*from != ' ' || to == text || to[-1] != ' '))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
	for (i = 0; retention_rule(i) != NULL; i++) {
		snprintf(word, sizeof(word), "\"%s\"", retention_rule(i));
		if (strstr(text, word) == NULL)
			fail_msg("%s is not in masterd/db/DESIGN", word);
	}
	free(text);
}

/* "thing old -> a, b" lines of the section, as "thing old new" in "out". */
static void
transitions_of(char *text, struct buf *out)
{
	char thing[32] = "", *line, *next, *old, *arrow, *news, *word;

	line = strstr(text, "\nWhich state may follow which\n");
	assert_non_null(line);
	for (line = strchr(line + 1, '\n') + 1; *line == ' '; line = next) {
		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		arrow = strstr(line, " -> ");
		assert_non_null(arrow);
		*arrow = '\0';
		old = strrchr(line, ' ') + 1;
		if (line[2] != ' ')
			snprintf(thing, sizeof(thing), "%.*s",
			    (int)strcspn(line + 2, " "), line + 2);
		for (news = arrow + 4; (word = strsep(&news, ", ")) != NULL;)
			if (*word != '\0')
				buf_printf(out, "(%s %s %s)", thing, old, word);
	}
}

static void
transitions_are_those_of_design(void **state)
{
	struct db *db = open_db(state);
	struct buf said = BUF_INIT;
	char *text = design(), word[80];
	sqlite3_stmt *row;
	size_t all = 0;
	int got;

	transitions_of(text, &said);
	got = db_query(
	    db, NULL, &row, "SELECT thing, old, new FROM transition", "");
	for (; got == 1; got = db_next(db, NULL, row)) {
		snprintf(word, sizeof(word), "(%s %s %s)", db_text(row, 0),
		    db_text(row, 1), db_text(row, 2));
		if (strstr(buf_text(&said), word) == NULL)
			fail_msg("%s is not in masterd/db/DESIGN", word);
		all += strlen(word);
	}
	assert_int_equal(all, said.len);
	buf_release(&said);
	free(text);
	db_close(db);
}

/* ---- transactions ---------------------------------------------------- */

static void
what_was_committed_outlives_a_kill(void **state)
{
	pid_t pid;
	struct db *db;
	struct buf value = BUF_INIT;
	int status;

	if ((pid = fork()) == 0) {
		db = open_db(state);
		db_begin(db, NULL);
		db_set_setting(db, "a", "1", NULL);
		db_commit(db, NULL);
		db_begin(db, NULL);
		db_set_setting(db, "b", "2", NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	db = open_db(state);
	assert_int_equal(db_setting(db, "a", &value, NULL), 0);
	assert_string_equal(buf_text(&value), "1");
	assert_int_equal(db_setting(db, "b", &value, NULL), 1);
	buf_release(&value);
	db_close(db);
}

static void
a_part_can_be_undone(void **state)
{
	struct db *db = open_db(state);
	struct buf value = BUF_INIT;

	assert_int_equal(db_begin(db, NULL), 0);
	assert_true(db_in_transaction(db));
	db_set_setting(db, "a", "1", NULL);
	assert_int_equal(db_mark(db, NULL), 0);
	db_set_setting(db, "a", "2", NULL);
	db_set_setting(db, "b", "2", NULL);
	assert_int_equal(db_mark_undo(db, NULL), 0);
	assert_int_equal(db_mark(db, NULL), 0);
	db_set_setting(db, "c", "3", NULL);
	assert_int_equal(db_mark_keep(db, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	assert_false(db_in_transaction(db));
	db_setting(db, "a", &value, NULL);
	assert_string_equal(buf_text(&value), "1");
	assert_int_equal(db_setting(db, "b", &value, NULL), 1);
	assert_int_equal(db_setting(db, "c", &value, NULL), 0);
	buf_release(&value);
	db_close(db);
}

static void
each_transaction_has_a_number_of_its_own(void **state)
{
	struct db *db = open_db(state);
	uint64_t first;

	db_begin(db, NULL);
	first = db_transaction(db);
	db_rollback(db);
	db_begin(db, NULL);
	assert_int_not_equal(db_transaction(db), first);
	db_rollback(db);
	db_rollback(db); /* harmless outside of one */
	db_close(db);
}

static void
the_log_is_moved_over_when_it_has_grown(void **state)
{
	struct scratch *s = *state;
	struct db *db = open_db(state);
	struct stat st;
	char name[32];
	int i;

	for (i = 0; i < 4000 && !db_checkpoint_due(db); i++) {
		db_begin(db, NULL);
		snprintf(name, sizeof(name), "key-%d", i);
		db_set_setting(db, name, name, NULL);
		db_event(db, "master", "x", name, name, "", NULL);
		db_commit(db, NULL);
	}
	assert_true(db_checkpoint_due(db));
	assert_int_equal(fstatat(s->fd, "data/pandafuzz.db-wal", &st, 0), 0);
	assert_true(st.st_size > 1 << 20);
	assert_int_equal(db_checkpoint(db, NULL), 0);
	assert_false(db_checkpoint_due(db));
	assert_int_equal(fstatat(s->fd, "data/pandafuzz.db-wal", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
	db_close(db);
}

static void
a_reader_does_not_hold_up_a_checkpoint(void **state)
{
	struct scratch *s = *state;
	struct db *db = open_db(state);
	uint64_t before;
	sqlite3 *reader;
	char path[100];

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", s->path);
	assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
	sqlite3_exec(reader, "BEGIN; SELECT * FROM setting", NULL, NULL, NULL);
	db_begin(db, NULL);
	db_set_setting(db, "a", "1", NULL);
	db_commit(db, NULL);
	before = clock_up_ms();
	assert_int_equal(db_checkpoint(db, NULL), 0);
	assert_in_range(clock_up_ms() - before, 0, 2000);
	sqlite3_close(reader);
	db_close(db);
}

/* ---- errors ---------------------------------------------------------- */

static void
what_the_rules_forbid_is_a_conflict(void **state)
{
	struct db *db = open_db(state);
	struct err e;

	db_begin(db, NULL);
	assert_int_equal(db_run(db, &e,
			     "INSERT INTO ledger (epoch, seq, digest, kind, "
			     "outcome, bytes, records, sealed_ms, taken_ms) "
			     "VALUES (77, 1, zeroblob(32), 'x', 'ingested', "
			     "1, 1, 1, 1)",
			     ""),
	    -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(
	    db_run(db, &e, "INSERT INTO account VALUES (1, 5, 'x')", ""), -1);
	db_rollback(db);
	db_close(db);
}

static void
a_lock_is_waited_for_as_long_as_settings_say(void **state)
{
	struct scratch *s = *state;
	struct db *db = open_db(state);
	uint64_t before, took;
	char path[100];
	sqlite3 *other;
	struct err e;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", s->path);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	db_set_busy_timeout(db, 300);
	before = clock_up_ms();
	assert_int_equal(db_begin(db, &e), -1);
	took = clock_up_ms() - before;
	assert_int_equal(e.cls, ERR_AGAIN);
	/* By default it would be 5 s. */
	assert_in_range(took, 250, 3000);
	sqlite3_close(other);
	assert_int_equal(db_begin(db, &e), 0);
	db_rollback(db);
	db_close(db);
}

static void
a_full_disk_is_temporary(void **state)
{
	struct db *db = open_db(state);
	char name[40];
	struct err e;
	int i, rc = 0;

	/* As if there were room for a few more pages. */
	sqlite3_exec(db->handle, "PRAGMA max_page_count=1", NULL, NULL, NULL);
	for (i = 0; i < 10000 && rc == 0; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		db_begin(db, &e);
		rc = db_event(db, "master", name, name, name, name, &e);
		if (rc == 0)
			rc = db_commit(db, &e);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_int_equal(e.sys, ENOSPC);
	db_rollback(db);
	sqlite3_exec(
	    db->handle, "PRAGMA max_page_count=100000", NULL, NULL, NULL);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_event(db, "master", name, name, name, name, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	db_close(db);
}

static void
ids_are_16_hex_digits_and_never_the_same(void **state)
{
	struct db_id a = db_new_id(), b = db_new_id();

	(void)state;
	assert_int_equal(strspn(a.text, "0123456789abcdef"), 16);
	assert_string_not_equal(a.text, b.text);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_new_database_has_the_schema_and_opens_again),
	    T(every_table_is_strict),
	    T(its_settings_are_those_of_the_design),
	    T(a_newer_schema_is_refused_and_left_alone),
	    T(another_programs_database_is_refused),
	    T(a_damaged_file_is_not_opened),
	    T(every_table_and_index_stands_in_design),
	    T(every_rule_of_retention_stands_in_design),
	    T(transitions_are_those_of_design),
	    T(what_was_committed_outlives_a_kill),
	    T(a_part_can_be_undone),
	    T(each_transaction_has_a_number_of_its_own),
	    T(the_log_is_moved_over_when_it_has_grown),
	    T(a_reader_does_not_hold_up_a_checkpoint),
	    T(what_the_rules_forbid_is_a_conflict),
	    T(a_lock_is_waited_for_as_long_as_settings_say),
	    T(a_full_disk_is_temporary),
	    cmocka_unit_test(ids_are_16_hex_digits_and_never_the_same),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
