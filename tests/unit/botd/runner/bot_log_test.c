/* botd/runner/bot_log: what is new in the bot's log, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/wire/record.h"
#include "tests/unit/botd/runner/world.h"

static void
put_log(struct world *w, const char *name, const char *text)
{
	scratch_file(w->scratch->fd, name, text, strlen(text));
}

/* What would be sent, and then it is. */
static void
assert_sends(struct world *w, const char *text, bool worth)
{
	struct bot_log l;

	bot_log_read(&w->r, &l);
	assert_string_equal(buf_text(&l.text), text);
	assert_int_equal(l.worth, worth);
	bot_log_sent(&w->r, &l);
	bot_log_release(&l);
}

static void
append(struct world *w, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", w->scratch->path);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
each_line_is_sent_once(void **state)
{
	struct world *w = *state;

	assert_sends(w, "", false); /* there is none yet */
	append(w, "1 bot.started\n");
	assert_sends(w, "1 bot.started\n", true);
	assert_sends(w, "", false);
	append(w, "2 link.down\n3 link.up\n");
	assert_sends(w, "2 link.down\n3 link.up\n", true);
}

static void
what_only_says_that_bundles_travel_waits_for_company(void **state)
{
	struct world *w = *state;
	struct bot_log l;

	append(w, "1 bundle.sealed x\n2 bundle.pushed x\n");
	bot_log_read(&w->r, &l);
	assert_false(l.worth);
	bot_log_release(&l); /* not sent */
	append(w, "3 link.down\n");
	assert_sends(
	    w, "1 bundle.sealed x\n2 bundle.pushed x\n3 link.down\n", true);
}

static void
one_that_was_put_aside_is_read_to_its_end(void **state)
{
	struct world *w = *state;

	append(w, "1 a.b\n");
	assert_sends(w, "1 a.b\n", true);
	append(w, "2 a.b\n");
	assert_int_equal(
	    renameat(w->scratch->fd, "log", w->scratch->fd, "log.1"), 0);
	put_log(w, "log", "3 a.b\n");
	assert_sends(w, "2 a.b\n3 a.b\n", true);
	assert_sends(w, "", false);
	/* Put aside twice meanwhile: the older one is gone. */
	unlinkat(w->scratch->fd, "log.1", 0);
	assert_int_equal(
	    renameat(w->scratch->fd, "log", w->scratch->fd, "other"), 0);
	put_log(w, "log.1", "4 a.b\n");
	put_log(w, "log", "5 a.b\n");
	assert_sends(w, "5 a.b\n", true);
}

static void
too_much_loses_its_begin_line_by_line(void **state)
{
	struct world *w = *state;
	struct bot_log l;
	int i;
	char line[80];
	struct buf text = BUF_INIT;

	for (i = 0; i < 3000; i++) {
		snprintf(
		    line, sizeof(line), "%06d engine.started lease=x\n", i);
		buf_adds(&text, line);
	}
	put_log(w, "log", text.data);
	bot_log_read(&w->r, &l);
	assert_true(l.text.len <= BOT_LOG_MAX);
	assert_int_equal(strncmp(l.text.data, "... ", 4), 0);
	assert_non_null(strstr(l.text.data, " bytes left out\n0"));
	assert_non_null(strstr(l.text.data, "002999 engine.started lease=x\n"));
	bot_log_release(&l);
	buf_release(&text);
}

static void
what_is_no_text_is_made_text_and_fits(void **state)
{
	struct world *w = *state;
	char *bytes = mem_alloc(200000);
	struct bot_log l;

	memset(bytes, 0xff, 199999);
	put_log(w, "log", bytes);
	bot_log_read(&w->r, &l);
	assert_true(l.text.len > 0 && l.text.len <= BOT_LOG_MAX);
	assert_null(strchr(l.text.data, 0xff));
	bot_log_release(&l);
	free(bytes);
}

static void
keep_text(void *arg, const struct record *r, const char *payload)
{
	(void)r;
	strcpy(arg, payload);
}

static void
it_travels_with_statistics(void **state)
{
	struct world *w = *state;
	char name[64], text[4200] = "";
	struct bot_log l;
	struct err e;

	append(w, "1 bot.off reason=night\n");
	bot_log_read(&w->r, &l);
	assert_int_equal(seal_stats(&w->r, NULL, false, &l, &e), 0);
	bot_log_release(&l);
	snprintf(
	    name, sizeof(name), "b1-%016jx-1-b.pfb", (uintmax_t)WORLD_EPOCH);
	assert_int_equal(
	    world_records(w, name, REC_BOT_LOG, keep_text, text), 1);
	assert_string_equal(text, "1 bot.off reason=night\n");
	bot_log_read(&w->r, &l); /* and is not sent again */
	assert_int_equal(l.text.len, 0);
	bot_log_release(&l);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(each_line_is_sent_once),
	    WORLD(what_only_says_that_bundles_travel_waits_for_company),
	    WORLD(one_that_was_put_aside_is_read_to_its_end),
	    WORLD(too_much_loses_its_begin_line_by_line),
	    WORLD(what_is_no_text_is_made_text_and_fits),
	    WORLD(it_travels_with_statistics),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/bot_log", tests, NULL, NULL);
}
