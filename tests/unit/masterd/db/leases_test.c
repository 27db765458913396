/* Leases and the tasks behind them (PROTOCOL 29-32). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/leases.h"
#include "tests/unit/masterd/farm.h"

#define START 1000000ull /* of the master's up-time */

static int64_t
offer_at(struct farm *f, int64_t job, int64_t bot, uint64_t up_ms)
{
	assert_int_equal(
	    leases_offer(f->db, job, bot, 60000, FARM_NOW, up_ms, NULL), 0);
	return farm_number(f, "SELECT max(id) FROM lease");
}

static int64_t
offer(struct farm *f, int64_t job)
{
	return offer_at(f, job, f->bot, START);
}

static uint64_t
id_of(struct farm *f, int64_t lease)
{
	char sql[80];
	uint64_t id;

	snprintf(sql, sizeof(sql), "SELECT lease FROM lease WHERE id = %jd",
	    (intmax_t)lease);
	assert_int_equal(text_to_hex64(&id, farm_text(f, sql)), 0);
	return id;
}

static const char *
lease_state(struct farm *f, int64_t lease)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT state FROM lease WHERE id = %jd",
	    (intmax_t)lease);
	return farm_text(f, sql);
}

static const char *
task_state(struct farm *f, int64_t lease)
{
	char sql[120];

	snprintf(sql, sizeof(sql),
	    "SELECT state FROM task WHERE id = (SELECT task FROM lease WHERE "
	    "id = %jd)",
	    (intmax_t)lease);
	return farm_text(f, sql);
}

static const char *
job_status(struct farm *f, int64_t job)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT status FROM job WHERE id = %jd",
	    (intmax_t)job);
	return farm_text(f, sql);
}

static void
name_it(struct farm *f, int64_t lease, uint64_t up_ms)
{
	assert_int_equal(leases_named(f->db, f->bot, id_of(f, lease), 10, 1000,
			     FARM_NOW, up_ms, NULL),
	    0);
}

static void
count_change(void *arg, int64_t bot)
{
	(void)bot;
	++*(int *)arg;
}

static int
expire(struct farm *f, uint64_t up_ms)
{
	int changed = 0;

	assert_int_equal(
	    leases_expire(f->db, FARM_NOW, up_ms, count_change, &changed, NULL),
	    0);
	return changed;
}

static int
settle(struct farm *f)
{
	int changed = 0;

	assert_int_equal(leases_settle(f->db, 0, FARM_NOW, START, count_change,
			     &changed, NULL),
	    0);
	return changed;
}

/* A complete that needs seqs first..last of FARM_EPOCH; last 0: none. */
static void
complete(struct farm *f, int64_t lease, const char *result, uint64_t first,
    uint64_t last)
{
	struct record r = {.type = REC_COMPLETE, .lease = id_of(f, lease)};
	struct record needs = {.type = REC_NEEDS, .epoch = FARM_EPOCH};
	struct lease_complete c = {.bot = f->bot,
	    .complete = &r,
	    .needs = &needs,
	    .need_count = last != 0,
	    .reason = "it says why",
	    .now_ms = FARM_NOW,
	    .up_ms = START};

	text_copy(r.word2, sizeof(r.word2), result);
	r.n[COMPLETE_EXECS] = 5000;
	needs.n[RANGE_FIRST] = first;
	needs.n[RANGE_LAST] = last;
	assert_int_equal(leases_complete(f->db, &c, NULL), 0);
}

static void
take_job(void *arg, const struct lease_job *j)
{
	*(struct lease_job *)arg = *j;
}

/* The planner's view of the only open job; id 0 when there is none. */
static struct lease_job
demand(struct farm *f, uint64_t up_ms)
{
	struct lease_job j = {0};

	assert_int_equal(leases_jobs(f->db, up_ms, take_job, &j, NULL), 0);
	return j;
}

static int
setup(void **state)
{
	if (farm_setup(state) == -1)
		return -1;
	farm_beat(*state, ((struct farm *)*state)->bot, FARM_EPOCH, 1, START);
	return 0;
}

/* ---- from offer to end ----------------------------------------------- */

