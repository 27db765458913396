/*
 * Bytes by day, and the inputs that may go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/db/usage.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/farm.h"

#define DAY (24ull * 60 * 60 * 1000)

static void
crash(struct farm *f, int id, int input, int bucket, int bytes)
{
	char sql[900];

	snprintf(sql, sizeof(sql),
	    "INSERT OR IGNORE INTO bucket (id, project, number, type, state, "
	    "security, first_ms, last_ms) VALUES (%d, 1, %d, 'x', 'f', 0, 1, "
	    "1); INSERT INTO crash (id, target, sha256, signature, bucket, "
	    "rules, type, access, access_size, address, state, tool, security, "
	    "engine, sanitizer, bytes, has_input, tries, reproduced, first_ms, "
	    "last_ms) VALUES (%d, 1, CAST(printf('%%032d', %d) AS BLOB), "
	    "CAST(printf('%%032d', %d) AS BLOB), %d, 1, 'x', '', 0, '', 'f', "
	    "'asan', 0, 'libfuzzer', 'address', %d, 1, 1, 1, 1, 1)",
	    bucket, bucket, id, input, bucket * 1000 + id, bucket, bytes);
	farm_sql(f, sql);
}

static void
growth_and_days_to_full_come_from_the_last_days(void **state)
{
	struct buf out = BUF_INIT;
	struct farm *f = *state;

	farm_job(f);
	crash(f, 1, 1, 1, 1000);
	assert_int_equal(usage_record(f->db, 100 * DAY, 1000000, NULL), 0);
	farm_sql(f,
	    "INSERT INTO build_use VALUES (1, zeroblob(32));"
	    "INSERT INTO build_file VALUES (zeroblob(32), 500, 0, 1)");
	crash(f, 2, 2, 1, 3500);
	assert_int_equal(usage_record(f->db, 104 * DAY, 900000, NULL), 0);
	/* The same day again replaces its line. */
	assert_int_equal(usage_record(f->db, 104 * DAY + 5, 90000, NULL), 0);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM usage_day"), 4);
	assert_string_equal(
	    farm_text(f,
		"SELECT corpus || ' ' || crashes || ' ' || builds || ' ' || "
		"growth || ' ' || room FROM v_usage WHERE project = 'zlib'"),
	    "0 4500 500 1000 90000");
	json_open(&out, NULL, '{');
	assert_int_equal(view_status(f->db, NULL, &out, NULL), 0);
	json_close(&out, '}');
	assert_non_null(strstr(buf_text(&out), "\"days_to_full\":90"));
	buf_release(&out);
}

static void
what_does_not_grow_is_never_full(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	assert_int_equal(usage_record(f->db, 100 * DAY, 10, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT growth IS NULL FROM v_usage"), "1");
	assert_int_equal(usage_record(f->db, 101 * DAY, 10, NULL), 0);
	assert_string_equal(farm_text(f,
				"SELECT json_extract(json, "
				"'$.projects[0].days_to_full') IS NULL FROM "
				"v_status"),
	    "1");
}

static int
count(void *arg, const char *project, const char *target,
    const struct digest *sha256, struct err *e)
{
	(void)sha256;
	(void)e;
	assert_string_equal(project, "zlib");
	assert_string_equal(target, "inflate");
	++*(int *)arg;
	return 0;
}

/* All of them, as of now. */
static void
mark(struct farm *f, int keep)
{
	struct usage_keep k = {keep, UINT64_C(1) << 60};
	int64_t bucket = 0;

	assert_int_equal(usage_mark_spare(f->db, &k, &bucket, 100, NULL), 0);
	assert_int_equal(bucket, 0);
}

static void
first_smallest_and_newest_inputs_stay(void **state)
{
	struct farm *f = *state;
	int i, n = 0;

	farm_job(f);
	for (i = 1; i <= 20; i++)
		crash(f, i, i, 1, i == 7 ? 1 : 100);
	mark(f, 10);
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 8);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(id, ' ') FROM crash WHERE has_input = 1"),
	    "1 7 11 12 13 14 15 16 17 18 19 20");
	assert_int_equal(usage_spare_gone(f->db, NULL), 0);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM crash WHERE has_input = 0"),
	    8);
	n = 0;
	mark(f, 10);
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 0);
}

static void
an_input_that_another_bucket_needs_stays(void **state)
{
	struct farm *f = *state;
	int i;

	farm_job(f);
	for (i = 1; i <= 5; i++)
		crash(f, i, i, 1, 100);
	crash(f, 6, 2, 2, 100); /* the only one of bucket 2 */
	mark(f, 1);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(id, ' ') FROM crash WHERE has_input = 1"),
	    "1 2 5 6");
}

