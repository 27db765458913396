/* botd/runner/names: a set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "botd/runner/names.h"

static void
a_name_is_new_once(void **state)
{
	struct names n = {NULL, 0, 0};

	(void)state;
	assert_false(names_has(&n, "a"));
	assert_true(names_add(&n, "a"));
	assert_false(names_add(&n, "a"));
	assert_true(names_has(&n, "a"));
	assert_false(names_has(&n, "b"));
	names_release(&n);
	assert_false(names_has(&n, "a"));
}

static void
a_hundred_thousand_names_are_told_apart(void **state)
{
	struct names n = {NULL, 0, 0};
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_true(names_add(&n, name));
	}
	for (i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(names_has(&n, name), i < 100000);
	}
	assert_int_equal(n.count, 100000);
	assert_true(n.room * sizeof(n.slots[0]) <= 2 << 20);
	names_release(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_new_once),
	    cmocka_unit_test(a_hundred_thousand_names_are_told_apart),
	};

	return cmocka_run_group_tests_name(
	    "botd/runner/names", tests, NULL, NULL);
}
