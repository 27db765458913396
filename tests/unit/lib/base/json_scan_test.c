/* lib/base/json_scan: what is not JSON is refused, whatever jsmn thinks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/json_scan.h"

static void
assert_refused(const char *text, size_t len)
{
	struct err e;

	err_clear(&e);
	if (json_scan(text, len, &JSON_FILE, &e) != -1)
		fail_msg("accepted: %s", text);
	assert_int_equal(e.cls, ERR_REFUSED);
}

static void
what_jsmn_takes_for_valid_is_refused(void **state)
{
	static const char *const traps[] = {"{\"a\":1,}", "[1 2 3]", "{\"a\":}",
	    "[,]", "{\"a\":1}{\"b\":2}", "[00123]", "[--5]", "[1e999999]",
	    "[nul]", "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800x\"]",
	    "[\"\\ud800\\u0041\"]", "[\"\\udbff\\udbff\"]", "[\"a\tb\"]",
	    "[\"\\u0000\"]", "{\"a\",\"b\"}", "[\"a\":1]", "", "{a:1}", "[1] x",
	    "{1:2}", "{\"a\" 1}", "{:1}", "{\"a\"}", "[1,]", "[1,,2]", "{,}",
	    "{\"a\":1 \"b\":2}", "[true false]", "[truE]", "[tru]", "[nulll]",
	    "[+1]", "[.5]", "[1.]", "[1e]", "[1e+]", "[-]", "[0x10]", "[-01]",
	    "[NaN]", "[Infinity]", "['a']", "[\"\\x41\"]", "[\"\\u12g4\"]",
	    "[\"\\u12\"]", "[\"\\", "[\"a", "[", "{", "{\"a\":", "[1", "]", "}",
	    "[}", "{]", "[{]}", "[]]", "[1}", "\"a\"", "1", "null", " ", ",",
	    "[\"\x7f\xff\"]", "[\"\xc0\xaf\"]", "[\"\xed\xa0\x80\"]",
	    "[\"\xe2\x82\"]", "\xef\xbb\xbf[]", "[1]\f", "[\v1]", "//x\n[]",
	    "[1/**/]"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(traps) / sizeof(traps[0]); i++)
		assert_refused(traps[i], strlen(traps[i]));
}

static void
a_nul_byte_is_refused_everywhere(void **state)
{
	(void)state;
	assert_refused("\0[]", 3);
	assert_refused("[]\0", 3);
	assert_refused("[\0]", 3);
	assert_refused("[1\0]", 4);
	assert_refused("[\"\0\"]", 5);
	assert_refused("[\"\\\0\"]", 6);
}

static void
every_prefix_of_a_document_is_refused(void **state)
{
	const char *doc = "{\"k\":[true,false,null,-1.5e+3,\"\\ud83d\\udc3c"
			  "\xe2\x82\xac\",{\"x\":{}}]}";
	size_t len;

	(void)state;
	for (len = 0; len < strlen(doc); len++)
		assert_refused(doc, len);
	assert_int_equal(json_scan(doc, strlen(doc), &JSON_FILE, NULL), 11);
}

static void
every_kind_of_value_is_counted(void **state)
{
	static const char doc[] = " { \"a\" : [ 1 , -0 , 0.5 , 1E-2 ] ,\r\n\t"
				  "\"b\":{},\"c\":\"\\\"\\\\\\/\\b\\f\\n\\r"
				  "\\t\\u00e9\" } ";

	(void)state;
	assert_int_equal(
	    json_scan(doc, strlen(doc), &JSON_FILE, NULL), 1 + 6 + 4);
	assert_int_equal(json_scan("[]", 2, &JSON_LINE, NULL), 1);
	assert_int_equal(json_scan("{}", 2, &JSON_LINE, NULL), 1);
}

static void
a_nesting_bomb_is_refused_in_milliseconds(void **state)
{
	const struct json_limits deep = {1 << 24, 1 << 24, 1000000};
	size_t len = 200000;
	char *bomb = malloc(len);
	uint64_t start = clock_up_ms();
	struct err e;

	(void)state;
	memset(bomb, '[', len);
	assert_int_equal(json_scan(bomb, len, &JSON_REPLY, &e), -1);
	assert_non_null(strstr(e.text, "nested"));
	/* However much a caller allows. */
	assert_int_equal(json_scan(bomb, len, &deep, &e), -1);
	assert_in_range(clock_up_ms() - start, 0, 500);
	free(bomb);
}

static void
limits_hold_to_the_last(void **state)
{
	struct json_limits l = {10, 4, 2};
	struct err e;

	(void)state;
	assert_int_equal(json_scan("[1,2,3]   ", 10, &l, &e), 4);
	assert_int_equal(json_scan("[1,2,3]    ", 11, &l, &e), -1);
	assert_non_null(strstr(e.text, "longer"));
	assert_int_equal(json_scan("[1,2,3,4]", 9, &l, &e), -1);
	assert_non_null(strstr(e.text, "more values"));
	assert_int_equal(json_scan("[[],[]]", 7, &l, &e), 3);
	assert_int_equal(json_scan("[[[]]]", 6, &l, &e), -1);
	assert_non_null(strstr(e.text, "nested"));
	assert_int_equal(json_scan("{\"a\":[]}", 8, &JSON_LINE, &e), -1);
}

static void
the_place_of_the_fault_is_named(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(json_scan("[1 2]", 5, &JSON_FILE, &e), -1);
	assert_string_equal(
	    e.text, "not valid JSON at byte 3: a comma or bracket is missing");
}

static void
numbers_are_bounded(void **state)
{
	char text[128] = "[";
	double value;

	(void)state;
	memset(text + 1, '1', 64);
	strcpy(text + 65, "]");
	assert_int_equal(json_scan(text, 66, &JSON_FILE, NULL), 2);
	strcpy(text + 65, "1]");
	assert_refused(text, 67);
	assert_int_equal(json_scan_double("-12.5e1", 7, &value), 0);
	assert_true(value == -125.0);
	assert_int_equal(json_scan_double("1e309", 5, &value), -1);
	assert_int_equal(json_scan_double("1e-999", 6, &value), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_jsmn_takes_for_valid_is_refused),
	    cmocka_unit_test(a_nul_byte_is_refused_everywhere),
	    cmocka_unit_test(every_prefix_of_a_document_is_refused),
	    cmocka_unit_test(every_kind_of_value_is_counted),
	    cmocka_unit_test(a_nesting_bomb_is_refused_in_milliseconds),
	    cmocka_unit_test(limits_hold_to_the_last),
	    cmocka_unit_test(the_place_of_the_fault_is_named),
	    cmocka_unit_test(numbers_are_bounded),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/json_scan", tests, NULL, NULL);
}
