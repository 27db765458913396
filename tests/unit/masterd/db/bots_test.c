/* Bots: names, epochs, clashes (PROTOCOL 3, 28), and what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/leases.h"
#include "tests/unit/masterd/farm.h"

#define GENERATION "00000000000000cc"
#define MINUTE     60000ull
#define START      (1000 * MINUTE) /* the master has been up for a while */

static const char *
state_of(struct farm *f, int64_t bot)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT state FROM bot WHERE id = %jd",
	    (intmax_t)bot);
	return farm_text(f, sql);
}

static const char *
epoch_state(struct farm *f, uint64_t epoch)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT state FROM epoch WHERE epoch = '%s'",
	    text_hex64(epoch).text);
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
tick(struct farm *f, uint64_t up_ms)
{
	static struct buf said = BUF_INIT;
	const struct bots_turn turn = {
	    FARM_NOW, up_ms, 10000, note_change, &said};

	buf_reset(&said);
	assert_int_equal(bots_tick(f->db, &turn, NULL), 0);
	return buf_text(&said);
}

static struct status *
status_of_bot(struct farm *f, int64_t bot)
{
	static struct status *s;

	if (s == NULL)
		s = status_new();
	memset(s, 0, sizeof(*s));
	assert_int_equal(bots_status(f->db, bot, GENERATION, s, NULL), 0);
	return s;
}

static int64_t
open_lease(struct farm *f)
{
	int64_t job = farm_job(f);

	assert_int_equal(
	    leases_offer(f->db, job, f->bot, 60000, FARM_NOW, START, NULL), 0);
	return farm_number(f, "SELECT max(id) FROM lease");
}

/* ---- names ----------------------------------------------------------- */

static void
a_name_belongs_to_the_account_that_used_it_first(void **state)
{
	struct farm *f = *state;
	int64_t foreign = farm_bot(f, "other", "b1"), again;

	assert_int_not_equal(foreign, f->bot);
	assert_int_equal(farm_bot(f, "other", "b1"), foreign);
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM bot WHERE owner"), 1);
	assert_false(status_of_bot(f, f->bot)->hold);
	assert_true(status_of_bot(f, foreign)->hold);
	assert_non_null(
	    strstr(status_of_bot(f, foreign)->reason, "another account"));
	assert_int_equal(bots_find(f->db, "third", "b1", &again, NULL), 0);
	assert_int_equal(again, 0);
}

/* ---- epochs ---------------------------------------------------------- */

static void
only_beats_make_an_epoch_live(void **state)
{
	struct farm *f = *state;

	farm_record(f, farm_epoch(f, FARM_EPOCH), 1, "ingested", "x");
	assert_string_equal(epoch_state(f, FARM_EPOCH), "data");
	assert_string_equal(state_of(f, f->bot), "new");
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 1, START), BEAT_NEW_EPOCH);
	assert_string_equal(epoch_state(f, FARM_EPOCH), "live");
	assert_string_equal(state_of(f, f->bot), "up");
	assert_int_equal(farm_beat(f, f->bot, FARM_EPOCH, 2, START), BEAT_LIVE);
}

static void
an_old_or_repeated_beat_changes_nothing(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 5, START);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 5, START + 1), BEAT_STALE);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 4, START + 1), BEAT_STALE);
	assert_int_equal(
	    farm_number(f, "SELECT seen_up FROM bot"), (int64_t)START);
	farm_beat(f, f->bot, FARM_OTHER, 1, START + 2);
	/* It left the bot before the restart and came late. */
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 5, START + 3), BEAT_STALE);
	assert_string_equal(state_of(f, f->bot), "up");
}

static void
a_new_epoch_ends_the_leases_of_the_old_without_a_failure(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	open_lease(f);
	assert_int_equal(status_of_bot(f, f->bot)->lease_count, 1);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_OTHER, 1, START), BEAT_NEW_EPOCH);
	assert_string_equal(farm_text(f, "SELECT state FROM lease"), "expired");
	assert_string_equal(
	    farm_text(f, "SELECT state || failures FROM task"), "ready0");
	assert_string_equal(epoch_state(f, FARM_EPOCH), "superseded");
	assert_int_equal(status_of_bot(f, f->bot)->lease_count, 0);
	assert_int_equal(status_of_bot(f, f->bot)->epoch, FARM_OTHER);
}

