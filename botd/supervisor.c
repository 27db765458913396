/*
 * Two children that meet only in folders, so that each may die alone: a dead
 * one is started again, with backoff.  Stopping goes with the flow of data:
 * the runner first, which seals what it has, then the courier, which pushes
 * what is sealed; all within 30 s.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/random.h"
#include "lib/base/retry.h"
#include "lib/base/spawn.h"
#include "botd/courier/courier.h"
#include "botd/supervisor.h"

#define RUNNER_STOP_MS  15000 /* then it is killed */
#define COURIER_STOP_MS 28000 /* since the order to stop */
#define GOOD_LIFE_MS    60000 /* resets the backoff */
#define LOCK_WAIT_MS    2000
#define LOCK_STEP_MS    50

static const struct retry_policy restarts = {
    RETRY_FOR_EVER, 1000, 30000, 2000, RETRY_FULL, RETRY_ON_ALL};

struct worker {
	struct supervisor *of;
	const char *name;
	const char *const *argv;
	pid_t pid; /* 0: not running */
	uint64_t started_ms;
	uint32_t failures;
	struct loop_source *child, *timer;
};

struct supervisor {
	const struct supervisor_config *config;
	struct loop *loop;
	struct worker runner, courier;
	struct loop_source *term, *intr, *hup, *runner_late, *courier_late;
	int root, lock;
	bool stopping;
	int code;
};

/* ---- children -------------------------------------------------------- */

static void worker_ended(void *arg, pid_t pid, int status);

static void
worker_start(void *arg)
{
	struct worker *w = arg;
	/* The lock's descriptor goes along: it is held until the last of us
	 * is gone, also when the supervisor is killed. */
	struct spawn s = {.argv = w->argv,
	    .in = -1,
	    .out = STDERR_FILENO,
	    .err = -1,
	    .keep = &w->of->lock,
	    .keep_count = 1};
	struct err e;

	w->started_ms = clock_up_ms();
	w->pid = spawn(&s, &e);
	if (w->pid != -1) {
		w->child = loop_child(w->of->loop, w->pid, worker_ended, w, &e);
		if (w->child != NULL) {
			log_info("worker.started", LOG_T("worker", w->name),
			    LOG_N("pid", w->pid));
			return;
		}
		kill(w->pid, SIGKILL);
	}
	log_error("supervisor.failed", LOG_T("reason", e.text));
	w->pid = 0;
	loop_quit(w->of->loop, 1);
}

static void
worker_signal(const struct worker *w, int signo)
{
	if (w->pid > 0)
		kill(w->pid, signo);
}

static void
kill_runner(void *arg)
{
	worker_signal(&((struct supervisor *)arg)->runner, SIGKILL);
}

static void
kill_courier(void *arg)
{
	worker_signal(&((struct supervisor *)arg)->courier, SIGKILL);
}

/* ---- stopping -------------------------------------------------------- */

/* The next step of stopping, whichever child is still there. */
static void
stop_on(struct supervisor *s)
{
	if (s->runner.pid > 0)
		return; /* it seals; worker_ended() comes back here */
	if (s->courier.pid > 0)
		worker_signal(&s->courier, SIGTERM);
	else
		loop_quit(s->loop, s->code);
}

static void
stop(struct supervisor *s, int code)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->code = code;
	loop_notify("STOPPING=1");
	log_info("bot.stopping", LOG_T("bot", s->config->bot.text));
	loop_timer_off(s->runner.timer);
	loop_timer_off(s->courier.timer);
	if (loop_timer_set(s->runner_late, RUNNER_STOP_MS, NULL) == -1 ||
	    loop_timer_set(s->courier_late, COURIER_STOP_MS, NULL) == -1)
		loop_quit(s->loop, 1);
	worker_signal(&s->runner, SIGTERM);
	stop_on(s);
}

static void
on_signal(void *arg)
{
	stop(arg, 0);
}

/* SIGHUP: each child reads its settings itself, and keeps what it has in
 * hand. */
static void
on_hup(void *arg)
{
	struct supervisor *s = arg;

	if (s->stopping || s->config->reload == NULL)
		return;
	if (s->config->reload(s->config->arg, s->root)) {
		worker_signal(&s->courier, SIGHUP);
		worker_signal(&s->runner, SIGHUP);
	}
	loop_notify("READY=1");
}

/* ---- dying ----------------------------------------------------------- */

static void
restart_later(struct worker *w)
{
	uint64_t delay;

	if (clock_up_ms() - w->started_ms >= GOOD_LIFE_MS)
		w->failures = 0;
	w->failures++;
	delay = retry_delay(&restarts, w->failures, random_u64());
	if (loop_timer_set(w->timer, delay, NULL) == -1)
		loop_quit(w->of->loop, 1);
}

