/* From the word of one host to the fate of a build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/checks.h"
#include "tests/unit/masterd/work.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- pure ------------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *what;
	struct check_facts f; /* said, good_here, times, others, up, kinds,
				 untried */
	enum check_next next;
} verdicts[] = {
	{ "good by one is good",
	    { CHECK_GOOD, false, 0, 0, 5, 2, 2 }, CHECK_THEN_GOOD },
	{ "good after bad is good",
	    { CHECK_GOOD, false, 0, 1, 0, 0, 0 }, CHECK_THEN_GOOD },
	{ "bad by one, others are up",
	    { CHECK_BAD, false, 1, 0, 3, 0, 0 }, CHECK_THEN_AGAIN },
	{ "bad by one, nobody else is up: once more there",
	    { CHECK_BAD, false, 1, 0, 0, 0, 0 }, CHECK_THEN_AGAIN },
	{ "bad twice by the only one",
	    { CHECK_BAD, false, 2, 0, 0, 0, 0 }, CHECK_THEN_BAD },
	{ "bad twice by one, another is up now",
	    { CHECK_BAD, false, 2, 0, 1, 0, 0 }, CHECK_THEN_AGAIN },
	{ "bad by two",
	    { CHECK_BAD, false, 1, 1, 7, 0, 0 }, CHECK_THEN_BAD },
	{ "incompatible, another kind is there",
	    { CHECK_INCOMPATIBLE, false, 0, 0, 3, 1, 1 }, CHECK_THEN_AGAIN },
	{ "incompatible with all that there are",
	    { CHECK_INCOMPATIBLE, false, 0, 0, 3, 0, 0 }, CHECK_THEN_NO_HOST },
	{ "incompatible, the other marks are of its neighbours",
	    { CHECK_INCOMPATIBLE, false, 0, 0, 3, 0, 1 }, CHECK_THEN_LIFT },
	{ "incompatible where its neighbour runs: as bad",
	    { CHECK_INCOMPATIBLE, true, 1, 0, 1, 0, 0 }, CHECK_THEN_AGAIN },
	{ "the same by two hosts",
	    { CHECK_INCOMPATIBLE, true, 1, 1, 1, 0, 0 }, CHECK_THEN_BAD },
};

static const struct { unsigned targets, bad; bool is_bad; } builds[] = {
	{ 1, 0, false }, { 1, 1, true }, { 2, 1, false }, { 2, 2, true },
	{ 9, 1, false }, { 9, 2, true }, { 10, 1, false }, { 10, 2, true },
	{ 15, 1, false }, { 15, 2, true }, { 20, 2, false }, { 20, 3, true },
	{ 29, 2, false }, { 29, 3, true }, { 100, 10, false },
	{ 100, 11, true }, { 0, 0, false },
};
/* clang-format on */

static void
a_target_is_judged_by_the_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(verdicts); i++)
		if (checks_decide(&verdicts[i].f) != verdicts[i].next)
			fail_msg("%s", verdicts[i].what);
}

static void
a_build_may_have_a_tenth_of_bad_targets_or_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(builds); i++)
		if (checks_build_is_bad(builds[i].targets, builds[i].bad) !=
		    builds[i].is_bad)
			fail_msg("%u of %u", builds[i].bad, builds[i].targets);
}

/* ---- tasks ------------------------------------------------------------------ */

/* A new build r1 with targets t1, t2 ... and their check tasks. */
static int64_t
new_build(struct farm *f, int targets)
{
	int64_t build = work_build(f, "r1", 1);
	unsigned made;
	char name[16];
	int i;

	for (i = 1; i <= targets; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		work_put(f, build, work_target(f, name), "new");
	}
	assert_int_equal(checks_start(f->db, build, FARM_NOW, &made, NULL), 0);
	assert_int_equal(made, targets);
	return build;
}

/* The check task of target tN. */
static int64_t
task_of(struct farm *f, int n)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT max(t.id) FROM task t JOIN target g ON g.id = t.target "
	    "WHERE g.name = 't%d' AND t.kind = 'check'",
	    n);
	return farm_number(f, sql);
}

static void
says(struct farm *f, int n, int64_t bot, const char *verdict, const char *said)
{
	work_says(f, work_lease_of(f, task_of(f, n), bot), bot, verdict, said);
}

/* A column of tN's row of the build. */
static const char *
target_is(struct farm *f, int n, const char *column)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT bt.%s FROM build_target bt JOIN target g ON g.id = "
	    "bt.target WHERE g.name = 't%d'",
	    column, n);
	return farm_text(f, sql);
}

