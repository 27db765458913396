#ifndef MASTERD_DB_LEASES_INTERNAL_H
#define MASTERD_DB_LEASES_INTERNAL_H

#include "masterd/db/db_internal.h"
#include "masterd/db/leases.h"

/*
 * Between leases*.c, tasks.c, checks.c and follow.c.  A complete goes
 *
 *	leases_settle -> lease_close -> task_* | checks_said -> job_end
 */

/* ---- rows first, then work on them ----------------------------------- */
/* The first two columns of a query; no statement is open while they are
 * worked on, so the work may change what was asked for. */
struct rows {
	int64_t (*list)[2];
	size_t count;
};
/* "got" and "row" are those of db_query().  0 or -1; free in both cases. */
int rows_take(
    struct rows *r, struct db *db, int got, sqlite3_stmt *row, struct err *e);
void rows_free(struct rows *r);

/* ---- a lease with all that its end depends on ------------------------ */
struct lease_row {
	int64_t id, bot, task, job, build, target; /* job 0: none */
	bool open;
	bool started; /* its job is not pending any more */
	char kind[16], result[16], verdict[16];
	char bot_name[40], host_class[400];
	char reason[512]; /* of its complete */
	char said[2048];  /* sentences, newline between */
	int64_t edges, features, calls, dict, seeds;
};
int lease_load(struct db *db, int64_t id, struct lease_row *l, struct err *e);

/* What it gave as a reason: the first of its sentences; never empty. */
void lease_why(const struct lease_row *l, char *text, size_t size);

/* It is over; its cost goes to the job.  "reason" may be NULL: as it is. */
int lease_close(struct db *db, int64_t lease, const char *state,
    const char *reason, uint64_t now_ms, struct err *e);

/* Open leases of a task, or of a job's tasks, are cancelled; bots are told. */
int leases_cancel_task(struct db *db, int64_t task, const char *reason,
    const struct lease_turn *turn, struct err *e);

void turn_tell(const struct lease_turn *turn, int64_t bot);

/* ---- jobs: leases_end.c ---------------------------------------------- */
/* What became of a job is an event, with its reason. */
int job_tell(struct db *db, int64_t job, const char *what, struct err *e);

/* Job over: what is open is taken back. */
int job_end(struct db *db, int64_t job, const char *status, const char *reason,
    const struct lease_turn *turn, struct err *e);

/* ---- tasks: tasks.c -------------------------------------------------- */
int task_ready(struct db *db, int64_t task, struct err *e);
int task_succeeded(
    struct db *db, const struct lease_row *l, uint64_t now_ms, struct err *e);
int task_failed(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e);
int task_lost(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e);
/* Its losses are counted anew: some lease was not lost after all. */
int task_recount(struct db *db, int64_t task, struct err *e);
/* "done" or "cancelled". */
int task_end(struct db *db, int64_t task, const char *state, const char *reason,
    uint64_t now_ms, struct err *e);

/* ---- checks: checks.c ------------------------------------------------- */
/* A check has its verdict (l->verdict), and its lease is done. */
int checks_said(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e);

/* A check that cannot be made: its target is bad. "what": "its check". */
int checks_hopeless(struct db *db, const struct lease_row *l, const char *what,
    const char *reason, const struct lease_turn *turn, struct err *e);

/* Another lease says that its host cannot run its build: true when this is
 * noted of its kind of host, and nobody's failure. */
int checks_unfit(struct db *db, const struct lease_row *l, uint64_t now_ms,
    bool *unfit, struct err *e);

/* ---- bots: bots_rest.c ------------------------------------------------ */
/* Leases that fail in a row, each of another task, make a bot rest. */
int bots_lease_failed(
    struct db *db, const struct lease_row *l, uint64_t up_ms, struct err *e);
int bots_lease_done(struct db *db, const struct lease_row *l, struct err *e);

/* ---- bots and builds -------------------------------------------------- */
/* Could bot b run build u, for all that is known of both?  What plan/match.h
 * asks of jobs, in SQL. */
/* clang-format off */
#define SQL_COULD							\
	" b.owner = 1 AND b.slots > 0 AND instr(' ' "	\
	"|| b.engines || ' ', ' ' || u.engine || ' ') > 0 AND (u.arch = '' " \
	"OR b.arch = '' OR u.arch = b.arch) AND (b.sanitizers = '' OR "	\
	"u.sanitizer = 'none' OR instr(b.tags, 'sanitizer=') > 0 OR "	\
	"instr(' ' || b.sanitizers || ' ', ' ' || u.sanitizer || ' ') > 0) "
/* clang-format on */

#endif
