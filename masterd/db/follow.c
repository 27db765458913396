/*
 * Builds come and go, jobs follow.  What a job should do now is decided anew
 * from the tables each time something has happened to its line of builds, so
 * late, lost and repeated events all lead to the same place.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/follow.h"
#include "masterd/db/leases_internal.h"

/* Newest first: those with an order before those without. */
#define NEWEST " ORDER BY u.ord IS NULL, u.ord DESC, u.id DESC "

enum verdict { USE, WAIT, PARK, FAIL };

struct decision {
	enum verdict verdict;
	int64_t build; /* USE */
	char reason[1200];
};

struct follower {
	int64_t id, pinned, current, project, target;
	char status[16], paused_by[80];
	char branch[160], engine[40], sanitizer[40], name[160];
};

void
follow_on_new(struct db *db, follow_new_fn *fn, void *arg)
{
	db->new_target = fn;
	db->new_target_arg = arg;
}

/* ---- what is there ------------------------------------------------------ */

static int
load(struct db *db, int64_t job, struct follower *f, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(f, 0, sizeof(*f));
	got = db_query(db, e, &row,
	    "SELECT coalesce(j.build, 0), coalesce(j.current, 0), g.project, "
	    "g.id, j.status, j.paused_by, j.branch, j.engine, j.sanitizer, "
	    "g.name FROM job j JOIN target g ON g.id = j.target WHERE j.id = "
	    "?",
	    "i", job);
	if (got != 1)
		return got;
	f->id = job;
	f->pinned = sqlite3_column_int64(row, 0);
	f->current = sqlite3_column_int64(row, 1);
	f->project = sqlite3_column_int64(row, 2);
	f->target = sqlite3_column_int64(row, 3);
	text_copy(f->status, sizeof(f->status), db_text(row, 4));
	text_copy(f->paused_by, sizeof(f->paused_by), db_text(row, 5));
	text_copy(f->branch, sizeof(f->branch), db_text(row, 6));
	text_copy(f->engine, sizeof(f->engine), db_text(row, 7));
	text_copy(f->sanitizer, sizeof(f->sanitizer), db_text(row, 8));
	text_copy(f->name, sizeof(f->name), db_text(row, 9));
	db_end(row);
	return 1;
}

/* A build as this target sees it. */
struct seen {
	int64_t id;     /* 0: none */
	char text[200]; /* "3f2a12345678 (revision r1)" */
	char state[16], reason[400];
	char target[16]; /* its state there; "": it is not in it */
	char target_reason[400];
};

static void
take_seen(sqlite3_stmt *row, struct seen *s)
{
	s->id = sqlite3_column_int64(row, 0);
	snprintf(s->text, sizeof(s->text), "%.12s%s%.128s%s", db_text(row, 1),
	    db_text(row, 2)[0] == '\0' ? "" : " (revision ", db_text(row, 2),
	    db_text(row, 2)[0] == '\0' ? "" : ")");
	text_copy(s->state, sizeof(s->state), db_text(row, 3));
	text_copy(s->reason, sizeof(s->reason), db_text(row, 4));
	text_copy(s->target, sizeof(s->target), db_text(row, 5));
	text_copy(s->target_reason, sizeof(s->target_reason), db_text(row, 6));
	db_end(row);
}

#define SEEN                                                                 \
	"SELECT u.id, lower(hex(u.sha256)), u.revision, u.state, u.reason, " \
	"coalesce(bt.state, ''), coalesce(bt.reason, '') FROM build u LEFT " \
	"JOIN build_target bt ON bt.build = u.id AND bt.target = ?1 "

static int
see_pinned(
    struct db *db, const struct follower *f, struct seen *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(s, 0, sizeof(*s));
	got = db_query(
	    db, e, &row, SEEN "WHERE u.id = ?2", "ii", f->target, f->pinned);
	if (got == 1)
		take_seen(row, s);
	return got == -1 ? -1 : 0;
}

/* The newest good build of the line. */
static int
see_newest(
    struct db *db, const struct follower *f, struct seen *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	memset(s, 0, sizeof(*s));
	got = db_query(db, e, &row,
	    SEEN "WHERE u.project = ?2 AND u.branch = ?3 AND u.engine = ?4 "
		 "AND u.sanitizer = ?5 AND u.state = 'good'" NEWEST "LIMIT 1",
	    "iittt", f->target, f->project, f->branch, f->engine, f->sanitizer);
	if (got == 1)
		take_seen(row, s);
	return got == -1 ? -1 : 0;
}