static void
what_is_new_or_is_to_be_run_again_stays(void **state)
{
	struct usage_keep k = {1, 1000};
	struct farm *f = *state;
	int64_t bucket = 0;
	int i;

	farm_job(f);
	for (i = 1; i <= 6; i++)
		crash(f, i, i, 1, 100);
	farm_sql(f,
	    "UPDATE crash SET first_ms = CASE id WHEN 3 THEN 1000 ELSE 999 END;"
	    "INSERT INTO task (id, task, kind, target, build) VALUES (9,"
	    " 'aaaaaaaaaaaaaaaa', 'reproduce', 1, 1);"
	    "INSERT INTO task_input (task, sha256, bytes, crash) SELECT 9,"
	    " sha256, 1, id FROM crash WHERE id = 4");
	assert_int_equal(usage_mark_spare(f->db, &k, &bucket, 100, NULL), 0);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(id, ' ') FROM crash WHERE has_input = 1"),
	    "1 3 4 6");
}

static void
a_long_list_goes_in_slices(void **state)
{
	struct usage_keep k = {1, UINT64_C(1) << 60};
	struct farm *f = *state;
	int64_t bucket = 0;
	int i;

	farm_job(f);
	for (i = 1; i <= 12; i++)
		crash(f, i, i, 1, 100);
	assert_int_equal(usage_mark_spare(f->db, &k, &bucket, 4, NULL), 1);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM crash WHERE has_input = -1"),
	    4);
	assert_int_equal(usage_spare_gone(f->db, NULL), 0);
	assert_int_equal(usage_mark_spare(f->db, &k, &bucket, 100, NULL), 0);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM crash WHERE has_input = 1"),
	    2);
}

static void
a_kill_between_is_made_good_the_next_time(void **state)
{
	struct farm *f = *state;
	int i, n = 0;

	farm_job(f);
	for (i = 1; i <= 5; i++)
		crash(f, i, i, 1, 100);
	farm_sql(f, "UPDATE crash SET has_input = -1 WHERE id = 3");
	mark(f, 10);
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 1);
}

static void
hand_in(struct farm *f, int id, const char *state, int ended)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO submission (id, target, sha256, bytes, name, who,"
	    " at_ms, state, ended_ms) VALUES (%d, 1,"
	    " CAST(printf('%%032d', %d) AS BLOB), 1, '', '', 1, '%s', %d)",
	    id, id, state, ended);
	farm_sql(f, sql);
}

static void
what_was_handed_in_and_came_to_nothing_goes(void **state)
{
	struct farm *f = *state;
	int n = 0;

	farm_job(f);
	hand_in(f, 1, "quiet", 999);
	hand_in(f, 2, "failed", 999);
	hand_in(f, 3, "quiet", 1000); /* not long ago */
	hand_in(f, 4, "waiting", 0);
	hand_in(f, 5, "crashed", 999);
	hand_in(f, 6, "quiet", 999); /* its bytes are a crash's */
	crash(f, 6, 6, 1, 100);
	assert_int_equal(usage_mark_quiet(f->db, 1000, 100, NULL), 0);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(id, ' ') FROM submission"
				" WHERE has_input = -1"),
	    "1 2");
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(usage_spare_gone(f->db, NULL), 0);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(has_input, ' ') FROM"
				" (SELECT * FROM submission ORDER BY id)"),
	    "0 0 1 1 1 1");
}

static void
targets_have_a_line_a_day(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f, "UPDATE target SET edges = 7");
	assert_int_equal(usage_targets(f->db, 100 * DAY, NULL), 0);
	farm_sql(f, "UPDATE target SET edges = 9");
	assert_int_equal(usage_targets(f->db, 100 * DAY + 1, NULL), 0);
	assert_int_equal(usage_targets(f->db, 101 * DAY, NULL), 0);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(day || ':' || edges, ' ') FROM "
		"target_day"),
	    "100:9 101:9");
}

#define T(f) cmocka_unit_test_setup_teardown(f, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(growth_and_days_to_full_come_from_the_last_days),
	    T(what_does_not_grow_is_never_full),
	    T(first_smallest_and_newest_inputs_stay),
	    T(an_input_that_another_bucket_needs_stays),
	    T(what_is_new_or_is_to_be_run_again_stays),
	    T(a_long_list_goes_in_slices),
	    T(what_was_handed_in_and_came_to_nothing_goes),
	    T(a_kill_between_is_made_good_the_next_time),
	    T(targets_have_a_line_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
