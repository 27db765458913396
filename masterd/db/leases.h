#ifndef MASTERD_DB_LEASES_H
#define MASTERD_DB_LEASES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/retry.h"
#include "lib/wire/record.h"
#include "lib/wire/ticket.h"
#include "masterd/db/db.h"

/*
 * Tasks and leases (PROTOCOL 29-32, DESIGN 6).  "up_ms" is the master's
 * observed up-time; no clock is read here.
 *
 *	Lease: offered -> running -> done | failed | expired | cancelled
 *	Task:  ready <-> leased -> done | failed | cancelled | parked -> ready
 *
 * masterd/DESIGN says what each end means for the task, its job or its build.
 */

/* ---- times ----------------------------------------------------------- */
struct lease_times {
	uint64_t lost_ms;     /* an open lease that no beat names expires */
	uint64_t gap_ms;      /* the master was away: every count starts anew */
	uint64_t overtime_ms; /* a lease may outlast the limit of its job */
	uint64_t slice_ms;    /* no session is longer, whatever its job says */
	uint64_t check_ms;    /* slice of a check */
	uint64_t clash_ms;    /* one alone has beaten so long: no clash more */
	unsigned late_beats;  /* a bot is late after so many heartbeats ... */
	unsigned lost_beats;  /* ... and lost */
	unsigned lost_most;   /* bots lost in a row with a task: it is poison */
	struct retry_policy retry; /* of tasks that fail; then their job does */
	struct retry_policy rest;  /* of bots on which leases fail in a row */
};

extern const struct lease_times LEASE_TIMES; /* DESIGN 11 */

/* Hold from now on for this database; borrowed.  NULL: LEASE_TIMES. */
void leases_set_times(struct db *db, const struct lease_times *times);
const struct lease_times *leases_times(const struct db *db);

/* A bot has to be told: its open leases changed. */
typedef void leases_changed_fn(void *arg, int64_t bot);

/* When it is, and who is told; "changed" may be NULL. */
struct lease_turn {
	uint64_t now_ms, up_ms;
	leases_changed_fn *changed;
	void *arg;
};

/* ---- what bots say --------------------------------------------------- */
/* A live beat named it: offered becomes running, the clock starts anew. */
int leases_named(struct db *db, int64_t bot, uint64_t lease, uint64_t seconds,
    uint64_t execs, uint64_t now_ms, uint64_t up_ms, struct err *e);

int leases_stats(
    struct db *db, int64_t bot, const struct record *r, struct err *e);

struct lease_complete {
	int64_t bot;
	const struct record *complete; /* REC_COMPLETE */
	const struct record *needs;    /* REC_NEEDS */
	int need_count;
	const char *reason;         /* cleaned */
	const struct record *check; /* REC_CHECK, or NULL */
	const char *said;           /* its text, cleaned; or NULL */
	uint64_t now_ms, up_ms;
};

/* Record it; it acts at leases_settle(). */
int leases_complete(
    struct db *db, const struct lease_complete *c, struct err *e);

/*
 * End the leases of "bot" (0: of all) whose complete has all it needs
 * (PROTOCOL 31).  A task that fails more often in a row than its policy allows
 * ends its job, and with it the job's leases on other bots; a check judges its
 * build, and jobs follow.
 */
int leases_settle(
    struct db *db, int64_t bot, const struct lease_turn *turn, struct err *e);

/* The job of a lease: 1 and its id, 0, -1. */
int leases_job(struct db *db, uint64_t lease, struct db_id *job, struct err *e);

/* ---- time ------------------------------------------------------------ */
/*
 * Open leases of an epoch end as expired; no failure is counted.  LOST: the
 * bot was started anew without a word; its tasks remember that, for one that
 * kills bots is poison.  LEFT: nobody's fault, and leases of this epoch that
 * counted as lost do so no more.
 */
enum lease_loss { LEASE_LEFT, LEASE_LOST };
int leases_end_epoch(struct db *db, int64_t epoch, enum lease_loss loss,
    const char *reason, const struct lease_turn *turn, struct err *e);

/*
 * Open leases of a bot are taken back, nobody's fault: all, or those that it
 * has not begun.  One whose complete waits stays, for the bot has done it.
 */
struct lease_back {
	int64_t bot;
	bool offered; /* those alone */
	const char *state, *reason;
};
int leases_end_bot(struct db *db, const struct lease_back *b,
    const struct lease_turn *turn, struct err *e);

/* Those that no beat named for lost_ms. */
int leases_expire(struct db *db, const struct lease_turn *turn, struct err *e);

/* After a restart or a gap of the loop: every count starts anew. */
int leases_forgive(struct db *db, uint64_t up_ms, struct err *e);

/*
 * Observed time of running jobs grows by "delta_ms" where a lease runs.  Jobs
 * whose wall time or CPU time is used up end: completed when any lease ended
 * well, else timed_out.  Leases that outlast it are cancelled.
 */
int leases_charge(struct db *db, uint64_t delta_ms,
    const struct lease_turn *turn, struct err *e);

/*
 * Start-up: what cannot be true together is put right (masterd/DESIGN), builds
 * that nobody checks are to be checked, and jobs follow.
 */
struct lease_recovery {
	unsigned kept;      /* open leases; their count starts anew */
	unsigned cancelled; /* their task or job was over, or had another */
	unsigned ready;     /* tasks that were leased to nobody */
	unsigned taken;     /* tasks whose lease is open were ready */
	unsigned over;      /* tasks outlived their job */
	unsigned checks;    /* check tasks made */
};
int leases_recover(struct db *db, const struct lease_turn *turn,
    struct lease_recovery *done, struct err *e);

/* ---- what people do -------------------------------------------------- */
/* The job's parked tasks are ready again; losses and failures are forgotten.
 * Part of resume and retry. */
int leases_unpark(struct db *db, int64_t job, struct err *e);

/* ---- planning (what is decided on: demand.h) ---- */
/*
 * A lease for a job: of a task that is ready (not one that failed on this very
 * bot, while others of the job do well), or of a new one.
 */
int leases_offer(struct db *db, int64_t job, int64_t bot, uint64_t slice_ms,
    uint64_t now_ms, uint64_t up_ms, struct err *e);

/* A lease of a certain task that is ready. */
int leases_offer_task(struct db *db, int64_t task, int64_t bot,
    uint64_t slice_ms, uint64_t now_ms, uint64_t up_ms, struct err *e);

/* Take one lease of a job back from a bot: it is offered again elsewhere. */
int leases_withdraw(struct db *db, int64_t lease, const char *reason,
    uint64_t now_ms, struct err *e);

/* ---- publishing ---- */
/* Has this lease ended before "before_ms" (wall)?  So has an unknown one. */
int leases_over(struct db *db, uint64_t lease, uint64_t before_ms, bool *over,
    struct err *e);
/* How many a bot has that are open. */
int leases_open(struct db *db, int64_t bot, int64_t *count, struct err *e);
/* The tickets of a bot's open leases, without their files. */
typedef int leases_ticket_fn(void *arg, struct ticket *t);
int leases_tickets(
    struct db *db, int64_t bot, leases_ticket_fn *fn, void *arg, struct err *e);

#endif
