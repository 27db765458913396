/* botd/courier/line: two bots on one link, and its rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "tests/unit/botd/courier/scene.h"

/* A second bot, b2, with a root of its own and the same account. */
struct pair {
	struct scene *w;
	char root[96];
	struct courier_config config;
	struct line *line;
	struct courier *one, *two;
};

static void
pair_open(struct pair *p, struct scene *w)
{
	static const char *const folders[] = {
	    "second/outbox/tmp", "second/outbox/new"};
	struct err e;
	size_t i;

	p->w = w;
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    fs_make_dirs(w->fd, folders[i], 0750, NULL), 0);
	snprintf(p->root, sizeof(p->root), "%s/second", w->path);
	p->config = w->config;
	p->config.root = p->root;
	strcpy(p->config.bot.text, "b2");
	p->line = line_new(&w->config, &e);
	assert_non_null(p->line);
	p->one = courier_join(&w->config, p->line, &e);
	p->two = courier_join(&p->config, p->line, &e);
	assert_non_null(p->one);
	assert_non_null(p->two);
}

static void
pair_close(struct pair *p)
{
	courier_free(p->one);
	courier_free(p->two);
	line_free(p->line);
}

/* One of b1's becomes one of b2's: nobody looks inside. */
static void
give(struct pair *p, const char *name)
{
	char from[160], to[160];

	snprintf(from, sizeof(from), "root/outbox/new/%s", name);
	snprintf(to, sizeof(to), "second/outbox/new/b2%s", name + 2);
	assert_int_equal(renameat(p->w->fd, from, p->w->fd, to), 0);
}

static void
both_are_served_over_one_connection(void **state)
{
	struct scene *w = *state;
	struct pair p;

	pair_open(&p, w);
	give(&p, scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 7, 10));
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 10);
	assert_true(line_up(p.line, clock_up_ms()));
	courier_work(p.one);
	courier_work(p.two);
	assert_int_equal(p.line->connects, 1);
	assert_int_equal(scene_count(w, "account/incoming/new"), 2);
	assert_true(scene_has(w, "root/inbox/link.json"));
	assert_true(scene_has(w, "second/inbox/link.json"));
	pair_close(&p);
}

static void
nobody_takes_the_whole_line(void **state)
{
	struct scene *w = *state;
	struct pair p;
	int i;

	pair_open(&p, w);
	for (i = 1; i <= 20; i++)
		scene_seal(w, KIND_CORPUS, SCENE_EPOCH, (uint64_t)i, 10);
	assert_true(line_up(p.line, clock_up_ms()));
	(void)courier_work(p.one);
	assert_true(p.one->more); /* at once again */
	assert_int_equal(scene_count(w, "account/incoming/new"), 8);
	(void)courier_work(p.one);
	assert_int_equal(scene_count(w, "account/incoming/new"), 16);
	(void)courier_work(p.one);
	assert_false(p.one->more);
	assert_int_equal(scene_count(w, "account/incoming/new"), 20);
	pair_close(&p);
}

static void
a_crash_of_one_overtakes_the_bulk_of_another(void **state)
{
	struct scene *w = *state;
	struct pair p;
	char crash[96];

	pair_open(&p, w);
	assert_true(line_up(p.line, clock_up_ms()));
	courier_work(p.two);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 3000000);
	snprintf(crash, sizeof(crash), "%s",
	    scene_seal(w, KIND_CRASH, SCENE_EPOCH, 9, 10));
	give(&p, crash);
	courier_work(p.one); /* b2 has no turn of its own */
	assert_true(scene_has(w, "account/incoming/new/b2%s", crash + 2));
	pair_close(&p);
}

static void
trouble_of_one_is_its_own(void **state)
{
	struct scene *w = *state;
	struct pair p;

	pair_open(&p, w);
	assert_true(line_up(p.line, clock_up_ms()));
	assert_int_equal(fs_remove_tree(w->fd, "second", NULL), 0);
	close(p.two->inbox);
	p.two->inbox = -1;
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 2500000);
	courier_work(p.one);
	assert_int_equal(scene_count(w, "account/incoming/new"), 1);
	assert_true(link_up(p.line->link));
	pair_close(&p);
}

static uint64_t
rate_of_test(void *arg)
{
	return *(uint64_t *)arg;
}

static void
bulk_keeps_to_the_rate_and_a_crash_does_not(void **state)
{
	struct scene *w = *state;
	uint64_t rate = 1000000, began, took;

	w->config.rate = rate_of_test;
	w->config.rate_arg = &rate;
	scene_cover(w, 0);
	/* From here on it saves up: sealing may take its time. */
	began = clock_up_ms();
	scene_turn(w);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 1, 1200000);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 300000);
	scene_turn(w);
	took = clock_up_ms() - began;
	assert_int_equal(scene_count(w, "account/incoming/new"), 2);
	assert_in_range(took, 900, 60000);
	/* What is owed is owed by bulk alone. */
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 3, 1500000);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 4, 1500000);
	rate = 0; /* the crash goes first, the bulk as fast as it can */
	scene_turn(w);
	assert_int_equal(scene_count(w, "account/incoming/new"), 4);
	rate = 100000;
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 5, 1000000);
	began = clock_up_ms();
	scene_turn(w);
	took = clock_up_ms() - began;
	assert_int_equal(scene_count(w, "account/incoming/new"), 5);
	assert_in_range(took, 0, 8000); /* ten seconds' worth */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_are_served_over_one_connection),
	    TEST(nobody_takes_the_whole_line),
	    TEST(a_crash_of_one_overtakes_the_bulk_of_another),
	    TEST(trouble_of_one_is_its_own),
	    TEST(bulk_keeps_to_the_rate_and_a_crash_does_not),
	};

	return cmocka_run_group_tests_name(
	    "botd/courier/line", tests, NULL, NULL);
}