/* ---- clashes --------------------------------------------------------- */

static void
clash(struct farm *f)
{
	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	farm_beat(f, f->bot, FARM_OTHER, 1, START);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 2, START), BEAT_CLASHED);
}

static void
a_superseded_epoch_that_beats_on_is_a_clash(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	farm_beat(f, f->bot, FARM_OTHER, 1, START);
	open_lease(f);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 2, START), BEAT_CLASHED);
	assert_string_equal(state_of(f, f->bot), "clashed");
	assert_true(status_of_bot(f, f->bot)->hold);
	assert_non_null(strstr(status_of_bot(f, f->bot)->reason, "two bots"));
	assert_string_equal(farm_text(f, "SELECT state FROM lease"), "expired");
	/* The alarm rings once. */
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_OTHER, 2, START + 1), BEAT_CLASHED);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 3, START + 2), BEAT_CLASHED);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what = "
			     "'bot.clashed'"),
	    1);
}

static void
a_clash_lasts_while_both_beat(void **state)
{
	struct farm *f = *state;
	uint64_t up;

	clash(f);
	for (up = START; up < START + 20 * MINUTE; up += 2 * MINUTE) {
		farm_beat(f, f->bot, FARM_EPOCH, up, up);
		farm_beat(f, f->bot, FARM_OTHER, up, up + 1);
		assert_string_equal(tick(f, up + 2), "");
		assert_string_equal(state_of(f, f->bot), "clashed");
	}
}

static void
a_clash_is_over_when_one_alone_has_beaten_for_five_minutes(void **state)
{
	struct farm *f = *state;
	uint64_t up;

	clash(f);
	for (up = START + MINUTE; up <= START + 5 * MINUTE; up += MINUTE) {
		farm_beat(f, f->bot, FARM_EPOCH, up, up);
		assert_string_equal(tick(f, up), "");
	}
	assert_string_equal(tick(f, START + 5 * MINUTE + 1), "back ");
	assert_string_equal(state_of(f, f->bot), "up");
	assert_string_equal(epoch_state(f, FARM_EPOCH), "live");
	assert_string_equal(epoch_state(f, FARM_OTHER), "superseded");
	assert_int_equal(status_of_bot(f, f->bot)->epoch, FARM_EPOCH);
	assert_false(status_of_bot(f, f->bot)->hold);
	assert_int_equal(
	    farm_beat(f, f->bot, FARM_EPOCH, 2 * START, up), BEAT_LIVE);
}

static void
silence_does_not_end_a_clash(void **state)
{
	struct farm *f = *state;

	clash(f);
	assert_string_equal(tick(f, START + 60 * MINUTE), "");
	assert_string_equal(state_of(f, f->bot), "clashed");
	/* The first that is heard again has it. */
	farm_beat(f, f->bot, FARM_THIRD, 1, START + 60 * MINUTE);
	assert_string_equal(tick(f, START + 60 * MINUTE + 1), "back ");
	assert_int_equal(status_of_bot(f, f->bot)->epoch, FARM_THIRD);
}

static void
a_restart_of_the_master_is_no_silence(void **state)
{
	struct farm *f = *state;

	clash(f);
	/* The master comes back an hour later: both may still be alive. */
	assert_int_equal(bots_forgive(f->db, START + 60 * MINUTE, NULL), 0);
	farm_beat(f, f->bot, FARM_EPOCH, 9, START + 60 * MINUTE + 1);
	assert_string_equal(tick(f, START + 60 * MINUTE + 2), "");
	assert_string_equal(state_of(f, f->bot), "clashed");
}

/* ---- late, lost, left ------------------------------------------------ */

static void
a_silent_bot_is_late_and_then_lost(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	assert_string_equal(tick(f, START + 30000), "");
	assert_string_equal(tick(f, START + 30001), "late ");
	assert_string_equal(tick(f, START + 300000), "");
	assert_string_equal(tick(f, START + 300001), "lost ");
	assert_string_equal(tick(f, START + 900000), "");
	farm_beat(f, f->bot, FARM_EPOCH, 2, START + 900000);
	assert_string_equal(state_of(f, f->bot), "up");
}

