/* How leases end by time, and jobs at their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/work.h"

/* ---- silence ------------------------------------------------------------ */

static void
it_expires_after_five_minutes_without_being_named(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	assert_int_equal(work_expire(f, WORK_START + LEASE_TIMES.lost_ms), 0);
	work_name(f, lease, WORK_START + LEASE_TIMES.lost_ms);
	assert_int_equal(
	    work_expire(f, WORK_START + 2 * LEASE_TIMES.lost_ms), 0);
	assert_string_equal(work_lease(f, lease), "running");
	assert_int_equal(
	    work_expire(f, WORK_START + 2 * LEASE_TIMES.lost_ms + 1), 1);
	assert_string_equal(work_lease(f, lease), "expired");
	assert_string_equal(work_task(f, lease), "ready");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	/* What it had done counts. */
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 1000);
	/* Named late: it is over. */
	work_name(f, lease, WORK_START + 3 * LEASE_TIMES.lost_ms);
	assert_string_equal(work_lease(f, lease), "expired");
	/* The task is offered again, the same one. */
	work_offer(f, job);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM task"), 1);
	assert_int_equal(farm_number(f, "SELECT attempts FROM task"), 2);
}

static void
an_offer_that_nobody_took_expires_as_well(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	assert_int_equal(
	    work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1), 1);
	assert_string_equal(work_lease(f, lease), "expired");
}

static void
after_a_gap_the_count_starts_anew(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	assert_int_equal(
	    leases_forgive(f->db, WORK_START + 10 * LEASE_TIMES.lost_ms, NULL),
	    0);
	assert_int_equal(
	    work_expire(f, WORK_START + 10 * LEASE_TIMES.lost_ms + 1), 0);
	assert_string_equal(work_lease(f, lease), "offered");
	assert_int_equal(
	    work_expire(f, WORK_START + 11 * LEASE_TIMES.lost_ms + 1), 1);
}

/* The same with times of a test's own. */
static void
how_long_silence_may_be_is_set(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;
	int64_t job = farm_job(f), lease;

	times.lost_ms = 200;
	leases_set_times(f->db, &times);
	lease = work_offer(f, job);
	assert_int_equal(work_expire(f, WORK_START + 200), 0);
	assert_int_equal(work_expire(f, WORK_START + 201), 1);
	assert_string_equal(work_is(f, "lease", "reason", lease),
	    "no heartbeat named it for 0.2 seconds");
	leases_set_times(f->db, NULL);
	assert_int_equal(leases_times(f->db)->lost_ms, 300000);
}

static void
the_master_says_how_long_it_heard_nothing(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	assert_string_equal(work_is(f, "lease", "reason", lease),
	    "no heartbeat named it for 5 minutes");
}

/* Only differences of the master's up-time count: what its wall clock says,
 * and what clocks of bots say, is not asked. */
static void
a_wall_clock_that_jumps_a_day_ends_nothing(void **state)
{
	static const int64_t jumps[] = {86400000, -86400000};
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	struct lease_turn turn = {0, WORK_START + 1000, NULL, NULL};
	size_t i;

	farm_sql(f, "UPDATE job SET for_ms = 3600000");
	for (i = 0; i < 2; i++) {
		turn.now_ms = FARM_NOW + (uint64_t)jumps[i];
		assert_int_equal(leases_named(f->db, f->bot, work_id(f, lease),
				     10, 1000, turn.now_ms, turn.up_ms, NULL),
		    0);
		assert_int_equal(leases_expire(f->db, &turn, NULL), 0);
		assert_int_equal(leases_charge(f->db, 2000, &turn, NULL), 0);
		assert_string_equal(work_lease(f, lease), "running");
	}
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 4000);
}

/* ---- limits ------------------------------------------------------------- */

static void
the_time_of_a_job_counts_from_its_first_running_lease(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	work_charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 0);
	work_name(f, lease, WORK_START);
	work_charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 5000);
	assert_int_equal(farm_number(f, "SELECT spent_ms FROM job"), 5000);
	/* Pauses do not count; slots count for fairness, not for --for. */
	farm_sql(f, "UPDATE job SET status = 'paused'");
	work_charge(f, 5000);
	farm_sql(f, "UPDATE job SET status = 'running'");
	work_name(f, work_offer(f, job), WORK_START);
	work_charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 10000);
	assert_int_equal(farm_number(f, "SELECT spent_ms FROM job"), 15000);
}