/* The newest one in which the target is good; 0 when there is none. */
static int
newest_with(
    struct db *db, const struct follower *f, int64_t *build, struct err *e)
{
	*build = 0;
	return db_number(db, e, build,
		   "SELECT u.id FROM build u JOIN build_target bt ON bt.build "
		   "= u.id AND bt.target = ?1 AND bt.state = 'good' WHERE "
		   "u.project = ?2 AND u.branch = ?3 AND u.engine = ?4 AND "
		   "u.sanitizer = ?5 AND u.state = 'good'" NEWEST "LIMIT 1",
		   "iittt", f->target, f->project, f->branch, f->engine,
		   f->sanitizer) == -1
	    ? -1
	    : 0;
}

/* ---- what to do ---------------------------------------------------------- */

static void
decide(struct decision *d, enum verdict verdict, int64_t build)
{
	d->verdict = verdict;
	d->build = build;
	d->reason[0] = '\0';
}

static int
decide_pinned(
    struct db *db, const struct follower *f, struct decision *d, struct err *e)
{
	struct seen s;

	if (see_pinned(db, f, &s, e) == -1)
		return -1;
	if (strcmp(s.state, "new") == 0) {
		decide(d, WAIT, 0);
		snprintf(d->reason, sizeof(d->reason),
		    "build %s has not passed its check yet", s.text);
	} else if (strcmp(s.state, "good") != 0) {
		decide(d, FAIL, 0);
		snprintf(d->reason, sizeof(d->reason),
		    strcmp(s.state, "bad") == 0 ? "build %s is bad: %s"
						: "build %s was removed%.0s",
		    s.text, s.reason);
	} else if (strcmp(s.target, "good") != 0) {
		decide(d, FAIL, 0);
		snprintf(d->reason, sizeof(d->reason),
		    "target %s is bad in build %s: %s", f->name, s.text,
		    s.target_reason);
	} else {
		decide(d, USE, s.id);
	}
	return 0;
}

static int
decide_line(
    struct db *db, const struct follower *f, struct decision *d, struct err *e)
{
	struct seen s;
	int64_t build;

	if (see_newest(db, f, &s, e) == -1)
		return -1;
	if (s.id == 0) {
		decide(d, WAIT, 0);
		snprintf(d->reason, sizeof(d->reason),
		    "no build of %s (%s, %s) has passed its check yet",
		    f->branch, f->engine, f->sanitizer);
		return 0;
	}
	if (s.target[0] == '\0') {
		decide(d, PARK, 0);
		snprintf(d->reason, sizeof(d->reason),
		    "target %s vanished from %s with build %s", f->name,
		    f->branch, s.text);
		return 0;
	}
	if (newest_with(db, f, &build, e) == -1)
		return -1;
	decide(d, build == 0 ? WAIT : USE, build);
	if (build == 0)
		snprintf(d->reason, sizeof(d->reason),
		    "target %s is bad in build %s: %s", f->name, s.text,
		    s.target_reason);
	return 0;
}

/* ---- doing it ------------------------------------------------------------ */

static bool
is(const struct follower *f, const char *status)
{
	return strcmp(f->status, status) == 0;
}

/* Parked by this file, and nobody else. */
static bool
is_parked(const struct follower *f)
{
	return is(f, "paused") && strcmp(f->paused_by, "master") == 0;
}

static int
use(struct db *db, const struct follower *f, const struct decision *d,
    struct err *e)
{
	if (is_parked(f) &&
	    (db_run(db, e,
		 "UPDATE job SET status = 'pending', paused_by = '', reason = "
		 "'' WHERE id = ?",
		 "i", f->id) == -1 ||
		job_tell(db, f->id, "job.resumed", e) == -1))
		return -1;
	if (f->current != d->build &&
	    (db_run(db, e, "UPDATE job SET current = ? WHERE id = ?", "ii",
		 d->build, f->id) == -1 ||
		db_run(db, e,
		    "INSERT INTO event (at_ms, who, what, subject, detail, "
		    "trace) SELECT u.judged_ms, 'master', 'job.follows', "
		    "'job:' || j.job, 'build ' || substr(lower(hex(u.sha256)),"
		    " 1, 12), j.trace FROM job j JOIN build u ON u.id = "
		    "j.current WHERE j.id = ?",
		    "i", f->id) == -1))
		return -1;
	return db_run(db, e,
	    "UPDATE job SET reason = '' WHERE id = ? AND reason <> '' AND "
	    "status IN ('pending', 'running')",
	    "i", f->id);
}

/* Nothing to run, for now: no new leases, and why. */
static int
wait(struct db *db, const struct follower *f, const struct decision *d,
    struct err *e)
{
	if (is_parked(f) &&
	    db_run(db, e,
		"UPDATE job SET status = 'pending', paused_by = '' WHERE id = "
		"?",
		"i", f->id) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE job SET current = NULL, reason = CASE WHEN status = "
	    "'paused' THEN reason ELSE ?1 END WHERE id = ?2 AND (current IS "
	    "NOT NULL OR reason <> ?1)",
	    "ti", d->reason, f->id);
}

