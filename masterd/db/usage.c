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

/* One input may be that of several crashes: all of them let go of it. */
int
usage_mark_spare(struct db *db, int keep, int most, struct err *e)
{
	return db_run(db, e,
	    "UPDATE crash SET has_input = -1 WHERE has_input = 1"
	    " AND (target, sha256) IN (SELECT target, sha256 FROM ("
	    "  SELECT target, sha256,"
	    "  row_number() OVER (PARTITION BY bucket ORDER BY id) AS oldest,"
	    "  row_number() OVER (PARTITION BY bucket ORDER BY bytes, id)"
	    "   AS smallest,"
	    "  row_number() OVER (PARTITION BY bucket ORDER BY id DESC)"
	    "   AS newest FROM crash WHERE has_input = 1)"
	    " GROUP BY target, sha256"
	    " HAVING min(oldest) > 1 AND min(smallest) > 1"
	    " AND min(newest) > ?1 - 2 LIMIT ?2)",
	    "ii", (int64_t)keep, (int64_t)most);
}

int
usage_each_spare(struct db *db, usage_spare_fn *fn, void *arg, struct err *e)
{
	struct digest sha256;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT DISTINCT p.name, t.name, c.sha256 FROM crash c"
	    " JOIN target t ON t.id = c.target JOIN project p"
	    " ON p.id = t.project WHERE c.has_input = -1",
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
	return db_run(
	    db, e, "UPDATE crash SET has_input = 0 WHERE has_input = -1", "");
}
