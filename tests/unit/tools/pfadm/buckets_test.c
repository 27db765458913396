/*
 * What commands about buckets say and take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pfadm/buckets.h"

#define NOW UINT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

static void
until_is_a_time_to_come(void **state)
{
	uint64_t ms = 0;

	(void)state;
	assert_true(bucket_until("30d", NOW, &ms));
	assert_int_equal(ms, NOW + UINT64_C(30) * 86400000);
	assert_true(bucket_until("2026-12-24", NOW, &ms));
	assert_int_equal(ms, UINT64_C(1798070400000));
	assert_true(bucket_until("2026-11-22T12:30Z", NOW, &ms));
	assert_int_equal(ms, NOW + 1800000);
	assert_false(bucket_until("2026-11-21", NOW, &ms));
	assert_false(bucket_until("0s", NOW, &ms));
	assert_false(bucket_until("tomorrow", NOW, &ms));
	assert_false(bucket_until("2026-12-24x", NOW, &ms));
	assert_false(bucket_until("2026-13-40", NOW, &ms));
	assert_false(bucket_until("", NOW, &ms));
}

static void
expect_hidden(const char *text, const char *command, const char *wanted)
{
	struct buf out = BUF_INIT;
	struct err e;
	struct json *j = json_parse(text, strlen(text), &JSON_REPLY, &e);

	bucket_hidden(&out, json_root(j), command);
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
	json_free(j);
}

static void
what_is_hidden_is_counted(void **state)
{
	(void)state;
	expect_hidden("{\"timeout\":7,\"memory\":2,\"muted\":0}", "",
	    "7 timeouts, 2 OOM hidden: --all");
	expect_hidden("{\"timeout\":1,\"muted\":3,\"closed\":1}",
	    "bucket list ",
	    "1 timeout, 3 muted, 1 closed hidden: bucket list --all");
	expect_hidden("{\"timeout\":0}", "", "");
	expect_hidden("{}", "", "");
}

static void
expect_spark(const uint64_t *n, size_t count, bool utf8, const char *wanted)
{
	struct buf out = BUF_INIT;

	bucket_spark(&out, n, count, utf8);
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
}

static void
numbers_are_a_picture(void **state)
{
	static const uint64_t n[] = {0, 1, 50, 100, 0};
	static const uint64_t big[] = {UINT64_MAX, 0, UINT64_MAX / 2};

	(void)state;
	expect_spark(n, 5, false, ".159.");
	expect_spark(n, 5, true, ".\u2581\u2584\u2588.");
	expect_spark(n, 1, false, ".");
	expect_spark(big, 3, false, "9.5");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(until_is_a_time_to_come),
	    cmocka_unit_test(what_is_hidden_is_counted),
	    cmocka_unit_test(numbers_are_a_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
