/*
 * What people do to a job that is there.  Each function reads the status
 * first, so that the second of two people hears who was faster; then writes,
 * then tells it as an event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/follow.h"
#include "masterd/db/jobs.h"

#define REASON_MAX 400

struct change {
	struct db *db;
	const struct job_act *act;
	char id[20], status[16], paused_by[80], trace[65];
	uint64_t boost, boost_until_ms;
	char reason[REASON_MAX + 8]; /* cleaned */
};

/* "job.paused by user:x at 2026-...", for those who came second. */
static int
who_was_it(struct change *c, struct buf *out, struct err *e)
{
	char subject[32];
	sqlite3_stmt *row;
	int got;

	snprintf(subject, sizeof(subject), "job:%s", c->id);
	/* Events are many, and have no order by subject: the newest do. */
	got = db_query(c->db, e, &row,
	    "SELECT what, who, at_ms FROM event WHERE id > (SELECT"
	    " coalesce(max(id), 0) FROM event) - 100000 AND subject = ?"
	    " AND what LIKE 'job.%' ORDER BY id DESC LIMIT 1",
	    "t", subject);
	if (got == 1) {
		buf_printf(out, ": %s by %s at %s", db_text(row, 0),
		    db_text(row, 1),
		    clock_rfc3339((uint64_t)sqlite3_column_int64(row, 2)).text);
		db_end(row);
	}
	return got == -1 ? -1 : 0;
}

static int
conflict(struct change *c, const char *what, struct err *e)
{
	struct buf who = BUF_INIT;
	int got = who_was_it(c, &who, e);

	if (got == 0)
		err_set(e, ERR_CONFLICT, "job %s: is %s%s%s", c->id, c->status,
		    what, buf_text(&who));
	buf_release(&who);
	return -1;
}

static int
begin(struct change *c, struct db *db, const struct job_act *act, struct err *e)
{
	struct buf reason = BUF_INIT;
	char what[64];
	sqlite3_stmt *row;
	int got;

	memset(c, 0, sizeof(*c));
	c->db = db;
	c->act = act;
	got = db_query(db, e, &row,
	    "SELECT job, status, paused_by, trace, boost, boost_until_ms"
	    " FROM job WHERE id = ?",
	    "i", act->job);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "job: not found");
	if (got == -1)
		return -1;
	text_copy(c->id, sizeof(c->id), db_text(row, 0));
	text_copy(c->status, sizeof(c->status), db_text(row, 1));
	text_copy(c->paused_by, sizeof(c->paused_by), db_text(row, 2));
	text_copy(c->trace, sizeof(c->trace), db_text(row, 3));
	c->boost = (uint64_t)sqlite3_column_int64(row, 4);
	c->boost_until_ms = (uint64_t)sqlite3_column_int64(row, 5);
	db_end(row);
	text_clean_line(&reason, act->reason, strlen(act->reason), REASON_MAX);
	text_copy(c->reason, sizeof(c->reason), buf_text(&reason));
	buf_release(&reason);
	if (act->expect[0] == '\0' || strcmp(act->expect, c->status) == 0)
		return 0;
	snprintf(what, sizeof(what), ", not %.20s as expected", act->expect);
	return conflict(c, what, e);
}

static bool
is(const struct change *c, const char *status)
{
	return strcmp(c->status, status) == 0;
}

static bool
is_live(const struct change *c)
{
	return is(c, "pending") || is(c, "running") || is(c, "paused");
}

/* "detail: reason", whichever of them there is. */
static int
tell(struct change *c, const char *what, const char *detail, struct err *e)
{
	struct buf text = BUF_INIT;
	char subject[32];
	int got;

	snprintf(subject, sizeof(subject), "job:%s", c->id);
	buf_adds(&text, detail);
	if (c->reason[0] != '\0')
		buf_printf(&text, "%s%s", text.len > 0 ? ": " : "", c->reason);
	got = db_event(c->db, c->act->by, what, subject, buf_text(&text),
	    db_trace(c->db)[0] == '\0' ? c->trace : "", e);
	buf_release(&text);
	return got;
}

static int
tell_status(struct change *c, const char *what, const char *now, struct err *e)
{
	char detail[64];

	snprintf(detail, sizeof(detail), "%s -> %s", c->status, now);
	return tell(c, what, detail, e);
}

/* ---- open leases ----------------------------------------------------- */

