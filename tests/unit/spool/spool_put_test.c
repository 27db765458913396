/* spool_put: stage, commit, and nothing is ever replaced. */
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
lower_case(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z';
}

static const struct spool_names names = {lower_case, strcmp};

static struct spool *
open_spool(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);

	assert_non_null(sp);
	return sp;
}

static void
what_is_staged_is_only_in_tmp_until_the_commit(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	int fd = spool_stage(sp, "a", NULL);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "1", 1), 1);
	assert_int_equal(scratch_count(s->fd, "in/new"), 0);
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 1);
	assert_int_equal(spool_commit(sp, fd, "a", NULL), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_true(scratch_holds(s->fd, "in/new/a", "1", 1));
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 0);
	spool_close(sp);
}

static void
what_is_given_up_leaves_nothing(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	int fd = spool_stage(sp, "a", NULL);

	spool_unstage(sp, fd, "a");
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 0);
	/* The name may be used again (PROTOCOL 4). */
	assert_int_equal(spool_put(sp, "a", "2", 1, NULL), 0);
	spool_close(sp);
}

static void
a_name_in_new_is_never_replaced(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct err e = {0};

	assert_int_equal(spool_put(sp, "a", "1", 1, NULL), 0);
	assert_int_equal(spool_put(sp, "a", "other", 5, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_false(spool_broken(sp));
	assert_true(scratch_holds(s->fd, "in/new/a", "1", 1));
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 0);
	/* Nor a folder or a link that lies there. */
	assert_int_equal(mkdirat(s->fd, "in/new/b", 0700), 0);
	assert_int_equal(spool_put(sp, "b", "1", 1, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(symlinkat("nowhere", s->fd, "in/new/c"), 0);
	assert_int_equal(spool_put(sp, "c", "1", 1, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	spool_close(sp);
}

static void
two_cannot_stage_the_same_name(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct err e = {0};
	int fd = spool_stage(sp, "a", NULL);

	assert_int_equal(write(fd, "1", 1), 1);
	assert_int_equal(spool_put(sp, "a", "2", 1, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(spool_commit(sp, fd, "a", NULL), 0);
	assert_true(scratch_holds(s->fd, "in/new/a", "1", 1));
	spool_close(sp);
}

static void
a_link_in_tmp_is_not_followed(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	assert_int_equal(symlinkat("../../out", s->fd, "in/tmp/a"), 0);
	assert_int_equal(spool_put(sp, "a", "1", 1, NULL), -1);
	assert_int_equal(faccessat(s->fd, "out", F_OK, 0), -1);
	spool_close(sp);
}

static void
names_pass_the_gate_on_the_way_in_too(void **state)
{
	static const char *const bad[] = {
	    "", ".", "..", ".a", "a/b", "../a", "A", "/a"};
	char longest[SPOOL_NAME_MAX + 2];
	struct spool *sp = open_spool(state);
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(spool_stage(sp, bad[i], &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
	memset(longest, 'a', sizeof(longest));
	longest[SPOOL_NAME_MAX + 1] = '\0';
	assert_int_equal(spool_stage(sp, longest, &e), -1);
	longest[SPOOL_NAME_MAX] = '\0';
	assert_int_equal(spool_put(sp, longest, "1", 1, &e), 0);
	spool_close(sp);
}

static void
an_entry_may_be_empty(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	assert_int_equal(spool_put(sp, "a", "", 0, NULL), 0);
	assert_true(scratch_holds(s->fd, "in/new/a", "", 0));
	spool_close(sp);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_staged_is_only_in_tmp_until_the_commit),
	    TEST(what_is_given_up_leaves_nothing),
	    TEST(a_name_in_new_is_never_replaced),
	    TEST(two_cannot_stage_the_same_name),
	    TEST(a_link_in_tmp_is_not_followed),
	    TEST(names_pass_the_gate_on_the_way_in_too),
	    TEST(an_entry_may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
