/* botd/runner/series: the shortest list of units that a crash needs. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

static void
unit(struct session *s, int n)
{
	struct timespec times[2] = {{1000 + n, 0}, {1000 + n, 0}};
	char name[16], text[16];

	snprintf(name, sizeof(name), "f%d", (n * 7) % 40);
	snprintf(text, sizeof(text), "unit %d", n);
	scratch_file(s->corpus, name, text, strlen(text));
	assert_int_equal(utimensat(s->corpus, name, times, 0), 0);
}

static struct digest
digest_of_unit(int n)
{
	struct digest d;
	char text[16];

	snprintf(text, sizeof(text), "unit %d", n);
	digest_of(&d, text, strlen(text));
	return d;
}

static bool
holds(const struct digest *list, int count, int n)
{
	struct digest d = digest_of_unit(n);
	int i;

	for (i = 0; i < count; i++)
		if (digest_equal(&list[i], &d))
			return true;
	return false;
}

static void
the_newest_units_are_tried_in_order(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct digest list[TICKET_MAX_SERIES], d;
	int i;

	for (i = 0; i < 40; i++)
		unit(s, i);
	assert_true(series_begin(s));
	assert_int_equal(series_next(s, list), TICKET_MAX_SERIES);
	for (i = 0; i < TICKET_MAX_SERIES; i++) {
		d = digest_of_unit(40 - TICKET_MAX_SERIES + i);
		assert_true(digest_equal(&list[i], &d));
		assert_int_equal(
		    faccessat(s->crashes, digest_hex(&d).text, R_OK, 0), 0);
	}
	/* It does not crash so: that is all. */
	assert_false(series_tell(s, false));
	assert_false(s->series.good);
}

/* A target that crashes behind units 11 and 30, in any company. */
static void
what_is_not_needed_is_left_out(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct digest list[TICKET_MAX_SERIES];
	int i, n, runs = 0;
	bool more = true;

	for (i = 0; i < 40; i++)
		unit(s, i);
	assert_true(series_begin(s));
	while (more) {
		n = series_next(s, list);
		more = series_tell(s, holds(list, n, 11) && holds(list, n, 30));
		runs++;
	}
	assert_true(s->series.good);
	assert_int_equal(s->series.count, 2);
	assert_true(holds(s->series.list, 1, 11));
	assert_true(holds(s->series.list + 1, 1, 30));
	assert_true(runs < 40);
}

static void
one_unit_is_enough_of_one(void **state)
{
	struct session *s = world_session(*state, 0xc1);

	unit(s, 1);
	assert_true(series_begin(s));
	assert_false(series_tell(s, true));
	assert_true(s->series.good);
	assert_int_equal(s->series.count, 1);
}

static void
without_units_there_is_no_series(void **state)
{
	struct session *s = world_session(*state, 0xc1);

	assert_false(series_begin(s));
	assert_false(s->series.on);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(the_newest_units_are_tried_in_order),
	    WORLD(what_is_not_needed_is_left_out),
	    WORLD(one_unit_is_enough_of_one),
	    WORLD(without_units_there_is_no_series),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/series", tests, NULL, NULL);
}
