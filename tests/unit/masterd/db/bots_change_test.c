/* What people do to bots: drain, resume, forget, write off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "masterd/db/bots_change.h"
#include "masterd/db/demand.h"
#include "tests/unit/masterd/work.h"

static struct lease_turn turn;
static int told;

static struct bot_act
act_on(int64_t bot, const char *reason)
{
	told = 0;
	turn = work_turn(WORK_START, &told);
	return (struct bot_act){bot, "user:alice", reason, &turn};
}

static void
refused(int result, const struct err *e, enum err_class cls, const char *word)
{
	assert_int_equal(result, -1);
	assert_int_equal(e->cls, cls);
	if (strstr(e->text, word) == NULL)
		fail_msg("'%s' is not in '%s'", word, e->text);
}

static const char *
events(struct farm *f)
{
	return farm_text(f,
	    "SELECT coalesce(group_concat(who || ' ' || what || ' ' || detail, "
	    "', '), '') FROM event WHERE what NOT IN ('bot.new', "
	    "'job.running')");
}

static void
put_state(void *arg, const struct demand_bot *b)
{
	buf_printf(
	    arg, "%s%s: %s, ", b->name, b->takes ? " takes" : "", b->state);
}

/* What the planner sees. */
static const char *
seen(struct farm *f)
{
	static struct buf text = BUF_INIT;

	buf_reset(&text);
	assert_int_equal(
	    demand_bots(f->db, WORK_START, put_state, &text, NULL), 0);
	return buf_text(&text);
}

/* ---- drain ----------------------------------------------------------- */

static void
a_drained_bot_ends_what_it_has_and_gets_no_more(void **state)
{
	struct farm *f = *state;
	int64_t job = farm_job(f), running, offered;
	struct bot_act act = act_on(f->bot, "new disk");

	running = work_offer(f, job);
	work_name(f, running, WORK_START);
	offered = work_offer(f, farm_job(f));
	assert_int_equal(bots_drain(f->db, &act, false, NULL), 0);
	assert_string_equal(work_lease(f, running), "running");
	assert_string_equal(work_lease(f, offered), "cancelled");
	assert_string_equal(work_task(f, offered), "ready");
	assert_string_equal(work_is(f, "lease", "reason", offered),
	    "its bot is drained by user:alice: new disk");
	assert_int_equal(told, 1);
	assert_string_equal(seen(f), "b1: drained by user:alice: new disk, ");
	assert_string_equal(events(f), "user:alice bot.drained new disk");
}

static void
now_takes_back_what_it_has_in_hand(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	struct bot_act act = act_on(f->bot, "");
	struct err e;

	work_name(f, lease, WORK_START);
	assert_int_equal(bots_drain(f->db, &act, false, NULL), 0);
	refused(bots_drain(f->db, &act, false, &e), &e, ERR_CONFLICT,
	    "drained already, by user:alice");
	assert_int_equal(bots_drain(f->db, &act, true, NULL), 0);
	assert_string_equal(work_lease(f, lease), "cancelled");
	assert_string_equal(
	    work_is(f, "task", "failures || lost", work_task_of(f, lease)),
	    "00");
}

static void
one_that_is_done_but_waits_for_bundles_is_not_taken_back(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	struct bot_act act = act_on(f->bot, "");

	work_complete(f, lease, "done", 1, 3);
	assert_int_equal(bots_drain(f->db, &act, true, NULL), 0);
	assert_string_equal(work_lease(f, lease), "offered");
}

