/* A round of planning over real tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/db.h"
#include "masterd/plan/schedule.h"
#include "masterd/publish/plan.h"
#include "tests/unit/masterd/work.h"

struct world {
	struct farm *farm;
	struct loop *loop;
	struct store *store;
	struct publish *publish;
	struct plan *plan;
	uint64_t now, up;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct publish_config c;
	struct farm *f;

	if (work_setup((void **)&w->farm) == -1)
		return -1;
	f = w->farm;
	if (db_commit(f->db, NULL) == -1 ||
	    (w->loop = loop_new(NULL)) == NULL ||
	    (w->store = store_open(f->scratch->fd, w->loop, false, NULL)) ==
		NULL)
		return -1;
	c = (struct publish_config){f->scratch->fd, f->db, w->store, 10000};
	if ((w->publish = publish_open(&c, NULL)) == NULL ||
	    publish_recover(w->publish, false, NULL) == -1 ||
	    db_begin(f->db, NULL) == -1)
		return -1;
	w->plan = plan_open(w->publish, f->db);
	w->now = FARM_NOW;
	w->up = WORK_START;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	plan_close(w->plan);
	publish_close(w->publish);
	store_close(w->store);
	loop_free(w->loop);
	rc = farm_teardown((void **)&w->farm);
	free(w);
	return rc;
}

static void
a_round(struct world *w)
{
	struct err e = {.text = ""};

	if (plan_round(w->plan, w->now, w->up, &e) == -1)
		fail_msg("%s", e.text);
}

static int64_t
open_of(struct world *w, int job)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM lease l JOIN task t ON t.id = l.task WHERE "
	    "coalesce(t.job, 0) = %d AND l.state IN ('offered', 'running')",
	    job);
	return farm_number(w->farm, sql);
}

/* Two jobs of one target and build. */
static void
two_jobs(struct world *w)
{
	farm_job(w->farm);
	farm_sql(w->farm,
	    "INSERT INTO job (id, job, target, build, current, engine, "
	    "sanitizer, created_by, created_ms) SELECT 2, "
	    "'00000000000000b2', target, build, current, engine, sanitizer, "
	    "'user:x', 1 FROM job");
}

static void
no_slice_is_longer_than_settings_say(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct world *w = *state;

	two_jobs(w);
	farm_sql(w->farm, "UPDATE job SET slice_ms = 500 WHERE id = 2");
	times.slice_ms = 1500;
	leases_set_times(w->farm->db, &times);
	a_round(w);
	assert_string_equal(
	    farm_text(w->farm,
		"SELECT group_concat(job || ':' || slice, ' ') FROM (SELECT "
		"t.job AS job, max(l.slice_ms) AS slice FROM lease l JOIN "
		"task t ON t.id = l.task GROUP BY t.job ORDER BY t.job)"),
	    "1:1500 2:500");
	leases_set_times(w->farm->db, NULL);
}

static void
slots_are_offered_by_weight(void **state)
{
	struct world *w = *state;

	two_jobs(w);
	farm_sql(w->farm, "UPDATE job SET weight = 180 WHERE id = 1");
	a_round(w);
	assert_int_equal(open_of(w, 1), 3);
	assert_int_equal(open_of(w, 2), 1);
	a_round(w);
	assert_int_equal(farm_number(w->farm, "SELECT count(*) FROM lease"), 4);
	assert_int_equal(farm_number(w->farm, "SELECT count(*) FROM task"), 4);
}

static void
vtime_is_kept_in_the_table_and_over_a_restart(void **state)
{
	struct world *w = *state;
	int64_t before, after;

	two_jobs(w);
	a_round(w);
	before = farm_number(w->farm, "SELECT vtime FROM job WHERE id = 1");
	farm_sql(w->farm, "UPDATE job SET spent_ms = 60000 WHERE id = 1");
	a_round(w);
	after = farm_number(w->farm, "SELECT vtime FROM job WHERE id = 1");
	assert_int_equal(after - before, 60000ll * 256 / 60);
	assert_int_equal(
	    farm_number(w->farm, "SELECT vtime FROM job WHERE id = 2"), before);
	plan_close(w->plan);
	w->plan = plan_open(w->publish, w->farm->db);
	a_round(w);
	assert_int_equal(
	    farm_number(w->farm, "SELECT vtime FROM job WHERE id = 1"), after);
}

static void
a_new_job_gets_a_slot_back_and_starts_where_the_others_are(void **state)
{
	struct world *w = *state;

	two_jobs(w);
	farm_sql(w->farm,
	    "UPDATE job SET status = 'paused', paused_by = 'user:x' WHERE id "
	    "= 2");
	a_round(w);
	assert_int_equal(open_of(w, 1), 4);
	farm_sql(w->farm,
	    "UPDATE job SET spent_ms = 9000000 WHERE id = 1;"
	    "UPDATE job SET status = 'pending', paused_by = '' WHERE id = 2");
	w->now += SCHEDULE_YOUNG_MS - 1;
	a_round(w);
	assert_int_equal(open_of(w, 2), 0); /* all are young */
	w->now += 1;
	a_round(w);
	assert_int_equal(open_of(w, 1), 3);
	assert_int_equal(open_of(w, 2), 1);
	assert_string_equal(farm_text(w->farm,
				"SELECT reason FROM lease WHERE state = "
				"'cancelled'"),
	    "its slot goes to a job that has none");
	assert_int_equal(
	    farm_number(w->farm, "SELECT count(DISTINCT vtime) FROM job"), 1);
	/* And no more: shares are for the next slices. */
	w->now += 60000;
	a_round(w);
	assert_int_equal(open_of(w, 1), 3);
}

