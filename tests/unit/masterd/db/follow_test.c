/* Which build a job uses, and what it does without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/checks.h"
#include "masterd/db/follow.h"
#include "tests/unit/masterd/work.h"

static void
follow(struct farm *f, int64_t build)
{
	struct lease_turn turn = {FARM_NOW, WORK_START, NULL, NULL};
	struct err e = {.text = ""};

	if (follow_build(f->db, build, &turn, &e) == -1)
		fail_msg("%s", e.text);
}

static void
look(struct farm *f, int64_t job)
{
	struct lease_turn turn = {FARM_NOW, WORK_START, NULL, NULL};

	assert_int_equal(follow_job(f->db, job, &turn, NULL), 0);
}

/* The build turns good, bad, or is removed; jobs follow. */
static void
turns(struct farm *f, int64_t build, const char *state)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
	    "UPDATE build SET state = '%s' WHERE id = %jd", state,
	    (intmax_t)build);
	farm_sql(f, sql);
	follow(f, build);
}

/* A good build with one target, good in it. */
static int64_t
good(struct farm *f, const char *revision, int ord, int64_t target)
{
	int64_t build = work_build(f, revision, ord);

	work_put(f, build, target, "good");
	turns(f, build, "good");
	return build;
}

static int64_t
current(struct farm *f, int64_t job)
{
	char sql[80];

	snprintf(sql, sizeof(sql),
	    "SELECT coalesce(current, 0) FROM job WHERE id = %jd",
	    (intmax_t)job);
	return farm_number(f, sql);
}

static void
reason_has(struct farm *f, int64_t job, const char *words)
{
	const char *reason = work_is(f, "job", "reason", job);

	if (strstr(reason, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, reason);
}

/* ---- newest good one ----------------------------------------------------- */

static void
a_job_waits_for_the_first_good_build(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t build = work_build(f, "r1", 1);

	work_put(f, build, t, "good");
	look(f, job);
	assert_string_equal(work_job_is(f, job), "pending");
	assert_string_equal(work_is(f, "job", "reason", job),
	    "no build of main (libfuzzer, address) has passed its check yet");
	assert_int_equal(current(f, job), 0);
	turns(f, build, "good");
	assert_int_equal(current(f, job), build);
	assert_string_equal(work_is(f, "job", "reason", job), "");
}

static void
it_follows_by_order_whatever_comes_when(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t b10 = good(f, "r10", 10, t), b12, late;

	assert_int_equal(current(f, job), b10);
	b12 = good(f, "r12", 12, t);
	assert_int_equal(current(f, job), b12);
	/* An older one that comes late is good, and not followed. */
	late = good(f, "r11", 11, t);
	assert_int_equal(current(f, job), b12);
	/* One without an order does not count where others have one. */
	good(f, "nightly", -1, t);
	assert_int_equal(current(f, job), b12);
	/* Gone: back to the newest that is left. */
	turns(f, b12, "removed");
	assert_int_equal(current(f, job), late);
	turns(f, late, "bad");
	assert_int_equal(current(f, job), b10);
}

static void
without_orders_the_last_to_come_is_the_newest(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0), b;

	good(f, "one", -1, t);
	b = good(f, "two", -1, t);
	assert_int_equal(current(f, job), b);
	b = good(f, "ordered", 0, t);
	assert_int_equal(current(f, job), b);
	good(f, "three", -1, t);
	assert_int_equal(current(f, job), b);
}

static void
a_bad_build_changes_nothing(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t first = good(f, "r1", 1, t), bad = work_build(f, "r2", 2);

	work_put(f, bad, t, "bad");
	turns(f, bad, "bad");
	assert_int_equal(current(f, job), first);
	assert_string_equal(work_job_is(f, job), "pending");
}

