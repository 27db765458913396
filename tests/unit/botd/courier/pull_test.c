/* botd/courier/pull: status.json, news and no news (PROTOCOL 23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/botd/courier/scene.h"

#define REMOTE "account/outgoing/b1/status.json"
#define LOCAL  "root/inbox/status.json"

static int gets;
static const struct link_ops *real;

static int
count_get(struct link *l, const char *path, uint64_t expect,
    const struct link_sink *sink, struct err *e)
{
	gets++;
	return real->get(l, path, expect, sink, e);
}

static void
count_gets(struct scene *w)
{
	static struct link_ops ops;

	real = w->courier->link->ops;
	ops = *real;
	ops.get = count_get;
	w->courier->link->ops = &ops;
	gets = 0;
}

static void
a_status_is_placed_as_it_came(void **state)
{
	struct scene *w = *state;
	struct buf text = BUF_INIT;

	scene_cover(w, 3);
	scene_turn(w);
	status_format(&text, w->status);
	assert_true(scene_holds(w, LOCAL, buf_text(&text)));
	buf_release(&text);
}

static void
an_unchanged_one_is_not_fetched_again(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 3);
	scene_turn(w);
	count_gets(w);
	scene_turn(w);
	scene_turn(w);
	assert_int_equal(gets, 0);
	scene_cover(w, 3); /* only its mtime differs */
	scene_turn(w);
	assert_int_equal(gets, 1);
}

static void
an_absent_one_is_no_news(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 3);
	scene_turn(w);
	scene_remove(w, REMOTE);
	scene_turn(w);
	assert_true(scene_has(w, LOCAL));
	assert_true(w->courier->status_missing);
	assert_true(link_up(w->courier->link));
}

static void
no_news(struct scene *w, const char *text)
{
	struct buf before = BUF_INIT;

	status_format(&before, w->status);
	scene_write(w, REMOTE, text);
	scene_turn(w);
	assert_true(scene_holds(w, LOCAL, buf_text(&before)));
	assert_true(link_up(w->courier->link));
	buf_release(&before);
}

static void
one_that_cannot_be_parsed_is_no_news(void **state)
{
	struct scene *w = *state;
	char *long_text = mem_alloc(STATUS_MAX_BYTES + 2);

	scene_cover(w, 3);
	scene_turn(w);
	no_news(w, "");
	no_news(w, "{\"generation\":");
	no_news(w, "{}");
	memset(long_text, ' ', STATUS_MAX_BYTES + 1);
	no_news(w, long_text);
	free(long_text);
	scene_cover(w, 4);
	scene_turn(w);
	assert_true(w->courier->status->epochs[0].below == 4);
}

static void
a_serial_that_goes_back_is_no_news(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 3);
	scene_turn(w);
	w->status->serial -= 5;
	scene_cover(w, 1);
	scene_turn(w);
	assert_true(w->courier->status->epochs[0].below == 3);
}

static void
what_the_inbox_says_is_remembered_over_a_restart(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 3);
	scene_turn(w);
	scene_restart(w);
	assert_true(w->courier->status->generation == 0x1111);
	w->status->serial -= 5;
	scene_cover(w, 1);
	scene_turn(w);
	assert_true(w->courier->status->epochs[0].below == 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_status_is_placed_as_it_came),
	    TEST(an_unchanged_one_is_not_fetched_again),
	    TEST(an_absent_one_is_no_news),
	    TEST(one_that_cannot_be_parsed_is_no_news),
	    TEST(a_serial_that_goes_back_is_no_news),
	    TEST(what_the_inbox_says_is_remembered_over_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
