/* botd/engine/options: `.options` files as OSS-Fuzz has them, and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/options.h"
#include "lib/base/random.h"

static int
parse(struct options *o, const char *text, struct err *e)
{
	err_clear(e);
	return options_parse(o, text, strlen(text), e);
}

static void
sections_keys_and_comments_are_read(void **state)
{
	struct options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o,
			     "# a comment\n; another\n\n[libfuzzer]\n"
			     "max_len = 64\r\n  Timeout=5  \n dict: x.dict\n"
			     "[ASAN]\ndetect_leaks=0\n[libfuzzer]\n"
			     "max_len=128\nempty =\n",
			     &e),
	    0);
	assert_string_equal(options_get(&o, "libfuzzer", "max_len"), "128");
	assert_string_equal(options_get(&o, "libfuzzer", "timeout"), "5");
	assert_string_equal(options_get(&o, "libfuzzer", "dict"), "x.dict");
	assert_string_equal(options_get(&o, "asan", "detect_leaks"), "0");
	assert_string_equal(options_get(&o, "libfuzzer", "empty"), "");
	assert_null(options_get(&o, "asan", "max_len"));
	options_release(&o);
}

static void
an_empty_file_has_no_options(void **state)
{
	struct options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o, "", &e), 0);
	assert_int_equal(o.count, 0);
	options_release(&o);
}

static void
a_file_that_is_none_is_ignored_as_a_whole(void **state)
{
	static const char *const bad[] = {"[libfuzzer]\nmax_len\n",
	    "max_len = 5\n", "[libfuzzer\nx=1\n", "[a]\n= 5\n", "[a]\nx=\001\n",
	    "[a] b\nx=1\n"};
	struct options o;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&o, bad[i], &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_non_null(strstr(e.text, "line"));
		assert_int_equal(o.count, 0);
		options_release(&o);
	}
	assert_int_equal(options_parse(&o, "[a]\nx=\0001", 8, &e), -1);
	options_release(&o);
}

static void
any_bytes_end_well(void **state)
{
	static const char alphabet[] = "[]=:#;\n\r\t abAB01_\\\"\xff";
	char text[200];
	struct options o;
	struct err e;
	size_t i, n;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		n = random_below(sizeof(text));
		for (i = 0; i < n; i++)
			text[i] = alphabet[random_below(sizeof(alphabet))];
		(void)options_parse(&o, text, n, &e);
		options_release(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sections_keys_and_comments_are_read),
	    cmocka_unit_test(an_empty_file_has_no_options),
	    cmocka_unit_test(a_file_that_is_none_is_ignored_as_a_whole),
	    cmocka_unit_test(any_bytes_end_well),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/options", tests, NULL, NULL);
}
