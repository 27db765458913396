/* lib/wire/sanitizers: what the bot forces, known to both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/sanitizers.h"

/* True when "text" has this option, as the last of its name. */
static int
ends_with(const char *text, const char *name, const char *value)
{
	struct sanitizer_option o;
	int is = 0;

	while (sanitizer_option_next(&text, &o))
		if (o.name_len == strlen(name) &&
		    memcmp(o.name, name, o.name_len) == 0)
			is = o.value_len == strlen(value) &&
			    memcmp(o.value, value, o.value_len) == 0;
	return is;
}

static const struct sanitizer_tool *
tool_of(const char *section)
{
	int i = 0;

	while (strcmp(sanitizer_tools[i].section, section) != 0)
		assert_true(++i < SANITIZER_TOOLS);
	return &sanitizer_tools[i];
}

/* Exit code and channel of reports are what the runner reads. */
static void
every_tool_is_made_to_report_alike(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SANITIZER_TOOLS; i++) {
		const char *forced = sanitizer_tools[i].forced;

		assert_true(ends_with(forced, "exitcode", "77"));
		assert_true(ends_with(forced, "symbolize", "1"));
		assert_true(ends_with(forced, "handle_abort", "1"));
		assert_true(ends_with(forced, "abort_on_error", "0"));
		assert_true(
		    ends_with(forced, "allocator_may_return_null", "1"));
		assert_true(ends_with(forced, "log_path", "stderr"));
		assert_true(ends_with(forced, "log_exe_name", "0"));
		assert_true(ends_with(forced, "stack_trace_format",
		    "'    #%n %p %F %S (%m+%o)'"));
	}
	assert_true(
	    ends_with(tool_of("ubsan")->forced, "print_stacktrace", "1"));
	assert_true(ends_with(tool_of("ubsan")->forced, "halt_on_error", "1"));
	assert_true(ends_with(tool_of("tsan")->forced, "halt_on_error", "1"));
}

static void
options_are_walked_one_by_one(void **state)
{
	const char *at = ":a=1::bc=:d";
	struct sanitizer_option o;

	(void)state;
	assert_int_equal(sanitizer_option_next(&at, &o), 1);
	assert_memory_equal(o.name, "a", o.name_len);
	assert_memory_equal(o.value, "1", o.value_len);
	assert_int_equal(o.value_len, 1);
	assert_int_equal(sanitizer_option_next(&at, &o), 1);
	assert_int_equal(o.name_len, 2);
	assert_int_equal(o.value_len, 0);
	assert_int_equal(sanitizer_option_next(&at, &o), 1);
	assert_int_equal(o.name_len, 1);
	assert_int_equal(o.value_len, 0);
	assert_int_equal(sanitizer_option_next(&at, &o), 0);
	at = "";
	assert_int_equal(sanitizer_option_next(&at, &o), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_tool_is_made_to_report_alike),
	    cmocka_unit_test(options_are_walked_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
