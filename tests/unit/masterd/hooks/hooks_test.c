/* masterd/hooks/hooks: real scripts, a real database, a real loop. */
#include <sys/stat.h>

#include <fcntl.h>
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
#include "lib/base/log.h"
#include "masterd/hooks/hooks.h"
#include "tests/unit/masterd/world.h"

struct scene {
	struct world *w;
	struct loop *loop;
	struct loop_source *timer;
	struct hooks *hooks;
	struct hooks_config config;
	char folder[200];
	const char *until; /* SQL that is to give "wanted" */
	long wanted;
	uint64_t deadline;
};

static void
on_fatal(void *arg, const struct err *e)
{
	(void)arg;
	fail_msg("fatal: %s", e->text);
}

static void
look(void *arg)
{
	struct scene *s = arg;

	if (world_number(s->w, s->until) == s->wanted)
		loop_quit(s->loop, 0);
	else if (clock_up_ms() > s->deadline)
		loop_quit(s->loop, 1);
	else
		loop_timer_set(s->timer, 20, NULL);
}

static void
run_until(struct scene *s, const char *sql, long wanted)
{
	struct err e;

	s->until = sql;
	s->wanted = wanted;
	s->deadline = clock_up_ms() + 20000;
	loop_timer_set(s->timer, 1, &e);
	if (loop_run(s->loop, &e) != 0)
		fail_msg("not %ld after 20 s: %s", wanted, sql);
}

static void
begin(struct scene *s)
{
	struct err e;

	assert_non_null(s->loop = loop_new(&e));
	assert_non_null(s->timer = loop_timer(s->loop, look, s, &e));
	s->hooks = hooks_open(s->loop, s->w->db, &s->config, on_fatal, s, &e);
	assert_non_null(s->hooks);
}

static void
end(struct scene *s)
{
	hooks_close(s->hooks);
	loop_drop(s->timer);
	loop_free(s->loop);
}

static int
setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));

	s->w = world_new();
	snprintf(s->folder, sizeof(s->folder), "%s/hooks.d", s->w->path);
	s->config = (struct hooks_config){s->folder, "/run/x.sock", 10000,
	    {2, 1, 10, 1000, RETRY_EXACT, RETRY_ON_ALL}};
	if (mkdir(s->folder, 0755) == -1)
		return -1;
	begin(s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	end(s);
	world_free(s->w);
	free(s);
	return 0;
}

static void
hook(struct scene *s, const char *event, const char *name, const char *script)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->folder, event);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", s->folder, event, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nwork=%s\n%s\n", s->w->path, script);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void
happen(struct scene *s, const char *what, const char *subject)
{
	struct err e;

	assert_int_equal(db_begin(s->w->db, &e), 0);
	assert_int_equal(
	    db_event(s->w->db, "master", what, subject, "", "", &e), 0);
	assert_int_equal(db_commit(s->w->db, &e), 0);
}

static const char *
wrote(struct scene *s, const char *file)
{
	static char text[4096];
	char path[300];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->w->path, file);
	if ((f = fopen(path, "r")) == NULL)
		return "nothing";
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

#define DONE   "SELECT count(*) FROM hook_run WHERE state = 'done'"
#define FAILED "SELECT count(*) FROM hook_run WHERE state = 'failed'"

static void
each_hook_of_an_event_runs_once_for_it(void **state)
{
	struct scene *s = *state;

	hook(s, "bot.lost", "10-a", "cat >$work/a; pwd >>$work/a");
	hook(s, "bot.lost", "20-b",
	    "echo $PANDAFUZZ_EVENT $PANDAFUZZ_SOCKET "
	    ">>$work/b");
	hook(s, "bot.late", "x", "echo no >$work/x");
	happen(s, "bot.lost", "b1");
	run_until(s, DONE, 2);
	assert_memory_equal(wrote(s, "a"), "{\"api\":1,\"id\":", 13);
	assert_non_null(strstr(wrote(s, "a"), "\"bot\":{\"name\":\"b1\""));
	assert_non_null(strstr(wrote(s, "a"), "}\n/\n"));
	assert_string_equal(wrote(s, "b"), "bot.lost /run/x.sock\n");
	assert_string_equal(wrote(s, "x"), "nothing");
	happen(s, "bot.lost", "b2");
	run_until(s, DONE, 4);
	assert_string_equal(
	    wrote(s, "b"), "bot.lost /run/x.sock\nbot.lost /run/x.sock\n");
}

static void
what_happened_before_the_first_start_is_past(void **state)
{
	struct scene *s = *state;

	hook(s, "bot.lost", "a", "echo run >>$work/a");
	end(s);
	world_sql(s->w, "DELETE FROM setting WHERE key = 'hooks_event'");
	happen(s, "bot.lost", "b1");
	begin(s);
	happen(s, "bot.lost", "b2");
	run_until(s, DONE, 1);
	assert_string_equal(wrote(s, "a"), "run\n");
}

static void
what_happened_while_it_was_stopped_is_not(void **state)
{
	struct scene *s = *state;

	hook(s, "bot.lost", "a", "echo run >>$work/a");
	end(s);
	happen(s, "bot.lost", "b1");
	begin(s);
	run_until(s, DONE, 1);
	assert_string_equal(wrote(s, "a"), "run\n");
}