static void
an_offer_runs_with_the_first_beat_that_names_it(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job), foreign;

	assert_string_equal(lease_state(f, lease), "offered");
	assert_string_equal(task_state(f, lease), "leased");
	assert_string_equal(job_status(f, job), "pending");
	/* A bot that it is not offered to cannot run it. */
	foreign = farm_bot(f, "local", "b2");
	leases_named(
	    f->db, foreign, id_of(f, lease), 1, 1, FARM_NOW, START, NULL);
	assert_string_equal(lease_state(f, lease), "offered");
	name_it(f, lease, START + 1);
	assert_string_equal(lease_state(f, lease), "running");
	assert_string_equal(job_status(f, job), "running");
	assert_int_equal(farm_number(f, "SELECT execs FROM lease"), 1000);
}

static void
it_expires_after_five_minutes_without_being_named(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job);

	assert_int_equal(expire(f, START + LEASE_LOST_MS), 0);
	name_it(f, lease, START + LEASE_LOST_MS);
	assert_int_equal(expire(f, START + 2 * LEASE_LOST_MS), 0);
	assert_string_equal(lease_state(f, lease), "running");
	assert_int_equal(expire(f, START + 2 * LEASE_LOST_MS + 1), 1);
	assert_string_equal(lease_state(f, lease), "expired");
	assert_string_equal(task_state(f, lease), "ready");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	/* What it had done counts. */
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 1000);
	/* Named late: it is over. */
	name_it(f, lease, START + 3 * LEASE_LOST_MS);
	assert_string_equal(lease_state(f, lease), "expired");
	/* The task is offered again, the same one. */
	offer(f, job);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM task"), 1);
	assert_int_equal(farm_number(f, "SELECT attempts FROM task"), 2);
}

static void
an_offer_that_nobody_took_expires_as_well(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f));

	assert_int_equal(expire(f, START + LEASE_LOST_MS + 1), 1);
	assert_string_equal(lease_state(f, lease), "expired");
}

static void
after_a_gap_the_count_starts_anew(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f));

	assert_int_equal(
	    leases_forgive(f->db, START + 10 * LEASE_LOST_MS, NULL), 0);
	assert_int_equal(expire(f, START + 10 * LEASE_LOST_MS + 1), 0);
	assert_string_equal(lease_state(f, lease), "offered");
	assert_int_equal(expire(f, START + 11 * LEASE_LOST_MS + 1), 1);
}

/* ---- complete -------------------------------------------------------- */

static void
a_complete_acts_when_all_it_needs_is_in(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f));
	int64_t epoch = farm_epoch(f, FARM_EPOCH);

	name_it(f, lease, START);
	complete(f, lease, "done", 2, 5);
	settle(f);
	assert_string_equal(lease_state(f, lease), "running");
	farm_record(f, epoch, 2, "ingested", "x");
	farm_record(f, epoch, 3, "refused", "x");
	farm_record(f, epoch, 4, "held", "x");
	settle(f);
	assert_string_equal(lease_state(f, lease), "running");
	/* Declared dropped is an answer, too. */
	assert_int_equal(ledger_dropped(f->db, epoch, 5, 5, NULL), 0);
	settle(f);
	assert_string_equal(lease_state(f, lease), "done");
	assert_string_equal(task_state(f, lease), "ready");
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 5000);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM lease_need"), 0);
}

static void
a_complete_acts_only_for_the_current_lease(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), old = offer(f, job), new;

	expire(f, START + LEASE_LOST_MS + 1);
	new = offer_at(f, job, f->bot, START + LEASE_LOST_MS + 1);
	assert_int_not_equal(old, new);
	complete(f, old, "failed", 0, 0);
	settle(f);
	assert_string_equal(lease_state(f, old), "expired");
	assert_string_equal(lease_state(f, new), "offered");
	assert_string_equal(task_state(f, new), "leased");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	/* But what it cost is a fact. */
	assert_int_equal(farm_number(f, "SELECT max(execs) FROM lease"), 5000);
}

static void
another_bot_cannot_complete_it(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f)), own = f->bot;

	f->bot = farm_bot(f, "local", "b2");
	complete(f, lease, "done", 0, 0);
	f->bot = own;
	settle(f);
	assert_string_equal(lease_state(f, lease), "offered");
}

