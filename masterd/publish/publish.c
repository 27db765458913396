/*
 * status.json of each bot, and the order around it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/record.h"
#include "masterd/db/leases.h"
#include "masterd/db/segments.h"
#include "masterd/publish/publish_internal.h"

#define FOLDER_MODE    02750
#define TICKET_KEEP_MS (15 * 60 * 1000)

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
	free(p->marked);
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

int
publish_folder(struct publish *p, const struct bot_place *place, struct err *e)
{
	char path[160];

	snprintf(
	    path, sizeof(path), "%s/outgoing/%s", place->account, place->name);
	return fs_make_dir_open(p->spool, path, FOLDER_MODE, e);
}

/* ---- status.json ----------------------------------------------------- */

static int
fill_status(struct publish *p, int64_t bot, struct err *e)
{
	struct status *s = p->status;

	memset(s, 0, sizeof(*s));
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
	int fd, result = -1;

	status_format(&text, p->status);
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
	buf_release(&text);
	return result;
}

static int
publish_bot(struct publish *p, int64_t bot, struct err *e)
{
	struct bot_place place;
	int folder, result;

	if (bots_place(p->db, bot, &place, e) == -1)
		return -1;
	if ((folder = publish_folder(p, &place, e)) == -1)
		return -1;
	result = publish_tickets(p, bot, folder, e);
	if (result == 0)
		result = fill_status(p, bot, e);
	if (result == 0)
		result = put_status(p, folder, e);
	close(folder);
	return result == 0 ? 0 : err_wrap(e, "bot '%s'", place.name);
}

int
publish_mark(struct publish *p, int64_t bot, struct err *e)
{
	uint64_t transaction = db_transaction(p->db);
	int i;

	for (i = 0; i < p->marked_count; i++)
		if (p->marked[i].bot == bot)
			break;
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
	p->marked[p->marked_count].bot = bot;
	p->marked[p->marked_count++].transaction = transaction;
	return 0;
}

void
publish_marked(struct publish *p)
{
	int i, n = p->marked_count;
	struct err e;

	p->marked_count = 0;
	for (i = 0; i < n; i++)
		if (p->marked[i].transaction == db_transaction(p->db) &&
		    publish_bot(p, p->marked[i].bot, &e) == -1)
			log_error(
			    "status.unpublished", LOG_T("reason", e.text));
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

	if (!name_ok(name))
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

/* ---- sweeping -------------------------------------------------------- */

struct sweep {
	struct publish *p;
	uint64_t before_ms;
	const struct status *status;
};

static int
sweep_ticket(void *arg, int dirfd, const char *name)
{
	struct sweep *s = arg;
	char id[17];
	uint64_t lease = 0;
	bool over = false;

	text_copy(id, sizeof(id), name);
	(void)text_to_hex64(&lease, id);
	if (leases_over(s->p->db, lease, s->before_ms, &over, NULL) == 0 &&
	    over)
		unlinkat(dirfd, name, 0);
	return 0;
}

/* Blobs are swept when no ticket is left: the next lease links them anew. */
static int
sweep_blob(void *arg, int dirfd, const char *name)
{
	(void)arg;
	unlinkat(dirfd, name, 0);
	return 0;
}

static int
sweep_bot(void *arg, int64_t bot)
{
	struct sweep *s = arg;
	struct bot_place place;
	int folder, tickets, blobs;

	if (bots_place(s->p->db, bot, &place, NULL) == -1 ||
	    fill_status(s->p, bot, NULL) == -1 ||
	    (folder = publish_folder(s->p, &place, NULL)) == -1)
		return 0;
	s->status = s->p->status;
	tickets = fs_open_dir(folder, "tickets", NULL);
	if (tickets != -1) {
		fs_each(tickets, sweep_ticket, s, NULL);
		if (s->status->lease_count == 0 &&
		    unlinkat(folder, "tickets", AT_REMOVEDIR) == 0 &&
		    (blobs = fs_open_dir(folder, "blobs", NULL)) != -1) {
			fs_each(blobs, sweep_blob, s, NULL);
			close(blobs);
		}
		close(tickets);
	}
	close(folder);
	return 0;
}

static int
has_segment(void *arg, const struct digest *sha256)
{
	return segments_has(arg, sha256, NULL);
}

void
publish_sweep(struct publish *p, uint64_t now_ms)
{
	struct sweep s = {p, now_ms - TICKET_KEEP_MS, NULL};

	bots_each(p->db, sweep_bot, &s, NULL);
	/* Replaced segments: bots may still be fetching them for a while. */
	store_sweep_segments(
	    p->store, s.before_ms / 1000, has_segment, p->db, NULL);
}
