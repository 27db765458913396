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

static void
folds(const char *words, const char *text, const char *shell)
{
	struct buf out = BUF_INIT, list = BUF_INIT, again = BUF_INIT;
	const char *names[20];
	struct ranges r = {NULL, 0, 0};
	size_t count = 0;
	struct err e;
	char *word;
	int i;

	buf_adds(&list, words);
	for (word = strtok(list.data, " "); word != NULL;
	     word = strtok(NULL, " "))
		names[count++] = word;
	ranges_fold(names, count, false, &out);
	assert_string_equal(buf_text(&out), text);
	buf_reset(&out);
	ranges_fold(names, count, true, &out);
	assert_string_equal(buf_text(&out), shell);
	/* There and back: without the quotes it is the same names again. */
	for (word = strtok(out.data, " '"); word != NULL;
	     word = strtok(NULL, " '"))
		assert_int_equal(ranges_add(&r, word, &e), 0);
	assert_int_equal(r.count, count);
	for (i = 0; i < r.count; i++)
		buf_printf(&again, " %s ", r.list[i]);
	for (i = 0; i < (int)count; i++) {
		buf_reset(&out);
		buf_printf(&out, " %s ", names[i]);
		assert_non_null(strstr(buf_text(&again), buf_text(&out)));
	}
	ranges_release(&r);
	buf_release(&again);
	buf_release(&list);
	buf_release(&out);
}

static void
names_are_folded(void **state)
{
	(void)state;
	folds("b1", "b1", "b1");
	folds("b2 b1 b3", "b[1-3]", "'b[1-3]'");
	folds("c b7 b1 b3 b2", "b[1-3,7], c", "'b[1-3,7]' c");
	folds("b9 b10 b11", "b[9-11]", "'b[9-11]'");
	folds("b08 b09 b10", "b[08-10]", "'b[08-10]'");
	folds("b1 b02 b3", "b[1,02,3]", "'b[1,02,3]'");
	folds("b99 b100", "b[99-100]", "'b[99-100]'");
	folds("b09 b010", "b[09,010]", "'b[09,010]'");
	folds("pc-1 pc2 office/b1 office/b2", "office/b[1-2], pc-1, pc2",
	    "'office/b[1-2]' pc-1 pc2");
	folds("7f3 12 13", "[12-13], 7f3", "'[12-13]' 7f3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(brackets_are_numbers),
	    cmocka_unit_test(half_a_range_is_refused),
	    cmocka_unit_test(so_many_are_too_many),
	    cmocka_unit_test(names_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
