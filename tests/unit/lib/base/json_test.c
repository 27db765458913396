/* lib/base/json: a document is all there and right, or not there at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"

static struct json *
parse(const char *text)
{
	struct json *j;
	struct err e;

	j = json_parse(text, strlen(text), &JSON_FILE, &e);
	if (j == NULL)
		fail_msg("%s", e.text);
	return j;
}

static void
assert_refused(const char *text, const char *why)
{
	struct err e;

	assert_null(json_parse(text, strlen(text), &JSON_FILE, &e));
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, why));
}

static void
members_are_found_and_walked_in_order(void **state)
{
	struct json *j = parse(" {\"n\":12,\"list\":[1,[2,3],{\"x\":null}],"
			       "\"s\":\"text\",\"\":true} ");
	const struct json_value *root = json_root(j), *v;
	size_t len;

	(void)state;
	assert_int_equal(json_type(root), JSON_OBJECT);
	assert_int_equal(json_count(root), 4);
	assert_string_equal(json_key(root, 0), "n");
	assert_string_equal(json_key(root, 3), "");
	assert_null(json_key(root, 4));
	assert_null(json_item(root, -1));
	v = json_first(root);
	assert_string_equal(json_key_of(v), "n");
	assert_int_equal(json_type(v), JSON_NUMBER);
	v = json_next(v);
	assert_string_equal(json_key_of(v), "list");
	assert_int_equal(json_count(v), 3);
	assert_null(json_key(v, 0));
	assert_int_equal(json_count(json_item(v, 1)), 2);
	assert_int_equal(json_type(json_get(json_item(v, 2), "x")), JSON_NULL);
	assert_memory_equal(json_raw(v, &len), "[1,[2,3],{\"x\":null}]", 20);
	assert_int_equal(len, 20);
	v = json_next(v);
	assert_string_equal(json_string(v), "text");
	assert_memory_equal(json_raw(v, &len), "\"text\"", 6);
	assert_int_equal(len, 6);
	v = json_next(v);
	assert_int_equal(json_type(v), JSON_BOOL);
	assert_null(json_next(v));
	json_free(j);
}

static void
empty_documents_have_no_members(void **state)
{
	struct json *j = parse("{}");

	(void)state;
	assert_int_equal(json_count(json_root(j)), 0);
	assert_null(json_first(json_root(j)));
	assert_null(json_get(json_root(j), "a"));
	json_free(j);
	j = parse("[[],{},[]]");
	assert_int_equal(json_count(json_root(j)), 3);
	assert_null(json_first(json_item(json_root(j), 1)));
	json_free(j);
	json_free(NULL);
}

static void
nothing_comes_of_nothing(void **state)
{
	uint64_t u;
	int64_t i;
	double d;
	bool b;

	(void)state;
	assert_int_equal(json_type(NULL), JSON_NULL);
	assert_int_equal(json_count(NULL), 0);
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_item(NULL, 0));
	assert_null(json_get(NULL, "a"));
	assert_null(json_string(NULL));
	assert_int_equal(json_u64(NULL, &u), -1);
	assert_int_equal(json_i64(NULL, &i), -1);
	assert_int_equal(json_double(NULL, &d), -1);
	assert_int_equal(json_bool(NULL, &b), -1);
	assert_string_equal(json_get_string(NULL, "a", "none"), "none");
	assert_int_equal(json_get_u64(NULL, "a", 5), 5);
}

static void
strings_and_keys_are_decoded(void **state)
{
	struct json *j = parse("{\"\\u0041\\n\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t"
			       "\\u00e9\\u20AC\\ud83d\\udc3c\xe2\x82\xac\"}");

	(void)state;
	assert_string_equal(json_get_string(json_root(j), "A\n", "?"),
	    "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xbc"
	    "\xe2\x82\xac");
	json_free(j);
}

static void
keys_are_unique_however_they_are_spelled(void **state)
{
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	assert_refused("{\"a\":1,\"a\":2}", "'a' is given twice");
	assert_refused("{\"a\":1,\"\\u0061\":2}", "'a' is given twice");
	assert_refused("[{},{\"x\":{\"b\":1,\"c\":1,\"b\":1}}]", "twice");
	json_free(parse("[{\"a\":1},{\"a\":1,\"A\":{\"a\":1}}]"));
	/* Many keys take another way. */
	for (i = 0; i < 100; i++)
		buf_printf(&b, "%c\"k%d\":0", i == 0 ? '{' : ',', i);
	buf_adds(&b, "}");
	json_free(parse(b.data));
	b.data[--b.len] = '\0';
	buf_adds(&b, ",\"k57\":0}");
	assert_refused(b.data, "'k57' is given twice");
	buf_release(&b);
}

