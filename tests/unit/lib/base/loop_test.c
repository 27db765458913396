/* lib/base/loop: every kind of source fires, and may go at any moment. */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
#include "lib/base/fs.h"
#include "lib/base/loop.h"
#include "tests/unit/lib/base/loop_fixture.h"

/* ---- timers ---------------------------------------------------------- */

static void
a_timer_fires_once_and_in_time(void **state)
{
	uint64_t start = clock_up_ms();
	struct loop_source *t;
	int code = 5;

	(void)state;
	t = loop_timer(loop, quit, &code, NULL);
	assert_int_equal(loop_timer_set(t, 50, NULL), 0);
	assert_int_equal(loop_run(loop, NULL), 5);
	assert_in_range(clock_up_ms() - start, 49, 10000);
	turn(100); /* it does not fire again */
}

struct ticker {
	struct loop_source *source;
	int ticks;
};

static void
tick(void *arg)
{
	struct ticker *t = arg;

	if (++t->ticks == 5)
		loop_quit(loop, 7);
	else
		loop_timer_set(t->source, 1, NULL);
}

static void
a_timer_may_set_itself_again(void **state)
{
	struct ticker t = {0};

	(void)state;
	t.source = loop_timer(loop, tick, &t, NULL);
	loop_timer_set(t.source, 0, NULL);
	assert_int_equal(loop_run(loop, NULL), 7);
	assert_int_equal(t.ticks, 5);
}

static void
a_timer_is_off_until_set_and_when_told(void **state)
{
	struct ticker t = {0};

	(void)state;
	t.source = loop_timer(loop, tick, &t, NULL);
	turn(20);
	loop_timer_set(t.source, 10, NULL);
	loop_timer_off(t.source);
	loop_timer_off(t.source);
	turn(40);
	assert_int_equal(t.ticks, 0);
	assert_int_equal(loop_timer_set(t.source, UINT64_MAX, NULL), 0);
	turn(20);
	assert_int_equal(t.ticks, 0);
}

/* ---- dropping -------------------------------------------------------- */

struct pair {
	struct loop_source *self, *other;
	int calls;
};

static void
drop_both(void *arg)
{
	struct pair *p = arg;

	p->calls++;
	loop_drop(p->self);
	loop_drop(p->other);
	p->self = p->other = NULL;
}

static void
drop_both_io(void *arg, uint32_t events)
{
	(void)events;
	drop_both(arg);
}

static void
a_source_may_be_dropped_by_itself_and_by_another(void **state)
{
	struct pair p = {0};
	int a[2], b[2];

	(void)state;
	loop_drop(NULL);
	assert_int_equal(pipe(a) | pipe(b), 0);
	assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
	/* Both are ready in the same turn; whichever is first drops both. */
	p.self = loop_io(loop, a[0], EPOLLIN, drop_both_io, &p, NULL);
	p.other = loop_io(loop, b[0], EPOLLIN, drop_both_io, &p, NULL);
	turn(30);
	assert_int_equal(p.calls, 1);
	p.self = loop_timer(loop, drop_both, &p, NULL);
	p.other = loop_timer(loop, drop_both, &p, NULL);
	loop_timer_set(p.self, 5, NULL);
	loop_timer_set(p.other, 5, NULL);
	turn(30);
	assert_int_equal(p.calls, 2);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
}

/* ---- descriptors ----------------------------------------------------- */

struct reader {
	struct loop_source *source;
	int fd;
	uint32_t events;
	int calls;
};

static void
take_one(void *arg, uint32_t events)
{
	struct reader *r = arg;
	char c;

	r->events |= events;
	r->calls++;
	if ((events & EPOLLIN) != 0 && read(r->fd, &c, 1) == 1 && c == 'q')
		loop_quit(loop, 3);
}

static void
a_descriptor_is_level_triggered(void **state)
{
	struct reader r = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	r.fd = ends[0];
	r.source = loop_io(loop, ends[0], EPOLLIN, take_one, &r, NULL);
	assert_int_equal(write(ends[1], "abq", 3), 3);
	assert_int_equal(loop_run(loop, NULL), 3);
	assert_int_equal(r.calls, 3);
	assert_int_equal(r.events, EPOLLIN);
	close(ends[0]);
	close(ends[1]);
}

