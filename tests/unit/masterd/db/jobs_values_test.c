/*
 * Values of jobs: rows written where they say something else, mirrors kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static const struct job_text first[] = {{"memory", "2GiB", "base (a.yaml:1)"},
    {"slots", "2", "job"}, {"weight", "60", "built in"}};
static const struct job_text moved[] = {{"memory", "2GiB", "base (a.yaml:9)"},
    {"slots", "2", "job"}, {"weight", "60", "built in"}};
static const struct job_text other[] = {
    {"memory", "4GiB", "job"}, {"weight", "60", "built in"}};

static int
put(struct world *w, const struct job_text *values, size_t count,
    struct buf *detail)
{
	struct job_plan plan = {.values = values,
	    .count = count,
	    .slots = count,
	    .weight = 33,
	    .floor = 1,
	    .slice_ms = 1000,
	    .for_ms = 7,
	    .cpu_limit_ms = 8,
	    .tags = "big",
	    .follow = "next"};
	struct err e;
	int changed;

	if (jobs_put_values(w->db, 1, &plan, &changed, detail, &e) != 0)
		fail_msg("%s", e.text);
	return changed;
}

static void
values_and_mirrors_are_written(void **state)
{
	struct world *w = *state;
	struct buf detail = BUF_INIT;

	assert_int_equal(put(w, first, 3, &detail), 3);
	assert_string_equal(detail.data,
	    "memory (none) -> 2GiB, slots (none) -> 2, weight (none) -> 60");
	/* It is pinned, so its branch stays. */
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job WHERE slots = 3 AND"
			     " weight = 33 AND floor = 1 AND slice_ms = 1000"
			     " AND for_ms = 7 AND cpu_limit_ms = 8 AND tags ="
			     " 'big' AND branch = 'main'"),
	    1);
	world_sql(w, "UPDATE job SET build = NULL; DELETE FROM job_value");
	put(w, first, 3, &detail);
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM job WHERE branch = 'next'"),
	    1);
	buf_release(&detail);
}

static void
what_is_the_same_is_not_written_again(void **state)
{
	struct world *w = *state;
	struct buf detail = BUF_INIT;
	int64_t before;

	put(w, first, 3, NULL);
	before = db_total_changes(w->db);
	assert_int_equal(put(w, first, 3, &detail), 0);
	assert_int_equal(db_total_changes(w->db), before);
	assert_int_equal(detail.len, 0);
	/* Another line of the file is another source, and no change. */
	assert_int_equal(put(w, moved, 3, &detail), 0);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job_value WHERE source ="
			     " 'base (a.yaml:9)'"),
	    1);
	buf_release(&detail);
}

static void
what_is_no_more_is_gone(void **state)
{
	struct world *w = *state;
	struct buf detail = BUF_INIT;

	put(w, first, 3, NULL);
	assert_int_equal(put(w, other, 2, &detail), 2);
	assert_string_equal(
	    detail.data, "memory 2GiB -> 4GiB, slots 2 -> (none)");
	assert_int_equal(world_number(w, "SELECT count(*) FROM job_value"), 2);
	buf_release(&detail);
}

static int
list(void *arg, const struct job_text *v, struct err *e)
{
	(void)e;
	buf_printf(arg, "%s=%s<%s> ", v->key, v->text, v->source);
	return 0;
}

static void
they_come_out_as_they_went_in(void **state)
{
	struct world *w = *state;
	struct buf out = BUF_INIT;

	put(w, first, 3, NULL);
	world_sql(w, "INSERT INTO job_setting VALUES (1, 'slots', '2')");
	assert_int_equal(jobs_values(w->db, 1, list, &out, NULL), 0);
	assert_string_equal(out.data,
	    "memory=2GiB<base (a.yaml:1)> slots=2<job> weight=60<built in> ");
	buf_reset(&out);
	assert_int_equal(jobs_settings(w->db, 1, list, &out, NULL), 0);
	assert_string_equal(out.data, "slots=2<job> ");
	buf_reset(&out);
	assert_int_equal(
	    jobs_values_of(w->db, 0xaaaaaaaaaaaaaaaa, list, &out, NULL), 0);
	assert_true(out.len > 0);
	assert_int_equal(jobs_values_of(w->db, 1, list, &out, NULL), 0);
	buf_release(&out);
}

static void
jobs_of_schema_1_get_settings_from_their_columns(void **state)
{
	struct world *w = *state;

	world_sql(w, "UPDATE job SET slots = 3, for_ms = 60000");
	assert_int_equal(jobs_adopt(w->db, NULL), 0);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job_setting WHERE (key ="
			     " 'slots' AND value = '3') OR (key = 'for' AND"
			     " value = '60000ms')"),
	    2);
	/* Those that have values are not asked again. */
	put(w, first, 3, NULL);
	world_sql(w, "DELETE FROM job_setting; UPDATE job SET slots = 9");
	assert_int_equal(jobs_adopt(w->db, NULL), 0);
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM job_setting"), 0);
}

static void
cpu_time_is_what_is_left_of_it(void **state)
{
	struct world *w = *state;
	uint64_t left;

	assert_int_equal(
	    jobs_cpu_left(w->db, 0xaaaaaaaaaaaaaaaa, &left, NULL), 0);
	assert_int_equal(left, 0);
	world_sql(w, "UPDATE job SET cpu_limit_ms = 60000, cpu_ms = 45000");
	jobs_cpu_left(w->db, 0xaaaaaaaaaaaaaaaa, &left, NULL);
	assert_int_equal(left, 15000);
	world_sql(w, "UPDATE job SET cpu_ms = 99000");
	jobs_cpu_left(w->db, 0xaaaaaaaaaaaaaaaa, &left, NULL);
	assert_int_equal(left, 1000);
}

static void
origins_and_lists_of_live_jobs(void **state)
{
	struct world *w = *state;
	struct job_origin o;
	int64_t *live;
	size_t count;
	struct err e;

	assert_int_equal(jobs_origin(w->db, 1, &o, &e), 0);
	assert_true(o.pinned);
	assert_false(o.own_corpus);
	assert_string_equal(o.status, "running");
	assert_string_equal(o.choice.name, "zlib/inflate");
	assert_string_equal(o.choice.project, "zlib");
	assert_int_equal(o.choice.build, 1);
	assert_int_equal(jobs_origin(w->db, 9, &o, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(jobs_live(w->db, &live, &count, &e), 0);
	assert_int_equal(count, 1);
	free(live);
	world_sql(w, "UPDATE job SET status = 'failed'");
	assert_int_equal(jobs_live(w->db, &live, &count, &e), 0);
	assert_int_equal(count, 0);
	free(live);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(values_and_mirrors_are_written),
	    TEST(what_is_the_same_is_not_written_again),
	    TEST(what_is_no_more_is_gone),
	    TEST(they_come_out_as_they_went_in),
	    TEST(jobs_of_schema_1_get_settings_from_their_columns),
	    TEST(cpu_time_is_what_is_left_of_it),
	    TEST(origins_and_lists_of_live_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
