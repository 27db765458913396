/* Bots on which one lease after the other fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/work.h"

static void
ends(struct farm *f, int64_t lease, const char *result)
{
	work_complete(f, lease, result, 0, 0);
	work_settle(f);
}

/* A lease of a job of its own ends so. */
static void
one_ends(struct farm *f, const char *result)
{
	ends(f, work_offer(f, farm_job(f)), result);
}

static const char *
bot_is(struct farm *f)
{
	return farm_text(f,
	    "SELECT failures || ' ' || max(0, rest_up - 1000000) || ' ' || "
	    "drained FROM bot WHERE name = 'b1'");
}

static void
each_failure_of_another_task_makes_the_rest_longer(void **state)
{
	struct farm *f = *state;

	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "1 0 0");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "2 30000 0");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "3 60000 0");
	assert_string_equal(farm_text(f,
				"SELECT group_concat(detail, '; ') FROM event "
				"WHERE what = 'bot.resting'"),
	    "for 30 s: 2 leases in a row failed on it; for 60 s: 3 leases in "
	    "a row failed on it");
}

static void
a_rest_is_not_longer_than_half_an_hour(void **state)
{
	struct farm *f = *state;
	int i;

	for (i = 0; i < 12; i++)
		one_ends(f, "failed");
	assert_string_equal(bot_is(f), "12 1800000 0");
}

static void
one_task_that_fails_again_and_again_is_its_own_fault(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);

	ends(f, work_offer(f, job), "failed");
	ends(f, work_offer(f, job), "failed");
	assert_int_equal(farm_number(f, "SELECT count(*) FROM task"), 1);
	assert_string_equal(bot_is(f), "1 0 0");
}

static void
one_that_failed_elsewhere_before_is_its_own_fault(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), other = work_bot(f, "b2", "A");

	one_ends(f, "failed");
	work_offer_at(f, job, other, WORK_START);
	farm_sql(f,
	    "UPDATE lease SET state = 'failed', ended_ms = 9 WHERE bot = 2;"
	    "UPDATE task SET failures = 1, last_bot = 2, state = 'ready' WHERE "
	    "state = 'leased'");
	ends(f, work_offer(f, job), "failed");
	assert_string_equal(bot_is(f), "1 0 0");
}

/* Each of two bots has two slots of a job whose target fails at once. */
static void
a_job_that_fails_on_all_bots_makes_no_fleet_rest(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), other = work_bot(f, "b2", "A"), lease[4];
	int i;

	for (i = 0; i < 4; i++)
		lease[i] = work_offer_at(
		    f, job, i % 2 == 0 ? f->bot : other, WORK_START);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM task"), 4);
	/* The other's are reckoned by the same code as b1's own. */
	farm_sql(f,
	    "UPDATE lease SET state = 'failed', ended_ms = 9 WHERE bot = 2;"
	    "UPDATE task SET failures = 1, last_bot = 2, state = 'ready' WHERE "
	    "id IN (SELECT task FROM lease WHERE bot = 2)");
	ends(f, lease[0], "failed");
	ends(f, lease[2], "failed");
	assert_string_equal(bot_is(f), "0 0 0");
	/* Of other jobs it may still be the bot. */
	one_ends(f, "failed");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "2 30000 0");
}

static void
a_bot_with_a_session_that_does_well_is_not_to_blame(void **state)
{
	struct farm *f = *state;
	int64_t well = work_offer(f, farm_job(f));

	work_name(f, well, WORK_START);
	farm_sql(f, "UPDATE lease SET seconds = 59");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "1 0 0");
	farm_sql(f, "UPDATE lease SET seconds = 60 WHERE state = 'running'");
	one_ends(f, "failed");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "1 0 0");
}

static void
a_success_ends_it_and_what_is_cancelled_says_nothing(void **state)
{
	struct farm *f = *state;

	one_ends(f, "failed");
	one_ends(f, "failed");
	one_ends(f, "cancelled");
	assert_string_equal(bot_is(f), "2 30000 0");
	one_ends(f, "done");
	assert_string_equal(bot_is(f), "0 0 0");
	one_ends(f, "failed");
	assert_string_equal(bot_is(f), "1 0 0");
}

static void
a_policy_with_an_end_drains_it(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;
	int i;

	times.rest.max_retries = 2;
	leases_set_times(f->db, &times);
	for (i = 0; i < 4; i++)
		one_ends(f, "failed");
	assert_string_equal(bot_is(f), "4 60000 1");
	assert_string_equal(
	    farm_text(f, "SELECT drained_by || ': ' || drain_reason FROM bot"),
	    "master: 4 leases in a row failed on it");
	leases_set_times(f->db, NULL);
}

static void
a_boot_does_not_make_a_rest_longer(void **state)
{
	struct farm *f = *state;

	one_ends(f, "failed");
	one_ends(f, "failed");
	farm_sql(f, "UPDATE bot SET rest_up = 99000000");
	assert_int_equal(bots_forgive(f->db, 500, NULL), 0);
	assert_int_equal(
	    farm_number(f, "SELECT rest_up FROM bot"), 500 + 30 * 60 * 1000);
}

static void
what_leases_did_is_added_up_for_their_bot(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));

	work_name(f, lease, WORK_START + 1000);
	farm_sql(f, "UPDATE lease SET execs = 500, cpu_ms = 70");
	ends(f, lease, "done");
	one_ends(f, "failed");
	assert_string_equal(
	    farm_text(f,
		"SELECT leases || ' ' || (execs >= 500) || ' ' || "
		"(cpu_ms >= 70) FROM bot"),
	    "2 1 1");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_failure_of_another_task_makes_the_rest_longer),
	    T(a_rest_is_not_longer_than_half_an_hour),
	    T(one_task_that_fails_again_and_again_is_its_own_fault),
	    T(one_that_failed_elsewhere_before_is_its_own_fault),
	    T(a_job_that_fails_on_all_bots_makes_no_fleet_rest),
	    T(a_bot_with_a_session_that_does_well_is_not_to_blame),
	    T(a_success_ends_it_and_what_is_cancelled_says_nothing),
	    T(a_policy_with_an_end_drains_it),
	    T(a_boot_does_not_make_a_rest_longer),
	    T(what_leases_did_is_added_up_for_their_bot),
	};

	return cmocka_run_group_tests_name("bots_rest", tests, NULL, NULL);
}
