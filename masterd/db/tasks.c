/*
 * What becomes of a task when a lease of it has ended.
 *
 *   ready <-> leased -> done | failed | cancelled
 *                    -> parked -> ready (people), cancelled
 *
 * A failure is the bot's word that the task cannot be done there: it is tried
 * again after a while, elsewhere where there is an elsewhere, and after
 * max_retries in a row its job fails.  A loss is no word at all: the bot died
 * or fell silent.  Several in a row on one task mean that the task kills bots;
 * it is parked before it goes through the whole fleet.
 */
#include <string.h>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "masterd/db/checks.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/submissions.h"

#define RERUNS 4 /* tasks that are made when one is done */

int
task_ready(struct db *db, int64_t task, struct err *e)
{
	return db_run(db, e,
	    "UPDATE task SET state = 'ready' WHERE id = ? AND state = "
	    "'leased'",
	    "i", task);
}

int
task_end(struct db *db, int64_t task, const char *state, const char *reason,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE task SET state = ?, reason = ?, ended_ms = ? WHERE id = ? "
	    "AND state IN ('ready', 'leased')",
	    "ttii", state, reason, (int64_t)now_ms, task);
}

/* ---- done --------------------------------------------------------------- */

/* The next ones need not wait for the next chore. */
static int
rerun_succeeded(
    struct db *db, const struct lease_row *l, uint64_t now_ms, struct err *e)
{
	if (reruns_over(db, l->task, NULL, now_ms, e) == -1)
		return -1;
	return reruns_make(db, RERUNS, now_ms, e) == -1 ? -1 : 0;
}

int
task_succeeded(
    struct db *db, const struct lease_row *l, uint64_t now_ms, struct err *e)
{
	bool again = strcmp(l->kind, "fuzz") == 0;

	if (db_run(db, e,
		"UPDATE task SET state = ?, failures = 0, lost = 0, "
		"last_bot = NULL, reason = '', ended_ms = ? WHERE id = ? AND "
		"state = 'leased'",
		"tii", again ? "ready" : "done", again ? 0 : (int64_t)now_ms,
		l->task) == -1)
		return -1;
	if (strcmp(l->kind, "reproduce") == 0)
		return rerun_succeeded(db, l, now_ms, e);
	/* Another task of the job does well: the parked ones are not needed,
	 * new ones may be made. */
	return db_run(db, e,
	    "UPDATE task SET state = 'cancelled', ended_ms = ?, reason = "
	    "reason || '; another task of its job succeeded' WHERE job = ? "
	    "AND state = 'parked'",
	    "ii", (int64_t)now_ms, l->job);
}

/* ---- failed ------------------------------------------------------------- */

/* Tried often enough. */
static int
give_up(struct db *db, const struct lease_row *l, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	if (db_run(db, e,
		"UPDATE task SET state = 'failed', ended_ms = ? WHERE id = ? "
		"AND state = 'ready'",
		"ii", (int64_t)turn->now_ms, l->task) == -1)
		return -1;
	if (strcmp(l->kind, "check") == 0)
		return checks_hopeless(
		    db, l, "it could not be checked", reason, turn, e);
	if (strcmp(l->kind, "reproduce") == 0)
		return reruns_over(db, l->task, reason, turn->now_ms, e);
	if (l->job == 0)
		return 0;
	return job_end(db, l->job, "failed", reason, turn, e);
}

int
task_failed(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e)
{
	const struct retry_policy *p = &leases_times(db)->retry;
	int64_t failures, live;
	uint64_t delay;
	char reason[512];

	lease_why(l, reason, sizeof(reason));
	if (db_number(db, e, &failures,
		"SELECT failures + 1 FROM task WHERE id = ?", "i",
		l->task) != 1 ||
	    db_number(db, e, &live,
		"SELECT NOT EXISTS (SELECT 1 FROM job WHERE id = ? AND status "
		"NOT IN ('pending', 'running'))",
		"i", l->job) != 1)
		return -1;
	delay = retry_delay(p, (uint32_t)failures, random_u64());
	if (db_run(db, e,
		"UPDATE task SET failures = ?, lost = 0, state = 'ready', "
		"ready_up = ?, last_bot = ?, reason = ? WHERE id = ? AND "
		"state = 'leased'",
		"iiiti", failures, (int64_t)(turn->up_ms + delay), l->bot,
		reason, l->task) == -1)
		return -1;
	/* A job that was paused or is over meanwhile does not fail. */
	if (!live || !retry_exhausted(p, (uint32_t)failures))
		return 0;
	return give_up(db, l, reason, turn, e);
}

/* ---- lost --------------------------------------------------------------- */

/* The bots of the leases lost in a row, and how many. */
static int
lost_in_a_row(struct db *db, int64_t task, unsigned *count, struct buf *names,
    struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*count = 0;
	got = db_query(db, e, &row,
	    "SELECT b.name FROM lease l JOIN bot b ON b.id = l.bot WHERE "
	    "l.task = ?1 AND l.lost = 1 AND l.id > (SELECT coalesce(max(id), "
	    "0) FROM lease WHERE task = ?1 AND state IN ('done', 'failed')) "
	    "ORDER BY l.id",
	    "i", task);
	for (; got == 1; got = db_next(db, e, row))
		buf_printf(
		    names, "%s%s", (*count)++ > 0 ? ", " : "", db_text(row, 0));
	return got;
}

