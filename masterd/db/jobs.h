#ifndef MASTERD_DB_JOBS_H
#define MASTERD_DB_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "masterd/db/db.h"

/*
 * Jobs as people make, change and end them.  What runs them (tasks, leases,
 * time) is the planner's: leases.h.  How settings become values is not known
 * here: keys and texts come from masterd/plan/values.h by way of
 * masterd/admin/job_make.h.
 *
 * Each change is one event, "before -> after: reason"; a change that the
 * status does not allow is CONFLICT with who changed it last, and changes
 * nothing.  The tables' triggers refuse illegal transitions once more.
 */
struct job_text {
	const char *key, *text;
	const char *source; /* of a value; NULL for settings */
};

/* ---- what a job is for (jobs_choose.c) ------------------------------- */
struct job_wish {
	const char *target; /* [project/]target[@revision][:sanitizer] */
	int64_t build;      /* row of a certain build; 0: the newest */
	const char *branch, *engine, *sanitizer; /* "": any */
};

struct job_choice {
	int64_t target, build; /* rows; the newest build that fits */
	bool pinned;           /* a build or @revision was asked for */
	char project[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + TARGET_MAX_LEN + 2]; /* project/target */
	char branch[129], engine[WORD_MAX_LEN + 1];
	char sanitizer[WORD_MAX_LEN + 1];
};

/* 0, -1, or 1 when the target is ambiguous (builds_resolve()).  Without a
 * branch one of "main" comes first. */
int jobs_choose(struct db *db, const struct job_wish *wish,
    struct job_choice *choice, struct err *e);

/* The same for each target of the newest build of a project that fits, or of
 * wish->build; wish->target is the project.  Those known as bad are left out.
 * NOT_FOUND when there is none. */
typedef int job_choice_fn(
    void *arg, const struct job_choice *choice, struct err *e);
int jobs_choose_all(struct db *db, const struct job_wish *wish,
    job_choice_fn *fn, void *arg, struct err *e);

/* A target of a build by their rows, unless the target or the build is known as
 * bad: 1, 0, -1. */
int jobs_choose_rows(struct db *db, int64_t target, int64_t build,
    struct job_choice *choice, struct err *e);

/* ---- making (jobs.c) ------------------------------------------------- */
/* What its values come to: rows of job_value, and their mirrors in job. */
struct job_plan {
	const struct job_text *values;
	size_t count;
	uint64_t slots, floor, weight, slice_ms, for_ms, cpu_limit_ms;
	const char *tags;   /* words, blank between */
	const char *follow; /* branch */
	bool own_corpus;
};

struct job_new {
	const struct job_choice *choice;
	const char *template; /* "" */
	const char *by;       /* "user:root" */
	const char *detail;   /* of the event, besides the target; "" */
	const struct job_text *settings;
	size_t setting_count;
	const struct job_plan *plan;
};

/* A job "pending", with its event. */
int jobs_create(
    struct db *db, const struct job_new *job, struct db_id *id, struct err *e);

/* ---- changing (jobs_change.c) ---------------------------------------- */
struct job_act {
	int64_t job;        /* row */
	const char *by;     /* "user:root" */
	const char *reason; /* "" */
	const char *expect; /* "": any; else CONFLICT unless that is its
			       status */
};

/* Pending or running: open leases are taken back, what they did counts; one
 * that the master had parked stays paused until a person resumes it. */
int jobs_pause(struct db *db, const struct job_act *act, struct err *e);
int jobs_resume(struct db *db, const struct job_act *act, struct err *e);

/* It, its tasks that are not over and its open leases are "cancelled".
 * Harmless when it was cancelled before. */
int jobs_cancel(struct db *db, const struct job_act *act, struct err *e);

/* From failed, timed_out or cancelled back to pending: parked tasks are ready
 * again, failures forgotten, time limits start anew. */
int jobs_retry(struct db *db, const struct job_act *act, struct err *e);

/* "permille" of its weight until "until_ms" (wall); 1000 ends it. */
#define JOB_BOOST_MAX 100000
int jobs_boost(struct db *db, const struct job_act *act, uint64_t permille,
    uint64_t until_ms, struct err *e);
/* Boosts whose time is over, with an event each; *ended of them. */
int jobs_end_boosts(struct db *db, uint64_t now_ms, int *ended, struct err *e);

/*
 * The settings of a live job, all of them, and what its values come to now.
 * New leases follow them; where it has more slots than it may, the newest
 * leases are taken back.  A pinned job whose "follow" was set follows again.
 * The corpus stays what it is.
 */
struct job_settings {
	const struct job_text *settings;
	size_t count;
	const struct job_plan *plan;
	bool unpin;
};
int jobs_set(struct db *db, const struct job_act *act,
    const struct job_settings *set, struct err *e);

/* Other values came of its templates (jobs_put_values()): the event, and the
 * build that it follows now. */
int jobs_resolved(
    struct db *db, int64_t job, const char *detail, struct err *e);

/* ---- settings and values (jobs_values.c) ----------------------------- */
typedef int job_text_fn(void *arg, const struct job_text *text, struct err *e);
int jobs_settings(
    struct db *db, int64_t job, job_text_fn *fn, void *arg, struct err *e);
int jobs_values(
    struct db *db, int64_t job, job_text_fn *fn, void *arg, struct err *e);
/* The values of a job by its id, for its tickets. */
int jobs_values_of(
    struct db *db, uint64_t job, job_text_fn *fn, void *arg, struct err *e);

/* CPU time that is left of its limit, at least a second; 0: no limit. */
int jobs_cpu_left(struct db *db, uint64_t job, uint64_t *ms, struct err *e);

/*
 * Write what changed of a job's values and their mirrors; *changed is the
 * number of values with another text, "detail" gets "weight 60 -> 10, ...".
 */
int jobs_put_values(struct db *db, int64_t job, const struct job_plan *plan,
    int *changed, struct buf *detail, struct err *e);

/* Jobs of schema 1 have no settings yet: they get them from their columns. */
int jobs_adopt(struct db *db, struct err *e);

/* What values are resolved for. */
struct job_origin {
	int64_t job, target;
	bool pinned, own_corpus;
	char status[16];
	struct job_choice choice;
	char template[WORD_MAX_LEN + 1];
};
int jobs_origin(
    struct db *db, int64_t job, struct job_origin *origin, struct err *e);

/* Rows of the jobs that are not over, in "list" (caller frees). */
int jobs_live(struct db *db, int64_t **list, size_t *count, struct err *e);

/* Has or had this target a job with that engine and sanitizer?  1, 0, -1. */
int jobs_ever(struct db *db, int64_t target, const char *engine,
    const char *sanitizer, struct err *e);

#endif
