/*
 * What follows later: links in buckets/ of crashes whose bucket changed, and
 * buckets that were muted for a while.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/db/buckets_internal.h"

struct move {
	int64_t crash, from, to;
	char project[NAME_MAX_LEN + 1], target[TARGET_MAX_LEN + 1];
	struct digest input;
};

/* The next one: 1, 0 when there is none.  Each is done with before the next is
 * looked for. */
static int
next_move(struct db *db, struct move *m, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT c.id, a.number, b.number, p.name, t.name, c.sha256"
	    " FROM crash c INDEXED BY crash_moved CROSS JOIN bucket a ON a.id ="
	    " c.moved CROSS JOIN bucket b ON b.id = c.bucket CROSS JOIN target"
	    " t ON t.id = c.target CROSS JOIN project p ON p.id = t.project"
	    " WHERE c.moved IS NOT NULL LIMIT 1",
	    "");

	if (got != 1)
		return got;
	m->crash = sqlite3_column_int64(row, 0);
	m->from = sqlite3_column_int64(row, 1);
	m->to = sqlite3_column_int64(row, 2);
	text_copy(m->project, sizeof(m->project), db_text(row, 3));
	text_copy(m->target, sizeof(m->target), db_text(row, 4));
	db_digest(row, 5, &m->input);
	db_end(row);
	return 1;
}

/* Another crash of the same input may still be of the old bucket: its link is
 * the same one. */
static int
still_there(struct db *db, const struct move *m, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM crash c JOIN crash d ON d.target = c.target AND"
	    " d.sha256 = c.sha256 AND d.id <> c.id WHERE c.id = ? AND"
	    " coalesce(d.moved, d.bucket) = c.moved LIMIT 1",
	    "i", m->crash);
}

int
buckets_moved(
    struct db *db, int most, buckets_moved_fn *fn, void *arg, struct err *e)
{
	struct move m = {.crash = 0};
	int got, there, n = 0;

	for (; n < most; n++) {
		if ((got = next_move(db, &m, e)) != 1)
			return got == -1 ? -1 : n;
		if ((there = still_there(db, &m, e)) == -1)
			return -1;
		if (m.from != m.to &&
		    fn(arg, m.project, there == 1 ? 0 : m.from, m.to, m.target,
			&m.input) == -1)
			return err_set(e, ERR_AGAIN,
			    "a link of bucket %s-%jd "
			    "cannot be moved",
			    m.project, (intmax_t)m.to);
		if (db_run(db, e, "UPDATE crash SET moved = NULL WHERE id = ?",
			"i", m.crash) == -1)
			return -1;
	}
	return n;
}

int
buckets_unmute_due(struct db *db, uint64_t now_ms, struct err *e)
{
	struct bucket_turn t = {
	    .db = db, .now_ms = now_ms, .who = "master", .trace = ""};
	int64_t id;
	int got, n = 0;

	for (;; n++) {
		got = db_number(db, e, &id,
		    "SELECT id FROM bucket WHERE status = 'muted'"
		    " AND muted_until_ms > 0 AND muted_until_ms <= ? LIMIT 1",
		    "i", (int64_t)now_ms);
		if (got != 1)
			return got == -1 ? -1 : n;
		if (db_run(db, e,
			"UPDATE bucket SET status = 'open', muted_until_ms = 0"
			" WHERE id = ?",
			"i", id) == -1 ||
		    bucket_event(
			&t, "bucket.unmuted", id, "its time is over", e) == -1)
			return -1;
	}
}
