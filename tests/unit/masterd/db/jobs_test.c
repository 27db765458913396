/*
 * Jobs are made pending, and cancelled with all that works on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/jobs.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void
a_job_starts_pending_with_a_trace_and_an_event(void **state)
{
	struct world *w = *state;
	struct job_new job = {.target = "zlib/inflate@r1",
	    .slots = 3,
	    .for_ms = 5,
	    .by = "user:x"};
	struct db_id id;
	struct err e;

	assert_int_equal(jobs_create(w->db, &job, &id, &e), 0);
	assert_int_equal(strlen(id.text), 16);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job WHERE status ="
			     " 'pending' AND build = 1 AND slots = 3 AND"
			     " for_ms = 5 AND length(trace) = 32"),
	    1);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event e JOIN job j ON"
			     " e.subject = 'job:' || j.job AND e.trace ="
			     " j.trace WHERE e.what = 'job.created'"
			     " AND j.slots = 3"),
	    1);
}

static void
a_certain_build_is_taken_when_it_has_the_target(void **state)
{
	struct world *w = *state;
	struct job_new job = {
	    .target = "zlib/inflate", .build = 1, .by = "user:x"};
	struct db_id id;
	struct err e;

	assert_int_equal(jobs_create(w->db, &job, &id, &e), 0);
	assert_int_equal(
	    world_number(w, "SELECT build FROM job ORDER BY id DESC LIMIT 1"),
	    1);
	job.build = 3;
	assert_int_equal(jobs_create(w->db, &job, &id, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
too_much_is_refused(void **state)
{
	struct world *w = *state;
	struct job_new job = {
	    .target = "zlib/inflate", .slots = 1000000, .by = "user:x"};
	struct db_id id;
	struct err e;

	assert_int_equal(jobs_create(w->db, &job, &id, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	job.slots = 1;
	job.for_ms = UINT64_MAX;
	assert_int_equal(jobs_create(w->db, &job, &id, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
}

static void
cancelling_ends_tasks_and_open_leases(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_int_equal(jobs_cancel(w->db, 1, "user:x", &e), 0);
	assert_int_equal(
	    world_number(w,
		"SELECT count(*) FROM job WHERE status = 'cancelled'"
		" AND ended_ms > 0"),
	    1);
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
	struct err e;

	assert_int_equal(jobs_cancel(w->db, 1, "user:x", &e), 0);
	assert_int_equal(jobs_cancel(w->db, 1, "user:y", &e), 0);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'job.cancelled'"),
	    1);
}

static void
a_job_that_ended_cannot_be_cancelled(void **state)
{
	struct world *w = *state;
	struct err e;

	world_sql(w, "UPDATE job SET status = 'completed'");
	assert_int_equal(jobs_cancel(w->db, 1, "user:x", &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_string_equal(
	    e.text, "job aaaaaaaaaaaaaaaa: is completed already");
	assert_int_equal(jobs_cancel(w->db, 99, "user:x", &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_job_starts_pending_with_a_trace_and_an_event),
	    TEST(a_certain_build_is_taken_when_it_has_the_target),
	    TEST(too_much_is_refused),
	    TEST(cancelling_ends_tasks_and_open_leases),
	    TEST(cancelling_twice_is_harmless_and_leaves_one_event),
	    TEST(a_job_that_ended_cannot_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
