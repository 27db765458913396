/*
 * One transaction a round, and none when nothing changed.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "masterd/db/bots.h"
#include "masterd/db/leases.h"
#include "masterd/db/pools.h"
#include "masterd/publish/pack.h"
#include "masterd/publish/plan.h"
#include "masterd/publish/tick.h"

#define ROUND_MS 2000
#define SOON_MS  50
#define PACK_MS  10000
#define SWEEP_MS 2000
#define KNOWN_MS 60000
#define SWEEPS   30 /* parts: each bot's turn is once a minute */
#define FOLDS    50 /* ephemeral bots a round */
#define HOUR_MS  (60 * 60 * 1000)

#define FORGET_MS (24ull * HOUR_MS)

struct tick {
	struct loop_source *timer;
	struct publish *publish;
	struct db *db;
	struct store *store;
	struct pack *pack;
	struct plan *plan;
	uint64_t heartbeat_ms;
	struct tick_hooks hooks;
	uint64_t last; /* clock_up_ms() of the last round */
	uint64_t due;  /* of the next */
	uint64_t soon; /* how long after a change it comes */
	uint64_t next_pack, next_sweep, next_hour, next_known;
	unsigned sweeps;
	uint64_t forget_ms; /* ephemeral bots, after so long */
	bool folded;        /* bots were forgotten in this round */
	bool low;           /* the disk is */
	bool held;          /* and the bots were told to hold */
	bool changed;       /* by an administrator */
	struct err failed;  /* in a callback of this round */
};

uint64_t
tick_up_ms(const struct tick *t)
{
	(void)t;
	return clock_up_ms();
}

/* ---- planning -------------------------------------------------------- */

#define HELD "the master's disk is full: nothing is offered"

static int
plan(struct tick *t, struct err *e)
{
	if (t->low)
		return 0; /* no fuzz leases below the reserve */
	return plan_round(t->plan, clock_wall_ms(), t->last, e);
}

int
tick_why(struct tick *t, int64_t job, struct buf *out, struct err *e)
{
	const struct plan_ask ask = {
	    job, t->low ? HELD : NULL, clock_wall_ms(), clock_up_ms()};

	return plan_why(t->plan, &ask, out, e);
}

/* ---- time ------------------------------------------------------------ */

static void
lease_changed(void *arg, int64_t bot)
{
	struct tick *t = arg;
	struct err e;

	if (publish_mark(t->publish, bot, &e) == -1)
		t->failed = e;
}

static void
bot_changed(void *arg, int64_t bot, const char *event)
{
	struct tick *t = arg;
	struct bot_place place;
	struct err e;

	if (bots_place(t->db, bot, &place, &e) == -1) {
		t->failed = e;
		return;
	}
	/* events: bot.back bot.late bot.lost */
	log_info(event, LOG_T("bot", place.name));
	lease_changed(t, bot);
}

static int
judge_bots(struct tick *t, const struct lease_turn *turn, struct err *e)
{
	const struct bots_turn bots = {
	    turn->now_ms, turn->up_ms, t->heartbeat_ms, bot_changed, t};
	struct pools_turn pools = {t->forget_ms, FOLDS, *turn};
	int folded;

	/* Who is forgotten is told nothing more. */
	pools.turn.changed = NULL;
	if (bots_tick(t->db, &bots, e) == -1)
		return -1;
	if ((folded = pools_fold(t->db, &pools, e)) == -1)
		return -1;
	if (folded > 0)
		log_info("bots.forgotten", LOG_N("ephemeral", folded));
	t->folded = folded > 0;
	return 0;
}

static int
check_disk(struct tick *t, struct err *e)
{
	t->low = t->hooks.disk_low(t->hooks.arg);
	publish_hold(t->publish, t->low ? "the master's disk is full" : NULL);
	if (t->low == t->held)
		return 0;
	return publish_mark_all(t->publish, e);
}

static int
work(struct tick *t, uint64_t delta, struct err *e)
{
	const struct lease_turn turn = {
	    clock_wall_ms(), t->last, lease_changed, t};

	err_clear(&t->failed);
	if (t->changed && publish_mark_all(t->publish, e) == -1)
		return -1;
	if (check_disk(t, e) == -1 ||
	    leases_charge(t->db, delta, &turn, e) == -1 ||
	    judge_bots(t, &turn, e) == -1 ||
	    leases_expire(t->db, &turn, e) == -1 ||
	    leases_settle(t->db, 0, &turn, e) == -1)
		return -1;
	if (t->failed.cls != ERR_NONE) {
		*e = t->failed;
		return -1;
	}
	return plan(t, e);
}

/* We were away or suspended: nobody is late for that. */
static int
forgive(struct tick *t, struct err *e)
{
	if (db_begin(t->db, e) == -1)
		return -1;
	if (leases_forgive(t->db, t->last, e) == -1 ||
	    bots_forgive(t->db, t->last, e) == -1) {
		db_rollback(t->db);
		return -1;
	}
	return db_commit(t->db, e);
}

