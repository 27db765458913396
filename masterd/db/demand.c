/*
 * Fleet and demand for the planner, by a few plain queries a round: what
 * belongs together is put together by their reader, not by subqueries for
 * each of two thousand jobs.
 */
#include <stdio.h>
#include <string.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/demand.h"

#define WELL_SECONDS 60 /* a session that runs so long does well */
#define AVOID_MS     (10 * 60 * 1000ll) /* then where it failed will do */

static uint64_t
number(sqlite3_stmt *row, int column)
{
	int64_t n = sqlite3_column_int64(row, column);

	return n < 0 ? 0 : (uint64_t)n;
}

/* ---- bots ------------------------------------------------------------ */

static void
read_bot(sqlite3_stmt *row, struct demand_bot *b)
{
	b->id = sqlite3_column_int64(row, 0);
	b->name = db_text(row, 1);
	b->slots = (unsigned)number(row, 2);
	b->takes = sqlite3_column_int(row, 3);
	b->state = db_text(row, 4);
	b->engines = db_text(row, 5);
	b->arch = db_text(row, 6);
	b->host_class = db_text(row, 7);
	b->tags = db_text(row, 8);
	b->failures = (unsigned)number(row, 9);
	b->rest_ms = number(row, 10);
	b->rests = b->rest_ms > 0;
	b->sanitizers = db_text(row, 11);
	b->off_until_ms = number(row, 12);
}

int
demand_bots(
    struct db *db, uint64_t up_ms, demand_bot_fn *fn, void *arg, struct err *e)
{
	struct demand_bot b;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, name, slots, state = 'up' AND owner = 1 AND holds = 0 "
	    "AND drained = 0 AND epoch IS NOT NULL, CASE WHEN owner = 0 THEN "
	    "'of a name that is another account''s' WHEN state = 'off' THEN "
	    "'off' || CASE said WHEN '' THEN '' ELSE ': ' || said END WHEN "
	    "state <> 'up' THEN state WHEN drained THEN 'drained by ' || "
	    "drained_by || CASE drain_reason WHEN '' THEN '' ELSE ': ' || "
	    "drain_reason END WHEN holds "
	    "THEN 'holding' || CASE said WHEN '' THEN '' ELSE ': ' || said END "
	    "ELSE 'not heard of yet' END, engines, arch, host_class, tags, "
	    "failures, max(0, rest_up - ?), sanitizers, off_until_ms "
	    "FROM bot INDEXED BY bot_state WHERE state <> 'forgotten' ORDER BY "
	    "id",
	    "i", (int64_t)up_ms);
	for (; got == 1; got = db_next(db, e, row)) {
		read_bot(row, &b);
		fn(arg, &b);
	}
	return got;
}

/* ---- jobs ------------------------------------------------------------ */

/* Whichever of its limits is nearer. */
static uint64_t
left_of(sqlite3_stmt *row, int column)
{
	uint64_t left = UINT64_MAX, most, used;
	int i;

	for (i = column; i < column + 4; i += 2) {
		most = number(row, i);
		used = number(row, i + 1);
		if (most > 0 && (used >= most || most - used < left))
			left = used >= most ? 0 : most - used;
	}
	return left;
}

/* "paused by user:x: reason" says itself who it was. */
static const char *
stop_of(struct demand_job *j, bool pending, const char *paused_by,
    const char *reason, char *text, size_t size)
{
	if (strcmp(j->status, "paused") == 0) {
		j->stop_code =
		    strchr(paused_by, ':') != NULL ? "paused" : "parked";
		snprintf(text, size, "%s%s",
		    strchr(paused_by, ':') != NULL ? "" : "parked: ",
		    *reason == '\0' ? paused_by : reason);
	} else if (!pending && strcmp(j->status, "running") != 0) {
		j->stop_code = "over";
		snprintf(text, size, "%s%s%s", j->status,
		    *reason == '\0' ? "" : ": ", reason);
	} else if (j->build == 0) {
		j->stop_code = "no_build";
		snprintf(text, size, "%s",
		    *reason == '\0' ? "no build has passed its check yet"
				    : reason);
	} else {
		j->stop_code = NULL;
		return NULL;
	}
	return text;
}

