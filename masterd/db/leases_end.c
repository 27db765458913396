/*
 * How leases end when it is not their bot that ends them, and what time does:
 * epochs that are over, silence, limits that are used up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/leases_internal.h"

void
turn_tell(const struct lease_turn *turn, int64_t bot)
{
	if (turn->changed != NULL)
		turn->changed(turn->arg, bot);
}

int
job_tell(struct db *db, int64_t job, const char *what, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO event (at_ms, who, what, subject, detail, trace) "
	    "SELECT ?, 'master', ?, 'job:' || job, reason, trace FROM job "
	    "WHERE id = ?",
	    "iti", (int64_t)clock_wall_ms(), what, job);
}

int
lease_close(struct db *db, int64_t lease, const char *state, const char *reason,
    uint64_t now_ms, struct err *e)
{
	if (db_run(db, e,
		"UPDATE lease SET state = ?1, ended_ms = ?2, reason = CASE "
		"WHEN ?3 THEN ?4 ELSE reason END WHERE id = ?5",
		"tiiti", state, (int64_t)now_ms, (int64_t)(reason != NULL),
		reason == NULL ? "" : reason, lease) == -1 ||
	    db_run(db, e, "DELETE FROM lease_need WHERE lease = ?", "i",
		lease) == -1)
		return -1;
	if (db_run(db, e,
		"UPDATE bot SET leases = leases + 1, execs = bot.execs + "
		"l.execs, cpu_ms = bot.cpu_ms + l.cpu_ms FROM lease l WHERE "
		"bot.id = l.bot AND l.id = ?",
		"i", lease) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE job SET execs = job.execs + l.execs, cpu_ms = job.cpu_ms "
	    "+ l.cpu_ms, succeeded = succeeded + (l.state = 'done') FROM "
	    "lease l JOIN task t ON t.id = l.task WHERE job.id = t.job AND "
	    "l.id = ?",
	    "i", lease);
}

/* ---- jobs -------------------------------------------------------------- */

static int
cancel_all(struct db *db, struct rows *open, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	size_t i;
	int got = 0;

	for (i = 0; i < open->count && got == 0; i++) {
		got = lease_close(
		    db, open->list[i][0], "cancelled", reason, turn->now_ms, e);
		turn_tell(turn, open->list[i][1]);
	}
	rows_free(open);
	return got;
}

int
leases_cancel_task(struct db *db, int64_t task, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	struct rows open;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, bot FROM lease WHERE task = ? AND state IN "
	    "('offered', 'running')",
	    "i", task);
	if (rows_take(&open, db, got, row, e) == -1) {
		rows_free(&open);
		return -1;
	}
	return cancel_all(db, &open, reason, turn, e);
}

int
job_end(struct db *db, int64_t job, const char *status, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	struct rows open;
	sqlite3_stmt *row;
	char what[32];
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, l.bot FROM lease l JOIN task "
	    "t ON t.id = l.task WHERE t.job = ? AND l.state IN ('offered', "
	    "'running')",
	    "i", job);
	if (rows_take(&open, db, got, row, e) == -1) {
		rows_free(&open);
		return -1;
	}
	if (cancel_all(db, &open, "its job is over", turn, e) == -1 ||
	    db_run(db, e,
		"UPDATE task SET state = CASE state WHEN 'parked' THEN "
		"'cancelled' ELSE 'done' END, ended_ms = ?1 WHERE job = ?2 "
		"AND state IN ('ready', 'leased', 'parked')",
		"ii", (int64_t)turn->now_ms, job) == -1 ||
	    db_run(db, e,
		"UPDATE job SET status = ?, reason = ?, paused_by = '', "
		"ended_ms = ? WHERE id = ?",
		"ttii", status, reason, (int64_t)turn->now_ms, job) == -1)
		return -1;
	/* noted: job.completed job.failed job.timed_out */
	snprintf(what, sizeof(what), "job.%s", status);
	return job_tell(db, job, what, e);
}

/* ---- epochs and silence ------------------------------------------------ */

