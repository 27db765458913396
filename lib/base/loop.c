/*
 * The event loop over sd-event, and folder watches over one inotify
 * descriptor of our own: sd-event would wake a watcher once per event, a
 * folder that gets 10,000 files at once needs one hint.
 */
#include <sys/inotify.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "lib/base/buf.h"
#include "lib/base/loop.h"

#define WATCH_MASK \
	(IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define WATCH_LOST                                                    \
	(IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | \
	    IN_IGNORED)
#define WATCH_BUFFER 65536

union loop_callback {
	loop_fn *plain; /* timers and signals */
	loop_io_fn *io;
	loop_child_fn *child;
	loop_hint_fn *hint;
};

struct loop_source {
	struct loop *loop;
	struct loop_source *prev, *next;
	union loop_callback fn;
	void *arg;
	sd_event_source *event; /* NULL for a watch */
	pid_t pid;              /* of a child */
	int wd;                 /* of a watch, else -1 */
	bool is_watch, hinted, lost;
	bool running; /* its callback is on the stack */
	bool dropped; /* freed when the callback returns */
};

struct loop {
	sd_event *event;
	struct loop_source *sources;
	int inotify;                 /* -1 until the first watch */
	sd_event_source *on_inotify; /* NULL until then */
	uint64_t watchdog_ms;        /* 0: systemd does not ask */
	bool quit;
	int code;
};

/* ---- sources --------------------------------------------------------- */

static struct loop_source *
source_new(struct loop *l, void *arg)
{
	struct loop_source *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->arg = arg;
	s->wd = -1;
	s->next = l->sources;
	if (s->next != NULL)
		s->next->prev = s;
	l->sources = s;
	return s;
}

/* sd-event's negative errno as a failure; NULL, to be returned. */
static struct loop_source *
refuse(struct loop_source *s, int rc, const char *what, struct err *e)
{
	loop_drop(s);
	errno = -rc;
	err_sys(e, "cannot wait for %s", what);
	return NULL;
}

/* Around each callback: it may drop its own source. */
static void
enter(struct loop_source *s)
{
	s->running = true;
}

static void
leave(struct loop_source *s)
{
	s->running = false;
	if (s->dropped)
		free(s);
}

/* The kernel gives one number for one folder, however many watch it. */
static void
forget_watch(struct loop_source *s)
{
	struct loop_source *other;

	if (s->wd == -1)
		return;
	for (other = s->loop->sources; other != NULL; other = other->next)
		if (other != s && other->wd == s->wd)
			return;
	inotify_rm_watch(s->loop->inotify, s->wd);
}

void
loop_drop(struct loop_source *s)
{
	if (s == NULL || s->dropped)
		return;
	forget_watch(s);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		s->loop->sources = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->event = sd_event_source_disable_unref(s->event);
	if (s->running)
		s->dropped = true;
	else
		free(s);
}

/* ---- descriptors ----------------------------------------------------- */

static int
on_io(sd_event_source *event, int fd, uint32_t revents, void *userdata)
{
	struct loop_source *s = userdata;

	(void)event;
	(void)fd;
	enter(s);
	s->fn.io(s->arg, revents);
	leave(s);
	return 0;
}

struct loop_source *
loop_io(struct loop *l, int fd, uint32_t events, loop_io_fn *fn, void *arg,
    struct err *e)
{
	struct loop_source *s = source_new(l, arg);
	int rc;

	s->fn.io = fn;
	rc = sd_event_add_io(l->event, &s->event, fd, events, on_io, s);
	return rc < 0 ? refuse(s, rc, "a descriptor", e) : s;
}

int
loop_io_events(struct loop_source *s, uint32_t events, struct err *e)
{
	int rc;

	rc = sd_event_source_set_io_events(s->event, events);
	if (rc < 0) {
		errno = -rc;
		return err_sys(e, "cannot wait for a descriptor");
	}
	return 0;
}

/* ---- timers ---------------------------------------------------------- */

static int
on_time(sd_event_source *event, uint64_t usec, void *userdata)
{
	struct loop_source *s = userdata;

	(void)event;
	(void)usec;
	enter(s);
	s->fn.plain(s->arg);
	leave(s);
	return 0;
}

struct loop_source *
loop_timer(struct loop *l, loop_fn *fn, void *arg, struct err *e)
{
	struct loop_source *s = source_new(l, arg);
	int rc;

	s->fn.plain = fn;
	rc = sd_event_add_time(
	    l->event, &s->event, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_time, s);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(s->event, SD_EVENT_OFF);
	return rc < 0 ? refuse(s, rc, "a timer", e) : s;
}

int
loop_timer_set(struct loop_source *s, uint64_t in_ms, struct err *e)
{
	struct timespec now;
	uint64_t at;
	int rc;

	/* Our own look at the clock: sd-event's is as old as this turn. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	at = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (in_ms > (UINT64_MAX - 1 - at) / 1000)
		at = UINT64_MAX - 1;
	else
		at += in_ms * 1000;
	rc = sd_event_source_set_time(s->event, at);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(s->event, SD_EVENT_ONESHOT);
	if (rc < 0) {
		errno = -rc;
		return err_sys(e, "cannot set a timer");
	}
	return 0;
}

void
loop_timer_off(struct loop_source *s)
{
	sd_event_source_set_enabled(s->event, SD_EVENT_OFF);
}

/* ---- signals and children -------------------------------------------- */

static void
block_signal(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int
on_signal(
    sd_event_source *event, const struct signalfd_siginfo *info, void *userdata)
{
	struct loop_source *s = userdata;

	(void)event;
	(void)info;
	enter(s);
	s->fn.plain(s->arg);
	leave(s);
	return 0;
}

struct loop_source *
loop_signal(struct loop *l, int signo, loop_fn *fn, void *arg, struct err *e)
{
	struct loop_source *s = source_new(l, arg);
	int rc;

	s->fn.plain = fn;
	block_signal(signo);
	rc = sd_event_add_signal(l->event, &s->event, signo, on_signal, s);
	return rc < 0 ? refuse(s, rc, "a signal", e) : s;
}

/* The status as waitpid(2) would have had it. */
static int
status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return W_EXITCODE(info->si_status, 0);
	return W_EXITCODE(0, info->si_status) |
	    (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static int
on_child(sd_event_source *event, const siginfo_t *info, void *userdata)
{
	struct loop_source *s = userdata;
	int status;

	(void)event;
	/* sd-event reaps after this; the promise is that it is done before. */
	if (waitpid(s->pid, &status, WNOHANG) != s->pid)
		status = status_of(info);
	enter(s);
	s->fn.child(s->arg, s->pid, status);
	leave(s);
	return 0;
}

struct loop_source *
loop_child(
    struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct err *e)
{
	struct loop_source *s = source_new(l, arg);
	int rc;

	s->fn.child = fn;
	s->pid = pid;
	rc = sd_event_add_child(l->event, &s->event, pid, WEXITED, on_child, s);
	return rc < 0 ? refuse(s, rc, "a child", e) : s;
}

/* ---- folders --------------------------------------------------------- */

static void
mark_watches(struct loop *l, const struct inotify_event *event)
{
	bool all = (event->mask & IN_Q_OVERFLOW) != 0; /* wd is -1 then */
	struct loop_source *s;

	for (s = l->sources; s != NULL; s = s->next) {
		if (!s->is_watch || (!all && s->wd != event->wd))
			continue;
		s->hinted = true;
		if ((event->mask & WATCH_LOST) != 0)
			s->lost = true;
		if ((event->mask & IN_IGNORED) != 0)
			s->wd = -1; /* the kernel has removed it */
	}
}

/* Each callback may drop and add any source: begin anew after each. */
static void
tell_watches(struct loop *l)
{
	struct loop_source *s;
	bool lost;

	for (s = l->sources; s != NULL;) {
		if (!s->hinted) {
			s = s->next;
			continue;
		}
		lost = s->lost;
		s->hinted = s->lost = false;
		enter(s);
		s->fn.hint(s->arg, lost);
		leave(s);
		s = l->sources;
	}
}

static int
on_inotify(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	_Alignas(struct inotify_event) char bytes[WATCH_BUFFER];
	const struct inotify_event *event;
	struct loop *l = userdata;
	ssize_t n, i;
	int turns;

	(void)source;
	(void)revents;
	/* A full queue is 8 of these; who creates files faster than we read
	 * must not keep us here. */
	for (turns = 0; turns < 16; turns++) {
		if ((n = read(fd, bytes, sizeof(bytes))) <= 0)
			break;
		for (i = 0; i < n;
		     i += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(bytes + i);
			mark_watches(l, event);
		}
	}
	tell_watches(l);
	return 0;
}

static int
open_inotify(struct loop *l)
{
	int rc;

	if (l->inotify != -1)
		return 0;
	l->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (l->inotify == -1)
		return -errno;
	rc = sd_event_add_io(
	    l->event, &l->on_inotify, l->inotify, EPOLLIN, on_inotify, l);
	if (rc < 0) {
		close(l->inotify);
		l->inotify = -1;
	}
	return rc;
}

struct loop_source *
loop_watch(
    struct loop *l, int dirfd, loop_hint_fn *fn, void *arg, struct err *e)
{
	struct loop_source *s = source_new(l, arg);
	char path[64];
	int rc;

	s->fn.hint = fn;
	s->is_watch = true;
	if ((rc = open_inotify(l)) < 0)
		return refuse(s, rc, "events of a folder", e);
	/* By descriptor: the name may lead elsewhere by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	s->wd = inotify_add_watch(l->inotify, path, WATCH_MASK);
	if (s->wd == -1)
		return refuse(s, -errno, "events of a folder", e);
	return s;
}

/* ---- the loop itself ------------------------------------------------- */

struct loop *
loop_new(struct err *e)
{
	struct loop *l = mem_alloc(sizeof(*l));
	uint64_t usec = 0;
	int rc;

	l->inotify = -1;
	if (sd_watchdog_enabled(0, &usec) > 0)
		l->watchdog_ms = usec / 1000;
	block_signal(SIGCHLD);
	rc = sd_event_new(&l->event);
	if (rc < 0) {
		free(l);
		errno = -rc;
		err_sys(e, "cannot make an event loop");
		return NULL;
	}
	(void)sd_event_set_watchdog(l->event, 1); /* if systemd asks for it */
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->sources != NULL)
		loop_drop(l->sources);
	sd_event_source_disable_unref(l->on_inotify);
	if (l->inotify != -1)
		close(l->inotify);
	sd_event_unref(l->event);
	free(l);
}

int
loop_run(struct loop *l, struct err *e)
{
	int rc;

	while (!l->quit) {
		rc = sd_event_run(l->event, UINT64_MAX);
		if (rc < 0) {
			errno = -rc;
			return err_sys(e, "the event loop failed");
		}
	}
	l->quit = false;
	return l->code;
}

void
loop_quit(struct loop *l, int code)
{
	l->quit = true;
	l->code = code;
}

uint64_t
loop_take_watchdog(struct loop *l)
{
	(void)sd_event_set_watchdog(l->event, 0);
	return l->watchdog_ms;
}

void
loop_notify(const char *state)
{
	(void)sd_notify(0, state);
}