static void
other_lines_are_nothing_to_it(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t mine = good(f, "r1", 1, t), other;

	other = work_build(f, "r2", 2);
	work_put(f, other, t, "good");
	farm_sql(f, "UPDATE build SET branch = 'next' WHERE revision = 'r2'");
	turns(f, other, "good");
	assert_int_equal(current(f, job), mine);
	other = work_build(f, "r3", 3);
	work_put(f, other, t, "good");
	farm_sql(
	    f, "UPDATE build SET sanitizer = 'memory' WHERE revision = 'r3'");
	turns(f, other, "good");
	assert_int_equal(current(f, job), mine);
	/* A job of that branch takes it. */
	farm_sql(f, "UPDATE job SET branch = 'next'");
	look(f, job);
	assert_int_equal(current(f, job), other - 1);
}

static void
a_target_that_is_bad_in_the_newest_stays_with_an_older_one(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t first = good(f, "r1", 1, t), second = work_build(f, "r2", 2);

	work_put(f, second, t, "bad");
	work_put(f, second, work_target(f, "deflate"), "good");
	turns(f, second, "good");
	assert_int_equal(current(f, job), first);
	turns(f, first, "removed");
	assert_int_equal(current(f, job), 0);
	reason_has(f, job, "target inflate is bad in build");
	assert_string_equal(work_job_is(f, job), "pending");
}

static void
leases_in_hand_keep_their_build_and_new_ones_use_the_next(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t first = good(f, "r1", 1, t), lease = work_offer(f, job), second;

	work_name(f, lease, WORK_START);
	second = good(f, "r2", 2, t);
	assert_string_equal(work_lease(f, lease), "running");
	assert_int_equal(farm_number(f, "SELECT build FROM lease"), first);
	work_complete(f, lease, "done", 0, 0);
	work_settle(f);
	work_offer(f, job);
	assert_int_equal(farm_number(f,
			     "SELECT build FROM lease ORDER BY id DESC LIMIT "
			     "1"),
	    second);
}

/* ---- vanished ------------------------------------------------------------ */

static void
a_target_that_vanished_parks_its_job_until_it_is_back(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), other = work_target(f, "other");
	int64_t job = work_job(f, t, 0), first = good(f, "r1", 1, t), back;
	int64_t lease = work_offer(f, job);

	work_name(f, lease, WORK_START);
	good(f, "r2", 2, other);
	assert_string_equal(work_job_is(f, job), "paused");
	assert_string_equal(work_is(f, "job", "paused_by", job), "master");
	reason_has(f, job, "target inflate vanished from main with build ");
	reason_has(f, job, "(revision r2)");
	/* It keeps everything, what is in hand too. */
	assert_int_equal(current(f, job), first);
	assert_string_equal(work_lease(f, lease), "running");
	good(f, "r3", 3, other);
	reason_has(f, job, "(revision r2)");
	back = good(f, "r4", 4, t);
	assert_string_equal(work_job_is(f, job), "pending");
	assert_string_equal(work_is(f, "job", "reason", job), "");
	assert_string_equal(work_is(f, "job", "paused_by", job), "");
	assert_int_equal(current(f, job), back);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what IN "
			     "('job.paused', 'job.resumed')"),
	    2);
}

static void
a_job_that_people_paused_stays_paused(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0), second;

	good(f, "r1", 1, t);
	farm_sql(f,
	    "UPDATE job SET status = 'paused', paused_by = 'user:x', reason = "
	    "'for lunch'");
	good(f, "r2", 2, work_target(f, "other"));
	second = good(f, "r3", 3, t);
	assert_string_equal(work_job_is(f, job), "paused");
	assert_string_equal(work_is(f, "job", "reason", job), "for lunch");
	assert_int_equal(current(f, job), second);
}

static void
a_job_that_is_over_is_left_alone(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t first = good(f, "r1", 1, t);

	farm_sql(f, "UPDATE job SET status = 'cancelled'");
	good(f, "r2", 2, t);
	assert_int_equal(current(f, job), first);
	assert_string_equal(work_job_is(f, job), "cancelled");
}

/* ---- pinned -------------------------------------------------------------- */

static void
a_pinned_job_waits_for_its_build_and_stays_with_it(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), build = work_build(f, "r1", 1);
	int64_t job = work_job(f, t, build);

	work_put(f, build, t, "good");
	look(f, job);
	reason_has(f, job, "has not passed its check yet");
	assert_int_equal(current(f, job), 0);
	turns(f, build, "good");
	assert_int_equal(current(f, job), build);
	good(f, "r2", 2, t);
	good(f, "r3", 3, work_target(f, "other"));
	assert_int_equal(current(f, job), build);
	assert_string_equal(work_job_is(f, job), "pending");
}

