/*
 * The courier's process: one loop with a timer, a watch of outbox/new and
 * SIGTERM.  Each of them only asks for a turn (carry.c); the watch is a hint,
 * so that a sealed crash leaves at once.
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "botd/courier/carry.h"

#define LOCK_WAIT_MS 2000
#define LOCK_STEP_MS 50

struct process {
	struct courier *courier;
	struct loop *loop;
	struct loop_source *timer, *watch, *term, *hup;
};

static void
take_turn(void *arg)
{
	struct process *p = arg;
	uint64_t in_ms = courier_turn(p->courier);
	struct err e;

	if (in_ms == CARRY_LATER)
		loop_quit(p->loop,
		    p->courier->broken              ? 1
			: p->courier->line->gave_up ? COURIER_GAVE_UP
						    : 0);
	else if (loop_timer_set(p->timer, in_ms, &e) == -1) {
		log_error("courier.broken", LOG_T("reason", e.text));
		loop_quit(p->loop, 1);
	}
}

static void look_at(void *arg, bool lost);

static int
watch_outbox(struct process *p, struct err *e)
{
	p->watch = loop_watch(
	    p->loop, spool_new_fd(p->courier->outbox), look_at, p, e);
	return p->watch == NULL ? -1 : 0;
}

static void
look_at(void *arg, bool lost)
{
	struct process *p = arg;
	struct err e;

	if (courier_hint(p->courier, lost, &e) == -1) {
		log_error("courier.broken", LOG_T("reason", e.text));
		loop_quit(p->loop, 1);
		return;
	}
	if (lost) {
		loop_drop(p->watch);
		/* Without a watch, the timer still finds everything. */
		if (watch_outbox(p, &e) == -1)
			log_warn("watch.lost", LOG_T("reason", e.text));
	}
	take_turn(p);
}

static void
leave(void *arg)
{
	struct process *p = arg;

	courier_leave(p->courier);
	take_turn(p);
}

static void
reload(void *arg)
{
	struct process *p = arg;
	const struct courier_config *c = p->courier->config;

	if (c->reload != NULL)
		c->reload(c->reload_arg); /* into that same struct */
	take_turn(p);
}

static int
serve(struct process *p, struct err *e)
{
	if ((p->loop = loop_new(e)) == NULL)
		return -1;
	if ((p->term = loop_signal(p->loop, SIGTERM, leave, p, e)) == NULL)
		return -1;
	if ((p->hup = loop_signal(p->loop, SIGHUP, reload, p, e)) == NULL)
		return -1;
	if ((p->timer = loop_timer(p->loop, take_turn, p, e)) == NULL)
		return -1;
	/* The watch before the first look (STYLE 7). */
	if (watch_outbox(p, e) == -1 || loop_timer_set(p->timer, 0, e) == -1)
		return -1;
	return loop_run(p->loop, e);
}

int
courier_lock(int root, uint64_t wait_ms, struct err *e)
{
	const struct timespec step = {0, LOCK_STEP_MS * 1000000L};
	uint64_t waited;
	int fd;

	for (waited = 0;; waited += LOCK_STEP_MS) {
		fd = fs_lock(root, COURIER_LOCK, e);
		if (fd != -1 || e->cls != ERR_CONFLICT || waited >= wait_ms)
			return fd;
		nanosleep(&step, NULL);
	}
}

/* One that was killed may take a moment to be gone. */
static int
lock_root(const struct courier_config *config, struct err *e)
{
	int root = fs_open_dir(AT_FDCWD, config->root, e), lock = -1;

	if (root != -1) {
		lock = courier_lock(root, LOCK_WAIT_MS, e);
		close(root);
	}
	if (lock == -1 && e->cls == ERR_CONFLICT)
		err_set(e, ERR_CONFLICT,
		    "another courier or a relay carries for '%s'",
		    config->root);
	return lock;
}

int
courier_run(const struct courier_config *config)
{
	struct process p = {NULL, NULL, NULL, NULL, NULL, NULL};
	struct err e;
	int code = -1, lock;

	signal(SIGPIPE, SIG_IGN);
	err_clear(&e);
	lock = lock_root(config, &e);
	if (lock != -1 && (p.courier = courier_new(config, &e)) != NULL) {
		log_copy_to(p.courier->root, "log");
		code = serve(&p, &e);
	}
	if (code == -1)
		log_error("courier.failed", LOG_T("reason", e.text));
	log_copy_to(-1, NULL);
	loop_free(p.loop);
	courier_free(p.courier);
	if (lock != -1)
		close(lock);
	return code == -1 ? (e.cls == ERR_REFUSED ? 2 : 1) : code;
}
