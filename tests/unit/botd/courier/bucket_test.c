/* botd/courier/bucket: bytes and time, passed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "botd/courier/bucket.h"

#define KIB UINT64_C(1024)

static void
without_a_rate_nobody_waits(void **state)
{
	struct bucket b = {0};

	(void)state;
	bucket_take(&b, UINT64_C(1) << 40, 1000);
	assert_int_equal(bucket_wait(&b, 1000), 0);
	assert_int_equal(bucket_piece(&b, 1 << 20), 1 << 20);
}

static void
what_is_owed_takes_its_time(void **state)
{
	struct bucket b = {0};

	(void)state;
	bucket_set(&b, 100 * KIB, 1000);
	bucket_take(&b, 50 * KIB, 1000);
	assert_int_equal(bucket_wait(&b, 1000), 500);
	assert_int_equal(bucket_wait(&b, 1400), 100);
	assert_int_equal(bucket_wait(&b, 1500), 0);
	/* A crash may owe for a long time. */
	bucket_take(&b, 6400 * KIB, 1500);
	assert_int_equal(bucket_wait(&b, 1500), 64000);
}

static void
a_second_is_saved_and_no_more(void **state)
{
	struct bucket b = {0};

	(void)state;
	bucket_set(&b, 100 * KIB, 1000);
	assert_int_equal(bucket_wait(&b, 100000), 0);
	bucket_take(&b, 100 * KIB, 100000);
	assert_int_equal(bucket_wait(&b, 100000), 0);
	bucket_take(&b, 1, 100000);
	assert_int_equal(bucket_wait(&b, 100000), 1);
}

static void
over_a_minute_it_is_the_rate(void **state)
{
	static const uint64_t rates[] = {1024, 3333, 200 * 1024, 50 << 20};
	struct bucket b;
	uint64_t now, moved, piece, wait, most;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		b = (struct bucket){0};
		bucket_set(&b, rates[i], 5000);
		moved = 0;
		for (now = 5000; now < 65000;) {
			piece = bucket_piece(&b, 1 << 20);
			bucket_take(&b, piece, now);
			moved += piece;
			wait = bucket_wait(&b, now);
			now += wait == 0 ? 1 : wait;
		}
		most = rates[i] * 60;
		assert_in_range(moved, most - most / 10,
		    most + most / 10 + 2 * bucket_piece(&b, 1 << 20));
	}
}

static void
another_rate_keeps_what_is_owed(void **state)
{
	struct bucket b = {0};

	(void)state;
	bucket_set(&b, 100 * KIB, 1000);
	bucket_take(&b, 100 * KIB, 1000);
	bucket_set(&b, 200 * KIB, 1000);
	assert_int_equal(bucket_wait(&b, 1000), 500);
	bucket_set(&b, 0, 1000);
	assert_int_equal(bucket_wait(&b, 1000), 0);
	bucket_set(&b, 100 * KIB, 2000);
	assert_int_equal(bucket_wait(&b, 2000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_rate_nobody_waits),
	    cmocka_unit_test(what_is_owed_takes_its_time),
	    cmocka_unit_test(a_second_is_saved_and_no_more),
	    cmocka_unit_test(over_a_minute_it_is_the_rate),
	    cmocka_unit_test(another_rate_keeps_what_is_owed),
	};

	return cmocka_run_group_tests_name(
	    "botd/courier/bucket", tests, NULL, NULL);
}
