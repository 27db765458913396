/*
 * How builds leave: who holds which, and the rows of each step on the way
 * out.  Bytes are unlinked by the caller, after the rows are committed.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "masterd/db/builds_keep.h"
#include "masterd/db/checks.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/follow.h"

#define COLLECT_MAX 64 /* builds at once */

/* clang-format off */
#define LIVE	"status IN ('pending', 'running', 'paused')"
/* A bug is looked into with the build that showed it first, and with the one
 * that showed it last. */
#define NEEDED								\
	"(SELECT o.build FROM (SELECT min(x.first) AS first,"		\
	" max(x.last) AS last FROM (SELECT c.bucket AS bucket,"		\
	" (SELECT min(id) FROM observation WHERE crash = c.id) AS first," \
	" (SELECT max(id) FROM observation WHERE crash = c.id) AS last"	\
	" FROM crash c JOIN bucket k ON k.id = c.bucket"		\
	" WHERE k.status = 'open') x GROUP BY x.bucket) r"		\
	" JOIN observation o ON o.id IN (r.first, r.last)"		\
	" WHERE o.build IS NOT NULL)"
/* clang-format on */

int
builds_to_keep(struct db *db, keep_build_fn *fn, void *arg, struct err *e)
{
	struct keep_build b;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id, p.name || '/' || b.branch || '/' || b.engine || '/'"
	    " || b.sanitizer, b.added_ms, b.ord, b.ord IS NOT NULL, b.state,"
	    " b.id IN (SELECT build FROM job WHERE " LIVE
	    " AND build IS NOT NULL),"
	    " b.id IN (SELECT current FROM job WHERE " LIVE
	    " AND current IS NOT NULL),"
	    " b.id IN (SELECT build FROM lease"
	    " WHERE state IN ('offered', 'running')),"
	    " b.sha256 IN " NEEDED ","
	    " b.id IN (SELECT build FROM task WHERE kind IN"
	    " ('check', 'reproduce')"
	    " AND state = 'leased')"
	    " FROM build b JOIN project p ON p.id = b.project"
	    " WHERE b.state <> 'removed' ORDER BY b.id",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		b.id = sqlite3_column_int64(row, 0);
		b.line = db_text(row, 1);
		b.added_ms = (uint64_t)sqlite3_column_int64(row, 2);
		b.order = sqlite3_column_int64(row, 3);
		b.ordered = sqlite3_column_int(row, 4) != 0;
		b.state = db_text(row, 5);
		b.pinned = sqlite3_column_int(row, 6) != 0;
		b.used = sqlite3_column_int(row, 7) != 0;
		b.leased = sqlite3_column_int(row, 8) != 0;
		b.needed = sqlite3_column_int(row, 9) != 0;
		b.checked = sqlite3_column_int(row, 10) != 0;
		fn(arg, &b);
	}
	return got;
}

static int
tell(struct db *db, int64_t build, const char *by, const char *reason,
    struct err *e)
{
	char subject[DIGEST_HEX + 8];
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT lower(hex(sha256)) FROM build WHERE id = ?", "i", build);
	if (got != 1)
		return got;
	snprintf(subject, sizeof(subject), "build:%s", db_text(row, 0));
	db_end(row);
	return db_event(db, by, "build.removed", subject, reason, "", e);
}

int
builds_remove(struct db *db, int64_t build, const char *by, const char *reason,
    uint64_t now_ms, struct err *e)
{
	const struct lease_turn turn = {now_ms, clock_up_ms(), NULL, NULL};

	if (db_run(db, e,
		"UPDATE build SET state = 'removed', reason = ?,"
		" removed_ms = ? WHERE id = ? AND state <> 'removed'",
		"tii", reason, (int64_t)now_ms, build) == -1)
		return -1;
	if (db_changes(db) == 0)
		return err_set(
		    e, ERR_CONFLICT, "this build was removed already");
	if (checks_stop(db, build, "its build was removed", &turn, e) == -1 ||
	    tell(db, build, by, reason, e) == -1)
		return -1;
	return follow_build(db, build, &turn, e);
}

