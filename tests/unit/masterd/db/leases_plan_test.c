/* Leases as the planner and the publisher see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/work.h"

static void
a_withdrawn_lease_is_offered_elsewhere(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);
	bool over;

	assert_int_equal(
	    leases_withdraw(f->db, lease, "for another", FARM_NOW, NULL), 0);
	assert_string_equal(work_lease(f, lease), "cancelled");
	assert_string_equal(work_task(f, lease), "ready");
	assert_int_equal(
	    leases_withdraw(f->db, lease, "again", FARM_NOW, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM lease"), "for another");
	/* Its ticket stays for a while. */
	leases_over(f->db, work_id(f, lease), FARM_NOW, &over, NULL);
	assert_false(over);
	leases_over(f->db, work_id(f, lease), FARM_NOW + 1, &over, NULL);
	assert_true(over);
	leases_over(f->db, 12345, 0, &over, NULL);
	assert_true(over);
}

/* A lease of the job on that bot: the task that it got. */
static int64_t
offer(struct farm *f, int64_t job, int64_t bot, uint64_t up_ms)
{
	assert_int_equal(
	    leases_offer(f->db, job, bot, 60000, FARM_NOW, up_ms, NULL), 0);
	return farm_number(
	    f, "SELECT task FROM lease ORDER BY id DESC LIMIT 1");
}

static void
a_task_that_waits_is_not_taken_before_its_time(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), task = offer(f, job, f->bot, WORK_START);

	farm_sql(f,
	    "UPDATE lease SET state = 'failed'; UPDATE task SET state = "
	    "'ready', failures = 1, ready_up = 1002000");
	assert_int_not_equal(offer(f, job, f->bot, WORK_START), task);
	assert_int_equal(offer(f, job, f->bot, WORK_START + 2000), task);
}

static void
a_task_that_failed_here_goes_elsewhere_while_others_do_well(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), other = work_bot(f, "b2", "A"), task;

	task = offer(f, job, f->bot, WORK_START);
	offer(f, job, other, WORK_START);
	farm_sql(f,
	    "UPDATE lease SET state = 'failed' WHERE id = 1; UPDATE task SET "
	    "state = 'ready', failures = 1, last_bot = 1 WHERE id = 1");
	assert_int_not_equal(offer(f, job, f->bot, WORK_START), task);
	assert_int_equal(offer(f, job, other, WORK_START), task);
}

static void
the_only_task_is_tried_here_again_when_the_planner_says_so(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), task = offer(f, job, f->bot, WORK_START);

	farm_sql(f,
	    "UPDATE lease SET state = 'failed'; UPDATE task SET state = "
	    "'ready', failures = 1, last_bot = 1");
	assert_int_equal(offer(f, job, f->bot, WORK_START), task);
}

static void
a_check_is_offered_by_its_task(void **state)
{
	struct farm *f = *state;
	int64_t target = work_target(f, "inflate");
	int64_t build = work_build(f, "r1", 1);

	work_put(f, build, target, "new");
	farm_sql(f,
	    "INSERT INTO task (task, kind, target, build) VALUES "
	    "('00000000000000aa', 'check', 1, 1)");
	assert_int_equal(leases_offer_task(f->db, 1, f->bot, 5000, FARM_NOW,
			     WORK_START, NULL),
	    0);
	assert_string_equal(work_is(f, "task", "state", 1), "leased");
	assert_int_equal(farm_number(f, "SELECT build FROM lease"), build);
	assert_int_equal(farm_number(f, "SELECT slice_ms FROM lease"), 5000);
}

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
	int64_t lease = work_offer(f, farm_job(f));
	struct ticket t;

	memset(&t, 0, sizeof(t));
	assert_int_equal(
	    leases_tickets(f->db, f->bot, count_ticket, &t, NULL), 0);
	assert_int_equal(t.lease, work_id(f, lease));
	assert_int_equal(t.epoch, FARM_EPOCH);
	assert_string_equal(t.kind, "fuzz");
	assert_string_equal(t.bot.text, "b1");
	assert_string_equal(t.project.text, "zlib");
	assert_string_equal(t.target.text, "inflate");
	assert_string_equal(t.engine, "libfuzzer");
	assert_int_equal(t.slice_ms, 60000);
	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	memset(&t, 0, sizeof(t));
	leases_tickets(f->db, f->bot, count_ticket, &t, NULL);
	assert_int_equal(t.lease, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_withdrawn_lease_is_offered_elsewhere),
	    T(a_task_that_waits_is_not_taken_before_its_time),
	    T(a_task_that_failed_here_goes_elsewhere_while_others_do_well),
	    T(the_only_task_is_tried_here_again_when_the_planner_says_so),
	    T(a_check_is_offered_by_its_task),
	    T(a_ticket_says_what_to_do),
	};

	return cmocka_run_group_tests_name("leases_plan", tests, NULL, NULL);
}
