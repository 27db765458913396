/*
 * Templates and jobs together: who wins, all or none, jobs that start and
 * change by themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/admin/job_make.h"
#include "tests/unit/masterd/world.h"

static struct world *w;
static struct templates *t;

static void
read_templates(const char *text)
{
	struct config_tree *tree =
	    config_tree_parse("t.yaml", text, strlen(text));
	struct buf complaints = BUF_INIT;

	templates_free(t);
	t = templates_new();
	if (templates_add(t, tree) == -1)
		fail_msg("%s", config_tree_complaints(tree));
	if (templates_check(t, &complaints) == -1)
		fail_msg("%s", complaints.data);
	config_tree_free(tree);
	buf_release(&complaints);
}

static int
setup(void **state)
{
	(void)state;
	w = world_new();
	world_sql(w,
	    "UPDATE build SET state = 'good', judged_ms = 1;"
	    "INSERT INTO build (id, sha256, project, branch, engine, sanitizer,"
	    " state, files, bytes, added_by, added_ms) VALUES"
	    " (4, unhex_d('14'), 1, 'next', 'libfuzzer', 'address', 'good', 1,"
	    "  1, 'x', 1);"
	    "INSERT INTO target (id, project, name, generation, added_ms)"
	    " VALUES (8, 1, 'deflate', 1, 1);"
	    "INSERT INTO build_target (build, target, program, state) VALUES"
	    " (4, 1, 'inflate', 'good'), (4, 8, 'deflate', 'good');"
	    "UPDATE build_target SET state = 'good'");
	read_templates("{}");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	templates_free(t);
	t = NULL;
	world_free(w);
	return 0;
}

static void
expect(const char *condition)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM job WHERE id = (SELECT max(id) FROM job) AND"
	    " %s",
	    condition);
	if (world_number(w, sql) != 1)
		fail_msg("not so: %s", condition);
}

static void
value_is(const char *key, const char *value, const char *source)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM job_value WHERE job = (SELECT max(id) FROM"
	    " job) AND key = '%s' AND value = '%s' AND source = '%s'",
	    key, value, source);
	if (world_number(w, sql) != 1)
		fail_msg("%s is not %s from %s", key, value, source);
}

static struct job_want
want(const char *target, const struct values *own)
{
	return (struct job_want){.target = target,
	    .engine = "",
	    .sanitizer = "",
	    .template = "",
	    .own = own,
	    .by = "user:x",
	    .detail = ""};
}

/* Number of jobs made, or -1 with "e". */
static int
make(const struct job_want *wanted, struct err *e)
{
	struct job_made made;
	int got, count;

	assert_int_equal(db_begin(w->db, e), 0);
	got = job_make(w->db, t, wanted, &made, e);
	count = (int)made.count;
	free(made.list);
	if (got == 0) {
		assert_int_equal(db_commit(w->db, e), 0);
		return count;
	}
	db_rollback(w->db);
	return got;
}

static void
made(const char *target, const struct values *own)
{
	struct job_want wanted = want(target, own);
	struct err e;

	if (make(&wanted, &e) != 1)
		fail_msg("%s", e.text);
}

static void
set(struct values *v, const char *key, const char *text)
{
	struct err e;

	if (values_set(v, key, text, JOB_SOURCE, &e) == -1)
		fail_msg("%s", e.text);
}

/* ---- making ---------------------------------------------------------- */

static void
every_layer_has_its_say(void **state)
{
	struct values own = VALUES_INIT;
	struct job_want wanted = want("zlib/inflate:address", &own);
	struct err e;

	(void)state;
	read_templates("base: {memory: 1GiB, timeout: 5s, weight: 7}\n"
		       "engines: {libfuzzer: {timeout: 6s}}\n"
		       "sanitizers: {address: {weight: 70, tags: big}}\n"
		       "projects: {zlib: {weight: 80, floor: 2}}\n"
		       "templates: {nightly: {slots: 5, weight: 90}}\n");
	set(&own, "weight", "99");
	wanted.template = "nightly";
	assert_int_equal(make(&wanted, &e), 1);
	expect("weight = 99 AND slots = 5 AND floor = 2 AND tags = 'big' AND"
	       " template = 'nightly' AND current = 1");
	value_is("memory", "1GiB", "base (t.yaml:1)");
	value_is("timeout", "6s", "engine libfuzzer (t.yaml:2)");
	value_is("tags.big", "yes", "sanitizer address (t.yaml:3)");
	value_is("floor", "2", "project zlib (t.yaml:4)");
	value_is("slots", "5", "template nightly (t.yaml:5)");
	value_is("weight", "99", "job");
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM job_setting"), 1);
	values_release(&own);
}

static void
the_branch_of_the_values_decides_the_line(void **state)
{
	struct values own = VALUES_INIT;

	(void)state;
	made("zlib/inflate:address", &own);
	expect("branch = 'main' AND current = 1");
	set(&own, "follow", "next");
	made("zlib/inflate", &own);
	expect("branch = 'next' AND current = 4 AND build IS NULL");
	values_release(&own);
	read_templates("projects: {zlib: {follow: next}}");
	made("zlib/inflate:address", &own);
	expect("branch = 'next' AND current = 4");
}

