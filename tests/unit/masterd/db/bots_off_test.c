/* Bots that are off: by their hours, or because somebody works there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/leases.h"
#include "tests/unit/masterd/farm.h"

#define MINUTE  60000ull
#define HOUR_MS (60 * MINUTE)
#define START   (1000 * MINUTE) /* the master has been up for a while */

static const char *
state_of(struct farm *f, int64_t bot)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT state FROM bot WHERE id = %jd",
	    (intmax_t)bot);
	return farm_text(f, sql);
}

static void
note_change(void *arg, int64_t bot, const char *event)
{
	(void)bot;
	buf_printf(arg, "%s ", event + strlen("bot."));
}

/* What a tick changed: the events, in order. */
static const char *
tick_at(struct farm *f, uint64_t up_ms, uint64_t now_ms)
{
	static struct buf said = BUF_INIT;
	const struct bots_turn turn = {
	    now_ms, up_ms, 10000, note_change, &said};

	buf_reset(&said);
	assert_int_equal(bots_tick(f->db, &turn, NULL), 0);
	return buf_text(&said);
}

static int64_t
open_lease(struct farm *f)
{
	int64_t job = farm_job(f);

	assert_int_equal(
	    leases_offer(f->db, job, f->bot, 60000, FARM_NOW, START, NULL), 0);
	return farm_number(f, "SELECT max(id) FROM lease");
}

/* It says that it is off, for so many seconds. */
static enum beat_sense
beat_off(struct farm *f, uint64_t number, uint64_t up_ms, uint64_t seconds,
    struct beat_outcome *outcome)
{
	struct beat_epoch named = {FARM_EPOCH, 0, 0};
	struct beat b = {.bot = f->bot,
	    .epoch = FARM_EPOCH,
	    .number = number,
	    .now_ms = FARM_NOW,
	    .up_ms = up_ms,
	    .why = "by its hours",
	    .epochs = &named,
	    .epoch_count = 1,
	    .outcome = outcome};
	enum beat_sense sense;

	b.n[BEAT_OFF] = 1;
	b.n[BEAT_OFF_SECONDS] = seconds;
	assert_int_equal(bots_beat(f->db, &b, &sense, NULL), 0);
	return sense;
}

static void
a_bot_that_is_off_is_not_lost_before_it_means_to_be_back(void **state)
{
	struct farm *f = *state;
	uint64_t back = FARM_NOW + 12 * HOUR_MS, up = START + 12 * HOUR_MS;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	assert_int_equal(beat_off(f, 2, START, 12 * 3600, NULL), BEAT_LIVE);
	assert_string_equal(state_of(f, f->bot), "off");
	assert_string_equal(tick_at(f, up, back), "");
	assert_string_equal(tick_at(f, up + 300000, back + 300000), "");
	assert_string_equal(tick_at(f, up + 300001, back + 300001), "lost ");
	assert_string_equal(state_of(f, f->bot), "lost");
	farm_beat(f, f->bot, FARM_EPOCH, 3, up + HOUR_MS);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(what || ' ' || detail, "
				"', ') FROM event WHERE what <> 'bot.new'"),
	    "bot.off until 2023-11-15T10:13:20Z: by its hours, bot.lost , "
	    "bot.back it was lost");
}

static void
one_that_cannot_say_when_has_a_day(void **state)
{
	struct farm *f = *state;
	uint64_t day = 24 * HOUR_MS;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	beat_off(f, 2, START, 0, NULL);
	assert_string_equal(
	    tick_at(f, START + day, FARM_NOW + day + 300000), "");
	assert_string_equal(
	    tick_at(f, START + day, FARM_NOW + day + 300001), "lost ");
}

/* The clock on the wall alone says nothing: it is heard of. */
static void
one_that_beats_while_it_is_off_is_not_lost(void **state)
{
	struct farm *f = *state;
	uint64_t up = START + 2 * HOUR_MS;

	beat_off(f, 1, START, 3600, NULL);
	beat_off(f, 2, up, 3600, NULL);
	assert_string_equal(tick_at(f, up + 1, FARM_NOW + 400 * HOUR_MS), "");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'bot.off'"),
	    1);
}

static void
what_was_offered_to_one_that_goes_off_goes_back(void **state)
{
	struct beat_outcome outcome = {NULL, false};
	struct farm *f = *state;
	int64_t lease;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	lease = open_lease(f);
	farm_sql(f, "UPDATE lease SET state = 'running'"); /* in its hands */
	open_lease(f);
	beat_off(f, 2, START, 60, &outcome);
	assert_string_equal(outcome.event, "bot.off");
	assert_true(outcome.moved);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(state) FROM (SELECT state "
				"FROM lease ORDER BY id)"),
	    "running,cancelled");
	assert_string_equal(farm_text(f,
				"SELECT state || failures || lost FROM task "
				"ORDER BY id DESC LIMIT 1"),
	    "ready00");
	assert_int_equal(lease, 1);
	/* Should it not hand that one back, it was not its death. */
	assert_int_equal(
	    leases_expire(f->db,
		&(struct lease_turn){FARM_NOW, START + 6 * MINUTE, NULL, NULL},
		NULL),
	    0);
	assert_string_equal(farm_text(f,
				"SELECT l.state || t.state || t.lost FROM "
				"lease l JOIN task t ON t.id = l.task WHERE "
				"l.id = 1"),
	    "expiredready0");
	outcome = (struct beat_outcome){NULL, false};
	beat_off(f, 3, START, 60, &outcome);
	assert_null(outcome.event);
	assert_false(outcome.moved);
}

static void
a_beat_says_whether_the_planner_should_look(void **state)
{
	struct beat_epoch named = {FARM_EPOCH, 0, 0};
	struct beat_outcome o = {NULL, false};
	struct beat b = {.epoch = FARM_EPOCH,
	    .number = 1,
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1,
	    .outcome = &o};
	struct farm *f = *state;
	enum beat_sense sense;

	b.bot = f->bot;
	b.n[BEAT_SLOTS] = 2;
	bots_beat(f->db, &b, &sense, NULL);
	assert_true(o.moved);
	o.moved = false;
	b.number++;
	bots_beat(f->db, &b, &sense, NULL);
	assert_false(o.moved);
	b.number++;
	b.n[BEAT_SLOTS] = 4;
	bots_beat(f->db, &b, &sense, NULL);
	assert_true(o.moved);
	o.moved = false;
	b.number++;
	b.n[BEAT_HOLD] = 1;
	bots_beat(f->db, &b, &sense, NULL);
	assert_true(o.moved);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_bot_that_is_off_is_not_lost_before_it_means_to_be_back),
	    T(one_that_cannot_say_when_has_a_day),
	    T(one_that_beats_while_it_is_off_is_not_lost),
	    T(what_was_offered_to_one_that_goes_off_goes_back),
	    T(a_beat_says_whether_the_planner_should_look),
	};

	return cmocka_run_group_tests_name("bots_off", tests, NULL, NULL);
}
