/* botd/engine/dict: what libFuzzer would die of is repaired or left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/dict.h"
#include "lib/base/random.h"

static struct dict_count
check(struct buf *out, const char *text)
{
	struct dict_count n;

	buf_reset(out);
	dict_check(out, text, strlen(text), &n);
	return n;
}

static void
good_lines_stay_as_they_are(void **state)
{
	struct buf out = BUF_INIT;
	struct dict_count n;

	(void)state;
	n = check(&out,
	    "# names\n\nkw1=\"blah\"\n  \"\\\"ac\\\\dc\\\"\"  \n"
	    "kw2@3=\"\\xF7\\xF8\"\n\"a\"");
	assert_int_equal(n.entries, 4);
	assert_int_equal(n.repaired, 0);
	assert_int_equal(n.dropped, 0);
	assert_string_equal(buf_text(&out),
	    "kw1=\"blah\"\n\"\\\"ac\\\\dc\\\"\"\n"
	    "kw2@3=\"\\xF7\\xF8\"\n\"a\"\n");
	buf_release(&out);
}

static void
bad_lines_are_repaired_or_dropped(void **state)
{
	static const struct {
		const char *line, *repaired;
	} cases[] = {
	    {"bare", "\"bare\"\n"},
	    {"\"", "\"\\\"\"\n"},
	    {"\"a\\nb\"", "\"a\\\\nb\"\n"},
	    {"x=\"a\"b\"", "\"a\\\"b\"\n"},
	    {"\"caf\xc3\xa9\"", "\"caf\\xc3\\xa9\"\n"},
	    {"\"\\x4\"", "\"\\\\x4\"\n"},
	    {"\"\"", ""},
	    {"k=\"\"", ""},
	};
	struct buf out = BUF_INIT;
	struct dict_count n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n = check(&out, cases[i].line);
		assert_string_equal(buf_text(&out), cases[i].repaired);
		assert_int_equal(n.entries, cases[i].repaired[0] != '\0');
		assert_int_equal(n.dropped, cases[i].repaired[0] == '\0');
	}
	buf_release(&out);
}

static void
what_came_out_is_never_changed_again(void **state)
{
	static const char alphabet[] = "\"\\x4Fz=#@ \n\t\xff\0";
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct dict_count n, m;
	char text[100];
	size_t i, len;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		len = random_below(sizeof(text));
		for (i = 0; i < len; i++)
			text[i] = alphabet[random_below(sizeof(alphabet) - 1)];
		buf_reset(&out);
		buf_reset(&again);
		dict_check(&out, text, len, &n);
		dict_check(&again, buf_text(&out), out.len, &m);
		assert_int_equal(m.entries, n.entries);
		assert_int_equal(m.repaired, 0);
		assert_int_equal(m.dropped, 0);
		assert_string_equal(buf_text(&again), buf_text(&out));
	}
	buf_release(&out);
	buf_release(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_lines_stay_as_they_are),
	    cmocka_unit_test(bad_lines_are_repaired_or_dropped),
	    cmocka_unit_test(what_came_out_is_never_changed_again),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/dict", tests, NULL, NULL);
}
