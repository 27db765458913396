/* masterd/settings: the table, its page, and what a reload does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "masterd/settings.h"
#include "tests/unit/scratch.h"
#include "tests/unit/settings_page.h"

static void
the_page_and_the_table_say_the_same(void **state)
{
	(void)state;
	assert_page_equals_table("masterd/masterd.yaml.5", &settings_table);
}

static void
the_defaults_are_those_of_the_design(void **state)
{
	struct settings s;

	(void)state;
	config_defaults(&settings_table, &s);
	assert_string_equal(s.root, "/var/lib/pandafuzz");
	assert_int_equal(s.request_timeout, 30000);
	assert_int_equal(s.busy_timeout, 5000);
	assert_int_equal(s.lease_slice, 3600000);
	assert_int_equal(s.heartbeat, 10000);
	assert_int_equal(s.heartbeat * s.bot_late, 30000);
	assert_int_equal(s.heartbeat * s.bot_lost, 300000);
	assert_int_equal(s.lease_lost, 300000);
	assert_int_equal(s.lease_gap, 30000);
	assert_int_equal(s.check_timeout, 120000);
	assert_true(s.keep_all == UINT64_C(14) * 86400000);
	/* The smaller of 1 GiB and 5 %. */
	assert_true(config_share_of(&s.disk_hard, UINT64_C(1) << 40) ==
	    UINT64_C(1) << 30);
	assert_int_equal(config_share_of(&s.disk_hard, 1000), 50);
	assert_true(config_share_of(&s.disk_soft, UINT64_C(1) << 40) >
	    config_share_of(&s.disk_hard, UINT64_C(1) << 40));
	config_release(&settings_table, &s);
}

static int
load(struct settings *s, const char *path)
{
	char *argv[] = {(char *)"masterd", (char *)"--config", (char *)path,
	    (char *)"--log-level=error", NULL};

	return settings_load(s, 4, argv);
}

static void
put(const struct scratch *scratch, const char *text)
{
	unlinkat(scratch->fd, "m.yaml", 0);
	scratch_file(scratch->fd, "m.yaml", text, strlen(text));
}

static void
what_does_not_go_together_is_refused(void **state)
{
	static const char *const texts[] = {"root: \"\"\n",
	    "bots: {late: 30}\n", "bots: {lost: 3}\n", "disk: {soft: 4%}\n",
	    "disk: {soft: 512MiB}\n", "disk: {hard: 3GiB}\n",
	    "tasks: {retry: {max_delay: 1s}}\n"};
	const struct scratch *scratch = *state;
	struct settings s;
	char path[96];
	size_t i;

	snprintf(path, sizeof(path), "%s/m.yaml", scratch->path);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(scratch, texts[i]);
		assert_int_equal(load(&s, path), 2);
		settings_release(&s);
	}
	/* Percent here and bytes there: only a disk could tell. */
	put(scratch, "disk: {soft: 20GiB, hard: 5%}\n");
	assert_int_equal(load(&s, path), -1);
	settings_release(&s);
}

static void
a_problem_lasts_until_a_reload_without_one(void **state)
{
	const struct scratch *scratch = *state;
	struct settings s;
	char path[96];

	snprintf(path, sizeof(path), "%s/m.yaml", scratch->path);
	put(scratch, "heartbeat: 2s\n");
	assert_int_equal(load(&s, path), -1);
	assert_string_equal(s.problem, "");
	put(scratch, "heartbeat: 3s\nleases: {lost: never}\n");
	assert_false(settings_reload(&s));
	assert_int_equal(s.heartbeat, 2000);
	assert_non_null(strstr(s.problem, "old settings stay in force"));
	assert_non_null(strstr(s.problem, "m.yaml:2:16"));
	put(scratch, "heartbeat: 3s\nsocket: /else\n");
	assert_true(settings_reload(&s));
	assert_int_equal(s.heartbeat, 3000);
	assert_string_equal(s.socket, "");
	assert_non_null(strstr(s.problem, "wait for a restart"));
	assert_non_null(strstr(s.problem, "socket"));
	put(scratch, "heartbeat: 3s\n");
	assert_true(settings_reload(&s));
	assert_string_equal(s.problem, "");
	settings_release(&s);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_page_and_the_table_say_the_same),
	    TEST(the_defaults_are_those_of_the_design),
	    TEST(what_does_not_go_together_is_refused),
	    TEST(a_problem_lasts_until_a_reload_without_one),
	};

	return cmocka_run_group_tests_name(
	    "masterd/settings", tests, NULL, NULL);
}