static void
three_failures_in_a_row_fail_the_job_and_end_its_leases(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), other, lease = 0, own = f->bot;
	int i;

	other = offer(f, job);
	f->bot = farm_bot(f, "local", "b2");
	farm_beat(f, f->bot, FARM_OTHER, 1, START);
	for (i = 1; i <= 3; i++) {
		assert_string_equal(job_status(f, job), "pending");
		/* The task that failed is offered again, not a new one. */
		lease = offer(f, job);
		complete(f, lease, "failed", 0, 0);
		assert_int_equal(settle(f), i == 3);
		assert_string_equal(lease_state(f, lease), "failed");
	}
	f->bot = own;
	assert_string_equal(job_status(f, job), "failed");
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM job"), "it says why");
	assert_string_equal(task_state(f, lease), "failed");
	/* The lease on the other bot is taken back, and that bot told. */
	assert_string_equal(lease_state(f, other), "cancelled");
	assert_int_equal(demand(f, START).id, 0);
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
		int64_t lease = offer(f, job);

		complete(f, lease, results[i], 0, 0);
		settle(f);
	}
	assert_string_equal(job_status(f, job), "pending");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 2);
}

static void
a_task_that_failed_waits_longer_each_time(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);
	uint64_t waits[2], i;

	for (i = 0; i < 2; i++) {
		complete(f, offer(f, job), "failed", 0, 0);
		settle(f);
		waits[i] =
		    (uint64_t)farm_number(f, "SELECT ready_up FROM task") -
		    START;
		assert_false(demand(f, START + waits[i] - 1).ready);
		assert_true(demand(f, START + waits[i]).ready);
	}
	assert_in_range(waits[0], 1000, 60000);
	assert_int_equal(waits[1], 2 * waits[0]);
}

static void
a_second_complete_changes_nothing(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f));

	complete(f, lease, "done", 0, 0);
	settle(f);
	complete(f, lease, "failed", 0, 0);
	settle(f);
	assert_string_equal(lease_state(f, lease), "done");
	assert_int_equal(farm_number(f, "SELECT failures FROM task"), 0);
	assert_int_equal(farm_number(f, "SELECT execs FROM job"), 5000);
}

/* ---- planning -------------------------------------------------------- */

static void
a_withdrawn_lease_is_offered_elsewhere(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job);
	bool over;

	assert_int_equal(
	    leases_withdraw(f->db, lease, "for another", FARM_NOW, NULL), 0);
	assert_string_equal(lease_state(f, lease), "cancelled");
	assert_string_equal(task_state(f, lease), "ready");
	assert_int_equal(
	    leases_withdraw(f->db, lease, "again", FARM_NOW, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM lease"), "for another");
	/* Its ticket stays for a while. */
	leases_over(f->db, id_of(f, lease), FARM_NOW, &over, NULL);
	assert_false(over);
	leases_over(f->db, id_of(f, lease), FARM_NOW + 1, &over, NULL);
	assert_true(over);
	leases_over(f->db, 12345, 0, &over, NULL);
	assert_true(over);
}

static void
take_bot(void *arg, const struct lease_bot *b)
{
	if (b->id == 1)
		*(struct lease_bot *)arg = *b;
}

static struct lease_bot
fleet(struct farm *f)
{
	struct lease_bot b = {0};

	assert_int_equal(leases_bots(f->db, take_bot, &b, NULL), 0);
	return b;
}

static void
only_a_bot_that_is_up_and_does_not_hold_takes_leases(void **state)
{
	struct farm *f = *state;

	farm_sql(f, "UPDATE bot SET slots = 4");
	assert_true(fleet(f).takes);
	assert_int_equal(fleet(f).slots, 4);
	offer(f, farm_job(f));
	assert_int_equal(fleet(f).taken, 1);
	farm_sql(f, "UPDATE bot SET holds = 1");
	assert_false(fleet(f).takes);
	farm_sql(f, "UPDATE bot SET holds = 0, state = 'late'");
	assert_false(fleet(f).takes);
	farm_sql(f, "UPDATE bot SET state = 'clashed'");
	assert_false(fleet(f).takes);
	farm_sql(f, "UPDATE bot SET state = 'up', owner = 0");
	assert_false(fleet(f).takes);
}

static void
demand_counts_open_leases_and_time_left(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease;

	assert_true(demand(f, START).left_ms == UINT64_MAX);
	farm_sql(f,
	    "UPDATE job SET for_ms = 60000, used_ms = 20000, slots = "
	    "3");
	lease = offer(f, job);
	assert_int_equal(demand(f, START).left_ms, 40000);
	assert_int_equal(demand(f, START).open, 1);
	assert_int_equal(demand(f, START).ceiling, 3);
	assert_int_equal(demand(f, START).newest_lease, lease);
	farm_sql(f, "UPDATE job SET used_ms = 70000");
	assert_int_equal(demand(f, START).left_ms, 0);
	farm_sql(f, "UPDATE job SET status = 'paused'");
	assert_int_equal(demand(f, START).id, 0);
}

/* ---- --for ----------------------------------------------------------- */

static int
charge(struct farm *f, uint64_t ms)
{
	int changed = 0;

	assert_int_equal(
	    leases_charge(f->db, ms, FARM_NOW, count_change, &changed, NULL),
	    0);
	return changed;
}

static void
the_time_of_a_job_counts_from_its_first_running_lease(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 0);
	name_it(f, lease, START);
	charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 5000);
	assert_int_equal(farm_number(f, "SELECT spent_ms FROM job"), 5000);
	/* Pauses do not count; slots count for fairness, not for --for. */
	farm_sql(f, "UPDATE job SET status = 'paused'");
	charge(f, 5000);
	farm_sql(f, "UPDATE job SET status = 'running'");
	name_it(f, offer(f, job), START);
	charge(f, 5000);
	assert_int_equal(farm_number(f, "SELECT used_ms FROM job"), 10000);
	assert_int_equal(farm_number(f, "SELECT spent_ms FROM job"), 15000);
}

