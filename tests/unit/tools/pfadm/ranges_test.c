/*
 * Ranges of names: what Slurm's users know, and nothing that is half a range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "tools/pfadm/ranges.h"

static void
expect(const char *word, const char *wanted)
{
	struct ranges r = {NULL, 0, 0};
	struct buf got = BUF_INIT;
	struct err e;
	int i;

	assert_int_equal(ranges_add(&r, word, &e), 0);
	for (i = 0; i < r.count; i++)
		buf_printf(&got, "%s%s", i > 0 ? " " : "", r.list[i]);
	assert_string_equal(buf_text(&got), wanted);
	buf_release(&got);
	ranges_release(&r);
}

static void
refused(const char *word)
{
	struct ranges r = {NULL, 0, 0};
	struct err e;

	if (ranges_add(&r, word, &e) != -1)
		fail_msg("'%s' was taken", word);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, word));
	ranges_release(&r);
}

static void
brackets_are_numbers(void **state)
{
	(void)state;
	expect("b7", "b7");
	expect("office/b7", "office/b7");
	expect("b[1-3]", "b1 b2 b3");
	expect("b[01-03,20]", "b01 b02 b03 b20");
	expect("b[9-11]", "b9 b10 b11");
	expect("b[008-010]-x", "b008-x b009-x b010-x");
	expect("r[1-2]b[1,3]", "r1b1 r1b3 r2b1 r2b3");
	expect("", "");
}

static void
half_a_range_is_refused(void **state)
{
	(void)state;
	refused("b[1-3");
	refused("b1-3]");
	refused("b[]");
	refused("b[1-]");
	refused("b[-3]");
	refused("b[3-1]");
	refused("b[1,]");
	refused("b[a-c]");
	refused("b[1 - 3]");
	refused("b[[1]]");
	refused("b[1-2-3]");
	refused("b[1-9999999999]");
}

static void
so_many_are_too_many(void **state)
{
	(void)state;
	refused("b[1-10001]");
	refused("r[1-200]b[1-200]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(brackets_are_numbers),
	    cmocka_unit_test(half_a_range_is_refused),
	    cmocka_unit_test(so_many_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
