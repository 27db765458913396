/*
 * A job's first word from people: its row, its settings and values, its event,
 * and a corpus of its own where it asks for one.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/follow.h"
#include "masterd/db/jobs.h"

#define OWN_SUFFIX 13 /* "@own-" and 8 digits */

/* One id that follows job, ticket, bundle and event: that of the request that
 * asked for the job. */
static void
new_trace(const struct db *db, char *trace, size_t size)
{
	if (text_copy(trace, size, db_trace(db)) && trace[0] != '\0')
		return;
	snprintf(trace, size, "%s%s", db_new_id().text, db_new_id().text);
}

/* A new job starts where the others are, so that it does not catch up on what
 * they spent before it was there. */
static int
insert_job(struct db *db, const struct job_new *job, const char *id,
    const char *trace, struct err *e)
{
	const struct job_choice *c = job->choice;

	return db_run(db, e,
	    "INSERT INTO job (job, target, build, current, branch, engine,"
	    " sanitizer, template, vtime, created_by, created_ms, trace)"
	    " SELECT ?1, ?2, CASE WHEN ?3 THEN id END, NULL, branch, engine,"
	    " sanitizer, ?4, (SELECT coalesce(min(vtime), 0) FROM job"
	    " WHERE status IN ('pending', 'running')), ?5, ?6, ?7 FROM build"
	    " WHERE id = ?8",
	    "tiittiti", id, c->target, (int64_t)c->pinned, job->template,
	    job->by, (int64_t)clock_wall_ms(), trace, c->build);
}

static int
insert_settings(
    struct db *db, const struct job_new *job, int64_t row, struct err *e)
{
	size_t i;

	for (i = 0; i < job->setting_count; i++)
		if (db_run(db, e,
			"INSERT INTO job_setting (job, key, value)"
			" VALUES (?, ?, ?)",
			"itt", row, job->settings[i].key,
			job->settings[i].text) == -1)
			return -1;
	return 0;
}

/* "inflate@own-0123abcd": a row of the same project, of the target's. */
static int
make_corpus(
    struct db *db, int64_t row, int64_t target, const char *id, struct err *e)
{
	int64_t now = (int64_t)clock_wall_ms();

	if (db_run(db, e,
		"INSERT INTO target (project, name, generation, added_ms, of)"
		" SELECT project, substr(name, 1, ?1) || '@own-' ||"
		" substr(?2, 1, 8), ?3, ?4, id FROM target WHERE id = ?5",
		"itiii", (int64_t)(TARGET_MAX_LEN - OWN_SUFFIX), id, now / 1000,
		now, target) == -1)
		return -1;
	return db_run(db, e, "UPDATE job SET corpus = ? WHERE id = ?", "ii",
	    db_last_id(db), row);
}

int
jobs_create(
    struct db *db, const struct job_new *job, struct db_id *id, struct err *e)
{
	struct buf detail = BUF_INIT;
	const struct lease_turn turn = {
	    clock_wall_ms(), clock_up_ms(), NULL, NULL};
	char subject[32], trace[40];
	int changed, got;
	int64_t row;

	*id = db_new_id();
	new_trace(db, trace, sizeof(trace));
	if (insert_job(db, job, id->text, trace, e) == -1)
		return -1;
	row = db_last_id(db);
	if (insert_settings(db, job, row, e) == -1 ||
	    jobs_put_values(db, row, job->plan, &changed, NULL, e) == -1 ||
	    (job->plan->own_corpus &&
		make_corpus(db, row, job->choice->target, id->text, e) == -1))
		return -1;
	snprintf(subject, sizeof(subject), "job:%s", id->text);
	buf_adds(&detail, job->choice->name);
	if (job->detail[0] != '\0')
		buf_printf(&detail, ": %s", job->detail);
	got = db_event(
	    db, job->by, "job.created", subject, detail.data, trace, e);
	buf_release(&detail);
	return got == 0 ? follow_job(db, row, &turn, e) : -1;
}

int
jobs_ever(struct db *db, int64_t target, const char *engine,
    const char *sanitizer, struct err *e)
{
	int64_t one;

	return db_number(db, e, &one,
	    "SELECT 1 FROM job WHERE target = ? AND engine = ?"
	    " AND sanitizer = ?",
	    "itt", target, engine, sanitizer);
}
