/* What the planner is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/db/demand.h"
#include "tests/unit/masterd/work.h"

/* Everything as text, a line a row, to be compared at once. */
static void
put_bot(void *arg, const struct demand_bot *b)
{
	buf_printf(arg, "%s %u %s [%s] [%s] [%s] [%s]\n", b->name, b->slots,
	    b->takes ? "takes" : b->state, b->engines, b->arch, b->host_class,
	    b->tags);
}

static void
put_job(void *arg, const struct demand_job *j)
{
	buf_printf(arg, "%jd %s %s %s/%s", (intmax_t)j->id, j->status,
	    j->target, j->engine, j->sanitizer);
	if (j->stopped != NULL)
		buf_printf(arg, " %s: %s", j->stop_code, j->stopped);
	buf_printf(arg, " w=%u*%u*%u c=%u f=%u", j->weight, j->multiplier,
	    j->boost, j->ceiling, j->floor);
	if (j->left_ms != UINT64_MAX)
		buf_printf(arg, " left=%ju", (uintmax_t)j->left_ms);
	buf_addc(arg, '\n');
}

static void
put_lease(void *arg, const struct demand_lease *l)
{
	buf_printf(arg, "%jd j%jd b%jd age=%ju left=%jd %s\n", (intmax_t)l->id,
	    (intmax_t)l->job, (intmax_t)l->bot, (uintmax_t)l->age_ms,
	    (intmax_t)l->left_ms, l->well ? "well" : "-");
}

static void
put_retry(void *arg, const struct demand_retry *r)
{
	buf_printf(arg, "j%jd avoid=%jd wait=%ju\n", (intmax_t)r->job,
	    (intmax_t)r->avoid, (uintmax_t)r->wait_ms);
}

static void
put_task(void *arg, const struct demand_task *t)
{
	buf_printf(arg, "t%jd build=%jd avoid=%jd %s/%s [%s]\n",
	    (intmax_t)t->id, (intmax_t)t->build, (intmax_t)t->avoid, t->engine,
	    t->sanitizer, t->arch);
}

static void
put_mark(void *arg, const struct demand_mark *m)
{
	buf_printf(arg, "build=%jd [%s]\n", (intmax_t)m->build, m->host_class);
}

enum kind { BOTS, JOBS, LEASES, RETRIES, TASKS, MARKS };

static void
assert_demand(struct farm *f, enum kind kind, const char *wanted)
{
	struct buf text = BUF_INIT;
	struct err e = {.text = ""};
	int got = -1;

	switch (kind) {
	case BOTS:
		got = demand_bots(f->db, WORK_START, put_bot, &text, &e);
		break;
	case JOBS:
		got = demand_jobs(f->db, 0, put_job, &text, &e);
		break;
	case LEASES:
		got = demand_leases(f->db, 70000, put_lease, &text, &e);
		break;
	case RETRIES:
		got = demand_retries(f->db, WORK_START, put_retry, &text, &e);
		break;
	case TASKS:
		got = demand_tasks(f->db, WORK_START, put_task, &text, &e);
		break;
	case MARKS:
		got = demand_marks(f->db, put_mark, &text, &e);
	}
	if (got == -1)
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(&text), wanted);
	buf_release(&text);
}

static void
only_a_bot_that_is_up_and_does_not_hold_takes_work(void **state)
{
	struct farm *f = *state;

	farm_sql(f, "UPDATE bot SET tags = 'gpu' || char(10) || 'fast'");
	assert_demand(
	    f, BOTS, "b1 4 takes [libfuzzer] [x86_64] [A] [gpu\nfast]\n");
	farm_sql(f, "UPDATE bot SET tags = '', holds = 1, said = 'disk full'");
	assert_demand(
	    f, BOTS, "b1 4 holding: disk full [libfuzzer] [x86_64] [A] []\n");
	farm_sql(f, "UPDATE bot SET holds = 0, state = 'late'");
	assert_demand(f, BOTS, "b1 4 late [libfuzzer] [x86_64] [A] []\n");
	farm_sql(f, "UPDATE bot SET state = 'up', owner = 0");
	assert_demand(f, BOTS,
	    "b1 4 of a name that is another account's [libfuzzer] [x86_64] "
	    "[A] []\n");
	farm_sql(f, "UPDATE bot SET owner = 1, epoch = NULL");
	assert_demand(
	    f, BOTS, "b1 4 not heard of yet [libfuzzer] [x86_64] [A] []\n");
}

