/*
 * One child: two pipes that are read, a timer, and its end.  Its input is a
 * file in memory, so that nobody waits for it to read.
 */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "masterd/hooks/child.h"

enum { OUT, SAID, PIPES };

struct child {
	pid_t pid;
	struct pipe {
		struct child *of;
		int fd; /* -1: ended */
		struct buf bytes;
		struct loop_source *io;
	} pipes[PIPES];
	size_t most;
	struct loop_source *timer, *ended;
	bool late;
	child_fn *fn;
	void *arg;
};

static void
close_pipe(struct pipe *p)
{
	loop_drop(p->io);
	p->io = NULL;
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
}

static void
child_free(struct child *c)
{
	int i;

	for (i = 0; i < PIPES; i++) {
		close_pipe(&c->pipes[i]);
		buf_release(&c->pipes[i].bytes);
	}
	loop_drop(c->timer);
	loop_drop(c->ended);
	free(c);
}

/* False when there is nothing more to read now. */
static bool
read_some(struct pipe *p)
{
	char bytes[16384];
	ssize_t n;
	size_t room = p->of->most - p->bytes.len;

	if (p->fd == -1)
		return false;
	n = read(p->fd, bytes, sizeof(bytes));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_pipe(p);
		return false;
	}
	/* What is too much is read, too: it must not wait for us. */
	buf_add(&p->bytes, bytes, (size_t)n < room ? (size_t)n : room);
	return true;
}

static void
on_output(void *arg, uint32_t events)
{
	(void)events;
	read_some(arg);
}

static void
on_time(void *arg)
{
	struct child *c = arg;

	kill(-c->pid, c->late ? SIGKILL : SIGTERM);
	if (!c->late)
		loop_timer_set(c->timer, CHILD_GRACE_MS, NULL);
	c->late = true;
}

/* Its number is not given away while anybody is left in its group. */
static void
on_ended(void *arg, pid_t pid, int status)
{
	struct child *c = arg;
	struct child_result r = {
	    status, c->late, &c->pipes[OUT].bytes, &c->pipes[SAID].bytes};
	int i, n;

	kill(-pid, SIGKILL);
	for (i = 0; i < PIPES; i++)
		for (n = 0; n < 64 && read_some(&c->pipes[i]); n++)
			;
	c->fn(c->arg, &r);
	child_free(c);
}

/* ---- starting -------------------------------------------------------- */

static int
input_file(const void *bytes, size_t len, struct err *e)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd != -1 && fs_write_all(fd, bytes, len) == 0 &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	err_sys(e, "cannot make a program's input");
	if (fd != -1)
		close(fd);
	return -1;
}

static int
open_pipe(struct pipe *p, int *theirs, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(e, "cannot make a pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	p->fd = ends[0];
	*theirs = ends[1];
	return 0;
}

static int
run(struct child *c, const struct child_command *cmd, struct err *e)
{
	struct spawn s = {.argv = cmd->argv,
	    .env = cmd->env,
	    .dir = cmd->dir,
	    .out = -1,
	    .err = -1,
	    .own_session = true,
	    .keep = &cmd->keep,
	    .keep_count = cmd->keep == -1 ? 0 : 1};

	s.in = input_file(cmd->input, cmd->input_len, e);
	if (s.in != -1 && open_pipe(&c->pipes[OUT], &s.out, e) == 0 &&
	    open_pipe(&c->pipes[SAID], &s.err, e) == 0)
		c->pid = spawn(&s, e);
	if (s.in != -1)
		close(s.in);
	if (s.out != -1)
		close(s.out);
	if (s.err != -1)
		close(s.err);
	return c->pid == -1 ? -1 : 0;
}

static int
watch(struct child *c, struct loop *loop, uint64_t limit_ms, struct err *e)
{
	int i;

	for (i = 0; i < PIPES; i++) {
		c->pipes[i].io = loop_io(
		    loop, c->pipes[i].fd, EPOLLIN, on_output, &c->pipes[i], e);
		if (c->pipes[i].io == NULL)
			return -1;
	}
	c->timer = loop_timer(loop, on_time, c, e);
	if (c->timer == NULL || loop_timer_set(c->timer, limit_ms, e) == -1)
		return -1;
	c->ended = loop_child(loop, c->pid, on_ended, c, e);
	return c->ended == NULL ? -1 : 0;
}

struct child *
child_start(struct loop *loop, const struct child_command *cmd, child_fn *fn,
    void *arg, struct err *e)
{
	struct child *c = mem_alloc(sizeof(*c));
	int i;

	c->pid = -1;
	c->fn = fn;
	c->arg = arg;
	c->most = cmd->most == 0 ? CHILD_OUTPUT_MAX : cmd->most;
	for (i = 0; i < PIPES; i++)
		c->pipes[i] = (struct pipe){.of = c, .fd = -1};
	if (run(c, cmd, e) == 0 && watch(c, loop, cmd->limit_ms, e) == 0)
		return c;
	child_drop(c);
	return NULL;
}

void
child_drop(struct child *c)
{
	if (c == NULL)
		return;
	if (c->pid != -1) {
		kill(-c->pid, SIGKILL);
		loop_drop(c->ended);
		c->ended = NULL;
		while (waitpid(c->pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	child_free(c);
}
