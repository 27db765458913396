/*
 * The relay's process: a list of roots, each with a courier of its own on the
 * one line.  A turn opens the line when it is due and gives each courier its
 * share of it, another one first each time.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "botd/courier/carry.h"
#include "botd/courier/relay.h"

#define SCAN_MS    10000
#define SOON_MS    500
#define SOON_SCANS 10
#define DEPTH_MOST 4
#define ROOTS_MOST 10000
#define AGAIN_MS   60000 /* after a failed sync of a root */

struct root {
	struct root *next;
	struct relay *relay;
	char *path;
	struct courier_config config;
	struct courier *courier; /* NULL: to be tried again */
	int lock;
	struct loop_source *watch;
	uint64_t try_at;
	bool gone, said;
};

struct relay {
	const struct courier_config *config;
	const char *folder;
	struct loop *loop;
	struct line *line;
	struct root *roots;
	size_t count, first; /* whose turn it is to be first */
	uint64_t scan_at;
	unsigned soon; /* scans at short notice: a root takes a while to grow */
	struct loop_source *timer, *watch, *term, *intr, *hup;
	int fd;
};

/* ---- one root -------------------------------------------------------- */

static void take_turn(void *arg);

static void
root_hint(void *arg, bool lost)
{
	struct root *r = arg;

	if (r->courier != NULL && courier_hint(r->courier, lost, NULL) == -1)
		r->gone = true; /* looked for anew by the next scan */
	take_turn(r->relay);
}

static int
read_bot(const struct root *r, int fd, struct name *bot, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	rc = fs_read_file(fd, "identity", &text, 256, e);
	if (rc == 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		rc = name_parse(bot, "bot", text.data, e);
	}
	if (rc == -1)
		err_wrap(e, "root '%s'", r->path);
	buf_release(&text);
	return rc;
}

static int
root_take(struct root *r, struct err *e)
{
	int fd = fs_open_dir(AT_FDCWD, r->path, e), rc = -1;

	if (fd == -1)
		return -1;
	r->config = *r->relay->config;
	r->config.root = r->path;
	if (read_bot(r, fd, &r->config.bot, e) == 0 &&
	    (r->lock = courier_lock(fd, 0, e)) != -1)
		rc = 0;
	close(fd);
	if (rc == -1)
		return -1;
	r->courier = courier_join(&r->config, r->relay->line, e);
	return r->courier == NULL ? -1 : 0;
}

static void
root_drop(struct root *r)
{
	loop_drop(r->watch);
	r->watch = NULL;
	courier_free(r->courier);
	r->courier = NULL;
	if (r->lock != -1)
		close(r->lock);
	r->lock = -1;
}

/* Without a watch the poll still finds everything. */
static void
root_begin(struct root *r)
{
	struct err e;

	err_clear(&e);
	if (root_take(r, &e) == -1) {
		root_drop(r);
		r->try_at = clock_up_ms() + SCAN_MS;
		if (!r->said)
			log_warn("relay.left", LOG_T("root", r->path),
			    LOG_T("reason", e.text));
		r->said = true;
		return;
	}
	r->said = false;
	r->watch = loop_watch(r->relay->loop, spool_new_fd(r->courier->outbox),
	    root_hint, r, NULL);
	log_info("relay.carries", LOG_T("bot", r->config.bot.text),
	    LOG_T("root", r->path));
}

/* ---- finding roots --------------------------------------------------- */

static struct root *
root_find(const struct relay *relay, const char *path)
{
	struct root *r;

	for (r = relay->roots; r != NULL; r = r->next)
		if (strcmp(r->path, path) == 0)
			return r;
	return NULL;
}

static void
root_add(struct relay *relay, const char *path)
{
	struct root *r;

	if (root_find(relay, path) != NULL || relay->count >= ROOTS_MOST)
		return;
	r = mem_alloc(sizeof(*r));
	r->relay = relay;
	r->path = mem_strdup(path);
	r->lock = -1;
	r->next = relay->roots;
	relay->roots = r;
	relay->count++;
}

struct walk {
	struct relay *relay;
	struct buf *path;
	int depth;
};

