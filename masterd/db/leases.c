/*
 * Leases and the tasks behind them: what bots say, and how they end.
 *
 * Lease: offered -> running -> done | failed | expired | cancelled.
 * Task:  ready <-> leased -> done | failed | cancelled.
 * A lease that expired or was withdrawn puts its task back to ready; one that
 * is done does so too while its job goes on; a failed one counts.
 */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases.h"
#include "masterd/db/ledger.h"

#define FAILURES_MOST   3    /* of a task, in a row */
#define FAILURE_WAIT_MS 2000 /* doubled each time */

/* What became of a job is an event, with its reason. */
static int
tell_job(struct db *db, int64_t job, const char *what, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO event (at_ms, who, what, subject, detail, trace) "
	    "SELECT ?, 'master', ?, 'job:' || job, reason, trace FROM job "
	    "WHERE id = ?",
	    "iti", (int64_t)clock_wall_ms(), what, job);
}

int
leases_named(struct db *db, int64_t bot, uint64_t lease, uint64_t seconds,
    uint64_t execs, uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	int64_t job;

	if (db_run(db, e,
		/* The rate is that between two beats, by our own clock. */
		"UPDATE lease SET execs_per_second = CASE WHEN state = "
		"'running' AND ?1 > named_up THEN max(0, ?3 - execs) * 1000 / "
		"(?1 - named_up) ELSE 0 END, named_up = ?1, seconds = "
		"max(seconds, ?2), execs = max(execs, ?3), started_ms = CASE "
		"WHEN started_ms = 0 THEN ?4 ELSE started_ms END, state = "
		"'running' WHERE lease = ?5 AND bot = ?6 AND state IN "
		"('offered', 'running')",
		"iiiiti", (int64_t)up_ms, (int64_t)seconds, (int64_t)execs,
		(int64_t)now_ms, text_hex64(lease).text, bot) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_run(db, e,
		"UPDATE job SET status = 'running', started_ms = "
		"CASE WHEN started_ms = 0 THEN ? ELSE started_ms END WHERE "
		"status = 'pending' AND id = (SELECT t.job FROM lease l JOIN "
		"task t ON t.id = l.task WHERE l.lease = ?)",
		"it", (int64_t)now_ms, text_hex64(lease).text) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_number(db, e, &job,
		"SELECT t.job FROM lease l JOIN task t ON t.id = l.task "
		"WHERE l.lease = ?",
		"t", text_hex64(lease).text) != 1)
		return -1;
	return tell_job(db, job, "job.running", e);
}

/* Statistics are facts: they count from any lease in any state. */
int
leases_stats(struct db *db, int64_t bot, const struct record *r, struct err *e)
{
	if (db_run(db, e,
		"UPDATE lease SET seconds = max(seconds, ?), "
		"execs = max(execs, ?), execs_per_second = ?, edges = ?, "
		"features = ?, rss_mb = ?, dict = ?, seeds = ?, restarts = ? "
		"WHERE lease = ? AND bot = ?",
		"iiiiiiiiiti", (int64_t)r->n[STATS_SECONDS],
		(int64_t)r->n[STATS_EXECS],
		(int64_t)r->n[STATS_EXECS_PER_SECOND],
		(int64_t)r->n[STATS_EDGES], (int64_t)r->n[STATS_FEATURES],
		(int64_t)r->n[STATS_RSS_MB], (int64_t)r->n[STATS_DICT],
		(int64_t)r->n[STATS_SEEDS], (int64_t)r->n[STATS_RESTARTS],
		text_hex64(r->lease).text, bot) == -1)
		return -1;
	/* The best that any session reached is the target's. */
	return db_run(db, e,
	    "UPDATE target SET edges = max(edges, ?), features = "
	    "max(features, ?) WHERE id = (SELECT t.target FROM lease l JOIN "
	    "task t ON t.id = l.task WHERE l.lease = ? AND l.bot = ?)",
	    "iiti", (int64_t)r->n[STATS_EDGES], (int64_t)r->n[STATS_FEATURES],
	    text_hex64(r->lease).text, bot);
}

