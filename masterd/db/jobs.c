/*
 * A job's first and last word from people.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/builds.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/jobs.h"

/* One id that follows job, ticket, bundle and event. */
static void
new_trace(char *trace, size_t size)
{
	snprintf(trace, size, "%s%s", db_new_id().text, db_new_id().text);
}

static int
check(const struct job_new *job, struct err *e)
{
	if (job->slots > JOB_MAX_SLOTS)
		return err_set(
		    e, ERR_REFUSED, "slots: at most %d", JOB_MAX_SLOTS);
	if (job->for_ms > JOB_MAX_FOR_MS)
		return err_set(e, ERR_REFUSED, "for: at most 365d");
	return 0;
}

/* The target, and the build that was asked for or the newest. */
static int
resolve(struct db *db, const struct job_new *job, struct target_ref *ref,
    struct err *e)
{
	int64_t one;
	int got;

	if (job->build == 0)
		return builds_resolve(db, job->target, ref, e);
	if ((got = builds_resolve_target(db, job->target, ref, e)) != 0)
		return got;
	ref->build = job->build;
	got = db_number(db, e, &one,
	    "SELECT 1 FROM build_target WHERE build = ? AND target = ?", "ii",
	    ref->build, ref->target);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND,
		    "target %s: is not in that build", ref->name);
	return got == 1 ? 0 : -1;
}

int
jobs_create(
    struct db *db, const struct job_new *job, struct db_id *id, struct err *e)
{
	struct target_ref ref;
	char subject[32], trace[40];
	int got;

	if (check(job, e) == -1)
		return -1;
	if ((got = resolve(db, job, &ref, e)) != 0)
		return got;
	*id = db_new_id();
	new_trace(trace, sizeof(trace));
	if (db_run(db, e,
		"INSERT INTO job (job, target, build, current, branch,"
		" engine, sanitizer, slots, for_ms, created_by, created_ms,"
		" trace) SELECT ?1, ?2, CASE WHEN ?3 THEN id END, id, branch,"
		" engine, sanitizer, ?4, ?5, ?6, ?7, ?8 FROM build"
		" WHERE id = ?9",
		"tiiiititi", id->text, ref.target,
		(int64_t)(job->build != 0 || ref.pinned), (int64_t)job->slots,
		(int64_t)job->for_ms, job->by, (int64_t)clock_wall_ms(), trace,
		ref.build) == -1)
		return -1;
	snprintf(subject, sizeof(subject), "job:%s", id->text);
	return db_event(
	    db, job->by, "job.created", subject, ref.name, trace, e);
}

static int
end_all(struct db *db, int64_t row, struct err *e)
{
	int64_t now = (int64_t)clock_wall_ms();

	if (db_run(db, e,
		"UPDATE job SET status = 'cancelled', ended_ms = ?"
		" WHERE id = ?",
		"ii", now, row) == -1)
		return -1;
	if (db_run(db, e,
		"UPDATE lease SET state = 'cancelled', ended_ms = ?"
		" WHERE state IN ('offered', 'running') AND task IN"
		" (SELECT id FROM task WHERE job = ?)",
		"ii", now, row) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task SET state = 'cancelled'"
	    " WHERE job = ? AND state IN ('ready', 'leased')",
	    "i", row);
}

int
jobs_cancel(struct db *db, int64_t row, const char *by, struct err *e)
{
	char status[16], subject[32], trace[65];
	sqlite3_stmt *found;
	int got;

	got = db_query(db, e, &found,
	    "SELECT job, status, trace FROM job WHERE id = ?", "i", row);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "job: not found");
	if (got == -1)
		return -1;
	snprintf(subject, sizeof(subject), "job:%s", db_text(found, 0));
	text_copy(status, sizeof(status), db_text(found, 1));
	text_copy(trace, sizeof(trace), db_text(found, 2));
	db_end(found);
	if (strcmp(status, "cancelled") == 0)
		return 0;
	if (strcmp(status, "pending") != 0 && strcmp(status, "running") != 0 &&
	    strcmp(status, "paused") != 0)
		return err_set(e, ERR_CONFLICT, "job %s: is %s already",
		    subject + strlen("job:"), status);
	if (end_all(db, row, e) == -1)
		return -1;
	return db_event(db, by, "job.cancelled", subject, "", trace, e);
}