static void
nobody_is_late_for_the_time_the_master_was_away(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	assert_int_equal(bots_forgive(f->db, START + 60 * MINUTE, NULL), 0);
	assert_string_equal(tick(f, START + 60 * MINUTE + 30000), "");
	assert_string_equal(tick(f, START + 60 * MINUTE + 30001), "late ");
}

static void
how_long_anything_takes_is_set(void **state)
{
	struct lease_times times = LEASE_TIMES;
	struct farm *f = *state;

	times.late_beats = 1;
	times.lost_beats = 2;
	leases_set_times(f->db, &times);
	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	assert_string_equal(tick(f, START + 10000), "");
	assert_string_equal(tick(f, START + 10001), "late ");
	assert_string_equal(tick(f, START + 20001), "lost ");
	times.clash_ms = 500;
	clash(f);
	farm_beat(f, f->bot, FARM_OTHER, 9, START + 25000);
	assert_string_equal(tick(f, START + 25000), "back ");
}

static void
a_bot_that_left_is_neither_late_nor_lost(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	/* Of an epoch that is over: changes nothing. */
	assert_int_equal(
	    bots_deregister(f->db, f->bot, FARM_OTHER, "", NULL), 0);
	assert_string_equal(state_of(f, f->bot), "up");
	assert_int_equal(
	    bots_deregister(f->db, f->bot, FARM_EPOCH, "told to stop", NULL),
	    0);
	assert_string_equal(state_of(f, f->bot), "left");
	assert_string_equal(farm_text(f,
				"SELECT detail FROM event WHERE what = "
				"'bot.left'"),
	    "told to stop");
	assert_string_equal(tick(f, START + 900000), "");
	assert_string_equal(state_of(f, f->bot), "left");
	/* What a dead one's outbox still says brings it not back. */
	farm_sql(f, "UPDATE bot SET state = 'forgotten'");
	assert_int_equal(
	    bots_deregister(f->db, f->bot, FARM_EPOCH, "told to stop", NULL),
	    0);
	assert_string_equal(state_of(f, f->bot), "forgotten");
}

static void
hosts_are_alike_by_what_they_register(void **state)
{
	struct bot_facts facts = {.sandbox = "bwrap",
	    .arch = "x86_64",
	    .os = "Debian GNU/Linux 12",
	    .cpu = "EPYC 7502",
	    .tags = "",
	    .engines = "libfuzzer"};
	struct farm *f = *state;

	assert_int_equal(bots_register(f->db, f->bot, &facts, NULL), 0);
	assert_string_equal(farm_text(f, "SELECT host_class FROM bot"),
	    "x86_64 Debian GNU/Linux 12 EPYC 7502");
	assert_string_equal(farm_text(f, "SELECT cpu FROM bot"), "EPYC 7502");
	facts.cpu = NULL; /* of a bot that does not say */
	assert_int_equal(bots_register(f->db, f->bot, &facts, NULL), 0);
	assert_string_equal(farm_text(f, "SELECT host_class FROM bot"),
	    "x86_64 Debian GNU/Linux 12");
}

/* ---- what it is told ------------------------------------------------- */

static void
serials_follow_the_clock_and_never_go_back(void **state)
{
	struct farm *f = *state;
	uint64_t serial;

	assert_int_equal(bots_next_serial(f->db, f->bot, 5000999, NULL), 0);
	assert_int_equal(bots_serial(f->db, "local", "b1", &serial, NULL), 1);
	assert_int_equal(serial, 5000);
	bots_next_serial(f->db, f->bot, 5000999, NULL);
	bots_next_serial(f->db, f->bot, 1000, NULL); /* the clock was set */
	bots_serial(f->db, "local", "b1", &serial, NULL);
	assert_int_equal(serial, 5002);
	bots_next_serial(f->db, f->bot, 6000000, NULL);
	bots_serial(f->db, "local", "b1", &serial, NULL);
	assert_int_equal(serial, 6000);
	assert_int_equal(bots_raise_serial(f->db, f->bot, 7000, NULL), 0);
	assert_int_equal(bots_raise_serial(f->db, f->bot, 10, NULL), 0);
	bots_next_serial(f->db, f->bot, 6000000, NULL);
	bots_serial(f->db, "local", "b1", &serial, NULL);
	assert_int_equal(serial, 7001);
	assert_int_equal(bots_serial(f->db, "other", "b1", &serial, NULL), 0);
}