static void
a_target_of_another_branch_alone_is_followed_there(void **state)
{
	const struct values none = VALUES_INIT;

	(void)state;
	made("deflate", &none);
	expect("branch = 'next' AND current = 4");
	value_is("follow", "next", "job");
}

static void
unknown_templates_and_branches_make_no_job(void **state)
{
	struct values own = VALUES_INIT;
	struct job_want wanted = want("zlib/inflate", &own);
	struct err e;

	(void)state;
	read_templates("templates: {nightly: {slots: 5}}");
	wanted.template = "nihgtly";
	assert_int_equal(make(&wanted, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(
	    e.text, "there is no template 'nihgtly', nearest is 'nightly'");
	wanted.template = "";
	set(&own, "follow", "gone");
	assert_int_equal(make(&wanted, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(world_number(w, "SELECT count(*) FROM job"), 1);
	values_release(&own);
}

static void
all_targets_or_none(void **state)
{
	struct values own = VALUES_INIT;
	struct job_want wanted = want("zlib", &own);
	struct err e;

	(void)state;
	wanted.all = true;
	wanted.sanitizer = "address";
	assert_int_equal(make(&wanted, &e), 2);
	assert_int_equal(world_number(w, "SELECT count(*) FROM job"), 3);
	/* The second of them cannot be made any more: none is. */
	world_sql(w,
	    "CREATE TRIGGER no AFTER INSERT ON job WHEN NEW.target = 2"
	    " BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_equal(make(&wanted, &e), -1);
	assert_int_equal(world_number(w, "SELECT count(*) FROM job"), 3);
}

static void
a_corpus_of_its_own_by_template_or_setting(void **state)
{
	struct values own = VALUES_INIT;

	(void)state;
	set(&own, "corpus", "own");
	made("zlib/inflate", &own);
	expect("corpus IS NOT NULL");
	values_release(&own);
	made("zlib/inflate", &own);
	expect("corpus IS NULL");
}

/* ---- cloning and setting --------------------------------------------- */

static int
clone(int64_t job, const struct values *own, struct err *e)
{
	struct job_act act = {job, "user:y", "a clone", ""};
	struct job_made made;
	int got;

	assert_int_equal(db_begin(w->db, e), 0);
	got = job_clone(w->db, t, &act, own, &made, e);
	free(made.list);
	if (got == 0)
		assert_int_equal(db_commit(w->db, e), 0);
	else
		db_rollback(w->db);
	return got;
}

static void
a_clone_has_the_settings_of_the_first_and_its_own(void **state)
{
	struct values own = VALUES_INIT, more = VALUES_INIT;
	struct err e;

	(void)state;
	set(&own, "memory", "4GiB");
	set(&own, "slots", "2");
	made("zlib/inflate:address", &own);
	set(&more, "slots", "3");
	set(&more, "corpus", "own");
	if (clone(world_number(w, "SELECT max(id) FROM job"), &more, &e) != 0)
		fail_msg("%s", e.text);
	expect("slots = 3 AND created_by = 'user:y' AND corpus IS NOT NULL AND"
	       " branch = 'main' AND current = 1 AND status = 'pending'");
	value_is("memory", "4GiB", "job");
	values_release(&own);
	values_release(&more);
}

static void
a_clone_of_a_pinned_job_is_pinned_unless_told_otherwise(void **state)
{
	struct values own = VALUES_INIT;
	struct err e;

	(void)state;
	assert_int_equal(clone(1, &own, &e), 0);
	expect("build = 1 AND current = 1");
	set(&own, "follow", "next");
	assert_int_equal(clone(1, &own, &e), 0);
	expect("build IS NULL AND current = 4");
	values_release(&own);
}

static int
change(int64_t job, const struct values *values, const char *const *unset,
    struct err *e)
{
	struct job_act act = {job, "user:y", "", ""};
	int got;

	assert_int_equal(db_begin(w->db, e), 0);
	got = job_set(w->db, t, &act, values, unset, e);
	if (got == 0)
		assert_int_equal(db_commit(w->db, e), 0);
	else
		db_rollback(w->db);
	return got;
}

static void
settings_are_set_and_unset(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const some[] = {"weight", "arguments", NULL};
	static const char *const wrong[] = {"wieght", NULL};
	struct values v = VALUES_INIT;
	struct err e;

	(void)state;
	set(&v, "weight", "10");
	set(&v, "arguments", "-max_len=5 -only_ascii=1");
	if (change(1, &v, none, &e) != 0)
		fail_msg("%s", e.text);
	expect("weight = 10");
	value_is("arguments.-max_len", "5", "job");
	values_release(&v);
	assert_int_equal(change(1, &v, some, &e), 0);
	expect("weight = 60");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM job_value WHERE key LIKE"
			     " 'arguments%'"),
	    0);
	assert_int_equal(change(1, &v, wrong, &e), -1);
	assert_string_equal(
	    e.text, "unknown key 'wieght', nearest is 'weight'");
}

static void
the_corpus_of_a_job_is_settled(void **state)
{
	static const char *const none[] = {NULL};
	struct values v = VALUES_INIT;
	struct err e;

	(void)state;
	set(&v, "corpus", "own");
	assert_int_equal(change(1, &v, none, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	set(&v, "corpus", "shared");
	assert_int_equal(change(1, &v, none, &e), 0);
	values_release(&v);
	/* Nor does a template unsettle it. */
	read_templates("base: {corpus: own}");
	assert_int_equal(
	    change(1, &v, (const char *[]){"corpus", NULL}, &e), 0);
	expect("corpus IS NULL");
	value_is("corpus", "shared", "settled when it was made");
}

/* ---- by themselves --------------------------------------------------- */

static int
start_new(int64_t target, int64_t build)
{
	struct err e;
	int started;

	if (jobs_start_new(w->db, t, target, build, &started, &e) == -1)
		fail_msg("%s", e.text);
	return started;
}

static void
a_new_target_starts_once_where_its_template_says_so(void **state)
{
	(void)state;
	assert_int_equal(start_new(8, 4), 0);
	read_templates("projects: {zlib: {start: yes, slots: 2}}");
	assert_int_equal(start_new(8, 4), 1);
	expect("target = 8 AND created_by = 'template project zlib' AND"
	       " slots = 2 AND build IS NULL");
	assert_int_equal(start_new(8, 4), 0);
	world_sql(w, "UPDATE job SET status = 'cancelled' WHERE target = 8");
	assert_int_equal(start_new(8, 4), 0);
	/* Another project has no such template. */
	assert_int_equal(start_new(3, 3), 0);
	/* A target that is bad there does not start. */
	world_sql(w,
	    "UPDATE job SET sanitizer = 'x' WHERE target = 8;"
	    "UPDATE build_target SET state = 'bad' WHERE build = 4");
	assert_int_equal(start_new(8, 4), 0);
}

static int
resolve_all(void)
{
	struct err e;
	int changed;

	if (jobs_resolve_all(w->db, t, &changed, &e) == -1)
		fail_msg("%s", e.text);
	return changed;
}

static void
other_templates_are_other_values_and_one_event_a_job(void **state)
{
	struct values own = VALUES_INIT;

	(void)state;
	set(&own, "weight", "5");
	made("zlib/inflate:address", &own);
	resolve_all();
	assert_int_equal(resolve_all(), 0);
	world_sql(w, "DELETE FROM event");
	read_templates("base: {memory: 4GiB, weight: 50}");
	/* Of the world's own job both, of this one the memory. */
	assert_int_equal(resolve_all(), 2);
	expect("weight = 5");
	value_is("memory", "4GiB", "base (t.yaml:1)");
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'job.resolved' AND who = 'master' AND detail IN"
			     " ('memory 2560MiB -> 4GiB', 'memory 2560MiB ->"
			     " 4GiB, weight 60 -> 50')"),
	    2);
	assert_int_equal(resolve_all(), 0);
	values_release(&own);
}

static void
jobs_that_are_over_keep_their_values(void **state)
{
	const struct values none = VALUES_INIT;

	(void)state;
	made("zlib/inflate:address", &none);
	world_sql(w, "UPDATE job SET status = 'cancelled'");
	read_templates("base: {weight: 50}");
	assert_int_equal(resolve_all(), 0);
	expect("weight = 60");
}

static void
a_job_whose_template_is_gone_keeps_its_values(void **state)
{
	const struct values none = VALUES_INIT;
	struct job_want wanted = want("zlib/inflate:address", &none);
	struct err e;

	(void)state;
	read_templates("templates: {nightly: {weight: 9}}");
	wanted.template = "nightly";
	assert_int_equal(make(&wanted, &e), 1);
	read_templates("{}");
	resolve_all();
	expect("weight = 9");
}

static void
another_branch_by_template_is_followed(void **state)
{
	const struct values none = VALUES_INIT;

	(void)state;
	made("zlib/inflate:address", &none);
	expect("current = 1");
	read_templates("projects: {zlib: {follow: next}}");
	resolve_all();
	expect("branch = 'next' AND current = 4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(every_layer_has_its_say),
	    TEST(the_branch_of_the_values_decides_the_line),
	    TEST(a_target_of_another_branch_alone_is_followed_there),
	    TEST(unknown_templates_and_branches_make_no_job),
	    TEST(all_targets_or_none),
	    TEST(a_corpus_of_its_own_by_template_or_setting),
	    TEST(a_clone_has_the_settings_of_the_first_and_its_own),
	    TEST(a_clone_of_a_pinned_job_is_pinned_unless_told_otherwise),
	    TEST(settings_are_set_and_unset),
	    TEST(the_corpus_of_a_job_is_settled),
	    TEST(a_new_target_starts_once_where_its_template_says_so),
	    TEST(other_templates_are_other_values_and_one_event_a_job),
	    TEST(jobs_that_are_over_keep_their_values),
	    TEST(a_job_whose_template_is_gone_keeps_its_values),
	    TEST(another_branch_by_template_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