static int
round_of(struct tick *t, struct err *e)
{
	uint64_t now = clock_up_ms(), delta = now - t->last;
	int64_t before;

	t->last = now;
	if (delta > leases_times(t->db)->gap_ms) { /* PROTOCOL 30 */
		log_warn("clock.jumped", LOG_N("ms", delta));
		delta = 0;
		if (forgive(t, e) == -1)
			return -1;
	}
	if (db_begin(t->db, e) == -1)
		return -1;
	before = db_total_changes(t->db);
	if (work(t, delta, e) == -1) {
		db_rollback(t->db);
		return -1;
	}
	if (db_total_changes(t->db) == before) {
		db_rollback(t->db);
	} else if (db_commit(t->db, e) == -1) {
		db_rollback(t->db);
		return -1;
	}
	publish_marked(t->publish);
	if (t->changed || t->folded)
		publish_sweep_forgotten(t->publish, clock_wall_ms());
	t->held = t->low;
	t->changed = t->folded = false;
	return 0;
}

static void
seldom(struct tick *t)
{
	if (t->last >= t->next_pack) {
		t->next_pack = t->last + PACK_MS;
		pack_due(t->pack);
	}
	if (t->last >= t->next_sweep) {
		t->next_sweep = t->last + SWEEP_MS;
		publish_sweep(
		    t->publish, clock_wall_ms(), t->sweeps++ % SWEEPS, SWEEPS);
	}
	if (t->last >= t->next_known) {
		t->next_known = t->last + KNOWN_MS;
		publish_known_refresh(t->publish);
	}
	if (t->last >= t->next_hour) {
		t->next_hour = t->last + HOUR_MS;
		t->hooks.hourly(t->hooks.arg);
	}
}

static void
set_due(struct tick *t, uint64_t in_ms)
{
	t->due = clock_up_ms() + in_ms;
	loop_timer_set(t->timer, in_ms, NULL);
}

/* A round looks at all bots, and with many of them something changes all the
 * time: rounds that come soon take a fifth of our time at most. */
static void
on_timer(void *arg)
{
	struct tick *t = arg;
	uint64_t began = clock_up_ms();
	struct err e;
	int result = round_of(t, &e);

	t->soon = 4 * (clock_up_ms() - began);
	if (t->soon < SOON_MS)
		t->soon = SOON_MS;
	set_due(t, ROUND_MS);
	if (result == -1) {
		/* A full disk passes; all else does not. */
		if (e.cls == ERR_AGAIN)
			log_warn("tick.postponed", LOG_T("reason", e.text));
		else
			t->hooks.fatal(t->hooks.arg, &e);
		return;
	}
	seldom(t);
}

/* Never later than it was to be: bots that beat all the time must not put it
 * off for ever. */
void
tick_soon(struct tick *t)
{
	uint64_t now = clock_up_ms();

	if (t->due <= now)
		set_due(t, 0);
	else if (t->due > now + t->soon)
		set_due(t, t->soon);
}

void
tick_changed(struct tick *t)
{
	t->changed = true;
	t->next_known = 0;
	tick_soon(t);
}

void
tick_set_forget(struct tick *t, uint64_t ms)
{
	t->forget_ms = ms;
}

int
tick_why_bot(struct tick *t, int64_t bot, struct buf *out, struct err *e)
{
	const struct plan_ask ask = {
	    bot, t->low ? HELD : NULL, clock_wall_ms(), clock_up_ms()};

	return plan_why_bot(t->plan, &ask, out, e);
}

void
tick_set_heartbeat(struct tick *t, uint64_t ms)
{
	t->heartbeat_ms = ms;
	tick_changed(t);
}

struct tick *
tick_open(struct loop *loop, struct publish *publish, struct db *db,
    struct store *store, uint64_t heartbeat_ms, const struct tick_hooks *hooks,
    struct err *e)
{
	struct tick *t = mem_alloc(sizeof(*t));

	t->publish = publish;
	t->db = db;
	t->store = store;
	t->heartbeat_ms = heartbeat_ms;
	t->forget_ms = FORGET_MS;
	t->hooks = *hooks;
	t->last = t->due = clock_up_ms();
	t->soon = SOON_MS;
	t->next_pack = t->last + PACK_MS;
	t->next_sweep = t->last + SWEEP_MS;
	t->next_hour = t->last + HOUR_MS;
	t->pack = pack_open(publish, db, store, hooks->fatal, hooks->arg);
	t->plan = plan_open(publish, db);
	if (forgive(t, e) == -1 ||
	    (t->timer = loop_timer(loop, on_timer, t, e)) == NULL ||
	    loop_timer_set(t->timer, SOON_MS, e) == -1) {
		tick_close(t);
		return NULL;
	}
	return t;
}

void
tick_close(struct tick *t)
{
	if (t == NULL)
		return;
	loop_drop(t->timer);
	pack_close(t->pack);
	plan_close(t->plan);
	free(t);
}
