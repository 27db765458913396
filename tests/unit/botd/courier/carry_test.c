/* botd/courier/carry: up and down, backoff, leaving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/json.h"
#include "tests/unit/botd/courier/scene.h"

static void
move_account(struct scene *w, bool away)
{
	if (away)
		renameat(w->fd, "account", w->fd, "gone");
	else
		renameat(w->fd, "gone", w->fd, "account");
}

static bool
told_up(struct scene *w)
{
	struct buf text = BUF_INIT;
	struct json *j;
	bool up = false;

	assert_int_equal(
	    fs_read_file(w->fd, "root/inbox/link.json", &text, 4096, NULL), 0);
	j = json_parse(text.data, text.len, &JSON_LINE, NULL);
	assert_non_null(j);
	assert_int_equal(json_bool(json_get(json_root(j), "up"), &up), 0);
	assert_true(json_get_u64(json_root(j), "since", 0) > 0);
	assert_non_null(json_string(json_get(json_root(j), "text")));
	json_free(j);
	buf_release(&text);
	return up;
}

static void
a_link_that_is_down_is_opened_again_for_ever(void **state)
{
	struct scene *w = *state;
	uint64_t delay;
	int i;

	move_account(w, true);
	for (i = 0; i < 20; i++) {
		w->courier->line->open_at = 0;
		w->courier->line->breaker.open = false;
		delay = scene_turn(w);
		assert_false(link_up(w->courier->link));
		assert_true(delay <= 5 * 60 * 1000);
	}
	assert_int_equal(w->courier->line->open_failures, 20);
	assert_false(told_up(w));
	move_account(w, false);
	w->courier->line->open_at = 0;
	w->courier->line->breaker.open = false;
	scene_turn(w);
	assert_true(link_up(w->courier->link));
	assert_int_equal(w->courier->line->open_failures, 0);
	assert_true(told_up(w));
}

static void
five_failures_open_the_breaker_and_then_one_minute_passes(void **state)
{
	struct scene *w = *state;
	int i;

	move_account(w, true);
	for (i = 0; i < 5; i++) {
		w->courier->line->open_at = 0;
		scene_turn(w);
	}
	move_account(w, false);
	w->courier->line->open_at = 0;
	assert_true(scene_turn(w) > 50000);
	assert_false(link_up(w->courier->link));
	w->courier->line->breaker.opened_ms -= 60000;
	scene_turn(w);
	assert_true(link_up(w->courier->link));
}

static void
a_policy_of_its_own_is_kept_and_used_up(void **state)
{
	struct scene *w = *state;
	struct courier_config own = *w->courier->config;

	own.retry =
	    (struct retry_policy){2, 40, 100, 2000, RETRY_EXACT, RETRY_ON_ALL};
	own.breaker = (struct breaker_policy){2, 1000};
	w->courier->line->config = &own;
	move_account(w, true);
	assert_in_range(scene_turn(w), 20, 40);
	w->courier->line->open_at = 0;
	assert_in_range(scene_turn(w), 500, 1000); /* open */
	assert_false(w->courier->line->gave_up);
	w->courier->line->open_at = 0;
	w->courier->line->breaker.opened_ms -= 1000;
	assert_true(scene_turn(w) == CARRY_LATER); /* the third try */
	assert_true(w->courier->line->gave_up);
}

static void
a_failure_that_the_policy_does_not_retry_ends_it_at_once(void **state)
{
	struct scene *w = *state;
	struct courier_config own = *w->courier->config;

	own.retry = RETRY_COURIER;
	own.retry.retryable = RETRY_ON(ERR_BUG);
	w->courier->line->config = &own;
	move_account(w, true);
	assert_true(scene_turn(w) == CARRY_LATER);
	assert_true(w->courier->line->gave_up);
}

static void
a_link_lost_in_a_push_loses_nothing(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	scene_turn(w);
	move_account(w, true);
	link_close(w->courier->link);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	assert_true(scene_has(w, "root/outbox/new/%s", name));
	move_account(w, false);
	w->courier->line->open_at = 0;
	scene_turn(w);
	assert_true(scene_has(w, "account/incoming/new/%s", name));
}

static void
trouble_on_this_machine_does_not_spin(void **state)
{
	struct scene *w = *state;
	int inbox = w->courier->inbox;

	scene_turn(w);
	w->courier->inbox = -1; /* nothing can be written there */
	scene_cover(w, 3);
	assert_true(scene_turn(w) > 500);
	assert_true(link_up(w->courier->link));
	w->courier->inbox = inbox;
	scene_turn(w);
	assert_true(scene_has(w, "root/inbox/status.json"));
}

static void
leaving_pushes_what_is_there_and_ends(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_turn(w);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 2000000);
	courier_leave(w->courier);
	assert_true(scene_turn(w) == CARRY_LATER);
	assert_int_equal(scene_count(w, "account/incoming/new"), 2);
}

static void
leaving_opens_the_link_once_more_whatever_the_backoff(void **state)
{
	struct scene *w = *state;

	w->courier->line->open_at = UINT64_MAX;
	w->courier->line->open_failures = 9;
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	courier_leave(w->courier);
	assert_true(scene_turn(w) == CARRY_LATER);
	assert_int_equal(scene_count(w, "account/incoming/new"), 1);
}

static void
leaving_without_a_master_does_not_wait(void **state)
{
	struct scene *w = *state;

	move_account(w, true);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	courier_leave(w->courier);
	assert_true(scene_turn(w) == CARRY_LATER);
	move_account(w, false);
	assert_int_equal(scene_count(w, "root/outbox/new"), 1);
}

/* Slices are paused for longer than there is time to leave. */
static int
leave_and_wait(void *arg, struct err *e)
{
	struct courier *c = arg;

	courier_leave(c);
	c->line->leave_at = 1;
	return courier_between(c, e);
}

static void
a_push_that_takes_too_long_for_leaving_is_given_up(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	scene_turn(w);
	name = scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 3000000);
	link_between(w->courier->link, leave_and_wait, w->courier);
	assert_true(scene_turn(w) == CARRY_LATER);
	assert_int_equal(scene_count(w, "account/incoming/new"), 0);
	assert_int_equal(scene_count(w, "account/incoming/tmp"), 0);
	assert_true(scene_has(w, "root/outbox/new/%s", name));
}

static void
debris_of_a_kill_is_swept_at_the_start(void **state)
{
	struct scene *w = *state;

	scene_write(w, "root/inbox/.status.json.0123456789abcdef.tmp", "x");
	scene_write(w, "root/builds/tmp/half", "x");
	scene_restart(w);
	assert_false(
	    scene_has(w, "root/inbox/.status.json.0123456789abcdef.tmp"));
	assert_false(scene_has(w, "root/builds/tmp/half"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_link_that_is_down_is_opened_again_for_ever),
	    TEST(five_failures_open_the_breaker_and_then_one_minute_passes),
	    TEST(a_policy_of_its_own_is_kept_and_used_up),
	    TEST(a_failure_that_the_policy_does_not_retry_ends_it_at_once),
	    TEST(a_link_lost_in_a_push_loses_nothing),
	    TEST(trouble_on_this_machine_does_not_spin),
	    TEST(leaving_pushes_what_is_there_and_ends),
	    TEST(leaving_opens_the_link_once_more_whatever_the_backoff),
	    TEST(leaving_without_a_master_does_not_wait),
	    TEST(a_push_that_takes_too_long_for_leaving_is_given_up),
	    TEST(debris_of_a_kill_is_swept_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