static void
resume_undoes_a_drain_and_a_rest(void **state)
{
	struct farm *f = *state;
	struct bot_act act = act_on(f->bot, "");
	struct err e;

	refused(bots_resume(f->db, &act, &e), &e, ERR_CONFLICT,
	    "nothing to resume");
	bots_drain(f->db, &act, false, NULL);
	assert_int_equal(bots_resume(f->db, &act, NULL), 0);
	assert_string_equal(seen(f), "b1 takes: not heard of yet, ");
	farm_sql(
	    f, "UPDATE bot SET failures = 3, failed_task = 9, rest_up = 99");
	assert_int_equal(bots_resume(f->db, &act, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT failures || rest_up || failed_task FROM bot"),
	    "000");
}

/* ---- forget ---------------------------------------------------------- */

static void
a_bot_that_beats_is_not_forgotten_unless_it_is_drained(void **state)
{
	struct farm *f = *state;
	struct bot_act act = act_on(f->bot, "sold");
	struct err e;

	refused(bots_forget(f->db, &act, &e), &e, ERR_CONFLICT, "is up: drain");
	bots_drain(f->db, &act, false, NULL);
	assert_int_equal(bots_forget(f->db, &act, NULL), 0);
	assert_string_equal(farm_text(f, "SELECT state FROM bot"), "forgotten");
	refused(bots_forget(f->db, &act, &e), &e, ERR_CONFLICT,
	    "forgotten already");
	assert_string_equal(seen(f), "");
}

static void
its_leases_expire_and_nobody_is_to_blame(void **state)
{
	struct farm *f = *state;
	int64_t lease = work_offer(f, farm_job(f));
	struct bot_act act = act_on(f->bot, "");

	farm_sql(f, "UPDATE bot SET state = 'lost'");
	assert_int_equal(bots_forget(f->db, &act, NULL), 0);
	assert_string_equal(work_lease(f, lease), "expired");
	assert_string_equal(work_is(f, "task", "state || failures || lost",
				work_task_of(f, lease)),
	    "ready00");
}

static void
a_beat_brings_it_back(void **state)
{
	struct farm *f = *state;
	struct bot_act act = act_on(f->bot, "");

	farm_sql(f, "UPDATE bot SET state = 'left'");
	assert_int_equal(bots_forget(f->db, &act, NULL), 0);
	farm_beat(f, f->bot, FARM_EPOCH, 9, WORK_START);
	assert_string_equal(farm_text(f, "SELECT state FROM bot"), "up");
	assert_string_equal(events(f),
	    "user:alice bot.forgotten , master bot.back it was forgotten");
}

static bool
may_go(struct farm *f, uint64_t serial, bool old)
{
	const struct bot_place place = {"local", "b1"};
	bool gone;

	assert_int_equal(bots_gone(f->db, &place, serial, old, &gone, NULL), 0);
	return gone;
}

static void
its_folder_goes_unless_late_bundles_need_it(void **state)
{
	struct farm *f = *state;
	struct bot_act act = act_on(f->bot, "");

	farm_sql(f, "UPDATE bot SET state = 'left', serial = 700");
	assert_false(may_go(f, 700, true));
	assert_int_equal(bots_forget(f->db, &act, NULL), 0);
	assert_true(may_go(f, 0, false));
	assert_true(may_go(f, 700, false));
	/* Somebody pushed what its outbox still had. */
	assert_false(may_go(f, 701, false));
	assert_true(may_go(f, 701, true));
}

/* ---- write off ------------------------------------------------------- */

/* "missing written_off" of the ledger check. */
static const char *
balance(struct farm *f)
{
	static char text[64];
	struct buf json = BUF_INIT;
	bool balanced;
	const char *m, *w;

	assert_int_equal(ledger_check(f->db, &json, &balanced, NULL), 0);
	m = strstr(json.data, "\"missing\":");
	w = strstr(json.data, "\"written_off\":");
	assert_non_null(m);
	assert_non_null(w);
	snprintf(text, sizeof(text), "%d %d%s", atoi(m + 10), atoi(w + 14),
	    balanced ? " balanced" : "");
	buf_release(&json);
	return text;
}

static void
what_a_lost_bot_had_is_written_off_with_a_reason(void **state)
{
	struct farm *f = *state;
	struct bot_act act = act_on(f->bot, "the disk burnt");
	int64_t one = farm_epoch(f, FARM_EPOCH),
		two = farm_epoch(f, FARM_OTHER);
	uint64_t n = 99;
	struct err e;

	farm_record(f, one, 1, "ingested", "a");
	farm_record(f, one, 4, "ingested", "b");
	farm_record(f, two, 3, "ingested", "c");
	/* Two of them may lie in its outbox. */
	assert_string_equal(balance(f), "2 0");
	refused(bots_write_off(f->db, &act, 0, &n, &e), &e, ERR_CONFLICT,
	    "is up: what it has may still come");
	farm_sql(f, "UPDATE bot SET state = 'lost'");
	refused(bots_write_off(f->db, &act, FARM_THIRD, &n, &e), &e,
	    ERR_NOT_FOUND, "no epoch 3333333333333333");
	assert_int_equal(bots_write_off(f->db, &act, FARM_OTHER, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(balance(f), "0 2 balanced");
	assert_int_equal(bots_write_off(f->db, &act, 0, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(balance(f), "0 4 balanced");
	assert_int_equal(bots_write_off(f->db, &act, 0, &n, NULL), 0);
	assert_int_equal(n, 0);
	assert_string_equal(events(f),
	    "user:alice bot.written_off 2 bundles: the disk burnt, user:alice "
	    "bot.written_off 2 bundles: the disk burnt");
	assert_string_equal(
	    farm_text(f, "SELECT written_off FROM epoch WHERE id = 1"),
	    "user:alice: the disk burnt");
	/* One turns up after all. */
	farm_record(f, one, 2, "ingested", "d");
	assert_string_equal(balance(f), "0 3 balanced");
	/* What it loses after that is missing as ever. */
	farm_record(f, two, 5, "ingested", "e");
	assert_string_equal(balance(f), "1 3");
	assert_int_equal(bots_write_off(f->db, &act, 0, &n, NULL), 0);
	assert_string_equal(balance(f), "0 4 balanced");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_drained_bot_ends_what_it_has_and_gets_no_more),
	    T(now_takes_back_what_it_has_in_hand),
	    T(one_that_is_done_but_waits_for_bundles_is_not_taken_back),
	    T(resume_undoes_a_drain_and_a_rest),
	    T(a_bot_that_beats_is_not_forgotten_unless_it_is_drained),
	    T(its_leases_expire_and_nobody_is_to_blame),
	    T(a_beat_brings_it_back),
	    T(its_folder_goes_unless_late_bundles_need_it),
	    T(what_a_lost_bot_had_is_written_off_with_a_reason),
	};

	return cmocka_run_group_tests_name("bots_change", tests, NULL, NULL);
}