static void
worker_ended(void *arg, pid_t pid, int status)
{
	struct worker *w = arg;
	struct supervisor *s = w->of;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	loop_drop(w->child);
	w->child = NULL;
	w->pid = 0;
	if (code == 0)
		log_info("worker.ended", LOG_T("worker", w->name),
		    LOG_N("pid", pid));
	else if (code == -1)
		log_warn("worker.killed", LOG_T("worker", w->name),
		    LOG_N("pid", pid), LOG_N("signal", WTERMSIG(status)));
	else
		log_warn("worker.failed", LOG_T("worker", w->name),
		    LOG_N("pid", pid), LOG_N("code", code));
	if (s->stopping)
		stop_on(s);
	else if (w == &s->runner && code == 0)
		stop(s, 0); /* status.json said stop (P.24) */
	else if (code == 2)
		stop(s, 2); /* it would say the same again */
	else if (code == COURIER_GAVE_UP)
		stop(s, 1); /* retry.max_retries; what was found stays */
	else
		restart_later(w);
}

/* ---- starting -------------------------------------------------------- */

/* Children of a supervisor that was killed die right after it; somebody who
 * is really at work keeps the lock. */
static int
take_lock(struct supervisor *s, struct err *e)
{
	const struct timespec step = {0, LOCK_STEP_MS * 1000000L};
	int waited;

	for (waited = 0;; waited += LOCK_STEP_MS) {
		if ((s->lock = fs_lock(s->root, "lock", e)) != -1)
			return 0;
		if (e->cls != ERR_CONFLICT || waited >= LOCK_WAIT_MS)
			return -1;
		nanosleep(&step, NULL);
	}
}

static int
write_identity(const struct supervisor *s, struct err *e)
{
	char line[NAME_MAX_LEN + 2];
	struct buf old = BUF_INIT;
	int rc = 0;

	snprintf(line, sizeof(line), "%s\n", s->config->bot.text);
	if (fs_read_file(s->root, "identity", &old, 256, NULL) == -1 ||
	    strcmp(buf_text(&old), line) != 0)
		rc = fs_replace(
		    s->root, "identity", line, strlen(line), 0644, true, e);
	buf_release(&old);
	return rc;
}

static int
make_root(struct supervisor *s, struct err *e)
{
	static const char *const folders[] = {"outbox/tmp", "outbox/new",
	    "outbox/acked", "outbox/held", "outbox/dropped", "outbox/noted",
	    "inbox/tickets", "inbox/jobs", "builds", "work", "units",
	    "state/serial"};
	size_t i;

	s->root = fs_make_dir_open(AT_FDCWD, s->config->root, 0750, e);
	if (s->root == -1 || take_lock(s, e) == -1)
		return -1;
	log_copy_to(s->root, "log");
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (fs_make_dirs(s->root, folders[i], 0750, e) == -1)
			return -1;
	if (write_identity(s, e) == -1)
		return -1;
	if (s->config->prepare == NULL)
		return 0;
	return s->config->prepare(s->config->arg, s->root, e);
}

static int
worker_init(struct supervisor *s, struct worker *w, const char *name,
    const char *const *argv, struct err *e)
{
	w->of = s;
	w->name = name;
	w->argv = argv;
	w->timer = loop_timer(s->loop, worker_start, w, e);
	return w->timer == NULL ? -1 : 0;
}

static int
serve(struct supervisor *s, struct err *e)
{
	const struct supervisor_config *c = s->config;

	if (make_root(s, e) == -1 || (s->loop = loop_new(e)) == NULL)
		return -1;
	s->term = loop_signal(s->loop, SIGTERM, on_signal, s, e);
	s->intr = loop_signal(s->loop, SIGINT, on_signal, s, e);
	s->hup = loop_signal(s->loop, SIGHUP, on_hup, s, e);
	s->runner_late = loop_timer(s->loop, kill_runner, s, e);
	s->courier_late = loop_timer(s->loop, kill_courier, s, e);
	if (s->term == NULL || s->intr == NULL || s->hup == NULL ||
	    s->runner_late == NULL || s->courier_late == NULL ||
	    worker_init(s, &s->runner, "runner", c->runner, e) == -1 ||
	    worker_init(s, &s->courier, "courier", c->courier, e) == -1)
		return -1;
	log_info(
	    "bot.started", LOG_T("bot", c->bot.text), LOG_T("root", c->root));
	if (c->courier != NULL)
		worker_start(&s->courier);
	worker_start(&s->runner);
	loop_notify("READY=1");
	return loop_run(s->loop, e);
}

int
supervisor_run(const struct supervisor_config *c)
{
	struct supervisor s = {.config = c, .root = -1, .lock = -1};
	struct err e;
	int code;

	err_clear(&e);
	code = serve(&s, &e);
	if (code == -1) {
		code = e.cls == ERR_CONFLICT ? 3 : 1;
		if (code == 3)
			log_error("bot.running", LOG_T("root", c->root));
		else
			log_error("supervisor.failed", LOG_T("reason", e.text));
	}
	loop_free(s.loop); /* what still runs dies with us */
	log_copy_to(-1, NULL);
	if (s.lock != -1)
		close(s.lock);
	if (s.root != -1)
		close(s.root);
	return code;
}