static void
an_epoch_that_is_not_known_is_listed_with_below_0(void **state)
{
	struct farm *f = *state;
	struct status *s;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	s = status_of_bot(f, f->bot);
	assert_int_equal(s->epoch_count, 1);
	assert_int_equal(s->epochs[0].epoch, FARM_EPOCH);
	assert_int_equal(s->epochs[0].below, 0);
}

static void
at_most_32_epochs_are_listed_oldest_first_the_named_ones(void **state)
{
	struct farm *f = *state;
	struct beat_epoch named[32];
	struct beat b = {.bot = f->bot,
	    .epoch = FARM_EPOCH,
	    .number = 1,
	    .why = "",
	    .epochs = named,
	    .epoch_count = 32};
	enum beat_sense sense;
	struct status *s;
	int i;

	for (i = 0; i < 50; i++)
		farm_epoch(f, 100 + (uint64_t)i);
	for (i = 0; i < 32; i++)
		named[i] = (struct beat_epoch){104 + (uint64_t)i, 1, 1};
	assert_int_equal(bots_beat(f->db, &b, &sense, NULL), 0);
	s = status_of_bot(f, f->bot);
	assert_int_equal(s->epoch_count, 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(s->epochs[i].epoch, 104 + i);
	/* The next beat names one alone: the others are no longer named. */
	farm_beat(f, f->bot, FARM_EPOCH, 2, START);
	assert_int_equal(farm_number(f, "SELECT sum(named) FROM epoch"), 1);
}

static void
highest_never_falls(void **state)
{
	struct farm *f = *state;
	struct beat_epoch named = {FARM_EPOCH, 3, 9};
	struct beat b = {.bot = f->bot,
	    .epoch = FARM_EPOCH,
	    .number = 1,
	    .generation = 0xcc,
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1};
	enum beat_sense sense;

	bots_beat(f->db, &b, &sense, NULL);
	named.oldest = 1;
	named.highest = 2;
	b.number = 2;
	bots_beat(f->db, &b, &sense, NULL);
	assert_string_equal(
	    farm_text(f, "SELECT oldest || ' ' || highest FROM epoch"), "1 9");
	assert_int_equal(status_of_bot(f, f->bot)->epochs[0].below, 0);
}

static void
a_conflict_asks_for_a_new_epoch_until_there_is_one(void **state)
{
	struct farm *f = *state;

	farm_beat(f, f->bot, FARM_EPOCH, 1, START);
	assert_false(status_of_bot(f, f->bot)->new_epoch);
	assert_int_equal(bots_want_new_epoch(f->db, f->bot, NULL), 0);
	assert_true(status_of_bot(f, f->bot)->new_epoch);
	farm_beat(f, f->bot, FARM_EPOCH, 2, START);
	assert_true(status_of_bot(f, f->bot)->new_epoch);
	farm_beat(f, f->bot, FARM_OTHER, 1, START);
	assert_false(status_of_bot(f, f->bot)->new_epoch);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_name_belongs_to_the_account_that_used_it_first),
	    T(only_beats_make_an_epoch_live),
	    T(an_old_or_repeated_beat_changes_nothing),
	    T(a_new_epoch_ends_the_leases_of_the_old_without_a_failure),
	    T(a_superseded_epoch_that_beats_on_is_a_clash),
	    T(a_clash_lasts_while_both_beat),
	    T(a_clash_is_over_when_one_alone_has_beaten_for_five_minutes),
	    T(silence_does_not_end_a_clash),
	    T(a_restart_of_the_master_is_no_silence),
	    T(a_silent_bot_is_late_and_then_lost),
	    T(nobody_is_late_for_the_time_the_master_was_away),
	    T(how_long_anything_takes_is_set),
	    T(a_bot_that_left_is_neither_late_nor_lost),
	    T(hosts_are_alike_by_what_they_register),
	    T(serials_follow_the_clock_and_never_go_back),
	    T(an_epoch_that_is_not_known_is_listed_with_below_0),
	    T(at_most_32_epochs_are_listed_oldest_first_the_named_ones),
	    T(highest_never_falls),
	    T(a_conflict_asks_for_a_new_epoch_until_there_is_one),
	};

	return cmocka_run_group_tests_name("bots", tests, NULL, NULL);
}
