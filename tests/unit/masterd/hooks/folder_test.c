/* masterd/hooks/folder: what is a program, and who may have put it there. */
#include <sys/resource.h>
#include <sys/stat.h>

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

#include "masterd/hooks/folder.h"
#include "tests/unit/scratch.h"

struct folder {
	struct scratch *scratch;
	char path[256];
	struct buf seen;
};

static void
put(struct folder *f, const char *name, mode_t mode)
{
	int fd = openat(f->scratch->fd, name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd != -1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
make(struct folder *f, const char *name, mode_t mode)
{
	assert_int_equal(mkdirat(f->scratch->fd, name, 0700), 0);
	assert_int_equal(fchmodat(f->scratch->fd, name, mode, 0), 0);
}

static int
setup(void **state)
{
	struct folder *f = mem_alloc(sizeof(*f));

	if (scratch_setup((void **)&f->scratch) == -1)
		return -1;
	make(f, "h", 0755);
	make(f, "h/bucket.new", 0755);
	snprintf(
	    f->path, sizeof(f->path), "/proc/self/fd/%d/h", f->scratch->fd);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct folder *f = *state;
	int rc = scratch_teardown((void **)&f->scratch);

	buf_release(&f->seen);
	free(f);
	return rc;
}

static int
see(void *arg, const char *hook)
{
	buf_printf(arg, "%s ", hook);
	return 0;
}

static const char *
programs(struct folder *f, const char *event)
{
	struct err e;

	buf_reset(&f->seen);
	assert_int_equal(folder_each(f->path, event, see, &f->seen, &e), 0);
	return buf_text(&f->seen);
}

static const char *
troubles(struct folder *f)
{
	buf_reset(&f->seen);
	folder_troubles(f->path, &f->seen);
	return buf_text(&f->seen);
}

static void
programs_come_in_order_and_other_files_are_none(void **state)
{
	struct folder *f = *state;

	put(f, "h/bucket.new/20-b", 0755);
	put(f, "h/bucket.new/10-a.sh", 0500);
	put(f, "h/bucket.new/README", 0644);
	put(f, "h/bucket.new/.hidden", 0755);
	put(f, "h/bucket.new/copy~", 0755);
	put(f, "h/bucket.new/a b", 0755);
	make(f, "h/bucket.new/folder", 0755);
	assert_string_equal(
	    programs(f, "bucket.new"), "bucket.new/10-a.sh bucket.new/20-b ");
	assert_string_equal(programs(f, "bot.lost"), "");
	assert_string_equal(programs(f, ".."), "");
	assert_string_equal(programs(f, "../h/bucket.new"), "");
	assert_string_equal(troubles(f), "");
}

static void
what_others_may_write_is_refused_and_said(void **state)
{
	struct folder *f = *state;
	struct err e;

	put(f, "h/bucket.new/good", 0755);
	assert_int_equal(folder_check(f->path, "bucket.new/good", &e), 0);
	put(f, "h/bucket.new/group", 0775);
	assert_int_equal(folder_check(f->path, "bucket.new/group", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, "chmod go-w"));
	assert_non_null(
	    strstr(troubles(f), "/bucket.new/group' may be written"));
	put(f, "h/bucket.new/world", 0707);
	assert_int_equal(folder_check(f->path, "bucket.new/world", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(folder_check(f->path, "bucket.new/none", &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
a_folder_that_others_may_write_has_no_programs(void **state)
{
	struct folder *f = *state;
	struct err e;

	put(f, "h/bucket.new/good", 0755);
	assert_int_equal(fchmodat(f->scratch->fd, "h/bucket.new", 0777, 0), 0);
	assert_string_equal(programs(f, "bucket.new"), "");
	assert_int_equal(folder_check(f->path, "bucket.new/good", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(troubles(f), "/bucket.new' may be written"));
	assert_int_equal(fchmodat(f->scratch->fd, "h/bucket.new", 0755, 0), 0);
	assert_int_equal(fchmodat(f->scratch->fd, "h", 0775, 0), 0);
	assert_string_equal(programs(f, "bucket.new"), "");
	assert_non_null(strstr(troubles(f), "h' may be written by others"));
}

static void
links_are_refused(void **state)
{
	struct folder *f = *state;
	struct err e;

	put(f, "h/bucket.new/good", 0755);
	assert_int_equal(
	    symlinkat("good", f->scratch->fd, "h/bucket.new/link"), 0);
	assert_int_equal(
	    symlinkat("bucket.new", f->scratch->fd, "h/bot.lost"), 0);
	assert_int_equal(folder_check(f->path, "bucket.new/link", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(folder_check(f->path, "bot.lost/good", &e), -1);
	assert_string_equal(programs(f, "bot.lost"), "");
}

/* Only root can give a file away. */
static void
another_users_program_is_refused(void **state)
{
	struct folder *f = *state;
	struct err e;

	if (geteuid() != 0)
		skip();
	put(f, "h/bucket.new/theirs", 0755);
	assert_int_equal(
	    fchownat(f->scratch->fd, "h/bucket.new/theirs", 65534, 65534, 0),
	    0);
	assert_int_equal(folder_check(f->path, "bucket.new/theirs", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, "chown root"));
}

static void
no_folder_is_no_trouble(void **state)
{
	struct folder *f = *state;

	snprintf(
	    f->path, sizeof(f->path), "/proc/self/fd/%d/none", f->scratch->fd);
	assert_string_equal(programs(f, "bucket.new"), "");
	assert_string_equal(troubles(f), "");
}

/* Else what happened just then would run nothing, for ever. */
static void
a_folder_that_cannot_be_read_now_is_not_empty(void **state)
{
	struct rlimit was, none;
	struct folder *f = *state;
	struct err e;
	int got;

	put(f, "h/bucket.new/10-a.sh", 0755);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){0, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	got = folder_each(f->path, "bucket.new", see, &f->seen, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(got, -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_string_equal(programs(f, "bucket.new"), "bucket.new/10-a.sh ");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(programs_come_in_order_and_other_files_are_none),
	    T(what_others_may_write_is_refused_and_said),
	    T(a_folder_that_others_may_write_has_no_programs),
	    T(links_are_refused),
	    T(another_users_program_is_refused),
	    T(no_folder_is_no_trouble),
	    T(a_folder_that_cannot_be_read_now_is_not_empty),
	};

	return cmocka_run_group_tests_name(
	    "masterd/hooks/folder", tests, NULL, NULL);
}