/* ---- collecting ------------------------------------------------------ */

static int
collect_one(struct db *db, int64_t build, struct err *e)
{
	if (db_run(db, e, "DELETE FROM build_use WHERE build = ?", "i",
		build) == -1 ||
	    db_run(db, e, "DELETE FROM build_verdict WHERE build = ?", "i",
		build) == -1 ||
	    db_run(db, e, "DELETE FROM build_host WHERE build = ?", "i",
		build) == -1)
		return -1;
	return db_run(
	    db, e, "UPDATE build SET collected = 1 WHERE id = ?", "i", build);
}

int
builds_collect(struct db *db, uint64_t before_ms, keep_digest_fn *fn, void *arg,
    struct err *e)
{
	int64_t builds[COLLECT_MAX];
	int count = 0, got, i;
	struct digest d;
	sqlite3_stmt *row;

	got = db_query(db, e, &row,
	    "SELECT id, sha256 FROM build WHERE state = 'removed'"
	    " AND collected = 0 AND removed_ms < ? ORDER BY id LIMIT 64",
	    "i", (int64_t)before_ms);
	for (; got == 1 && count < COLLECT_MAX; got = db_next(db, e, row)) {
		builds[count++] = sqlite3_column_int64(row, 0);
		if (db_digest(row, 1, &d) == 0)
			fn(arg, &d);
	}
	if (got == 1)
		db_end(row);
	for (i = 0; i < count && got != -1; i++)
		if (collect_one(db, builds[i], e) == -1)
			got = -1;
	return got == -1 ? -1 : 0;
}

int
builds_drop_files(
    struct db *db, int limit, keep_digest_fn *fn, void *arg, struct err *e)
{
	struct digest d;
	sqlite3_stmt *row;
	int got, count = 0;

	got = db_query(db, e, &row,
	    "DELETE FROM build_file WHERE sha256 IN (SELECT f.sha256"
	    " FROM build_file f WHERE NOT EXISTS (SELECT 1 FROM build_use u"
	    " WHERE u.sha256 = f.sha256) LIMIT ?) RETURNING sha256",
	    "i", (int64_t)limit);
	for (; got == 1; got = db_next(db, e, row), count++)
		if (db_digest(row, 0, &d) == 0)
			fn(arg, &d);
	return got == -1 ? -1 : count;
}

/* ---- what uses what -------------------------------------------------- */

int
builds_next_unread(
    struct db *db, int64_t *id, struct digest *build, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id, b.sha256 FROM build b WHERE b.collected = 0"
	    " AND b.id > ? AND NOT EXISTS (SELECT 1 FROM build_use u"
	    " WHERE u.build = b.id) ORDER BY b.id LIMIT 1",
	    "i", *id);
	if (got != 1)
		return got;
	*id = sqlite3_column_int64(row, 0);
	got = db_digest(row, 1, build) == 0
	    ? 1
	    : err_set(e, ERR_BUG, "a build without an id");
	db_end(row);
	return got;
}

int
builds_set_use(
    struct db *db, int64_t id, const struct manifest *m, struct err *e)
{
	int i;

	for (i = 0; i < m->count; i++)
		if (db_run(db, e,
			"INSERT INTO build_use (build, sha256) VALUES (?, ?)"
			" ON CONFLICT DO NOTHING",
			"id", id, &m->files[i].sha256) == -1)
			return -1;
	return 0;
}

int
builds_has_manifest(struct db *db, const struct digest *build, struct err *e)
{
	int64_t collected;
	int got;

	got = db_number(db, e, &collected,
	    "SELECT collected FROM build WHERE sha256 = ?", "d", build);
	if (got == -1)
		return -1;
	return got == 0 ? 2 : collected == 0;
}
