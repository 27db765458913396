/* botd/courier/outbox: what lies in outbox/new and what is known of it. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "tests/unit/botd/courier/scene.h"

static void
what_an_earlier_life_left_is_unsure_and_the_rest_waits(void **state)
{
	struct scene *w = *state;

	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_HEARTBEAT, SCENE_EPOCH, 1, 0);
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 2, 10);
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	assert_int_equal(w->courier->parcel_count, 3);
	assert_int_equal(w->courier->parcels[0].id.cls, BUNDLE_BEAT);
	assert_int_equal(w->courier->parcels[0].state, PARCEL_WAITING);
	assert_int_equal(w->courier->parcels[1].state, PARCEL_UNSURE);
	assert_int_equal(w->courier->parcels[2].state, PARCEL_WAITING);
}

/* The clock of a file system ticks slowly: both may be of the same tick. */
static void
one_sealed_right_after_a_look_is_found_by_the_next(void **state)
{
	struct scene *w = *state;
	uint64_t seq;

	for (seq = 1; seq <= 200; seq++) {
		scene_seal(w, KIND_STATS, SCENE_EPOCH, seq, 0);
		assert_int_equal(
		    outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
		assert_int_equal(w->courier->parcel_count, seq);
	}
}

static void
strangers_in_the_outbox_are_left_alone(void **state)
{
	static const char *const names[] = {"notes.txt", ".hidden",
	    "b1-5f3c9a01d2e4b677-1-x.pfb", "b1-5f3c9a01d2e4b677-01-c.pfb",
	    "B1-5f3c9a01d2e4b677-1-c.pfb", "b1-5f3c-1-c.pfb"};
	struct scene *w = *state;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "root/outbox/new/%s", names[i]);
		scene_write(w, path, "x");
	}
	scene_turn(w);
	assert_int_equal(w->courier->parcel_count, 0);
	assert_int_equal(scene_count(w, "root/outbox/new"), 6);
	assert_int_equal(scene_count(w, "account/incoming/new"), 0);
}

/* A valid name is no promise of a file. */
static void
a_folder_with_a_bundles_name_hinders_nobody(void **state)
{
	struct scene *w = *state;
	const char *name;

	assert_int_equal(
	    mkdirat(w->fd, "root/outbox/new/b1-5f3c9a01d2e4b677-1-c.pfb", 0700),
	    0);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 2, 10);
	scene_turn(w);
	scene_turn(w);
	assert_true(scene_has(w, "account/incoming/new/%s", name));
	assert_true(link_up(w->courier->link));
}

static void
the_kind_comes_from_the_header(void **state)
{
	struct scene *w = *state;
	struct parcel *p;

	scene_seal(w, KIND_STATS, SCENE_EPOCH, 1, 0);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 10);
	scene_write(w, "root/outbox/new/b1-5f3c9a01d2e4b677-3-b.pfb", "rot");
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	p = w->courier->parcels;
	assert_int_equal(outbox_kind(w->courier, &p[0]), KIND_STATS);
	assert_int_equal(outbox_kind(w->courier, &p[1]), KIND_CORPUS);
	assert_int_equal(outbox_kind(w->courier, &p[2]), KIND_COUNT);
}

static void
one_that_comes_back_after_it_was_forgotten_is_known_again(void **state)
{
	struct scene *w = *state;
	char name[BUNDLE_NAME_MAX];

	snprintf(name, sizeof(name), "%s",
	    scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10));
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	assert_int_equal(
	    outbox_move(w->courier, name, w->courier->acked, NULL), 0);
	assert_null(outbox_find(w->courier, name));
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	outbox_look_anew(w->courier);
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	assert_non_null(outbox_find(w->courier, name));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_an_earlier_life_left_is_unsure_and_the_rest_waits),
	    TEST(one_sealed_right_after_a_look_is_found_by_the_next),
	    TEST(strangers_in_the_outbox_are_left_alone),
	    TEST(a_folder_with_a_bundles_name_hinders_nobody),
	    TEST(the_kind_comes_from_the_header),
	    TEST(one_that_comes_back_after_it_was_forgotten_is_known_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
