/* lib/base/retry: how long to wait, and when to stop asking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/retry.h"

static void
the_status_policy_waits_1023_seconds_in_all(void **state)
{
	uint64_t total = 0;
	uint32_t failures = 0, delays = 0;

	(void)state;
	while (failures++, !retry_exhausted(&RETRY_STATUS, failures)) {
		total += retry_ceiling(&RETRY_STATUS, failures);
		delays++;
	}
	assert_int_equal(failures, 11);
	assert_int_equal(delays, 10);
	assert_int_equal(total, 1023000);
}

static void
ceilings_double_up_to_the_cap(void **state)
{
	const struct retry_policy *p = &RETRY_INTERACTIVE;

	(void)state;
	assert_int_equal(retry_ceiling(p, 0), 0);
	assert_int_equal(retry_ceiling(p, 1), 1000);
	assert_int_equal(retry_ceiling(p, 2), 2000);
	assert_int_equal(retry_ceiling(p, 9), 256000);
	assert_int_equal(retry_ceiling(p, 10), 300000);
	assert_int_equal(retry_ceiling(p, UINT32_MAX), 300000);
}

static void
odd_policies_do_not_overflow(void **state)
{
	const struct retry_policy wild = {UINT64_MAX / 2, UINT64_MAX, 9, 0};
	const struct retry_policy flat = {500, 1000, 1, 0};
	const struct retry_policy none = {0, 1000, 2, 0};

	(void)state;
	assert_true(retry_ceiling(&wild, 50) >= UINT64_MAX / 2);
	assert_int_equal(retry_ceiling(&flat, UINT32_MAX), 500);
	assert_int_equal(retry_ceiling(&none, UINT32_MAX), 0);
	assert_int_equal(retry_delay(&none, 3, UINT64_MAX), 0);
}

static void
jitter_is_full_and_never_over_the_ceiling(void **state)
{
	const struct retry_policy *p = &RETRY_COURIER;
	uint64_t sum = 0, delay, least = UINT64_MAX, most = 0, i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		delay = retry_delay(p, 4, i * UINT64_C(0x9e3779b97f4a7c15));
		assert_in_range(delay, 0, 8000);
		sum += delay;
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	assert_in_range(sum / 10000, 3800, 4200);
	assert_in_range(least, 0, 80);
	assert_in_range(most, 7920, 8000);
	assert_int_equal(retry_delay(p, 0, 12345), 0);
}

static void
the_courier_never_gives_up(void **state)
{
	(void)state;
	assert_false(retry_exhausted(&RETRY_COURIER, UINT32_MAX));
	assert_false(retry_exhausted(&RETRY_INTERACTIVE, 9));
	assert_true(retry_exhausted(&RETRY_INTERACTIVE, 10));
}

static void
the_breaker_opens_after_five_failures_in_a_row(void **state)
{
	struct breaker b = {0};
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		breaker_failure(&b, 1000);
	assert_true(breaker_allows(&b, 1000));
	breaker_success(&b);
	for (i = 0; i < 4; i++)
		breaker_failure(&b, 1000);
	assert_true(breaker_allows(&b, 1000));
	breaker_failure(&b, 1000);
	assert_false(breaker_allows(&b, 1000));
}

static void
a_half_open_breaker_lets_one_probe_decide(void **state)
{
	struct breaker b = {0};
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		breaker_failure(&b, 1000);
	assert_false(breaker_allows(&b, 60999));
	assert_true(breaker_allows(&b, 61000));
	breaker_failure(&b, 61000); /* the probe: closed for a minute more */
	assert_false(breaker_allows(&b, 61001));
	assert_false(breaker_allows(&b, 120999));
	assert_true(breaker_allows(&b, 121000));
	breaker_success(&b);
	assert_true(breaker_allows(&b, 121000));
	breaker_failure(&b, 121001); /* counted from the start again */
	assert_true(breaker_allows(&b, 121001));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_status_policy_waits_1023_seconds_in_all),
	    cmocka_unit_test(ceilings_double_up_to_the_cap),
	    cmocka_unit_test(odd_policies_do_not_overflow),
	    cmocka_unit_test(jitter_is_full_and_never_over_the_ceiling),
	    cmocka_unit_test(the_courier_never_gives_up),
	    cmocka_unit_test(the_breaker_opens_after_five_failures_in_a_row),
	    cmocka_unit_test(a_half_open_breaker_lets_one_probe_decide),
	};

	return cmocka_run_group_tests_name("lib/base/retry", tests, NULL, NULL);
}
