/*
 * What goes from outgoing/: files of leases that are over, folders of bots that
 * were forgotten, segments that were replaced.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/leases.h"
#include "masterd/db/segments.h"
#include "masterd/publish/publish_internal.h"

#define TICKET_KEEP_MS (15 * 60 * 1000)
#define LATE_S         3600 /* status.json of who was forgotten stays */

struct sweep {
	struct publish *p;
	uint64_t before_ms, now_ms;
	unsigned part, parts;
	const char *account;
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

/* True when nothing of a lease is left. */
static bool
sweep_folder(struct sweep *s, int folder, bool idle)
{
	int tickets = fs_open_dir(folder, "tickets", NULL), blobs;

	if (tickets == -1)
		return false;
	fs_each(tickets, sweep_ticket, s, NULL);
	close(tickets);
	if (!idle || unlinkat(folder, "tickets", AT_REMOVEDIR) == -1)
		return false;
	if ((blobs = fs_open_dir(folder, "blobs", NULL)) != -1) {
		fs_each(blobs, sweep_blob, s, NULL);
		close(blobs);
	}
	return true;
}

static int
sweep_bot(void *arg, int64_t bot)
{
	struct sweep *s = arg;
	struct bot_place place;
	char path[160];
	int64_t open;
	int folder;

	if ((uint64_t)bot % s->parts != s->part ||
	    bots_place(s->p->db, bot, &place, NULL) == -1 ||
	    leases_open(s->p->db, bot, &open, NULL) == -1)
		return 0;
	snprintf(
	    path, sizeof(path), "%s/outgoing/%s", place.account, place.name);
	if ((folder = fs_open_dir(s->p->spool, path, NULL)) == -1)
		return 0;
	/* Its files are linked anew with its next lease. */
	if (sweep_folder(s, folder, open == 0))
		*publish_told(s->p, bot) = 0;
	close(folder);
	return 0;
}

/* A kill after the COMMIT that forgot it leaves its folder. */
static int
sweep_gone(void *arg, int dirfd, const char *name)
{
	struct sweep *s = arg;
	struct bot_place place;
	struct stat st;
	char path[64];
	bool gone, old;

	if (!name_ok(name))
		return 0;
	snprintf(path, sizeof(path), "%s/status.json", name);
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		memset(&st, 0, sizeof(st));
	old = (uint64_t)st.st_ctim.tv_sec + LATE_S < s->now_ms / 1000;
	text_copy(place.account, sizeof(place.account), s->account);
	text_copy(place.name, sizeof(place.name), name);
	if (bots_gone(s->p->db, &place, (uint64_t)st.st_mtim.tv_sec, old, &gone,
		NULL) == 0 &&
	    gone)
		(void)fs_remove_tree(dirfd, name, NULL);
	return 0;
}

static int
sweep_account(void *arg, int dirfd, const char *name)
{
	struct sweep *s = arg;
	char path[64];
	int dir;

	if (!name_ok(name))
		return 0;
	snprintf(path, sizeof(path), "%s/outgoing", name);
	if ((dir = fs_open_dir(dirfd, path, NULL)) == -1)
		return 0;
	s->account = name;
	fs_each(dir, sweep_gone, s, NULL);
	close(dir);
	return 0;
}

void
publish_sweep_forgotten(struct publish *p, uint64_t now_ms)
{
	struct sweep s = {.p = p, .now_ms = now_ms};

	(void)fs_each(p->spool, sweep_account, &s, NULL);
}

static int
has_segment(void *arg, const struct digest *sha256)
{
	return segments_has(arg, sha256, NULL);
}

void
publish_sweep(struct publish *p, uint64_t now_ms, unsigned part, unsigned parts)
{
	struct sweep s = {.p = p,
	    .before_ms = now_ms - TICKET_KEEP_MS,
	    .now_ms = now_ms,
	    .part = part,
	    .parts = parts};

	bots_each(p->db, sweep_bot, &s, NULL);
	if (part != 0)
		return;
	publish_sweep_forgotten(p, now_ms);
	/* Replaced segments: bots may still be fetching them for a while. */
	store_sweep_segments(
	    p->store, s.before_ms / 1000, has_segment, p->db, NULL);
}
