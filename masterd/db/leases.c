/*
 * Leases and the tasks behind them: what bots say, and what it means.
 *
 * A complete is recorded at once and acts when all bundles it names are in:
 * only then may its task go on elsewhere, or its build be judged.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/checks.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/ledger.h"

/* clang-format off */
const struct lease_times LEASE_TIMES = {
	.lost_ms = 5 * 60 * 1000,
	.gap_ms = 30 * 1000,
	.overtime_ms = 2 * 60 * 1000, /* finds are run again */
	.slice_ms = 60 * 60 * 1000,
	.check_ms = 2 * 60 * 1000,
	.clash_ms = 5 * 60 * 1000,
	.late_beats = 3,
	.lost_beats = 30,
	.lost_most = 3,
	/* RETRY_TASK */
	.retry = { 2, 2000, 300000, 2000, RETRY_EXACT, RETRY_ON_ALL },
	.rest = { RETRY_FOR_EVER, 30000, 1800000, 2000, RETRY_EXACT,
	    RETRY_ON_ALL },
};
/* clang-format on */

void
leases_set_times(struct db *db, const struct lease_times *times)
{
	db->times = times;
}

const struct lease_times *
leases_times(const struct db *db)
{
	return db->times == NULL ? &LEASE_TIMES : db->times;
}

/* ---- reading ---------------------------------------------------------- */

int
rows_take(
    struct rows *r, struct db *db, int got, sqlite3_stmt *row, struct err *e)
{
	memset(r, 0, sizeof(*r));
	for (; got == 1; got = db_next(db, e, row)) {
		r->list = mem_resize(r->list, r->count + 1, sizeof(*r->list));
		r->list[r->count][0] = sqlite3_column_int64(row, 0);
		r->list[r->count++][1] = sqlite3_column_int64(row, 1);
	}
	return got;
}

void
rows_free(struct rows *r)
{
	free(r->list);
}

int
lease_load(struct db *db, int64_t id, struct lease_row *l, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(l, 0, sizeof(*l));
	got = db_query(db, e, &row,
	    "SELECT l.bot, l.task, coalesce(t.job, 0), l.build, t.target, "
	    "l.state IN ('offered', 'running'), t.kind, l.result, l.verdict, "
	    "b.name, b.host_class, l.reason, l.said, l.edges, l.features, "
	    "l.calls, l.dict, l.seeds, j.status IS NOT "
	    "'pending' FROM lease l JOIN task t ON t.id = l.task LEFT JOIN "
	    "job j ON j.id = t.job JOIN bot b ON b.id = l.bot WHERE "
	    "l.id = ?",
	    "i", id);
	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "no such lease") : -1;
	l->id = id;
	l->bot = sqlite3_column_int64(row, 0);
	l->task = sqlite3_column_int64(row, 1);
	l->job = sqlite3_column_int64(row, 2);
	l->build = sqlite3_column_int64(row, 3);
	l->target = sqlite3_column_int64(row, 4);
	l->open = sqlite3_column_int(row, 5);
	text_copy(l->kind, sizeof(l->kind), db_text(row, 6));
	text_copy(l->result, sizeof(l->result), db_text(row, 7));
	text_copy(l->verdict, sizeof(l->verdict), db_text(row, 8));
	text_copy(l->bot_name, sizeof(l->bot_name), db_text(row, 9));
	text_copy(l->host_class, sizeof(l->host_class), db_text(row, 10));
	text_copy(l->reason, sizeof(l->reason), db_text(row, 11));
	text_copy(l->said, sizeof(l->said), db_text(row, 12));
	l->edges = sqlite3_column_int64(row, 13);
	l->features = sqlite3_column_int64(row, 14);
	l->calls = sqlite3_column_int64(row, 15);
	l->dict = sqlite3_column_int64(row, 16);
	l->seeds = sqlite3_column_int64(row, 17);
	l->started = sqlite3_column_int(row, 18);
	db_end(row);
	return 0;
}

