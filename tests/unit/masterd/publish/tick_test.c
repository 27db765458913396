/* What time does to leases and bots, when the master or a clock was away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/wire/status.h"
#include "masterd/publish/tick.h"
#include "tests/unit/masterd/work.h"

#define HOUR ((int64_t)3600000)
#define DAY  (24 * HOUR)

/* Both clocks of the master, moved (linked with --wrap). */
static int64_t up_moved, wall_moved;

uint64_t __real_clock_up_ms(void);
uint64_t __wrap_clock_up_ms(void);
uint64_t __real_clock_wall_ms(void);
uint64_t __wrap_clock_wall_ms(void);

uint64_t
__wrap_clock_up_ms(void)
{
	return __real_clock_up_ms() + (uint64_t)up_moved;
}

uint64_t
__wrap_clock_wall_ms(void)
{
	return __real_clock_wall_ms() + (uint64_t)wall_moved;
}

struct world {
	struct farm *farm;
	struct loop *loop;
	struct loop_source *end;
	struct store *store;
	struct publish *publish;
	struct tick *tick;
	struct lease_times times;
	int64_t job, lease;
};

static bool
disk_low(void *arg)
{
	(void)arg;
	return false;
}

static void
hourly(void *arg)
{
	(void)arg;
}

static void
fatal(void *arg, const struct err *e)
{
	(void)arg;
	fail_msg("%s", e->text);
}

static void
quit(void *arg)
{
	loop_quit(arg, 0);
}

static void
open_tick(struct world *w)
{
	const struct tick_hooks hooks = {w, disk_low, hourly, fatal};
	struct err e = {.text = ""};

	w->tick = tick_open(
	    w->loop, w->publish, w->farm->db, w->store, 10000, &hooks, &e);
	if (w->tick == NULL)
		fail_msg("%s", e.text);
}

/* A bot that beats, and a job's lease that runs there, all as of now. */
static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct publish_config c;
	struct farm *f;

	up_moved = wall_moved = 0;
	if (work_setup((void **)&w->farm) == -1)
		return -1;
	f = w->farm;
	w->job = farm_job(f);
	w->lease = work_offer_at(f, w->job, f->bot, clock_up_ms());
	work_name(f, w->lease, clock_up_ms());
	w->times = LEASE_TIMES;
	leases_set_times(f->db, &w->times);
	if (db_commit(f->db, NULL) == -1 ||
	    (w->loop = loop_new(NULL)) == NULL ||
	    (w->end = loop_timer(w->loop, quit, w->loop, NULL)) == NULL ||
	    (w->store = store_open(f->scratch->fd, w->loop, false, NULL)) ==
		NULL)
		return -1;
	c = (struct publish_config){f->scratch->fd, f->db, w->store, 10000};
	if ((w->publish = publish_open(&c, NULL)) == NULL ||
	    publish_recover(w->publish, false, NULL) == -1)
		return -1;
	open_tick(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	tick_close(w->tick);
	publish_close(w->publish);
	store_close(w->store);
	loop_drop(w->end);
	loop_free(w->loop);
	rc = farm_teardown((void **)&w->farm);
	free(w);
	return rc;
}

/* At least one round of the tick. */
static void
go(struct world *w)
{
	tick_soon(w->tick);
	loop_timer_set(w->end, 120, NULL);
	assert_int_equal(loop_run(w->loop, NULL), 0);
}

static const char *
bot_is(struct world *w)
{
	return work_is(w->farm, "bot", "state", w->farm->bot);
}

static uint64_t
serial(struct world *w)
{
	return strtoull(
	    work_is(w->farm, "bot", "serial", w->farm->bot), NULL, 10);
}

/* ---- away ---------------------------------------------------------------- */

static void
an_hour_away_expires_nothing(void **state)
{
	struct world *w = *state;
	int64_t used;

	go(w);
	used = farm_number(w->farm, "SELECT used_ms FROM job");
	up_moved += HOUR;
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "running");
	assert_string_equal(bot_is(w), "up");
	/* And nobody pays for it. */
	assert_in_range(
	    farm_number(w->farm, "SELECT used_ms FROM job") - used, 0, 1000);
	/* From here on it is counted: */
	up_moved += 29000;
	go(w);
	assert_string_equal(bot_is(w), "up");
	up_moved += 2000;
	go(w);
	assert_string_equal(bot_is(w), "late");
	assert_string_equal(work_lease(w->farm, w->lease), "running");
}

static void
what_is_a_gap_is_set(void **state)
{
	struct world *w = *state;

	w->times.gap_ms = 10000;
	w->times.lost_ms = 9000;
	go(w);
	up_moved += 11000;
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "running");
	up_moved += 9500;
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "expired");
}

/* Within the gap silence counts, and the lease goes to another. */
static void
silence_counts_while_the_master_is_there(void **state)
{
	struct world *w = *state;
	int i;

	for (i = 0; i < 16; i++) {
		if (i < 15)
			assert_string_equal(
			    work_lease(w->farm, w->lease), "running");
		up_moved += 20000;
		go(w);
	}
	assert_string_equal(work_lease(w->farm, w->lease), "expired");
	assert_string_equal(bot_is(w), "lost");
}

static void
a_restart_counts_from_its_start(void **state)
{
	struct world *w = *state;

	go(w);
	tick_close(w->tick);
	up_moved += 3 * HOUR;
	open_tick(w);
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "running");
	assert_string_equal(bot_is(w), "up");
}

/* Up-time starts anew with each boot: what was written before is ahead. */
static void
a_boot_counts_from_its_start(void **state)
{
	struct world *w = *state;

	go(w);
	tick_close(w->tick);
	up_moved -= (int64_t)clock_up_ms() - 20000;
	open_tick(w);
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "running");
	w->times.lost_ms = 9000;
	up_moved += 10000;
	go(w);
	assert_string_equal(work_lease(w->farm, w->lease), "expired");
}

/* ---- the wall clock -------------------------------------------------------- */

static void
a_wall_clock_that_jumps_ends_nothing_and_serials_grow(void **state)
{
	static const int64_t jumps[] = {DAY, -DAY, -DAY, DAY};
	struct world *w = *state;
	uint64_t last;
	size_t i, tries;

	for (i = 0; i < 4; i++) {
		last = serial(w);
		wall_moved += jumps[i];
		tick_changed(w->tick); /* all are told */
		go(w);
		for (tries = 0; serial(w) <= last && tries < 50; tries++)
			go(w); /* a busy machine */
		assert_string_equal(work_lease(w->farm, w->lease), "running");
		assert_string_equal(bot_is(w), "up");
		assert_true(serial(w) > last);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_hour_away_expires_nothing),
	    T(what_is_a_gap_is_set),
	    T(silence_counts_while_the_master_is_there),
	    T(a_restart_counts_from_its_start),
	    T(a_boot_counts_from_its_start),
	    T(a_wall_clock_that_jumps_ends_nothing_and_serials_grow),
	};

	return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
