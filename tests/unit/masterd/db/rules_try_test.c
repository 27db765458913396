/* What other rules would do to all crashes, before they do it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/db/judge.h"
#include "masterd/db/rules_try.h"
#include "tests/unit/masterd/bugs.h"

/* The answer to these rules; json_free() it. */
static struct json *
try_text(struct farm *f, const char *text)
{
	struct buf out = BUF_INIT;
	struct rules *rules;
	struct json *j;
	struct err e;

	if (rules_parse(&rules, text, strlen(text), &e) == -1)
		fail_msg("%s", e.text);
	json_open(&out, NULL, '{');
	if (rules_try(f->db, rules, &out, &e) == -1)
		fail_msg("%s", e.text);
	json_close(&out, '}');
	if ((j = json_parse(out.data, out.len, &JSON_REPLY, &e)) == NULL)
		fail_msg("%s", e.text);
	rules_free(rules);
	buf_release(&out);
	return j;
}

static uint64_t
number_of(const struct json *j, const char *key)
{
	return json_get_u64(json_root(j), key, 999);
}

static int
count_of(const struct json *j, const char *key)
{
	return json_count(json_get(json_root(j), key));
}

static void
the_rules_in_force_change_nothing(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct json *j;

	bug_report(f, rules_base(), "copy_bytes|read_chunk|parse_all", &a);
	bug_report(f, rules_base(), "scan_tag|read_head|parse_all", &b);
	j = try_text(f, "");
	assert_int_equal(number_of(j, "crashes"), 2);
	assert_int_equal(number_of(j, "stacks"), 2);
	assert_int_equal(number_of(j, "signatures"), 2);
	assert_int_equal(number_of(j, "changed"), 0);
	assert_int_equal(number_of(j, "new_buckets"), 0);
	assert_int_equal(count_of(j, "joins"), 0);
	assert_int_equal(count_of(j, "splits"), 0);
	assert_int_equal(count_of(j, "examples"), 0);
	json_free(j);
}

static void
a_frame_that_is_ignored_joins_what_stood_below_it(void **state)
{
	struct farm *f = *state;
	const struct json_value *one;
	struct bucket_answer a, b;
	struct json *j;

	bug_report(f, rules_base(), "my_copy_a|read_chunk|parse_all|run", &a);
	bug_report(
	    f, rules_base(), "my_copy_other|read_chunk|parse_all|run", &b);
	assert_int_not_equal(a.bucket, b.bucket);
	j = try_text(f, "[all]\nignore libc function my_copy_*\n");
	assert_int_equal(number_of(j, "changed"), 2);
	assert_int_equal(number_of(j, "moved"), 1);
	assert_int_equal(number_of(j, "signatures"), 1);
	assert_int_equal(count_of(j, "joins"), 1);
	one = json_item(json_get(json_root(j), "joins"), 0);
	assert_string_equal(json_get_string(one, "into", ""), "p1-1");
	assert_string_equal(
	    json_string(json_item(json_get(one, "from"), 0)), "p1-2");
	one = json_item(json_get(json_root(j), "frames"), 0);
	assert_int_equal(json_get_u64(one, "frames_ignored", 0), 2);
	assert_non_null(strstr(json_get_string(one, "rule", ""), "my_copy_*"));
	assert_int_equal(count_of(j, "examples"), 2);
	one = json_item(json_get(json_root(j), "examples"), 0);
	assert_string_equal(json_get_string(one, "bucket", ""), "p1-1");
	assert_string_equal(
	    json_string(json_item(json_get(one, "before"), 0)), "my_copy_a");
	assert_string_equal(
	    json_string(json_item(json_get(one, "after"), 0)), "read_chunk");
	json_free(j);
	/* A look, no more. */
	assert_int_equal(
	    farm_number(f, "SELECT count(DISTINCT bucket) FROM crash"), 2);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM decision"), 0);
}

/* Each of the two targets is judged by itself, the frames are counted once. */
static void
one_report_of_two_targets_is_counted_once(void **state)
{
	struct farm *f = *state;
	const struct json_value *one;
	struct bucket_answer a;
	struct json *j;
	int i;

	for (i = 0; i < 4; i++)
		bug_report(f, rules_base(), "my_copy|read_chunk|run", &a);
	farm_sql(f,
	    "INSERT INTO target (id, project, name, generation, added_ms)"
	    " VALUES (900, 1, 'u', 1, 1);"
	    "UPDATE crash SET target = 900 WHERE id % 2 = 0");
	j = try_text(f, "[all]\nignore libc function my_copy\n");
	assert_int_equal(number_of(j, "crashes"), 4);
	assert_int_equal(number_of(j, "stacks"), 1);
	assert_int_equal(number_of(j, "changed"), 4);
	one = json_item(json_get(json_root(j), "frames"), 0);
	assert_int_equal(json_get_u64(one, "frames_ignored", 0), 1);
	json_free(j);
}

static void
a_bucket_whose_crashes_differ_would_be_split(void **state)
{
	struct farm *f = *state;
	const struct json_value *one;
	struct bucket_answer a, b;
	struct json *j;

	bug_report(f, rules_base(), "inflate_table|read_chunk|run", &a);
	bug_report(f, rules_base(), "png_find_header|seek_tag|go", &b);
	farm_sql(f,
	    "UPDATE signature SET bucket = 1, home = iif(id = 1, 1, 0);"
	    "UPDATE crash SET bucket = 1");
	j = try_text(f, "");
	assert_int_equal(number_of(j, "changed"), 0);
	assert_int_equal(number_of(j, "new_buckets"), 1);
	one = json_item(json_get(json_root(j), "splits"), 0);
	assert_string_equal(json_get_string(one, "from", ""), "p1-1");
	assert_int_equal(json_count(json_get(one, "into")), 2);
	json_free(j);
	/* What people joined stays so. */
	farm_sql(f,
	    "INSERT INTO decision (project, at_ms, who, verb, detail) VALUES "
	    "(1, 1, 'user:x', 'merge', '{}');"
	    "INSERT INTO signature_join (a, b, decision) VALUES (1, 2, 1)");
	j = try_text(f, "");
	assert_int_equal(count_of(j, "splits"), 0);
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BUG_TEST(the_rules_in_force_change_nothing),
	    BUG_TEST(a_frame_that_is_ignored_joins_what_stood_below_it),
	    BUG_TEST(one_report_of_two_targets_is_counted_once),
	    BUG_TEST(a_bucket_whose_crashes_differ_would_be_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
