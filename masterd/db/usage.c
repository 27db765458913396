/*
 * What takes up room, by project and day, and what may be let go of.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/usage.h"

#define DAY_MS (24 * 60 * 60 * 1000ll)

int
usage_record(struct db *db, uint64_t now_ms, uint64_t disk_free, struct err *e)
{
	int64_t day = (int64_t)now_ms / DAY_MS;

	if (db_run(db, e,
		"INSERT INTO usage_day (project, day, corpus, crashes, builds)"
		" SELECT p.id, ?,"
		" (SELECT coalesce(sum(unit_bytes), 0) FROM target t"
		"  WHERE t.project = p.id),"
		" (SELECT coalesce(sum(c.bytes), 0) FROM target t JOIN crash c"
		"  ON c.target = t.id WHERE t.project = p.id"
		"  AND c.has_input > 0),"
		" (SELECT coalesce(sum(f.bytes), 0) FROM (SELECT DISTINCT"
		"  u.sha256 AS sha256 FROM build b JOIN build_use u"
		"  ON u.build = b.id WHERE b.project = p.id"
		"  AND b.collected = 0) d JOIN build_file f"
		"  ON f.sha256 = d.sha256)"
		" FROM project p WHERE true"
		" ON CONFLICT (project, day) DO UPDATE SET"
		" corpus = excluded.corpus, crashes = excluded.crashes,"
		" builds = excluded.builds",
		"i", day) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO usage_day (project, day, corpus, crashes, builds,"
	    " disk_free) SELECT 0, ?1, coalesce(sum(corpus), 0),"
	    " coalesce(sum(crashes), 0), coalesce(sum(builds), 0), ?2"
	    " FROM usage_day WHERE day = ?1 AND project <> 0"
	    " ON CONFLICT (project, day) DO UPDATE SET"
	    " corpus = excluded.corpus, crashes = excluded.crashes,"
	    " builds = excluded.builds, disk_free = excluded.disk_free",
	    "ii", day, (int64_t)disk_free);
}

int
usage_targets(struct db *db, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO target_day (target, day, edges, features, units,"
	    " execs, slot_ms) SELECT t.id, ?, t.edges, t.features, t.units,"
	    " coalesce(sum(j.execs), 0), coalesce(sum(j.spent_ms), 0)"
	    " FROM target t LEFT JOIN job j ON j.target = t.id GROUP BY t.id"
	    " ON CONFLICT (target, day) DO UPDATE SET edges = excluded.edges,"
	    " features = excluded.features, units = excluded.units,"
	    " execs = excluded.execs, slot_ms = excluded.slot_ms",
	    "i", (int64_t)now_ms / DAY_MS);
}

/* ---- inputs that are too many ---------------------------------------- */

/* clang-format off */
/* Inputs of a bucket, as the indexes have them. */
#define INPUTS(bucket, of)						\
	"FROM crash " of " WHERE " of ".bucket = " bucket		\
	" AND (" of ".has_input < 1) = 0"
/* ?2 kept of each bucket, ?3 what is newer stays. */
#define KEPT(of, bucket, n)						\
	"(" of ".first_ms >= ?3"					\
	" OR " of ".id = (SELECT min(" n ".id) " INPUTS(bucket, n) ")"	\
	" OR " of ".id = (SELECT " n ".id " INPUTS(bucket, n)		\
	"  ORDER BY " n ".bytes, " n ".id LIMIT 1)"			\
	" OR " of ".id >= coalesce((SELECT " n ".id " INPUTS(bucket, n)	\
	"  ORDER BY " n ".id DESC LIMIT 1 OFFSET ?2 - 1), 0)"		\
	" OR EXISTS (SELECT 1 FROM task_input w WHERE w.crash = " of ".id" \
	"  AND w.done = 0))"

/* ?1 bucket, ?4 most.  One input may be that of crashes of two buckets: it
 * stays while it is kept for one. */
static const char mark[] =
"UPDATE crash SET has_input = -1 WHERE has_input = 1 AND (target, sha256) IN"
" (SELECT c.target, c.sha256 " INPUTS("?1", "c")
"  AND NOT " KEPT("c", "?1", "m")
"  AND NOT EXISTS (SELECT 1 FROM crash d WHERE d.target = c.target"
"   AND d.sha256 = c.sha256 AND d.id <> c.id AND d.has_input = 1"
"   AND " KEPT("d", "d.bucket", "n") ") LIMIT ?4)";
/* clang-format on */

int
usage_mark_spare(struct db *db, const struct usage_keep *k, int64_t *bucket,
    int most, struct err *e)
{
	int64_t next, to, left = most;
	int got;

	to = *bucket + USAGE_BUCKETS;
	while (left > 0) {
		got = db_number(db, e, &next,
		    "SELECT k.id FROM bucket k WHERE k.id > ?1 AND k.id <= ?2"
		    " AND (SELECT count(*) FROM (SELECT 1 " INPUTS("k.id",
			"c") " LIMIT ?3 + 1)) > ?3 ORDER BY k.id LIMIT 1",
		    "iii", *bucket, to, (int64_t)k->most);
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		if (db_run(db, e, mark, "iiii", next, (int64_t)k->most,
			(int64_t)k->before_ms, left) == -1)
			return -1;
		left -= db_changes(db);
		*bucket = left > 0 ? next : next - 1; /* there may be more */
	}
	if (left <= 0)
		return 1;
	*bucket = to;
	got = db_number(
	    db, e, &next, "SELECT 1 FROM bucket WHERE id > ? LIMIT 1", "i", to);
	if (got == 0)
		*bucket = 0;
	return got;
}

/* What crashes have is theirs. */
int
usage_mark_quiet(struct db *db, uint64_t before_ms, int most, struct err *e)
{
	return db_run(db, e,
	    "UPDATE submission SET has_input = -1 WHERE id IN (SELECT s.id"
	    " FROM submission s WHERE s.has_input = 1 AND s.state IN ('quiet',"
	    " 'failed') AND s.ended_ms < ?1 AND NOT EXISTS (SELECT 1 FROM"
	    " crash c WHERE c.target = s.target AND c.sha256 = s.sha256 AND"
	    " c.has_input <> 0) LIMIT ?2)",
	    "ii", (int64_t)before_ms, (int64_t)most);
}

int
usage_each_spare(struct db *db, usage_spare_fn *fn, void *arg, struct err *e)
{
	struct digest sha256;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT p.name, t.name, g.sha256 FROM (SELECT target, sha256 FROM"
	    " crash WHERE has_input = -1 UNION SELECT target, sha256 FROM"
	    " submission WHERE has_input = -1) g JOIN target t"
	    " ON t.id = g.target JOIN project p ON p.id = t.project",
	    "");
	for (; got == 1; got = db_next(db, e, row))
		if (db_digest(row, 2, &sha256) == 0 &&
		    fn(arg, db_text(row, 0), db_text(row, 1), &sha256, e) ==
			-1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
usage_spare_gone(struct db *db, struct err *e)
{
	if (db_run(db, e, "UPDATE crash SET has_input = 0 WHERE has_input = -1",
		"") == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE submission SET has_input = 0 WHERE has_input = -1", "");
}
