/* What becomes of tasks that fail, and of those that kill bots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/demand.h"
#include "tests/unit/masterd/work.h"

/* ---- failures ------------------------------------------------------------ */

static void
three_failures_in_a_row_fail_the_job_and_end_its_leases(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), other, lease = 0, own = f->bot;
	int i;

	other = work_offer(f, job);
	f->bot = farm_bot(f, "local", "b2");
	farm_beat(f, f->bot, FARM_OTHER, 1, WORK_START);
	for (i = 1; i <= 3; i++) {
		assert_string_equal(work_job_is(f, job), "pending");
		/* The task that failed is offered again, not a new one. */
		lease = work_offer(f, job);
		work_complete(f, lease, "failed", 0, 0);
		assert_int_equal(work_settle(f), i == 3);
		assert_string_equal(work_lease(f, lease), "failed");
	}
	f->bot = own;
	assert_string_equal(work_job_is(f, job), "failed");
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM job"), "it says why");
	assert_string_equal(work_task(f, lease), "failed");
	/* The lease on the other bot is taken back, and that bot told. */
	assert_string_equal(work_lease(f, other), "cancelled");
}

static void
a_success_forgets_failures(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);
	static const char *const results[] = {
	    "failed", "failed", "done", "failed", "failed"};
	size_t i;

	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		int64_t lease = work_offer(f, job);

		work_complete(f, lease, results[i], 0, 0);
		work_settle(f);
	}
	assert_string_equal(work_job_is(f, job), "running");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 2);
}

static void
a_task_that_failed_waits_longer_each_time(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);
	uint64_t waits[2], i;

	for (i = 0; i < 2; i++) {
		work_complete(f, work_offer(f, job), "failed", 0, 0);
		work_settle(f);
		waits[i] =
		    (uint64_t)farm_number(f, "SELECT ready_up FROM task") -
		    WORK_START;
	}
	assert_in_range(waits[0], 1000, 60000);
	assert_int_equal(waits[1], 2 * waits[0]);
}

static void
the_policy_of_tasks_is_set(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;
	int64_t job = farm_job(f);
	int i;

	times.retry =
	    (struct retry_policy){1, 50, 1000, 3000, RETRY_EXACT, RETRY_ON_ALL};
	leases_set_times(f->db, &times);
	for (i = 0; i < 2; i++) {
		assert_string_equal(work_job_is(f, job), "pending");
		work_complete(f, work_offer(f, job), "failed", 0, 0);
		work_settle(f);
	}
	assert_string_equal(work_job_is(f, job), "failed");
	assert_int_equal(
	    farm_number(f, "SELECT ready_up FROM task"), WORK_START + 150);
}

static void
the_bot_that_failed_is_remembered_until_a_success(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);

	work_complete(f, work_offer(f, job), "failed", 0, 0);
	work_settle(f);
	assert_int_equal(farm_number(f, "SELECT last_bot FROM task"), f->bot);
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM task"), "it says why");
	work_complete(f, work_offer(f, job), "done", 0, 0);
	work_settle(f);
	assert_int_equal(
	    farm_number(f, "SELECT last_bot IS NULL FROM task"), 1);
}

static void
a_job_that_was_paused_does_not_fail_meanwhile(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = 0;
	int i;

	for (i = 1; i <= 3; i++) {
		lease = work_offer(f, job);
		if (i == 3)
			farm_sql(f,
			    "UPDATE job SET status = 'paused', paused_by = "
			    "'user:x'");
		work_complete(f, lease, "failed", 0, 0);
		work_settle(f);
	}
	assert_string_equal(work_job_is(f, job), "paused");
	assert_string_equal(work_task(f, lease), "ready");
}

/* ---- poison --------------------------------------------------------------- */

/* "bot" dies with the job's task: a new epoch of it beats. */
static int64_t
kill_with(struct farm *f, int64_t job, int64_t bot)
{
	static uint64_t epoch = 0x9000;
	int64_t lease = work_offer_at(f, job, bot, WORK_START);

	farm_beat(f, bot, ++epoch, 1, WORK_START);
	assert_string_equal(work_lease(f, lease), "expired");
	return lease;
}

static void
three_bots_lost_in_a_row_park_the_task_and_pause_the_job(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), b2 = work_bot(f, "b2", "A"), lease;

	kill_with(f, job, f->bot);
	assert_int_equal(farm_number(f, "SELECT last_bot FROM task"), f->bot);
	assert_int_equal(
	    farm_number(f, "SELECT ready_up FROM task"), WORK_START);
	lease = kill_with(f, job, b2);
	assert_string_equal(work_task(f, lease), "ready");
	lease = work_offer(f, job); /* one that falls silent, the third */
	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	assert_string_equal(work_task(f, lease), "parked");
	assert_string_equal(farm_text(f, "SELECT reason FROM task"),
	    "lost 3 bots in a row: b1, b2, b1");
	assert_string_equal(work_job_is(f, job), "paused");
	assert_string_equal(work_is(f, "job", "paused_by", job), "poison");
	assert_string_equal(work_is(f, "job", "reason", job),
	    "lost 3 bots in a row: b1, b2, b1");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what IN "
			     "('task.parked', 'job.paused')"),
	    2);
}

static void
a_word_of_the_bot_breaks_the_row(void **state)
{
	static const char *const words[] = {"done", "failed"};
	struct farm *f = *state;
	int64_t job = farm_job(f);
	size_t i;

	for (i = 0; i < 2; i++) {
		kill_with(f, job, f->bot);
		kill_with(f, job, f->bot);
		work_complete(f, work_offer(f, job), words[i], 0, 0);
		work_settle(f);
		assert_int_equal(farm_number(f, "SELECT lost FROM task"), 0);
	}
	kill_with(f, job, f->bot);
	kill_with(f, job, f->bot);
	assert_string_equal(work_job_is(f, job), "running");
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 2);
}

