/*
 * The way back to the copy that was kept, and how one database takes another's
 * place; killed at every call that changes a file.
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
#include "tests/unit/masterd/db/killed.h"
#include "tests/unit/masterd/db/schemas.h"

/* ---- back ------------------------------------------------------------ */

static void
note(struct scratch *s, const char *what)
{
	struct db *db = schemas_db(s);

	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_event(db, "master", what, "x", "", "", NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	db_close(db);
}

#define NOTED "SELECT count(*) FROM event WHERE what = 'since.then'"

static void
downgraded(struct scratch *s, struct db_downgrade *d)
{
	struct err e = {.text = ""};

	if (db_downgrade(s->fd, 1, d, &e) == -1)
		fail_msg("%s", e.text);
}

static void
a_downgrade_puts_the_copy_back_and_keeps_the_present(void **state)
{
	struct scratch *s = *state;
	struct digest old = schemas_content(s, DATA);
	struct db_downgrade d;
	char kept[128];

	note(s, "since.then");
	downgraded(s, &d);
	assert_int_equal(d.from, DB_SCHEMA);
	assert_true(d.copied_ms > 1700000000000);
	assert_true(schemas_same(s, DATA, &old));
	assert_true(schemas_same(s, COPY, &old));
	assert_int_equal(strncmp(d.kept, "pandafuzz.db.schema-4-20", 24), 0);
	snprintf(kept, sizeof(kept), "data/%s", d.kept);
	assert_int_equal(
	    schemas_number_in(s, kept, "PRAGMA user_version"), DB_SCHEMA);
	assert_int_equal(schemas_number_in(s, kept, NOTED), 1);

	/* Twice is once. */
	downgraded(s, &d);
	assert_int_equal(d.from, 1);
	assert_string_equal(d.kept, "");

	/* And up again. */
	note(s, "since.then");
	assert_int_equal(schemas_number_in(s, DATA, NOTED), 1);
	assert_true(schemas_same(s, COPY, &old));
}

static void
cannot_downgrade(struct scratch *s, int to, const char *word)
{
	struct db_downgrade d;
	struct err e = {.text = ""};

	assert_int_equal(db_downgrade(s->fd, to, &d, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	if (strstr(e.text, word) == NULL)
		fail_msg("'%s' is not in '%s'", word, e.text);
}

static void
one_step_back_is_to_the_schema_before(void **state)
{
	struct scratch *s = *state;
	struct digest old = schemas_content(s, DATA);
	struct db_downgrade d;
	struct err e;

	note(s, "since.then");
	assert_int_equal(db_downgrade(s->fd, 2, &d, &e), 0);
	assert_int_equal(d.from, DB_SCHEMA);
	assert_true(schemas_same(s, DATA, &old));
	cannot_downgrade(s, 1, "there is no copy of schema 1");
	note(s, "since.then");
	assert_int_equal(schemas_number_in(s, DATA, NOTED), 1);
}

static void
what_was_only_in_the_log_is_kept(void **state)
{
	struct scratch *s = *state;
	struct db_downgrade d;
	struct stat st;
	char kept[128];
	int status;
	pid_t pid;
	struct db *db;

	db_close(schemas_db(s));
	if ((pid = fork()) == 0) {
		db = db_open(s->fd, NULL);
		db_begin(db, NULL);
		db_event(db, "master", "since.then", "x", "", "", NULL);
		db_commit(db, NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(fstatat(s->fd, DATA "-wal", &st, 0), 0);
	assert_true(st.st_size > 0);
	downgraded(s, &d);
	assert_int_equal(fstatat(s->fd, DATA "-wal", &st, 0), -1);
	snprintf(kept, sizeof(kept), "data/%s", d.kept);
	assert_int_equal(schemas_number_in(s, kept, NOTED), 1);
	assert_int_equal(schemas_number_in(s, DATA, NOTED), 0);
}

static void
a_damaged_database_is_put_aside_with_its_log(void **state)
{
	struct scratch *s = *state;
	struct digest old = schemas_content(s, DATA);
	struct db_downgrade d;
	char kept[128];

	db_close(schemas_db(s));
	scratch_file(s->fd, DATA, "no database", 11);
	scratch_file(s->fd, DATA "-wal", "no log", 6);
	downgraded(s, &d);
	assert_int_equal(d.from, 0);
	assert_true(schemas_same(s, DATA, &old));
	snprintf(kept, sizeof(kept), "data/%s", d.kept);
	assert_true(scratch_holds(s->fd, kept, "no database", 11));
}

static void
without_a_whole_copy_nothing_is_done(void **state)
{
	struct scratch *s = *state;
	struct digest now;

	cannot_downgrade(s, 1, "there is no copy of schema 1");
	db_close(schemas_db(s));
	now = schemas_content(s, DATA);
	cannot_downgrade(s, 0, "can go back to 1 to 3");
	cannot_downgrade(s, 4, "can go back to 1 to 3");
	schemas_copy(s, DATA, COPY);
	cannot_downgrade(s, 1, "no whole database of schema 1");
	scratch_file(s->fd, COPY, "SQLite format 3", 15);
	cannot_downgrade(s, 1, "no whole database of schema 1");
	assert_true(schemas_same(s, DATA, &now));
}

static void
go_back(void *arg)
{
	struct db_downgrade d;

	(void)db_downgrade(((struct scratch *)arg)->fd, 1, &d, NULL);
}

struct look {
	struct scratch *s;
	int noted;
};

static int
look_at(void *arg, int dirfd, const char *name)
{
	struct look *look = arg;
	char path[300];

	(void)dirfd;
	snprintf(path, sizeof(path), "data/%s", name);
	if (strstr(name, "-wal") == NULL && strstr(name, "-shm") == NULL &&
	    strstr(name, ".new") == NULL && strstr(name, ".tmp") == NULL)
		look->noted += schemas_number_in(look->s, path, NOTED) == 1;
	return 0;
}

static void
a_killed_downgrade_loses_nothing_and_goes_on(void **state)
{
	struct scratch *s = *state;
	struct digest old = schemas_content(s, DATA), new;
	struct look look;
	int n, dir;

	note(s, "since.then");
	new = schemas_content(s, DATA);
	schemas_copy(s, DATA, "upgraded");
	schemas_copy(s, COPY, "copy");
	for (n = 1;; n++) {
		fs_remove_tree(s->fd, "data", NULL);
		close(fs_make_dir_open(s->fd, "data", 0755, NULL));
		schemas_copy(s, "upgraded", DATA);
		schemas_copy(s, "copy", COPY);
		if (!killed_at(n, go_back, s))
			break;
		assert_true(
		    schemas_same(s, DATA, &old) || schemas_same(s, DATA, &new));
		go_back(s);
		assert_true(schemas_same(s, DATA, &old));
		look = (struct look){s, 0};
		dir = fs_open_dir(s->fd, "data", NULL);
		assert_int_equal(fs_each(dir, look_at, &look, NULL), 0);
		close(dir);
		assert_true(look.noted >= 1);
	}
	assert_true(n > 5);
}

/* ---- a new one in its place ------------------------------------------ */

static void
a_new_one_is_nothing_until_it_is_put_in_place(void **state)
{
	struct scratch *s = *state;
	struct digest old;
	char kept[96], path[128];
	struct db *db;

	db_close(schemas_db(s));
	old = schemas_content(s, DATA);
	assert_non_null(db = db_open_new(s->fd, NULL));
	db_begin(db, NULL);
	db_set_setting(db, "half", "1", NULL);
	db_commit(db, NULL);
	db_close(db);
	assert_true(schemas_same(s, DATA, &old));

	assert_non_null(db = db_open_new(s->fd, NULL));
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_set_setting(db, "whole", "1", NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	assert_int_equal(
	    db_put_in_place(db, s->fd, "before-rebuild", kept, NULL), 0);
	snprintf(path, sizeof(path), "data/%s", kept);
	assert_true(schemas_same(s, path, &old));
	db = schemas_db(s);
	assert_int_equal(schemas_number_in(s, DATA,
			     "SELECT group_concat(key) = 'whole' FROM setting"),
	    1);
	db_close(db);
}

static void
where_none_was_none_is_kept(void **state)
{
	struct scratch *s = *state;
	char kept[96];
	struct db *db;

	unlinkat(s->fd, DATA, 0);
	assert_non_null(db = db_open_new(s->fd, NULL));
	assert_int_equal(
	    db_put_in_place(db, s->fd, "before-rebuild", kept, NULL), 0);
	assert_string_equal(kept, "");
	db_close(schemas_db(s));
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, schemas_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_downgrade_puts_the_copy_back_and_keeps_the_present),
	    cmocka_unit_test_setup_teardown(
		one_step_back_is_to_the_schema_before, schemas_setup_2,
		scratch_teardown),
	    T(what_was_only_in_the_log_is_kept),
	    T(a_damaged_database_is_put_aside_with_its_log),
	    T(without_a_whole_copy_nothing_is_done),
	    T(a_killed_downgrade_loses_nothing_and_goes_on),
	    T(a_new_one_is_nothing_until_it_is_put_in_place),
	    T(where_none_was_none_is_kept),
	};

	return cmocka_run_group_tests_name("downgrade", tests, NULL, NULL);
}