int
leases_job(struct db *db, uint64_t lease, struct db_id *job, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT j.job FROM lease l JOIN task t ON "
	    "t.id = l.task JOIN job j ON j.id = t.job WHERE l.lease = ?",
	    "t", text_hex64(lease).text);
	if (got == 1) {
		text_copy(job->text, sizeof(job->text), db_text(row, 0));
		db_end(row);
	}
	return got;
}

int
leases_complete(struct db *db, const struct lease_complete *c, struct err *e)
{
	const struct record *r = c->complete;
	int64_t id;
	int got, i;

	got = db_number(db, e, &id,
	    "SELECT id FROM lease WHERE lease = ? AND "
	    "bot = ?",
	    "ti", text_hex64(r->lease).text, c->bot);
	if (got != 1)
		return got; /* of a lease we do not know: a fact only */
	if (db_run(db, e,
		"UPDATE lease SET seconds = max(seconds, ?), "
		"execs = max(execs, ?), cpu_ms = ? WHERE id = ?",
		"iiii", (int64_t)r->n[COMPLETE_SECONDS],
		(int64_t)r->n[COMPLETE_EXECS], (int64_t)r->n[COMPLETE_CPU_MS],
		id) == -1)
		return -1;
	/* It acts only for the current lease of its task (PROTOCOL 31). */
	if (db_run(db, e,
		"UPDATE lease SET result = ?, reason = ? WHERE "
		"id = ? AND state IN ('offered', 'running')",
		"tti", r->word2, c->reason, id) == -1)
		return -1;
	for (i = 0; i < c->need_count; i++)
		if (db_run(db, e,
			"INSERT OR REPLACE INTO lease_need (lease, "
			"epoch, first, last) VALUES (?, ?, ?, ?)",
			"itii", id, text_hex64(c->needs[i].epoch).text,
			(int64_t)c->needs[i].n[RANGE_FIRST],
			(int64_t)c->needs[i].n[RANGE_LAST]) == -1)
			return -1;
	return 0;
}

static int
needs_are_in(struct db *db, int64_t lease, int64_t bot, bool *in, struct err *e)
{
	sqlite3_stmt *row;
	uint64_t epoch;
	int got;

	*in = true;
	got = db_query(db, e, &row,
	    "SELECT epoch, first, last FROM lease_need "
	    "WHERE lease = ?",
	    "i", lease);
	for (; got == 1; got = db_next(db, e, row)) {
		if (text_to_hex64(&epoch, db_text(row, 0)) == -1)
			continue;
		if (ledger_covers(db, bot, epoch,
			(uint64_t)sqlite3_column_int64(row, 1),
			(uint64_t)sqlite3_column_int64(row, 2), in, e) == -1) {
			db_end(row);
			return -1;
		}
		if (!*in) {
			db_end(row);
			return 0;
		}
	}
	return got;
}

/* The lease is over; its cost goes to the job. */
static int
close_lease(struct db *db, int64_t lease, const char *state, uint64_t now_ms,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE lease SET state = ?, ended_ms = ? WHERE "
		"id = ?",
		"tii", state, (int64_t)now_ms, lease) == -1 ||
	    db_run(db, e, "DELETE FROM lease_need WHERE lease = ?", "i",
		lease) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE job SET execs = execs + (SELECT execs "
	    "FROM lease WHERE id = ?1) WHERE id = (SELECT t.job FROM lease l "
	    "JOIN task t ON t.id = l.task WHERE l.id = ?1)",
	    "i", lease);
}

static int
task_ready(struct db *db, int64_t lease, struct err *e)
{
	return db_run(db, e,
	    "UPDATE task SET state = 'ready' WHERE "
	    "state = 'leased' AND id = (SELECT task FROM lease WHERE id = ?)",
	    "i", lease);
}

