/*
 * Keeping decode children: start, feed, listen, watch over, replace.  One is at
 * work; those of the accounts before it are parked, for a start costs as much
 * as hundreds of bundles and many accounts send one bundle each.
 *
 * A bundle may cost DECODE_CPU_MS of the child's processor time and
 * DECODE_WALL_MS of ours (PROTOCOL 16 says what counts as its own fault).
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/spawn.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/intake/decode.h"
#include "masterd/intake/decoder.h"

#define DECODE_CPU_MS  (60 * 1000)
#define DECODE_WALL_MS (10 * 60 * 1000)
#define WATCH_MS       1000
#define RUN_MOST       256 /* bundles of one child; a start costs 10 ms */
#define PARKED_MOST    15
#define PIPE_BYTES     (1024 * 1024)
#define READ_AT_ONCE   (512 * 1024) /* a turn of the loop */

/* One that waits for its account's next bundle, and has none in hand. */
struct parked {
	pid_t pid; /* 0: free */
	int feed, frames, run;
	char account[NAME_MAX_LEN + 1];
	uint64_t since;
};

struct decoder {
	struct loop *loop;
	const struct decoder_calls *calls;
	void *arg;
	pid_t pid; /* 0: none */
	int feed, frames;
	struct loop_source *io, *child, *watch;
	char account[NAME_MAX_LEN + 1];
	int submitted;                  /* and not yet judged */
	int run;                        /* bundles this child was given */
	uint64_t cpu_start, wall_start; /* of the oldest submitted */
	bool overrun;                   /* we killed it for its own fault */
	char why[256];
	struct buf in;
	struct parked parked[PARKED_MOST];
};

struct decoder *
decoder_new(struct loop *loop, const struct decoder_calls *calls, void *arg)
{
	struct decoder *d = mem_alloc(sizeof(*d));

	d->loop = loop;
	d->calls = calls;
	d->arg = arg;
	d->feed = d->frames = -1;
	return d;
}

/* Let go of the child; it ends by itself when its socket does. */
static void
drop_child(struct decoder *d)
{
	loop_drop(d->io);
	loop_drop(d->child);
	if (d->watch != NULL)
		loop_timer_off(d->watch);
	d->io = d->child = NULL;
	if (d->feed != -1)
		close(d->feed);
	if (d->frames != -1)
		close(d->frames);
	d->feed = d->frames = -1;
	d->pid = 0;
	d->run = d->submitted = 0;
	d->overrun = false;
	buf_reset(&d->in);
}

static void
reap(struct decoder *d)
{
	if (d->pid == 0)
		return;
	kill(d->pid, SIGKILL);
	loop_drop(d->child);
	d->child = NULL;
	waitpid(d->pid, NULL, 0);
}

/* ---- parking --------------------------------------------------------- */

static void
end_parked(struct parked *p)
{
	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->feed);
	close(p->frames);
	p->pid = 0;
}

static void
unpark_all(struct decoder *d)
{
	int i;

	for (i = 0; i < PARKED_MOST; i++)
		end_parked(&d->parked[i]);
}

/* A free place, or that of who waits longest. */
static struct parked *
place_to_park(struct decoder *d)
{
	struct parked *oldest = &d->parked[0];
	int i;

	for (i = 0; i < PARKED_MOST; i++) {
		if (d->parked[i].pid == 0)
			return &d->parked[i];
		if (d->parked[i].since < oldest->since)
			oldest = &d->parked[i];
	}
	end_parked(oldest);
	return oldest;
}

static void
park(struct decoder *d)
{
	struct parked *p = place_to_park(d);

	p->pid = d->pid;
	p->feed = d->feed;
	p->frames = d->frames;
	p->run = d->run;
	text_copy(p->account, sizeof(p->account), d->account);
	p->since = clock_up_ms();
	loop_drop(d->child);
	d->child = NULL;
	d->feed = d->frames = -1;
	drop_child(d);
}

static int listen_to_child(struct decoder *d, struct err *e);