static void
read_job(sqlite3_stmt *row, struct demand_job *j, char *text, size_t size)
{
	j->id = sqlite3_column_int64(row, 0);
	j->name = db_text(row, 1);
	j->status = db_text(row, 2);
	j->target = db_text(row, 3);
	j->engine = db_text(row, 4);
	j->sanitizer = db_text(row, 5);
	j->arch = db_text(row, 6);
	j->tags = db_text(row, 7);
	j->multiplier_why = db_text(row, 8);
	j->build = sqlite3_column_int64(row, 9);
	j->weight = (unsigned)number(row, 10);
	j->multiplier = (unsigned)number(row, 11);
	j->boost = (unsigned)number(row, 12);
	j->ceiling = (unsigned)number(row, 13);
	j->floor = (unsigned)number(row, 14);
	j->boost_until_ms = number(row, 15);
	j->slice_ms = number(row, 16);
	j->left_ms = left_of(row, 17);
	j->spent_ms = number(row, 21);
	j->started_ms = number(row, 22);
	j->vtime = sqlite3_column_int64(row, 23);
	j->stopped = stop_of(j, strcmp(j->status, "pending") == 0,
	    db_text(row, 24), db_text(row, 25), text, size);
}

int
demand_jobs(
    struct db *db, int64_t also, demand_job_fn *fn, void *arg, struct err *e)
{
	struct demand_job j;
	sqlite3_stmt *row;
	char text[700];
	int got;

	/* Two queries in one: the first has an index of its own. */
	got = db_query(db, e, &row,
	    "SELECT j.id, j.job, j.status, p.name || '/' || g.name, j.engine, "
	    "j.sanitizer, coalesce(u.arch, ''), j.tags, j.multiplier_why, "
	    "coalesce(j.current, 0), j.weight, j.multiplier, j.boost, "
	    /* A task that was parked as poison is not made up for. */
	    "CASE WHEN EXISTS (SELECT 1 FROM task t WHERE t.job = j.id AND "
	    "t.state = 'parked') THEN max(1, (SELECT count(*) FROM task t "
	    "WHERE t.job = j.id AND t.state IN ('ready', 'leased'))) ELSE "
	    "j.slots END, "
	    "j.floor, j.boost_until_ms, j.slice_ms, j.for_ms, j.used_ms, "
	    "j.cpu_limit_ms, j.cpu_ms, j.spent_ms, j.started_ms, j.vtime, "
	    "j.paused_by, CASE WHEN j.current IS NULL AND j.status IN "
	    "('pending', 'running') AND EXISTS (SELECT 1 FROM task t JOIN "
	    "build b ON b.id = t.build "
	    "WHERE t.kind = 'check' AND t.state IN ('ready', 'leased') AND "
	    "b.project = g.project AND (b.id = j.build OR (j.build IS NULL AND "
	    "b.branch = j.branch AND b.engine = j.engine AND b.sanitizer = "
	    "j.sanitizer))) THEN 'its build is being checked: ' || j.reason "
	    "ELSE j.reason END FROM (SELECT * FROM job WHERE status IN "
	    "('pending', 'running', 'paused') UNION SELECT * FROM job WHERE "
	    "id = ?) j JOIN target g ON g.id = j.target JOIN project p ON "
	    "p.id = g.project LEFT JOIN build u ON u.id = j.current "
	    "ORDER BY j.id",
	    "i", also);
	for (; got == 1; got = db_next(db, e, row)) {
		read_job(row, &j, text, sizeof(text));
		fn(arg, &j);
	}
	return got;
}

/* ---- leases and tasks ------------------------------------------------ */

int
demand_leases(struct db *db, uint64_t now_ms, demand_lease_fn *fn, void *arg,
    struct err *e)
{
	struct demand_lease l;
	sqlite3_stmt *row;
	int64_t offered;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, coalesce(t.job, 0), l.bot, l.offered_ms, l.slice_ms "
	    "- l.seconds * 1000, t.failures = 0 AND l.seconds >= ? FROM lease "
	    "l JOIN task t ON t.id = l.task WHERE l.state IN ('offered', "
	    "'running') ORDER BY l.id",
	    "i", (int64_t)WELL_SECONDS);
	for (; got == 1; got = db_next(db, e, row)) {
		l.id = sqlite3_column_int64(row, 0);
		l.job = sqlite3_column_int64(row, 1);
		l.bot = sqlite3_column_int64(row, 2);
		/* A clock that was set back makes them young, which is safe. */
		offered = sqlite3_column_int64(row, 3);
		l.age_ms =
		    (int64_t)now_ms > offered ? now_ms - (uint64_t)offered : 0;
		l.left_ms = sqlite3_column_int64(row, 4);
		l.well = sqlite3_column_int(row, 5);
		fn(arg, &l);
	}
	return got;
}

