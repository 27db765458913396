/*
 * Time passes on farms without machines: shares, waits, floors and ceilings
 * over hours and days (tests/bench/simulate.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/bench/simulate.h"

#define MINUTE 60000ull
#define HOUR   (60 * MINUTE)
#define STEP   10000ull

/* ---- a day ----------------------------------------------------------- */

static void
a_day(unsigned jobs, unsigned bots, uint64_t seed, struct sim_figures *f)
{
	struct sim_day day = {seed, jobs, bots, 24, STEP};

	sim_day(&day, f);
	print_message(
	    "%u jobs, %u bots, seed %ju: worst share off by %.2f %%, "
	    "longest wait %.0f min, %ju offers, %ju withdrawn, %.2f s\n",
	    jobs, bots, (uintmax_t)seed, f->worst_share * 100,
	    (double)f->longest_wait_ms / (double)MINUTE, (uintmax_t)f->offers,
	    (uintmax_t)f->withdrawals, f->seconds);
	if (f->broken != 0)
		fail_msg("%d times: %s", f->broken, f->first);
}

static void
a_day_of_100_jobs_on_50_bots_keeps_every_rule(void **state)
{
	struct sim_figures f;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		a_day(100, 50, seed, &f);
		assert_true(f.plain_jobs >= 60);
		assert_true(f.worst_share < 0.03);
		assert_true(f.longest_wait_ms < 3 * HOUR);
		assert_true(f.used > 0.999);
		/* About one lease in a hundred is cut short. */
		assert_true(f.withdrawals * 50 < f.offers);
	}
}

static void
a_day_of_a_small_farm_keeps_every_rule(void **state)
{
	struct sim_figures f;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		a_day(6, 2, seed, &f);
		assert_true(f.worst_share < 0.10);
		assert_true(f.longest_wait_ms < 6 * HOUR);
	}
}

/* ---- one thing at a time --------------------------------------------- */

static double
hours(const struct sim *s, size_t job)
{
	return (double)s->jobs[job].used_ms / (double)HOUR;
}

static void
assert_about(double is, double wanted, double within)
{
	if (is < wanted * (1 - within) || is > wanted * (1 + within))
		fail_msg("%.3f, not about %.3f", is, wanted);
}

static void
end(struct sim *s)
{
	if (s->broken != 0)
		fail_msg("%d times: %s", s->broken, s->first);
	sim_release(s);
}

static void
three_to_one_on_a_single_slot(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 1);
	sim_add_job(&s, 60);
	sim_add_job(&s, 20);
	sim_run(&s, 100 * HOUR, STEP);
	assert_about(hours(&s, 0), 75, 0.03);
	assert_about(hours(&s, 1), 25, 0.03);
	end(&s);
}

static void
ten_thousand_to_one_on_a_single_slot(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 1);
	sim_add_job(&s, 10000);
	sim_add_job(&s, 1);
	sim_run(&s, 240 * HOUR, STEP);
	/* It had its turn, five minutes long, and no other. */
	assert_about(hours(&s, 1), 1.0 / 12, 0.05);
	end(&s);
}

/* A turn comes every six hours, at any weight. */
static void
nobody_is_forgotten_when_jobs_are_ten_times_the_slots(void **state)
{
	static const unsigned weights[] = {60, 15, 25, 60};
	struct sim s;
	size_t i;

	(void)state;
	sim_init(&s, 1);
	for (i = 0; i < 10; i++)
		sim_add_bot(&s, 8);
	for (i = 0; i < 800; i++)
		sim_add_job(&s, weights[i % 4]);
	sim_run(&s, 36 * HOUR, 30000);
	for (i = 0; i < 800; i++)
		assert_true(s.jobs[i].longest_wait < 8 * HOUR);
	end(&s);
}

static void
a_new_job_takes_its_share_and_no_more(void **state)
{
	size_t late;
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 8);
	sim_add_bot(&s, 8);
	sim_add_job(&s, 60);
	sim_add_job(&s, 60);
	sim_add_job(&s, 60);
	sim_run(&s, 72 * HOUR, STEP);
	late = sim_add_job(&s, 60);
	sim_step(&s, STEP);
	assert_true(s.jobs[late].open > 0); /* at once */
	sim_run(&s, 4 * HOUR, STEP);
	assert_true(hours(&s, late) < 4 * 4 * 1.15);
	assert_true(hours(&s, late) > 4 * 4 * 0.80);
	end(&s);
}