static int
expire(struct db *db, int64_t lease, enum lease_loss loss, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	struct lease_row l;

	if (lease_load(db, lease, &l, e) == -1)
		return -1;
	if (!l.open)
		return 0;
	if (lease_close(db, lease, "expired", reason, turn->now_ms, e) == -1)
		return -1;
	turn_tell(turn, l.bot);
	return loss == LEASE_LOST ? task_lost(db, &l, turn, e)
				  : task_ready(db, l.task, e);
}

/* It says goodbye: what was taken for its death was its silence. */
static int
acquit(struct db *db, int64_t epoch, struct err *e)
{
	struct rows tasks;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT DISTINCT task, 0 FROM lease WHERE epoch = ?1 AND lost = 1 "
	    "AND bot = (SELECT bot FROM epoch WHERE id = ?1)",
	    "i", epoch);
	got = rows_take(&tasks, db, got, row, e);
	if (got == 0 && tasks.count > 0)
		got = db_run(db, e,
		    "UPDATE lease SET lost = 0 WHERE epoch = ? AND lost = 1",
		    "i", epoch);
	for (i = 0; i < tasks.count && got == 0; i++)
		got = task_recount(db, tasks.list[i][0], e);
	rows_free(&tasks);
	return got;
}

int
leases_end_epoch(struct db *db, int64_t epoch, enum lease_loss loss,
    const char *reason, const struct lease_turn *turn, struct err *e)
{
	struct rows open;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, 0 FROM epoch e JOIN lease l ON l.bot = e.bot AND "
	    "l.epoch = e.id WHERE e.id = ? AND l.state IN ('offered', "
	    "'running')",
	    "i", epoch);
	got = rows_take(&open, db, got, row, e);
	for (i = 0; i < open.count && got == 0; i++)
		got = expire(db, open.list[i][0], loss, reason, turn, e);
	rows_free(&open);
	if (got == 0 && loss == LEASE_LEFT)
		got = acquit(db, epoch, e);
	return got;
}

int
leases_end_bot(struct db *db, const struct lease_back *b,
    const struct lease_turn *turn, struct err *e)
{
	struct rows open;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, task FROM lease WHERE bot = ? AND state IN "
	    "('offered', 'running') AND result = '' AND (? = 0 OR state = "
	    "'offered')",
	    "ii", b->bot, (int64_t)b->offered);
	got = rows_take(&open, db, got, row, e);
	for (i = 0; i < open.count && got == 0; i++) {
		got = lease_close(
		    db, open.list[i][0], b->state, b->reason, turn->now_ms, e);
		if (got == 0)
			got = task_ready(db, open.list[i][1], e);
	}
	if (open.count > 0)
		turn_tell(turn, b->bot);
	rows_free(&open);
	return got;
}

/* "no heartbeat named it for 5 minutes" */
static void
say_silence(char *text, size_t size, uint64_t ms)
{
	if (ms >= 120000 && ms % 60000 == 0)
		snprintf(text, size,
		    "no heartbeat named it for %" PRIu64 " minutes",
		    ms / 60000);
	else
		snprintf(text, size,
		    "no heartbeat named it for %" PRIu64 ".%" PRIu64 " seconds",
		    ms / 1000, ms % 1000 / 100);
}

int
leases_expire(struct db *db, const struct lease_turn *turn, struct err *e)
{
	uint64_t lost_ms = leases_times(db)->lost_ms;
	char reason[80];
	struct rows silent;
	sqlite3_stmt *row;
	size_t i;
	int got;

	say_silence(reason, sizeof(reason), lost_ms);
	/* Who said that he is off was not killed by his task. */
	got = db_query(db, e, &row,
	    "SELECT l.id, b.state = 'off' FROM lease l JOIN bot b ON b.id = "
	    "l.bot WHERE l.state IN ('offered', 'running') AND l.named_up < ?",
	    "i", (int64_t)turn->up_ms - (int64_t)lost_ms);
	got = rows_take(&silent, db, got, row, e);
	for (i = 0; i < silent.count && got == 0; i++)
		got = expire(db, silent.list[i][0],
		    silent.list[i][1] != 0 ? LEASE_LEFT : LEASE_LOST, reason,
		    turn, e);
	rows_free(&silent);
	return got;
}

