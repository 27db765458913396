/*
 * Inputs that people handed in, from their arrival to what became of them:
 *
 *   waiting -> crashed             some bot saw it crash
 *   waiting -> quiet               it did not, with any sanitizer there is
 *   waiting -> failed              no bot could run it
 *   quiet, failed -> waiting       handed in again
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/submissions.h"

/* One that crashed is no more to be stored, wherever its bytes are. */
int
submissions_stored(
    struct db *db, int64_t target, const struct digest *sha256, struct err *e)
{
	int64_t held;

	if (db_number(db, e, &held,
		"SELECT CASE WHEN max(done) THEN 1 WHEN min(held) = -1 THEN -1"
		" ELSE coalesce(max(held), 0) END FROM (SELECT state ="
		" 'crashed' AS done, has_input AS held FROM submission WHERE"
		" target = ?1 AND sha256 = ?2 UNION ALL SELECT 0, has_input"
		" FROM crash WHERE target = ?1 AND sha256 = ?2)",
		"id", target, sha256) != 1)
		return -1;
	return held == -1
	    ? err_set(e, ERR_AGAIN,
		  "its old bytes are on their way out: try again in a minute")
	    : (int)held;
}

int
submissions_add(struct db *db, const struct submission *s, int64_t *id,
    bool *fresh, struct err *e)
{
	int got;

	got = db_number(db, e, id,
	    "SELECT id FROM submission WHERE target = ? AND sha256 = ?", "id",
	    s->target, &s->sha256);
	*fresh = got == 0;
	if (got == -1)
		return -1;
	if (got == 1)
		return db_run(db, e,
		    "UPDATE submission SET state = 'waiting', at_ms = ?, "
		    "tries = 0, reproduced = 0, ended_ms = 0, reason = '', "
		    "has_input = 1, who = ?, trace = ? WHERE id = ? AND state "
		    "IN ('quiet', "
		    "'failed')",
		    "itti", (int64_t)s->now_ms, s->who, s->trace, *id);
	if (db_run(db, e,
		"INSERT INTO submission (target, sha256, bytes, name, who, "
		"at_ms, trace) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"iditti"
		"t",
		s->target, &s->sha256, (int64_t)s->bytes, s->name, s->who,
		(int64_t)s->now_ms, s->trace) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
submissions_crashed(struct db *db, int64_t target, const struct digest *sha256,
    const struct record *crash, uint64_t now_ms, struct err *e)
{
	int64_t id;
	int got;

	got = db_number(db, e, &id,
	    "SELECT id FROM submission WHERE target = ? AND sha256 = ?", "id",
	    target, sha256);
	if (got != 1)
		return got;
	if (db_run(db, e,
		"UPDATE submission SET state = 'crashed', ended_ms = CASE "
		"WHEN ended_ms = 0 THEN ?1 ELSE ended_ms END, reason = '', "
		"tries = max(tries, ?2), reproduced = max(reproduced, ?3) "
		"WHERE id = ?4",
		"iiii", (int64_t)now_ms, (int64_t)crash->n[CRASH_TRIES],
		(int64_t)crash->n[CRASH_REPRODUCED], id) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task_input SET done = 1 WHERE submission = ? AND done = 0",
	    "i", id);
}

int
submissions_state(struct db *db, int64_t id, char state[16], struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(
	    db, e, &row, "SELECT state FROM submission WHERE id = ?", "i", id);

	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "no such submission")
				: -1;
	text_copy(state, 16, db_text(row, 0));
	db_end(row);
	return 0;
}