static void
when_its_time_is_used_up_a_job_is_completed(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	name_it(f, lease, START);
	/* Its bot is about to say that the slice is over: it may. */
	assert_int_equal(charge(f, 60000), 0);
	assert_string_equal(job_status(f, job), "running");
	complete(f, lease, "done", 0, 0);
	settle(f);
	assert_int_equal(charge(f, 2000), 0);
	assert_string_equal(job_status(f, job), "completed");
	assert_string_equal(task_state(f, lease), "done");
}

static void
a_lease_that_does_not_end_is_taken_back_after_30_s(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = offer(f, job);

	farm_sql(f, "UPDATE job SET for_ms = 60000");
	name_it(f, lease, START);
	assert_int_equal(charge(f, 89000), 0);
	assert_int_equal(charge(f, 1000), 1);
	assert_string_equal(job_status(f, job), "completed");
	assert_string_equal(lease_state(f, lease), "cancelled");
}

/* ---- tickets --------------------------------------------------------- */

static int
count_ticket(void *arg, struct ticket *t)
{
	struct ticket *last = arg;

	*last = *t;
	return 0;
}

static void
a_ticket_says_what_to_do(void **state)
{
	struct farm *f = *state;
	int64_t lease = offer(f, farm_job(f));
	struct ticket t;

	memset(&t, 0, sizeof(t));
	assert_int_equal(
	    leases_tickets(f->db, f->bot, count_ticket, &t, NULL), 0);
	assert_int_equal(t.lease, id_of(f, lease));
	assert_int_equal(t.epoch, FARM_EPOCH);
	assert_string_equal(t.kind, "fuzz");
	assert_string_equal(t.bot.text, "b1");
	assert_string_equal(t.project.text, "zlib");
	assert_string_equal(t.target.text, "inflate");
	assert_string_equal(t.engine, "libfuzzer");
	assert_int_equal(t.slice_ms, 60000);
	expire(f, START + LEASE_LOST_MS + 1);
	memset(&t, 0, sizeof(t));
	leases_tickets(f->db, f->bot, count_ticket, &t, NULL);
	assert_int_equal(t.lease, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_offer_runs_with_the_first_beat_that_names_it),
	    T(it_expires_after_five_minutes_without_being_named),
	    T(an_offer_that_nobody_took_expires_as_well),
	    T(after_a_gap_the_count_starts_anew),
	    T(a_complete_acts_when_all_it_needs_is_in),
	    T(a_complete_acts_only_for_the_current_lease),
	    T(another_bot_cannot_complete_it),
	    T(three_failures_in_a_row_fail_the_job_and_end_its_leases),
	    T(a_success_forgets_failures),
	    T(a_task_that_failed_waits_longer_each_time),
	    T(a_second_complete_changes_nothing),
	    T(a_withdrawn_lease_is_offered_elsewhere),
	    T(only_a_bot_that_is_up_and_does_not_hold_takes_leases),
	    T(demand_counts_open_leases_and_time_left),
	    T(the_time_of_a_job_counts_from_its_first_running_lease),
	    T(when_its_time_is_used_up_a_job_is_completed),
	    T(a_lease_that_does_not_end_is_taken_back_after_30_s),
	    T(a_ticket_says_what_to_do),
	};

	return cmocka_run_group_tests_name("leases", tests, NULL, NULL);
}
