/*
 * The planner by itself: ten simulated days of 100 jobs on 50 bots, and one
 * round of 2,000 jobs on 500 bots with 64 slots each.  No disk, no database.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/simulate.h"

#define DAYS   10
#define ROUNDS 15

static const char *const tags[] = {"a", "b", "a b", "", "c", "a c", ""};

/* ---- days ------------------------------------------------------------ */

static void
days(void)
{
	struct sim_day day = {
	    .jobs = 100, .bots = 50, .hours = 24, .step_ms = 10000};
	double rate[DAYS], worst = 0, wait = 0;
	struct sim_figures f;
	int i;

	for (i = 0; i < DAYS; i++) {
		day.seed = (uint64_t)i + 1;
		sim_day(&day, &f);
		if (f.broken != 0)
			bench_die(
			    "seed %d: %d times %s", i + 1, f.broken, f.first);
		rate[i] = (double)f.rounds / f.seconds;
		if (f.worst_share > worst)
			worst = f.worst_share;
		if ((double)f.longest_wait_ms > wait)
			wait = (double)f.longest_wait_ms;
	}
	bench_figure(
	    &(struct figure){"schedule.rounds", "1/s", bench_median(rate, DAYS),
		NO_FIGURE, NO_FIGURE, AT_LEAST, NO_FIGURE});
	bench_figure(&(struct figure){"schedule.share-error", "%", worst * 100,
	    NO_FIGURE, NO_FIGURE, BELOW, 3});
	bench_figure(&(struct figure){"schedule.longest-wait", "min",
	    wait / 60000, NO_FIGURE, NO_FIGURE, AT_MOST, NO_FIGURE});
}

/* ---- a large farm ---------------------------------------------------- */

static void
large_farm(struct sim *s)
{
	size_t i;

	for (i = 0; i < 500; i++) {
		sim_add_bot(s, 64);
		s->in.bots[i].tags = tags[i % 7];
	}
	for (i = 0; i < 2000; i++) {
		sim_add_job(s, 15 + (unsigned)i % 60);
		s->in.jobs[i].tags = i % 10 == 3 ? tags[i % 7] : "";
	}
}

/* The first round deals 32,000 slots, the others what came free since. */
static void
large(void)
{
	double all, later[ROUNDS], before;
	struct sim s;
	int i;

	sim_init(&s, 1);
	large_farm(&s);
	sim_step(&s, 1000);
	all = s.seconds;
	for (i = 0; i < ROUNDS; i++) {
		sim_end_leases(&s, (long)sim_random(&s, 2000), -1);
		before = s.seconds;
		sim_step(&s, 2000);
		later[i] = s.seconds - before;
	}
	if (s.broken != 0)
		bench_die("%s", s.first);
	bench_figure(&(struct figure){"schedule.first-round", "ms", all * 1000,
	    NO_FIGURE, NO_FIGURE, BELOW, 50});
	bench_figure(&(struct figure){"schedule.round", "ms",
	    bench_median(later, ROUNDS) * 1000, NO_FIGURE, NO_FIGURE, BELOW,
	    50});
	sim_release(&s);
}

int
main(void)
{
	days();
	large();
	return 0;
}
