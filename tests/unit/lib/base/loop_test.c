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

static struct loop *loop;
static struct loop_source *guard;
static char root_path[64];
static int root;

static void
too_long(void *arg)
{
	(void)arg;
	loop_quit(loop, 99);
}

static int
setup(void **state)
{
	(void)state;
	/* In memory where possible: a test makes 17,000 files. */
	snprintf(root_path, sizeof(root_path), "%s/pf-loop-test-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(root_path) == NULL)
		return -1;
	root = fs_make_dir_open(AT_FDCWD, root_path, 0700, NULL);
	loop = loop_new(NULL);
	if (root == -1 || loop == NULL)
		return -1;
	guard = loop_timer(loop, too_long, NULL, NULL);
	return loop_timer_set(guard, 60000, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	loop_free(NULL);
	close(root);
	return fs_remove_tree(AT_FDCWD, root_path, NULL);
}

static void
quit(void *arg)
{
	loop_quit(loop, *(int *)arg);
}

/* Run the loop for a while. */
static void
turn(uint64_t ms)
{
	struct loop_source *t;
	int code = 1;

	t = loop_timer(loop, quit, &code, NULL);
	assert_non_null(t);
	assert_int_equal(loop_timer_set(t, ms, NULL), 0);
	assert_int_equal(loop_run(loop, NULL), 1);
	loop_drop(t);
}

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

/* ---- folders --------------------------------------------------------- */

struct watcher {
	struct loop_source *source;
	int hints, lost;
};

static void
hint(void *arg, bool lost)
{
	struct watcher *w = arg;

	w->hints++;
	w->lost += lost;
}

static int
folder(const char *name)
{
	int fd = fs_make_dir_open(root, name, 0700, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void
create(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
a_file_made_linked_or_moved_in_is_a_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in"), out = folder("out");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_non_null(w.source);
	create(in, "made");
	turn(10);
	assert_int_equal(w.hints, 1);
	create(out, "a");
	create(out, "b");
	turn(10);
	assert_int_equal(w.hints, 1);
	assert_int_equal(linkat(out, "a", in, "a", 0), 0);
	turn(10);
	assert_int_equal(w.hints, 2);
	assert_int_equal(renameat(out, "b", in, "b"), 0);
	turn(10);
	assert_int_equal(w.hints, 3);
	/* Going away is no news. */
	assert_int_equal(unlinkat(in, "b", 0), 0);
	turn(10);
	assert_int_equal(w.hints, 3);
	assert_int_equal(w.lost, 0);
	close(in);
	close(out);
}

static void
many_files_are_one_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in"), i;
	char name[32];

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		create(in, name);
	}
	turn(10);
	assert_int_equal(w.hints, 1);
	close(in);
}

static void
a_folder_that_moves_is_lost(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_int_equal(renameat(root, "in", root, "elsewhere"), 0);
	turn(10);
	assert_int_equal(w.hints, 1);
	assert_int_equal(w.lost, 1);
	close(in);
}

static void
a_folder_that_is_removed_is_lost(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_int_equal(unlinkat(root, "in", AT_REMOVEDIR), 0);
	close(in); /* only then the inode goes, and the event comes */
	turn(10);
	assert_true(w.hints >= 1);
	assert_true(w.lost >= 1);
	loop_drop(w.source);
}

static void
watch_anew(void *arg, bool lost)
{
	struct watcher *w = arg;
	int fd;

	hint(arg, lost);
	if (!lost)
		return;
	loop_drop(w->source);
	fd = folder("in");
	w->source = loop_watch(loop, fd, watch_anew, w, NULL);
	close(fd);
}

static void
a_lost_folder_can_be_watched_anew_in_its_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, watch_anew, &w, NULL);
	close(in);
	assert_int_equal(renameat(root, "in", root, "elsewhere"), 0);
	turn(10);
	assert_int_equal(w.lost, 1);
	in = folder("in");
	create(in, "x");
	turn(10);
	assert_int_equal(w.hints, 2);
	assert_int_equal(w.lost, 1);
	close(in);
}

static void
two_may_watch_one_folder(void **state)
{
	struct watcher a = {0}, b = {0};
	int in = folder("in");

	(void)state;
	a.source = loop_watch(loop, in, hint, &a, NULL);
	b.source = loop_watch(loop, in, hint, &b, NULL);
	create(in, "x");
	turn(10);
	assert_int_equal(a.hints, 1);
	assert_int_equal(b.hints, 1);
	loop_drop(a.source);
	create(in, "y");
	turn(10);
	assert_int_equal(a.hints, 1);
	assert_int_equal(b.hints, 2);
	assert_int_equal(b.lost, 0);
	loop_drop(b.source);
	create(in, "z");
	turn(10);
	assert_int_equal(b.hints, 2);
	close(in);
}

/* 16384 unless an administrator changed it. */
static int
queue_length(void)
{
	static int length;
	FILE *f;

	if (length != 0)
		return length;
	f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	if (f == NULL || fscanf(f, "%d", &length) != 1)
		length = 16384;
	if (f != NULL)
		fclose(f);
	return length;
}

static void
an_overflow_is_told_to_every_watch(void **state)
{
	struct watcher full = {0}, quiet = {0}, gone = {0};
	int in = folder("in"), other = folder("other"), i;
	char name[32];

	(void)state;
	full.source = loop_watch(loop, in, hint, &full, NULL);
	quiet.source = loop_watch(loop, other, hint, &quiet, NULL);
	gone.source = loop_watch(loop, other, hint, &gone, NULL);
	loop_drop(gone.source);
	/* Removed at once: what counts is the queue of events. */
	for (i = 0; i < queue_length() + 600; i++) {
		snprintf(name, sizeof(name), "%d", i);
		create(in, name);
		assert_int_equal(unlinkat(in, name, 0), 0);
	}
	turn(10);
	assert_int_equal(full.hints, 1);
	assert_int_equal(full.lost, 1);
	assert_int_equal(quiet.hints, 1);
	assert_int_equal(quiet.lost, 1);
	assert_int_equal(gone.hints, 0);
	/* The watch itself goes on. */
	create(in, "after");
	turn(10);
	assert_int_equal(full.hints, 2);
	assert_int_equal(full.lost, 1);
	close(in);
	close(other);
}

static void
a_link_or_file_cannot_be_watched(void **state)
{
	struct err e;
	int fd;

	(void)state;
	create(root, "file");
	fd = openat(root, "file", O_RDONLY);
	assert_null(loop_watch(loop, fd, hint, NULL, &e));
	assert_int_equal(e.sys, ENOTDIR);
	close(fd);
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
	    TEST(a_file_made_linked_or_moved_in_is_a_hint),
	    TEST(many_files_are_one_hint),
	    TEST(a_folder_that_moves_is_lost),
	    TEST(a_folder_that_is_removed_is_lost),
	    TEST(a_lost_folder_can_be_watched_anew_in_its_hint),
	    TEST(two_may_watch_one_folder),
	    TEST(an_overflow_is_told_to_every_watch),
	    TEST(a_link_or_file_cannot_be_watched),
	    TEST(quit_before_run_counts_and_run_can_be_repeated),
	    TEST(notify_reaches_the_socket_or_nobody),
	};

	return cmocka_run_group_tests_name("lib/base/loop", tests, NULL, NULL);
}