static void
events_of_a_descriptor_can_change(void **state)
{
	struct reader r = {0};
	int ends[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	r.fd = ends[0];
	r.source = loop_io(loop, ends[0], 0, take_one, &r, NULL);
	assert_int_equal(write(ends[1], "q", 1), 1);
	turn(20);
	assert_int_equal(r.calls, 0);
	assert_int_equal(loop_io_events(r.source, EPOLLIN, NULL), 0);
	assert_int_equal(loop_run(loop, NULL), 3);
	assert_int_equal(loop_io_events(r.source, EPOLLOUT, NULL), 0);
	turn(10);
	assert_true((r.events & EPOLLOUT) != 0);
	close(ends[0]);
	close(ends[1]);
}

static void
a_bad_descriptor_is_refused(void **state)
{
	struct err e;

	(void)state;
	assert_null(loop_io(loop, 999, EPOLLIN, take_one, NULL, &e));
	assert_int_equal(e.sys, EBADF);
	assert_null(loop_watch(loop, 999, NULL, NULL, &e));
}

/* ---- signals and children -------------------------------------------- */

static void
a_signal_arrives_as_a_call(void **state)
{
	int code = 8;

	(void)state;
	assert_non_null(loop_signal(loop, SIGUSR2, quit, &code, NULL));
	assert_int_equal(raise(SIGUSR2), 0);
	assert_int_equal(loop_run(loop, NULL), 8);
}

struct ended {
	pid_t pid;
	int status, calls, left;
	bool reaped;
	struct loop_source *source;
};

static void
child_ended(void *arg, pid_t pid, int status)
{
	struct ended *c = arg;

	c->calls++;
	c->pid = pid;
	c->status = status;
	c->reaped = waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD;
	loop_drop(c->source);
	loop_quit(loop, 4);
}

static pid_t
child_that(int code, int signo)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (signo != 0)
			raise(signo);
		_exit(code);
	}
	return pid;
}

static void
assert_child(int code, int signo, uint64_t head_start)
{
	struct ended c = {0};
	pid_t pid = child_that(code, signo);

	usleep((useconds_t)head_start * 1000);
	c.source = loop_child(loop, pid, child_ended, &c, NULL);
	assert_non_null(c.source);
	assert_int_equal(loop_run(loop, NULL), 4);
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.pid, pid);
	assert_true(c.reaped);
	if (signo == 0) {
		assert_true(WIFEXITED(c.status));
		assert_int_equal(WEXITSTATUS(c.status), code);
	} else {
		assert_true(WIFSIGNALED(c.status));
		assert_int_equal(WTERMSIG(c.status), signo);
	}
}

static void
a_child_that_ends_is_told_with_its_status(void **state)
{
	(void)state;
	assert_child(0, 0, 0);
	assert_child(77, 0, 0);
	assert_child(0, SIGKILL, 0);
	assert_child(0, SIGABRT, 0);
	assert_child(5, 0, 100); /* it had ended before anybody asked */
}

static void
count_child(void *arg, pid_t pid, int status)
{
	struct ended *c = arg;

	(void)pid;
	c->status += WEXITSTATUS(status);
	if (++c->calls == c->left)
		loop_quit(loop, 6);
}

static void
children_that_end_together_are_all_told(void **state)
{
	struct ended c = {.left = 50};
	int i;

	(void)state;
	for (i = 0; i < c.left; i++)
		assert_non_null(
		    loop_child(loop, child_that(i, 0), count_child, &c, NULL));
	assert_int_equal(loop_run(loop, NULL), 6);
	assert_int_equal(c.status, 49 * 50 / 2);
}

/* ---- the loop -------------------------------------------------------- */

static void
quit_before_run_counts_and_run_can_be_repeated(void **state)
{
	(void)state;
	loop_quit(loop, 12);
	assert_int_equal(loop_run(loop, NULL), 12);
	turn(5);
	turn(5);
}

static void
notify_reaches_the_socket_or_nobody(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char path[96], bytes[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	loop_notify("READY=1");
	snprintf(path, sizeof(path), "%s/n", root_path);
	strcpy(sun.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	loop_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 7);
	assert_string_equal(bytes, "READY=1");
	close(fd);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_timer_fires_once_and_in_time),
	    TEST(a_timer_may_set_itself_again),
	    TEST(a_timer_is_off_until_set_and_when_told),
	    TEST(a_source_may_be_dropped_by_itself_and_by_another),
	    TEST(a_descriptor_is_level_triggered),
	    TEST(events_of_a_descriptor_can_change),
	    TEST(a_bad_descriptor_is_refused),
	    TEST(a_signal_arrives_as_a_call),
	    TEST(a_child_that_ends_is_told_with_its_status),
	    TEST(children_that_end_together_are_all_told),
	    TEST(quit_before_run_counts_and_run_can_be_repeated),
	    TEST(notify_reaches_the_socket_or_nobody),
	};

	return cmocka_run_group_tests_name("lib/base/loop", tests, NULL, NULL);
}
