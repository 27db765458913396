/*
 * What people set on a job, and what its values came to: the rows, their
 * mirrors in the job's own row for the planner, and the way back.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/jobs.h"

#define DETAIL_MAX 2000 /* of what changed, in an event */

/* ---- out ------------------------------------------------------------- */

/* Rows of key, text and source. */
static int
each(struct db *db, sqlite3_stmt *row, int got, job_text_fn *fn, void *arg,
    struct err *e)
{
	struct job_text text;

	for (; got == 1; got = db_next(db, e, row)) {
		text.key = db_text(row, 0);
		text.text = db_text(row, 1);
		text.source = db_text(row, 2);
		if (fn(arg, &text, e) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}

int
jobs_settings(
    struct db *db, int64_t job, job_text_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT key, value, 'job' FROM job_setting WHERE job = ?"
	    " ORDER BY key",
	    "i", job);

	return each(db, row, got, fn, arg, e);
}

int
jobs_values(
    struct db *db, int64_t job, job_text_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT key, value, source FROM job_value WHERE job = ?"
	    " ORDER BY key",
	    "i", job);

	return each(db, row, got, fn, arg, e);
}

int
jobs_values_of(
    struct db *db, uint64_t job, job_text_fn *fn, void *arg, struct err *e)
{
	int64_t row;
	int got = db_number(db, e, &row, "SELECT id FROM job WHERE job = ?",
	    "t", text_hex64(job).text);

	return got == 1 ? jobs_values(db, row, fn, arg, e) : got;
}

int
jobs_cpu_left(struct db *db, uint64_t job, uint64_t *ms, struct err *e)
{
	int64_t left = 0;
	int got = db_number(db, e, &left,
	    "SELECT CASE WHEN cpu_limit_ms > 0 THEN"
	    " max(1000, cpu_limit_ms - cpu_ms) ELSE 0 END FROM job"
	    " WHERE job = ?",
	    "t", text_hex64(job).text);

	*ms = (uint64_t)left;
	return got == -1 ? -1 : 0;
}

/* ---- in -------------------------------------------------------------- */

struct put {
	struct db *db;
	int64_t job;
	int changed;
	struct buf *detail; /* may be NULL */
};

static void
tell(struct put *p, const char *key, const char *old, const char *now)
{
	if (p->detail == NULL || p->detail->len > DETAIL_MAX)
		return;
	if (p->detail->len > 0)
		buf_adds(p->detail, ", ");
	buf_printf(p->detail, "%s %s -> %s", key,
	    old == NULL || *old == '\0' ? "(none)" : old,
	    now == NULL || *now == '\0' ? "(none)" : now);
	if (p->detail->len > DETAIL_MAX)
		buf_adds(p->detail, ", ...");
}

/* One value: a row is written only where it says something else now. */
static int
put_one(struct put *p, const struct job_text *v, struct err *e)
{
	char *old = NULL;
	sqlite3_stmt *row;
	bool same = false;
	int got;

	got = db_query(p->db, e, &row,
	    "SELECT value, source FROM job_value WHERE job = ? AND key = ?",
	    "it", p->job, v->key);
	if (got == -1)
		return -1;
	if (got == 1) {
		same = strcmp(db_text(row, 1), v->source) == 0;
		old = mem_strdup(db_text(row, 0));
		db_end(row);
	}
	if (old == NULL || strcmp(old, v->text) != 0) {
		p->changed++;
		same = false;
		tell(p, v->key, old, v->text);
	}
	free(old);
	if (same)
		return 0;
	return db_run(p->db, e,
	    "INSERT INTO job_value (job, key, value, source)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT (job, key) DO UPDATE"
	    " SET value = excluded.value, source = excluded.source",
	    "ittt", p->job, v->key, v->text, v->source);
}

static int
by_key(const void *key, const void *member)
{
	return strcmp(key, ((const struct job_text *)member)->key);
}

/* Keys that stand there and are no more: "plan" is sorted by key. */
static int
drop_others(struct put *p, const struct job_plan *plan, struct err *e)
{
	char *gone = NULL;
	sqlite3_stmt *row;
	int got;

	do {
		free(gone);
		gone = NULL;
		got = db_query(p->db, e, &row,
		    "SELECT key, value FROM job_value WHERE job = ?", "i",
		    p->job);
		for (; got == 1; got = db_next(p->db, e, row)) {
			if (plan->count > 0 &&
			    bsearch(db_text(row, 0), plan->values, plan->count,
				sizeof(*plan->values), by_key) != NULL)
				continue;
			gone = mem_strdup(db_text(row, 0));
			tell(p, gone, db_text(row, 1), NULL);
			p->changed++;
			db_end(row);
			break;
		}
		if (gone != NULL &&
		    db_run(p->db, e,
			"DELETE FROM job_value WHERE job = ? AND key = ?", "it",
			p->job, gone) == -1)
			got = -1;
	} while (gone != NULL && got != -1);
	free(gone);
	return got == -1 ? -1 : 0;
}