/* Deregister, a clash, a lease given or taken back, the master's restart. */
static void
innocent_ends_do_not_count(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease;
	struct lease_turn turn = {FARM_NOW, WORK_START, NULL, NULL};
	int i;

	for (i = 0; i < 4; i++) {
		lease = work_offer(f, job);
		assert_int_equal(
		    leases_end_epoch(f->db, farm_epoch(f, FARM_EPOCH),
			LEASE_LEFT, "the bot left", &turn, NULL),
		    0);
		assert_string_equal(work_lease(f, lease), "expired");
		lease = work_offer(f, job);
		work_complete(f, lease, "cancelled", 0, 0);
		work_settle(f);
		lease = work_offer(f, job);
		leases_withdraw(f->db, lease, "for another", FARM_NOW, NULL);
		leases_forgive(f->db, WORK_START, NULL);
	}
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 0);
	assert_string_equal(work_task(f, lease), "ready");
}

/* Beats go first: that of the new epoch may overtake the old one's goodbye. */
static void
a_goodbye_that_comes_late_acquits(void **state)
{
	struct farm *f = *state;
	struct lease_turn turn = {FARM_NOW, WORK_START, NULL, NULL};
	int64_t job = farm_job(f), epoch = farm_epoch(f, FARM_EPOCH), lease;

	kill_with(f, job, work_bot(f, "b2", "A"));
	kill_with(f, job, work_bot(f, "b3", "A"));
	lease = kill_with(f, job, f->bot);
	assert_string_equal(work_task(f, lease), "parked");
	assert_int_equal(leases_end_epoch(f->db, epoch, LEASE_LEFT,
			     "the bot left", &turn, NULL),
	    0);
	assert_string_equal(work_task(f, lease), "ready");
	assert_string_equal(work_job_is(f, job), "pending");
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 2);
}

/* The network was away, not the bot. */
static void
a_bot_that_comes_back_was_not_killed(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 1);
	work_name(f, lease, WORK_START + LEASE_TIMES.lost_ms + 2);
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 0);
	assert_string_equal(work_lease(f, lease), "expired");
}

static void
take_ceiling(void *arg, const struct demand_job *j)
{
	*(unsigned *)arg = j->ceiling;
}

/* How many slots the planner may give to the only job; 0: any. */
static unsigned
ceiling(struct farm *f)
{
	unsigned n = 99;

	assert_int_equal(demand_jobs(f->db, 0, take_ceiling, &n, NULL), 0);
	return n;
}

static void
each_task_counts_for_itself_and_the_job_goes_on(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), b2 = work_bot(f, "b2", "A"), good, lease = 0;
	int i;

	good = work_offer_at(f, job, b2, WORK_START);
	for (i = 0; i < 3; i++)
		lease = kill_with(f, job, f->bot);
	assert_string_equal(work_task(f, lease), "parked");
	assert_string_equal(work_job_is(f, job), "pending");
	/* And no new one makes up for it. */
	assert_int_equal(ceiling(f), 1);
	/* The other does well: the parked one is not needed any more. */
	f->bot = b2;
	work_complete(f, good, "done", 0, 0);
	work_settle(f);
	assert_string_equal(work_task(f, good), "ready");
	assert_string_equal(work_task(f, lease), "cancelled");
	assert_string_equal(work_job_is(f, job), "running");
	assert_int_equal(ceiling(f), 0);
}

static void
how_many_are_lost_first_is_set(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;
	int64_t job = farm_job(f);

	times.lost_most = 1;
	leases_set_times(f->db, &times);
	kill_with(f, job, f->bot);
	assert_string_equal(
	    work_is(f, "job", "reason", job), "lost 1 bot in a row: b1");
}

static void
people_may_try_a_parked_task_again(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = 0;
	int i;

	for (i = 0; i < 3; i++)
		lease = kill_with(f, job, f->bot);
	assert_string_equal(work_job_is(f, job), "paused");
	farm_sql(f, "UPDATE job SET status = 'pending', paused_by = ''");
	assert_int_equal(leases_unpark(f->db, job, NULL), 0);
	assert_string_equal(work_task(f, lease), "ready");
	assert_string_equal(farm_text(f, "SELECT reason FROM task"), "");
	/* From the start again. */
	kill_with(f, job, f->bot);
	assert_int_equal(farm_number(f, "SELECT lost FROM task"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(three_failures_in_a_row_fail_the_job_and_end_its_leases),
	    T(a_success_forgets_failures),
	    T(a_task_that_failed_waits_longer_each_time),
	    T(the_policy_of_tasks_is_set),
	    T(the_bot_that_failed_is_remembered_until_a_success),
	    T(a_job_that_was_paused_does_not_fail_meanwhile),
	    T(three_bots_lost_in_a_row_park_the_task_and_pause_the_job),
	    T(a_word_of_the_bot_breaks_the_row),
	    T(innocent_ends_do_not_count),
	    T(a_goodbye_that_comes_late_acquits),
	    T(a_bot_that_comes_back_was_not_killed),
	    T(each_task_counts_for_itself_and_the_job_goes_on),
	    T(how_many_are_lost_first_is_set),
	    T(people_may_try_a_parked_task_again),
	};

	return cmocka_run_group_tests_name("tasks", tests, NULL, NULL);
}