static void
each_target_of_a_new_build_is_to_be_checked_once(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 3);
	unsigned made;

	assert_int_equal(checks_start(f->db, build, FARM_NOW, &made, NULL), 0);
	assert_int_equal(made, 0);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM task WHERE kind = 'check' "
			     "AND state = 'ready' AND job IS NULL AND build = "
			     "1"),
	    3);
	farm_sql(f, "UPDATE build SET state = 'bad'");
	farm_sql(f, "UPDATE task SET state = 'cancelled'");
	checks_start(f->db, build, FARM_NOW, &made, NULL);
	assert_int_equal(made, 0);
}

/* ---- good --------------------------------------------------------------------- */

static void
one_good_word_is_enough_and_says_what_is_in_it(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 2), lease;

	says(f, 1, f->bot, "good", "few edges: 3\nno call of the sanitizer");
	assert_string_equal(target_is(f, 1, "state"), "good");
	assert_string_equal(target_is(f, 1, "warnings"),
	    "few edges: 3\nno call of the sanitizer");
	assert_string_equal(target_is(f, 1, "edges"), "900");
	assert_string_equal(target_is(f, 1, "features"), "1000");
	assert_string_equal(target_is(f, 1, "calls"), "77");
	assert_string_equal(target_is(f, 1, "dict"), "118");
	assert_string_equal(target_is(f, 1, "seeds"), "240");
	assert_string_equal(work_is(f, "build", "state", build), "new");
	lease = farm_number(f, "SELECT id FROM lease");
	assert_string_equal(work_lease(f, lease), "done");
	assert_string_equal(work_task(f, lease), "done");
	says(f, 2, f->bot, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "good");
	assert_string_equal(work_is(f, "build", "reason", build), "");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'build.good'"),
	    1);
}

static void
good_after_bad_warns_of_the_bot_that_said_otherwise(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1), b2 = work_bot(f, "b2", "A");

	says(f, 1, f->bot, "bad", "exits with 1 at once\nand more");
	assert_string_equal(target_is(f, 1, "state"), "new");
	says(f, 1, b2, "good", "few edges: 3");
	assert_string_equal(work_is(f, "build", "state", build), "good");
	assert_string_equal(target_is(f, 1, "warnings"),
	    "few edges: 3\nbot b1 called it bad: exits with 1 at once");
}

/* ---- bad ------------------------------------------------------------------------ */

static void
bad_is_a_verdict_of_two_hosts(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1), b2 = work_bot(f, "b2", "A");
	int64_t task = task_of(f, 1);

	says(f, 1, f->bot, "bad", "exits with 1 at once");
	assert_string_equal(target_is(f, 1, "state"), "new");
	assert_string_equal(work_is(f, "task", "state", task), "ready");
	assert_int_equal(farm_number(f, "SELECT last_bot FROM task"), f->bot);
	assert_string_equal(work_is(f, "task", "failures", task), "0");
	/* The same once more is no second host while another is up. */
	says(f, 1, f->bot, "bad", "exits with 1 at once");
	assert_string_equal(target_is(f, 1, "state"), "new");
	says(f, 1, b2, "bad", "does not start");
	assert_string_equal(target_is(f, 1, "state"), "bad");
	assert_string_equal(target_is(f, 1, "reason"), "does not start");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
	assert_string_equal(
	    work_is(f, "build", "reason", build), "t1: does not start");
	assert_string_equal(
	    farm_text(f, "SELECT detail FROM event WHERE what = 'build.bad'"),
	    "t1: does not start");
}

static void
the_only_host_is_asked_twice(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1);

	/* Bots that could not check it do not count. */
	work_bot(f, "b2", "A");
	work_bot(f, "b3", "A");
	work_bot(f, "b4", "A");
	work_bot(f, "b5", "A");
	farm_sql(f,
	    "UPDATE bot SET state = 'lost' WHERE name = 'b2';"
	    "UPDATE bot SET engines = 'afl honggfuzz' WHERE name = 'b3';"
	    "UPDATE bot SET holds = 1 WHERE name = 'b4';"
	    "UPDATE bot SET arch = 'aarch64' WHERE name = 'b5';"
	    "UPDATE build SET arch = 'x86_64'");
	says(f, 1, f->bot, "bad", "no entry point");
	assert_string_equal(work_is(f, "build", "state", build), "new");
	says(f, 1, f->bot, "bad", "no entry point");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
}

static void
a_bad_target_is_bad_for_itself(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 3);

	says(f, 2, f->bot, "bad", "no entry point");
	says(f, 2, f->bot, "bad", "no entry point");
	says(f, 1, f->bot, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "new");
	says(f, 3, f->bot, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "good");
	assert_string_equal(target_is(f, 2, "state"), "bad");
	assert_string_equal(
	    farm_text(f, "SELECT detail FROM event WHERE what = 'build.good'"),
	    "1 of 3 targets is bad: t2: no entry point");
}

