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

static void
first_smallest_and_newest_inputs_stay(void **state)
{
	struct farm *f = *state;
	int i, n = 0;

	farm_job(f);
	for (i = 1; i <= 20; i++)
		crash(f, i, i, 1, i == 7 ? 1 : 100);
	assert_int_equal(usage_mark_spare(f->db, 10, 100, NULL), 0);
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 10);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(id, ' ') FROM crash WHERE has_input = 1"),
	    "1 7 13 14 15 16 17 18 19 20");
	assert_int_equal(usage_spare_gone(f->db, NULL), 0);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM crash WHERE has_input = 0"),
	    10);
	n = 0;
	assert_int_equal(usage_mark_spare(f->db, 10, 100, NULL), 0);
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
	assert_int_equal(usage_mark_spare(f->db, 3, 100, NULL), 0);
	assert_string_equal(
	    farm_text(f,
		"SELECT group_concat(id, ' ') FROM crash WHERE has_input = 1"),
	    "1 2 5 6");
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
	assert_int_equal(usage_mark_spare(f->db, 10, 100, NULL), 0);
	assert_int_equal(usage_each_spare(f->db, count, &n, NULL), 0);
	assert_int_equal(n, 1);
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
	    T(a_kill_between_is_made_good_the_next_time),
	    T(targets_have_a_line_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