static void
keys_that_defeat_a_quadratic_check_cost_little(void **state)
{
	struct buf b = BUF_INIT;
	uint64_t start;
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < 1000000; i++)
		buf_printf(&b, "%c\"%d\":0", i == 0 ? '{' : ',', i);
	buf_adds(&b, ",\"7\":0}");
	start = clock_up_ms();
	assert_null(json_parse(b.data, b.len, &JSON_REPLY, &e));
	assert_non_null(strstr(e.text, "'7' is given twice"));
	assert_in_range(clock_up_ms() - start, 0, 20000);
	buf_release(&b);
}

static void
a_wide_reply_is_read_in_linear_time(void **state)
{
	struct buf b = BUF_INIT;
	const struct json_value *v;
	uint64_t start, sum = 0, n;
	struct json *j;
	int i;

	(void)state;
	for (i = 0; i < 500000; i++)
		buf_printf(&b, "%c{\"id\":%d}", i == 0 ? '[' : ',', i);
	buf_adds(&b, "]");
	start = clock_up_ms();
	j = json_parse(b.data, b.len, &JSON_REPLY, NULL);
	assert_non_null(j);
	for (v = json_first(json_root(j)); v != NULL; v = json_next(v))
		if (json_u64(json_get(v, "id"), &n) == 0)
			sum += n;
	assert_true(sum == UINT64_C(124999750000));
	assert_in_range(clock_up_ms() - start, 0, 10000);
	json_free(j);
	buf_release(&b);
}

static void
numbers_are_whole_and_in_range_or_refused(void **state)
{
	struct json *j = parse(
	    "[18446744073709551615,18446744073709551616,-1,"
	    "9223372036854775807,9223372036854775808,-9223372036854775808,"
	    "-9223372036854775809,1.5,1e3,-0,\"5\",true]");
	const struct json_value *r = json_root(j);
	uint64_t u;
	int64_t i;
	double d;
	bool b;

	(void)state;
	assert_int_equal(json_u64(json_item(r, 0), &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_u64(json_item(r, 1), &u), -1);
	assert_int_equal(json_u64(json_item(r, 2), &u), -1);
	assert_int_equal(json_i64(json_item(r, 2), &i), 0);
	assert_int_equal(i, -1);
	assert_int_equal(json_i64(json_item(r, 3), &i), 0);
	assert_true(i == INT64_MAX);
	assert_int_equal(json_i64(json_item(r, 4), &i), -1);
	assert_int_equal(json_i64(json_item(r, 5), &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(json_i64(json_item(r, 6), &i), -1);
	assert_int_equal(json_u64(json_item(r, 7), &u), -1);
	assert_int_equal(json_double(json_item(r, 7), &d), 0);
	assert_true(d == 1.5);
	assert_int_equal(json_u64(json_item(r, 8), &u), -1);
	assert_int_equal(json_double(json_item(r, 8), &d), 0);
	assert_true(d == 1000.0);
	assert_int_equal(json_i64(json_item(r, 9), &i), 0);
	assert_int_equal(i, 0);
	assert_int_equal(json_u64(json_item(r, 10), &u), -1);
	assert_int_equal(json_bool(json_item(r, 11), &b), 0);
	assert_true(b);
	assert_int_equal(json_bool(json_item(r, 0), &b), -1);
	assert_null(json_string(json_item(r, 0)));
	json_free(j);
}

static void
what_is_no_json_is_refused(void **state)
{
	(void)state;
	assert_refused("{\"a\":}", "byte 5");
	assert_refused("[1 2]", "comma");
	assert_refused("", "no object");
}

static void
shorthands_fall_back(void **state)
{
	struct json *j = parse("{\"s\":\"x\",\"n\":3}");
	const struct json_value *r = json_root(j);

	(void)state;
	assert_string_equal(json_get_string(r, "s", "-"), "x");
	assert_string_equal(json_get_string(r, "n", "-"), "-");
	assert_null(json_get_string(r, "none", NULL));
	assert_int_equal(json_get_u64(r, "n", 9), 3);
	assert_int_equal(json_get_u64(r, "s", 9), 9);
	json_free(j);
}

static void
the_text_may_go_after_parsing(void **state)
{
	char text[] = "{\"a\":\"b\"}";
	struct json *j = parse(text);

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_string_equal(json_get_string(json_root(j), "a", ""), "b");
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_are_found_and_walked_in_order),
	    cmocka_unit_test(empty_documents_have_no_members),
	    cmocka_unit_test(nothing_comes_of_nothing),
	    cmocka_unit_test(strings_and_keys_are_decoded),
	    cmocka_unit_test(keys_are_unique_however_they_are_spelled),
	    cmocka_unit_test(keys_that_defeat_a_quadratic_check_cost_little),
	    cmocka_unit_test(a_wide_reply_is_read_in_linear_time),
	    cmocka_unit_test(numbers_are_whole_and_in_range_or_refused),
	    cmocka_unit_test(what_is_no_json_is_refused),
	    cmocka_unit_test(shorthands_fall_back),
	    cmocka_unit_test(the_text_may_go_after_parsing),
	};

	return cmocka_run_group_tests_name("lib/base/json", tests, NULL, NULL);
}
