/* tools/pf-report/state: what was told is not told again, for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pf-report/pf_report.h"

#define HOUR  3600000ull
#define START (1000000 * HOUR)

static char folder[] = "/tmp/pf-state.XXXXXX";
static char file[sizeof(folder) + 8];

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/told", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

/* One run: problems as JSON, new things a line each; 1: there is news. */
static int
run(uint64_t hours, const char *problems, const char *fresh)
{
	struct facts f = {.since_ms = 24 * HOUR};
	struct buf next = BUF_INIT, text = BUF_INIT;
	struct json *json;
	struct err e;
	int got;

	buf_printf(&text, "{\"problems\":[%s]}", problems);
	json = json_parse(text.data, text.len, &JSON_FILE, &e);
	assert_non_null(json);
	f.item = json_root(json);
	buf_adds(&f.keys, fresh);
	got = state_compare(&f, file, START + hours * HOUR, &next, &e);
	assert_int_not_equal(got, -1);
	assert_int_equal(state_save(file, &next, &e), 0);
	buf_release(&f.keys);
	buf_release(&next);
	buf_release(&text);
	json_free(json);
	return got;
}

#define LOST(bot) "{\"text\":\"bot " bot " is lost: last at 10:00:00Z\"}"
#define FULL(n)   "{\"text\":\"disk: " n " are free\"}"

static void
nothing_is_no_news(void **state)
{
	(void)state;
	assert_int_equal(run(0, "", ""), 0);
	assert_int_equal(run(0, LOST("b1"), ""), 1);
}

static void
what_lasts_is_told_once_a_day(void **state)
{
	(void)state;
	assert_int_equal(run(0, LOST("b1"), ""), 1);
	assert_int_equal(run(1, LOST("b1"), ""), 0);
	assert_int_equal(run(2, LOST("b2") "," LOST("b1"), ""), 1);
	assert_int_equal(run(23, LOST("b1"), ""), 0);
	assert_int_equal(run(24, LOST("b1"), ""), 1);
	assert_int_equal(run(25, LOST("b1"), ""), 0);
}

static void
what_comes_and_goes_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(run(0, LOST("b1"), ""), 1);
	assert_int_equal(run(1, "", ""), 0);
	assert_int_equal(run(2, LOST("b1"), ""), 0);
	assert_int_equal(run(30, LOST("b1"), ""), 1);
}

static void
another_number_is_no_news(void **state)
{
	(void)state;
	assert_int_equal(run(0, FULL("12.5 GiB"), ""), 1);
	assert_int_equal(run(1, FULL("9.75 GiB"), ""), 0);
}

static void
new_buckets_are_news(void **state)
{
	(void)state;
	assert_int_equal(run(0, "", " bucket.new png-1\n"), 1);
	assert_int_equal(run(1, "", " bucket.new png-1\n"), 0);
	assert_int_equal(
	    run(2, "", " bucket.new png-2\n bucket.new png-1\n"), 1);
}

static void
a_clock_that_was_set_back_is_no_silence(void **state)
{
	(void)state;
	assert_int_equal(run(1000, LOST("b1"), ""), 1);
	assert_int_equal(run(1, LOST("b1"), ""), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(nothing_is_no_news, remove_file),
	    cmocka_unit_test_teardown(
		what_lasts_is_told_once_a_day, remove_file),
	    cmocka_unit_test_teardown(
		what_comes_and_goes_is_told_once, remove_file),
	    cmocka_unit_test_teardown(another_number_is_no_news, remove_file),
	    cmocka_unit_test_teardown(new_buckets_are_news, remove_file),
	    cmocka_unit_test_teardown(
		a_clock_that_was_set_back_is_no_silence, remove_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
