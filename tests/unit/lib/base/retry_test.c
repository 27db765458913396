/* lib/base/retry: how long to wait, and when to stop asking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/retry.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- policies -------------------------------------------------------- */

static void
the_extended_policy_waits_1023_seconds_in_all(void **state)
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
	assert_int_equal(retry_total_ms(&RETRY_STATUS), 1023000);
}

/* clang-format off */
static const struct {
	const char *what;
	struct retry_policy p;
	uint64_t delays[6]; /* after the first failure, the second ... */
	uint64_t total;
} policies[] = {
	{ "doubled", { 5, 1000, 60000, 2000, RETRY_EXACT, RETRY_ON_ALL },
	    { 1000, 2000, 4000, 8000, 16000, 32000 }, 31000 },
	{ "capped", { 5, 1000, 3000, 2000, RETRY_EXACT, RETRY_ON_ALL },
	    { 1000, 2000, 3000, 3000, 3000, 3000 }, 12000 },
	{ "half as much again", { 4, 1000, 60000, 1500, RETRY_EXACT, 0 },
	    { 1000, 1500, 2250, 3375, 5062, 7593 }, 8125 },
	{ "flat", { 3, 500, 1000, 1000, RETRY_EXACT, RETRY_ON_ALL },
	    { 500, 500, 500, 500, 500, 500 }, 1500 },
	{ "shrinking is flat", { 3, 500, 1000, 10, RETRY_EXACT, 0 },
	    { 500, 500, 500, 500, 500, 500 }, 1500 },
	{ "at once", { 3, 0, 1000, 2000, RETRY_EXACT, RETRY_ON_ALL },
	    { 0, 0, 0, 0, 0, 0 }, 0 },
	{ "never again", { 0, 500, 1000, 2000, RETRY_EXACT, RETRY_ON_ALL },
	    { 500, 1000, 1000, 1000, 1000, 1000 }, 0 },
	{ "starts over its top", { 2, 5000, 1000, 2000, RETRY_EXACT, 0 },
	    { 1000, 1000, 1000, 1000, 1000, 1000 }, 2000 },
	{ "for ever", { RETRY_FOR_EVER, 1, 8, 2000, RETRY_EXACT, 0 },
	    { 1, 2, 4, 8, 8, 8 }, UINT64_MAX },
};
/* clang-format on */

static void
delays_and_totals_are_those_of_the_table(void **state)
{
	const struct retry_policy *p;
	uint64_t total;
	uint32_t n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(policies); i++) {
		p = &policies[i].p;
		total = 0;
		assert_int_equal(retry_ceiling(p, 0), 0);
		for (n = 1; n <= 6; n++) {
			if (retry_ceiling(p, n) != policies[i].delays[n - 1])
				fail_msg("%s: delay %u is %ju",
				    policies[i].what, n,
				    (uintmax_t)retry_ceiling(p, n));
			if (!retry_exhausted(p, n))
				total += retry_ceiling(p, n);
		}
		if (retry_total_ms(p) != policies[i].total)
			fail_msg("%s: total %ju", policies[i].what,
			    (uintmax_t)retry_total_ms(p));
		if (p->max_retries < 6)
			assert_int_equal(total, policies[i].total);
	}
}

static void
those_of_the_design_are_what_it_says(void **state)
{
	(void)state;
	/* 10 tries from 1 s, twofold, 5 min at most. */
	assert_false(retry_exhausted(&RETRY_INTERACTIVE, 9));
	assert_true(retry_exhausted(&RETRY_INTERACTIVE, 10));
	assert_int_equal(retry_ceiling(&RETRY_INTERACTIVE, 9), 256000);
	assert_int_equal(retry_ceiling(&RETRY_INTERACTIVE, 10), 300000);
	assert_int_equal(retry_ceiling(&RETRY_INTERACTIVE, UINT32_MAX), 300000);
	assert_int_equal(RETRY_INTERACTIVE.jitter, RETRY_FULL);
	assert_false(retry_exhausted(&RETRY_COURIER, UINT32_MAX));
	/* A task fails its job with the third failure in a row. */
	assert_false(retry_exhausted(&RETRY_TASK, 2));
	assert_true(retry_exhausted(&RETRY_TASK, 3));
	assert_int_equal(retry_total_ms(&RETRY_TASK), 6000);
}

static void
only_classes_of_the_policy_are_tried_again(void **state)
{
	struct retry_policy p = RETRY_INTERACTIVE;

	(void)state;
	assert_true(retry_wants(&p, ERR_AGAIN));
	assert_false(retry_wants(&p, ERR_REFUSED));
	assert_false(retry_wants(&p, ERR_NONE));
	p.retryable = RETRY_ON(ERR_NOT_FOUND) | RETRY_ON(ERR_CONFLICT);
	assert_true(retry_wants(&p, ERR_NOT_FOUND));
	assert_true(retry_wants(&p, ERR_CONFLICT));
	assert_false(retry_wants(&p, ERR_AGAIN));
	assert_true(retry_wants(&RETRY_COURIER, ERR_BUG));
}

