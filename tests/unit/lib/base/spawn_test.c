/* lib/base/spawn: children start clean, fail loudly and end in time. */
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/spawn.h"

#define SH(text) ((const char *const[]){"sh", "-c", (text), NULL})

static struct spawn
plain(const char *const *argv)
{
	struct spawn s = {.argv = argv, .in = -1, .out = -1, .err = -1};

	return s;
}

static int
run(const char *script, struct buf *out)
{
	struct spawn s = plain(SH(script));
	struct err e;
	int status;

	status = spawn_run(&s, out, 65536, 20000, &e);
	if (status == -1)
		fail_msg("%s", e.text);
	return status;
}

static int
wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
exec_that_fails_is_reported_at_once(void **state)
{
	struct spawn s = plain((const char *const[]){"/no/such", NULL});
	struct err e;

	(void)state;
	setenv("PATH", "/usr/bin:/bin", 1); /* all may be looked into */
	assert_int_equal(spawn(&s, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(
	    e.text, "cannot run '/no/such': No such file or directory");
	s.argv = (const char *const[]){"no-such-program-in-path", NULL};
	assert_int_equal(spawn(&s, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	s.argv = (const char *const[]){"/etc/passwd", NULL};
	assert_int_equal(spawn(&s, &e), -1);
	assert_int_equal(e.cls, ERR_DENIED);
	s = plain(SH("true"));
	s.dir = "/no/folder";
	assert_int_equal(spawn(&s, &e), -1);
	assert_non_null(strstr(e.text, "in folder '/no/folder'"));
	/* And no child is left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
status_and_output_come_back(void **state)
{
	struct buf out = BUF_INIT;
	int status;

	(void)state;
	status = run("echo out; echo err >&2; exit 7", &out);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_string_equal(buf_text(&out), "out\nerr\n");
	status = run("kill -SEGV $$", &out);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void
output_over_the_cap_is_read_and_dropped(void **state)
{
	struct spawn s = plain(SH("head -c 3000000 /dev/zero; exit 3"));
	struct buf out = BUF_INIT;
	int status;

	(void)state;
	status = spawn_run(&s, &out, 100000, 20000, NULL);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(out.len, 100000);
	buf_release(&out);
	status = spawn_run(&s, NULL, 0, 0, NULL);
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void
time_up_kills_the_child(void **state)
{
	struct spawn s = plain((const char *const[]){"sleep", "60", NULL});
	uint64_t start = clock_up_ms();
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(&s, NULL, 0, 300, &e), -1);
	assert_in_range(clock_up_ms() - start, 299, 5000);
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_string_equal(e.text, "'sleep' took longer than 300 ms");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
time_up_also_for_one_who_writes_without_end(void **state)
{
	struct spawn s = plain((const char *const[]){"yes", NULL});
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(&s, NULL, 0, 300, &e), -1);
	assert_non_null(strstr(e.text, "took longer than"));
}

/* The pid that the script printed. */
static bool
is_gone(const char *text)
{
	pid_t pid = (pid_t)strtol(text, NULL, 10);
	int i;

	assert_true(pid > 1);
	for (i = 0; i < 200; i++) {
		char path[64], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		f = fopen(path, "re");
		if (f == NULL)
			return true;
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		fclose(f);
		/* A zombie of an init that does not reap is gone too. */
		if (strstr(line, ") Z ") != NULL || line[0] == '\0')
			return true;
		usleep(10000);
	}
	return false;
}

static void
the_whole_group_ends_with_its_leader(void **state)
{
	struct spawn s = plain(SH("sleep 60 & echo $!; wait"));
	struct buf out = BUF_INIT;

	(void)state;
	s.own_group = true;
	assert_int_equal(spawn_run(&s, &out, 100, 500, NULL), -1);
	assert_true(is_gone(buf_text(&out)));
	/* Also when the leader leaves by itself. */
	s.argv = SH("sleep 60 & echo $!");
	assert_int_equal(spawn_run(&s, &out, 100, 20000, NULL), 0);
	assert_true(is_gone(buf_text(&out)));
	buf_release(&out);
}

static void
a_grandchild_that_holds_the_pipe_is_not_waited_for(void **state)
{
	struct spawn s = plain(SH("sleep 20 & echo $!"));
	struct buf out = BUF_INIT;
	uint64_t start = clock_up_ms();

	(void)state;
	assert_int_equal(spawn_run(&s, &out, 100, 15000, NULL), 0);
	assert_in_range(clock_up_ms() - start, 0, 10000);
	kill((pid_t)strtol(buf_text(&out), NULL, 10), SIGKILL);
	buf_release(&out);
}

static void
a_child_has_no_descriptor_but_those_given(void **state)
{
	struct spawn s = plain(SH("ls /proc/self/fd | tr '\\n' ' '"));
	int leak = open("/dev/null", O_RDONLY), keep = dup(leak);
	struct buf out = BUF_INIT;
	char want[64];

	(void)state;
	keep = fcntl(keep, F_DUPFD_CLOEXEC, 50);
	assert_true(leak > 2 && keep >= 50);
	assert_int_equal(spawn_run(&s, &out, 1000, 20000, NULL), 0);
	assert_string_equal(buf_text(&out), "0 1 2 3 "); /* 3: ls itself */
	s.keep = &keep;
	s.keep_count = 1;
	assert_int_equal(spawn_run(&s, &out, 1000, 20000, NULL), 0);
	snprintf(want, sizeof(want), "0 1 2 3 %d ", keep);
	assert_string_equal(buf_text(&out), want);
	close(leak);
	close(keep);
	buf_release(&out);
}

static void
handler(int signo)
{
	(void)signo;
}

/* A set of signals in /proc/PID/status, without 32 and 33: those are glibc's
 * own, nobody can set them, and posix_spawn() (so make) leaves them ignored. */
static uint64_t
signals(const char *status, const char *name)
{
	const char *set = strstr(status, name);

	assert_non_null(set);
	return strtoull(set + strlen(name), NULL, 16) & ~UINT64_C(0x180000000);
}

static void
signals_are_as_nobody_had_touched_them(void **state)
{
	struct spawn s =
	    plain((const char *const[]){"cat", "/proc/self/status", NULL});
	struct buf out = BUF_INIT;
	sigset_t set, old;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	assert_int_equal(spawn_run(&s, &out, 65536, 20000, NULL), 0);
	assert_int_equal(signals(out.data, "\nSigBlk:\t"), 0);
	assert_int_equal(signals(out.data, "\nSigIgn:\t"), 0);
	assert_int_equal(signals(out.data, "\nSigCgt:\t"), 0);
	/* And ours are what they were. */
	sigprocmask(SIG_SETMASK, &old, &set);
	assert_true(sigismember(&set, SIGTERM) == 1);
	assert_true(sigismember(&set, SIGUSR1) == 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	buf_release(&out);
}

static void
standard_descriptors_may_be_crossed(void **state)
{
	static const char *const script[] = {
	    "sh", "-c", "read a; echo $a-1; echo $a-2 >&2", NULL};
	struct spawn s = plain(script);
	int in[2], out[2], err[2], old[3], i;
	char bytes[32] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) |
		pipe2(err, O_CLOEXEC),
	    0);
	assert_int_equal(write(in[1], "word\n", 5), 5);
	for (i = 0; i < 3; i++)
		old[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	/* 0, 1, 2 hold what shall become 1, 2, 0. */
	dup2(out[1], 0);
	dup2(err[1], 1);
	dup2(in[0], 2);
	s.in = 2;
	s.out = 0;
	s.err = 1;
	pid = spawn(&s, NULL);
	for (i = 0; i < 3; i++) {
		dup2(old[i], i);
		close(old[i]);
	}
	assert_true(pid > 0);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(read(out[0], bytes, sizeof(bytes)), 7);
	assert_string_equal(bytes, "word-1\n");
	assert_int_equal(read(err[0], bytes, sizeof(bytes)), 7);
	assert_string_equal(bytes, "word-2\n");
	for (i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
		close(err[i]);
	}
}

static void
folder_environment_and_limits_are_as_asked(void **state)
{
	static const char *const env[] = {"ONLY=this", NULL};
	struct spawn s = plain((const char *const[]){"sh", "-c",
	    "pwd; echo $ONLY,$HOME; ulimit -f; nice; "
	    "cut -d' ' -f5 /proc/self/stat",
	    NULL});
	struct buf out = BUF_INIT;
	char want[128];

	(void)state;
	setenv("HOME", "/not/passed", 1);
	s.dir = "/usr";
	s.env = env;
	s.file_size = 1024 * 1024;
	s.nice = getpriority(PRIO_PROCESS, 0) + 3;
	assert_int_equal(spawn_run(&s, &out, 1000, 20000, NULL), 0);
	snprintf(want, sizeof(want), "/usr\nthis,\n2048\n%d\n%d\n", s.nice,
	    (int)getpgrp());
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
}

static void
a_parent_without_standard_descriptors_can_give_them(void **state)
{
	struct spawn s = plain(SH("cat; echo err >&2"));
	int in[2], out[2], old[3], i;
	char bytes[16] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "word\n", 5), 5);
	close(in[1]);
	for (i = 0; i < 3; i++) {
		old[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	s.in = in[0];
	s.out = s.err = out[1];
	pid = spawn(&s, NULL);
	for (i = 0; i < 3; i++) {
		dup2(old[i], i);
		close(old[i]);
	}
	assert_true(pid > 0);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(read(out[0], bytes, sizeof(bytes)), 9);
	assert_memory_equal(bytes, "word\nerr\n", 9);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

static void
in_and_out_are_empty_unless_given(void **state)
{
	struct spawn s = plain(SH("cat; echo gone; exit 4"));

	(void)state;
	assert_int_equal(WEXITSTATUS(wait_for(spawn(&s, NULL))), 4);
}

static void
a_child_dies_with_its_parent(void **state)
{
	struct spawn s = plain((const char *const[]){"sleep", "60", NULL});
	char text[32] = "";
	int ends[2];
	pid_t middle;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	middle = fork();
	if (middle == 0) {
		dprintf(ends[1], "%d", (int)spawn(&s, NULL));
		raise(SIGKILL);
	}
	wait_for(middle);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_true(is_gone(text));
	close(ends[0]);
	close(ends[1]);
}

static int
count_and_shout(void *arg)
{
	char bytes[8];
	ssize_t n = read(0, bytes, sizeof(bytes));

	if (n != 2 || write(1, "loud", 4) != 4)
		return 1;
	/* Whatever else we had is closed here. */
	return fcntl(*(int *)arg, F_GETFD) == -1 ? 42 : 2;
}

static void
a_call_runs_with_two_descriptors_only(void **state)
{
	int in[2], out[2], other = open("/dev/null", O_RDONLY);
	char bytes[8];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(in) | pipe(out), 0);
	assert_int_equal(write(in[1], "ab", 2), 2);
	pid = spawn_call(count_and_shout, &other, in[0], out[1], NULL);
	assert_true(pid > 0);
	assert_int_equal(WEXITSTATUS(wait_for(pid)), 42);
	assert_int_equal(read(out[0], bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "loud", 4);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exec_that_fails_is_reported_at_once),
	    cmocka_unit_test(status_and_output_come_back),
	    cmocka_unit_test(output_over_the_cap_is_read_and_dropped),
	    cmocka_unit_test(time_up_kills_the_child),
	    cmocka_unit_test(time_up_also_for_one_who_writes_without_end),
	    cmocka_unit_test(the_whole_group_ends_with_its_leader),
	    cmocka_unit_test(
		a_grandchild_that_holds_the_pipe_is_not_waited_for),
	    cmocka_unit_test(a_child_has_no_descriptor_but_those_given),
	    cmocka_unit_test(signals_are_as_nobody_had_touched_them),
	    cmocka_unit_test(standard_descriptors_may_be_crossed),
	    cmocka_unit_test(folder_environment_and_limits_are_as_asked),
	    cmocka_unit_test(
		a_parent_without_standard_descriptors_can_give_them),
	    cmocka_unit_test(in_and_out_are_empty_unless_given),
	    cmocka_unit_test(a_child_dies_with_its_parent),
	    cmocka_unit_test(a_call_runs_with_two_descriptors_only),
	};

	return cmocka_run_group_tests_name("lib/base/spawn", tests, NULL, NULL);
}
