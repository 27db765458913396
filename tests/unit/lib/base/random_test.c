/* lib/base/random: bits that differ, numbers in range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/random.h"

static void
ids_differ_and_are_never_zero(void **state)
{
	uint64_t last = 0, now;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		now = random_u64();
		assert_true(now != 0 && now != last);
		last = now;
	}
}

static void
numbers_stay_below_and_reach_all(void **state)
{
	unsigned seen = 0;
	uint64_t v;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		v = random_below(7);
		assert_in_range(v, 0, 6);
		seen |= 1u << v;
	}
	assert_int_equal(seen, 127);
	assert_int_equal(random_below(0), 0);
	assert_int_equal(random_below(1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_differ_and_are_never_zero),
	    cmocka_unit_test(numbers_stay_below_and_reach_all),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/random", tests, NULL, NULL);
}