static void
jobs_have_weights_and_limits(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f,
	    "UPDATE job SET weight = 25, multiplier = 250, boost = 4000, "
	    "slots = 3, floor = 1, for_ms = 60000, used_ms = 20000");
	assert_demand(f, JOBS,
	    "1 pending zlib/inflate libfuzzer/address w=25*250*4000 c=3 f=1 "
	    "left=40000\n");
	farm_sql(f, "UPDATE job SET cpu_limit_ms = 50000, cpu_ms = 45000");
	assert_demand(f, JOBS,
	    "1 pending zlib/inflate libfuzzer/address w=25*250*4000 c=3 f=1 "
	    "left=5000\n");
	farm_sql(f, "UPDATE job SET used_ms = 70000");
	assert_demand(f, JOBS,
	    "1 pending zlib/inflate libfuzzer/address w=25*250*4000 c=3 f=1 "
	    "left=0\n");
}

static void
a_job_that_may_not_run_says_why(void **state)
{
	struct farm *f = *state;
	struct buf text = BUF_INIT;

	farm_job(f);
	farm_sql(f,
	    "UPDATE job SET weight = 60, status = 'paused', paused_by = "
	    "'user:root', reason = 'paused by user:root: lunch'");
	assert_demand(f, JOBS,
	    "1 paused zlib/inflate libfuzzer/address paused: paused by "
	    "user:root: lunch w=60*1000*1000 c=0 f=0\n");
	farm_sql(f,
	    "UPDATE job SET paused_by = 'master', reason = 'target inflate "
	    "vanished from main'");
	assert_demand(f, JOBS,
	    "1 paused zlib/inflate libfuzzer/address parked: parked: target "
	    "inflate vanished from main w=60*1000*1000 c=0 f=0\n");
	farm_sql(f,
	    "UPDATE job SET status = 'pending', paused_by = '', reason = '', "
	    "current = NULL");
	assert_demand(f, JOBS,
	    "1 pending zlib/inflate libfuzzer/address no_build: no build has "
	    "passed its check yet w=60*1000*1000 c=0 f=0\n");
	farm_sql(f,
	    "UPDATE job SET reason = 'none is good yet', build = NULL;"
	    "INSERT INTO task (task, kind, target, build) VALUES "
	    "('00000000000000aa', 'check', 1, 1)");
	assert_demand(f, JOBS,
	    "1 pending zlib/inflate libfuzzer/address no_build: its build is "
	    "being checked: none is good yet w=60*1000*1000 c=0 f=0\n");
	/* What is over is told when asked for. */
	farm_sql(f, "UPDATE job SET status = 'cancelled', reason = 'enough'");
	assert_demand(f, JOBS, "");
	assert_int_equal(demand_jobs(f->db, 1, put_job, &text, NULL), 0);
	assert_string_equal(buf_text(&text),
	    "1 cancelled zlib/inflate libfuzzer/address over: cancelled: "
	    "enough w=60*1000*1000 c=0 f=0\n");
	buf_release(&text);
}

static void
open_leases_have_ages_and_ends(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), first = work_offer(f, job);

	work_offer(f, job);
	farm_sql(f,
	    "UPDATE lease SET offered_ms = 10000 WHERE id = 1;"
	    "UPDATE lease SET offered_ms = 99000 WHERE id = 2");
	assert_demand(f, LEASES,
	    "1 j1 b1 age=60000 left=60000 -\n2 j1 b1 age=0 left=60000 -\n");
	farm_sql(f, "UPDATE lease SET seconds = 61 WHERE id = 1");
	assert_demand(f, LEASES,
	    "1 j1 b1 age=60000 left=-1000 well\n"
	    "2 j1 b1 age=0 left=60000 -\n");
	farm_sql(f, "UPDATE task SET failures = 1 WHERE id = 1");
	assert_demand(f, LEASES,
	    "1 j1 b1 age=60000 left=-1000 -\n2 j1 b1 age=0 left=60000 -\n");
	assert_int_equal(leases_withdraw(f->db, first, "x", FARM_NOW, NULL), 0);
	assert_demand(f, LEASES, "2 j1 b1 age=0 left=60000 -\n");
}

