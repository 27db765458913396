/*
 * From what is typed to a target and a line of builds.
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

/* Beside world's builds 1 (address) and 2 (undefined): 4 on branch next, with
 * another target, too; 5 is bad, 6 removed. */
static int
setup(void **state)
{
	struct world *w = world_new();

	world_sql(w,
	    "INSERT INTO build (id, sha256, project, branch, revision, engine,"
	    " sanitizer, state, files, bytes, added_by, added_ms) VALUES"
	    " (4, unhex_d('14'), 1, 'next', 'r4', 'afl', 'none', 'good', 1, 1,"
	    "  'x', 1),"
	    " (5, unhex_d('15'), 1, 'main', 'r5', 'libfuzzer', 'address',"
	    "  'bad', 1, 1, 'x', 1),"
	    " (6, unhex_d('16'), 1, 'main', 'r6', 'libfuzzer', 'address',"
	    "  'removed', 1, 1, 'x', 1);"
	    "INSERT INTO target (id, project, name, generation, added_ms)"
	    " VALUES (8, 1, 'deflate', 1, 1);"
	    "INSERT INTO build_target (build, target, program, state) VALUES"
	    " (4, 1, 'inflate', 'good'), (4, 8, 'deflate', 'good'),"
	    " (5, 1, 'inflate', 'bad'), (6, 1, 'inflate', 'good')");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct job_wish
wish(const char *target)
{
	return (struct job_wish){
	    .target = target, .branch = "", .engine = "", .sanitizer = ""};
}

static struct job_choice
choose(struct world *w, struct job_wish wanted)
{
	struct job_choice c;
	struct err e;

	if (jobs_choose(w->db, &wanted, &c, &e) != 0)
		fail_msg("%s: %s", wanted.target, e.text);
	return c;
}

static void
refuse(struct world *w, struct job_wish wanted, enum err_class cls,
    const char *text)
{
	struct job_choice c;
	struct err e;

	assert_int_equal(jobs_choose(w->db, &wanted, &c, &e), -1);
	assert_int_equal(e.cls, cls);
	assert_string_equal(e.text, text);
}

static void
the_newest_of_the_usual_branch_comes_first(void **state)
{
	struct job_choice c = choose(*state, wish("zlib/inflate"));

	assert_int_equal(c.build, 2);
	assert_false(c.pinned);
	assert_string_equal(c.branch, "main");
	assert_string_equal(c.engine, "libfuzzer");
	assert_string_equal(c.sanitizer, "undefined");
	assert_string_equal(c.project, "zlib");
	assert_string_equal(c.name, "zlib/inflate");
	/* This one is nowhere else. */
	c = choose(*state, wish("deflate"));
	assert_string_equal(c.branch, "next");
}

static void
engine_sanitizer_and_branch_narrow_it(void **state)
{
	struct job_wish w = wish("zlib/inflate");

	w.sanitizer = "address";
	assert_int_equal(choose(*state, w).build, 1);
	assert_int_equal(choose(*state, wish("zlib/inflate:address")).build, 1);
	w = wish("zlib/inflate");
	w.branch = "next";
	assert_int_equal(choose(*state, w).build, 4);
	w = wish("zlib/inflate");
	w.engine = "afl";
	assert_int_equal(choose(*state, w).build, 4);
	w.sanitizer = "address";
	refuse(*state, w, ERR_CONFLICT,
	    "target zlib/inflate: has no build to run for engine 'afl' with "
	    "sanitizer 'address'");
}

static void
a_revision_pins(void **state)
{
	struct job_choice c = choose(*state, wish("zlib/inflate@r1"));

	assert_int_equal(c.build, 1);
	assert_true(c.pinned);
}

static void
a_certain_build_must_have_the_target_and_be_good_for_it(void **state)
{
	struct job_wish w = wish("zlib/inflate");

	w.build = 1;
	assert_int_equal(choose(*state, w).build, 1);
	assert_true(choose(*state, w).pinned);
	w.build = 3;
	refuse(*state, w, ERR_NOT_FOUND,
	    "target zlib/inflate: is not in that build");
	w.build = 5;
	refuse(
	    *state, w, ERR_CONFLICT, "target zlib/inflate: that build is bad");
	w.build = 6;
	refuse(*state, w, ERR_CONFLICT,
	    "target zlib/inflate: that build is removed");
}

static void
what_is_not_there_or_ambiguous_says_so(void **state)
{
	struct job_wish w = wish("inflate");
	struct job_choice c;
	struct err e;

	refuse(*state, wish("zlib/inflat"), ERR_NOT_FOUND,
	    "target zlib/inflat: not found");
	assert_int_equal(
	    jobs_choose(((struct world *)*state)->db, &w, &c, &e), 1);
}

/* ---- all ------------------------------------------------------------- */

static int
note(void *arg, const struct job_choice *c, struct err *e)
{
	struct buf *seen = arg;

	(void)e;
	buf_printf(seen, "%s@%jd%s ", c->name, (intmax_t)c->build,
	    c->pinned ? "!" : "");
	return 0;
}

static void
all_targets_are_those_of_one_build(void **state)
{
	struct world *w = *state;
	struct job_wish all = wish("zlib");
	struct buf seen = BUF_INIT;
	struct err e;

	all.sanitizer = "address";
	assert_int_equal(jobs_choose_all(w->db, &all, note, &seen, &e), 0);
	assert_string_equal(seen.data, "zlib/inflate@1 zlib/inflate@v2@1 ");
	buf_reset(&seen);
	all.sanitizer = "";
	all.build = 4;
	assert_int_equal(jobs_choose_all(w->db, &all, note, &seen, &e), 0);
	assert_string_equal(seen.data, "zlib/deflate@4! zlib/inflate@4! ");
	buf_release(&seen);
}

static void
bad_targets_of_a_good_build_are_left_out(void **state)
{
	struct world *w = *state;
	struct job_wish all = wish("zlib");
	struct buf seen = BUF_INIT;
	struct err e;

	world_sql(w,
	    "UPDATE build_target SET state = 'bad' WHERE build = 4"
	    " AND target = 1");
	all.build = 4;
	assert_int_equal(jobs_choose_all(w->db, &all, note, &seen, &e), 0);
	assert_string_equal(seen.data, "zlib/deflate@4! ");
	world_sql(w, "UPDATE build_target SET state = 'bad' WHERE build = 4");
	assert_int_equal(jobs_choose_all(w->db, &all, note, &seen, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	buf_release(&seen);
}

static void
a_project_without_builds_or_of_no_name_says_so(void **state)
{
	struct world *w = *state;
	struct job_wish all = wish("zlip");
	struct err e;

	assert_int_equal(jobs_choose_all(w->db, &all, note, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(e.text, "project zlip: not found");
	all = wish("zlib");
	all.branch = "gone";
	assert_int_equal(jobs_choose_all(w->db, &all, note, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_string_equal(
	    e.text, "project zlib: has no build to run of branch 'gone'");
}

static void
rows_choose_themselves_unless_bad(void **state)
{
	struct world *w = *state;
	struct job_choice c;
	struct err e;

	assert_int_equal(jobs_choose_rows(w->db, 8, 4, &c, &e), 1);
	assert_string_equal(c.name, "zlib/deflate");
	assert_string_equal(c.engine, "afl");
	assert_int_equal(jobs_choose_rows(w->db, 8, 1, &c, &e), 0);
	assert_int_equal(jobs_choose_rows(w->db, 1, 5, &c, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(the_newest_of_the_usual_branch_comes_first),
	    TEST(engine_sanitizer_and_branch_narrow_it),
	    TEST(a_revision_pins),
	    TEST(a_certain_build_must_have_the_target_and_be_good_for_it),
	    TEST(what_is_not_there_or_ambiguous_says_so),
	    TEST(all_targets_are_those_of_one_build),
	    TEST(bad_targets_of_a_good_build_are_left_out),
	    TEST(a_project_without_builds_or_of_no_name_says_so),
	    TEST(rows_choose_themselves_unless_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