int
demand_retries(struct db *db, uint64_t up_ms, demand_retry_fn *fn, void *arg,
    struct err *e)
{
	struct demand_retry r;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT job, CASE WHEN lost > 0 OR ready_up + ?2 > ?1 THEN "
	    "coalesce(last_bot, 0) ELSE 0 END, max(0, ready_up - ?1) FROM task "
	    "WHERE state = "
	    "'ready' AND job IS NOT NULL AND (failures > 0 OR lost > 0) "
	    "ORDER BY job, ready_up, id",
	    "ii", (int64_t)up_ms, (int64_t)AVOID_MS);
	for (; got == 1; got = db_next(db, e, row)) {
		r.job = sqlite3_column_int64(row, 0);
		r.avoid = sqlite3_column_int64(row, 1);
		r.wait_ms = number(row, 2);
		fn(arg, &r);
	}
	return got;
}

int
demand_parked(struct db *db, uint64_t up_ms, demand_parked_fn *fn, void *arg,
    struct err *e)
{
	struct demand_parked p;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT j.id, (SELECT count(*) FROM task t WHERE t.job = j.id AND "
	    "(t.state = 'leased' OR (t.state = 'ready' AND t.ready_up <= ?))) "
	    "FROM job j WHERE j.status IN ('pending', 'running') AND EXISTS "
	    "(SELECT 1 FROM task t WHERE t.job = j.id AND t.state = 'parked') "
	    "ORDER BY j.id",
	    "i", (int64_t)up_ms);
	for (; got == 1; got = db_next(db, e, row)) {
		p.job = sqlite3_column_int64(row, 0);
		p.tasks = (unsigned)number(row, 1);
		fn(arg, &p);
	}
	return got;
}

int
demand_tasks(
    struct db *db, uint64_t up_ms, demand_task_fn *fn, void *arg, struct err *e)
{
	struct demand_task t;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT t.id, u.id, coalesce(t.last_bot, 0), u.engine, "
	    "u.sanitizer, u.arch, t.kind = 'reproduce' AND NOT EXISTS (SELECT "
	    "1 FROM task_input i WHERE i.task = t.id AND i.submission IS NOT "
	    "NULL) FROM task t JOIN build u ON u.id = t.build "
	    "WHERE t.state = 'ready' AND t.job IS NULL AND t.ready_up <= ?1 "
	    "AND u.state <> 'removed' ORDER BY t.id",
	    "i", (int64_t)up_ms);
	for (; got == 1; got = db_next(db, e, row)) {
		t.id = sqlite3_column_int64(row, 0);
		t.build = sqlite3_column_int64(row, 1);
		t.avoid = sqlite3_column_int64(row, 2);
		t.engine = db_text(row, 3);
		t.sanitizer = db_text(row, 4);
		t.arch = db_text(row, 5);
		t.patient = sqlite3_column_int(row, 6) != 0;
		fn(arg, &t);
	}
	return got;
}

int
demand_marks(struct db *db, demand_mark_fn *fn, void *arg, struct err *e)
{
	struct demand_mark m;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT h.build, substr(lower(hex(u.sha256)), 1, 12), h.host_class "
	    "FROM build_host h JOIN build u ON u.id = h.build WHERE h.build IN "
	    "(SELECT current FROM job WHERE status IN ('pending', 'running', "
	    "'paused') UNION SELECT build FROM task WHERE job IS NULL AND "
	    "state = 'ready') ORDER BY h.build, h.host_class",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		m.build = sqlite3_column_int64(row, 0);
		m.build_name = db_text(row, 1);
		m.host_class = db_text(row, 2);
		fn(arg, &m);
	}
	return got;
}

/* ---- shares ---------------------------------------------------------- */

int
demand_put_vtime(struct db *db, int64_t job, int64_t vtime, struct err *e)
{
	return db_run(
	    db, e, "UPDATE job SET vtime = ? WHERE id = ?", "ii", vtime, job);
}

int
demand_used(struct db *db, int64_t job, uint64_t from_ms, uint64_t to_ms,
    uint64_t *mine, uint64_t *all, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*mine = *all = 0;
	got = db_query(db, e, &row,
	    "SELECT coalesce(sum(ms), 0), coalesce(sum(CASE WHEN job = ?3 THEN "
	    "ms ELSE 0 END), 0) FROM (SELECT t.job AS job, max(0, min(CASE "
	    "l.ended_ms WHEN 0 THEN ?2 ELSE l.ended_ms END, ?2) - "
	    "max(l.started_ms, ?1)) AS ms FROM lease l JOIN task t ON t.id = "
	    "l.task WHERE t.kind = 'fuzz' AND l.started_ms > 0 AND l.id IN "
	    "(SELECT id FROM lease WHERE ended_ms > 0 AND "
	    "ended_ms > ?1 UNION ALL SELECT id "
	    "FROM lease WHERE state IN ('offered', 'running')))",
	    "iii", (int64_t)from_ms, (int64_t)to_ms, job);
	if (got == 1) {
		*all = number(row, 0);
		*mine = number(row, 1);
		db_end(row);
	}
	return got == -1 ? -1 : 0;
}
