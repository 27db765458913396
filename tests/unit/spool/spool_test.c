/* spool: opened on folders, not on paths. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spool/spool.h"
#include "tests/unit/scratch.h"

static bool
any_name(const char *name)
{
	(void)name;
	return true;
}

static const struct spool_names names = {any_name, strcmp};

static void
what_is_missing_is_said(void **state)
{
	struct scratch *s = *state;
	struct err e = {0};

	assert_null(spool_open(s->fd, "in", &names, false, &e));
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "'in'"));
	assert_int_equal(mkdirat(s->fd, "in", 0750), 0);
	assert_null(spool_open(s->fd, "in", &names, false, &e));
	assert_non_null(strstr(e.text, "'tmp'"));
	assert_int_equal(mkdirat(s->fd, "in/tmp", 0750), 0);
	assert_null(spool_open(s->fd, "in", &names, false, &e));
	assert_non_null(strstr(e.text, "'new'"));
	assert_int_equal(mkdirat(s->fd, "in/new", 0750), 0);
	spool_close(spool_open(s->fd, "in", &names, false, &e));
	assert_int_equal(scratch_open_fds(), s->open_fds);
}

static void
folders_are_made_when_asked_for(void **state)
{
	struct scratch *s = *state;
	struct spool *sp;

	sp = spool_open(s->fd, "a/b/in", &names, true, NULL);
	assert_non_null(sp);
	assert_int_equal(spool_put(sp, "x", "1", 1, NULL), 0);
	assert_true(scratch_holds(s->fd, "a/b/in/new/x", "1", 1));
	spool_close(sp);
	spool_close(NULL);
	assert_int_equal(scratch_open_fds(), s->open_fds);
}

static void
a_link_is_no_folder(void **state)
{
	struct scratch *s = *state;
	struct err e = {0};

	assert_int_equal(mkdirat(s->fd, "in", 0750), 0);
	assert_int_equal(mkdirat(s->fd, "in/tmp", 0750), 0);
	assert_int_equal(symlinkat("tmp", s->fd, "in/new"), 0);
	assert_null(spool_open(s->fd, "in", &names, false, &e));
	assert_null(spool_open(s->fd, "in", &names, true, &e));
}

/* The one who gave "at" may close it. */
static void
a_spool_keeps_its_own_descriptors(void **state)
{
	struct scratch *s = *state;
	int at = dup(s->fd);
	struct spool *sp = spool_open(at, "in", &names, true, NULL);

	close(at);
	assert_int_equal(spool_reopen(sp, NULL), 0);
	assert_int_equal(spool_put(sp, "x", "1", 1, NULL), 0);
	spool_close(sp);
}

static void
move_away(struct scratch *s)
{
	assert_int_equal(renameat(s->fd, "in", s->fd, "moved"), 0);
	assert_int_equal(mkdirat(s->fd, "in", 0750), 0);
	assert_int_equal(mkdirat(s->fd, "in/tmp", 0750), 0);
	assert_int_equal(mkdirat(s->fd, "in/new", 0750), 0);
}

static void
a_moved_folder_stays_ours_until_reopen(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);

	assert_int_equal(spool_put(sp, "a", "1", 1, NULL), 0);
	move_away(s);
	assert_int_equal(spool_put(sp, "b", "2", 1, NULL), 0);
	assert_true(scratch_holds(s->fd, "moved/new/b", "2", 1));
	assert_int_equal(scratch_count(s->fd, "in/new"), 0);

	assert_int_equal(spool_reopen(sp, NULL), 0);
	assert_int_equal(spool_put(sp, "c", "3", 1, NULL), 0);
	assert_true(scratch_holds(s->fd, "in/new/c", "3", 1));
	spool_close(sp);
	assert_int_equal(scratch_open_fds(), s->open_fds);
}

/* Start-up, overflow, a timer and this all lead to the same scan. */
static void
after_reopen_a_scan_adds_what_the_new_folder_holds(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);

	assert_int_equal(spool_put(sp, "b", "1", 1, NULL), 0);
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	move_away(s);
	scratch_file(s->fd, "in/new/a", "2", 1);
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	assert_int_equal(spool_waiting(sp), 1);
	assert_int_equal(spool_reopen(sp, NULL), 0);
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	assert_int_equal(spool_waiting(sp), 2);
	assert_string_equal(spool_next(sp), "a");
	/* Its file is in the folder that was moved: its taker sees that. */
	assert_string_equal(spool_next(sp), "b");
	assert_int_equal(spool_done(sp, "b", NULL), 0);
	spool_close(sp);
}

static void
a_reopen_that_fails_changes_nothing(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);
	struct err e = {0};

	assert_int_equal(renameat(s->fd, "in", s->fd, "moved"), 0);
	assert_int_equal(spool_reopen(sp, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(spool_put(sp, "a", "1", 1, NULL), 0);
	assert_true(scratch_holds(s->fd, "moved/new/a", "1", 1));
	spool_close(sp);
	assert_int_equal(scratch_open_fds(), s->open_fds);
}

static void
the_folders_can_be_watched(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);
	struct stat a, b;

	assert_int_equal(fstat(spool_new_fd(sp), &a), 0);
	assert_int_equal(fstatat(s->fd, "in/new", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(fstat(spool_tmp_fd(sp), &a), 0);
	assert_int_equal(fstatat(s->fd, "in/tmp", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	spool_close(sp);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_missing_is_said),
	    TEST(folders_are_made_when_asked_for),
	    TEST(a_link_is_no_folder),
	    TEST(a_spool_keeps_its_own_descriptors),
	    TEST(a_moved_folder_stays_ours_until_reopen),
	    TEST(after_reopen_a_scan_adds_what_the_new_folder_holds),
	    TEST(a_reopen_that_fails_changes_nothing),
	    TEST(the_folders_can_be_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