/* Is there one of this account, alive?  It is at work again then. */
static bool
unpark(struct decoder *d, const char *account)
{
	struct parked *p;
	struct err e;
	int i;

	for (i = 0; i < PARKED_MOST; i++) {
		p = &d->parked[i];
		if (p->pid == 0 || strcmp(p->account, account) != 0)
			continue;
		if (waitpid(p->pid, NULL, WNOHANG) != 0) {
			close(p->feed);
			close(p->frames);
			p->pid = 0;
			return false;
		}
		d->pid = p->pid;
		d->feed = p->feed;
		d->frames = p->frames;
		d->run = p->run;
		p->pid = 0;
		if (listen_to_child(d, &e) == 0)
			return true;
		reap(d);
		drop_child(d);
		return false;
	}
	return false;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	reap(d);
	drop_child(d);
	unpark_all(d);
	loop_drop(d->watch);
	buf_release(&d->in);
	free(d);
}

static uint64_t
cpu_ms(pid_t pid)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &ts) == -1)
		return 0;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
start_clock(struct decoder *d)
{
	d->cpu_start = cpu_ms(d->pid);
	d->wall_start = clock_up_ms();
}

static void
kill_for_fault(struct decoder *d, const char *why)
{
	d->overrun = true;
	text_copy(d->why, sizeof(d->why), why);
	kill(d->pid, SIGKILL);
}

static void on_death(void *arg, pid_t pid, int status);

/* Under a tracer, which is told first, the loop may miss a child's end. */
static bool
ended_unseen(struct decoder *d)
{
	int status;

	if (d->io != NULL || waitpid(d->pid, &status, WNOHANG) != d->pid)
		return false;
	on_death(d, d->pid, status);
	return true;
}

static void
on_watch(void *arg)
{
	struct decoder *d = arg;

	if (d->pid == 0 || ended_unseen(d))
		return;
	if (d->submitted > 0 && !d->overrun) {
		if (cpu_ms(d->pid) - d->cpu_start > DECODE_CPU_MS)
			kill_for_fault(d, "decoding took over 60 s of CPU");
		else if (clock_up_ms() - d->wall_start > DECODE_WALL_MS)
			kill_for_fault(d, "decoding took over 10 minutes");
	}
	loop_timer_set(d->watch, WATCH_MS, NULL);
}

static enum decoder_blame
blame(struct decoder *d, int status)
{
	int signo;

	if (d->overrun)
		return BLAME_BUNDLE;
	if (WIFSIGNALED(status)) {
		signo = WTERMSIG(status);
		text_copy(d->why, sizeof(d->why), strsignal(signo));
		return signo == SIGKILL || signo == SIGTERM ? BLAME_NOBODY
							    : BLAME_BUNDLE;
	}
	text_copy(d->why, sizeof(d->why), "the decode child left");
	return WEXITSTATUS(status) == 3 ? BLAME_NOBODY : BLAME_BUNDLE;
}

static int
dispatch(struct decoder *d, enum frame_type type, const void *body, size_t len,
    struct err *e)
{
	union {
		struct bundle_header header;
		struct record record;
		struct frame_facts facts;
		struct frame_verdict verdict;
	} u;
	const char *text;

	if (d->submitted == 0)
		return err_set(e, ERR_REFUSED,
		    "the decode child sent a frame "
		    "unasked");
	switch (type) {
	case FRAME_HEADER:
		if (frame_header(&u.header, body, len, e) == -1)
			return -1;
		d->calls->header(d->arg, &u.header);
		break;
	case FRAME_RECORD:
		if (frame_record(&u.record, body, len, e) == -1)
			return -1;
		d->calls->record(d->arg, &u.record);
		break;
	case FRAME_PAYLOAD:
		d->calls->payload(d->arg, body, len);
		break;
	case FRAME_FACTS:
		if (frame_facts(&u.facts, &text, body, len, e) == -1)
			return -1;
		d->calls->facts(d->arg, &u.facts, text);
		break;
	case FRAME_VERDICT:
		if (frame_verdict(&u.verdict, body, len, e) == -1)
			return -1;
		d->submitted--;
		start_clock(d);
		d->calls->verdict(d->arg, &u.verdict);
		break;
	}
	return 0;
}

static void
take_frames(struct decoder *d)
{
	enum frame_type type;
	const void *body;
	size_t offset = 0, len;
	struct err e;
	int got = 0;

	while ((got = frame_get(&d->in, &offset, &type, &body, &len, &e)) == 1)
		if ((got = dispatch(d, type, body, len, &e)) == -1)
			break;
	buf_consume(&d->in, offset);
	if (got == -1 && !d->overrun)
		kill_for_fault(d, e.text);
}

