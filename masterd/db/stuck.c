/*
 * What jobs have done so far; masterd/watch.c looks whether it grows.
 */
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/stuck.h"

int
stuck_each(struct db *db, stuck_fn *fn, void *arg, struct err *e)
{
	struct stuck_job j;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT j.id, j.job, j.execs + coalesce((SELECT sum(l.execs) + "
	    "count(CASE l.state WHEN 'done' THEN 1 END) FROM task k JOIN lease "
	    "l ON l.task = k.id WHERE k.job = j.id AND l.state IN ('offered', "
	    "'running', 'done')), 0) FROM job j WHERE j.status IN ('pending', "
	    "'running') AND EXISTS (SELECT 1 FROM bot WHERE state IN ('up', "
	    "'late') AND owner = 1) ORDER BY j.id",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		j.row = sqlite3_column_int64(row, 0);
		text_copy(j.job, sizeof(j.job), db_text(row, 1));
		j.progress = (uint64_t)sqlite3_column_int64(row, 2);
		if (fn(arg, &j, e) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}
