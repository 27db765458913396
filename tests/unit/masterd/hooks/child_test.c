/* masterd/hooks/child: real programs, on a real loop. */
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "masterd/hooks/child.h"

static struct {
	struct loop *loop;
	int status, calls;
	bool late;
	struct buf out, said;
} got;

static void
ended(void *arg, const struct child_result *r)
{
	got.status = r->status;
	got.late = r->late;
	got.calls++;
	buf_add(&got.out, r->out->data, r->out->len);
	buf_add(&got.said, r->said->data, r->said->len);
	loop_quit(arg, 0);
}

static void
run(const char *script, const char *input, size_t len, uint64_t limit_ms)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "WORD=yes", NULL};
	const struct child_command c = {.argv = argv,
	    .env = env,
	    .dir = "/",
	    .input = input,
	    .input_len = len,
	    .keep = -1,
	    .limit_ms = limit_ms};
	struct err e;

	buf_reset(&got.out);
	buf_reset(&got.said);
	got.calls = 0;
	got.loop = loop_new(&e);
	assert_non_null(got.loop);
	assert_non_null(child_start(got.loop, &c, ended, got.loop, &e));
	assert_int_equal(loop_run(got.loop, &e), 0);
	loop_free(got.loop);
	assert_int_equal(got.calls, 1);
}

static void
it_gets_its_input_and_little_else(void **state)
{
	(void)state;
	run("cat; pwd; echo $WORD ${HOME-none} ${USER-none}; echo oops >&2; "
	    "exit 3",
	    "{}\n", 3, 10000);
	assert_string_equal(buf_text(&got.out), "{}\n/\nyes none none\n");
	assert_string_equal(buf_text(&got.said), "oops\n");
	assert_true(WIFEXITED(got.status));
	assert_int_equal(WEXITSTATUS(got.status), 3);
	assert_false(got.late);
}

static void
it_leads_a_session_of_its_own(void **state)
{
	(void)state;
	run("[ $(cut -d ' ' -f 6 /proc/$$/stat) = $$ ] && echo leads", "", 0,
	    10000);
	assert_string_equal(buf_text(&got.out), "leads\n");
}

static void
it_need_not_read_its_input(void **state)
{
	char *input = mem_alloc(1 << 20);

	(void)state;
	run("exit 0", input, 1 << 20, 10000);
	assert_int_equal(got.status, 0);
	free(input);
}

static void
too_much_output_is_cut_and_does_not_block_it(void **state)
{
	(void)state;
	run("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", "", 0,
	    20000);
	assert_int_equal(got.status, 0);
	assert_int_equal(got.out.len, CHILD_OUTPUT_MAX);
	assert_int_equal(got.said.len, CHILD_OUTPUT_MAX);
}

static void
it_is_told_to_end_when_its_time_is_up(void **state)
{
	(void)state;
	run("trap 'echo told; exit 5' TERM; while :; do sleep 0.05; done", "",
	    0, 300);
	assert_true(got.late);
	assert_string_equal(buf_text(&got.out), "told\n");
	assert_int_equal(WEXITSTATUS(got.status), 5);
}

static bool
alive(pid_t pid)
{
	return kill(pid, 0) == 0 || errno != ESRCH;
}

/* A zombie that init has not taken yet is dead enough. */
static void
assert_dies(pid_t pid)
{
	uint64_t until = clock_up_ms() + 10000;
	char path[64], state[256] = "";
	FILE *f;

	while (alive(pid) && clock_up_ms() < until) {
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		f = fopen(path, "r");
		if (f == NULL)
			return;
		if (fgets(state, sizeof(state), f) == NULL)
			state[0] = '\0';
		fclose(f);
		if (strstr(state, ") Z ") != NULL)
			return;
	}
	assert_false(alive(pid));
}

static void
one_that_does_not_listen_is_killed_with_its_group(void **state)
{
	uint64_t began = clock_up_ms();

	(void)state;
	run("trap '' TERM; sleep 1000 & echo $!; "
	    "while :; do sleep 0.05; done",
	    "", 0, 200);
	assert_true(got.late);
	assert_true(WIFSIGNALED(got.status));
	assert_int_equal(WTERMSIG(got.status), SIGKILL);
	assert_true(clock_up_ms() - began >= 200 + CHILD_GRACE_MS);
	assert_dies(atoi(buf_text(&got.out)));
}

static void
what_it_leaves_behind_is_killed_and_not_waited_for(void **state)
{
	uint64_t began = clock_up_ms();

	(void)state;
	run("sleep 1000 & echo $!", "", 0, 60000);
	assert_int_equal(got.status, 0);
	assert_true(clock_up_ms() - began < 30000);
	assert_dies(atoi(buf_text(&got.out)));
}

static void
one_that_cannot_run_says_so(void **state)
{
	const char *argv[] = {"/nonexistent/hook", NULL};
	const struct child_command c = {
	    .argv = argv, .keep = -1, .limit_ms = 1000};
	struct loop *loop;
	struct err e;

	(void)state;
	assert_non_null(loop = loop_new(&e));
	assert_null(child_start(loop, &c, ended, NULL, &e));
	assert_non_null(strstr(e.text, "/nonexistent/hook"));
	loop_free(loop);
}

static void
dropped_it_is_dead_and_reaped(void **state)
{
	const char *argv[] = {"/bin/sleep", "1000", NULL};
	const struct child_command c = {
	    .argv = argv, .keep = -1, .limit_ms = 1000};
	struct loop *loop;
	struct err e;

	(void)state;
	assert_non_null(loop = loop_new(&e));
	child_drop(child_start(loop, &c, ended, NULL, &e));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	loop_free(loop);
}

static int
teardown(void **state)
{
	(void)state;
	buf_release(&got.out);
	buf_release(&got.said);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_gets_its_input_and_little_else),
	    cmocka_unit_test(it_leads_a_session_of_its_own),
	    cmocka_unit_test(it_need_not_read_its_input),
	    cmocka_unit_test(too_much_output_is_cut_and_does_not_block_it),
	    cmocka_unit_test(it_is_told_to_end_when_its_time_is_up),
	    cmocka_unit_test(one_that_does_not_listen_is_killed_with_its_group),
	    cmocka_unit_test(
		what_it_leaves_behind_is_killed_and_not_waited_for),
	    cmocka_unit_test(one_that_cannot_run_says_so),
	    cmocka_unit_test(dropped_it_is_dead_and_reaped),
	};

	return cmocka_run_group_tests_name(
	    "masterd/hooks/child", tests, NULL, teardown);
}
