/* botd/courier/confirm: is it still there, was it taken (PROTOCOL 10)? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "tests/unit/botd/courier/scene.h"

#define NEW "account/incoming/new/"

static int pushes;
static const struct link_ops *real;

static int
count_put(
    struct link *l, const char *path, int fd, uint64_t size, struct err *e)
{
	pushes++;
	return real->put(l, path, fd, size, e);
}

static void
count_pushes(struct scene *w)
{
	static struct link_ops ops;

	real = w->courier->link->ops;
	ops = *real;
	ops.put = count_put;
	w->courier->link->ops = &ops;
	pushes = 0;
}

static void
one_of_equal_size_is_waited_for(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	count_pushes(w);
	scene_turn(w);
	scene_turn(w);
	assert_int_equal(pushes, 0);
	assert_int_equal(scene_count(w, NEW), 1);
}

static void
one_of_another_size_is_removed_and_pushed_again(void **state)
{
	struct scene *w = *state;
	const char *name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	char path[160];

	scene_cover(w, 0);
	scene_turn(w);
	snprintf(path, sizeof(path), NEW "%s", name);
	scene_write(w, path, ""); /* what a power cut leaves */
	count_pushes(w);
	scene_turn(w);
	assert_int_equal(pushes, 1);
	assert_false(scene_holds(w, path, ""));
}

static void
one_that_is_absent_and_not_covered_is_pushed_again(void **state)
{
	struct scene *w = *state;
	const char *name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);

	scene_cover(w, 0);
	scene_turn(w);
	scene_remove(w, NEW "%s", name);
	count_pushes(w);
	scene_turn(w);
	assert_int_equal(pushes, 1);
	assert_true(scene_has(w, NEW "%s", name));
}

static void
without_any_status_an_absent_one_is_pushed_again(void **state)
{
	struct scene *w = *state;
	const char *name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);

	scene_turn(w);
	scene_remove(w, NEW "%s", name);
	scene_turn(w);
	assert_true(scene_has(w, NEW "%s", name));
}

/* The master takes it just when it is asked for: its status.json comes after
 * our last look at it and before the unlink. */
static struct scene *stage;

static int
take_then_stat(
    struct link *l, const char *path, struct link_stat *st, struct err *e)
{
	if (strstr(path, "incoming/new/") != NULL &&
	    scene_has(stage, "account/%s", path)) {
		scene_cover(stage, 1);
		scene_remove(stage, "account/%s", path);
	}
	return real->stat(l, path, st, e);
}

static void
the_status_is_read_after_the_stat(void **state)
{
	static struct link_ops ops;
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	w->config.poll_ms = 3600000; /* nothing else asks for it */
	stage = w;
	count_pushes(w);
	ops = *w->courier->link->ops;
	ops.stat = take_then_stat;
	w->courier->link->ops = &ops;
	scene_turn(w);
	scene_turn(w);
	assert_int_equal(pushes, 0);
	assert_int_equal(scene_count(w, "root/outbox/acked"), 1);
}

static void
after_a_restart_what_may_be_there_is_asked_for_first(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 10);
	scene_turn(w);
	scene_restart(w);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 3, 10);
	count_pushes(w);
	scene_turn(w);
	assert_int_equal(pushes, 1); /* the one that was not there */
	assert_int_equal(scene_count(w, NEW), 3);
}

static void
one_that_the_runner_gave_up_is_no_longer_asked_for(void **state)
{
	struct scene *w = *state;
	const char *name = scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 10);

	scene_cover(w, 0);
	scene_turn(w);
	scene_remove(w, "root/outbox/new/%s", name);
	scene_turn(w);
	assert_int_equal(w->courier->parcel_count, 0);
}

static void
between_two_questions_a_crash_goes_first(void **state)
{
	struct scene *w = *state;
	uint64_t seq;

	scene_cover(w, 0);
	for (seq = 1; seq <= 20; seq++)
		scene_seal(w, KIND_CORPUS, SCENE_EPOCH, seq, 10);
	scene_turn(w);
	w->config.confirm_ms = 60000;
	w->courier->confirm_at = 0;
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 99, 10);
	outbox_look_anew(w->courier);
	assert_int_equal(outbox_look(w->courier, PARCEL_WAITING, NULL), 0);
	assert_int_equal(confirm_all(w->courier, NULL), 0);
	assert_int_equal(scene_count(w, NEW), 21);
	assert_true(w->courier->confirm_at > clock_up_ms());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_of_equal_size_is_waited_for),
	    TEST(one_of_another_size_is_removed_and_pushed_again),
	    TEST(one_that_is_absent_and_not_covered_is_pushed_again),
	    TEST(without_any_status_an_absent_one_is_pushed_again),
	    TEST(the_status_is_read_after_the_stat),
	    TEST(after_a_restart_what_may_be_there_is_asked_for_first),
	    TEST(one_that_the_runner_gave_up_is_no_longer_asked_for),
	    TEST(between_two_questions_a_crash_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
