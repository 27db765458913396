/* lib/base/json_write: what is written is JSON and reads back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"

static void
commas_stand_where_they_belong(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_open(&b, NULL, '{');
	json_put_string(&b, "s", "x");
	json_put_u64(&b, "n", UINT64_MAX);
	json_open(&b, "list", '[');
	json_put_u64(&b, NULL, 1);
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_open(&b, NULL, '[');
	json_close(&b, ']');
	json_put_null(&b, NULL);
	json_close(&b, ']');
	json_put_bool(&b, "t", true);
	json_put_bool(&b, "f", false);
	json_put_string(&b, "none", NULL);
	json_put_raw(&b, "raw", "{\"a\": [1]}\n", 11);
	json_put_raw(&b, "empty", " ", 1);
	json_close(&b, '}');
	assert_string_equal(b.data,
	    "{\"s\":\"x\",\"n\":18446744073709551615,\"list\":[1,{},[],null],"
	    "\"t\":true,\"f\":false,\"none\":null,\"raw\":{\"a\": [1]},"
	    "\"empty\":null}");
	buf_release(&b);
}

static void
lines_follow_each_other_without_a_comma(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	buf_addc(&b, '\n');
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	assert_string_equal(b.data, "{}\n{}");
	buf_release(&b);
}

static void
values_that_end_in_a_bracket_still_get_a_comma(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_open(&b, NULL, '[');
	json_put_string(&b, NULL, "{");
	json_put_string(&b, NULL, "[\n");
	json_put_string(&b, NULL, "");
	json_close(&b, ']');
	assert_string_equal(b.data, "[\"{\",\"[\\n\",\"\"]");
	buf_release(&b);
}

static void
strings_are_escaped_and_mended(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_put_string(
	    &b, NULL, "\"\\\n\t\r\x01\x1f\x7f/\xc3\xa9\xff\xe2\x82");
	assert_string_equal(b.data,
	    "\"\\\"\\\\\\n\\t\\u000d\\u0001\\u001f\x7f/\xc3\xa9"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_release(&b);
}

static void
random_strings_read_back(void **state)
{
	char text[33], key[9];
	struct buf b = BUF_INIT;
	struct json *j;
	size_t i;
	int turn;

	(void)state;
	srandom(2);
	for (turn = 0; turn < 20000; turn++) {
		for (i = 0; i < sizeof(text) - 1; i++)
			text[i] = (char)(random() % 127 + 1);
		text[(size_t)random() % sizeof(text)] = '\0';
		text[sizeof(text) - 1] = '\0';
		memcpy(key, "\"\n\\\x02k/\x7f{", 9);
		buf_reset(&b);
		json_open(&b, NULL, '{');
		json_put_string(&b, key, text);
		json_put_string(&b, "last", text);
		json_close(&b, '}');
		j = json_parse(b.data, b.len, &JSON_LINE, NULL);
		assert_non_null(j);
		assert_string_equal(
		    json_get_string(json_root(j), key, "?"), text);
		assert_string_equal(
		    json_get_string(json_root(j), "last", "?"), text);
		json_free(j);
	}
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commas_stand_where_they_belong),
	    cmocka_unit_test(lines_follow_each_other_without_a_comma),
	    cmocka_unit_test(values_that_end_in_a_bracket_still_get_a_comma),
	    cmocka_unit_test(strings_are_escaped_and_mended),
	    cmocka_unit_test(random_strings_read_back),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/json_write", tests, NULL, NULL);
}
