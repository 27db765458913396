/* Why a job has what it has: sentences from what the planner sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/plan/why.h"
#include "tests/unit/masterd/plan/scene.h"

/* About the first job of a scene: the causes, "code: text" and a newline. */
struct a_case {
	const char *what, *bots, *jobs, *leases, *marks, *held, *causes;
};

/* clang-format off */
static const struct a_case cases[] = {
	{ "paused", "4", "60,stop=paused+by+user:root", "", "", NULL,
	    "paused: paused by user:root\n" },
	{ "the master holds", "4", "60", "", "", "the disk is full",
	    "master_holds: the disk is full\n" },
	{ "time used up", "4", "60,left=0", "", "", NULL,
	    "time_used_up: its time is used up\n" },
	{ "no bot at all", "", "60", "", "", NULL,
	    "no_bot: there is no bot\n" },
	{ "no bot is up", "4,state=lost 4,state=lost 1,state=late", "60", "",
	    "", NULL,
	    "no_bot: no bot takes work: none of 3 is up\n"
	    "bot_absent: 2 bots could run it, but are lost\n"
	    "bot_absent: b3 could run it, but is late\n" },
	{ "tags", "4 4 4 1,tags=slow+gpu", "60,tags=gpu+!slow", "", "", NULL,
	    "no_bot: no bot that is up can run it\n"
	    "no_tag: 3 bots lack tag gpu\n"
	    "has_tag: 1 bot has tag slow\n" },
	{ "engine, sanitizer, architecture",
	    "1,engines=afl 1,san=address 1,arch=aarch64",
	    "60,san=memory,arch=x86-64", "", "", NULL,
	    "no_bot: no bot that is up can run it\n"
	    "no_engine: 1 bot lacks engine libfuzzer\n"
	    "no_sanitizer: 1 bot lacks sanitizer memory\n"
	    "wrong_arch: 1 bot is not of architecture x86_64\n" },
	{ "a build and a class", "1,host=deb11 1,host=deb11 1", "60,build=7",
	    "", "7=deb11", NULL,
	    "incompatible: build 7 is incompatible with class 'deb11' "
	    "(2 bots)\n"
	    "offered: 1 more slot is given to it now\n"
	    "has_all: it has all 1 slot that it can use\n" },
	{ "a bot that rests", "4,rests=1", "60", "", "", NULL,
	    "no_bot: no bot that is up can run it\n"
	    "rests: 1 bot rests after leases failed there\n" },
	{ "all taken", "2 1", "60,had=9 60", "j2b1 j2b1 j1b2", "", NULL,
	    "no_free_slot: no free slot: 3 of 3 are taken\n" },
	{ "it has all", "2", "60", "j1b1 j1b1", "", NULL,
	    "has_all: it has all 2 slots that it can use\n" },
	{ "its ceiling", "4", "60,ceiling=2", "j1b1 j1b1", "", NULL,
	    "ceiling: its ceiling of 2 slots is reached\n" },
	{ "a parked task", "4 1", "60,tasks=1", "j1b1", "", NULL,
	    "parked_task: a task of it is parked and it makes no new one: 1 "
	    "task is left\n" },
	{ "it waits", "4 1", "60,wait=7300,retry=2", "", "", NULL,
	    "waits: waits 8 s after a failure on b2\n" },
	{ "one at a time", "4 1", "60,retry=2", "j1b1", "", NULL,
	    "retry: a task of it failed on b2: one slot until it runs "
	    "again\n" },
	{ "it waits for another bot", "4 1", "60,retry=1 60,ceiling=1",
	    "j2b2:5", "", NULL,
	    "avoids: it failed on b1 and waits for another bot\n" },
	{ "others are first", "1", "60,had=90 60", "", "", NULL,
	    "others_first: 1 free slot is for jobs that had less of "
	    "their share\n" },
	{ "it is given some", "4", "60 60", "j1b1", "", NULL,
	    "offered: 1 more slot is given to it now\n"
	    "others_first: 2 free slots are for jobs that had less of "
	    "their share\n" },
};
/* clang-format on */

static void
each_case_gives_its_causes(void **state)
{
	struct buf text = BUF_INIT;
	struct schedule_input in;
	const struct a_case *c;
	struct why w;
	int failed = 0;
	size_t i;

	(void)state;
	for (c = cases; c < cases + sizeof(cases) / sizeof(cases[0]); c++) {
		scene_read(&in, c->bots, c->jobs, c->leases, "", c->marks);
		in.jobs[0].stop_code = "paused";
		why_make(&w, &in, 0, c->held);
		buf_reset(&text);
		for (i = 0; i < w.cause_count; i++)
			buf_printf(&text, "%s: %s\n", w.causes[i].code,
			    w.causes[i].text);
		if (strcmp(buf_text(&text), c->causes) != 0) {
			print_message("%s:\n%s", c->what, buf_text(&text));
			failed++;
		}
		why_release(&w);
		schedule_input_release(&in);
	}
	buf_release(&text);
	assert_int_equal(failed, 0);
}

/* What it says changes nothing. */
static void
asking_changes_nothing(void **state)
{
	struct schedule_input in;
	struct schedule_job before;
	struct why w;

	(void)state;
	scene_read(&in, "4", "60,had=9,spent=5,ceiling=1 60", "j1b1 j1b1 j2b1",
	    "", "");
	before = in.jobs[0];
	why_make(&w, &in, 0, NULL);
	assert_memory_equal(&before, &in.jobs[0], sizeof(before));
	assert_int_equal(in.leases[0].job, 1);
	assert_int_equal(in.leases[1].job, 1);
	assert_int_equal(w.slots, 2);
	why_release(&w);
	schedule_input_release(&in);
}

static void
json_has_weights_shares_and_causes(void **state)
{
	const struct why_facts f = {"0123456789abcdef", "png/read", "running",
	    "it timed out", "", NULL, 3600000, 14400000, 0, 0};
	struct buf out = BUF_INIT;
	struct schedule_input in;
	struct why w;

	(void)state;
	scene_read(&in, "12", "60,mult=250,floor=1 45", "j1b1", "", "");
	why_make(&w, &in, 0, NULL);
	why_json(&out, &w, &in.jobs[0], &f);
	assert_string_equal(out.data,
	    "{\"api\":1,\"item\":{\"id\":\"0123456789abcdef\","
	    "\"target\":\"png/read\",\"status\":\"running\",\"weight\":60,"
	    "\"multiplier\":0.25,\"multiplier_why\":\"it timed out\","
	    "\"boost\":1,\"boost_until\":null,\"effective\":15,\"slots\":1,"
	    "\"offers\":2,\"floor\":1,\"ceiling\":0,\"all_slots\":12,"
	    "\"slots_due\":3,\"share_due\":0.25,\"share_day\":0.25,"
	    "\"share_start\":null,\"causes\":[{\"code\":\"offered\",\"text\":"
	    "\"2 more slots are given to it now\"},{\"code\":\"others_first\","
	    "\"text\":\"9 free slots are for jobs that had less of their "
	    "share\"}]}}");
	why_release(&w);
	buf_release(&out);
	schedule_input_release(&in);
}

#define T(name) cmocka_unit_test(name)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_case_gives_its_causes),
	    T(asking_changes_nothing),
	    T(json_has_weights_shares_and_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
