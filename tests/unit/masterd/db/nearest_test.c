/*
 * Names that somebody may have meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/nearest.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	struct world *w = world_new();

	world_sql(w,
	    "INSERT INTO target (id, project, name, generation, added_ms, of)"
	    " VALUES (8, 1, 'inflat@own-01234567', 1, 1, 1),"
	    " (9, 2, 'png_read', 1, 1, NULL)");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void
expect(struct world *w, const char *typed, const char *hint)
{
	struct buf out = BUF_INIT;

	assert_int_equal(nearest_targets(w->db, typed, &out, NULL), 0);
	assert_string_equal(buf_text(&out), hint);
	buf_release(&out);
}

static void
near_targets_are_offered_with_their_project(void **state)
{
	expect(*state, "png/png_raed", "did you mean png/png_read?");
	expect(*state, "png_reed@r1:address", "did you mean png/png_read?");
	expect(*state, "zlip/inflate",
	    "did you mean zlib/inflate, png/inflate, zlib/inflate@v2?");
	expect(*state, "inflat", "did you mean png/inflate, zlib/inflate?");
	expect(*state, "something/else-entirely", "");
	expect(*state, "", "");
}

static void
near_projects_too(void **state)
{
	struct buf out = BUF_INIT;
	struct world *w = *state;

	assert_int_equal(nearest_projects(w->db, "zilb", &out, NULL), 0);
	assert_string_equal(buf_text(&out), "did you mean zlib?");
	buf_release(&out);
	assert_int_equal(nearest_projects(w->db, "openssl", &out, NULL), 0);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(near_targets_are_offered_with_their_project),
	    TEST(near_projects_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
