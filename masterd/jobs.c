/*
 * Wires between templates, jobs and the database.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "masterd/admin/job_make.h"
#include "masterd/db/follow.h"
#include "masterd/jobs.h"

/* Nobody has to make the folder that is looked into by default. */
static const char *
without_default(const char *path)
{
	return strcmp(path, JOBS_TEMPLATES) == 0 && access(path, F_OK) == -1 &&
		errno == ENOENT
	    ? ""
	    : path;
}

int
jobs_load_templates(struct jobs *j, const char *path)
{
	struct buf complaints = BUF_INIT;
	struct err e;

	j->templates = templates_read(without_default(path), &complaints, &e);
	if (j->templates == NULL)
		fprintf(stderr,
		    "%s\npandafuzz-masterd: the templates are "
		    "not good, nothing was started\n",
		    complaints.len > 0 ? complaints.data : e.text);
	buf_release(&complaints);
	return j->templates == NULL ? 2 : -1;
}

/* In the transaction in which its build turned good. */
static int
on_new_target(
    void *arg, struct db *db, const struct follow_new *n, struct err *e)
{
	struct jobs *j = arg;
	int started;

	return jobs_start_new(
	    db, j->templates, n->target, n->build, &started, e);
}

static int
resolve_all(struct jobs *j, struct err *e)
{
	int changed = 0;

	j->changed = 0;
	if (db_begin(j->db, e) == -1)
		return -1;
	if (jobs_resolve_all(j->db, j->templates, &changed, e) == -1 ||
	    db_commit(j->db, e) == -1) {
		db_rollback(j->db);
		return -1;
	}
	j->changed = changed;
	if (changed > 0)
		log_info("jobs.resolved", LOG_N("jobs", changed));
	return 0;
}

int
jobs_begin(struct jobs *j, struct db *db, struct err *e)
{
	j->db = db;
	follow_on_new(db, on_new_target, j);
	return resolve_all(j, e);
}

/* One line of the log for each complaint. */
static void
log_complaints(const char *lines)
{
	char line[512];
	size_t len;

	for (; *lines != '\0'; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		log_error("templates.refused", LOG_T("reason", line));
	}
}

bool
jobs_reload_templates(
    struct jobs *j, const char *path, bool *failed, struct err *e)
{
	struct buf complaints = BUF_INIT;
	int got;

	*failed = false;
	got = templates_reload(
	    &j->templates, without_default(path), &complaints, e);
	if (got == -1) {
		log_complaints(complaints.len > 0 ? complaints.data : e->text);
		snprintf(j->problem, sizeof(j->problem), "%.199s", e->text);
	}
	buf_release(&complaints);
	if (got == -1)
		return false;
	j->problem[0] = '\0';
	log_info("templates.reloaded", LOG_T("path", path));
	*failed = resolve_all(j, e) == -1;
	return !*failed;
}

static int
end_boosts(struct jobs *j, struct err *e)
{
	int ended = 0;

	if (db_begin(j->db, e) == -1)
		return -1;
	if (jobs_end_boosts(j->db, clock_wall_ms(), &ended, e) == -1 ||
	    (ended > 0 && db_commit(j->db, e) == -1)) {
		db_rollback(j->db);
		return -1;
	}
	if (ended == 0)
		db_rollback(j->db);
	return 0;
}

int
jobs_often(struct jobs *j, struct err *e)
{
	if (end_boosts(j, e) == 0)
		return 0;
	if (e->cls != ERR_AGAIN)
		return -1;
	log_warn("jobs.postponed", LOG_T("reason", e->text));
	return 0;
}

void
jobs_release(struct jobs *j)
{
	templates_free(j->templates);
	j->templates = NULL;
}