static void
a_check_takes_a_slot_and_runs_elsewhere_after_a_failure(void **state)
{
	struct world *w = *state;
	struct farm *f = w->farm;

	farm_job(f);
	farm_sql(f, "UPDATE bot SET slots = 1");
	farm_sql(f,
	    "INSERT INTO task (task, kind, target, build) SELECT "
	    "'00000000000000aa', 'check', target, current FROM job");
	a_round(w);
	assert_int_equal(open_of(w, 0), 1);
	assert_int_equal(open_of(w, 1), 0);
	assert_int_equal(farm_number(f, "SELECT slice_ms FROM lease"),
	    (int64_t)LEASE_TIMES.check_ms);
	work_bot(f, "b2", "A");
	farm_sql(f,
	    "UPDATE lease SET state = 'failed'; UPDATE task SET state = "
	    "'ready', failures = 1, last_bot = 1; UPDATE bot SET slots = 1");
	a_round(w);
	assert_int_equal(farm_number(f,
			     "SELECT l.bot FROM lease l JOIN task t ON t.id = "
			     "l.task WHERE t.kind = 'check' AND l.state = "
			     "'offered'"),
	    2);
	assert_int_equal(open_of(w, 1), 1);
}

static void
one_slot_for_a_job_that_failed_until_it_does_well(void **state)
{
	struct world *w = *state;
	struct farm *f = w->farm;

	farm_job(f);
	a_round(w);
	assert_int_equal(open_of(w, 1), 4);
	farm_sql(f,
	    "UPDATE lease SET state = 'failed'; UPDATE task SET state = "
	    "'ready', failures = 1, last_bot = 1, ready_up = 1002000");
	a_round(w);
	assert_int_equal(open_of(w, 1), 0); /* it waits */
	w->up += 2000;
	a_round(w);
	assert_int_equal(open_of(w, 1), 1);
	a_round(w);
	assert_int_equal(open_of(w, 1), 1);
	farm_sql(f,
	    "UPDATE task SET failures = 0 WHERE state = 'leased'; UPDATE "
	    "lease SET seconds = 60 WHERE state = 'offered'");
	a_round(w);
	assert_int_equal(open_of(w, 1), 4);
}

static void
a_job_with_a_parked_task_makes_no_new_one(void **state)
{
	struct world *w = *state;
	struct farm *f = w->farm;

	farm_job(f);
	a_round(w);
	farm_sql(f,
	    "UPDATE lease SET state = 'expired'; UPDATE task SET state = "
	    "'parked' WHERE id = 1; UPDATE task SET state = 'ready' WHERE id > "
	    "2; UPDATE task SET state = 'done' WHERE id = 2");
	a_round(w);
	assert_int_equal(open_of(w, 1), 2);
	a_round(w);
	assert_int_equal(open_of(w, 1), 2);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM task"), 4);
}

static void
tags_restrict_and_sanitizers_of_bots_are_tags(void **state)
{
	struct world *w = *state;
	struct farm *f = w->farm;

	farm_job(f);
	farm_sql(
	    f, "UPDATE bot SET tags = 'gpu' || char(10) || 'sanitizer=memory'");
	a_round(w);
	assert_int_equal(open_of(w, 1), 0);
	farm_sql(f,
	    "UPDATE bot SET tags = 'gpu sanitizer=memory sanitizer=address'");
	farm_sql(f, "UPDATE job SET tags = '!gpu'");
	a_round(w);
	assert_int_equal(open_of(w, 1), 0);
	farm_sql(f, "UPDATE job SET tags = 'gpu'");
	a_round(w);
	assert_int_equal(open_of(w, 1), 4);
}

static void
assert_says(struct world *w, int64_t job, const char *text)
{
	const struct plan_ask ask = {job, NULL, w->now, w->up};
	struct buf out = BUF_INIT;
	struct err e = {.text = ""};

	if (plan_why(w->plan, &ask, &out, &e) == -1)
		fail_msg("%s", e.text);
	if (strstr(buf_text(&out), text) == NULL)
		fail_msg("no %s in %s", text, buf_text(&out));
	buf_release(&out);
}

static void
why_says_what_the_next_round_would_do(void **state)
{
	struct world *w = *state;
	struct farm *f = w->farm;

	two_jobs(w);
	farm_sql(f,
	    "UPDATE job SET boost = 2000, boost_until_ms = 1700000000000 WHERE "
	    "id = 1");
	assert_says(w, 1, "2 more slots are given to it now");
	assert_says(w, 1, "\"boost_until\":\"2023-11-14T22:13:20");
	assert_int_equal(farm_number(f, "SELECT count(*) FROM lease"), 0);
	assert_int_equal(farm_number(f, "SELECT max(vtime) FROM job"), 0);
	a_round(w);
	assert_says(w, 2, "no free slot: 4 of 4 are taken");
	farm_sql(f,
	    "UPDATE job SET status = 'completed', reason = 'its time is used "
	    "up' WHERE id = 2");
	assert_says(w, 2, "completed: its time is used up");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(no_slice_is_longer_than_settings_say),
	    T(slots_are_offered_by_weight),
	    T(vtime_is_kept_in_the_table_and_over_a_restart),
	    T(a_new_job_gets_a_slot_back_and_starts_where_the_others_are),
	    T(a_check_takes_a_slot_and_runs_elsewhere_after_a_failure),
	    T(one_slot_for_a_job_that_failed_until_it_does_well),
	    T(a_job_with_a_parked_task_makes_no_new_one),
	    T(tags_restrict_and_sanitizers_of_bots_are_tags),
	    T(why_says_what_the_next_round_would_do),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
