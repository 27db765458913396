/* Multipliers from what leases and observations say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/weigh.h"
#include "tests/unit/masterd/work.h"

#define DAY 86400000ull

/* A job on a target of a month ago, with "count" sessions that ended. */
static int64_t
old_job(struct farm *f, int count, const char *state, const char *reason)
{
	int64_t job = farm_job(f);
	char sql[400];
	int i;

	farm_sql(f, "UPDATE target SET added_ms = 1");
	for (i = 0; i < count; i++)
		work_offer(f, job);
	snprintf(sql, sizeof(sql),
	    "UPDATE lease SET state = '%s', reason = '%s', seconds = 9, "
	    "started_ms = %ju, ended_ms = %ju",
	    state, reason, (uintmax_t)(FARM_NOW - 9000),
	    (uintmax_t)(FARM_NOW - 1000));
	farm_sql(f, sql);
	return job;
}

/* In a lease something of this type was found; numbers tell rows apart. */
static void
found(struct farm *f, int lease, const char *type, int number)
{
	char sql[1200];

	snprintf(sql, sizeof(sql),
	    "INSERT OR IGNORE INTO bucket (id, project, number, type, state, "
	    "security, first_ms, last_ms) VALUES (1, 1, 1, 't', 's', 0, 1, 1);"
	    "INSERT INTO crash (id, target, sha256, signature, bucket, rules, "
	    "type, access, access_size, address, state, tool, security, "
	    "engine, sanitizer, bytes, has_input, tries, reproduced, first_ms, "
	    "last_ms) VALUES (%d, 1, randomblob(32), randomblob(32), 1, 1, "
	    "'%s', '', 0, '', 's', 't', 0, 'e', 's', 1, 1, 1, 1, 1, 1);"
	    "INSERT INTO observation (crash, bot, epoch, seq, record, lease, "
	    "job, exit, signal, tries, reproduced, found_ms) SELECT %d, 1, "
	    "'1', %d, 1, lease, 'j', 1, 1, 1, 1, 1 FROM lease WHERE id = %d",
	    number, type, number, number, lease);
	farm_sql(f, sql);
}

static void
assert_weighed(struct farm *f, unsigned changed, int permille, const char *why)
{
	struct err e = {.text = ""};
	unsigned got = 99;

	if (weigh_jobs(f->db, FARM_NOW, &got, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(got, changed);
	assert_int_equal(
	    farm_number(f, "SELECT multiplier FROM job"), permille);
	assert_string_equal(
	    farm_text(f, "SELECT multiplier_why FROM job"), why);
	assert_int_equal(farm_number(f, "SELECT weight FROM job"), 60);
}

static void
a_new_target_gets_more(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f, "UPDATE target SET added_ms = 1699999999999");
	assert_weighed(f, 1, 5000, "its target is new (less than 7 days)");
	assert_weighed(f, 0, 5000, "its target is new (less than 7 days)");
}

static void
a_new_job_is_weighed_soon_and_once(void **state)
{
	struct farm *f = *state;
	unsigned changed;

	farm_job(f);
	farm_sql(f, "UPDATE target SET added_ms = 1");
	assert_int_equal(weigh_new_jobs(f->db, FARM_NOW, &changed, NULL), 0);
	assert_int_equal(changed, 0);
	farm_sql(f, "UPDATE target SET added_ms = 1699999999999");
	assert_int_equal(weigh_new_jobs(f->db, FARM_NOW, &changed, NULL), 0);
	assert_int_equal(changed, 1);
	farm_sql(f, "UPDATE job SET multiplier = 3");
	assert_int_equal(weigh_new_jobs(f->db, FARM_NOW, &changed, NULL), 0);
	assert_int_equal(changed, 0);
}

static void
sessions_that_crash_at_start_get_less(void **state)
{
	struct farm *f = *state;

	old_job(f, 4, "failed", "target crashes at start: SEGV");
	assert_weighed(
	    f, 1, 100, "4 of 4 sessions of the last day crashed at start");
	/* Another failure is nobody's crash; and back it goes. */
	farm_sql(f, "UPDATE lease SET reason = 'no such file'");
	assert_weighed(f, 1, 1000, "");
}

static void
what_sessions_find_counts_once_a_session(void **state)
{
	struct farm *f = *state;

	old_job(f, 4, "done", "");
	found(f, 1, "Heap-buffer-overflow", 1);
	found(f, 1, "Timeout", 2);
	found(f, 2, "Timeout", 3);
	found(f, 2, "Timeout", 4);
	assert_weighed(f, 1, 625, "2 of 4 sessions of the last day timed out");
	found(f, 1, "Out-of-memory", 5);
	found(f, 2, "Out-of-memory", 6);
	found(f, 3, "Out-of-memory", 7);
	assert_weighed(
	    f, 1, 438, "3 of 4 sessions of the last day ran out of memory");
}

static void
coverage_that_is_flat_gets_less(void **state)
{
	struct farm *f = *state;
	char sql[200];

	old_job(f, 1, "done", "");
	snprintf(sql, sizeof(sql),
	    "UPDATE target SET edges = 1005; INSERT INTO target_day (target, "
	    "day, edges) VALUES (1, %ju, 1000)",
	    (uintmax_t)(FARM_NOW / DAY - 7));
	farm_sql(f, sql);
	assert_weighed(f, 1, 750,
	    "coverage grew by less than 1 % in a week (1000 to 1005 edges)");
}

static void
a_job_that_did_not_run_keeps_what_it_has(void **state)
{
	struct farm *f = *state;

	old_job(f, 1, "done", "");
	farm_sql(f,
	    "UPDATE lease SET ended_ms = 5; UPDATE job SET multiplier = 777, "
	    "multiplier_why = 'was so'");
	assert_weighed(f, 0, 777, "was so");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_new_target_gets_more),
	    T(a_new_job_is_weighed_soon_and_once),
	    T(sessions_that_crash_at_start_get_less),
	    T(what_sessions_find_counts_once_a_session),
	    T(coverage_that_is_flat_gets_less),
	    T(a_job_that_did_not_run_keeps_what_it_has),
	};

	return cmocka_run_group_tests_name("weigh", tests, NULL, NULL);
}
