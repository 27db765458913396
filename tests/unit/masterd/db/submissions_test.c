/* Inputs that people hand in, again and again, and many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/submissions.h"
#include "tests/unit/masterd/handed_in.h"
#include "tests/unit/masterd/work.h"

static void
bytes_that_are_gone_are_stored_again(void **state)
{
	struct scene s = scene_of(state);
	struct digest d = input_of(1);
	struct err e;
	bool fresh;

	assert_int_equal(submissions_stored(s.f->db, s.target, &d, NULL), 0);
	hand_in(&s, 1, &fresh);
	assert_int_equal(submissions_stored(s.f->db, s.target, &d, NULL), 1);
	farm_sql(s.f, "UPDATE submission SET state = 'quiet', has_input = -1");
	assert_int_equal(submissions_stored(s.f->db, s.target, &d, &e), -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	farm_sql(s.f, "UPDATE submission SET has_input = 0");
	assert_int_equal(submissions_stored(s.f->db, s.target, &d, NULL), 0);
	hand_in(&s, 1, &fresh);
	assert_int_equal(submissions_stored(s.f->db, s.target, &d, NULL), 1);
	/* One that crashed needs no bytes: it is known. */
	farm_sql(
	    s.f, "UPDATE submission SET state = 'crashed', has_input = -1");
	assert_int_equal(submissions_stored(s.f->db, s.target, &d, NULL), 1);
}

static void
a_folder_of_inputs_is_one_task(void **state)
{
	struct scene s = scene_of(state);
	bool fresh;
	int i;

	for (i = 1; i < 9; i++) {
		hand_in(&s, i, &fresh);
		assert_int_equal(
		    reruns_make_for(s.f->db, s.target, FARM_NOW, NULL), i == 1);
	}
	assert_int_equal(farm_number(s.f, "SELECT count(*) FROM task"), 1);
	work_lease_of(s.f, 1, s.f->bot);
	assert_int_equal(
	    reruns_make(s.f->db, 9, FARM_NOW, NULL), 1); /* the other seven */
	assert_int_equal(
	    farm_number(s.f, "SELECT count(*) FROM task_input WHERE task = 2"),
	    7);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(bytes_that_are_gone_are_stored_again),
	    TEST(a_folder_of_inputs_is_one_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
