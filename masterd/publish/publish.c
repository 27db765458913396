/*
 * status.json of each bot, and the order around it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "lib/wire/record.h"
#include "masterd/db/segments.h"
#include "masterd/publish/publish_internal.h"

#define FOLDER_MODE 0750            /* setgid comes from above */
#define SATURATED   100             /* until publish_set_known() */
#define WHOLE_MS    (5 * 60 * 1000) /* all is written again after that */

struct publish *
publish_open(const struct publish_config *c, struct err *e)
{
	struct publish *p = mem_alloc(sizeof(*p));

	p->db = c->db;
	p->store = c->store;
	p->heartbeat_ms = c->heartbeat_ms;
	p->root = c->root;
	p->status = status_new();
	p->written = written_new();
	p->saturated = SATURATED;
	if ((p->spool = fs_make_dir_open(c->root, "spool", 0755, e)) == -1) {
		publish_close(p);
		return NULL;
	}
	return p;
}

void
publish_close(struct publish *p)
{
	if (p == NULL)
		return;
	if (p->spool != -1)
		close(p->spool);
	status_free(p->status);
	written_free(p->written);
	manifest_release(&p->manifest);
	publish_known_close(p);
	free(p->marked);
	free(p->told);
	free(p);
}

void
publish_set_heartbeat(struct publish *p, uint64_t ms)
{
	p->heartbeat_ms = ms;
}

const char *
publish_generation(const struct publish *p)
{
	return p->generation;
}

void
publish_hold(struct publish *p, const char *reason)
{
	text_copy(p->hold, sizeof(p->hold), reason == NULL ? "" : reason);
}

void
publish_hold_accounts(struct publish *p, publish_hold_fn *fn, void *arg)
{
	p->account_hold = fn;
	p->account_hold_arg = arg;
}

int
publish_open_folder(int at, const char *path, struct err *e)
{
	int fd = fs_open_dir(at, path, NULL);

	return fd != -1 ? fd : fs_make_dir_open(at, path, FOLDER_MODE, e);
}

int
publish_folder(struct publish *p, const struct bot_place *place, struct err *e)
{
	char path[160];

	snprintf(
	    path, sizeof(path), "%s/outgoing/%s", place->account, place->name);
	return publish_open_folder(p->spool, path, e);
}

/* ---- status.json ----------------------------------------------------- */

static int
fill_status(struct publish *p, int64_t bot, struct err *e)
{
	struct status *s = p->status;

	/* Of its 600 KiB the epochs are the most, and written where counted. */
	memset(s, 0, offsetof(struct status, epochs));
	s->wire_max = s->wire_min = WIRE_VERSION;
	s->heartbeat_ms = p->heartbeat_ms;
	if (p->hold[0] != '\0') {
		s->hold = true;
		text_copy(s->reason, sizeof(s->reason), p->hold);
	}
	return bots_status(p->db, bot, p->generation, s, e);
}

/* By rename, its mtime its serial: SFTP shows whole seconds only. */
static int
put_status(struct publish *p, int folder, struct err *e)
{
	static const char tmp[] = ".status.json.tmp";
	struct timespec times[2];
	struct buf text = BUF_INIT;
	int fd, old, result = -1;

	status_format(&text, p->status);
	old = store_hold(folder, "status.json");
	fd = openat(folder, tmp,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd == -1) {
		err_sys(e, "cannot write status.json");
		goto out;
	}
	times[0].tv_sec = times[1].tv_sec = (time_t)p->status->serial;
	times[0].tv_nsec = times[1].tv_nsec = 0;
	if (fs_write_all(fd, text.data, text.len) == -1 ||
	    futimens(fd, times) == -1 ||
	    renameat(folder, tmp, folder, "status.json") == -1)
		err_sys(e, "cannot write status.json");
	else
		result = 0;
	close(fd);
out:
	store_let_go(p->store, old);
	buf_release(&text);
	return result;
}

/*
 * Does it lie there as it is to be, but for the serial?  Then the bot has
 * nothing to fetch: most beats change nothing.  The file's own serial stays,
 * and is no higher than the database's.
 */
