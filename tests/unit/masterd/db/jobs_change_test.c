/*
 * What people do to a job: each change whole or not at all, one event, and the
 * second of two people hears who was faster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "masterd/db/jobs.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	struct world *w = world_new();

	world_sql(w,
	    "UPDATE build SET state = 'good', judged_ms = 1;"
	    "UPDATE build_target SET state = 'good'");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct job_act
act(const char *by, const char *reason)
{
	return (struct job_act){
	    .job = 1, .by = by, .reason = reason, .expect = ""};
}

static void
expect(struct world *w, const char *condition)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM job WHERE id = 1 AND %s", condition);
	if (world_number(w, sql) != 1)
		fail_msg("not so: %s", condition);
}

/* The newest event of the job. */
static void
expect_event(struct world *w, const char *condition)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM (SELECT * FROM event ORDER BY id DESC LIMIT"
	    " 1) WHERE subject = 'job:aaaaaaaaaaaaaaaa' AND %s",
	    condition);
	if (world_number(w, sql) != 1)
		fail_msg("no such event: %s", condition);
}

typedef int verb_fn(struct db *db, const struct job_act *a, struct err *e);

static void
do_it(struct world *w, verb_fn *verb, const char *reason)
{
	struct job_act a = act("user:x", reason);
	struct err e;

	if (verb(w->db, &a, &e) != 0)
		fail_msg("%s", e.text);
}

static void
refuse(struct world *w, verb_fn *verb, const char *sentence)
{
	struct job_act a = act("user:y", "");
	struct err e;

	assert_int_equal(verb(w->db, &a, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	if (strstr(e.text, sentence) == NULL)
		fail_msg("no '%s' in '%s'", sentence, e.text);
}

/* ---- pause and resume ------------------------------------------------ */

static void
pausing_takes_leases_back_and_keeps_their_work(void **state)
{
	struct world *w = *state;

	do_it(w, jobs_pause, "too\nloud");
	expect(w,
	    "status = 'paused' AND paused_by = 'user:x'"
	    " AND reason = 'paused by user:x: too\\x0aloud'"
	    " AND execs = 150");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM lease WHERE state ="
			     " 'cancelled' AND reason = 'its job was paused'"),
	    1);
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM task WHERE state = 'ready'"),
	    2);
	expect_event(w,
	    "what = 'job.paused' AND who = 'user:x' AND detail ="
	    " 'running -> paused: too\\x0aloud'");
}

static void
the_second_of_two_hears_who_was_first(void **state)
{
	struct world *w = *state;
	long events;

	do_it(w, jobs_pause, "");
	events = world_number(w, "SELECT count(*) FROM event");
	refuse(w, jobs_pause,
	    "job aaaaaaaaaaaaaaaa: is paused already: job.paused by user:x at "
	    "20");
	assert_int_equal(world_number(w, "SELECT count(*) FROM event"), events);
	expect(w, "paused_by = 'user:x'");
}

static void
resuming_goes_on_as_pending(void **state)
{
	struct world *w = *state;

	refuse(w, jobs_resume, "is running, not paused");
	do_it(w, jobs_pause, "");
	world_sql(w, "UPDATE job SET used_ms = 77");
	do_it(w, jobs_resume, "fixed");
	expect(w,
	    "status = 'pending' AND paused_by = '' AND used_ms = 77"
	    " AND reason = ''");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'job.resumed' AND detail ="
			     " 'paused -> pending: fixed'"),
	    1);
}

static void
a_pause_earns_no_share(void **state)
{
	struct world *w = *state;

	world_sql(w,
	    "INSERT INTO job (job, target, engine, sanitizer, vtime,"
	    " created_by, created_ms) VALUES ('dddddddddddddddd', 1,"
	    " 'e', 's', 500, 'x', 1)");
	do_it(w, jobs_pause, "");
	do_it(w, jobs_resume, "");
	expect(w, "vtime = 500");
}

static void
a_parked_job_may_be_paused_by_a_person(void **state)
{
	struct world *w = *state;

	world_sql(w, "UPDATE job SET status = 'paused', paused_by = 'master'");
	do_it(w, jobs_pause, "mine");
	expect(w, "status = 'paused' AND paused_by = 'user:x'");
}