void
lease_why(const struct lease_row *l, char *text, size_t size)
{
	text_copy(text, size, l->said[0] != '\0' ? l->said : l->reason);
	text[strcspn(text, "\n")] = '\0';
	if (text[0] == '\0')
		text_copy(text, size, "the bot did not say why");
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

/* ---- beats ------------------------------------------------------------ */

/* The first sign of life of a job's lease is its job's start. */
static int
job_started(struct db *db, int64_t lease, uint64_t now_ms, struct err *e)
{
	int64_t job;

	if (db_run(db, e,
		"UPDATE job SET status = 'running', started_ms = "
		"CASE WHEN started_ms = 0 THEN ? ELSE started_ms END WHERE "
		"status = 'pending' AND id = (SELECT t.job FROM lease l JOIN "
		"task t ON t.id = l.task WHERE l.id = ?)",
		"ii", (int64_t)now_ms, lease) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_number(db, e, &job,
		"SELECT t.job FROM lease l JOIN task t ON t.id = l.task "
		"WHERE l.id = ?",
		"i", lease) != 1)
		return -1;
	return job_tell(db, job, "job.running", e);
}

/* One that expired as lost is named: its bot was silent, not dead. */
static int
came_back(struct db *db, int64_t bot, uint64_t lease, struct err *e)
{
	int64_t task;

	if (db_run(db, e,
		"UPDATE lease SET lost = 0 WHERE lease = ? AND bot = ? AND "
		"lost = 1",
		"ti", text_hex64(lease).text, bot) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_number(db, e, &task, "SELECT task FROM lease WHERE lease = ?",
		"t", text_hex64(lease).text) != 1)
		return -1;
	return task_recount(db, task, e);
}

/* The rate is that between two beats, by our own clock. */
static int
note_beat(struct db *db, int64_t id, uint64_t seconds, uint64_t execs,
    uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE lease SET execs_per_second = CASE WHEN state = 'running' "
	    "AND ?1 > named_up THEN max(0, ?3 - execs) * 1000 / (?1 - "
	    "named_up) ELSE 0 END, named_up = ?1, seconds = max(seconds, ?2), "
	    "execs = max(execs, ?3), started_ms = CASE WHEN started_ms = 0 "
	    "THEN ?4 ELSE started_ms END, state = 'running' WHERE id = ?5",
	    "iiiii", (int64_t)up_ms, (int64_t)seconds, (int64_t)execs,
	    (int64_t)now_ms, id);
}

int
leases_named(struct db *db, int64_t bot, uint64_t lease, uint64_t seconds,
    uint64_t execs, uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	sqlite3_stmt *row;
	bool first;
	int64_t id;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, l.state = 'offered' OR j.status IS 'pending' FROM "
	    "lease l JOIN task t ON t.id = l.task LEFT JOIN job j ON j.id = "
	    "t.job WHERE l.lease = ? AND l.bot = ? AND l.state IN "
	    "('offered', 'running')",
	    "ti", text_hex64(lease).text, bot);
	if (got != 1)
		return got == 0 ? came_back(db, bot, lease, e) : -1;
	id = sqlite3_column_int64(row, 0);
	first = sqlite3_column_int(row, 1);
	db_end(row);
	if (note_beat(db, id, seconds, execs, now_ms, up_ms, e) == -1)
		return -1;
	return first ? job_started(db, id, now_ms, e) : 0;
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

/* ---- completes --------------------------------------------------------- */

/* What it cost is a fact; of a lease that is over already the job hears the
 * rest now. */
static int
record_late_cost(
    struct db *db, int64_t lease, const struct record *r, struct err *e)
{
	int64_t execs = (int64_t)r->n[COMPLETE_EXECS];
	int64_t cpu_ms = (int64_t)r->n[COMPLETE_CPU_MS];

	if (db_run(db, e,
		"UPDATE job SET execs = job.execs + max(0, ?1 - l.execs), "
		"cpu_ms = job.cpu_ms + max(0, ?2 - l.cpu_ms) FROM lease l "
		"JOIN task t ON t.id = l.task WHERE job.id = t.job AND "
		"l.id = ?3",
		"iii", execs, cpu_ms, lease) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE lease SET seconds = max(seconds, ?), execs = max(execs, "
	    "?), cpu_ms = max(cpu_ms, ?) WHERE id = ?",
	    "iiii", (int64_t)r->n[COMPLETE_SECONDS], execs, cpu_ms, lease);
}

static int
record_check(
    struct db *db, int64_t lease, const struct lease_complete *c, struct err *e)
{
	const struct record *r = c->check;

	return db_run(db, e,
	    "UPDATE lease SET verdict = ?, said = ?, edges = max(edges, ?), "
	    "features = max(features, ?), calls = ?, dict = ?, seeds = ? "
	    "WHERE id = ? AND state IN ('offered', 'running')",
	    "ttiiiiii", r->word, c->said == NULL ? "" : c->said,
	    (int64_t)r->n[CHECK_EDGES], (int64_t)r->n[CHECK_FEATURES],
	    (int64_t)r->n[CHECK_CALLS], (int64_t)r->n[CHECK_DICT],
	    (int64_t)r->n[CHECK_SEEDS], lease);
}

/* It acts only for the current lease of its task (PROTOCOL 31). */
static int
record_result(
    struct db *db, int64_t lease, const struct lease_complete *c, struct err *e)
{
	const struct record *r = c->complete;

