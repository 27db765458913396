/* botd/rates: how fast by the hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "botd/rates.h"

/* 2026-11-23 12:00:00, a Monday. */
#define NOON 1795435200

static void
the_first_that_holds_now_wins(void **state)
{
	static char *list[] = {"Mon-Fri 08:00-18:00 200KiB/s",
	    "Mon-Sun 00:00-20:00 1MiB", "Sun 0", NULL};
	struct rates r;
	struct err e;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	if (rates_parse(&r, 4096, list, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(rates_at(&r, NOON), 200 * 1024);
	assert_int_equal(rates_at(&r, NOON + 7 * 3600), 1024 * 1024);
	assert_int_equal(rates_at(&r, NOON + 9 * 3600), 4096);
	/* Sunday at nine in the evening: no limit. */
	assert_int_equal(rates_at(&r, NOON + 6 * 86400 + 9 * 3600), 0);
	assert_int_equal(rates_parse(&r, 0, NULL, &e), 0);
	assert_int_equal(rates_at(&r, NOON), 0);
}

static void
nonsense_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		char *line;
		const char *says;
	} cases[] = {
	    {"200KiB/s", "is not hours and a rate"},
	    {"Mon-Fri 08:00-18:00", "'08:00-18:00' is no rate"},
	    {"Mon-Fri fast", "'fast' is no rate"},
	    {"Funday 200KiB/s", "'Funday' is no day"},
	    {"Mon 100B/s", "slower than 1KiB/s"},
	    {"Mon 1KiB/h", "is no rate"},
	    {"Mon 100", "slower than 1KiB/s"},
	};
	struct rates r = {.base = 7};
	char *list[2] = {NULL, NULL};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list[0] = cases[i].line;
		assert_int_equal(rates_parse(&r, 0, list, &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg("'%s': %s", cases[i].line, e.text);
		assert_int_equal(r.base, 7);
	}
	assert_int_equal(rates_parse(&r, 10, NULL, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_that_holds_now_wins),
	    cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("botd/rates", tests, NULL, NULL);
}
