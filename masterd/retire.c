/*
 * Removing, collecting and sweeping builds.  Rows are committed before the
 * bytes they speak of are unlinked, so a kill leaves files that nobody knows,
 * never rows without files; the sweep finds those.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/wire/manifest.h"
#include "masterd/admin/keep_rows.h"
#include "masterd/db/builds.h"
#include "masterd/db/builds_keep.h"
#include "masterd/retire.h"

#define HOUR_MS    3600000ull
#define DAY_S      86400ull
#define FILES_ONCE 4096 /* unlinked in one call */
#define FOLDERS    256  /* of builds/files */
#define PER_HOUR   11   /* of them swept: all of them in a day */

struct digests {
	struct digest *list;
	size_t count;
};

static void
keep_digest(void *arg, const struct digest *d)
{
	struct digests *all = arg;

	all->list = mem_resize(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = *d;
}

/* ---- removing -------------------------------------------------------- */

static int
remove_old(const struct retire *r, uint64_t now_ms, struct err *e)
{
	struct keep_rows rows;
	size_t i, gone = 0;
	int got = keep_rows_read(&rows, r->db, e);

	if (got == 0)
		retain_decide(rows.list, rows.count, &r->policy, now_ms);
	for (i = 0; i < rows.count && got == 0; i++) {
		if (rows.list[i].kept != NULL)
			continue;
		gone++;
		got = builds_remove(r->db, rows.list[i].id, "master",
		    "it is old, and a newer one of its week is kept", now_ms,
		    e);
	}
	if (got == 0 && gone > 0)
		log_info("builds.removed", LOG_N("count", gone));
	keep_rows_release(&rows);
	return got;
}

/* ---- collecting ------------------------------------------------------ */

static int
read_use(const struct retire *r, int64_t id, const struct digest *build,
    struct err *e)
{
	struct buf text = BUF_INIT;
	struct manifest m;
	int got;

	got =
	    store_read_manifest(r->store, build, &text, MANIFEST_MAX_BYTES, e);
	if (got == 0 &&
	    (got = manifest_parse(&m, text.data, text.len, e)) == 0) {
		got = builds_set_use(r->db, id, &m, e);
		manifest_release(&m);
	}
	buf_release(&text);
	return got;
}

/*
 * Builds that are older than the table of uses.  Returns 1 when all is known,
 * 0 when a manifest cannot be read: then no file is collected, because it may
 * be the one.
 */
static int
read_unread(const struct retire *r, struct err *e)
{
	struct digest build;
	struct err why;
	int64_t id = 0;
	int got, all = 1;

	while ((got = builds_next_unread(r->db, &id, &build, e)) == 1) {
		if (read_use(r, id, &build, &why) == 0)
			continue;
		if (why.cls == ERR_BUG) {
			*e = why;
			return -1;
		}
		log_warn("build.unread",
		    LOG_T("build", digest_hex(&build).text),
		    LOG_T("reason", why.text));
		all = 0;
	}
	return got == -1 ? -1 : all;
}

struct doomed {
	struct digests manifests, files;
};

static int
collect_rows(
    const struct retire *r, uint64_t now_ms, struct doomed *d, struct err *e)
{
	uint64_t before = now_ms < r->grace_ms ? 0 : now_ms - r->grace_ms;
	int all = read_unread(r, e);

	if (all == -1 ||
	    builds_collect(r->db, before, keep_digest, &d->manifests, e) == -1)
		return -1;
	if (all == 0)
		return 0;
	return builds_drop_files(
		   r->db, FILES_ONCE, keep_digest, &d->files, e) == -1
	    ? -1
	    : 0;
}

static int
unlink_all(const struct retire *r, const struct doomed *d, struct err *e)
{
	size_t i;

	for (i = 0; i < d->manifests.count; i++)
		if (store_drop_manifest(r->store, &d->manifests.list[i], e) ==
		    -1)
			return -1;
	for (i = 0; i < d->files.count; i++)
		if (store_drop_build_file(r->store, &d->files.list[i], e) == -1)
			return -1;
	if (d->manifests.count + d->files.count > 0)
		log_info("builds.collected",
		    LOG_N("builds", d->manifests.count),
		    LOG_N("files", d->files.count));
	return 0;
}

/* ---- sweeping -------------------------------------------------------- */

/* What a kill left between a COMMIT and its unlinks; and what a pfadm sent
 * that never came to its build. */
struct sweep {
	const struct retire *r;
	struct digests unknown; /* files of manifests without a row */
	uint64_t swept;
	struct err *e;
};

/* A build that the database does not know may be one of a later backup: its
 * manifest stays, and so do its files (PROTOCOL 17). */
static int
keep_unknown(struct sweep *w, const struct digest *build)
{
	struct buf text = BUF_INIT;
	struct manifest m;
	int i, got;

	got = store_read_manifest(
	    w->r->store, build, &text, MANIFEST_MAX_BYTES, w->e);
	if (got == 0 &&
	    (got = manifest_parse(&m, text.data, text.len, w->e)) == 0) {
		for (i = 0; i < m.count; i++)
			keep_digest(&w->unknown, &m.files[i].sha256);
		manifest_release(&m);
	}
	buf_release(&text);
	return got;
}

static int
sweep_manifest(void *arg, const struct digest *build)
{
	struct sweep *w = arg;
	int use = builds_has_manifest(w->r->db, build, w->e);

	if (use == 0) {
		w->swept++;
		return store_drop_manifest(w->r->store, build, w->e);
	}
	return use == 2 ? keep_unknown(w, build) : use == -1 ? -1 : 0;
}

static bool
is_unknown(const struct sweep *w, const struct digest *sha256)
{
	size_t i;

	for (i = 0; i < w->unknown.count; i++)
		if (digest_equal(&w->unknown.list[i], sha256))
			return true;
	return false;
}

static int
sweep_file(void *arg, const struct digest *sha256)
{
	struct sweep *w = arg;
	int known = builds_file(w->r->db, sha256, NULL, NULL, w->e);

	if (known != 0)
		return known == -1 ? -1 : 0;
	if ((w->r->holds != NULL && w->r->holds(w->r->arg, sha256)) ||
	    is_unknown(w, sha256))
		return 0;
	w->swept++;
	return store_drop_build_file(w->r->store, sha256, w->e);
}

static int
sweep(const struct retire *r, uint64_t now_ms, struct err *e)
{
	struct sweep w = {.r = r, .e = e};
	unsigned folder = (unsigned)(now_ms / HOUR_MS % 24) * PER_HOUR, i;
	int got = store_each_manifest(r->store, sweep_manifest, &w, e);

	for (i = 0; i < PER_HOUR && folder + i < FOLDERS && got == 0; i++)
		got = store_each_build_file(r->store, folder + i,
		    now_ms / 1000 < DAY_S ? 0 : now_ms / 1000 - DAY_S,
		    sweep_file, &w, e);
	if (got == 0 && w.swept > 0)
		log_info("builds.swept", LOG_N("files", w.swept));
	free(w.unknown.list);
	return got;
}

/* ---- the hour -------------------------------------------------------- */

static int
in_transaction(const struct retire *r,
    int (*fn)(const struct retire *r, uint64_t now_ms, struct doomed *d,
	struct err *e),
    uint64_t now_ms, struct doomed *d, struct err *e)
{
	int64_t before;

	if (db_begin(r->db, e) == -1)
		return -1;
	before = db_total_changes(r->db);
	if (fn(r, now_ms, d, e) == -1) {
		db_rollback(r->db);
		return -1;
	}
	if (db_total_changes(r->db) == before) {
		db_rollback(r->db);
		return 0;
	}
	if (db_commit(r->db, e) == -1) {
		db_rollback(r->db);
		return -1;
	}
	return 0;
}

static int
remove_rows(
    const struct retire *r, uint64_t now_ms, struct doomed *d, struct err *e)
{
	(void)d;
	return remove_old(r, now_ms, e);
}

/*
 * A full disk passes, and bytes that cannot be unlinked wait for the next
 * hour; what SQLite itself says no to is the caller's to end on.
 */
static int
postpone(struct err *e)
{
	if (e->cls == ERR_BUG ||
	    (e->cls == ERR_AGAIN && e->sys != 0 && e->sys != ENOSPC))
		return -1;
	log_warn("builds.postponed", LOG_T("reason", e->text));
	return 0;
}

int
retire_builds(const struct retire *r, uint64_t now_ms, struct err *e)
{
	struct doomed d;
	int got;

	memset(&d, 0, sizeof(d));
	if (in_transaction(r, remove_rows, now_ms, &d, e) == -1)
		return postpone(e);
	if (r->busy != NULL && r->busy(r->arg))
		return 0;
	got = in_transaction(r, collect_rows, now_ms, &d, e);
	if (got == -1) {
		got = postpone(e);
	} else if (unlink_all(r, &d, e) == -1 || sweep(r, now_ms, e) == -1) {
		log_warn("builds.unswept", LOG_T("reason", e->text));
		got = e->cls == ERR_BUG ? -1 : 0;
	}
	free(d.manifests.list);
	free(d.files.list);
	return got;
}
