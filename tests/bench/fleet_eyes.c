/*
 * What masterd does with a fleet's bundles, seen by inotify: files that go
 * from incoming/new, folders that come in outgoing/, and each new status.json.
 * An overflow spoils the figures; it is said, and everything is read again.
 */
#include <sys/epoll.h>
#include <sys/inotify.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tests/bench/bench.h"
#include "tests/bench/fleet.h"

void
fleet_note(struct fleet *f, struct fleet_times *t, double since)
{
	if (!f->measuring)
		return;
	if (t->count == t->room) {
		t->room = t->room == 0 ? 1024 : t->room * 2;
		t->v = mem_resize(t->v, (size_t)t->room, sizeof(*t->v));
	}
	t->v[t->count++] = (bench_now() - since) * 1000;
}

static void
watch(struct fleet *f, int dir, uint32_t mask, struct fleet_watch what)
{
	char path[64];
	int wd, room = f->watch_room;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(f->inotify, path, mask | IN_ONLYDIR);
	if (wd == -1)
		bench_die("cannot watch a folder: %s", strerror(errno));
	if (wd >= room) {
		f->watch_room = 2 * (wd + 1);
		f->watches = mem_resize(
		    f->watches, (size_t)f->watch_room, sizeof(*f->watches));
		memset(f->watches + room, 0,
		    (size_t)(f->watch_room - room) * sizeof(*f->watches));
	}
	f->watches[wd] = what;
}

static struct fleet_bot *
find_bot(struct fleet *f, const char *name)
{
	int number;

	if (strncmp(name, "bot-", 4) != 0 || (number = atoi(name + 4)) < 0 ||
	    number >= f->count)
		return NULL;
	return &f->bots[number];
}

/* masterd has made a bot's folder. */
static void
meet(struct fleet *f, struct fleet_account *a, const char *name)
{
	struct fleet_bot *b = find_bot(f, name);

	if (b == NULL || b->outgoing != -1)
		return;
	if ((b->outgoing = fs_open_dir(a->outgoing, name, NULL)) == -1)
		return;
	watch(f, b->outgoing, IN_MOVED_TO,
	    (struct fleet_watch){.account = a, .bot = b});
	fleet_bot_told(b);
}

static void
unlinked(struct fleet *f, const char *name)
{
	struct fleet_bot *b;
	struct bundle_id id;

	if (bundle_id_parse(&id, name, NULL) == -1 || id.cls != BUNDLE_BEAT ||
	    (b = find_bot(f, id.bot.text)) == NULL)
		return;
	fleet_bot_beaten(b, &id);
}

static void
look_at_all(struct fleet *f)
{
	int i;

	f->lost = true;
	for (i = 0; i < f->count; i++)
		if (f->bots[i].outgoing != -1)
			fleet_bot_told(&f->bots[i]);
		else
			meet(f, f->bots[i].account, f->bots[i].name.text);
}

static void
seen(struct fleet *f, const struct inotify_event *event)
{
	struct fleet_watch w;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		look_at_all(f);
		return;
	}
	if (event->wd < 0 || event->wd >= f->watch_room || event->len == 0)
		return;
	w = f->watches[event->wd];
	if (w.bot != NULL) {
		if (strcmp(event->name, "status.json") == 0)
			fleet_bot_told(w.bot);
	} else if (w.fresh)
		unlinked(f, event->name);
	else
		meet(f, w.account, event->name);
}

static void
on_events(void *arg, uint32_t events)
{
	_Alignas(struct inotify_event) char bytes[65536];
	struct fleet *f = arg;
	const struct inotify_event *event;
	ssize_t n, i;

	(void)events;
	while ((n = read(f->inotify, bytes, sizeof(bytes))) > 0)
		for (i = 0; i < n;
		     i += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(bytes + i);
			seen(f, event);
		}
}

void
fleet_watch_all(struct fleet *f)
{
	struct fleet_account *a;
	struct err e;
	int i;

	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify == -1 ||
	    loop_io(f->loop, f->inotify, EPOLLIN, on_events, f, &e) == NULL)
		bench_die("cannot watch folders: %s", strerror(errno));
	for (i = 0; i < f->account_count; i++) {
		a = &f->accounts[i];
		watch(f, a->fresh, IN_DELETE,
		    (struct fleet_watch){.account = a, .fresh = true});
		watch(f, a->outgoing, IN_CREATE,
		    (struct fleet_watch){.account = a});
	}
}

/* ---- the rows -------------------------------------------------------- */

/* Each bot's last beat, and the highest seq of what it pushed. */
static void
look_up(sqlite3 *db, const struct fleet_bot *b)
{
	char sql[256];
	sqlite3_stmt *row;

	snprintf(sql, sizeof(sql),
	    "SELECT beat, highest FROM epoch WHERE epoch = '%016jx'",
	    (uintmax_t)b->epoch);
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW)
		bench_die("bot '%s' has no epoch", b->name.text);
	if (sqlite3_column_int64(row, 0) != (int64_t)b->beat)
		bench_die("bot '%s': beat %jd of %ju is in", b->name.text,
		    (intmax_t)sqlite3_column_int64(row, 0), (uintmax_t)b->beat);
	if (sqlite3_column_int64(row, 1) < (int64_t)b->seq)
		bench_die("bot '%s': seq %jd of %ju is known", b->name.text,
		    (intmax_t)sqlite3_column_int64(row, 1), (uintmax_t)b->seq);
	sqlite3_finalize(row);
}

void
fleet_verify(struct fleet *f)
{
	char path[PATH_MAX + 32];
	sqlite3 *db;
	int i;

	snprintf(path, sizeof(path), "%s/data/pandafuzz.db", f->path);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		bench_die("cannot open '%s'", path);
	for (i = 0; i < f->count; i++)
		if (f->bots[i].pending_count > 0 || f->bots[i].beat_pushed != 0)
			bench_die(
			    "bot '%s' waits for masterd", f->bots[i].name.text);
		else
			look_up(db, &f->bots[i]);
	sqlite3_close(db);
}
