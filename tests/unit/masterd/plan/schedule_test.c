/* Who works on what: tables of cases for a pure function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/plan/schedule.h"

#define ANY UINT64_MAX
#define END       \
	{         \
		0 \
	}

/*
 * A case: bots, jobs, and the steps that must come out, as "j1>b2" for an
 * offer and "j1-l7" for a withdrawal.
 */
struct a_case {
	const char *what;
	struct schedule_bot bots[4];
	struct schedule_job jobs[4];
	const char *steps;
};

/* id, slots, taken, takes, engines */
#define BOT(id, slots, taken)                       \
	{                                           \
		id, slots, taken, true, "libfuzzer" \
	}
/* id, engine, weight, spent, ceiling, open, newest, ready, left */
#define JOB(id, weight, spent, open)                           \
	{                                                      \
		id, "libfuzzer", weight, spent, 0, open,       \
		    (open) ? 10 * (id) + (open) : 0, true, ANY \
	}

/* clang-format off */
static const struct a_case cases[] = {
	{ "no job, no step", { BOT(1, 4, 0) }, { END }, "" },
	{ "no bot, no step", { END }, { JOB(1, 60, 0, 0) }, "" },
	{ "one job takes what is free",
	    { BOT(1, 2, 0), BOT(2, 1, 0) }, { JOB(1, 60, 0, 0) },
	    "j1>b1 j1>b1 j1>b2 " },
	{ "the roomiest bot first",
	    { BOT(1, 2, 1), BOT(2, 4, 1) }, { JOB(1, 60, 0, 0) },
	    "j1>b2 j1>b2 j1>b1 j1>b2 " },
	{ "two jobs share evenly",
	    { BOT(1, 4, 0) }, { JOB(1, 60, 0, 0), JOB(2, 60, 0, 0) },
	    "j1>b1 j2>b1 j1>b1 j2>b1 " },
	{ "by weight: 3 to 1",
	    { BOT(1, 4, 0) }, { JOB(1, 90, 0, 0), JOB(2, 30, 0, 0) },
	    "j1>b1 j2>b1 j1>b1 j1>b1 " },
	{ "who has spent less comes first",
	    { BOT(1, 1, 0) }, { JOB(1, 60, 500, 0), JOB(2, 60, 100, 0) },
	    "j2>b1 " },
	{ "spent counts by weight",
	    { BOT(1, 1, 0) }, { JOB(1, 60, 500, 0), JOB(2, 10, 100, 0) },
	    "j1>b1 " },
	{ "the older one when all is equal",
	    { BOT(1, 1, 0) }, { JOB(2, 60, 7, 0), JOB(1, 60, 7, 0) },
	    "j1>b1 " },
	{ "a full bot gets nothing",
	    { BOT(1, 2, 2) }, { JOB(1, 60, 0, 1) }, "" },
	{ "more taken than slots: a bot that was made smaller",
	    { BOT(1, 1, 3) }, { JOB(1, 60, 0, 3) }, "" },
	{ "one that holds takes nothing",
	    { { 1, 4, 0, false, "libfuzzer" } }, { JOB(1, 60, 0, 0) }, "" },
	{ "the engine must fit, as a whole word",
	    { { 1, 1, 0, true, "afl libfuzzer2" },
	      { 2, 1, 0, true, "afl libfuzzer honggfuzz" } },
	    { JOB(1, 60, 0, 0) }, "j1>b2 " },
	{ "a job whose engine nobody has lets the others go on",
	    { BOT(1, 2, 0) },
	    { { 1, "afl", 60, 0, 0, 0, 0, true, ANY }, JOB(2, 60, 9, 0) },
	    "j2>b1 j2>b1 " },
	{ "a ceiling holds",
	    { BOT(1, 4, 0) },
	    { { 1, "libfuzzer", 60, 0, 2, 0, 0, true, ANY } },
	    "j1>b1 j1>b1 " },
	{ "a job that waits out a failure gets nothing",
	    { BOT(1, 4, 0) },
	    { { 1, "libfuzzer", 60, 0, 0, 0, 0, false, ANY } }, "" },
	{ "nor one whose time is used up",
	    { BOT(1, 4, 0) },
	    { { 1, "libfuzzer", 60, 0, 0, 0, 0, true, 0 } }, "" },
	{ "a starved job gets the newest lease of the richest",
	    { BOT(1, 3, 3) },
	    { JOB(1, 60, 0, 2), JOB(2, 60, 0, 1), JOB(3, 60, 0, 0) },
	    "j1-l12 " },
	{ "the last lease of a job is never taken",
	    { BOT(1, 2, 2) },
	    { JOB(1, 60, 0, 1), JOB(2, 60, 0, 1), JOB(3, 60, 0, 0) }, "" },
	{ "nor is one taken for a job that no bot can run",
	    { BOT(1, 2, 2) },
	    { JOB(1, 60, 0, 2), { 2, "afl", 60, 0, 0, 0, 0, true, ANY } },
	    "" },
	{ "nor for one that has a lease",
	    { BOT(1, 4, 4) },
	    { JOB(1, 60, 0, 3), JOB(2, 600, 0, 1) }, "" },
	{ "one lease for each starved job",
	    { BOT(1, 6, 6) },
	    { JOB(1, 60, 0, 3), JOB(2, 60, 0, 3), JOB(3, 60, 0, 0),
	      JOB(4, 60, 0, 0) },
	    "j2-l23 j1-l13 " },
};
/* clang-format on */

