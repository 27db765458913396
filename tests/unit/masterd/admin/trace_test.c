/*
 * The header traceparent, strictly read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/admin/trace.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"

static void
a_good_one_is_passed_on(void **state)
{
	struct trace_parent p;
	struct trace t;

	(void)state;
	assert_true(trace_take(&t, "00-" ID "-00f067aa0ba902b7-01"));
	assert_string_equal(t.id, ID);
	p = trace_parent(&t);
	assert_int_equal(strlen(p.text), 55);
	assert_memory_equal(p.text, "00-" ID "-", 36);
	assert_string_equal(p.text + 52, "-01");
	assert_memory_not_equal(p.text + 36, "00f067aa0ba902b7", 16);
}

static void
a_later_version_may_say_more(void **state)
{
	struct trace t;

	(void)state;
	assert_true(trace_take(&t, "01-" ID "-00f067aa0ba902b7-00-more"));
	assert_string_equal(t.id, ID);
	assert_string_equal(t.flags, "00");
	assert_true(trace_take(&t, "cc-" ID "-00f067aa0ba902b7-03"));
	assert_false(trace_take(&t, "01-" ID "-00f067aa0ba902b7-00more"));
}

static void
anything_odd_gives_a_new_one(void **state)
{
	static const char *const odd[] = {NULL, "", "00", ID,
	    "00-" ID "-00f067aa0ba902b7", "00-" ID "-00f067aa0ba902b7-1",
	    "00-" ID "-00f067aa0ba902b7-01-", "00-" ID "-00f067aa0ba902b7-0g",
	    " 00-" ID "-00f067aa0ba902b7-01",
	    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
	    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
	    "00-" ID "-0000000000000000-01", "ff-" ID "-00f067aa0ba902b7-01",
	    "00_" ID "-00f067aa0ba902b7-01", "0-" ID "-00f067aa0ba902b7-01",
	    "00-" ID "-00f067aa0ba902b7-01\r\nX: y"};
	struct trace t, u;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_false(trace_take(&t, odd[i]));
		assert_false(trace_take(&u, odd[i]));
		assert_int_equal(strlen(t.id), TRACE_HEX);
		assert_int_equal(strspn(t.id, "0123456789abcdef"), TRACE_HEX);
		assert_string_not_equal(t.id, ID);
		assert_string_not_equal(t.id, u.id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_one_is_passed_on),
	    cmocka_unit_test(a_later_version_may_say_more),
	    cmocka_unit_test(anything_odd_gives_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