static void
when_its_time_is_used_up_a_job_is_completed(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	work_name(f, lease, WORK_START);
	/* Its bot is about to say that the slice is over: it may. */
	assert_int_equal(work_charge(f, 60000), 0);
	assert_string_equal(work_job_is(f, job), "running");
	work_complete(f, lease, "done", 0, 0);
	work_settle(f);
	assert_int_equal(work_charge(f, 2000), 0);
	assert_string_equal(work_job_is(f, job), "completed");
	assert_string_equal(work_task(f, lease), "done");
}

static void
a_lease_that_does_not_end_is_taken_back_after_2_min(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease;

	work_complete(f, work_offer(f, job), "done", 0, 0);
	work_settle(f);
	lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	work_name(f, lease, WORK_START);
	assert_int_equal(work_charge(f, 179000), 0);
	assert_int_equal(work_charge(f, 1000), 1);
	assert_string_equal(work_job_is(f, job), "completed");
	assert_string_equal(work_lease(f, lease), "cancelled");
}

static void
a_job_that_never_succeeded_has_timed_out(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	work_name(f, lease, WORK_START);
	work_complete(f, lease, "failed", 0, 0);
	work_settle(f);
	assert_int_equal(work_charge(f, 60000), 0);
	assert_string_equal(work_job_is(f, job), "timed_out");
	assert_string_equal(work_is(f, "job", "reason", job),
	    "its time is used up and no lease of it succeeded: it says why");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'job.timed_out'"),
	    1);
}

static void
a_lease_that_overstays_is_no_success(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	work_name(f, lease, WORK_START);
	assert_int_equal(work_charge(f, 180000), 1);
	assert_string_equal(work_job_is(f, job), "timed_out");
	assert_string_equal(work_lease(f, lease), "cancelled");
}

static void
overtime_is_set(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	times.overtime_ms = 100;
	leases_set_times(f->db, &times);
	farm_sql(f, "UPDATE job SET for_ms = 1000");
	work_name(f, lease, WORK_START);
	assert_int_equal(work_charge(f, 1099), 0);
	assert_int_equal(work_charge(f, 1), 1);
}

static void
time_that_was_used_up_before_a_pause_ends_it_after(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);

	farm_sql(
	    f, "UPDATE job SET for_ms = 1000, used_ms = 1000, succeeded = 1");
	work_charge(f, 2000);
	assert_string_equal(work_job_is(f, job), "completed");
}

/* A beat says 10 seconds; a complete says 7 of CPU. */
static void
cpu_time_is_limited_over_all_leases(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	farm_sql(f, "UPDATE job SET cpu_limit_ms = 17000");
	work_complete(f, lease, "done", 0, 0);
	work_settle(f);
	work_charge(f, 2000);
	assert_string_equal(work_job_is(f, job), "running");
	lease = work_offer(f, job);
	work_name(f, lease, WORK_START);
	work_charge(f, 2000); /* 7 s and 10 s: its bot may say so itself */
	assert_string_equal(work_job_is(f, job), "running");
	farm_sql(f, "UPDATE lease SET seconds = 130 WHERE state = 'running'");
	assert_int_equal(work_charge(f, 2000), 1);
	assert_string_equal(work_job_is(f, job), "completed");
	assert_string_equal(
	    work_is(f, "job", "reason", job), "its CPU time is used up");
}

static void
cpu_time_without_a_success_is_a_timeout(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);

	farm_sql(f, "UPDATE job SET cpu_limit_ms = 7000");
	work_complete(f, work_offer(f, job), "failed", 0, 0);
	work_settle(f);
	work_charge(f, 2000);
	assert_string_equal(work_job_is(f, job), "timed_out");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(it_expires_after_five_minutes_without_being_named),
	    T(an_offer_that_nobody_took_expires_as_well),
	    T(after_a_gap_the_count_starts_anew),
	    T(how_long_silence_may_be_is_set),
	    T(the_master_says_how_long_it_heard_nothing),
	    T(a_wall_clock_that_jumps_a_day_ends_nothing),
	    T(the_time_of_a_job_counts_from_its_first_running_lease),
	    T(when_its_time_is_used_up_a_job_is_completed),
	    T(a_lease_that_does_not_end_is_taken_back_after_2_min),
	    T(a_job_that_never_succeeded_has_timed_out),
	    T(a_lease_that_overstays_is_no_success),
	    T(overtime_is_set),
	    T(time_that_was_used_up_before_a_pause_ends_it_after),
	    T(cpu_time_is_limited_over_all_leases),
	    T(cpu_time_without_a_success_is_a_timeout),
	};

	return cmocka_run_group_tests_name("leases_end", tests, NULL, NULL);
}
