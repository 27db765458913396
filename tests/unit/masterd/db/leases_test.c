/* Leases and the tasks behind them (PROTOCOL 29-32). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/work.h"

/* ---- from offer to end ----------------------------------------------- */

static void
an_offer_runs_with_the_first_beat_that_names_it(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job), foreign;

	assert_string_equal(work_lease(f, lease), "offered");
	assert_string_equal(work_task(f, lease), "leased");
	assert_string_equal(work_job_is(f, job), "pending");
	/* A bot that it is not offered to cannot run it. */
	foreign = farm_bot(f, "local", "b2");
	leases_named(f->db, foreign, work_id(f, lease), 1, 1, FARM_NOW,
	    WORK_START, NULL);
	assert_string_equal(work_lease(f, lease), "offered");
	work_name(f, lease, WORK_START + 1);
	assert_string_equal(work_lease(f, lease), "running");
	assert_string_equal(work_job_is(f, job), "running");
	assert_int_equal(farm_number(f, "SELECT execs FROM lease"), 1000);
}

/* ---- complete -------------------------------------------------------- */

static void
a_complete_acts_when_all_it_needs_is_in(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	work_name(f, lease, WORK_START);
	work_complete(f, lease, "done", 2, 5);
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "running");
	farm_record(f, epoch, 2, "ingested", "x");
	farm_record(f, epoch, 3, "refused", "x");
	farm_record(f, epoch, 4, "held", "x");
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "running");
	/* Declared dropped is an answer, too. */
	assert_int_equal(ledger_dropped(f->db, epoch, 5, 5, NULL), 0);
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "done");
	assert_string_equal(work_task(f, lease), "ready");
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 5000);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM lease_need"), 0);
}

static void
a_complete_acts_only_for_the_current_lease(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), old = work_offer(f, job), new;

	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	new =
	    work_offer_at(f, job, f->bot, WORK_START + LEASE_TIMES.lost_ms + 1);
	assert_int_not_equal(old, new);
	work_complete(f, old, "failed", 0, 0);
	work_settle(f);
	assert_string_equal(work_lease(f, old), "expired");
	assert_string_equal(work_lease(f, new), "offered");
	assert_string_equal(work_task(f, new), "leased");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	/* But what it cost is a fact. */
	assert_int_equal(farm_number(f, "SELECT max(execs) FROM lease"), 5000);
}

static void
another_bot_cannot_complete_it(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f)), own = f->bot;

	f->bot = farm_bot(f, "local", "b2");
	work_complete(f, lease, "done", 0, 0);
	f->bot = own;
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "offered");
}

static void
a_second_complete_changes_nothing(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	work_complete(f, lease, "done", 0, 0);
	work_settle(f);
	work_complete(f, lease, "failed", 0, 0);
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "done");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 5000);
}

static void
what_an_ended_lease_cost_reaches_its_job_later(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	work_name(f, lease, WORK_START);
	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	assert_string_equal(work_is(f, "job", "execs", job), "1000");
	work_complete(f, lease, "done", 0, 0);
	work_complete(f, lease, "done", 0, 0); /* and once */
	work_settle(f);
	assert_string_equal(work_is(f, "job", "execs", job), "5000");
	assert_string_equal(work_is(f, "job", "cpu_ms", job), "7000");
	assert_string_equal(work_is(f, "job", "succeeded", job), "0");
}

static void
a_lease_done_before_a_beat_named_it_started_its_job(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);

	work_complete(f, work_offer(f, job), "done", 0, 0);
	work_settle(f);
	assert_string_equal(work_job_is(f, job), "running");
	assert_string_equal(work_is(f, "job", "succeeded", job), "1");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'job.running'"),
	    1);
}

static void
a_lease_that_was_given_back_is_nobodys_failure(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	work_complete(f, lease, "cancelled", 0, 0);
	work_settle(f);
	assert_string_equal(work_lease(f, lease), "cancelled");
	assert_string_equal(work_task(f, lease), "ready");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_offer_runs_with_the_first_beat_that_names_it),
	    T(a_complete_acts_when_all_it_needs_is_in),
	    T(a_complete_acts_only_for_the_current_lease),
	    T(another_bot_cannot_complete_it),
	    T(a_second_complete_changes_nothing),
	    T(what_an_ended_lease_cost_reaches_its_job_later),
	    T(a_lease_done_before_a_beat_named_it_started_its_job),
	    T(a_lease_that_was_given_back_is_nobodys_failure),
	};

	return cmocka_run_group_tests_name("leases", tests, NULL, NULL);
}
