/*
 * What bots need not send: signatures of buckets that have enough of them, or
 * that nobody wants to hear of.  A bucket that was fixed or closed is not one:
 * what comes back there is news.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/submissions.h"

int
known_each(struct db *db, int64_t target, int saturated, int most, known_fn *fn,
    void *arg, struct err *e)
{
	struct digest signature;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT s.signature, s.security FROM target t JOIN bucket b ON "
	    "b.project = t.project JOIN signature s ON s.bucket = b.id WHERE "
	    "t.id = ?1 AND (b.status = 'muted' OR (b.status = 'open' AND "
	    "(SELECT sum(x.crashes) FROM bucket_target x WHERE x.bucket = "
	    "b.id) >= ?2)) ORDER BY s.hits DESC, s.id LIMIT ?3",
	    "iii", target, (int64_t)saturated, (int64_t)most);
	for (; got == 1; got = db_next(db, e, row))
		if (db_digest(row, 0, &signature) == 0 &&
		    fn(arg, &signature, sqlite3_column_int(row, 1) != 0, e) ==
			-1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
known_target(struct db *db, const char *project, const char *target,
    int64_t *id, struct err *e)
{
	int got = db_number(db, e, id,
	    "SELECT t.id FROM target t JOIN project p ON p.id = t.project "
	    "WHERE p.name = ? AND t.name = ?",
	    "tt", project, target);

	return got == 0
	    ? err_set(e, ERR_NOT_FOUND, "no target '%s/%s'", project, target)
	    : got == 1 ? 0
		       : -1;
}

int
known_bots(struct db *db, int64_t target, int (*fn)(void *arg, int64_t bot),
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT DISTINCT l.bot FROM lease l JOIN task t ON t.id = l.task "
	    "JOIN target g ON g.id = t.target WHERE l.state IN ('offered', "
	    "'running') AND t.job IS NOT NULL AND g.project = (SELECT project "
	    "FROM target WHERE id = ?)",
	    "i", target);
	for (; got == 1; got = db_next(db, e, row))
		if (fn(arg, sqlite3_column_int64(row, 0)) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}
