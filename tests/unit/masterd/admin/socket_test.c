/*
 * The admin socket and clients that are slow, rude, many or strangers.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "masterd/admin/admin.h"
#include "tests/unit/masterd/admin/server.h"

/* ---- rude clients ---------------------------------------------------- */

static void
six_hundred_idle_connections_do_not_stop_the_next_request(void **state)
{
	struct rlimit limit;
	struct server *s = *state;
	uint64_t before;
	struct answer a;
	int fds[600], i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < 600; i++)
		assert_int_not_equal(fds[i] = server_connect(s), -1);
	before = clock_up_ms();
	get(&a, s, "/healthz");
	assert_int_equal(a.status, 200);
	assert_true(clock_up_ms() - before < 5000);
	answer_release(&a);
	for (i = 0; i < 600; i++)
		close(fds[i]);
}

static void
a_slow_client_does_not_hold_up_others(void **state)
{
	static const char half[] = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n"
				   "Content-Length: 100\r\n\r\n{\"tar";
	struct server *s = *state;
	uint64_t before = clock_up_ms();
	struct answer a;
	int fd = server_connect(s);

	assert_int_equal(write(fd, half, strlen(half)), strlen(half));
	get(&a, s, "status");
	assert_int_equal(a.status, 200);
	assert_true(clock_up_ms() - before < 5000);
	answer_release(&a);
	close(fd);
}

static int
setup_short(void **state)
{
	server_timeout_ms = 1000;
	*state = server_start(false);
	server_timeout_ms = 0;
	return 0;
}

static void
a_request_that_falls_silent_is_given_up(void **state)
{
	static const char half[] = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n"
				   "Content-Length: 100\r\n\r\n{\"tar";
	uint64_t before = clock_up_ms();
	int fd = server_connect(*state);
	char answer[4096];

	assert_int_equal(write(fd, half, strlen(half)), strlen(half));
	while (read(fd, answer, sizeof(answer)) > 0)
		;
	/* By default it would be given 30 s. */
	assert_true(clock_up_ms() - before < 8000);
	close(fd);
}

/* Sends "text" over and over, a piece every 100 ms; ms until it is cut. */
static uint64_t
drip(struct server *s, const char *head, const char *text)
{
	uint64_t before = clock_up_ms();
	int fd = server_connect(s), i;

	assert_int_equal(
	    send(fd, head, strlen(head), MSG_NOSIGNAL), strlen(head));
	for (i = 0; i < 200; i++) {
		usleep(100000);
		if (send(fd, text, strlen(text), MSG_NOSIGNAL) == -1)
			break;
	}
	close(fd);
	return clock_up_ms() - before;
}

static void
a_client_that_is_never_silent_and_never_done_is_cut(void **state)
{
	static const char head[] = "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n";
	static const char body[] =
	    "POST /api/v1/builds?project=p HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 100000\r\n\r\n";

	assert_true(drip(*state, head, "X") < 8000);
	assert_true(drip(*state, body, "x") < 8000);
}

