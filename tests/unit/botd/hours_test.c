/* botd/hours: what may be written, and what it means on a wall clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "botd/hours.h"

/* Central Europe's clock by rule, so that no file of zones is needed. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static time_t
at(const char *text)
{
	struct tm t = {.tm_isdst = -1};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &t));
	return mktime(&t);
}

static void
parse(struct hours *h, const char *text)
{
	struct err e;

	if (hours_parse(h, text, &e) == -1)
		fail_msg("'%s': %s", text, e.text);
}

/* 2026-11-23 is a Monday. */
static void
a_moment_is_in_or_out(void **state)
{
	static const struct {
		const char *hours, *when;
		bool in;
	} cases[] = {
	    {"", "2026-11-23 12:00:00", true},
	    {"  ", "2026-11-23 12:00:00", true},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 12:00:00", false},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 18:59:59", false},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 19:00:00", true},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-24 06:59:59", true},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-24 07:00:00", false},
	    /* Monday's early hours are Sunday's night, which is over. */
	    {"Mon-Fri 19:00-07:00", "2026-11-23 03:00:00", false},
	    {"Mon-Fri 19:00-07:00", "2026-11-28 03:00:00", true},
	    {"Mon-Fri 19:00-07:00", "2026-11-28 08:00:00", false},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-28 08:00:00", true},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-29 23:59:59", true},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-30 00:00:00", false},
	    {"Sat 20:00-04:00", "2026-11-29 03:00:00", true},
	    {"Sat 20:00-04:00", "2026-11-28 03:00:00", false},
	    {"Fri-Mon", "2026-11-23 12:00:00", true},
	    {"Fri-Mon", "2026-11-24 00:00:00", false},
	    {"Fri-Mon", "2026-11-27 00:00:00", true},
	    {"22:00-06:00", "2026-11-25 23:00:00", true},
	    {"22:00-06:00", "2026-11-25 12:00:00", false},
	    {"00:00-24:00", "2026-11-25 12:00:00", true},
	    {"08:00-12:00,13:00-17:00", "2026-11-25 12:30:00", false},
	    {"08:00-12:00,13:00-17:00", "2026-11-25 13:00:00", true},
	    {"monday  09:00-10:00", "2026-11-23 09:30:00", true},
	    {"MON 09:00-10:00", "2026-11-24 09:30:00", false},
	    {"Tue 18:00-24:00", "2026-11-24 23:59:00", true},
	    {"Tue 18:00-24:00", "2026-11-25 00:00:00", false},
	};
	struct hours h;
	size_t i;

	(void)state;
	zone("UTC0");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&h, cases[i].hours);
		if (hours_have(&h, at(cases[i].when)) != cases[i].in)
			fail_msg("'%s' at %s", cases[i].hours, cases[i].when);
	}
}

static void
nonsense_is_refused_with_what_is_accepted(void **state)
{
	static const struct {
		const char *hours, *says;
	} cases[] = {
	    {"Mon-Fri 25:00-07:00", "'25:00-07:00' is no range of times"},
	    {"Mon-Fri 19:60-07:00", "'19:60-07:00' is no range of times"},
	    {"Mon-Fri 19:00", "'19:00' is no range of times"},
	    {"Mon-Fri 7:00-8:00", "'7:00-8:00' is no range of times"},
	    {"Mon-Fri 19-07", "'19-07' is no range of times"},
	    {"24:00-07:00", "'24:00-07:00' is no range of times"},
	    {"08:00-09:00-10:00", "is no range of times"},
	    {"08:00-09:00 10:00-11:00", "'10:00-11:00' is no range of times"},
	    {"Funday", "'Funday' is no day or range of days"},
	    {"Mon-", "'Mon-' is no day or range of days"},
	    {"-Mon", "'-Mon' is no day or range of days"},
	    {"Mo", "'Mo' is no day or range of days"},
	    {"Mon Tue", "'Tue' is no day or range of days"},
	    {"08:00-09:00 Mon", "'Mon' is no day or range of days"},
	    {"Mon 08:00-08:00", "begins when it ends"},
	    {"Mon,,Tue", "nothing between two commas"},
	    {"Mon,", "nothing between two commas"},
	    {",", "nothing between two commas"},
	    {"always", "accepted are days (Mon to Sun)"},
	};
	struct hours h = {.count = 1, .list = {{60, 60}}};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hours_parse(&h, cases[i].hours, &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg("'%s': %s", cases[i].hours, e.text);
		assert_int_equal(h.count, 1);
	}
}

static void
no_more_spans_than_there_is_room_for(void **state)
{
	char text[512] = "Mon-Sun 01:00-02:00";
	struct hours h = {.count = 0};
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		strcat(text, ",Mon-Sun 03:00-04:00");
	assert_int_equal(hours_parse(&h, text, &e), -1);
	assert_non_null(strstr(e.text, "more than 32"));
}

static void
it_says_when_the_answer_changes(void **state)
{
	static const struct {
		const char *hours, *when;
		uint64_t seconds;
	} cases[] = {
	    {"", "2026-11-23 12:00:00", 0},
	    {"Mon-Sun", "2026-11-23 12:00:00", 0},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 12:00:00", 7 * 3600},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 18:59:30", 30},
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-23 19:00:00", 12 * 3600},
	    /* Friday's night and the weekend are one. */
	    {"Mon-Fri 19:00-07:00, Sat-Sun", "2026-11-27 19:00:00", 53 * 3600},
	    {"Tue 08:00-09:00", "2026-11-24 09:00:00", 7 * 24 * 3600 - 3600},
	};
	struct hours h;
	size_t i;

	(void)state;
	zone("UTC0");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&h, cases[i].hours);
		assert_int_equal(hours_until_change(&h, at(cases[i].when)),
		    cases[i].seconds);
	}
}

/* 2026-03-29: 02:00 becomes 03:00.  2026-10-25: 03:00 becomes 02:00. */
static void
a_clock_that_is_put_forward_or_back_is_followed(void **state)
{
	struct hours h;
	time_t before;

	(void)state;
	zone(BERLIN);
	parse(&h, "02:00-03:00");
	before = at("2026-03-29 01:59:00");
	assert_false(hours_have(&h, before));
	assert_false(hours_have(&h, before + 60)); /* it is 03:00 */
	assert_int_equal(hours_until_change(&h, before), 23 * 3600 + 60);
	before = at("2026-10-25 01:59:00");
	assert_true(hours_have(&h, before + 60));
	assert_true(hours_have(&h, before + 60 + 3600)); /* 02:00 again */
	assert_false(hours_have(&h, before + 60 + 2 * 3600));
	assert_int_equal(hours_until_change(&h, before + 60), 2 * 3600);
	/* A night over it is as long as it is. */
	parse(&h, "Sat 19:00-07:00");
	assert_int_equal(
	    hours_until_change(&h, at("2026-03-28 19:00:00")), 11 * 3600);
	assert_int_equal(
	    hours_until_change(&h, at("2026-10-24 19:00:00")), 13 * 3600);
	zone("UTC0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_moment_is_in_or_out),
	    cmocka_unit_test(nonsense_is_refused_with_what_is_accepted),
	    cmocka_unit_test(no_more_spans_than_there_is_room_for),
	    cmocka_unit_test(it_says_when_the_answer_changes),
	    cmocka_unit_test(a_clock_that_is_put_forward_or_back_is_followed),
	};

	return cmocka_run_group_tests_name("botd/hours", tests, NULL, NULL);
}
