/*
 * A program in a cage under the loop: its output comes through a pipe, so
 * that it cannot fill the disk, and a chatty target waits for us, not we for
 * it.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "botd/runner/run.h"
#include "lib/base/clock.h"

#define READ_STEP 65536
/*
 * libFuzzer writes each line by itself, thousands a second: waking for each
 * costs more than reading them.  So the pipe is made large and looked at ten
 * times a second; 1 MiB each time is more than any honest target prints.
 */
#define PIPE_BYTES (1 << 20)
#define PACE_MS    100
/* Turns of reading for one wake-up: other sessions have pipes too. */
#define READ_TURNS (PIPE_BYTES / READ_STEP)
/* What may still be in a pipe when its writer has ended: at most 1 MiB. */
#define DRAIN_TURNS 64

void
run_init(struct run *r, struct loop *loop, run_bytes_fn *bytes,
    run_ended_fn *ended, void *arg)
{
	*r = (struct run){.loop = loop,
	    .pipe = -1,
	    .bytes = bytes,
	    .ended = ended,
	    .arg = arg};
}

bool
run_is_on(const struct run *r)
{
	return r->cage != NULL;
}

int
run_say(struct run *r, const char *bytes, size_t len)
{
	ssize_t n = send(r->pipe, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n >= 0 && (size_t)n == len ? 0 : -1;
}

static void
keep(struct run *r, const char *bytes, size_t len)
{
	buf_add(&r->text, bytes, len);
	if (r->text.len > 2 * RUN_TAIL)
		buf_consume(&r->text, r->text.len - RUN_TAIL);
	if (r->bytes != NULL)
		r->bytes(r->arg, bytes, len);
}

/* False when there is no more for now. */
static bool
read_once(struct run *r)
{
	char bytes[READ_STEP];
	ssize_t n;

	n = read(r->pipe, bytes, sizeof(bytes));
	if (n > 0) {
		keep(r, bytes, (size_t)n);
		return true;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* Closed by the program, which may live on: its end comes apart. */
	loop_drop(r->output);
	r->output = NULL;
	return false;
}

static void
on_output(void *arg, uint32_t events)
{
	struct run *r = arg;
	int i;

	(void)events;
	for (i = 0; i < READ_TURNS && read_once(r); i++)
		;
	if (r->output == NULL)
		return;
	loop_io_events(r->output, 0, NULL);
	loop_timer_set(r->pace, PACE_MS, NULL);
}

static void
on_pace(void *arg)
{
	struct run *r = arg;

	if (r->output != NULL)
		loop_io_events(r->output, EPOLLIN, NULL);
}

static void
close_pipe(struct run *r)
{
	loop_drop(r->output);
	r->output = NULL;
	if (r->pipe != -1)
		close(r->pipe);
	r->pipe = -1;
	if (r->pace != NULL)
		loop_timer_off(r->pace);
}

static void
on_end(void *arg, pid_t pid, int status)
{
	struct run *r = arg;
	int i;

	(void)pid;
	r->cpu_ms += cage_cpu_ms(r->cage);
	for (i = 0; i < DRAIN_TURNS && r->output != NULL && read_once(r); i++)
		;
	close_pipe(r);
	loop_drop(r->child);
	r->child = NULL;
	r->end = cage_ended(r->cage, status);
	r->cage = NULL;
	r->ended(r->arg);
}

int
run_start(struct run *r, const struct cage_spec *spec, struct err *e)
{
	int ends[2];

	buf_reset(&r->text);
	r->end = (struct cage_end){0, 0, false};
	if ((spec->talks
		    ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)
		    : pipe2(ends, O_CLOEXEC)) == -1)
		return err_sys(e, "cannot make a pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* a user has a quota */
	if (r->pace == NULL)
		r->pace = loop_timer(r->loop, on_pace, r, NULL);
	r->cage = cage_start(spec, ends[1], e);
	close(ends[1]);
	if (r->cage == NULL) {
		close(ends[0]);
		return -1;
	}
	r->pipe = ends[0];
	r->began_ms = clock_up_ms();
	r->output = loop_io(r->loop, r->pipe, EPOLLIN, on_output, r, e);
	r->child = loop_child(r->loop, cage_pid(r->cage), on_end, r, e);
	if (r->output == NULL || r->child == NULL || r->pace == NULL) {
		run_release(r);
		return -1;
	}
	return 0;
}

void
run_kill(struct run *r)
{
	if (r->cage != NULL)
		cage_kill(r->cage);
}

void
run_release(struct run *r)
{
	int status = 0;

	if (r->cage != NULL) {
		loop_drop(r->child);
		r->child = NULL;
		cage_kill(r->cage);
		while (waitpid(cage_pid(r->cage), &status, 0) == -1 &&
		    errno == EINTR)
			;
		cage_ended(r->cage, status);
		r->cage = NULL;
	}
	close_pipe(r);
	loop_drop(r->pace);
	r->pace = NULL;
	buf_release(&r->text);
}