static void
tasks_that_failed_are_to_be_tried_again_elsewhere(void **state)
{
	struct farm *f = *state;

	work_offer(f, farm_job(f));
	farm_sql(f, "UPDATE task SET state = 'ready'");
	assert_demand(f, RETRIES, ""); /* withdrawn: nothing is wrong */
	farm_sql(f,
	    "UPDATE task SET failures = 2, last_bot = 1, ready_up = 1004000");
	assert_demand(f, RETRIES, "j1 avoid=1 wait=4000\n");
	farm_sql(
	    f, "UPDATE task SET failures = 0, lost = 1, ready_up = 990000");
	assert_demand(f, RETRIES, "j1 avoid=1 wait=0\n");
	/* After ten minutes anybody may. */
	farm_sql(
	    f, "UPDATE task SET lost = 0, failures = 1, ready_up = 400000");
	assert_demand(f, RETRIES, "j1 avoid=0 wait=0\n");
	farm_sql(f, "UPDATE task SET state = 'leased'");
	assert_demand(f, RETRIES, "");
}

static void
checks_that_are_ready_and_marks_of_builds_in_use(void **state)
{
	struct farm *f = *state;

	work_put(f, work_build(f, "r1", 1), work_target(f, "inflate"), "new");
	work_build(f, "r2", 2);
	farm_sql(f,
	    "UPDATE build SET arch = 'x86_64';"
	    "INSERT INTO task (task, kind, target, build, last_bot, ready_up) "
	    "VALUES ('00000000000000aa', 'check', 1, 1, 1, 999000), "
	    "('00000000000000ab', 'check', 1, 1, NULL, 1000001);"
	    "INSERT INTO build_host (build, host_class, reason, at_ms) VALUES "
	    "(1, 'Debian 11 x', 'GLIBC', 1), (2, 'A', 'GLIBC', 1)");
	assert_demand(
	    f, TASKS, "t1 build=1 avoid=1 libfuzzer/address [x86_64]\n");
	assert_demand(f, MARKS, "build=1 [Debian 11 x]\n");
	farm_sql(f, "UPDATE task SET state = 'done'");
	assert_demand(f, TASKS, "");
	assert_demand(f, MARKS, "");
}

static void
used_slot_time_is_cut_at_both_ends(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f);
	uint64_t mine, all;

	work_offer(f, job);
	work_offer(f, job);
	work_offer(f, job);
	farm_sql(f,
	    /* 1000..3000, 4000.. still open, and one that never began */
	    "UPDATE lease SET started_ms = 1000, ended_ms = 3000, state = "
	    "'done' WHERE id = 1;"
	    "UPDATE lease SET started_ms = 4000, state = 'running' WHERE id = "
	    "2");
	assert_int_equal(
	    demand_used(f->db, job, 2000, 5000, &mine, &all, NULL), 0);
	assert_int_equal(mine, 2000);
	assert_int_equal(all, 2000);
	assert_int_equal(
	    demand_used(f->db, job + 1, 0, 9000, &mine, &all, NULL), 0);
	assert_int_equal(mine, 0);
	assert_int_equal(all, 7000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(only_a_bot_that_is_up_and_does_not_hold_takes_work),
	    T(jobs_have_weights_and_limits),
	    T(a_job_that_may_not_run_says_why),
	    T(open_leases_have_ages_and_ends),
	    T(tasks_that_failed_are_to_be_tried_again_elsewhere),
	    T(checks_that_are_ready_and_marks_of_builds_in_use),
	    T(used_slot_time_is_cut_at_both_ends),
	};

	return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
