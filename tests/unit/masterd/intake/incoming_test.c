/* Whose bundle is next, over accounts and classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/intake/incoming.h"
#include "tests/unit/scratch.h"

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct incoming *incoming;
};

static void
woken(void *arg)
{
	(void)arg;
}

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->loop = loop_new(NULL);
	*state = w;
	return scratch_setup((void **)&w->scratch);
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	incoming_close(w->incoming);
	loop_free(w->loop);
	rc = scratch_teardown((void **)&w->scratch);
	free(w);
	return rc;
}

static void
put(struct world *w, const char *account, enum bundle_class cls, int count)
{
	struct bundle_id id = {.epoch = 1, .cls = cls};
	char path[128];
	int dir;

	snprintf(path, sizeof(path), "spool/%s/incoming/tmp", account);
	assert_int_equal(fs_make_dirs(w->scratch->fd, path, 0755, NULL), 0);
	snprintf(path, sizeof(path), "spool/%s/incoming/new", account);
	dir = fs_make_dir_open(w->scratch->fd, path, 0755, NULL);
	assert_int_not_equal(dir, -1);
	assert_int_equal(name_parse(&id.bot, "bot", "b1", NULL), 0);
	for (id.seq = 1; id.seq <= (uint64_t)count; id.seq++)
		assert_int_equal(fs_replace(dir, bundle_id_format(&id).text, "",
				     0, 0640, false, NULL),
		    0);
	close(dir);
}

static void
look(struct world *w)
{
	w->incoming =
	    incoming_open(w->scratch->fd, w->loop, NULL, woken, NULL, NULL);
	assert_non_null(w->incoming);
}

static void
an_account_has_a_few_and_then_the_next(void **state)
{
	struct world *w = *state;
	struct account *a, *turn, *before = NULL;
	const char *name;
	int i, run = 0, changes = 0;

	put(w, "one", BUNDLE_BULK, 100);
	put(w, "two", BUNDLE_BULK, 100);
	look(w);
	for (i = 0; i < 160; i++) {
		turn = incoming_turn(w->incoming);
		assert_true(incoming_next(w->incoming, &a, &name));
		assert_ptr_equal(a, turn);
		run = a == before ? run + 1 : 1;
		changes += a != before;
		before = a;
		assert_in_range(run, 1, 8);
	}
	assert_int_equal(changes, 20);
}

static void
a_single_one_waits_for_a_few_only(void **state)
{
	struct world *w = *state;
	struct account *a;
	const char *name;
	int i;

	put(w, "one", BUNDLE_BULK, 100);
	put(w, "two", BUNDLE_BULK, 1);
	look(w);
	for (i = 0; i < 9; i++) {
		assert_true(incoming_next(w->incoming, &a, &name));
		if (strcmp(a->name.text, "two") == 0)
			return;
	}
	fail_msg("it waits for more than eight");
}

static void
beats_that_never_end_leave_a_turn_to_the_others(void **state)
{
	struct world *w = *state;
	struct account *a;
	struct bundle_id id;
	const char *name;
	int i, others = 0;

	put(w, "one", BUNDLE_BEAT, 200);
	put(w, "two", BUNDLE_CRASH, 100);
	look(w);
	for (i = 0; i < 80; i++) {
		assert_true(incoming_next(w->incoming, &a, &name));
		assert_int_equal(bundle_id_parse(&id, name, NULL), 0);
		others += id.cls == BUNDLE_CRASH;
		assert_true(i >= 32 || others == 0);
	}
	assert_int_equal(others, 16);
}

static void
with_little_room_bulk_waits(void **state)
{
	struct world *w = *state;
	struct account *a;
	const char *name;

	put(w, "one", BUNDLE_BULK, 100);
	put(w, "two", BUNDLE_BEAT, 100);
	look(w);
	incoming_only_urgent(w->incoming, true);
	while (incoming_next(w->incoming, &a, &name))
		assert_string_equal(a->name.text, "two");
	assert_int_equal(incoming_count(w->incoming), 200);
	incoming_only_urgent(w->incoming, false);
	assert_true(incoming_next(w->incoming, &a, &name));
	assert_string_equal(a->name.text, "one");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_account_has_a_few_and_then_the_next),
	    T(a_single_one_waits_for_a_few_only),
	    T(beats_that_never_end_leave_a_turn_to_the_others),
	    T(with_little_room_bulk_waits),
	};

	return cmocka_run_group_tests_name("incoming", tests, NULL, NULL);
}
