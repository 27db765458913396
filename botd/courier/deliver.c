/*
 * Delivery of a dead bot's outbox: one courier for each bot that its bundles
 * name, on one line, taking turns until nothing waits in outbox/new any more.
 * It fetches nothing and says nothing of its own: what a beat would claim is
 * no longer true.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/wire/bundle.h"
#include "botd/courier/carry.h"
#include "botd/courier/deliver.h"

#define STEP_MS   200
#define BOTS_MOST 1024

struct delivery {
	struct deliver *of;
	char *root; /* of the bot; the outbox itself when it is bare */
	int root_fd, new_fd, lock, courier_lock;
	bool bare;
	struct name *bots;
	size_t bot_count;
	struct courier_config *configs; /* one a bot */
	struct courier **couriers;
	struct line *line;
	uint64_t before; /* bundles that were there */
};

/* ---- which outbox is it? --------------------------------------------- */

static bool
is_folder(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* A root has "outbox"; an outbox in a root has its lock beside it. */
static int
find_root(struct delivery *d, struct err *e)
{
	const char *folder = d->of->folder;
	char *path = realpath(folder, NULL), *slash;
	int fd;

	if (path == NULL || (fd = fs_open_dir(AT_FDCWD, path, NULL)) == -1) {
		free(path);
		return err_set(
		    e, ERR_REFUSED, "there is no folder '%s'", folder);
	}
	d->root = path;
	if (!is_folder(fd, "outbox/new") && !is_folder(fd, "new")) {
		close(fd);
		return err_set(e, ERR_REFUSED,
		    "'%s' is neither a bot's root nor an outbox: there is no "
		    "folder 'new'",
		    folder);
	}
	d->bare = !is_folder(fd, "outbox/new");
	slash = strrchr(path, '/');
	if (d->bare && slash != path && strcmp(slash, "/outbox") == 0 &&
	    faccessat(fd, "../lock", F_OK, 0) == 0) {
		*slash = '\0';
		d->bare = false;
	}
	close(fd);
	d->root_fd = fs_open_dir(AT_FDCWD, d->root, e);
	if (d->root_fd == -1)
		return -1;
	d->new_fd = fs_open_dir(d->root_fd, d->bare ? "new" : "outbox/new", e);
	return d->new_fd == -1 ? -1 : 0;
}

static int
take_locks(struct delivery *d, struct err *e)
{
	if ((d->lock = fs_lock(d->root_fd, "lock", e)) == -1) {
		if (e->cls == ERR_CONFLICT)
			err_set(e, ERR_CONFLICT,
			    "a bot is at work in '%s' and delivers itself",
			    d->root);
		return -1;
	}
	if ((d->courier_lock = courier_lock(d->root_fd, 0, e)) == -1) {
		if (e->cls == ERR_CONFLICT)
			err_set(e, ERR_CONFLICT,
			    "another courier or a relay carries for '%s'",
			    d->root);
		return -1;
	}
	return 0;
}

/* ---- whose bundles are there? ---------------------------------------- */

struct looking {
	struct delivery *d;
	struct err *e;
};

/* The account stands in the first line; one that cannot be read is judged by
 * the master. */
static int
check_account(struct looking *l, int dirfd, const char *name)
{
	const struct name *wanted = &l->d->of->account;
	struct bundle_reader *r;
	struct bundle_item item;
	int fd, rc = 0;

	if ((fd = fs_open_foreign(dirfd, name, NULL, NULL)) == -1)
		return 0;
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	if (bundle_read(r, &item, NULL) == 0 && item.step == STEP_HEADER &&
	    strcmp(item.header.account.text, wanted->text) != 0)
		rc = err_set(l->e, ERR_REFUSED,
		    "'%s' is of account '%s', and the link leads to '%s'", name,
		    item.header.account.text, wanted->text);
	bundle_reader_free(r);
	close(fd);
	return rc;
}

static int
note_bundle(void *arg, int dirfd, const char *name)
{
	struct looking *l = arg;
	struct delivery *d = l->d;
	struct bundle_id id;
	size_t i;

	if (bundle_id_parse(&id, name, NULL) == -1)
		return 0;
	if (id.cls == BUNDLE_BEAT) {
		(void)unlinkat(dirfd, name, 0);
		return 0;
	}
	d->before++;
	for (i = 0; i < d->bot_count; i++)
		if (strcmp(d->bots[i].text, id.bot.text) == 0)
			return 0;
	if (d->bot_count == BOTS_MOST)
		return err_set(l->e, ERR_REFUSED,
		    "bundles of more than %d bots are there", BOTS_MOST);
	d->bots = mem_resize(d->bots, d->bot_count + 1, sizeof(d->bots[0]));
	d->bots[d->bot_count++] = id.bot;
	return check_account(l, dirfd, name);
}

static int
count_bundle(void *arg, int dirfd, const char *name)
{
	struct bundle_id id;

	(void)dirfd;
	if (bundle_id_parse(&id, name, NULL) == 0 && id.cls != BUNDLE_BEAT)
		++*(uint64_t *)arg;
	return 0;
}

static uint64_t
still_waiting(const struct delivery *d)
{
	uint64_t n = 0;

	fs_each(d->new_fd, count_bundle, &n, NULL);
	return n;
}

/* Is the root that bot's?  Then its inbox is, too. */
static bool
lives_here(const struct delivery *d, const struct name *bot)
{
	struct buf text = BUF_INIT;
	bool yes = false;

	if (!d->bare &&
	    fs_read_file(d->root_fd, "identity", &text, 256, NULL) == 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		yes = strcmp(text.data, bot->text) == 0;
	}
	buf_release(&text);
	return yes;
}

/* ---- carrying -------------------------------------------------------- */

static int
begin(struct delivery *d, struct err *e)
{
	size_t i;

	if ((d->line = line_new(&d->of->courier, e)) == NULL)
		return -1;
	d->configs = mem_array(d->bot_count + 1, sizeof(d->configs[0]));
	d->couriers = mem_array(d->bot_count + 1, sizeof(d->couriers[0]));
	for (i = 0; i < d->bot_count; i++) {
		d->configs[i] = d->of->courier;
		d->configs[i].root = d->root;
		d->configs[i].bot = d->bots[i];
		d->configs[i].deliver = true;
		d->configs[i].bare = d->bare;
		d->configs[i].stranger = !lives_here(d, &d->bots[i]);
		d->couriers[i] = courier_join(&d->configs[i], d->line, e);
		if (d->couriers[i] == NULL)
			return -1;
	}
	return 0;
}

/* Milliseconds until the next turn, or CARRY_LATER when one cannot go on. */
static uint64_t
turn(struct delivery *d)
{
	uint64_t due = STEP_MS, ms;
	size_t i;

	(void)line_up(d->line, clock_up_ms());
	for (i = 0; i < d->bot_count; i++) {
		ms = courier_work(d->couriers[i]);
		if (ms == CARRY_LATER)
			return CARRY_LATER;
		due = ms < due ? ms : due;
	}
	return due;
}

static int
carry_all(struct delivery *d)
{
	uint64_t since = clock_up_ms(), most = d->of->timeout_ms, ms;
	struct timespec t;

	while (still_waiting(d) > 0) {
		if ((ms = turn(d)) == CARRY_LATER)
			return 1;
		if (d->line->gave_up)
			return COURIER_GAVE_UP;
		if (most != 0 && clock_up_ms() - since >= most &&
		    still_waiting(d) > 0)
			return DELIVER_LATE;
		t = (struct timespec){0, (long)(ms < 10 ? 10 : ms) * 1000000L};
		nanosleep(&t, NULL);
	}
	return 0;
}

static void
end(struct delivery *d)
{
	const int fds[] = {d->new_fd, d->courier_lock, d->lock, d->root_fd};
	size_t i;

	for (i = 0; i < d->bot_count && d->couriers != NULL; i++)
		courier_free(d->couriers[i]);
	line_free(d->line);
	/* A bare outbox keeps nothing of ours but what was acknowledged. */
	if (d->bare && d->line != NULL) {
		fs_remove_tree(d->root_fd, "inbox", NULL);
		(void)unlinkat(d->root_fd, COURIER_LOCK, 0);
		(void)unlinkat(d->root_fd, "lock", 0);
	}
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] != -1)
			close(fds[i]);
	free(d->configs);
	free(d->couriers);
	free(d->bots);
	free(d->root);
}

static int
prepare(struct delivery *d, struct err *e)
{
	struct looking l = {d, e};

	if (find_root(d, e) == -1 || take_locks(d, e) == -1)
		return -1;
	if (fs_each(d->new_fd, note_bundle, &l, e) != 0)
		return -1;
	return begin(d, e);
}

int
deliver_run(struct deliver *of)
{
	struct delivery d = {.of = of,
	    .root_fd = -1,
	    .new_fd = -1,
	    .lock = -1,
	    .courier_lock = -1};
	uint64_t left;
	struct err e;
	int code;

	err_clear(&e);
	if (prepare(&d, &e) == -1) {
		log_error("delivery.failed", LOG_T("reason", e.text));
		end(&d);
		return e.cls == ERR_CONFLICT ? 3 : e.cls == ERR_REFUSED ? 2 : 1;
	}
	code = carry_all(&d);
	left = still_waiting(&d);
	if (code == 0)
		log_info("delivery.done", LOG_T("folder", of->folder),
		    LOG_N("bundles", d.before));
	else
		log_warn("delivery.late", LOG_T("folder", of->folder),
		    LOG_N("bundles", d.before), LOG_N("missing", left));
	end(&d);
	return code;
}
