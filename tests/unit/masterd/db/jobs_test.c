/*
 * Jobs are made pending, with settings, values and, where they ask for one, a
 * corpus of their own; and the tables refuse what no status allows.
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

static const struct job_text values[] = {{"corpus", "shared", "built in"},
    {"for", "5ms", "job"}, {"slots", "3", "job"}};
static const struct job_text settings[] = {
    {"for", "5ms", NULL}, {"slots", "3", NULL}};

static struct job_plan
a_plan(void)
{
	return (struct job_plan){.values = values,
	    .count = 3,
	    .slots = 3,
	    .weight = 60,
	    .slice_ms = 1000,
	    .for_ms = 5,
	    .tags = "big !slow",
	    .follow = "main"};
}

/* Its row. */
static int64_t
create(struct world *w, const char *target, const struct job_plan *plan)
{
	struct job_wish wish = {
	    .target = target, .branch = "", .engine = "", .sanitizer = ""};
	struct job_choice choice;
	struct job_new job = {.choice = &choice,
	    .template = "",
	    .by = "user:x",
	    .detail = "",
	    .settings = settings,
	    .setting_count = 2,
	    .plan = plan};
	struct db_id id;
	struct err e;

	if (jobs_choose(w->db, &wish, &choice, &e) != 0 ||
	    jobs_create(w->db, &job, &id, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(strlen(id.text), 16);
	return world_number(w, "SELECT max(id) FROM job");
}

static void
a_job_starts_pending_with_a_trace_and_an_event(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();

	create(w, "zlib/inflate@r1", &plan);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job WHERE status ="
			     " 'pending' AND build = 1 AND current = 1 AND"
			     " slots = 3 AND for_ms = 5 AND length(trace) = 32"
			     " AND tags = 'big !slow' AND template = ''"),
	    1);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event e JOIN job j ON"
			     " e.subject = 'job:' || j.job AND e.trace ="
			     " j.trace WHERE e.what = 'job.created'"
			     " AND j.slots = 3 AND e.detail = 'zlib/inflate'"),
	    1);
}

static void
its_settings_and_values_are_rows(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();

	create(w, "zlib/inflate", &plan);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job_setting s JOIN job j ON"
			     " j.id = s.job AND j.slots = 3 WHERE (s.key ="
			     " 'slots' AND s.value = '3') OR (s.key = 'for'"
			     " AND s.value = '5ms')"),
	    2);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job_value WHERE source ="
			     " 'built in'"),
	    1);
}

static void
without_a_revision_it_follows_its_line(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();

	create(w, "zlib/inflate", &plan);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job WHERE build IS NULL AND"
			     " current = 2 AND sanitizer = 'undefined'"
			     " AND branch = 'main'"),
	    1);
}

static void
a_build_that_is_being_checked_makes_it_wait_with_a_reason(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();
	int64_t job;

	world_sql(w,
	    "DELETE FROM transition WHERE 0;"
	    "INSERT INTO build (id, sha256, project, engine, sanitizer,"
	    " files, bytes, added_by, added_ms) VALUES (7,"
	    " unhex_d('77'), 1, 'afl', 'none', 1, 1, 'x', 1);"
	    "INSERT INTO build_target (build, target, program)"
	    " VALUES (7, 1, 'inflate')");
	job = create(w, "zlib/inflate:none", &plan);
	assert_true(job > 0);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job WHERE engine = 'afl' AND"
			     " current IS NULL AND status = 'pending' AND"
			     " reason LIKE '%check%'"),
	    1);
}

static void
a_corpus_of_its_own_is_a_row_beside_the_target(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();

	plan.own_corpus = true;
	create(w, "zlib/inflate", &plan);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job j JOIN target c ON c.id"
			     " = j.corpus WHERE c.of = 1 AND c.project = 1 AND"
			     " c.name = 'inflate@own-' || substr(j.job, 1, 8)"),
	    1);
}

static void
the_name_of_an_own_corpus_never_grows_too_long(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();
	char name[TARGET_MAX_LEN + 1], sql[300];

	memset(name, 'n', TARGET_MAX_LEN);
	name[TARGET_MAX_LEN] = '\0';
	snprintf(sql, sizeof(sql), "UPDATE target SET name = '%s' WHERE id = 1",
	    name);
	world_sql(w, sql);
	plan.own_corpus = true;
	create(w, name, &plan);
	assert_int_equal(
	    world_number(w, "SELECT length(name) FROM target WHERE of = 1"),
	    TARGET_MAX_LEN);
}

