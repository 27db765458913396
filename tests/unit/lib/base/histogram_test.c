/* lib/base/histogram: each value counts once, at the first limit it is not
 * above. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/histogram.h"

static const uint64_t limits[] = {10, 100, 1000};

static void
a_value_counts_where_it_is_not_above_the_limit(void **state)
{
	struct histogram h = {.limits = limits, .count = 3};

	(void)state;
	histogram_add(&h, 0);
	histogram_add(&h, 10);
	histogram_add(&h, 11);
	histogram_add(&h, 1000);
	histogram_add(&h, 1001);
	assert_int_equal(h.counts[0], 2);
	assert_int_equal(h.counts[1], 1);
	assert_int_equal(h.counts[2], 1);
	assert_int_equal(h.counts[3], 1);
	assert_int_equal(h.sum, 2022);
	assert_int_equal(histogram_total(&h), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_counts_where_it_is_not_above_the_limit),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/histogram", tests, NULL, NULL);
}
