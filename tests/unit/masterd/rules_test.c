/* masterd/rules: a file of rules comes into force whole, or not at all. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/db/judge.h"
#include "masterd/publish/publish.h"
#include "masterd/rules.h"
#include "masterd/settings.h"
#include "tests/unit/masterd/farm.h"

#define GOOD "[all]\nignore libc function my_abort\n"
#define BAD  "[all]\nignore libc function x\nignore runtim function y\n"

struct scene {
	struct farm *f;
	struct publish *publish;
	struct settings settings;
	struct rules_file rules;
	char root[64], path[96];
};

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));
	struct publish_config c = {.heartbeat_ms = 1000};

	if (farm_setup((void **)&s->f) == -1 || db_commit(s->f->db, NULL) == -1)
		return -1;
	c.root = s->f->scratch->fd;
	c.db = s->f->db;
	if ((s->publish = publish_open(&c, NULL)) == NULL)
		return -1;
	snprintf(s->root, sizeof(s->root), "/proc/self/fd/%d", c.root);
	snprintf(s->path, sizeof(s->path), "%s/rules/triage.rules", s->root);
	s->settings.root = s->root;
	s->settings.rules = (char *)"";
	s->settings.crashes_saturated = 100;
	if (mkdirat(c.root, "rules", 0755) == -1)
		return -1;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	void *f = s->f;

	rules_file_release(&s->rules);
	publish_close(s->publish);
	if (db_begin(s->f->db, NULL) == -1)
		return -1;
	free(s);
	return farm_teardown(&f);
}

static void
put(struct scene *s, const char *text)
{
	assert_int_equal(fs_replace(s->f->scratch->fd, "rules/triage.rules",
			     text, strlen(text), 0644, false, NULL),
	    0);
}

static void
begin(struct scene *s)
{
	struct err e;

	if (rules_file_begin(
		&s->rules, s->f->db, s->publish, &s->settings, &e) == -1)
		fail_msg("%s", e.text);
}

static bool
reload(struct scene *s, bool *changed)
{
	struct err e;
	bool good;

	if (rules_file_reload(&s->rules, &good, changed, &e) == -1)
		fail_msg("%s", e.text);
	return good;
}

static const char *
in_force(struct scene *s)
{
	static struct rules_name name;

	name = rules_name(judge_rules(s->f->db));
	return name.text;
}

static void
without_a_file_the_built_in_rules_hold(void **state)
{
	struct scene *s = *state;
	struct rules_name base = rules_name(rules_base());

	begin(s);
	assert_string_equal(in_force(s), base.text);
	assert_string_equal(s->rules.problem, "");
}

static void
a_good_file_is_in_force_and_remembered(void **state)
{
	struct scene *s = *state;
	struct buf text = BUF_INIT;

	put(s, GOOD);
	begin(s);
	assert_string_not_equal(in_force(s), rules_name(rules_base()).text);
	assert_int_equal(judge_text(s->f->db, in_force(s), &text, NULL), 0);
	assert_string_equal(buf_text(&text), GOOD);
	buf_release(&text);
	assert_int_equal(farm_number(s->f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'rules.loaded'"),
	    1);
}

static void
a_bad_file_changes_nothing_and_says_where(void **state)
{
	struct scene *s = *state;
	char before[RULES_NAME_MAX];
	bool changed;

	put(s, GOOD);
	begin(s);
	strcpy(before, in_force(s));
	put(s, BAD);
	assert_false(reload(s, &changed));
	assert_false(changed);
	assert_string_equal(in_force(s), before);
	assert_non_null(strstr(s->rules.problem, "line 3, column 8"));
	assert_int_equal(farm_number(s->f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'rules.refused'"),
	    1);
	put(s, GOOD);
	assert_true(reload(s, &changed));
	assert_false(changed);
	assert_string_equal(s->rules.problem, "");
	put(s, GOOD "state 2\n");
	assert_true(reload(s, &changed));
	assert_true(changed);
	assert_string_not_equal(in_force(s), before);
}

static void
the_last_good_ones_outlive_a_restart(void **state)
{
	struct scene *s = *state;
	char before[RULES_NAME_MAX];

	put(s, GOOD);
	begin(s);
	strcpy(before, in_force(s));
	rules_file_release(&s->rules);
	put(s, BAD);
	begin(s);
	assert_string_equal(in_force(s), before);
	assert_non_null(strstr(s->rules.problem, "line 3"));
	assert_int_equal(rules_file_check(s->root, ""), 2);
	put(s, GOOD);
	assert_int_equal(rules_file_check(s->root, ""), -1);
}

static void
a_file_that_is_named_must_be_there(void **state)
{
	struct scene *s = *state;
	bool changed;

	begin(s);
	s->settings.rules = (char *)"/nowhere/triage.rules";
	assert_false(reload(s, &changed));
	assert_non_null(strstr(s->rules.problem, "/nowhere/triage.rules"));
	assert_int_equal(rules_file_check(s->root, "/nowhere/x"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(without_a_file_the_built_in_rules_hold),
	    TEST(a_good_file_is_in_force_and_remembered),
	    TEST(a_bad_file_changes_nothing_and_says_where),
	    TEST(the_last_good_ones_outlive_a_restart),
	    TEST(a_file_that_is_named_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