/* Job over: what is open is taken back. */
static int
end_job(struct db *db, int64_t job, const char *status, const char *reason,
    uint64_t now_ms, leases_changed_fn *changed, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int64_t lease, bot;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, l.bot FROM lease l JOIN task "
	    "t ON t.id = l.task WHERE t.job = ? AND l.state IN ('offered', "
	    "'running')",
	    "i", job);
	for (; got == 1; got = db_next(db, e, row)) {
		lease = sqlite3_column_int64(row, 0);
		bot = sqlite3_column_int64(row, 1);
		if (close_lease(db, lease, "cancelled", now_ms, e) == -1) {
			db_end(row);
			return -1;
		}
		changed(arg, bot);
	}
	if (got == -1 ||
	    db_run(db, e,
		"UPDATE task SET state = 'done' WHERE "
		"job = ? AND state IN ('ready', 'leased')",
		"i", job) == -1)
		return -1;
	if (db_run(db, e,
		"UPDATE job SET status = ?, reason = ?, ended_ms "
		"= ? WHERE id = ?",
		"ttii", status, reason, (int64_t)now_ms, job) == -1)
		return -1;
	return tell_job(db, job,
	    strcmp(status, "failed") == 0 ? "job.failed" : "job.completed", e);
}

/* Three failures in a row are the job's failure, with the last reason. */
static int
fail_task(struct db *db, int64_t lease, uint64_t now_ms, uint64_t up_ms,
    leases_changed_fn *changed, void *arg, struct err *e)
{
	int64_t failures, job;
	char reason[512];
	sqlite3_stmt *row;
	int got;

	if (db_run(db, e,
		"UPDATE task SET failures = failures + 1, state = 'ready', "
		"ready_up = ?1 + (?2 << failures), reason = (SELECT reason "
		"FROM lease WHERE id = ?3) WHERE id = (SELECT task FROM lease "
		"WHERE id = ?3) AND state = 'leased'",
		"iii", (int64_t)up_ms, (int64_t)FAILURE_WAIT_MS, lease) == -1)
		return -1;
	got = db_query(db, e, &row,
	    "SELECT t.failures, t.job, l.reason FROM lease l JOIN task t ON "
	    "t.id = l.task JOIN job j ON j.id = t.job WHERE l.id = ? AND "
	    "j.status IN ('pending', 'running')",
	    "i", lease);
	if (got != 1)
		return got; /* the job is over already */
	failures = sqlite3_column_int64(row, 0);
	job = sqlite3_column_int64(row, 1);
	text_copy(reason, sizeof(reason), db_text(row, 2));
	db_end(row);
	if (failures < FAILURES_MOST)
		return 0;
	if (db_run(db, e,
		"UPDATE task SET state = 'failed' WHERE id = (SELECT task "
		"FROM lease WHERE id = ?)",
		"i", lease) == -1)
		return -1;
	return end_job(db, job, "failed", reason, now_ms, changed, arg, e);
}

static int
act(struct db *db, int64_t lease, const char *result, uint64_t now_ms,
    uint64_t up_ms, leases_changed_fn *changed, void *arg, struct err *e)
{
	if (close_lease(db, lease, result, now_ms, e) == -1)
		return -1;
	if (strcmp(result, "failed") == 0)
		return fail_task(db, lease, now_ms, up_ms, changed, arg, e);
	if (db_run(db, e,
		"UPDATE task SET failures = 0 WHERE id = (SELECT "
		"task FROM lease WHERE id = ?) AND ?2 = 'done'",
		"it", lease, result) == -1)
		return -1;
	return task_ready(db, lease, e);
}