static bool
is_root(int fd)
{
	struct stat st;

	return fstatat(fd, "identity", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && fstatat(fd, "outbox/new", &st, 0) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int
walk_entry(void *arg, int dirfd, const char *name)
{
	struct walk *up = arg;
	struct walk w = {up->relay, up->path, up->depth + 1};
	size_t len = w.path->len;
	int fd;

	/* Links are not followed: two paths of one root would be two bots. */
	fd = name[0] == '.' ? -1 : fs_open_dir(dirfd, name, NULL);
	if (fd == -1)
		return 0;
	buf_printf(w.path, "/%s", name);
	if (is_root(fd))
		root_add(w.relay, w.path->data);
	else if (w.depth < DEPTH_MOST)
		fs_each(fd, walk_entry, &w, NULL);
	close(fd);
	w.path->len = len;
	w.path->data[len] = '\0';
	return 0;
}

static void
forget_gone(struct relay *relay)
{
	struct root **at = &relay->roots, *r;
	struct stat st;

	while ((r = *at) != NULL) {
		if (stat(r->path, &st) == 0 && !r->gone) {
			at = &r->next;
			continue;
		}
		log_info("relay.dropped", LOG_T("root", r->path));
		*at = r->next;
		relay->count--;
		root_drop(r);
		free(r->path);
		free(r);
	}
}

static void
scan(struct relay *relay, uint64_t now)
{
	struct buf path = BUF_INIT;
	struct walk w = {relay, &path, 0};
	struct root *r;

	relay->scan_at = now + (relay->soon > 0 ? SOON_MS : SCAN_MS);
	if (relay->soon > 0)
		relay->soon--;
	forget_gone(relay);
	buf_adds(&path, relay->folder);
	if (is_root(relay->fd))
		root_add(relay, path.data);
	else
		fs_each(relay->fd, walk_entry, &w, NULL);
	buf_release(&path);
	for (r = relay->roots; r != NULL; r = r->next)
		if (r->courier == NULL && now >= r->try_at)
			root_begin(r);
}

/* ---- a turn ---------------------------------------------------------- */

/* They may have been read again since. */
static void
take_settings(struct root *r)
{
	struct name bot = r->config.bot;

	r->config = *r->relay->config;
	r->config.root = r->path;
	r->config.bot = bot;
}

static uint64_t
work_on(struct root *r, uint64_t now)
{
	struct courier *c = r->courier;
	uint64_t ms;

	if (c == NULL)
		return SCAN_MS;
	if (now < c->rest_until)
		return c->rest_until - now;
	take_settings(r);
	ms = courier_work(c);
	if (!c->broken)
		return ms;
	/* Begun anew from what lies there, as its own process would be. */
	root_drop(r);
	r->try_at = now + AGAIN_MS;
	return SCAN_MS;
}

/* True when each has pushed what it had; only asked on leaving. */
static bool
work_on_all(struct relay *relay, uint64_t *due)
{
	struct root *r, *from = relay->roots;
	uint64_t ms, now = clock_up_ms();
	bool done = true;
	size_t i;

	if (relay->count == 0)
		return true;
	relay->first = (relay->first + 1) % relay->count;
	for (i = 0; i < relay->first; i++)
		from = from->next;
	for (i = 0, r = from; i < relay->count; i++) {
		ms = work_on(r, now);
		if (ms != CARRY_LATER)
			done = done && r->courier == NULL;
		if (ms < *due)
			*due = ms;
		r = r->next == NULL ? relay->roots : r->next;
	}
	return done;
}

static void
take_turn(void *arg)
{
	struct relay *relay = arg;
	struct line *l = relay->line;
	uint64_t now = clock_up_ms(), due;
	bool done;

	if (l->leave_at == 0 && now >= relay->scan_at)
		scan(relay, now);
	due = relay->scan_at > now ? relay->scan_at - now : 0;
	(void)line_up(l, now);
	done = work_on_all(relay, &due);
	if (l->leave_at != 0 && (done || clock_up_ms() >= l->leave_at))
		loop_quit(relay->loop, 0);
	else if (l->gave_up && l->leave_at == 0)
		loop_quit(relay->loop, COURIER_GAVE_UP);
	else if (loop_timer_set(relay->timer, due, NULL) == -1)
		loop_quit(relay->loop, 1);
}

static void
found(void *arg, bool lost)
{
	struct relay *relay = arg;

	if (lost)
		log_warn("watch.lost", LOG_T("folder", relay->folder));
	relay->scan_at = 0;
	relay->soon = SOON_SCANS;
	take_turn(relay);
}

static void
leave(void *arg)
{
	struct relay *relay = arg;
	struct root *r;

	line_leave(relay->line);
	for (r = relay->roots; r != NULL; r = r->next)
		if (r->courier != NULL)
			r->courier->push_at = 0;
	take_turn(relay);
}

static void
reload(void *arg)
{
	struct relay *relay = arg;
	const struct courier_config *c = relay->config;

	if (c->reload != NULL)
		c->reload(c->reload_arg); /* into that same struct */
	relay->scan_at = 0;
	take_turn(relay);
}

static int
serve(struct relay *relay, struct err *e)
{
	if ((relay->loop = loop_new(e)) == NULL ||
	    (relay->term = loop_signal(
		 relay->loop, SIGTERM, leave, relay, e)) == NULL ||
	    (relay->intr = loop_signal(relay->loop, SIGINT, leave, relay, e)) ==
		NULL ||
	    (relay->hup = loop_signal(relay->loop, SIGHUP, reload, relay, e)) ==
		NULL ||
	    (relay->timer = loop_timer(relay->loop, take_turn, relay, e)) ==
		NULL)
		return -1;
	/* A hint only, and none at all for what other hosts make. */
	relay->watch = loop_watch(relay->loop, relay->fd, found, relay, NULL);
	if (loop_timer_set(relay->timer, 0, e) == -1)
		return -1;
	log_info("relay.started", LOG_T("folder", relay->folder),
	    LOG_T("link", relay->config->link));
	loop_notify("READY=1");
	return loop_run(relay->loop, e);
}

int
relay_run(const struct courier_config *config, const char *folder)
{
	struct relay relay = {.config = config, .fd = -1};
	char *path = realpath(folder, NULL);
	struct root *r;
	struct err e;
	int code = -1;

	signal(SIGPIPE, SIG_IGN);
	err_clear(&e);
	if (path == NULL)
		err_set(&e, ERR_REFUSED, "there is no folder '%s'", folder);
	else if ((relay.fd = fs_open_dir(AT_FDCWD, path, &e)) != -1 &&
	    (relay.line = line_new(config, &e)) != NULL) {
		relay.folder = path;
		code = serve(&relay, &e);
	}
	if (code == -1)
		log_error("relay.failed", LOG_T("reason", e.text));
	while ((r = relay.roots) != NULL) {
		relay.roots = r->next;
		root_drop(r);
		free(r->path);
		free(r);
	}
	line_free(relay.line);
	loop_free(relay.loop);
	if (relay.fd != -1)
		close(relay.fd);
	free(path);
	return code == -1 ? (e.cls == ERR_REFUSED ? 2 : 1) : code;
}
