/*
 * Children: engines, decode children, helpers.  Between fork and exec only
 * system calls are made; what fails there comes back through a pipe that a
 * successful exec closes.
 */
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/spawn.h"

#define READ_STEP 65536

enum step { STEP_SETUP, STEP_DIR, STEP_EXEC };

struct failure {
	enum step step;
	int error;
};

/* With all signals blocked, so that no handler of ours runs in the child. */
static pid_t
fork_blocked(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, old);
	return fork();
}

/* What every child needs; -1 with errno.  In the child. */
static int
settle(pid_t parent)
{
	struct sigaction plain;
	sigset_t none;
	int signo;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	if (getppid() != parent)
		_exit(127); /* it died before the prctl */
	memset(&plain, 0, sizeof(plain));
	plain.sa_handler = SIG_DFL;
	for (signo = 1; signo < NSIG; signo++)
		sigaction(signo, &plain, NULL); /* KILL, STOP: EINVAL */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Put "from" at 0, 1 and 2 (-1: /dev/null, but 2 stays as it is).  They are
 * first copied out of the way: "from" may be any permutation of 0, 1, 2.
 */
static int
place_stdio(const int from[3])
{
	int away[3], fd, i;

	for (i = 0; i < 3; i++) {
		fd = from[i];
		if (fd == -1 && i == 2)
			fd = STDERR_FILENO;
		if (fd == -1)
			away[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			away[i] = fd;
		if (away[i] == -1)
			return -1;
		/* Over 2 for good, whatever it was. */
		away[i] = fcntl(away[i], F_DUPFD_CLOEXEC, 3);
		if (away[i] == -1 && i == 2 && from[i] == -1)
			continue; /* we have no 2 ourselves */
		if (away[i] == -1)
			return -1;
	}
	for (i = 0; i < 3; i++)
		if (away[i] != -1 && dup2(away[i], i) == -1)
			return -1;
	return 0;
}

static int
keep_only(const int *keep, int count)
{
	int i, flags;

	if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == -1)
		return -1;
	for (i = 0; i < count; i++) {
		if ((flags = fcntl(keep[i], F_GETFD)) == -1 ||
		    fcntl(keep[i], F_SETFD, flags & ~FD_CLOEXEC) == -1)
			return -1;
	}
	return 0;
}

static int
apply(const struct spawn *s)
{
	struct rlimit limit = {s->file_size, s->file_size};
	int from[3] = {s->in, s->out, s->err};

	if (s->own_group && !s->own_session && setpgid(0, 0) == -1)
		return -1;
	if (s->own_session && setsid() == -1)
		return -1;
	if (s->file_size != 0 && setrlimit(RLIMIT_FSIZE, &limit) == -1)
		return -1;
	if (s->nice != 0 && setpriority(PRIO_PROCESS, 0, s->nice) == -1)
		return -1;
	if (place_stdio(from) == -1)
		return -1;
	return keep_only(s->keep, s->keep_count);
}

__attribute__((noreturn)) static void
become(const struct spawn *s, pid_t parent, int report)
{
	struct failure failure = {STEP_SETUP, 0};
	char *const *env = s->env == NULL ? environ : (char *const *)s->env;
	ssize_t ignored;

	if (settle(parent) == -1 || apply(s) == -1)
		goto failed;
	failure.step = STEP_DIR;
	if (s->dir != NULL && chdir(s->dir) == -1)
		goto failed;
	failure.step = STEP_EXEC;
	execvpe(s->argv[0], (char *const *)s->argv, env);
failed:
	failure.error = errno;
	ignored = write(report, &failure, sizeof(failure));
	(void)ignored;
	_exit(127);
}

/* 0 when the child runs its program, else -1 and "e". */
static int
await_exec(const struct spawn *s, int report, struct err *e)
{
	struct failure failure;
	ssize_t n;

	do
		n = read(report, &failure, sizeof(failure));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n == sizeof(failure))
		errno = failure.error;
	if (n == sizeof(failure) && failure.step == STEP_DIR)
		return err_sys(
		    e, "cannot run '%s' in folder '%s'", s->argv[0], s->dir);
	return err_sys(e, "cannot run '%s'", s->argv[0]);
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status;
}