int
leases_settle(struct db *db, int64_t bot, uint64_t now_ms, uint64_t up_ms,
    leases_changed_fn *changed, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int64_t lease, owner;
	char result[16];
	bool in;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, bot, result FROM lease WHERE "
	    "result <> '' AND state IN ('offered', 'running') AND (bot = ?1 "
	    "OR ?1 = 0)",
	    "i", bot);
	for (; got == 1; got = db_next(db, e, row)) {
		lease = sqlite3_column_int64(row, 0);
		owner = sqlite3_column_int64(row, 1);
		text_copy(result, sizeof(result), db_text(row, 2));
		if (needs_are_in(db, lease, owner, &in, e) == -1 ||
		    (in &&
			act(db, lease, result, now_ms, up_ms, changed, arg,
			    e) == -1)) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

/* ---- ends that time brings ------------------------------------------- */

static int
expire(struct db *db, int64_t lease, const char *reason, uint64_t now_ms,
    struct err *e)
{
	if (db_run(db, e, "UPDATE lease SET reason = ? WHERE id = ?", "ti",
		reason, lease) == -1 ||
	    close_lease(db, lease, "expired", now_ms, e) == -1)
		return -1;
	return task_ready(db, lease, e);
}

int
leases_end_epoch(struct db *db, int64_t epoch, uint64_t now_ms, uint64_t up_ms,
    const char *reason, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	(void)up_ms;
	got = db_query(db, e, &row,
	    "SELECT id FROM lease WHERE epoch = ? AND "
	    "state IN ('offered', 'running')",
	    "i", epoch);
	for (; got == 1; got = db_next(db, e, row))
		if (expire(db, sqlite3_column_int64(row, 0), reason, now_ms,
			e) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
leases_expire(struct db *db, uint64_t now_ms, uint64_t up_ms,
    leases_changed_fn *changed, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int64_t lease, bot;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, bot FROM lease WHERE "
	    "state IN ('offered', 'running') AND named_up < ?",
	    "i", (int64_t)up_ms - LEASE_LOST_MS);
	for (; got == 1; got = db_next(db, e, row)) {
		lease = sqlite3_column_int64(row, 0);
		bot = sqlite3_column_int64(row, 1);
		if (expire(db, lease, "no heartbeat named it for 5 minutes",
			now_ms, e) == -1) {
			db_end(row);
			return -1;
		}
		changed(arg, bot);
	}
	return got;
}

int
leases_forgive(struct db *db, uint64_t up_ms, struct err *e)
{
	if (db_run(db, e, "UPDATE task SET ready_up = 0 WHERE ready_up > 0",
		"") == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE lease SET named_up = ?1, charged_up = ?1 "
	    "WHERE state IN ('offered', 'running')",
	    "i", (int64_t)up_ms);
}

/*
 * --for counts while the job is not paused, from its first running lease on
 * (PROTOCOL 32).
 */
int
leases_charge(struct db *db, uint64_t delta_ms, uint64_t now_ms,
    leases_changed_fn *changed, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	if (db_run(db, e,
		"UPDATE job SET used_ms = used_ms + ?1, spent_ms = "
		"spent_ms + ?1 * (SELECT count(*) FROM lease l JOIN task t ON "
		"t.id = l.task WHERE t.job = job.id AND l.state = 'running') "
		"WHERE status = 'running' AND started_ms > 0",
		"i", (int64_t)delta_ms) == -1)
		return -1;
	got = db_query(db, e, &row,
	    "SELECT id FROM job WHERE status = "
	    "'running' AND for_ms > 0 AND used_ms >= for_ms AND NOT EXISTS "
	    "(SELECT 1 FROM lease l JOIN task t ON t.id = l.task WHERE "
	    "t.job = job.id AND l.state IN ('offered', 'running') AND "
	    "used_ms < for_ms + 30000)",
	    "");
	for (; got == 1; got = db_next(db, e, row))
		if (end_job(db, sqlite3_column_int64(row, 0), "completed",
			"its time is used up", now_ms, changed, arg, e) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}
