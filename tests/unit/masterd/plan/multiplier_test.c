/* What the last day of a job does to its share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/plan/multiplier.h"

#define DAY     (24ull * 60 * 60 * 1000)
#define OLD     (30 * DAY)
#define NOT_RUN 0

struct a_case {
	const char *what;
	struct multiplier_facts facts;
	unsigned permille; /* NOT_RUN: as it was */
	const char *why;
};

/* clang-format off */
static const struct a_case cases[] = {
	{ "nothing in particular", { .target_age_ms = OLD, .sessions = 24 },
	    1000, "" },
	{ "it did not run", { .target_age_ms = OLD }, NOT_RUN, "" },
	{ "every session crashes at start",
	    { .target_age_ms = OLD, .sessions = 10, .startup_crashes = 10 },
	    100, "10 of 10 sessions of the last day crashed at start" },
	{ "half of them do",
	    { .target_age_ms = OLD, .sessions = 10, .startup_crashes = 5 },
	    550, "5 of 10 sessions of the last day crashed at start" },
	{ "slow inputs", { .target_age_ms = OLD, .sessions = 4, .slow = 4 },
	    250, "4 of 4 sessions of the last day met slow inputs" },
	{ "timeouts", { .target_age_ms = OLD, .sessions = 4, .timeouts = 2 },
	    625, "2 of 4 sessions of the last day timed out" },
	{ "out of memory", { .target_age_ms = OLD, .sessions = 3, .memory = 3 },
	    250, "3 of 3 sessions of the last day ran out of memory" },
	{ "crashes", { .target_age_ms = OLD, .sessions = 24, .crashes = 24 },
	    500, "24 of 24 sessions of the last day crashed" },
	{ "the smallest wins",
	    { .target_age_ms = OLD, .sessions = 10, .crashes = 10,
	      .timeouts = 8, .startup_crashes = 3 },
	    400, "8 of 10 sessions of the last day timed out" },
	{ "coverage that is flat",
	    { .target_age_ms = OLD, .sessions = 10, .edges = 1009,
	      .edges_before = 1000 }, 750,
	    "coverage grew by less than 1 % in a week (1000 to 1009 edges)" },
	{ "coverage that fell",
	    { .target_age_ms = OLD, .sessions = 10, .edges = 900,
	      .edges_before = 1000 }, 750,
	    "coverage grew by less than 1 % in a week (1000 to 900 edges)" },
	{ "coverage that grows by 1 %",
	    { .target_age_ms = OLD, .sessions = 10, .edges = 1010,
	      .edges_before = 1000 }, 1000, "" },
	{ "coverage a week ago is not known",
	    { .target_age_ms = OLD, .sessions = 10, .edges = 1010 }, 1000, "" },
	{ "flat, but crashes weigh more",
	    { .target_age_ms = OLD, .sessions = 10, .crashes = 10,
	      .edges = 1000, .edges_before = 1000 },
	    500, "10 of 10 sessions of the last day crashed" },
	{ "flat weighs more than a crash now and then",
	    { .target_age_ms = OLD, .sessions = 10, .crashes = 1,
	      .edges = 1000, .edges_before = 1000 }, 750,
	    "coverage grew by less than 1 % in a week (1000 to 1000 edges)" },
	{ "a new target wins over all of it",
	    { .target_age_ms = 7 * DAY - 1, .sessions = 10,
	      .startup_crashes = 10 },
	    5000, "its target is new (less than 7 days)" },
	{ "even before it ran", { .target_age_ms = 0 }, 5000,
	    "its target is new (less than 7 days)" },
	{ "for seven days",
	    { .target_age_ms = 7 * DAY, .sessions = 10 }, 1000, "" },
	{ "more than all is all",
	    { .target_age_ms = OLD, .sessions = 1, .crashes = 9 },
	    500, "1 of 1 sessions of the last day crashed" },
};
/* clang-format on */

static void
each_case_gives_its_multiplier(void **state)
{
	const struct a_case *c;
	struct multiplier m;
	int failed = 0;
	bool ran;

	(void)state;
	for (c = cases; c < cases + sizeof(cases) / sizeof(cases[0]); c++) {
		ran = multiplier_of(&c->facts, &m);
		if (ran == (c->permille != NOT_RUN) &&
		    (!ran ||
			(m.permille == c->permille &&
			    strcmp(m.why, c->why) == 0)))
			continue;
		print_message(
		    "%s: %d %u '%s'\n", c->what, ran, m.permille, m.why);
		failed++;
	}
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_gives_its_multiplier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