/* Requests without end whose answers nobody reads. */
static void
a_client_that_never_reads_is_cut(void **state)
{
	static const char ask[] =
	    "GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *s = *state;
	uint64_t before = clock_up_ms();
	int fd = server_connect(s);
	struct answer a;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (clock_up_ms() - before < 10000) {
		if (send(fd, ask, strlen(ask), MSG_NOSIGNAL) == -1) {
			if (errno != EAGAIN)
				break; /* cut */
			usleep(20000);
		}
	}
	assert_true(clock_up_ms() - before < 10000);
	close(fd);
	get(&a, s, "/healthz");
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
heads_that_are_too_large(void **state)
{
	struct server *s = *state;
	struct buf out = BUF_INIT;
	struct answer a;
	char block[4096];
	int fd, i, round;
	ssize_t n;

	for (round = 0; round < 3; round++) {
		buf_reset(&out);
		buf_adds(&out, "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n");
		for (i = 0; i < (round == 0 ? 100 : 1); i++)
			buf_printf(&out, "X-%d: y\r\n", i);
		if (round > 0) { /* for our limit, and for the library's */
			buf_adds(&out, "X-Long: ");
			for (i = 0; i < (round == 1 ? 20000 : 200000); i++)
				buf_addc(&out, 'a');
			buf_adds(&out, "\r\n");
		}
		buf_adds(&out, "\r\n");
		fd = server_connect(s);
		(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
		n = read(fd, block, sizeof(block) - 1);
		assert_true(n > 0);
		block[n] = '\0';
		assert_non_null(strstr(block, "HTTP/1.1 431 "));
		close(fd);
	}
	buf_release(&out);
	get(&a, s, "/healthz"); /* it still serves */
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
a_client_that_leaves_during_a_long_read_harms_nobody(void **state)
{
	static const char ask[] =
	    "GET /api/v1/ledger/check HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *s = *state;
	struct answer a;
	int fd, i;

	for (i = 0; i < 20; i++) {
		fd = server_connect(s);
		assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
		close(fd);
		get(&a, s, "/healthz");
		assert_int_equal(a.status, 200);
		answer_release(&a);
	}
	/* The readers are reaped; there is room for one again. */
	for (i = 0; i < 100; i++) {
		get(&a, s, "ledger/check");
		if (a.status == 200)
			break;
		answer_release(&a);
		usleep(50000);
	}
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
one_connection_serves_many_requests(void **state)
{
	static const char ask[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *s = *state;
	char answer[4096];
	int fd = server_connect(s), i;
	ssize_t n;

	for (i = 0; i < 3; i++) {
		assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
		n = read(fd, answer, sizeof(answer) - 1);
		assert_true(n > 0);
		answer[n] = '\0';
		assert_non_null(strstr(answer, "200 OK"));
		assert_null(strstr(answer, "Connection: close"));
	}
	close(fd);
}

/* ---- the door -------------------------------------------------------- */

static void
a_stranger_may_neither_read_nor_change(void **state)
{
	struct server *s = *state;
	struct answer a;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	assert_int_equal(chmod(s->socket, 0666), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(9);
		get(&a, s, "status");
		if (a.status != 403)
			_exit(1);
		request(&a, s, "PUT", "jobs/aaaa/cancel", "", 0);
		_exit(a.status == 403 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void
the_socket_is_closed_to_others_and_goes_at_the_end(void **state)
{
	struct server *s = server_start(false);
	char path[sizeof(s->socket)];
	struct stat st;

	(void)state;
	assert_int_equal(stat(s->socket, &st), 0);
	assert_true((st.st_mode & 0777) == 0660 || (st.st_mode & 0777) == 0666);
	strcpy(path, s->socket);
	assert_int_equal(server_stop(s), 0);
	assert_int_equal(stat(path, &st), -1);
}

static void
a_served_socket_is_not_taken_and_a_dead_one_is(void **state)
{
	struct server *s = *state;
	struct admin_hooks hooks = {.changed = NULL};
	char dir[200];
	struct loop *loop;
	struct admin *a;
	struct err e;
	int at;

	loop = loop_new(&e);
	snprintf(dir, sizeof(dir), "%s/run", s->root);
	at = fs_open_dir(AT_FDCWD, dir, &e);
	assert_null(admin_open(loop, NULL, NULL, at, "admin.sock", &hooks, &e));
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(close(server_connect(s)), 0);

	/* A socket that nobody listens on any more. */
	assert_int_equal(linkat(at, "admin.sock", at, "dead.sock", 0), 0);
	a = admin_open(loop, NULL, NULL, at, "other.sock", &hooks, &e);
	assert_non_null(a);
	assert_int_equal(linkat(at, "other.sock", at, "dead.sock2", 0), 0);
	admin_close(a);
	a = admin_open(loop, NULL, NULL, at, "dead.sock2", &hooks, &e);
	assert_non_null(a);
	admin_close(a);
	close(at);
	loop_free(loop);
}

int
main(int argc, char **argv)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, server_setup, server_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(six_hundred_idle_connections_do_not_stop_the_next_request),
	    TEST(a_slow_client_does_not_hold_up_others),
	    cmocka_unit_test_setup_teardown(
		a_request_that_falls_silent_is_given_up, setup_short,
		server_teardown),
	    cmocka_unit_test_setup_teardown(
		a_client_that_is_never_silent_and_never_done_is_cut,
		setup_short, server_teardown),
	    cmocka_unit_test_setup_teardown(
		a_client_that_never_reads_is_cut, setup_short, server_teardown),
	    TEST(heads_that_are_too_large),
	    TEST(a_client_that_leaves_during_a_long_read_harms_nobody),
	    TEST(one_connection_serves_many_requests),
	    TEST(a_stranger_may_neither_read_nor_change),
	    cmocka_unit_test(
		the_socket_is_closed_to_others_and_goes_at_the_end),
	    TEST(a_served_socket_is_not_taken_and_a_dead_one_is),
	};
	int code = admin_read_child(argc, argv);

	if (code != -1)
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