/* Newest first: what ran longest has most to lose. */
static int
open_leases(struct change *c, int64_t **list, size_t *count, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*list = NULL;
	*count = 0;
	got = db_query(c->db, e, &row,
	    "SELECT l.id FROM task t JOIN lease l ON l.task = t.id"
	    " WHERE t.job = ? AND l.state IN ('offered', 'running')"
	    " ORDER BY l.id DESC",
	    "i", c->act->job);
	for (; got == 1; got = db_next(c->db, e, row)) {
		*list = mem_resize(*list, *count + 1, sizeof(**list));
		(*list)[(*count)++] = sqlite3_column_int64(row, 0);
	}
	return got;
}

/* Take back all but "keep" of them: their tasks are ready again. */
static int
withdraw(struct change *c, size_t keep, const char *why, struct err *e)
{
	int64_t *list;
	size_t count, i;
	int got = open_leases(c, &list, &count, e);

	for (i = 0; got == 0 && count > keep && i < count - keep; i++)
		got = leases_withdraw(c->db, list[i], why, clock_wall_ms(), e);
	free(list);
	return got;
}

/* Which build it uses now, if any. */
static int
follow(struct change *c, struct err *e)
{
	const struct lease_turn turn = {
	    clock_wall_ms(), clock_up_ms(), NULL, NULL};

	return follow_job(c->db, c->act->job, &turn, e);
}

/* ---- status ---------------------------------------------------------- */

int
jobs_pause(struct db *db, const struct job_act *act, struct err *e)
{
	struct change c;
	char why[REASON_MAX + 100];
	bool parked;

	if (begin(&c, db, act, e) == -1)
		return -1;
	parked = is(&c, "paused") &&
	    (strcmp(c.paused_by, "master") == 0 ||
		strcmp(c.paused_by, "poison") == 0);
	if (!is_live(&c) || (is(&c, "paused") && !parked))
		return conflict(&c, " already", e);
	if (withdraw(&c, 0, "its job was paused", e) == -1)
		return -1;
	snprintf(why, sizeof(why), "paused by %.80s%s%s", act->by,
	    c.reason[0] == '\0' ? "" : ": ", c.reason);
	if (db_run(db, e,
		"UPDATE job SET status = 'paused', paused_by = ?, reason = ?"
		" WHERE id = ?",
		"tti", act->by, why, act->job) == -1)
		return -1;
	return tell_status(&c, "job.paused", "paused", e);
}

/* Behind those that worked meanwhile: a pause earns nothing. */
#define CATCH_UP                                                         \
	" vtime = max(vtime, (SELECT coalesce(min(o.vtime), 0) FROM job" \
	" o WHERE o.status IN ('pending', 'running') AND o.id <> job.id))"

int
jobs_resume(struct db *db, const struct job_act *act, struct err *e)
{
	struct change c;

	if (begin(&c, db, act, e) == -1)
		return -1;
	if (!is(&c, "paused"))
		return conflict(&c, ", not paused", e);
	if (leases_unpark(db, act->job, e) == -1 ||
	    db_run(db, e,
		"UPDATE job SET status = 'pending', paused_by = '',"
		" reason = ''," CATCH_UP " WHERE id = ?",
		"i", act->job) == -1 ||
	    tell_status(&c, "job.resumed", "pending", e) == -1)
		return -1;
	return follow(&c, e);
}

int
jobs_cancel(struct db *db, const struct job_act *act, struct err *e)
{
	struct change c;

	if (begin(&c, db, act, e) == -1)
		return -1;
	if (is(&c, "cancelled"))
		return 0;
	if (!is_live(&c))
		return conflict(&c, " already", e);
	if (withdraw(&c, 0, "its job was cancelled", e) == -1 ||
	    db_run(db, e,
		"UPDATE task SET state = 'cancelled' WHERE job = ?"
		" AND state IN ('ready', 'leased', 'parked')",
		"i", act->job) == -1 ||
	    db_run(db, e,
		"UPDATE job SET status = 'cancelled', paused_by = '',"
		" reason = ?, boost = 1000, boost_until_ms = 0, ended_ms = ?"
		" WHERE id = ?",
		"tii", c.reason, (int64_t)clock_wall_ms(), act->job) == -1)
		return -1;
	return tell_status(&c, "job.cancelled", "cancelled", e);
}

int
jobs_retry(struct db *db, const struct job_act *act, struct err *e)
{
	struct change c;

	if (begin(&c, db, act, e) == -1)
		return -1;
	if (!is(&c, "failed") && !is(&c, "timed_out") && !is(&c, "cancelled"))
		return conflict(
		    &c, ", only what failed or was cancelled starts anew", e);
	if (leases_unpark(db, act->job, e) == -1 ||
	    db_run(db, e,
		"UPDATE job SET status = 'pending', reason = '', used_ms = 0,"
		" cpu_ms = 0, succeeded = 0, ended_ms = 0," CATCH_UP
		" WHERE id = ?",
		"i", act->job) == -1 ||
	    tell_status(&c, "job.retried", "pending", e) == -1)
		return -1;
	return follow(&c, e);
}