pid_t
spawn(const struct spawn *s, struct err *e)
{
	pid_t pid, parent = getpid();
	int report[2], fd;
	sigset_t old;

	if (pipe2(report, O_CLOEXEC) == -1)
		return err_sys(e, "cannot run '%s'", s->argv[0]);
	/* Out of the way of what place_stdio() writes over. */
	if (report[1] < 3 &&
	    (fd = fcntl(report[1], F_DUPFD_CLOEXEC, 3)) != -1) {
		close(report[1]);
		report[1] = fd;
	}
	pid = fork_blocked(&old);
	if (pid == 0)
		become(s, parent, report[1]);
	if (pid == -1)
		err_sys(e, "cannot start a process for '%s'", s->argv[0]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(report[1]);
	if (pid != -1 && await_exec(s, report[0], e) == -1) {
		reap(pid);
		pid = -1;
	}
	close(report[0]);
	return pid;
}

pid_t
spawn_call(int (*fn)(void *arg), void *arg, int in, int out, struct err *e)
{
	int from[3] = {in, out, -1};
	pid_t pid, parent = getpid();
	sigset_t old;

	pid = fork_blocked(&old);
	if (pid == 0) {
		if (settle(parent) == -1 || place_stdio(from) == -1 ||
		    close_range(3, UINT_MAX, 0) == -1)
			_exit(127);
		_exit(fn(arg));
	}
	if (pid == -1)
		err_sys(e, "cannot start a process");
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* ---- spawn_run ------------------------------------------------------- */

struct run {
	pid_t pid;
	bool own_group;
	int pidfd;
	int pipe; /* -1 when it has ended */
	struct buf *output;
	size_t left; /* of the cap */
};

/* Read once what is there.  False when there is nothing, or no more. */
static bool
run_read(struct run *r)
{
	char bytes[READ_STEP];
	ssize_t n;

	if (r->pipe == -1)
		return false;
	n = read(r->pipe, bytes, sizeof(bytes));
	if (n == -1 && errno == EINTR)
		return true;
	if (n == -1 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		close(r->pipe);
		r->pipe = -1;
		return false;
	}
	if ((size_t)n > r->left)
		n = (ssize_t)r->left;
	if (r->output != NULL)
		buf_add(r->output, bytes, (size_t)n);
	r->left -= (size_t)n;
	return true;
}

static int
time_left(uint64_t deadline)
{
	uint64_t now = clock_up_ms();

	if (deadline == 0)
		return -1;
	if (now >= deadline)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

/* True when the child ended in time.  What it left in the pipe is read, but a
 * grandchild that holds the pipe open is not waited for. */
static bool
run_watch(struct run *r, uint64_t deadline)
{
	struct pollfd fds[2];
	int n;

	for (;;) {
		fds[0] = (struct pollfd){r->pidfd, POLLIN, 0};
		fds[1] = (struct pollfd){r->pipe, POLLIN, 0};
		n = poll(fds, 2, time_left(deadline));
		if (n == 0)
			return false;
		if (n == -1 && errno != EINTR)
			return false;
		if (n == -1)
			continue;
		if (fds[0].revents != 0)
			break;
		run_read(r);
		if (time_left(deadline) == 0)
			return false;
	}
	/* 4 MiB is more than any pipe holds: a writer cannot keep us. */
	for (n = 0; n < 64 && run_read(r); n++)
		;
	return true;
}

static int
run_child(
    struct run *r, const struct spawn *s, uint64_t limit_ms, struct err *e)
{
	uint64_t deadline = limit_ms == 0 ? 0 : clock_up_ms() + limit_ms;
	bool ended = false;
	int status;

	r->pidfd = pidfd_open(r->pid, 0);
	if (r->pidfd == -1)
		err_sys(e, "cannot watch '%s'", s->argv[0]);
	else
		ended = run_watch(r, deadline);
	/* Before it is reaped its number cannot be somebody else's. */
	if (r->own_group)
		kill(-r->pid, SIGKILL);
	if (!ended)
		kill(r->pid, SIGKILL);
	status = reap(r->pid);
	if (r->pidfd == -1)
		return -1;
	close(r->pidfd);
	if (ended)
		return status;
	if (limit_ms % 1000 == 0)
		return err_set(e, ERR_AGAIN, "'%s' took longer than %ju s",
		    s->argv[0], (uintmax_t)(limit_ms / 1000));
	return err_set(e, ERR_AGAIN, "'%s' took longer than %ju ms", s->argv[0],
	    (uintmax_t)limit_ms);
}

int
spawn_run(const struct spawn *s, struct buf *output, size_t cap,
    uint64_t limit_ms, struct err *e)
{
	struct spawn child = *s;
	struct run r = {-1, s->own_group, -1, -1, output, cap};
	int ends[2], status;

	if (output != NULL)
		buf_reset(output);
	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(e, "cannot run '%s'", s->argv[0]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	child.out = child.err = ends[1];
	r.pipe = ends[0];
	r.pid = spawn(&child, e);
	close(ends[1]);
	status = r.pid == -1 ? -1 : run_child(&r, s, limit_ms, e);
	if (r.pipe != -1)
		close(r.pipe);
	return status;
}