static int
park(struct db *db, const struct follower *f, const struct decision *d,
    struct err *e)
{
	if (is(f, "paused"))
		return 0; /* and the build it vanished with stays named */
	if (db_run(db, e,
		"UPDATE job SET status = 'paused', paused_by = 'master', "
		"reason = ? WHERE id = ?",
		"ti", d->reason, f->id) == -1)
		return -1;
	return job_tell(db, f->id, "job.paused", e);
}

int
follow_job(
    struct db *db, int64_t job, const struct lease_turn *turn, struct err *e)
{
	struct decision d;
	struct follower f;
	int got = load(db, job, &f, e);

	if (got != 1)
		return got;
	if (!is(&f, "pending") && !is(&f, "running") && !is(&f, "paused"))
		return 0;
	if ((f.pinned != 0 ? decide_pinned(db, &f, &d, e)
			   : decide_line(db, &f, &d, e)) == -1)
		return -1;
	switch (d.verdict) {
	case USE:
		return use(db, &f, &d, e);
	case PARK:
		return park(db, &f, &d, e);
	case FAIL:
		if (!is(&f, "paused"))
			return job_end(db, job, "failed", d.reason, turn, e);
		break; /* it fails when somebody resumes it */
	case WAIT:
		break;
	}
	return wait(db, &f, &d, e);
}

/* ---- whom it concerns ---------------------------------------------------- */

static int
follow_each(struct db *db, struct rows *jobs, const struct lease_turn *turn,
    struct err *e)
{
	size_t i;
	int got = 0;

	for (i = 0; i < jobs->count && got == 0; i++)
		got = follow_job(db, jobs->list[i][0], turn, e);
	rows_free(jobs);
	return got;
}

/* Targets that are good in this build and were in no good one of its line, if
 * it is the newest of them. */
static int
tell_new(struct db *db, int64_t build, struct err *e)
{
	struct follow_new n = {.build = build};
	struct rows targets;
	sqlite3_stmt *row;
	size_t i;
	int got;

	if (db->new_target == NULL)
		return 0;
	got = db_query(db, e, &row,
	    "SELECT bt.target, b.project FROM build b JOIN build_target bt ON "
	    "bt.build = b.id AND bt.state = 'good' WHERE b.id = ?1 AND "
	    "b.state = 'good' AND b.id = (SELECT u.id FROM build u WHERE "
	    "u.project = b.project AND u.branch = b.branch AND u.engine = "
	    "b.engine AND u.sanitizer = b.sanitizer AND u.state = "
	    "'good'" NEWEST "LIMIT 1) AND NOT EXISTS (SELECT 1 FROM build o "
	    "JOIN build_target ot ON ot.build = o.id AND ot.target = bt.target "
	    "WHERE o.project = b.project AND o.branch = b.branch AND o.engine "
	    "= b.engine AND o.sanitizer = b.sanitizer AND o.id <> b.id AND "
	    "o.state IN ('good', 'removed') AND ot.state = 'good') ORDER BY "
	    "bt.target",
	    "i", build);
	got = rows_take(&targets, db, got, row, e);
	for (i = 0; i < targets.count && got == 0; i++) {
		n.target = targets.list[i][0];
		n.project = targets.list[i][1];
		got = db->new_target(db->new_target_arg, db, &n, e);
	}
	rows_free(&targets);
	return got;
}

int
follow_build(
    struct db *db, int64_t build, const struct lease_turn *turn, struct err *e)
{
	struct rows jobs;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT j.id, 0 FROM build b JOIN job j ON j.status IN "
	    "('pending', 'running', 'paused') AND (j.build = b.id OR (j.build "
	    "IS NULL AND j.branch = b.branch AND j.engine = b.engine AND "
	    "j.sanitizer = b.sanitizer)) JOIN target g ON g.id = j.target AND "
	    "g.project = b.project WHERE b.id = ? ORDER BY j.id",
	    "i", build);
	if (rows_take(&jobs, db, got, row, e) == -1) {
		rows_free(&jobs);
		return -1;
	}
	if (follow_each(db, &jobs, turn, e) == -1)
		return -1;
	return tell_new(db, build, e);
}

int
follow_all(struct db *db, const struct lease_turn *turn, struct err *e)
{
	struct rows jobs;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, 0 FROM job WHERE status IN ('pending', 'running', "
	    "'paused') ORDER BY id",
	    "");
	if (rows_take(&jobs, db, got, row, e) == -1) {
		rows_free(&jobs);
		return -1;
	}
	return follow_each(db, &jobs, turn, e);
}
