/* masterd/hooks/issue: only plain addresses get in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/hooks/issue.h"

static void
the_first_plain_address_is_taken(void **state)
{
	char url[ISSUE_MAX + 1] = "";

	(void)state;
	assert_true(
	    issue_find("mail sent\nissue=https://bugs.example/7?a=b#c \r\n"
		       "issue=http://other/\n",
		url));
	assert_string_equal(url, "https://bugs.example/7?a=b#c");
	assert_true(issue_find("issue=http://x", url));
	assert_string_equal(url, "http://x");
	assert_true(issue_find("issue=javascript:1\nissue=http://y\n", url));
	assert_string_equal(url, "http://y");
}

static void
anything_else_is_none(void **state)
{
	static const char *const bad[] = {"", "\n\n", "issue=", "issue=http://",
	    "issue=https://\n", "issue=ftp://x/", "Issue=http://x",
	    " issue=http://x", "no issue=http://x", "issue=http://a b",
	    "issue=http://a\"b", "issue=http://a<b>", "issue=http://a\x1b[1m",
	    "issue=http://\xc3\xa4", "issue=http://a\\b", "issue=//x"};
	char url[ISSUE_MAX + 1], text[ISSUE_MAX + 100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(issue_find(bad[i], url));
	memset(text, 'a', sizeof(text));
	memcpy(text, "issue=http://", 13);
	text[6 + ISSUE_MAX] = '\0';
	assert_true(issue_find(text, url));
	assert_int_equal(strlen(url), ISSUE_MAX);
	text[6 + ISSUE_MAX] = 'a';
	text[6 + ISSUE_MAX + 1] = '\0';
	assert_false(issue_find(text, url));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_plain_address_is_taken),
	    cmocka_unit_test(anything_else_is_none),
	};

	return cmocka_run_group_tests_name(
	    "masterd/hooks/issue", tests, NULL, NULL);
}