	if (c->check != NULL && record_check(db, lease, c, e) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE lease SET seconds = max(seconds, ?), execs = max(execs, "
	    "?), cpu_ms = max(cpu_ms, ?), result = ?, reason = ? WHERE id = ?",
	    "iiitti", (int64_t)r->n[COMPLETE_SECONDS],
	    (int64_t)r->n[COMPLETE_EXECS], (int64_t)r->n[COMPLETE_CPU_MS],
	    r->word2, c->reason, lease);
}

int
leases_complete(struct db *db, const struct lease_complete *c, struct err *e)
{
	const struct record *r = c->complete;
	sqlite3_stmt *row;
	int64_t id;
	bool open;
	int got, i;

	got = db_query(db, e, &row,
	    "SELECT id, state IN ('offered', 'running') FROM lease WHERE "
	    "lease = ? AND bot = ?",
	    "ti", text_hex64(r->lease).text, c->bot);
	if (got != 1)
		return got; /* of a lease we do not know: a fact only */
	id = sqlite3_column_int64(row, 0);
	open = sqlite3_column_int(row, 1);
	db_end(row);
	if ((open ? record_result(db, id, c, e)
		  : record_late_cost(db, id, r, e)) == -1)
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

/* ---- what it means ----------------------------------------------------- */

static int
act_as_check(struct db *db, struct lease_row *l, const struct lease_turn *turn,
    struct err *e)
{
	if (l->verdict[0] == '\0') {
		if (l->reason[0] == '\0')
			text_copy(l->reason, sizeof(l->reason),
			    "the bot did not say what it is worth");
		if (lease_close(db, l->id, "failed", l->reason, turn->now_ms,
			e) == -1 ||
		    bots_lease_failed(db, l, turn->up_ms, e) == -1)
			return -1;
		return task_failed(db, l, turn, e);
	}
	if (lease_close(db, l->id, "done", NULL, turn->now_ms, e) == -1 ||
	    bots_lease_done(db, l, e) == -1)
		return -1;
	return checks_said(db, l, turn, e);
}

static int
act(struct db *db, struct lease_row *l, const struct lease_turn *turn,
    struct err *e)
{
	const char *result = l->result;
	bool cancelled = strcmp(result, "cancelled") == 0, unfit = false;

	if (!cancelled && strcmp(l->kind, "check") == 0)
		return act_as_check(db, l, turn, e);
	if (!cancelled && strcmp(l->verdict, "incompatible") == 0) {
		if (checks_unfit(db, l, turn->now_ms, &unfit, e) == -1)
			return -1;
		if (unfit) /* costs neither a failure nor an attempt */
			result = "cancelled";
	}
	if (strcmp(result, "done") == 0 && !l->started &&
	    job_started(db, l->id, turn->now_ms, e) == -1)
		return -1;
	if (lease_close(db, l->id, result, NULL, turn->now_ms, e) == -1)
		return -1;
	if (strcmp(result, "failed") == 0)
		return bots_lease_failed(db, l, turn->up_ms, e) == -1
		    ? -1
		    : task_failed(db, l, turn, e);
	if (strcmp(result, "done") == 0)
		return bots_lease_done(db, l, e) == -1
		    ? -1
		    : task_succeeded(db, l, turn->now_ms, e);
	return task_ready(db, l->task, e);
}

int
leases_settle(
    struct db *db, int64_t bot, const struct lease_turn *turn, struct err *e)
{
	struct lease_row l;
	struct rows rows;
	sqlite3_stmt *row;
	bool in;
	size_t i;
	int got;

	if (bot == 0)
		got = db_query(db, e, &row,
		    "SELECT id, bot FROM lease WHERE result <> '' AND state "
		    "IN ('offered', 'running')",
		    "");
	else
		got = db_query(db, e, &row,
		    "SELECT id, bot FROM lease WHERE result <> '' AND state "
		    "IN ('offered', 'running') AND bot = ?",
		    "i", bot);
	got = rows_take(&rows, db, got, row, e);
	for (i = 0; i < rows.count && got == 0; i++) {
		got =
		    needs_are_in(db, rows.list[i][0], rows.list[i][1], &in, e);
		if (got == -1 || !in)
			continue;
		got = lease_load(db, rows.list[i][0], &l, e);
		/* One before it may have ended its job. */
		if (got == 0 && l.open)
			got = act(db, &l, turn, e);
	}
	rows_free(&rows);
	return got;
}