/* One read and the frames in it; read(2)'s result, 0 after a fault. */
static ssize_t
read_frames(struct decoder *d)
{
	ssize_t n;

	if (d->overrun)
		return 0;
	buf_grow(&d->in, FRAME_MAX + sizeof(struct frame_head));
	n = read(d->frames, d->in.data + d->in.len,
	    FRAME_MAX + sizeof(struct frame_head));
	if (n > 0) {
		d->in.len += (size_t)n;
		take_frames(d);
	}
	return n;
}

static void
on_frames(void *arg, uint32_t events)
{
	struct decoder *d = arg;
	size_t budget = READ_AT_ONCE;
	ssize_t n = 1;

	(void)events;
	while (budget > 0 && (n = read_frames(d)) > 0)
		budget -= (size_t)n < budget ? (size_t)n : budget;
	if (n == 0) {
		/* on_death() follows; till then a hang-up would be reported
		 * over and over. */
		loop_drop(d->io);
		d->io = NULL;
	}
}

static void
on_death(void *arg, pid_t pid, int status)
{
	struct decoder *d = arg;
	enum decoder_blame who;
	char why[sizeof(d->why)];
	int submitted;

	(void)pid;
	while (read_frames(d) > 0)
		; /* what it said before it died counts */
	submitted = d->submitted;
	who = blame(d, status);
	text_copy(why, sizeof(why), d->why);
	drop_child(d);
	if (submitted > 0)
		d->calls->died(d->arg, who, why);
}

static int
listen_to_child(struct decoder *d, struct err *e)
{
	d->io = loop_io(d->loop, d->frames, EPOLLIN, on_frames, d, e);
	d->child = loop_child(d->loop, d->pid, on_death, d, e);
	if (d->watch == NULL)
		d->watch = loop_timer(d->loop, on_watch, d, e);
	if (d->io == NULL || d->child == NULL || d->watch == NULL)
		return -1;
	return loop_timer_set(d->watch, WATCH_MS, e);
}

static int
start_child(struct decoder *d, struct err *e)
{
	int pair[2], pipes[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(e, "cannot start a decode child");
	if (pipe2(pipes, O_CLOEXEC) == -1) {
		err_sys(e, "cannot start a decode child");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	(void)fcntl(pipes[0], F_SETPIPE_SZ, PIPE_BYTES);
	(void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	d->feed = pair[0];
	d->frames = pipes[0];
	d->pid = spawn_call(decode_child, NULL, pair[1], pipes[1], e);
	close(pair[1]);
	close(pipes[1]);
	if (d->pid == -1) {
		d->pid = 0;
		return -1;
	}
	return listen_to_child(d, e);
}

bool
decoder_takes(const struct decoder *d, const char *account)
{
	if (d->pid == 0 || d->submitted == 0)
		return true;
	return !d->overrun && strcmp(d->account, account) == 0 &&
	    d->submitted < DECODER_AHEAD && d->run < RUN_MOST;
}

static int
send_fd(struct decoder *d, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {"b", 1};
	struct msghdr msg;
	struct cmsghdr *c;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(d->feed, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/*
 * A child for this account is at work: the one that is, one that was parked,
 * or a fresh one; always that after a long run.  The one before has nothing in
 * hand (decoder_takes() saw to it).
 */
static int
at_work_for(struct decoder *d, const char *account, struct err *e)
{
	if (d->pid != 0 && d->submitted == 0) {
		if (d->run >= RUN_MOST || d->in.len > 0 || d->io == NULL) {
			reap(d);
			drop_child(d);
		} else if (strcmp(d->account, account) != 0)
			park(d);
	}
	if (d->pid != 0)
		return 0;
	if (!unpark(d, account) && start_child(d, e) == -1) {
		reap(d);
		drop_child(d);
		return -1;
	}
	text_copy(d->account, sizeof(d->account), account);
	return 0;
}

int
decoder_submit(struct decoder *d, const char *account, int fd, struct err *e)
{
	if (at_work_for(d, account, e) == -1) {
		close(fd);
		return -1;
	}
	/* A child that just died is noticed by on_death(), which has this
	 * one submitted again with the others. */
	(void)send_fd(d, fd);
	close(fd);
	if (d->submitted++ == 0)
		start_clock(d);
	d->run++;
	return 0;
}