static bool
is_told(struct publish *p, int folder)
{
	uint64_t serial = p->status->serial;
	struct buf want = BUF_INIT, have = BUF_INIT;
	struct stat st;
	bool same = false;

	if (fstatat(folder, "status.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_mtim.tv_sec <= serial) {
		p->status->serial = (uint64_t)st.st_mtim.tv_sec;
		status_format(&want, p->status);
		same = want.len == (size_t)st.st_size &&
		    fs_read_file(folder, "status.json", &have, STATUS_MAX_BYTES,
			NULL) == 0 &&
		    have.len == want.len &&
		    memcmp(have.data, want.data, want.len) == 0;
		p->status->serial = serial;
	}
	buf_release(&want);
	buf_release(&have);
	return same;
}

uint64_t *
publish_told(struct publish *p, int64_t bot)
{
	size_t i = (size_t)bot, room = p->told_room;

	if (i >= room) {
		p->told_room = i * 2 + 64;
		p->told = mem_resize(p->told, p->told_room, sizeof(*p->told));
		memset(p->told + room, 0,
		    (p->told_room - room) * sizeof(*p->told));
	}
	return &p->told[i];
}

/* Tickets and job files, unless they are there as they are: whoever lost one
 * gets it again in a while. */
static int
publish_rest(
    struct publish *p, const struct marked *m, int folder, struct err *e)
{
	uint64_t now = clock_up_ms(), *last = publish_told(p, m->bot);

	if (!m->whole && *last != 0 && now - *last < WHOLE_MS)
		return 0;
	*last = 0;
	if (publish_tickets(p, m->bot, folder, e) == -1)
		return -1;
	*last = now == 0 ? 1 : now;
	return 0;
}

/* Whatever else a bot is told, its account may be over its limits. */
static void
hold_account(struct publish *p, const char *account)
{
	const char *why = p->account_hold == NULL
	    ? NULL
	    : p->account_hold(p->account_hold_arg, account);

	if (why == NULL || p->status->hold)
		return;
	p->status->hold = true;
	text_copy(p->status->reason, sizeof(p->status->reason), why);
}

static int
publish_bot(struct publish *p, const struct marked *m, struct err *e)
{
	struct bot_place place;
	int64_t bot = m->bot;
	int folder, result;

	if (bots_place(p->db, bot, &place, e) == -1)
		return -1;
	if ((folder = publish_folder(p, &place, e)) == -1)
		return -1;
	result = publish_rest(p, m, folder, e);
	if (result == 0)
		result = fill_status(p, bot, e);
	if (result == 0)
		hold_account(p, place.account);
	if (result == 0 && !is_told(p, folder))
		result = put_status(p, folder, e);
	close(folder);
	return result == 0 ? 0 : err_wrap(e, "bot '%s'", place.name);
}

static int
mark(struct publish *p, int64_t bot, bool whole, struct err *e)
{
	uint64_t transaction = db_transaction(p->db);
	int i;

	for (i = 0; i < p->marked_count; i++)
		if (p->marked[i].bot == bot)
			break;
	if (i < p->marked_count && whole)
		p->marked[i].whole = true;
	if (i < p->marked_count && p->marked[i].transaction == transaction)
		return 0;
	/* A mark of a transaction that was rolled back took its serial along:
	 * a file under a serial that was seen before would be no news. */
	if (bots_next_serial(p->db, bot, clock_wall_ms(), e) == -1)
		return -1;
	if (i < p->marked_count) {
		p->marked[i].transaction = transaction;
		return 0;
	}
	if (p->marked_count == p->marked_room) {
		p->marked_room = p->marked_room == 0 ? 16 : p->marked_room * 2;
		p->marked = mem_resize(
		    p->marked, (size_t)p->marked_room, sizeof(*p->marked));
	}
	p->marked[p->marked_count++] = (struct marked){bot, transaction, whole};
	return 0;
}

int
publish_mark(struct publish *p, int64_t bot, struct err *e)
{
	return mark(p, bot, true, e);
}

int
publish_mark_word(struct publish *p, int64_t bot, struct err *e)
{
	return mark(p, bot, false, e);
}

void
publish_later(struct publish *p, int64_t bot)
{
	*publish_told(p, bot) = 0;
}

void
publish_marked(struct publish *p)
{
	int i, n = p->marked_count;
	bool reading;
	struct err e;

	p->marked_count = 0;
	/* One view of the state for all: see naming_batch(). */
	reading = n > 0 && db_begin_reading(p->db, &e) == 0;
	for (i = 0; i < n; i++)
		if (p->marked[i].transaction == db_transaction(p->db) &&
		    publish_bot(p, &p->marked[i], &e) == -1)
			log_error(
			    "status.unpublished", LOG_T("reason", e.text));
	if (reading)
		db_rollback(p->db);
}

struct mark_all {
	struct publish *p;
	struct err *e;
};

static int
mark_one(void *arg, int64_t bot)
{
	struct mark_all *m = arg;

	return publish_mark(m->p, bot, m->e);
}

int
publish_mark_all(struct publish *p, struct err *e)
{
	struct mark_all m = {p, e};

	return bots_each(p->db, mark_one, &m, e);
}

/* ---- recovery -------------------------------------------------------- */

struct survey {
	struct publish *p;
	const char *account;
	bool older; /* our database is */
	struct err *e;
};

static int
survey_bot(void *arg, int dirfd, const char *name)
{
	struct survey *s = arg;
	struct db *db = s->p->db;
	char path[64];
	struct stat st;
	uint64_t serial;
	int64_t bot;

	if (!name_ok(name))
		return 0;
	snprintf(path, sizeof(path), "%s/status.json", name);
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (bots_serial(db, s->account, name, &serial, s->e) == -1)
		return -1;
	if ((uint64_t)st.st_mtim.tv_sec <= serial)
		return 0;
	/* Serials never go back, nor is a bot that was told something one that
	 * never was: else each start would see an older database. */
	s->older = true;
	if (bots_get(db, s->account, name, clock_wall_ms(), &bot, s->e) == -1)
		return -1;
	return bots_raise_serial(db, bot, (uint64_t)st.st_mtim.tv_sec, s->e);
}

static int
survey_account(void *arg, int dirfd, const char *name)
{
	struct survey *s = arg;
	char path[64];
	int dir, result;

	if (!name_ok(name) || strcmp(name, ENROL_ACCOUNT) == 0)
		return 0;
	snprintf(path, sizeof(path), "%s/outgoing", name);
	if ((dir = fs_open_dir(dirfd, path, NULL)) == -1)
		return 0;
	s->account = name;
	result = fs_each(dir, survey_bot, s, NULL);
	close(dir);
	return result;
}

static int
new_generation(struct publish *p, const char *why, struct err *e)
{
	text_copy(p->generation, sizeof(p->generation), db_new_id().text);
	if (db_set_setting(p->db, "generation", p->generation, e) == -1)
		return -1;
	/* Serials of units may be given out again: all segments are anew. */
	if (segments_new_generation(p->db, clock_wall_ms(), e) == -1)
		return -1;
	log_info("generation.new", LOG_T("generation", p->generation),
	    LOG_T("reason", why));
	return db_event(
	    p->db, "master", "generation.new", p->generation, why, "", e);
}

static int
choose_generation(struct publish *p, bool draw, struct err *e)
{
	struct survey s = {p, NULL, false, e};
	struct buf value = BUF_INIT;
	int got = db_setting(p->db, "generation", &value, e);

	if (got == 0)
		text_copy(
		    p->generation, sizeof(p->generation), buf_text(&value));
	buf_release(&value);
	if (got == -1 || fs_each(p->spool, survey_account, &s, e) == -1)
		return -1;
	if (got == 1)
		return new_generation(p, "first start", e);
	if (draw)
		return new_generation(p, "asked for", e);
	if (s.older)
		return new_generation(p,
		    "bots were told more than this "
		    "database knows: it is an older one",
		    e);
	return 0;
}

int
publish_recover(struct publish *p, bool draw, struct err *e)
{
	if (db_begin(p->db, e) == -1)
		return -1;
	if (choose_generation(p, draw, e) == -1 ||
	    publish_mark_all(p, e) == -1) {
		db_rollback(p->db);
		return -1;
	}
	if (db_commit(p->db, e) == -1)
		return -1;
	publish_marked(p);
	return 0;
}