static void
odd_policies_do_not_overflow(void **state)
{
	const struct retry_policy wild = {RETRY_FOR_EVER, UINT64_MAX / 2,
	    UINT64_MAX, UINT32_MAX, RETRY_FULL, 0};
	const struct retry_policy long_one = {
	    UINT32_MAX - 1, 1, 10, 2000, RETRY_EXACT, 0};

	(void)state;
	assert_true(retry_ceiling(&wild, 50) == UINT64_MAX);
	assert_true(retry_delay(&wild, 50, 12345) == 12345);
	/* 1 + 2 + 4 + 8, then 10 each: reckoned, not counted. */
	assert_true(retry_total_ms(&long_one) ==
	    15 + 10 * (uint64_t)(UINT32_MAX - 1 - 4));
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
	assert_int_equal(retry_delay(&RETRY_TASK, 2, 12345), 4000);
}

/* ---- the breaker ----------------------------------------------------- */

/* What happens at a time, and whether a try is allowed right after it: each
 * '?' asks (and is the probe where it may be), 'f' fails, 's' succeeds. */
static const struct breaker_policy quick = {3, 100};

/* clang-format off */
static const struct {
	const char *what;
	struct { uint64_t at; char act; bool yes; } steps[16];
} breakers[] = {
	{ "closed until the third failure in a row", {
		{ 1, 'f', 0 }, { 1, 'f', 0 }, { 1, '?', true },
		{ 2, 's', 0 }, { 3, 'f', 0 }, { 3, 'f', 0 }, { 3, '?', true },
		{ 4, 'f', 0 }, { 4, '?', false } } },
	{ "one probe and no more", {
		{ 0, 'f', 0 }, { 0, 'f', 0 }, { 0, 'f', 0 },
		{ 99, '?', false }, { 100, '?', true }, { 100, '?', false },
		{ 150, '?', false } } },
	{ "a good probe closes it", {
		{ 0, 'f', 0 }, { 0, 'f', 0 }, { 0, 'f', 0 },
		{ 100, '?', true }, { 120, 's', 0 }, { 120, '?', true },
		{ 120, '?', true }, { 121, 'f', 0 }, { 121, '?', true } } },
	{ "a failed probe opens it for a whole rest", {
		{ 0, 'f', 0 }, { 0, 'f', 0 }, { 0, 'f', 0 },
		{ 100, '?', true }, { 130, 'f', 0 }, { 131, '?', false },
		{ 229, '?', false }, { 230, '?', true }, { 231, '?', false } } },
	{ "a probe that never answers is given up", {
		{ 0, 'f', 0 }, { 0, 'f', 0 }, { 0, 'f', 0 },
		{ 100, '?', true }, { 199, '?', false }, { 200, '?', true },
		{ 201, '?', false } } },
};
/* clang-format on */

static void
the_breaker_goes_the_ways_of_the_table(void **state)
{
	struct breaker b;
	size_t i, n;
	bool yes;

	(void)state;
	for (i = 0; i < COUNT(breakers); i++) {
		b = (struct breaker){0};
		for (n = 0; n < 16 && breakers[i].steps[n].act != 0; n++) {
			uint64_t at = breakers[i].steps[n].at;

			switch (breakers[i].steps[n].act) {
			case 'f':
				breaker_failure(&b, &quick, at);
				break;
			case 's':
				breaker_success(&b);
				break;
			default:
				yes = breaker_try(&b, &quick, at);
				if (yes != breakers[i].steps[n].yes)
					fail_msg("%s: step %zu",
					    breakers[i].what, n);
			}
		}
	}
}

static void
it_tells_when_to_ask_again(void **state)
{
	struct breaker b = {0};
	int i;

	(void)state;
	assert_int_equal(breaker_due(&b, &BREAKER_DEFAULT), 0);
	for (i = 0; i < 5; i++)
		breaker_failure(&b, &BREAKER_DEFAULT, 1000);
	assert_int_equal(breaker_due(&b, &BREAKER_DEFAULT), 61000);
	assert_false(breaker_try(&b, &BREAKER_DEFAULT, 60999));
	assert_true(breaker_try(&b, &BREAKER_DEFAULT, 61000));
	breaker_success(&b);
	assert_int_equal(breaker_due(&b, &BREAKER_DEFAULT), 0);
}

static void
a_breaker_without_a_limit_never_opens(void **state)
{
	const struct breaker_policy never = {0, 100};
	struct breaker b = {0};
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		breaker_failure(&b, &never, 1);
	assert_true(breaker_try(&b, &never, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_extended_policy_waits_1023_seconds_in_all),
	    cmocka_unit_test(delays_and_totals_are_those_of_the_table),
	    cmocka_unit_test(those_of_the_design_are_what_it_says),
	    cmocka_unit_test(only_classes_of_the_policy_are_tried_again),
	    cmocka_unit_test(odd_policies_do_not_overflow),
	    cmocka_unit_test(jitter_is_full_and_never_over_the_ceiling),
	    cmocka_unit_test(the_breaker_goes_the_ways_of_the_table),
	    cmocka_unit_test(it_tells_when_to_ask_again),
	    cmocka_unit_test(a_breaker_without_a_limit_never_opens),
	};

	return cmocka_run_group_tests_name("lib/base/retry", tests, NULL, NULL);
}
