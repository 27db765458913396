/*
 * Small questions of the admin socket that are no view's.
 */
#include "masterd/db/db_internal.h"
#include "masterd/db/health.h"

int
health_read(struct db *db, struct health *h, struct err *e)
{
	int64_t *const into[] = {&h->newest_ms, &h->bots, &h->bots_lost,
	    &h->bots_clashed, &h->refused, &h->held};
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT (SELECT coalesce(max(at_ms), 0) FROM (SELECT at_ms"
	    "  FROM event ORDER BY id DESC LIMIT 10000)),"
	    " (SELECT count(*) FROM bot WHERE state <> 'forgotten'),"
	    " (SELECT count(*) FROM bot WHERE state = 'lost'),"
	    " (SELECT count(*) FROM bot WHERE state = 'clashed'),"
	    " (SELECT count(*) FROM ledger WHERE outcome IN ('refused',"
	    "  'held') AND outcome = 'refused' AND file <> ''),"
	    " (SELECT count(*) FROM ledger WHERE outcome IN ('refused',"
	    "  'held') AND outcome = 'held')",
	    "");
	if (got != 1)
		return -1;
	for (i = 0; i < sizeof(into) / sizeof(into[0]); i++)
		*into[i] = sqlite3_column_int64(row, (int)i);
	db_end(row);
	return 0;
}

int
health_newest_event(struct db *db, int64_t *id, struct err *e)
{
	return db_number(
		   db, e, id, "SELECT coalesce(max(id), 0) FROM event", "") == 1
	    ? 0
	    : -1;
}

int
health_dropped(
    struct db *db, const char *account, const char *file, struct err *e)
{
	return db_run(db, e,
	    "UPDATE ledger SET file = '' WHERE outcome IN ('refused', 'held')"
	    " AND outcome = 'refused' AND file = ?1 AND epoch IN (SELECT x.id"
	    " FROM epoch x JOIN bot b ON b.id = x.bot JOIN account a"
	    " ON a.id = b.account WHERE a.name = ?2)",
	    "tt", file, account);
}