static void
parked_tasks_are_ready_again_with_it(void **state)
{
	struct world *w = *state;

	world_sql(w,
	    "UPDATE task SET state = 'parked', failures = 3, lost = 3"
	    " WHERE id = 2");
	do_it(w, jobs_pause, "");
	do_it(w, jobs_resume, "");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM task WHERE state = 'ready'"
			     " AND failures = 0 AND lost = 0"),
	    2);
}

/* ---- cancel ---------------------------------------------------------- */

static void
cancelling_ends_tasks_and_open_leases(void **state)
{
	struct world *w = *state;

	world_sql(w, "UPDATE task SET state = 'parked' WHERE id = 2");
	do_it(w, jobs_cancel, "no more");
	expect(w,
	    "status = 'cancelled' AND ended_ms > 0 AND reason ="
	    " 'no more' AND execs = 150");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM task WHERE state ="
			     " 'cancelled'"),
	    2);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM lease WHERE state ="
			     " 'cancelled' AND ended_ms > 0"),
	    1);
}

static void
cancelling_twice_is_harmless_and_leaves_one_event(void **state)
{
	struct world *w = *state;

	do_it(w, jobs_cancel, "");
	do_it(w, jobs_cancel, "");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'job.cancelled'"),
	    1);
}

static void
a_job_that_ended_cannot_be_changed(void **state)
{
	struct world *w = *state;
	struct job_act a = act("user:x", "");
	struct err e;

	world_sql(w, "UPDATE job SET status = 'completed'");
	refuse(w, jobs_cancel, "job aaaaaaaaaaaaaaaa: is completed already");
	refuse(w, jobs_pause, "is completed already");
	refuse(w, jobs_resume, "is completed, not paused");
	refuse(w, jobs_retry, "only what failed or was cancelled");
	assert_int_equal(jobs_boost(w->db, &a, 4000, 1, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	a.job = 99;
	assert_int_equal(jobs_cancel(w->db, &a, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
an_expected_status_must_hold(void **state)
{
	struct world *w = *state;
	struct job_act a = act("user:x", "");
	struct err e;

	a.expect = "pending";
	assert_int_equal(jobs_cancel(w->db, &a, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "is running, not pending as expected"));
	expect(w, "status = 'running'");
	a.expect = "running";
	assert_int_equal(jobs_cancel(w->db, &a, &e), 0);
}

/* ---- retry ----------------------------------------------------------- */

static void
what_failed_starts_anew(void **state)
{
	static const char *const over[] = {
	    "failed", "timed_out", "cancelled", NULL};
	struct world *w = *state;
	char sql[200];
	int i;

	for (i = 0; over[i] != NULL; i++) {
		snprintf(sql, sizeof(sql),
		    "UPDATE job SET status = '%s', reason = 'r', ended_ms = 5,"
		    " used_ms = 9, cpu_ms = 9",
		    over[i]);
		world_sql(w, sql);
		do_it(w, jobs_retry, "");
		expect(w,
		    "status = 'pending' AND reason = '' AND ended_ms = 0"
		    " AND used_ms = 0 AND cpu_ms = 0");
	}
}

/* ---- boost ----------------------------------------------------------- */

static void
a_boost_ends_by_itself(void **state)
{
	struct world *w = *state;
	struct job_act a = act("user:x", "a release");
	struct err e;
	int ended;

	assert_int_equal(jobs_boost(w->db, &a, 4000, 1700000000000, &e), 0);
	expect(w, "boost = 4000 AND boost_until_ms = 1700000000000");
	expect_event(w,
	    "what = 'job.boosted' AND detail ="
	    " '1 -> 4 until 2023-11-14T22:13:20Z: a release'");
	assert_int_equal(jobs_end_boosts(w->db, 1699999999999, &ended, &e), 0);
	assert_int_equal(ended, 0);
	expect(w, "boost = 4000");
	assert_int_equal(jobs_end_boosts(w->db, 1700000000000, &ended, &e), 0);
	assert_int_equal(ended, 1);
	expect(w, "boost = 1000 AND boost_until_ms = 0");
	expect_event(w, "what = 'job.boost_ended' AND who = 'master'");
}

static void
a_boost_of_one_ends_it_and_odd_ones_are_refused(void **state)
{
	struct world *w = *state;
	struct job_act a = act("user:x", "");
	struct err e;

	assert_int_equal(jobs_boost(w->db, &a, 500, 1700000000000, &e), 0);
	expect_event(w, "detail LIKE '1 -> 0.500 until %'");
	assert_int_equal(jobs_boost(w->db, &a, 1000, 1700000000000, &e), 0);
	expect(w, "boost = 1000 AND boost_until_ms = 0");
	assert_int_equal(jobs_boost(w->db, &a, 0, 1, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(jobs_boost(w->db, &a, JOB_BOOST_MAX + 1, 1, &e), -1);
}

/* ---- settings -------------------------------------------------------- */

static void
set(struct world *w, const struct job_text *values, size_t count,
    uint64_t slots)
{
	struct job_plan plan = {.values = values,
	    .count = count,
	    .slots = slots,
	    .weight = 10,
	    .slice_ms = 1000,
	    .tags = "",
	    .follow = "main"};
	struct job_settings s = {values, count, &plan, false};
	struct job_act a = act("user:x", "why not");
	struct err e;

	if (jobs_set(w->db, &a, &s, &e) != 0)
		fail_msg("%s", e.text);
}

static void
settings_tell_before_and_after(void **state)
{
	static const struct job_text first[] = {
	    {"slots", "2", "job"}, {"weight", "10", "job"}};
	static const struct job_text second[] = {{"weight", "20", "job"}};
	struct world *w = *state;

	set(w, first, 2, 2);
	expect_event(w,
	    "what = 'job.set' AND detail = 'slots (none) -> 2,"
	    " weight (none) -> 10: why not'");
	set(w, second, 1, 0);
	expect_event(w,
	    "detail = 'weight 10 -> 20, slots 2 -> (none):"
	    " why not'");
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM job_setting"), 1);
}

static void
fewer_slots_hold_at_once(void **state)
{
	static const struct job_text values[] = {{"slots", "1", "job"}};
	struct world *w = *state;

	world_sql(w,
	    "INSERT INTO lease (id, lease, task, build, bot, epoch,"
	    " state, slice_ms, named_up, charged_up, offered_ms)"
	    " VALUES (2, 'ccccccccccccccc2', 2, 1, 1, 1, 'offered', 1,"
	    " 1, 1, 1); UPDATE task SET state = 'leased'");
	set(w, values, 1, 1);
	/* The newest went. */
	assert_int_equal(
	    world_number(w, "SELECT id FROM lease WHERE state = 'cancelled'"),
	    2);
	assert_int_equal(
	    world_number(
		w, "SELECT count(*) FROM lease WHERE state = 'running'"),
	    1);
}

static void
a_pinned_job_that_is_told_to_follow_follows(void **state)
{
	struct world *w = *state;
	static const struct job_text values[] = {{"follow", "main", "job"}};
	struct job_plan plan = {.values = values,
	    .count = 1,
	    .weight = 10,
	    .slice_ms = 1000,
	    .tags = "",
	    .follow = "main"};
	struct job_settings s = {values, 1, &plan, true};
	struct job_act a = act("user:x", "");
	struct err e;

	expect(w, "build = 1");
	assert_int_equal(jobs_set(w->db, &a, &s, &e), 0);
	expect(w, "build IS NULL AND current = 1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(pausing_takes_leases_back_and_keeps_their_work),
	    TEST(the_second_of_two_hears_who_was_first),
	    TEST(resuming_goes_on_as_pending),
	    TEST(a_pause_earns_no_share),
	    TEST(a_parked_job_may_be_paused_by_a_person),
	    TEST(parked_tasks_are_ready_again_with_it),
	    TEST(cancelling_ends_tasks_and_open_leases),
	    TEST(cancelling_twice_is_harmless_and_leaves_one_event),
	    TEST(a_job_that_ended_cannot_be_changed),
	    TEST(an_expected_status_must_hold),
	    TEST(what_failed_starts_anew),
	    TEST(a_boost_ends_by_itself),
	    TEST(a_boost_of_one_ends_it_and_odd_ones_are_refused),
	    TEST(settings_tell_before_and_after),
	    TEST(fewer_slots_hold_at_once),
	    TEST(a_pinned_job_that_is_told_to_follow_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
