/* lib/base/log: an event is a line, whatever its values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "lib/base/log.h"

static char line[8192];

/* What the statement writes to standard error, without the time. */
#define LOGGED(statement)                                    \
	do {                                                 \
		int ends[2], old = dup(2);                   \
		ssize_t got;                                 \
                                                             \
		assert_int_equal(pipe(ends), 0);             \
		dup2(ends[1], 2);                            \
		statement;                                   \
		dup2(old, 2);                                \
		close(old);                                  \
		close(ends[1]);                              \
		got = read(ends[0], line, sizeof(line) - 1); \
		close(ends[0]);                              \
		line[got < 0 ? 0 : got] = '\0';              \
	} while (0)

static void
an_event_is_one_line_with_time_level_and_fields(void **state)
{
	(void)state;
	LOGGED(log_info(
	    "bundle.ingested", LOG_T("bot", "b07"), LOG_N("units", 12)));
	assert_true(strlen(line) > 20 && line[10] == 'T' && line[19] == 'Z');
	assert_string_equal(
	    line + 20, " info bundle.ingested bot=b07 units=12\n");
}

static void
odd_values_are_quoted_and_escaped(void **state)
{
	(void)state;
	LOGGED(log_error("x.y", LOG_T("a", "two words"), LOG_T("b", ""),
	    LOG_T("c", "q\"\\"), LOG_T("d", "x\nerror fake.event \x1b[1m")));
	assert_string_equal(line + 20,
	    " error x.y a=\"two words\" b=\"\" c=\"q\\\"\\\\\" "
	    "d=\"x\\\\x0aerror fake.event \\\\x1b[1m\"\n");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
levels_below_the_least_are_silent(void **state)
{
	(void)state;
	LOGGED(log_debug("x.y", LOG_N("n", 1)));
	assert_string_equal(line, "");
	log_set_level(LEVEL_DEBUG);
	LOGGED(log_debug("x.y", LOG_N("n", 1)));
	assert_string_equal(line + 20, " debug x.y n=1\n");
	log_set_level(LEVEL_INFO);
}

static void
long_values_are_cut(void **state)
{
	char big[4096];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	LOGGED(log_warn("x.y", LOG_T("v", big)));
	assert_int_equal(strlen(line), 20 + strlen(" warn x.y v=\n") + 1024);
}

static void
a_trace_is_in_each_line_until_it_changes(void **state)
{
	(void)state;
	log_set_trace("4bf92f");
	LOGGED(log_info("x.y", LOG_N("n", 1)));
	assert_string_equal(line + 20, " info x.y n=1 trace=4bf92f\n");
	log_set_trace("a b\n");
	LOGGED(log_info("x.y", LOG_N("n", 1)));
	assert_string_equal(line + 20, " info x.y n=1 trace=\"a b\\\\x0a\"\n");
	log_set_trace("");
	LOGGED(log_info("x.y", LOG_N("n", 1)));
	assert_string_equal(line + 20, " info x.y n=1\n");
	log_set_trace("4bf92f");
	log_set_trace(NULL);
	LOGGED(log_info("x.y", LOG_N("n", 1)));
	assert_string_equal(line + 20, " info x.y n=1\n");
}

static void
as_json_a_line_is_one_object(void **state)
{
	const struct json_value *o;
	struct json *j;

	(void)state;
	log_set_format(LOG_JSON);
	log_set_component("masterd");
	log_set_trace("4bf92f");
	LOGGED(log_warn(
	    "bot.lost", LOG_T("bot", "b07"), LOG_N("units", UINT64_MAX)));
	log_set_trace(NULL);
	log_set_format(LOG_TEXT);
	assert_memory_equal(line, "{\"ts\":\"2", 8);
	assert_string_equal(strstr(line, ",\"level\""),
	    ",\"level\":\"warn\",\"event\":\"bot.lost\","
	    "\"component\":\"masterd\",\"bot\":\"b07\","
	    "\"units\":18446744073709551615,\"trace\":\"4bf92f\"}\n");
	j = json_parse(line, strlen(line) - 1, &JSON_LINE, NULL);
	assert_non_null(j);
	o = json_root(j);
	assert_string_equal(json_get_string(o, "event", ""), "bot.lost");
	json_free(j);
}

/* Whatever a value holds: one line, one object, valid. */
static void
as_json_odd_values_stay_values(void **state)
{
	char odd[300];
	struct json *j;
	unsigned i;

	(void)state;
	for (i = 0; i < 255; i++)
		odd[i] = (char)(i + 1);
	odd[255] = '\0';
	log_set_format(LOG_JSON);
	log_set_trace(odd);
	LOGGED(log_warn("x.y", LOG_T("reason", odd)));
	log_set_trace(NULL);
	log_set_format(LOG_TEXT);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	j = json_parse(line, strlen(line), &JSON_LINE, NULL);
	assert_non_null(j);
	assert_non_null(json_get_string(json_root(j), "reason", NULL));
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_event_is_one_line_with_time_level_and_fields),
	    cmocka_unit_test(odd_values_are_quoted_and_escaped),
	    cmocka_unit_test(levels_below_the_least_are_silent),
	    cmocka_unit_test(long_values_are_cut),
	    cmocka_unit_test(a_trace_is_in_each_line_until_it_changes),
	    cmocka_unit_test(as_json_a_line_is_one_object),
	    cmocka_unit_test(as_json_odd_values_stay_values),
	};

	return cmocka_run_group_tests_name("lib/base/log", tests, NULL, NULL);
}