static void
a_new_job_starts_where_the_others_are(void **state)
{
	struct world *w = *state;
	struct job_plan plan = a_plan();

	world_sql(w, "UPDATE job SET vtime = 12345");
	create(w, "zlib/inflate", &plan);
	assert_int_equal(
	    world_number(w, "SELECT vtime FROM job ORDER BY id DESC LIMIT 1"),
	    12345);
}

static void
a_target_remembers_each_engine_and_sanitizer_it_had(void **state)
{
	struct world *w = *state;

	assert_int_equal(jobs_ever(w->db, 1, "libfuzzer", "address", NULL), 1);
	world_sql(w, "UPDATE job SET status = 'cancelled'");
	assert_int_equal(jobs_ever(w->db, 1, "libfuzzer", "address", NULL), 1);
	assert_int_equal(
	    jobs_ever(w->db, 1, "libfuzzer", "undefined", NULL), 0);
	assert_int_equal(jobs_ever(w->db, 2, "libfuzzer", "address", NULL), 0);
}

/* ---- the tables say no, whatever the code does ----------------------- */

static void
forbid(struct world *w, const char *sql)
{
	if (world_try(w, sql))
		fail_msg("was allowed: %s", sql);
}

static void
the_tables_refuse_what_no_status_allows(void **state)
{
	static const char *const over[] = {
	    "completed", "failed", "timed_out", "cancelled", NULL};
	struct world *w = *state;
	char sql[200];
	int i;

	for (i = 0; over[i] != NULL; i++) {
		world_sql(w,
		    "UPDATE job SET status = 'running' WHERE id = 1 AND"
		    " status = 'pending'");
		snprintf(sql, sizeof(sql),
		    "UPDATE job SET status = '%s' WHERE id = 1", over[i]);
		world_sql(w, sql);
		forbid(w, "UPDATE job SET status = 'running' WHERE id = 1");
		forbid(w, "UPDATE job SET status = 'paused' WHERE id = 1");
		if (i == 0) {
			forbid(w, "UPDATE job SET status = 'pending'");
			world_sql(w,
			    "INSERT INTO job (id, job, target, engine,"
			    " sanitizer, created_by, created_ms)"
			    " VALUES (1001, 'dddddddddddddddd', 1,"
			    " 'e', 's', 'x', 1)");
			forbid(w, "UPDATE job SET status = 'nonsense'");
			world_sql(w,
			    "UPDATE lease SET state = 'done';"
			    "DELETE FROM lease; DELETE FROM task;"
			    "DELETE FROM job WHERE id = 1;"
			    "UPDATE job SET id = 1");
		} else {
			world_sql(w,
			    "UPDATE job SET status = 'pending'"
			    " WHERE id = 1");
		}
	}
}

static void
the_tables_refuse_it_for_tasks_and_leases_too(void **state)
{
	struct world *w = *state;

	world_sql(w, "UPDATE lease SET state = 'expired'");
	forbid(w, "UPDATE lease SET state = 'running'");
	forbid(w, "UPDATE lease SET state = 'done'");
	world_sql(w,
	    "UPDATE task SET state = 'cancelled' WHERE id = 1;"
	    "UPDATE task SET state = 'parked' WHERE id = 2");
	forbid(w, "UPDATE task SET state = 'ready' WHERE id = 1");
	forbid(w, "UPDATE task SET state = 'leased' WHERE id = 2");
	world_sql(w, "UPDATE task SET state = 'ready' WHERE id = 2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(a_job_starts_pending_with_a_trace_and_an_event),
	    TEST(its_settings_and_values_are_rows),
	    TEST(without_a_revision_it_follows_its_line),
	    TEST(a_build_that_is_being_checked_makes_it_wait_with_a_reason),
	    TEST(a_corpus_of_its_own_is_a_row_beside_the_target),
	    TEST(the_name_of_an_own_corpus_never_grows_too_long),
	    TEST(a_new_job_starts_where_the_others_are),
	    TEST(a_target_remembers_each_engine_and_sanitizer_it_had),
	    TEST(the_tables_refuse_what_no_status_allows),
	    TEST(the_tables_refuse_it_for_tasks_and_leases_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
