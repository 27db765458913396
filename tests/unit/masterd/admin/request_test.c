/*
 * What any request must keep, without a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/admin/request.h"

static void
unescapes(const char *in, const char *out)
{
	char text[64];

	text_copy(text, sizeof(text), in);
	assert_int_equal(request_unescape(text), strlen(out));
	assert_string_equal(text, out);
}

static void
escapes_are_undone_but_for_nul(void **state)
{
	(void)state;
	unescapes("a%20b", "a b");
	unescapes("%2F%2f", "//");
	unescapes("a%00b", "a%00b");
	unescapes("%", "%");
	unescapes("%2", "%2");
	unescapes("%zz%4g", "%zz%4g");
	unescapes("%25%30", "%0");
	unescapes("%\x11\x12", "%\x11\x12");
	unescapes("", "");
}

static void
a_parameter_is_known_once_and_a_line(void **state)
{
	const struct route route = {
	    .method = "GET", .path = "jobs", .query = "after limit tag"};
	struct request r = {.route = &route};
	char big[1100];
	struct err e;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(request_check_query(&r, "tag", "x", false, &e), 0);
	assert_null(r.field);
	assert_int_equal(request_check_query(&r, "ta", "x", false, &e), -1);
	assert_string_equal(r.field, "ta");
	assert_int_equal(request_check_query(&r, "", "x", false, &e), -1);
	assert_int_equal(request_check_query(&r, "tag", "x", true, &e), -1);
	assert_string_equal(r.field, "tag");
	assert_int_equal(request_check_query(&r, "tag", NULL, false, &e), -1);
	assert_int_equal(request_check_query(&r, "tag", big, false, &e), -1);
	assert_int_equal(request_check_query(&r, "tag", "\t", false, &e), -1);
	assert_int_equal(
	    request_check_query(&r, "tag", "\xc0\x80", false, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
}

static void
heads_and_bodies_have_limits(void **state)
{
	const struct route route = {.body_max = 10};
	struct request_head head = {64, 16 * 1024};
	struct request r = {.route = &route};
	struct err e;

	(void)state;
	assert_int_equal(request_check_head(&r, &head, "/x", &e), 0);
	head.headers++;
	assert_int_equal(request_check_head(&r, &head, "/x", &e), -1);
	assert_int_equal(r.status, 431);
	head = (struct request_head){1, 16 * 1024 + 1};
	assert_int_equal(request_check_head(&r, &head, "/x", &e), -1);
	assert_int_equal(request_check_length(&r, 10, &e), 0);
	assert_int_equal(request_check_length(&r, UINT64_MAX, &e), 0);
	assert_int_equal(request_check_length(&r, 11, &e), -1);
	assert_int_equal(r.status, 413);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes_are_undone_but_for_nul),
	    cmocka_unit_test(a_parameter_is_known_once_and_a_line),
	    cmocka_unit_test(heads_and_bodies_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