/* What is certain is said at once: the rest need not be checked. */
static void
a_build_is_refused_as_soon_as_it_cannot_be_good(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 5), b2 = work_bot(f, "b2", "A"), open;
	int n;

	open = work_lease_of(f, task_of(f, 4), b2);
	for (n = 1; n <= 2; n++) {
		says(f, n, f->bot, "bad", "no entry point");
		assert_string_equal(work_is(f, "build", "state", build), "new");
		says(f, n, b2, "bad", "no entry point");
	}
	assert_string_equal(work_is(f, "build", "state", build), "bad");
	assert_string_equal(work_is(f, "build", "reason", build),
	    "2 of 5 targets are bad: t1: no entry point");
	assert_string_equal(work_lease(f, open), "cancelled");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM task WHERE state = "
			     "'cancelled'"),
	    3);
}

/* ---- incompatible -------------------------------------------------------------- */

static void
incompatible_marks_the_kind_of_host_and_asks_another(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 2), b2 = work_bot(f, "b2", "B");

	says(f, 1, f->bot, "incompatible", "needs GLIBC_2.38");
	assert_string_equal(
	    farm_text(f, "SELECT host_class FROM build_host"), "A");
	assert_string_equal(
	    farm_text(f, "SELECT reason FROM build_host"), "needs GLIBC_2.38");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM task WHERE state = 'ready' "
			     "AND failures = 0"),
	    2);
	says(f, 1, b2, "good", "");
	says(f, 2, b2, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "good");
	/* And the mark stays, for fuzzing. */
	assert_int_equal(farm_number(f, "SELECT count(*) FROM build_host"), 1);
}

static void
without_a_kind_of_host_that_could_a_build_is_bad(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1), b2 = work_bot(f, "b2", "B");

	/* A kind that was here this week may come back: it is waited for. */
	farm_sql(f, "UPDATE bot SET state = 'lost' WHERE name = 'b2'");
	says(f, 1, f->bot, "incompatible", "needs GLIBC_2.38");
	assert_string_equal(work_is(f, "build", "state", build), "new");
	says(f, 1, b2, "incompatible", "SIGILL at its start");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
	assert_string_equal(target_is(f, 1, "reason"),
	    "no kind of host here can run it: SIGILL at its start");
}

static void
a_kind_that_left_long_ago_is_not_waited_for(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1);

	work_bot(f, "b2", "B");
	farm_sql(f,
	    "UPDATE bot SET state = 'lost', seen_ms = seen_ms - 8 * 86400000 "
	    "WHERE name = 'b2'");
	says(f, 1, f->bot, "incompatible", "needs GLIBC_2.38");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
}

/* t1 lacks a library that t2 does not need: t2 is checked nonetheless. */
static void
one_target_does_not_speak_for_its_neighbours(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 3);

	says(f, 1, f->bot, "incompatible", "libfoo.so.1 is not there");
	assert_string_equal(target_is(f, 1, "state"), "bad");
	assert_string_equal(work_is(f, "build", "state", build), "new");
	assert_int_equal(farm_number(f, "SELECT count(*) FROM build_host"), 0);
	says(f, 2, f->bot, "good", "");
	says(f, 3, f->bot, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "good");
}

/* Marks of a neighbour are no proof against a target that was not tried. */
static void
marks_are_lifted_for_a_target_that_others_kept_away(void **state)
{
	struct farm *f = *state;
	int64_t b2 = work_bot(f, "b2", "B");

	new_build(f, 2);
	says(f, 1, f->bot, "incompatible", "libfoo.so.1 is not there");
	says(f, 2, b2, "incompatible", "libbar.so.1 is not there");
	assert_string_equal(target_is(f, 2, "state"), "new");
	assert_string_equal(
	    farm_text(f, "SELECT group_concat(host_class) FROM build_host"),
	    "B");
	says(f, 2, f->bot, "good", "");
	assert_string_equal(target_is(f, 2, "state"), "good");
}

static void
where_a_neighbour_runs_it_is_the_target(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 3), b2 = work_bot(f, "b2", "A");

	says(f, 1, f->bot, "good", "");
	says(f, 2, f->bot, "incompatible", "libfoo.so.1 is not there");
	assert_int_equal(farm_number(f, "SELECT count(*) FROM build_host"), 0);
	says(f, 2, b2, "incompatible", "libfoo.so.1 is not there");
	assert_string_equal(target_is(f, 2, "state"), "bad");
	says(f, 3, f->bot, "good", "");
	assert_string_equal(work_is(f, "build", "state", build), "good");
}

/* ---- leases that end otherwise --------------------------------------------------- */