/* Its job goes on with its other tasks, if it has any. */
static int
pause_job(struct db *db, int64_t job, const char *reason, struct err *e)
{
	if (db_run(db, e,
		"UPDATE job SET status = 'paused', paused_by = 'poison', "
		"reason = ? WHERE id = ? AND status IN ('pending', 'running') "
		"AND NOT EXISTS (SELECT 1 FROM task t WHERE t.job = job.id "
		"AND t.state IN ('ready', 'leased'))",
		"ti", reason, job) == -1)
		return -1;
	return db_changes(db) == 0 ? 0 : job_tell(db, job, "job.paused", e);
}

static int
park(struct db *db, const struct lease_row *l, unsigned count,
    const char *reason, const struct lease_turn *turn, struct err *e)
{
	if (db_run(db, e,
		"UPDATE task SET state = 'parked', lost = ?, last_bot = ?, "
		"reason = ?, ended_ms = ? WHERE id = ? AND state = 'leased'",
		"iitii", (int64_t)count, l->bot, reason, (int64_t)turn->now_ms,
		l->task) == -1 ||
	    db_run(db, e,
		"INSERT INTO event (at_ms, who, what, subject, detail, trace) "
		"SELECT ?, 'master', 'task.parked', 'task:' || t.task, "
		"t.reason, coalesce(j.trace, '') FROM task t LEFT JOIN job j "
		"ON j.id = t.job WHERE t.id = ?",
		"ii", (int64_t)turn->now_ms, l->task) == -1)
		return -1;
	if (strcmp(l->kind, "check") == 0)
		return checks_hopeless(db, l, "its check", reason, turn, e);
	return pause_job(db, l->job, reason, e);
}

/* Nobody waits for a person to look at it: its inputs stay. */
static int
fail_rerun(struct db *db, const struct lease_row *l, unsigned count,
    const char *reason, const struct lease_turn *turn, struct err *e)
{
	if (db_run(db, e,
		"UPDATE task SET state = 'failed', lost = ?, reason = ?, "
		"ended_ms = ? WHERE id = ? AND state = 'leased'",
		"itii", (int64_t)count, reason, (int64_t)turn->now_ms,
		l->task) == -1)
		return -1;
	return reruns_over(db, l->task, reason, turn->now_ms, e);
}

int
task_lost(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e)
{
	struct buf names = BUF_INIT, reason = BUF_INIT;
	unsigned count;
	int got;

	if (db_run(db, e, "UPDATE lease SET lost = 1 WHERE id = ?", "i",
		l->id) == -1 ||
	    lost_in_a_row(db, l->task, &count, &names, e) == -1) {
		buf_release(&names);
		return -1;
	}
	buf_printf(&reason, "lost %u bot%s in a row: %s", count,
	    count == 1 ? "" : "s", buf_text(&names));
	if (count >= leases_times(db)->lost_most &&
	    strcmp(l->kind, "reproduce") == 0)
		got = fail_rerun(db, l, count, reason.data, turn, e);
	else if (count >= leases_times(db)->lost_most)
		got = park(db, l, count, reason.data, turn, e);
	else
		got = db_run(db, e,
		    "UPDATE task SET state = 'ready', lost = ?, last_bot = ?, "
		    "ready_up = ? WHERE id = ? AND state = 'leased'",
		    "iiii", (int64_t)count, l->bot, (int64_t)turn->up_ms,
		    l->task);
	buf_release(&names);
	buf_release(&reason);
	return got;
}

/* The last of them was not lost: so it is no poison. */
static int
unpark_one(struct db *db, int64_t task, struct err *e)
{
	int64_t job;
	int got;

	if (db_run(db, e,
		"UPDATE task SET state = 'ready', reason = '', ended_ms = 0 "
		"WHERE id = ? AND state = 'parked' AND kind <> 'check'",
		"i", task) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	got = db_number(db, e, &job,
	    "SELECT j.id FROM task t JOIN job j ON j.id = t.job WHERE t.id = "
	    "? AND j.status = 'paused' AND j.paused_by = 'poison'",
	    "i", task);
	if (got != 1)
		return got;
	if (db_run(db, e,
		"UPDATE job SET status = 'pending', paused_by = '', reason = "
		"'' WHERE id = ?",
		"i", job) == -1)
		return -1;
	return job_tell(db, job, "job.resumed", e);
}

int
task_recount(struct db *db, int64_t task, struct err *e)
{
	struct buf names = BUF_INIT;
	unsigned count;
	int got = lost_in_a_row(db, task, &count, &names, e);

	buf_release(&names);
	if (got == -1 ||
	    db_run(db, e, "UPDATE task SET lost = ? WHERE id = ?", "ii",
		(int64_t)count, task) == -1)
		return -1;
	return count < leases_times(db)->lost_most ? unpark_one(db, task, e)
						   : 0;
}

int
leases_unpark(struct db *db, int64_t job, struct err *e)
{
	if (db_run(db, e,
		"UPDATE lease SET lost = 0 WHERE lost = 1 AND task IN (SELECT "
		"id FROM task WHERE job = ?)",
		"i", job) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task SET state = CASE state WHEN 'leased' THEN 'leased' "
	    "ELSE 'ready' END, failures = 0, lost = 0, ready_up = 0, last_bot "
	    "= NULL, reason = '', ended_ms = 0 WHERE job = ? AND state IN "
	    "('ready', 'leased', 'parked')",
	    "i", job);
}
