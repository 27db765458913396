/* lib/wire/flags: which flags are not for jobs and builds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/wire/flags.h"

static void
what_the_runner_stands_on_is_refused_with_a_reason(void **state)
{
	(void)state;
	assert_string_equal(flag_refusal("-fork"), "the bot decides it");
	assert_string_equal(flag_refusal("fork"), "the bot decides it");
	assert_string_equal(
	    flag_refusal("-artifact_prefix"), "the bot decides it");
	assert_string_equal(flag_refusal("--workspace"), "the bot decides it");
	assert_string_equal(flag_refusal("-M"), "the bot decides it");
	assert_string_equal(flag_refusal("-timeout"), "use timeout");
	assert_string_equal(flag_refusal("-rss_limit_mb"), "use memory");
	assert_string_equal(
	    flag_refusal("-dict"), "the build's T.dict is taken");
}

static void
other_flags_are_free(void **state)
{
	(void)state;
	assert_null(flag_refusal("-max_len"));
	assert_null(flag_refusal("-use_value_profile"));
	assert_null(flag_refusal("-forks"));
	assert_null(flag_refusal("-"));
	assert_null(flag_refusal(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_the_runner_stands_on_is_refused_with_a_reason),
	    cmocka_unit_test(other_flags_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
