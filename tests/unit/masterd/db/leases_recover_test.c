/* Start-up: what cannot be true together is put right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/work.h"

static struct lease_recovery
recover(struct farm *f, int *told)
{
	struct lease_recovery done;
	struct lease_turn turn = work_turn(WORK_START + 3600000, told);
	struct err e = {.text = ""};

	*told = 0;
	if (leases_recover(f->db, &turn, &done, &e) == -1)
		fail_msg("%s", e.text);
	return done;
}

/* A job on a good build, with a lease that runs; its row. */
static int64_t
at_work(struct farm *f)
{
	int64_t job = farm_job(f), lease;

	farm_sql(f,
	    "UPDATE build SET state = 'good';"
	    "UPDATE build_target SET state = 'good'");
	lease = work_offer(f, job);
	work_name(f, lease, WORK_START);
	return lease;
}

static void
what_is_sound_stays_and_its_count_starts_anew(void **state)
{
	struct farm *f = *state;
	int64_t lease = at_work(f);
	struct lease_recovery done;
	int told;

	done = recover(f, &told);
	assert_int_equal(done.kept, 1);
	assert_int_equal(
	    done.cancelled + done.ready + done.taken + done.over + done.checks,
	    0);
	assert_int_equal(told, 0);
	assert_string_equal(work_lease(f, lease), "running");
	/* Its bot is gone: it expires after a whole count. */
	assert_int_equal(
	    work_expire(f, WORK_START + 3600000 + LEASE_TIMES.lost_ms), 0);
	assert_int_equal(
	    work_expire(f, WORK_START + 3600001 + LEASE_TIMES.lost_ms), 1);
}

static void
a_lease_whose_job_is_over_is_cancelled(void **state)
{
	struct farm *f = *state;
	int64_t lease = at_work(f);
	struct lease_recovery done;
	int told;

	farm_sql(f, "UPDATE job SET status = 'cancelled'");
	done = recover(f, &told);
	assert_int_equal(done.cancelled, 1);
	assert_int_equal(done.over, 1);
	assert_int_equal(done.kept, 0);
	assert_int_equal(told, 1);
	assert_string_equal(work_lease(f, lease), "cancelled");
	assert_string_equal(work_task(f, lease), "cancelled");
	/* What it had done counts. */
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 1000);
}

static void
a_lease_whose_task_is_over_is_cancelled(void **state)
{
	static const char *const ends[] = {
	    "done", "failed", "cancelled", "parked"};
	struct farm *f = *state;
	int64_t lease = at_work(f);
	struct lease_recovery done;
	char sql[80];
	int told;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (i > 0)
			lease = work_offer(f, 1);
		snprintf(sql, sizeof(sql),
		    "UPDATE task SET state = '%s' WHERE state = 'leased'",
		    ends[i]);
		farm_sql(f, sql);
		done = recover(f, &told);
		assert_int_equal(done.cancelled, 1);
		assert_string_equal(work_lease(f, lease), "cancelled");
		assert_string_equal(work_task(f, lease), ends[i]);
	}
}

static void
of_two_leases_of_one_task_the_newer_stays(void **state)
{
	struct farm *f = *state;
	int64_t old = at_work(f), new;
	struct lease_recovery done;
	int told;

	farm_sql(f, "UPDATE task SET state = 'ready'");
	new = work_offer(f, 1);
	assert_int_equal(work_task_of(f, old), work_task_of(f, new));
	done = recover(f, &told);
	assert_int_equal(done.cancelled, 1);
	assert_int_equal(done.kept, 1);
	assert_string_equal(work_lease(f, old), "cancelled");
	assert_string_equal(work_lease(f, new), "offered");
	assert_string_equal(work_task(f, new), "leased");
}

static void
a_task_that_is_leased_to_nobody_is_ready(void **state)
{
	struct farm *f = *state;
	int64_t lease = at_work(f);
	struct lease_recovery done;
	int told;

	farm_sql(f, "UPDATE lease SET state = 'expired'");
	done = recover(f, &told);
	assert_int_equal(done.ready, 1);
	assert_string_equal(work_task(f, lease), "ready");
}

static void
a_task_whose_lease_is_open_is_leased(void **state)
{
	struct farm *f = *state;
	int64_t lease = at_work(f);
	struct lease_recovery done;
	int told;

	farm_sql(f, "UPDATE task SET state = 'ready'");
	done = recover(f, &told);
	assert_int_equal(done.taken, 1);
	assert_int_equal(done.kept, 1);
	assert_string_equal(work_lease(f, lease), "running");
	assert_string_equal(work_task(f, lease), "leased");
}

static void
a_paused_job_keeps_its_leases(void **state)
{
	struct farm *f = *state;
	int64_t lease = at_work(f);
	int told;

	farm_sql(f, "UPDATE job SET status = 'paused', paused_by = 'user:x'");
	assert_int_equal(recover(f, &told).cancelled, 0);
	assert_string_equal(work_lease(f, lease), "running");
}

static void
a_build_that_nobody_checks_is_to_be_checked(void **state)
{
	struct farm *f = *state;
	int64_t build = work_build(f, "r1", 1);
	int told;

	work_put(f, build, work_target(f, "inflate"), "new");
	work_put(f, build, work_target(f, "deflate"), "new");
	assert_int_equal(recover(f, &told).checks, 2);
	assert_int_equal(recover(f, &told).checks, 0);
}

/* As after a restored copy, or an upgrade. */
static void
jobs_follow_at_start(void **state)
{
	struct farm *f = *state;
	int64_t build = work_build(f, "r1", 1), t = work_target(f, "inflate");
	int64_t job;
	int told;

	work_put(f, build, t, "good");
	farm_sql(f, "UPDATE build SET state = 'good'");
	job = work_job(f, t, 0);
	recover(f, &told);
	assert_int_equal(farm_number(f, "SELECT current FROM job"), build);
	assert_string_equal(work_job_is(f, job), "pending");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_is_sound_stays_and_its_count_starts_anew),
	    T(a_lease_whose_job_is_over_is_cancelled),
	    T(a_lease_whose_task_is_over_is_cancelled),
	    T(of_two_leases_of_one_task_the_newer_stays),
	    T(a_task_that_is_leased_to_nobody_is_ready),
	    T(a_task_whose_lease_is_open_is_leased),
	    T(a_paused_job_keeps_its_leases),
	    T(a_build_that_nobody_checks_is_to_be_checked),
	    T(jobs_follow_at_start),
	};

	return cmocka_run_group_tests_name("leases_recover", tests, NULL, NULL);
}