static void
a_pinned_job_of_a_bad_build_fails_with_its_reason(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), build = work_build(f, "r1", 1);
	int64_t job = work_job(f, t, build), other = work_job(f, t, build);

	work_put(f, build, t, "bad");
	farm_sql(f,
	    "UPDATE build SET reason = 'inflate: does not start';"
	    "UPDATE job SET status = 'paused', paused_by = 'user:x' WHERE id "
	    "= (SELECT max(id) FROM job)");
	turns(f, build, "bad");
	assert_string_equal(work_job_is(f, job), "failed");
	reason_has(f, job, "is bad: inflate: does not start");
	assert_string_equal(work_job_is(f, other), "paused");
}

/* ---- new targets --------------------------------------------------------- */

static char new_ones[200];

static int
note_new(void *arg, struct db *db, const struct follow_new *n, struct err *e)
{
	size_t at = strlen(new_ones);

	(void)arg;
	(void)db;
	(void)e;
	snprintf(new_ones + at, sizeof(new_ones) - at, "%jd:%jd ",
	    (intmax_t)n->build, (intmax_t)n->target);
	return 0;
}

static void
a_target_is_new_once_and_only_in_the_newest(void **state)
{
	struct farm *f = *state;
	int64_t t1 = work_target(f, "one"), t2 = work_target(f, "two");
	int64_t t3 = work_target(f, "three"), b;

	new_ones[0] = '\0';
	follow_on_new(f->db, note_new, NULL);
	good(f, "r1", 1, t1); /* build 1: the first is new as a whole */
	b = work_build(f, "r2", 2);
	work_put(f, b, t1, "good");
	work_put(f, b, t2, "bad");
	turns(f, b, "good"); /* 2: bad is not new */
	b = work_build(f, "r3", 3);
	work_put(f, b, t1, "good");
	work_put(f, b, t2, "good");
	turns(f, b, "good"); /* 3: now it is */
	b = work_build(f, "r0", 0);
	work_put(f, b, t3, "good");
	turns(f, b, "good"); /* 4: late */
	good(f, "r4", 4, t1);
	good(f, "r5", 5, t2); /* 6: was there before */
	assert_string_equal(new_ones, "1:1 3:2 ");
}

/* ---- the whole way -------------------------------------------------------- */

static void
a_check_that_passes_starts_the_jobs_that_wait(void **state)
{
	struct farm *f = *state;
	int64_t t = work_target(f, "inflate"), job = work_job(f, t, 0);
	int64_t build = work_build(f, "r1", 1), lease;

	work_put(f, build, t, "new");
	assert_int_equal(checks_start(f->db, build, FARM_NOW, NULL, NULL), 0);
	look(f, job);
	lease = work_lease_of(f, farm_number(f, "SELECT id FROM task"), f->bot);
	work_says(f, lease, f->bot, "good", "");
	assert_int_equal(current(f, job), build);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_job_waits_for_the_first_good_build),
	    T(it_follows_by_order_whatever_comes_when),
	    T(without_orders_the_last_to_come_is_the_newest),
	    T(a_bad_build_changes_nothing),
	    T(other_lines_are_nothing_to_it),
	    T(a_target_that_is_bad_in_the_newest_stays_with_an_older_one),
	    T(leases_in_hand_keep_their_build_and_new_ones_use_the_next),
	    T(a_target_that_vanished_parks_its_job_until_it_is_back),
	    T(a_job_that_people_paused_stays_paused),
	    T(a_job_that_is_over_is_left_alone),
	    T(a_pinned_job_waits_for_its_build_and_stays_with_it),
	    T(a_pinned_job_of_a_bad_build_fails_with_its_reason),
	    T(a_target_is_new_once_and_only_in_the_newest),
	    T(a_check_that_passes_starts_the_jobs_that_wait),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
