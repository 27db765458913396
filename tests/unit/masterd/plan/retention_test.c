/*
 * Which builds stay: nights of builds, and what holds single ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/plan/retention.h"

#define DAY 86400000ull
/* Monday, 5 January 1970, 02:00: nightly builds are made from here on. */
#define START (4 * DAY + 2 * 3600000ull)

static struct retain_build *
nights(size_t count)
{
	struct retain_build *b = mem_array(count, sizeof(*b));
	size_t i;

	for (i = 0; i < count; i++) {
		b[i].id = (int64_t)i + 1;
		b[i].line = "zlib/main/libfuzzer/address";
		b[i].added_ms = START + i * DAY;
		b[i].state = RETAIN_GOOD;
	}
	return b;
}

static size_t
kept(const struct retain_build *b, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += b[i].kept != NULL;
	return n;
}

static void
expect_reason(const struct retain_build *b, const char *word)
{
	if (b->kept == NULL || strstr(b->kept, word) == NULL)
		fail_msg("%jd: %s", (intmax_t)b->id,
		    b->kept == NULL ? "goes" : b->kept);
}

static void
two_weeks_stay_and_then_one_a_week(void **state)
{
	struct retain_build *b = nights(70);
	uint64_t now = START + 69 * DAY + 3600000;
	size_t i;

	(void)state;
	retain_decide(b, 70, &RETAIN_DEFAULT, now);
	for (i = 0; i < 70; i++)
		if (i >= 56)
			assert_non_null(b[i].kept);
		else if (i % 7 == 6) /* Sundays */
			expect_reason(&b[i], "week");
		else
			assert_null(b[i].kept);
	assert_int_equal(kept(b, 70), 14 + 8);
	expect_reason(&b[69], "newest good");
	expect_reason(&b[57], "young");
	free(b);
}

/* Asked each hour for a year, with what went gone: a build that was kept for
 * its week is never let go of later. */
static void
asking_often_ends_where_asking_once_does(void **state)
{
	struct retain_build *once = nights(200), *often = nights(200);
	size_t have = 0, i, n, night;
	uint64_t now = 0;

	(void)state;
	for (night = 0; night < 200; night++) {
		often[have++] = once[night];
		now = START + night * DAY + 3600000;
		retain_decide(often, have, &RETAIN_DEFAULT, now);
		for (i = n = 0; i < have; i++)
			if (often[i].kept != NULL)
				often[n++] = often[i];
		have = n;
	}
	retain_decide(once, 200, &RETAIN_DEFAULT, now);
	assert_int_equal(have, kept(once, 200));
	for (i = 0; i < have; i++)
		assert_non_null(once[often[i].id - 1].kept);
	free(once);
	free(often);
}

static void
a_limit_ends_the_weekly_ones_too(void **state)
{
	const struct retain_policy policy = {14 * DAY, 28 * DAY};
	const struct retain_policy none = {14 * DAY, 0};
	struct retain_build *b = nights(70);
	uint64_t now = START + 69 * DAY + 3600000;

	(void)state;
	retain_decide(b, 70, &policy, now);
	assert_int_equal(kept(b, 70), 14 + 2);
	retain_decide(b, 70, &none, now);
	assert_int_equal(kept(b, 70), 14);
	free(b);
}

static void
what_is_held_stays_whatever_its_age(void **state)
{
	static const struct {
		unsigned held;
		const char *word;
	} all[] = {{RETAIN_PIN, "pinned"}, {RETAIN_JOB, "a job uses"},
	    {RETAIN_LEASE, "a bot works"}, {RETAIN_BUCKET, "bucket"},
	    {RETAIN_CHECK, "checked"}};
	struct retain_build *b = nights(30);
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		b[i].held = all[i].held;
	retain_decide(b, 30, &RETAIN_DEFAULT, START + 1000 * DAY);
	for (i = 0; i < 5; i++)
		expect_reason(&b[i], all[i].word);
	assert_null(b[5].kept);
	free(b);
}

static void
bad_ones_go_and_do_not_take_their_weeks_place(void **state)
{
	struct retain_build *b = nights(21);
	size_t i;

	(void)state;
	for (i = 4; i < 7; i++)
		b[i].state = RETAIN_BAD;
	for (i = 7; i < 14; i++)
		b[i].state = i == 9 ? RETAIN_NEW : RETAIN_BAD;
	b[20].state = RETAIN_BAD;
	retain_decide(b, 21, &RETAIN_DEFAULT, START + 100 * DAY);
	expect_reason(&b[3], "week");
	assert_null(b[6].kept);
	expect_reason(&b[9], "week"); /* never checked, but nothing better */
	expect_reason(&b[19], "newest good");
	assert_null(b[20].kept);
	assert_int_equal(kept(b, 21), 3);
	free(b);
}

static void
lines_do_not_know_each_other(void **state)
{
	struct retain_build *b = nights(4);

	(void)state;
	b[0].line = "zlib/dev/libfuzzer/address";
	b[1].line = "zlib/main/libfuzzer/undefined";
	b[2].line = "png/main/libfuzzer/address";
	retain_decide(b, 4, &RETAIN_DEFAULT, START + 1000 * DAY);
	assert_int_equal(kept(b, 4), 4);
	free(b);
}

static void
the_newest_is_so_by_time_or_by_order(void **state)
{
	struct retain_build *b = nights(3);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		b[i].ordered = true;
	b[0].order = 9; /* it came first, and is the last of its branch */
	b[1].order = 1;
	b[2].order = 2;
	retain_needed(b, 3);
	expect_reason(&b[0], "newest good");
	assert_null(b[1].kept);
	expect_reason(&b[2], "newest good");
	free(b);
}

static void
an_administrator_is_not_told_that_it_is_young(void **state)
{
	struct retain_build *b = nights(3);

	(void)state;
	b[0].held = RETAIN_BUCKET;
	retain_needed(b, 3);
	expect_reason(&b[0], "bucket");
	assert_null(b[1].kept);
	expect_reason(&b[2], "newest good");
	retain_needed(NULL, 0);
	free(b);
}

static void
a_clock_that_was_set_back_removes_nothing(void **state)
{
	struct retain_build *b = nights(5);

	(void)state;
	retain_decide(b, 5, &RETAIN_DEFAULT, 0);
	assert_int_equal(kept(b, 5), 5);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_weeks_stay_and_then_one_a_week),
	    cmocka_unit_test(asking_often_ends_where_asking_once_does),
	    cmocka_unit_test(a_limit_ends_the_weekly_ones_too),
	    cmocka_unit_test(what_is_held_stays_whatever_its_age),
	    cmocka_unit_test(bad_ones_go_and_do_not_take_their_weeks_place),
	    cmocka_unit_test(lines_do_not_know_each_other),
	    cmocka_unit_test(the_newest_is_so_by_time_or_by_order),
	    cmocka_unit_test(an_administrator_is_not_told_that_it_is_young),
	    cmocka_unit_test(a_clock_that_was_set_back_removes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
