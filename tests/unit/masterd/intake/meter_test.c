/* masterd/intake/meter: buckets in time, and what lies in folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/intake/meter.h"
#include "tests/unit/scratch.h"

#define NOW 1000000

/* How many may be taken at once. */
static int
drain(struct meter *m, enum meter_what what, uint64_t now)
{
	int n;

	for (n = 0; n < 100000 && meter_may(m, what, now); n++)
		meter_take(m, what, now);
	return n;
}

static void
without_a_rate_all_is_taken(void **state)
{
	struct meter m = {0};

	(void)state;
	assert_int_equal(drain(&m, METER_REST, NOW), 100000);
	assert_int_equal(meter_wait(&m, METER_REST, NOW), 0);
}

static void
a_minutes_worth_comes_at_once_and_then_its_rate(void **state)
{
	struct meter m = {0};
	uint64_t now = NOW;
	int second;

	(void)state;
	meter_set(&m, 120, now);
	assert_int_equal(drain(&m, METER_REST, now), 120);
	for (second = 0; second < 50; second++) {
		now += 1000;
		assert_int_equal(drain(&m, METER_REST, now), 2);
	}
	/* An hour of silence is worth a minute. */
	now += 3600 * 1000;
	assert_int_equal(drain(&m, METER_REST, now), 120);
}

static void
it_says_when_it_will_be_time(void **state)
{
	struct meter m = {0};
	uint64_t wait, now = NOW;

	(void)state;
	meter_set(&m, 7, now);
	drain(&m, METER_REST, now);
	wait = meter_wait(&m, METER_REST, now);
	assert_in_range(wait, 8571, 8572); /* a seventh of a minute */
	assert_false(meter_may(&m, METER_REST, now + wait - 2));
	assert_true(meter_may(&m, METER_REST, now + wait));
}

static void
beats_have_a_bucket_of_their_own(void **state)
{
	struct meter m = {0};

	(void)state;
	meter_set(&m, 10, NOW);
	assert_int_equal(drain(&m, METER_REST, NOW), 10);
	assert_int_equal(drain(&m, METER_BEATS, NOW), 10);
}

static void
a_clock_that_goes_back_and_extreme_rates_do_no_harm(void **state)
{
	struct meter m = {0};

	(void)state;
	meter_set(&m, 100000000, NOW);
	meter_take(&m, METER_REST, NOW);
	assert_true(meter_may(&m, METER_REST, 0));
	assert_true(meter_may(&m, METER_REST, UINT64_MAX));
	meter_set(&m, 1, NOW);
	assert_int_equal(drain(&m, METER_REST, NOW), 1);
	meter_set(&m, 0, NOW);
	assert_true(meter_may(&m, METER_REST, NOW));
}

/* ---- usage ----------------------------------------------------------- */

static void
files_of_both_folders_are_counted_up_to_a_bound(void **state)
{
	struct scratch *s = *state;
	struct usage u;
	char name[32];
	int tmp, fresh, i;
	struct err e;

	tmp = fs_make_dir_open(s->fd, "tmp", 0700, &e);
	fresh = fs_make_dir_open(s->fd, "new", 0700, &e);
	usage_count(&u, tmp, fresh, 100);
	assert_int_equal(u.files + u.bytes, 0);
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		scratch_file(i % 2 == 0 ? tmp : fresh, name, "12345", 5);
	}
	usage_count(&u, tmp, fresh, 100);
	assert_int_equal(u.files, 6);
	assert_int_equal(u.bytes, 30);
	assert_false(u.counting_stopped);
	usage_count(&u, tmp, fresh, 4);
	assert_int_equal(u.files, 4);
	assert_true(u.counting_stopped);
	close(tmp);
	close(fresh);
}

static enum usage_level
judged(uint64_t files, uint64_t bytes, enum usage_level was, const char *says)
{
	const struct usage u = {.bytes = bytes, .files = files};
	const struct limits l = {.bytes = 1000, .files = 100};
	char reason[160];
	enum usage_level now = usage_judge(&u, &l, was, reason, sizeof(reason));

	if (strstr(reason, says) == NULL)
		fail_msg("'%s' does not say '%s'", reason, says);
	assert_true((now == USAGE_OPEN) == (reason[0] == '\0'));
	return now;
}

static void
the_way_back_is_longer_than_the_way_there(void **state)
{
	const struct limits none = {0, 0, 0};
	const struct usage all = {.bytes = UINT64_MAX, .files = UINT64_MAX};
	char reason[160];

	(void)state;
	assert_int_equal(judged(100, 0, USAGE_OPEN, ""), USAGE_OPEN);
	assert_int_equal(judged(101, 0, USAGE_OPEN, "101 files"), USAGE_HOLD);
	assert_int_equal(judged(95, 0, USAGE_HOLD, "95 files"), USAGE_HOLD);
	assert_int_equal(judged(90, 0, USAGE_HOLD, ""), USAGE_OPEN);
	assert_int_equal(judged(201, 0, USAGE_HOLD, "files"), USAGE_SHUT);
	assert_int_equal(judged(190, 0, USAGE_SHUT, "files"), USAGE_SHUT);
	assert_int_equal(judged(180, 0, USAGE_SHUT, "files"), USAGE_HOLD);
	assert_int_equal(judged(0, 1001, USAGE_OPEN, "1001"), USAGE_HOLD);
	assert_int_equal(judged(101, 2001, USAGE_OPEN, "KiB"), USAGE_SHUT);
	assert_int_equal(
	    usage_judge(&all, &none, USAGE_SHUT, reason, sizeof(reason)),
	    USAGE_OPEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_rate_all_is_taken),
	    cmocka_unit_test(a_minutes_worth_comes_at_once_and_then_its_rate),
	    cmocka_unit_test(it_says_when_it_will_be_time),
	    cmocka_unit_test(beats_have_a_bucket_of_their_own),
	    cmocka_unit_test(
		a_clock_that_goes_back_and_extreme_rates_do_no_harm),
	    cmocka_unit_test_setup_teardown(
		files_of_both_folders_are_counted_up_to_a_bound, scratch_setup,
		scratch_teardown),
	    cmocka_unit_test(the_way_back_is_longer_than_the_way_there),
	};

	return cmocka_run_group_tests_name(
	    "masterd/intake/meter", tests, NULL, NULL);
}
