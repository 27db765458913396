/* What a ticket takes from its job's values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "masterd/publish/publish_internal.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct ticket
fill(struct world *w)
{
	struct ticket t = {.job = 0xaaaaaaaaaaaaaaaa};
	struct err e;

	if (publish_ticket_values(w->db, &t, &e) == -1)
		fail_msg("%s", e.text);
	return t;
}

static void
limits_arguments_and_environment_are_in_it(void **state)
{
	struct world *w = *state;
	struct ticket t;

	world_sql(w,
	    "INSERT INTO job_value VALUES (1, 'memory', '4GiB', 'job'),"
	    " (1, 'timeout', '7s', 'job'), (1, 'corpus_size', '1MiB', 'job'),"
	    " (1, 'arguments.-max_len', '9', 'job'),"
	    " (1, 'arguments.-only_ascii', '', 'job'),"
	    " (1, 'environment.MODE', 'a b', 'job'),"
	    " (1, 'asan_options.redzone', '64', 'job'),"
	    " (1, 'asan_options.exitcode', '77', 'forced by the bot'),"
	    " (1, 'tags.big', 'yes', 'job');"
	    "UPDATE job SET cpu_limit_ms = 9000, cpu_ms = 2000");
	t = fill(w);
	assert_int_equal(t.limits.memory_mb, 4096);
	assert_int_equal(t.limits.timeout_ms, 7000);
	assert_int_equal(t.limits.corpus_bytes, 1 << 20);
	assert_int_equal(t.limits.cpu_ms, 7000);
	assert_int_equal(t.argument_count, 2);
	assert_string_equal(t.arguments[0], "-max_len=9");
	assert_string_equal(t.arguments[1], "-only_ascii");
	assert_int_equal(t.environment_count, 2);
	assert_string_equal(t.environment[0], "MODE=a b");
	assert_string_equal(
	    t.environment[1], "ASAN_OPTIONS=exitcode=77:redzone=64");
	ticket_release(&t);
}

/* Its quotes are ours; a person's would swallow what comes behind. */
static void
what_is_forced_goes_along_as_it_stands(void **state)
{
	struct world *w = *state;
	struct ticket t;

	world_sql(w,
	    "INSERT INTO job_value VALUES (1, 'asan_options.redzone', '64',"
	    " 'job'), (1, 'asan_options.stack_trace_format',"
	    " '''    #%n %p %F %S (%m+%o)''', 'forced by the bot'),"
	    " (1, 'tsan_options.stack_trace_format', '''%p', 'job')");
	t = fill(w);
	assert_int_equal(t.environment_count, 1);
	assert_string_equal(t.environment[0],
	    "ASAN_OPTIONS=redzone=64:stack_trace_format='    #%n %p %F %S"
	    " (%m+%o)'");
	ticket_release(&t);
}

static void
a_job_without_values_sets_no_limit(void **state)
{
	struct ticket t = fill(*state);

	assert_int_equal(t.limits.memory_mb, 0);
	assert_int_equal(t.limits.timeout_ms, 0);
	assert_int_equal(t.limits.cpu_ms, 0);
	assert_int_equal(t.argument_count, 0);
	assert_int_equal(t.environment_count, 0);
}

static void
a_value_that_is_none_any_more_is_left_out(void **state)
{
	struct world *w = *state;
	struct ticket t;

	world_sql(w,
	    "INSERT INTO job_value VALUES (1, 'gone', '1', 'x'),"
	    " (1, 'memory', 'nonsense', 'x'),"
	    " (1, 'timeout', '7s', 'x')");
	t = fill(w);
	assert_int_equal(t.limits.timeout_ms, 7000);
	assert_true(t.limits.memory_mb > 0); /* what holds by default */
	ticket_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(limits_arguments_and_environment_are_in_it),
	    TEST(what_is_forced_goes_along_as_it_stands),
	    TEST(a_job_without_values_sets_no_limit),
	    TEST(a_value_that_is_none_any_more_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
