/* Why a bot is idle: sentences from what the planner sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/plan/why_bot.h"
#include "tests/unit/masterd/plan/scene.h"

/* About the first bot of a scene: a sentence and a newline each. */
struct a_case {
	const char *what, *bots, *jobs, *leases, *tasks, *marks;
	struct why_bot_facts facts;
	const char *causes;
};

#define NOTHING                 \
	{                       \
		NULL, "", "", 0 \
	}

/* clang-format off */
static const struct a_case cases[] = {
	{ "it is not idle", "2", "60 60", "j1b1 j2b1", "", "", NOTHING, "" },
	{ "the master holds", "2", "60", "", "", "",
	    { "the disk is past its hard mark", "", "", 0 },
	    "the disk is past its hard mark\n" },
	{ "lost", "2,state=lost", "60", "", "", "", NOTHING, "it is lost\n" },
	{ "drained",
	    "2,state=drained+by+user:alice:+new+disk", "60", "", "", "", NOTHING,
	    "it is drained by user:alice: new disk\n" },
	{ "off, and when it is back",
	    "2,state=off:+by+its+hours", "60", "", "", "",
	    { NULL, "2026-11-23T19:00:00Z", "", 0 },
	    "it is off until 2026-11-23T19:00:00Z: by its hours\n" },
	{ "off, and it cannot say when", "2,state=off:+somebody+is+there",
	    "60", "", "", "", NOTHING, "it is off: somebody is there\n" },
	{ "resting", "2,rests=1", "60", "", "", "",
	    { NULL, "", "2026-11-22T20:00:00Z", 4 },
	    "it rests after 4 failures until 2026-11-22T20:00:00Z, and checks "
	    "builds only\n" },
	{ "no slots", "0", "60", "", "", "", NOTHING, "it has no slots\n" },
	{ "no job", "2", "", "", "", "", NOTHING,
	    "there is no job that could run\n" },
	{ "only jobs that are stopped", "2", "60,stop=paused", "", "", "",
	    NOTHING, "there is no job that could run\n" },
	{ "nobody needs it", "9 9", "60,ceiling=1 60,ceiling=1 60,ceiling=1",
	    "j1b2 j2b2 j3b2", "", "", NOTHING,
	    "no job needs it: all 3 running jobs have what they asked for\n" },
	{ "it cannot run what is left",
	    "4,san=address 4", "60,san=memory,ceiling=9 60,ceiling=1", "j2b2",
	    "", "", NOTHING,
	    "job job wants sanitizer memory, which this bot cannot run\n"
	    "1 job that it could run has what it asked for\n" },
	{ "several want the same", "4",
	    "60,engine=afl 60,engine=afl 60,tags=gpu", "", "", "", NOTHING,
	    "2 jobs want engine afl, which this bot does not have\n"
	    "job job wants tag gpu, which this bot does not have\n" },
	{ "tags and architecture", "4,tags=slow,arch=aarch64",
	    "60,tags=!slow,arch= 60,arch=x86_64", "", "", "", NOTHING,
	    "job job wants no bot with tag slow\n"
	    "job job wants architecture x86_64, which this bot is not of\n" },
	{ "a build that its kind cannot run", "4,host=deb11", "60,build=7", "",
	    "", "7=deb11", NOTHING,
	    "job job has a build that hosts of class 'deb11' cannot run\n" },
	{ "a job waits after a failure", "4", "60,wait=7300,retry=1", "", "",
	    "", NOTHING, "job job waits 8 s after a failure\n" },
	{ "a job failed here", "4 4", "60,retry=1", "", "", "", NOTHING,
	    "job job failed on it and waits for another bot\n" },
	{ "it is given work now", "4", "60,ceiling=1", "", "", "", NOTHING,
	    "1 lease is given to it now\n" },
};
/* clang-format on */

static void
each_case_gives_its_sentences(void **state)
{
	struct buf text = BUF_INIT;
	struct schedule_input in;
	const struct a_case *c;
	struct why_bot w;
	int failed = 0;
	size_t i;

	(void)state;
	for (c = cases; c < cases + sizeof(cases) / sizeof(cases[0]); c++) {
		scene_read(
		    &in, c->bots, c->jobs, c->leases, c->tasks, c->marks);
		why_bot_make(&w, &in, 0, &c->facts);
		buf_reset(&text);
		for (i = 0; i < w.cause_count; i++)
			buf_printf(&text, "%s\n", w.causes[i].text);
		if (strcmp(buf_text(&text), c->causes) != 0) {
			print_message("%s:\n%s", c->what, buf_text(&text));
			failed++;
		}
		why_bot_release(&w);
		schedule_input_release(&in);
	}
	buf_release(&text);
	assert_int_equal(failed, 0);
}

/* Of hundreds of jobs a few sentences, and asking changes nothing. */
static void
many_jobs_are_few_sentences(void **state)
{
	const struct why_bot_facts facts = NOTHING;
	struct buf jobs = BUF_INIT;
	struct schedule_input in;
	struct schedule_job before;
	struct why_bot w;
	int i;

	(void)state;
	for (i = 0; i < 300; i++)
		buf_printf(&jobs, "60,tags=t%d ", i);
	scene_read(&in, "4", jobs.data, "", "", "");
	before = in.jobs[0];
	why_bot_make(&w, &in, 0, &facts);
	assert_in_range(w.cause_count, 5, 12);
	assert_int_equal(w.offers, 0);
	assert_memory_equal(&before, &in.jobs[0], sizeof(before));
	why_bot_release(&w);
	schedule_input_release(&in);
	buf_release(&jobs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_gives_its_sentences),
	    cmocka_unit_test(many_jobs_are_few_sentences),
	};

	return cmocka_run_group_tests_name("why_bot", tests, NULL, NULL);
}