/* The branch of a pinned job is that of its build. */
static int
put_mirrors(struct put *p, const struct job_plan *plan, struct err *e)
{
	return db_run(p->db, e,
	    "UPDATE job SET slots = ?1, floor = ?2, weight = ?3, slice_ms = ?4,"
	    " for_ms = ?5, cpu_limit_ms = ?6, tags = ?7,"
	    " branch = CASE WHEN build IS NULL THEN ?8 ELSE branch END"
	    " WHERE id = ?9",
	    "iiiiiitti", (int64_t)plan->slots, (int64_t)plan->floor,
	    (int64_t)plan->weight, (int64_t)plan->slice_ms,
	    (int64_t)plan->for_ms, (int64_t)plan->cpu_limit_ms, plan->tags,
	    plan->follow, p->job);
}

int
jobs_put_values(struct db *db, int64_t job, const struct job_plan *plan,
    int *changed, struct buf *detail, struct err *e)
{
	struct put p = {db, job, 0, detail};
	size_t i;

	for (i = 0; i < plan->count; i++) {
		assert(i == 0 ||
		    strcmp(plan->values[i - 1].key, plan->values[i].key) < 0);
		if (put_one(&p, &plan->values[i], e) == -1)
			return -1;
	}
	if (drop_others(&p, plan, e) == -1)
		return -1;
	*changed = p.changed;
	return p.changed == 0 ? 0 : put_mirrors(&p, plan, e);
}

int
jobs_adopt(struct db *db, struct err *e)
{
	if (db_run(db, e,
		"INSERT OR IGNORE INTO job_setting SELECT id, 'slots', slots"
		" FROM job WHERE slots > 0 AND NOT EXISTS (SELECT 1 FROM"
		" job_value v WHERE v.job = job.id)",
		"") == -1)
		return -1;
	return db_run(db, e,
	    "INSERT OR IGNORE INTO job_setting SELECT id, 'for', for_ms || 'ms'"
	    " FROM job WHERE for_ms > 0 AND NOT EXISTS (SELECT 1 FROM"
	    " job_value v WHERE v.job = job.id)",
	    "");
}

/* ---- what they are resolved for -------------------------------------- */

int
jobs_origin(
    struct db *db, int64_t job, struct job_origin *origin, struct err *e)
{
	struct job_choice *c = &origin->choice;
	sqlite3_stmt *row;
	int got;

	memset(origin, 0, sizeof(*origin));
	got = db_query(db, e, &row,
	    "SELECT j.target, coalesce(j.build, j.current, 0), j.build IS NOT"
	    " NULL, j.corpus IS NOT NULL, j.status, j.template, j.branch,"
	    " j.engine, j.sanitizer, p.name, p.name || '/' || t.name FROM job j"
	    " JOIN target t ON t.id = j.target JOIN project p"
	    " ON p.id = t.project WHERE j.id = ?",
	    "i", job);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "job: not found");
	if (got == -1)
		return -1;
	origin->job = job;
	origin->target = c->target = sqlite3_column_int64(row, 0);
	c->build = sqlite3_column_int64(row, 1);
	origin->pinned = c->pinned = sqlite3_column_int(row, 2);
	origin->own_corpus = sqlite3_column_int(row, 3);
	text_copy(origin->status, sizeof(origin->status), db_text(row, 4));
	text_copy(origin->template, sizeof(origin->template), db_text(row, 5));
	text_copy(c->branch, sizeof(c->branch), db_text(row, 6));
	text_copy(c->engine, sizeof(c->engine), db_text(row, 7));
	text_copy(c->sanitizer, sizeof(c->sanitizer), db_text(row, 8));
	text_copy(c->project, sizeof(c->project), db_text(row, 9));
	text_copy(c->name, sizeof(c->name), db_text(row, 10));
	db_end(row);
	return 0;
}

int
jobs_live(struct db *db, int64_t **list, size_t *count, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*list = NULL;
	*count = 0;
	got = db_query(db, e, &row,
	    "SELECT id FROM job WHERE status IN ('pending', 'running',"
	    " 'paused') ORDER BY id",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		*list = mem_resize(*list, *count + 1, sizeof(**list));
		(*list)[(*count)++] = sqlite3_column_int64(row, 0);
	}
	return got;
}