int
leases_forgive(struct db *db, uint64_t up_ms, struct err *e)
{
	/* Up-time starts anew with each boot: nothing waits for the old one. */
	if (db_run(db, e,
		"UPDATE task SET ready_up = ?1 WHERE ready_up > ?1 AND state "
		"IN ('ready', 'leased')",
		"i", (int64_t)up_ms) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE lease SET named_up = ?1, charged_up = ?1 "
	    "WHERE state IN ('offered', 'running')",
	    "i", (int64_t)up_ms);
}

/* ---- limits ------------------------------------------------------------ */

/* Its time is used up: did anything come of it? */
static int
time_out(struct db *db, int64_t job, bool by_cpu, const struct lease_turn *turn,
    struct err *e)
{
	const char *what =
	    by_cpu ? "its CPU time is used up" : "its time is used up";
	char reason[700];
	int64_t succeeded;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT succeeded, coalesce((SELECT reason FROM task t WHERE "
	    "t.job = j.id AND reason <> '' ORDER BY id DESC LIMIT 1), '') "
	    "FROM job j WHERE id = ?",
	    "i", job);
	if (got != 1)
		return -1;
	succeeded = sqlite3_column_int64(row, 0);
	snprintf(reason, sizeof(reason), "%s and no lease of it succeeded%s%s",
	    what, db_text(row, 1)[0] == '\0' ? "" : ": ", db_text(row, 1));
	db_end(row);
	return job_end(db, job, succeeded > 0 ? "completed" : "timed_out",
	    succeeded > 0 ? what : reason, turn, e);
}

/*
 * Jobs at a limit, and whether it is that of CPU time.  What an open lease
 * costs is known when it ends; until then its seconds stand for it.  A bot
 * that is about to say that its slice is over may: "overtime".
 */
static int
used_up(struct db *db, struct rows *jobs, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "WITH used AS (SELECT j.id, j.for_ms, j.used_ms, j.cpu_limit_ms, "
	    "j.cpu_ms + coalesce(sum(max(l.cpu_ms, l.seconds * 1000)), 0) AS "
	    "cpu_ms, count(l.id) AS open FROM job j LEFT JOIN task t ON t.job "
	    "= j.id AND t.state = 'leased' LEFT JOIN lease l ON l.task = t.id "
	    "AND l.state IN ('offered', 'running') WHERE j.status IN "
	    "('pending', 'running') AND (j.for_ms > 0 OR j.cpu_limit_ms > 0) "
	    "GROUP BY j.id) "
	    "SELECT id, for_ms = 0 OR used_ms < for_ms FROM used WHERE "
	    "(for_ms > 0 AND used_ms >= for_ms AND (open = 0 OR used_ms >= "
	    "for_ms + ?1)) OR (cpu_limit_ms > 0 AND cpu_ms >= cpu_limit_ms "
	    "AND (open = 0 OR cpu_ms >= cpu_limit_ms + ?1 * open))",
	    "i", (int64_t)leases_times(db)->overtime_ms);
	return rows_take(jobs, db, got, row, e);
}

/*
 * --for counts while the job is not paused, from its first running lease on
 * (PROTOCOL 32).
 */
int
leases_charge(struct db *db, uint64_t delta_ms, const struct lease_turn *turn,
    struct err *e)
{
	struct rows jobs;
	size_t i;
	int got;

	if (db_run(db, e,
		"UPDATE job SET used_ms = used_ms + ?1, spent_ms = "
		"spent_ms + ?1 * (SELECT count(*) FROM lease l JOIN task t ON "
		"t.id = l.task WHERE t.job = job.id AND l.state = 'running') "
		"WHERE status = 'running' AND started_ms > 0",
		"i", (int64_t)delta_ms) == -1)
		return -1;
	got = used_up(db, &jobs, e);
	for (i = 0; i < jobs.count && got == 0; i++)
		got = time_out(
		    db, jobs.list[i][0], jobs.list[i][1] != 0, turn, e);
	rows_free(&jobs);
	return got;
}