static void
a_check_that_fails_is_tried_again_and_then_given_up(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1), task = task_of(f, 1);
	int i;

	for (i = 0; i < 3; i++) {
		assert_string_equal(work_is(f, "task", "state", task), "ready");
		work_complete(
		    f, work_lease_of(f, task, f->bot), "failed", 0, 0);
		work_settle(f);
	}
	assert_string_equal(work_is(f, "task", "state", task), "failed");
	assert_string_equal(
	    target_is(f, 1, "reason"), "it could not be checked: it says why");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
}

static void
a_check_without_a_verdict_has_failed(void **state)
{
	struct farm *f = *state;
	int64_t task;

	new_build(f, 1);
	task = task_of(f, 1);
	work_complete(f, work_lease_of(f, task, f->bot), "done", 0, 0);
	work_settle(f);
	assert_string_equal(work_is(f, "task", "failures", task), "1");
	assert_string_equal(target_is(f, 1, "state"), "new");
}

static void
a_check_that_is_lost_goes_elsewhere_and_one_that_kills_bots_is_bad(void **state)
{
	struct farm *f = *state;
	int64_t build = new_build(f, 1), task = task_of(f, 1);
	int i;

	for (i = 0; i < 3; i++) {
		assert_string_equal(work_is(f, "task", "state", task), "ready");
		work_lease_of(f, task, f->bot);
		work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	}
	assert_string_equal(work_is(f, "task", "state", task), "cancelled");
	assert_string_equal(work_is(f, "task", "reason", task),
	    "lost 3 bots in a row: b1, b1, b1; its build is judged");
	assert_string_equal(target_is(f, 1, "reason"),
	    "its check lost 3 bots in a row: b1, b1, b1");
	assert_string_equal(work_is(f, "build", "state", build), "bad");
}

static void
the_verdict_of_a_lease_that_is_over_does_not_act(void **state)
{
	struct farm *f = *state;
	int64_t task, lease;

	new_build(f, 1);
	task = task_of(f, 1);
	lease = work_lease_of(f, task, f->bot);
	work_expire(f, WORK_START + LEASE_TIMES.lost_ms + 1);
	work_says(f, lease, f->bot, "good", "");
	assert_string_equal(target_is(f, 1, "state"), "new");
}

/* ---- fuzz leases ------------------------------------------------------------------- */

static void
a_fuzz_lease_on_the_wrong_host_costs_nothing(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), lease = work_offer(f, job);

	work_says(f, lease, f->bot, "incompatible", "SIGILL at its start");
	assert_string_equal(work_lease(f, lease), "cancelled");
	assert_string_equal(work_task(f, lease), "ready");
	assert_string_equal(work_job_is(f, job), "pending");
	assert_int_equal(
	    farm_number(f, "SELECT failures + attempts + lost FROM task"), 0);
	assert_string_equal(
	    farm_text(f, "SELECT host_class FROM build_host WHERE build = 1"),
	    "A");
}

/* Its kind of host did pass the check: then it is this machine. */
static void
on_a_host_that_should_do_it_is_a_failure(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	int64_t b2 = work_bot(f, "b2", "A");
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO build_verdict (build, target, bot, verdict, at_ms) "
	    "VALUES (1, 1, %jd, 'good', 1)",
	    (intmax_t)b2);
	farm_sql(f, sql);
	work_says(f, lease, f->bot, "incompatible", "SIGILL at its start");
	assert_int_equal(farm_number(f, "SELECT count(*) FROM build_host"), 0);
	assert_string_equal(work_task(f, lease), "ready");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_target_is_judged_by_the_table),
	    T(a_build_may_have_a_tenth_of_bad_targets_or_one),
	    T(each_target_of_a_new_build_is_to_be_checked_once),
	    T(one_good_word_is_enough_and_says_what_is_in_it),
	    T(good_after_bad_warns_of_the_bot_that_said_otherwise),
	    T(bad_is_a_verdict_of_two_hosts),
	    T(the_only_host_is_asked_twice),
	    T(a_bad_target_is_bad_for_itself),
	    T(a_build_is_refused_as_soon_as_it_cannot_be_good),
	    T(incompatible_marks_the_kind_of_host_and_asks_another),
	    T(without_a_kind_of_host_that_could_a_build_is_bad),
	    T(a_kind_that_left_long_ago_is_not_waited_for),
	    T(one_target_does_not_speak_for_its_neighbours),
	    T(marks_are_lifted_for_a_target_that_others_kept_away),
	    T(where_a_neighbour_runs_it_is_the_target),
	    T(a_check_that_fails_is_tried_again_and_then_given_up),
	    T(a_check_without_a_verdict_has_failed),
	    T(a_check_that_is_lost_goes_elsewhere_and_one_that_kills_bots_is_bad),
	    T(the_verdict_of_a_lease_that_is_over_does_not_act),
	    T(a_fuzz_lease_on_the_wrong_host_costs_nothing),
	    T(on_a_host_that_should_do_it_is_a_failure),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