/* ---- shares ---------------------------------------------------------- */

static void
boost_text(struct buf *out, uint64_t permille, uint64_t until_ms)
{
	buf_printf(out, "%ju", (uintmax_t)(permille / 1000));
	if (permille % 1000 != 0)
		buf_printf(out, ".%03ju", (uintmax_t)(permille % 1000));
	if (permille != 1000)
		buf_printf(out, " until %s", clock_rfc3339(until_ms).text);
}

int
jobs_boost(struct db *db, const struct job_act *act, uint64_t permille,
    uint64_t until_ms, struct err *e)
{
	struct buf detail = BUF_INIT;
	struct change c;
	int got;

	if (permille == 0 || permille > JOB_BOOST_MAX)
		return err_set(
		    e, ERR_REFUSED, "by: 0.001 to %d", JOB_BOOST_MAX / 1000);
	if (begin(&c, db, act, e) == -1)
		return -1;
	if (!is_live(&c))
		return conflict(&c, " already", e);
	if (permille == 1000)
		until_ms = 0;
	if (db_run(db, e,
		"UPDATE job SET boost = ?, boost_until_ms = ? WHERE id = ?",
		"iii", (int64_t)permille, (int64_t)until_ms, act->job) == -1)
		return -1;
	boost_text(&detail, c.boost, c.boost_until_ms);
	buf_adds(&detail, " -> ");
	boost_text(&detail, permille, until_ms);
	got = tell(&c, "job.boosted", detail.data, e);
	buf_release(&detail);
	return got;
}

int
jobs_end_boosts(struct db *db, uint64_t now_ms, int *ended, struct err *e)
{
	*ended = 0;
	if (db_run(db, e,
		"INSERT INTO event (at_ms, who, what, subject, detail, trace)"
		" SELECT ?1, 'master', 'job.boost_ended', 'job:' || job,"
		" 'its time is over', trace FROM job WHERE boost <> 1000"
		" AND boost_until_ms <= ?1 ORDER BY id",
		"i", (int64_t)now_ms) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_run(db, e,
		"UPDATE job SET boost = 1000, boost_until_ms = 0"
		" WHERE boost <> 1000 AND boost_until_ms <= ?",
		"i", (int64_t)now_ms) == -1)
		return -1;
	*ended = (int)db_changes(db);
	return 0;
}

/* ---- settings -------------------------------------------------------- */

static int
put_settings(struct change *c, const struct job_settings *set, struct err *e)
{
	size_t i;

	if (db_run(c->db, e, "DELETE FROM job_setting WHERE job = ?", "i",
		c->act->job) == -1)
		return -1;
	for (i = 0; i < set->count; i++)
		if (db_run(c->db, e,
			"INSERT INTO job_setting (job, key, value)"
			" VALUES (?, ?, ?)",
			"itt", c->act->job, set->settings[i].key,
			set->settings[i].text) == -1)
			return -1;
	return 0;
}

int
jobs_set(struct db *db, const struct job_act *act,
    const struct job_settings *set, struct err *e)
{
	struct buf detail = BUF_INIT;
	struct change c;
	int changed, got;

	if (begin(&c, db, act, e) == -1)
		return -1;
	if (!is_live(&c))
		return conflict(&c, " already", e);
	if (set->unpin &&
	    db_run(db, e, "UPDATE job SET build = NULL WHERE id = ?", "i",
		act->job) == -1)
		return -1;
	if (put_settings(&c, set, e) == -1 ||
	    jobs_put_values(db, act->job, set->plan, &changed, &detail, e) ==
		-1 ||
	    (set->plan->slots > 0 &&
		withdraw(&c, set->plan->slots, "its job has fewer slots now",
		    e) == -1)) {
		buf_release(&detail);
		return -1;
	}
	if (set->unpin)
		buf_printf(&detail, "%sfollows its branch",
		    detail.len > 0 ? ", " : "");
	got = tell(&c, "job.set", buf_text(&detail), e);
	buf_release(&detail);
	return got == 0 ? follow(&c, e) : -1;
}

int
jobs_resolved(struct db *db, int64_t job, const char *detail, struct err *e)
{
	const struct job_act act = {
	    .job = job, .by = "master", .reason = "", .expect = ""};
	struct change c;

	if (begin(&c, db, &act, e) == -1 ||
	    tell(&c, "job.resolved", detail, e) == -1)
		return -1;
	return follow(&c, e);
}