static void
a_day_without_work_gives_no_claim(void **state)
{
	uint64_t before;
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 16);
	sim_add_job(&s, 60);
	sim_add_job(&s, 60);
	sim_run(&s, 2 * HOUR, STEP);
	s.in.jobs[1].stopped = "paused";
	sim_end_leases(&s, 1, -1);
	sim_run(&s, 24 * HOUR, STEP);
	s.in.jobs[1].stopped = NULL;
	before = s.jobs[1].used_ms;
	sim_run(&s, 4 * HOUR, STEP);
	assert_about(
	    (double)(s.jobs[1].used_ms - before) / (double)HOUR, 4 * 8, 0.15);
	end(&s);
}

/* For a week it could have one slot of 33 only; then the whole farm. */
static void
a_week_on_one_special_bot_gives_no_claim(void **state)
{
	uint64_t before;
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 1);
	sim_add_bot(&s, 32);
	s.in.bots[0].tags = "gpu";
	sim_add_job(&s, 600);
	sim_add_job(&s, 60);
	s.in.jobs[0].tags = "gpu";
	sim_run(&s, 7 * 24 * HOUR, 60000);
	assert_about(hours(&s, 0), 7 * 24, 0.02);
	s.in.bots[1].tags = "gpu";
	before = s.jobs[1].used_ms;
	sim_run(&s, 24 * HOUR, 60000);
	/* 3 of 33 slots are the other's: it loses some hours, not the day. */
	assert_true((double)(s.jobs[1].used_ms - before) / (double)HOUR > 40);
	end(&s);
}

static void
jobs_that_share_a_special_bot_do_so_by_weight(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 2);
	sim_add_bot(&s, 30);
	s.in.bots[0].tags = "gpu";
	sim_add_job(&s, 90);
	sim_add_job(&s, 30);
	sim_add_job(&s, 60);
	s.in.jobs[0].tags = s.in.jobs[1].tags = "gpu";
	sim_run(&s, 100 * HOUR, STEP);
	assert_about(hours(&s, 0), 150, 0.03);
	assert_about(hours(&s, 1), 50, 0.05);
	assert_about(hours(&s, 2), 3000, 0.01);
	end(&s);
}

static void
a_boost_acts_while_it_lasts(void **state)
{
	uint64_t before;
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 8);
	sim_add_job(&s, 60);
	sim_add_job(&s, 60);
	s.in.jobs[1].boost = 3000;
	sim_run(&s, 24 * HOUR, STEP);
	assert_about(hours(&s, 1), 24 * 6, 0.03);
	s.in.jobs[1].boost = 1000;
	before = s.jobs[1].used_ms;
	sim_run(&s, 24 * HOUR, STEP);
	assert_about(
	    (double)(s.jobs[1].used_ms - before) / (double)HOUR, 24 * 4, 0.03);
	end(&s);
}

static void
a_target_that_always_fails_stops_nobody(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1);
	sim_add_bot(&s, 4);
	sim_add_bot(&s, 4);
	sim_add_job(&s, 600);
	sim_add_job(&s, 60);
	s.jobs[0].fails = 1000;
	sim_run(&s, 24 * HOUR, STEP);
	assert_true(hours(&s, 1) > 24 * 7);
	end(&s);
}

static void
equal_seeds_give_equal_days(void **state)
{
	struct sim_figures a, b;

	(void)state;
	a_day(40, 10, 7, &a);
	a_day(40, 10, 7, &b);
	assert_int_equal(a.offers, b.offers);
	assert_int_equal(a.withdrawals, b.withdrawals);
	assert_true(a.worst_share == b.worst_share);
}

#define T(name) cmocka_unit_test(name)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_day_of_100_jobs_on_50_bots_keeps_every_rule),
	    T(a_day_of_a_small_farm_keeps_every_rule),
	    T(three_to_one_on_a_single_slot),
	    T(ten_thousand_to_one_on_a_single_slot),
	    T(nobody_is_forgotten_when_jobs_are_ten_times_the_slots),
	    T(a_new_job_takes_its_share_and_no_more),
	    T(a_day_without_work_gives_no_claim),
	    T(a_week_on_one_special_bot_gives_no_claim),
	    T(jobs_that_share_a_special_bot_do_so_by_weight),
	    T(a_boost_acts_while_it_lasts),
	    T(a_target_that_always_fails_stops_nobody),
	    T(equal_seeds_give_equal_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