static void
describe(struct buf *out, const struct schedule_step *s)
{
	if (s->act == SCHEDULE_OFFER)
		buf_printf(
		    out, "j%jd>b%jd ", (intmax_t)s->job, (intmax_t)s->bot);
	else
		buf_printf(
		    out, "j%jd-l%jd ", (intmax_t)s->job, (intmax_t)s->lease);
}

/* Copies of the case's rows, which schedule_next() changes. */
static void
run(const struct a_case *c, struct buf *steps)
{
	struct schedule_bot bots[4];
	struct schedule_job jobs[4];
	struct schedule_input in = {.bots = bots, .jobs = jobs};
	struct schedule_step step;
	int most = 100;

	memcpy(bots, c->bots, sizeof(bots));
	memcpy(jobs, c->jobs, sizeof(jobs));
	while (in.bot_count < 4 && bots[in.bot_count].id != 0)
		in.bot_count++;
	while (in.job_count < 4 && jobs[in.job_count].id != 0)
		in.job_count++;
	while (schedule_next(&in, &step)) {
		describe(steps, &step);
		assert_true(--most > 0);
	}
}

static void
each_case_gives_its_steps(void **state)
{
	struct buf steps = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&steps);
		run(&cases[i], &steps);
		if (strcmp(buf_text(&steps), cases[i].steps) != 0)
			fail_msg("%s: '%s', not '%s'", cases[i].what,
			    buf_text(&steps), cases[i].steps);
	}
	buf_release(&steps);
}

static void
a_slice_is_at_most_an_hour_and_at_most_what_is_left(void **state)
{
	static const struct {
		uint64_t left, slice;
	} table[] = {{ANY, SCHEDULE_SLICE_MS}, {5000, 5000}, {1, 1},
	    {SCHEDULE_SLICE_MS + 1, SCHEDULE_SLICE_MS}};
	struct schedule_step step;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct schedule_bot bot = BOT(1, 1, 0);
		struct schedule_job job = JOB(1, 60, 0, 0);
		struct schedule_input in = {
		    .bots = &bot, .bot_count = 1, .jobs = &job, .job_count = 1};

		job.left_ms = table[i].left;
		assert_true(schedule_next(&in, &step));
		assert_true(step.slice_ms == table[i].slice);
	}
}

static void
large_numbers_do_not_overflow(void **state)
{
	struct schedule_bot bot = BOT(1, 1, 0);
	struct schedule_job jobs[2] = {
	    JOB(1, 1ull << 62, 1ull << 62, 0), JOB(2, 1, 2, 0)};
	struct schedule_input in = {
	    .bots = &bot, .bot_count = 1, .jobs = jobs, .job_count = 2};
	struct schedule_step step;

	(void)state;
	/* 1 of 1 is less than 2 of 1. */
	assert_true(schedule_next(&in, &step));
	assert_int_equal(step.job, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_gives_its_steps),
	    cmocka_unit_test(
		a_slice_is_at_most_an_hour_and_at_most_what_is_left),
	    cmocka_unit_test(large_numbers_do_not_overflow),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