static void
a_hook_that_fails_is_tried_three_times(void **state)
{
	struct scene *s = *state;

	hook(
	    s, "bot.lost", "a", "echo try >>$work/a; echo no mail >&2; exit 7");
	happen(s, "bot.lost", "b1");
	run_until(s, FAILED, 1);
	assert_string_equal(wrote(s, "a"), "try\ntry\ntry\n");
	assert_int_equal(world_number(s->w, "SELECT tries FROM hook_run"), 3);
	assert_int_equal(
	    world_number(s->w,
		"SELECT count(*) FROM hook_run WHERE said = 'exit 7: no mail'"),
	    1);
	assert_int_equal(
	    world_number(s->w,
		"SELECT count(*) FROM v_alarm WHERE text = 'hook bot.lost/a "
		"failed 3 times: exit 7: no mail' AND fix <> ''"),
	    1);
}

static void
one_that_takes_too_long_is_ended_and_others_go_on(void **state)
{
	struct scene *s = *state;

	s->config.timeout_ms = 200;
	s->config.retry.max_retries = 0;
	hook(s, "bot.lost", "slow", "sleep 1000");
	hook(s, "bot.lost", "quick", "exit 0");
	happen(s, "bot.lost", "b1");
	run_until(s, DONE, 1);
	run_until(s, FAILED, 1);
	assert_int_equal(
	    world_number(s->w,
		"SELECT count(*) FROM hook_run WHERE hook = 'bot.lost/slow' "
		"AND said = 'took longer than 200 ms'"),
	    1);
}

static void
no_more_than_four_run_at_once_and_each_alone(void **state)
{
	struct scene *s = *state;
	char name[4] = "a";
	int i;

	/* Each says who else runs; itself alone of its name. */
	for (i = 0; i < 7; i++, name[0]++)
		hook(s, "bot.lost", name,
		    "me=$(basename $0); mkdir $work/in-$me || "
		    "echo twice >>$work/bad\n"
		    "[ $(ls -d $work/in-* | wc -l) -le 4 ] || "
		    "echo many >>$work/bad\n"
		    "sleep 0.1; rmdir $work/in-$me");
	happen(s, "bot.lost", "b1");
	happen(s, "bot.lost", "b2");
	run_until(s, DONE, 14);
	assert_string_equal(wrote(s, "bad"), "nothing");
}

static void
one_that_may_be_changed_by_others_is_not_run(void **state)
{
	struct scene *s = *state;
	char path[300];

	hook(s, "bot.lost", "a", "echo run >>$work/a");
	snprintf(path, sizeof(path), "%s/bot.lost/a", s->folder);
	assert_int_equal(chmod(path, 0775), 0);
	s->config.retry.max_retries = 0;
	end(s);
	begin(s);
	happen(s, "bot.lost", "b1");
	run_until(s, FAILED, 1);
	assert_string_equal(wrote(s, "a"), "nothing");
	assert_non_null(strstr(hooks_problem(s->hooks), "chmod go-w"));
}

static void
what_ran_when_we_stopped_runs_again(void **state)
{
	struct scene *s = *state;

	hook(s, "bot.lost", "a",
	    "echo run >>$work/a; [ -e $work/go ] || sleep 1000");
	happen(s, "bot.lost", "b1");
	run_until(s, "SELECT 1", 1);
	run_until(s, "SELECT count(*) FROM hook_run", 1);
	while (strcmp(wrote(s, "a"), "run\n") != 0) {
		s->deadline = 0;
		s->until = "SELECT 0";
		s->wanted = 1;
		loop_timer_set(s->timer, 20, NULL);
		loop_run(s->loop, NULL);
	}
	end(s);
	assert_int_equal(
	    world_number(
		s->w, "SELECT count(*) FROM hook_run WHERE state = 'waiting'"),
	    1);
	assert_int_equal(
	    openat(s->w->root, "go", O_WRONLY | O_CREAT, 0600) == -1, 0);
	begin(s);
	run_until(s, DONE, 1);
	assert_string_equal(wrote(s, "a"), "run\nrun\n");
}

static void
an_issue_on_standard_output_is_kept(void **state)
{
	struct scene *s = *state;

	hook(s, "bucket.new", "a",
	    "echo issue=https://wrong/ >&2\n"
	    "echo made it; echo issue=https://bugs.example/7");
	happen(s, "bucket.new", "zlib-1");
	run_until(s, DONE, 1);
	assert_int_equal(world_number(s->w,
			     "SELECT count(*) FROM bucket WHERE issue = "
			     "'https://bugs.example/7'"),
	    1);
}

static void
a_hook_that_is_gone_meanwhile_fails(void **state)
{
	struct scene *s = *state;
	char path[300];

	s->config.retry.max_retries = 0;
	hook(s, "bot.lost", "a", "exit 0");
	end(s);
	world_sql(s->w,
	    "INSERT INTO hook_run (event, hook, input, at_ms) VALUES (1, "
	    "'bot.lost/a', '{}', 1)");
	snprintf(path, sizeof(path), "%s/bot.lost/a", s->folder);
	unlink(path);
	begin(s);
	run_until(s, FAILED, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(each_hook_of_an_event_runs_once_for_it),
	    T(what_happened_before_the_first_start_is_past),
	    T(what_happened_while_it_was_stopped_is_not),
	    T(a_hook_that_fails_is_tried_three_times),
	    T(one_that_takes_too_long_is_ended_and_others_go_on),
	    T(no_more_than_four_run_at_once_and_each_alone),
	    T(one_that_may_be_changed_by_others_is_not_run),
	    T(what_ran_when_we_stopped_runs_again),
	    T(an_issue_on_standard_output_is_kept),
	    T(a_hook_that_is_gone_meanwhile_fails),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests_name(
	    "masterd/hooks/hooks", tests, NULL, NULL);
}
