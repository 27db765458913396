/*
 * Sessions of a day and how they went: leases say whether a target crashed at
 * start, observations what was found.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/multipliers.h"

#define DAY_MS (24ll * 60 * 60 * 1000)
#define NEWEST 200000 /* observations that are looked at, at most */

static unsigned
count(sqlite3_stmt *row, int column)
{
	return (unsigned)sqlite3_column_int64(row, column);
}

static void
read_row(sqlite3_stmt *row, uint64_t now_ms, struct multiplier_row *r)
{
	int64_t added = sqlite3_column_int64(row, 1);

	r->job = sqlite3_column_int64(row, 0);
	r->target_age_ms =
	    (int64_t)now_ms > added ? now_ms - (uint64_t)added : 0;
	r->sessions = count(row, 2);
	r->startup_crashes = count(row, 3);
	r->slow = count(row, 4);
	r->timeouts = count(row, 5);
	r->memory = count(row, 6);
	r->crashes = count(row, 7);
	r->edges = (uint64_t)sqlite3_column_int64(row, 8);
	r->edges_before = (uint64_t)sqlite3_column_int64(row, 9);
}

int
multipliers_each(struct db *db, uint64_t now_ms, multiplier_row_fn *fn,
    void *arg, struct err *e)
{
	struct multiplier_row r;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "WITH session AS MATERIALIZED (SELECT l.lease, t.job, l.state = "
	    "'failed' AND l.reason LIKE 'target crashes at start%' AS startup "
	    "FROM lease l JOIN task t ON t.id = l.task WHERE t.kind = 'fuzz' "
	    "AND t.job IS NOT NULL AND (l.seconds > 0 OR l.state = 'failed') "
	    "AND l.id IN (SELECT id FROM lease WHERE ended_ms > ?1 UNION ALL "
	    "SELECT id FROM lease WHERE state IN ('offered', 'running'))), "
	    "found AS MATERIALIZED (SELECT o.lease, max(c.type LIKE 'Slow%') "
	    "AS slow, max(c.type = 'Timeout') AS timeout, max(c.type = "
	    "'Out-of-memory') AS memory, max(c.type NOT LIKE 'Slow%' AND "
	    "c.type NOT IN ('Timeout', 'Out-of-memory')) AS crash FROM "
	    "observation o JOIN crash c ON c.id = o.crash WHERE o.id > (SELECT "
	    "coalesce(max(id), 0) FROM observation) - ?2 AND o.lease <> '' "
	    "GROUP BY o.lease), "
	    "day AS MATERIALIZED (SELECT s.job, count(*) AS sessions, "
	    "sum(s.startup) AS startup, sum(coalesce(f.slow, 0)) AS slow, "
	    "sum(coalesce(f.timeout, 0)) AS timeout, sum(coalesce(f.memory, "
	    "0)) AS memory, sum(coalesce(f.crash, 0)) AS crash FROM session s "
	    "LEFT JOIN found f ON f.lease = s.lease GROUP BY s.job) "
	    "SELECT j.id, g.added_ms, coalesce(d.sessions, 0), "
	    "coalesce(d.startup, 0), coalesce(d.slow, 0), coalesce(d.timeout, "
	    "0), coalesce(d.memory, 0), coalesce(d.crash, 0), g.edges, "
	    "coalesce((SELECT edges FROM target_day w WHERE w.target = g.id "
	    "AND w.day BETWEEN ?3 - 9 AND ?3 - 7 ORDER BY w.day DESC LIMIT 1), "
	    "0) FROM job j JOIN target g ON g.id = j.target LEFT JOIN day d ON "
	    "d.job = j.id WHERE j.status IN ('pending', 'running') ORDER BY "
	    "j.id",
	    "iii", (int64_t)now_ms - DAY_MS, (int64_t)NEWEST,
	    (int64_t)now_ms / DAY_MS);
	for (; got == 1; got = db_next(db, e, row)) {
		read_row(row, now_ms, &r);
		if (fn(arg, &r, e) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

int
multipliers_put(struct db *db, int64_t job, unsigned permille, const char *why,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE job SET multiplier = ?1, multiplier_why = ?2 WHERE id "
		"= ?3 AND (multiplier <> ?1 OR multiplier_why <> ?2)",
		"iti", (int64_t)permille, why, job) == -1)
		return -1;
	return db_changes(db) > 0;
}

int
multipliers_missing(struct db *db, int64_t since_ms, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM job j JOIN target g ON g.id = j.target WHERE "
	    "j.status IN ('pending', 'running') AND j.multiplier_why = '' AND "
	    "g.added_ms > ? LIMIT 1",
	    "i", since_ms);
}
