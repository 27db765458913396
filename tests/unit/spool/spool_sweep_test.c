/* spool_sweep: old debris goes, and only while clocks agree. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "spool/spool.h"
#include "tests/unit/scratch.h"

#define HOUR_MS (60ull * 60 * 1000)

static bool
any_name(const char *name)
{
	(void)name;
	return true;
}

static const struct spool_names names = {any_name, strcmp};

static struct spool *
open_spool(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);

	assert_non_null(sp);
	return sp;
}

static void
set_age(struct scratch *s, const char *path, uint64_t age_ms)
{
	struct timespec times[2] = {{0}};

	times[0].tv_sec = times[1].tv_sec =
	    (time_t)((clock_wall_ms() - age_ms) / 1000);
	assert_int_equal(utimensat(s->fd, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static bool
exists(struct scratch *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
only_what_is_older_than_36_hours_goes(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	scratch_file(s->fd, "in/tmp/old", "x", 1);
	scratch_file(s->fd, "in/tmp/.hidden", "x", 1);
	scratch_file(s->fd, "in/tmp/young", "x", 1);
	scratch_file(s->fd, "in/new/old", "x", 1);
	set_age(s, "in/tmp/old", 37 * HOUR_MS);
	set_age(s, "in/tmp/.hidden", 37 * HOUR_MS);
	set_age(s, "in/tmp/young", 35 * HOUR_MS);
	set_age(s, "in/new/old", 1000 * HOUR_MS);
	assert_int_equal(
	    spool_sweep(sp, SPOOL_DEBRIS_MS, clock_wall_ms(), NULL), 2);
	assert_false(exists(s, "in/tmp/old"));
	assert_false(exists(s, "in/tmp/.hidden"));
	assert_true(exists(s, "in/tmp/young"));
	assert_true(exists(s, "in/new/old"));
	/* And the probe of the clock is gone too. */
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 1);
	spool_close(sp);
}

static void
nothing_goes_while_clocks_disagree(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	uint64_t now = clock_wall_ms();
	struct err e = {0};

	scratch_file(s->fd, "in/tmp/old", "x", 1);
	set_age(s, "in/tmp/old", 40 * HOUR_MS);
	assert_int_equal(
	    spool_sweep(sp, SPOOL_DEBRIS_MS, now + 2 * HOUR_MS, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(
	    spool_sweep(sp, SPOOL_DEBRIS_MS, now - 2 * HOUR_MS, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_true(exists(s, "in/tmp/old"));
	assert_int_equal(
	    spool_sweep(sp, SPOOL_DEBRIS_MS, now + HOUR_MS / 2, &e), 1);
	assert_false(exists(s, "in/tmp/old"));
	spool_close(sp);
}

static void
old_folders_go_whole_and_links_are_not_followed(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	assert_int_equal(mkdirat(s->fd, "in/tmp/dir", 0700), 0);
	scratch_file(s->fd, "in/tmp/dir/file", "x", 1);
	scratch_file(s->fd, "kept", "x", 1);
	assert_int_equal(symlinkat("../../kept", s->fd, "in/tmp/link"), 0);
	set_age(s, "in/tmp/dir", 40 * HOUR_MS);
	set_age(s, "in/tmp/link", 40 * HOUR_MS);
	assert_int_equal(
	    spool_sweep(sp, SPOOL_DEBRIS_MS, clock_wall_ms(), NULL), 2);
	assert_int_equal(scratch_count(s->fd, "in/tmp"), 0);
	assert_true(exists(s, "kept"));
	spool_close(sp);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(only_what_is_older_than_36_hours_goes),
	    TEST(nothing_goes_while_clocks_disagree),
	    TEST(old_folders_go_whole_and_links_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
