/*
 * What people mean by a target, and what a build leaves in the database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/builds.h"
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
expect(struct world *w, const char *text, int64_t target, int64_t build)
{
	struct target_ref ref;
	struct err e = {.text = ""};

	if (builds_resolve(w->db, text, &ref, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	assert_int_equal(ref.target, target);
	assert_int_equal(ref.build, build);
}

static void
expect_not(struct world *w, const char *text, int result, enum err_class cls)
{
	struct target_ref ref;
	struct err e;

	assert_int_equal(builds_resolve(w->db, text, &ref, &e), result);
	assert_int_equal(e.cls, cls);
}

static void
the_newest_build_that_fits_is_taken(void **state)
{
	struct world *w = *state;

	expect(w, "zlib/inflate", 1, 2);
	expect(w, "zlib/inflate@r1", 1, 1);
	expect(w, "zlib/inflate:address", 1, 1);
	expect(w, "zlib/inflate@r2:undefined", 1, 2);
	expect(w, "png/inflate", 3, 3);
	world_sql(w, "UPDATE build SET state = 'bad' WHERE id = 2");
	expect(w, "zlib/inflate", 1, 1);
}

static void
a_whole_name_wins_over_a_revision(void **state)
{
	struct world *w = *state;

	expect(w, "inflate@v2", 2, 1);
	expect(w, "zlib/inflate@v2@r1", 2, 1);
	expect_not(w, "zlib/inflate@v3", -1, ERR_NOT_FOUND);
}

static void
a_target_of_several_projects_is_ambiguous(void **state)
{
	struct target_ref ref;
	struct err e;

	assert_int_equal(
	    builds_resolve(((struct world *)*state)->db, "inflate", &ref, &e),
	    1);
	assert_string_equal(
	    e.text, "target inflate: ambiguous: png/inflate, zlib/inflate");
}

static void
what_is_no_target_is_refused_or_not_found(void **state)
{
	struct world *w = *state;
	char longer[400];

	expect_not(w, "zlib/deflate", -1, ERR_NOT_FOUND);
	expect_not(w, "zlib/inflate:memory", -1, ERR_NOT_FOUND);
	expect_not(w, "", -1, ERR_REFUSED);
	expect_not(w, "/", -1, ERR_REFUSED);
	expect_not(w, "ZLIB/inflate", -1, ERR_REFUSED);
	expect_not(w, "zlib/../inflate", -1, ERR_REFUSED);
	expect_not(w, "zlib/in flate", -1, ERR_REFUSED);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	expect_not(w, longer, -1, ERR_REFUSED);
	world_sql(w, "UPDATE build SET state = 'bad'");
	expect_not(w, "zlib/inflate", -1, ERR_CONFLICT);
}

/* ---- adding ---------------------------------------------------------- */

static void
make_build(struct build_new *b, struct manifest *m)
{
	static const struct build_target target = {"read", "bin/read"};
	static const uint32_t traits[2] = {7, 1};
	struct ticket_file f = {.path = "bin/read", .mode = 0755, .size = 10};
	struct err e;

	memset(m, 0, sizeof(*m));
	memset(b, 0, sizeof(*b));
	digest_of(&f.sha256, "read", 4);
	manifest_add(m, &f);
	strcpy(f.path, "read.dict");
	f.mode = 0644;
	digest_of(&f.sha256, "dict", 4);
	manifest_add(m, &f);
	assert_int_equal(name_parse(&b->project, "project", "new", &e), 0);
	digest_of(&b->id, "manifest", 8);
	b->manifest = m;
	b->traits = traits;
	b->branch = "main";
	b->revision = "";
	b->engine = "libfuzzer";
	b->sanitizer = "address";
	b->arch = "x86_64";
	b->by = "user:x";
	b->targets = &target;
	b->target_count = 1;
}

static void
a_build_leaves_project_target_files_and_event(void **state)
{
	struct world *w = *state;
	struct build_new b;
	struct manifest m;
	uint64_t bytes;
	uint32_t traits;
	int64_t row, again;
	struct err e;

	make_build(&b, &m);
	assert_int_equal(builds_known(w->db, &b.id, "new", &row, &e), 0);
	assert_int_equal(db_begin(w->db, &e), 0);
	assert_int_equal(builds_add(w->db, &b, &row, &e), 0);
	assert_int_equal(db_commit(w->db, &e), 0);
	assert_int_equal(builds_known(w->db, &b.id, "new", &again, &e), 1);
	assert_int_equal(row, again);
	assert_int_equal(
	    builds_file(w->db, &m.files[0].sha256, &bytes, &traits, &e), 1);
	assert_int_equal(bytes, 10);
	assert_int_equal(traits, 7);
	expect(
	    w, "new/read", world_number(w, "SELECT max(id) FROM target"), row);
	assert_int_equal(world_number(w,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'build.added' AND who = 'user:x'"),
	    1);
	assert_int_equal(builds_known(w->db, &b.id, "zlib", &again, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	manifest_release(&m);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_newest_build_that_fits_is_taken),
	    TEST(a_whole_name_wins_over_a_revision),
	    TEST(a_target_of_several_projects_is_ambiguous),
	    TEST(what_is_no_target_is_refused_or_not_found),
	    TEST(a_build_leaves_project_target_files_and_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
