#ifndef MASTERD_DB_LEASES_H
#define MASTERD_DB_LEASES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/record.h"
#include "lib/wire/ticket.h"
#include "masterd/db/db.h"

/*
 * Tasks and leases (PROTOCOL 29-32, DESIGN 6).  "up_ms" is the master's
 * observed up-time.
 */
#define LEASE_LOST_MS (5 * 60 * 1000)

/* ---- what bots say ---- */
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
	const char *reason; /* cleaned */
	uint64_t now_ms, up_ms;
};

/* Record it; it acts at leases_settle(). */
int leases_complete(
    struct db *db, const struct lease_complete *c, struct err *e);

/* A bot has to be told: its open leases changed. */
typedef void leases_changed_fn(void *arg, int64_t bot);

/*
 * End the leases of "bot" (0: of all) whose complete has all it needs
 * (PROTOCOL 31).  The third failure in a row of a task ends its job, and with
 * it the job's leases on other bots: "changed" for each.
 */
int leases_settle(struct db *db, int64_t bot, uint64_t now_ms, uint64_t up_ms,
    leases_changed_fn *changed, void *arg, struct err *e);

/* The job of a lease: 1 and its id, 0, -1. */
int leases_job(struct db *db, uint64_t lease, struct db_id *job, struct err *e);

/* ---- time ---- */
/* Open leases of an epoch end as expired; no failure is counted. */
int leases_end_epoch(struct db *db, int64_t epoch, uint64_t now_ms,
    uint64_t up_ms, const char *reason, struct err *e);

/* Those that no beat named for 5 minutes; "changed" for each bot. */
int leases_expire(struct db *db, uint64_t now_ms, uint64_t up_ms,
    leases_changed_fn *changed, void *arg, struct err *e);

/* After a restart or a gap of the loop: every count starts anew. */
int leases_forgive(struct db *db, uint64_t up_ms, struct err *e);

/*
 * Observed time of running jobs grows by "delta_ms" where a lease runs; jobs
 * whose --for is used up are completed and their leases cancelled.
 */
int leases_charge(struct db *db, uint64_t delta_ms, uint64_t now_ms,
    leases_changed_fn *changed, void *arg, struct err *e);

/* ---- planning ---- */
/* What the planner decides on. */
struct lease_bot {
	int64_t id;
	unsigned slots, taken;
	bool takes;          /* up, owner, not holding */
	const char *engines; /* words, blank between; until return */
};

struct lease_job {
	int64_t id;
	const char *engine; /* until return */
	uint64_t weight, spent_ms;
	unsigned ceiling, open;
	int64_t newest_lease;
	bool ready;
	uint64_t left_ms; /* of --for; UINT64_MAX: no end */
};

int leases_bots(struct db *db, void (*fn)(void *arg, const struct lease_bot *b),
    void *arg, struct err *e);
int leases_jobs(struct db *db, uint64_t up_ms,
    void (*fn)(void *arg, const struct lease_job *j), void *arg, struct err *e);

/* Make a task if need be, and a lease. */
int leases_offer(struct db *db, int64_t job, int64_t bot, uint64_t slice_ms,
    uint64_t now_ms, uint64_t up_ms, struct err *e);

int leases_bot_of(struct db *db, int64_t lease, int64_t *bot, struct err *e);

/* Take one lease of a job back from a bot: it is offered again elsewhere. */
int leases_withdraw(struct db *db, int64_t lease, const char *reason,
    uint64_t now_ms, struct err *e);

/* ---- publishing ---- */
/* Has this lease ended before "before_ms" (wall)?  So has an unknown one. */
int leases_over(struct db *db, uint64_t lease, uint64_t before_ms, bool *over,
    struct err *e);
/* The tickets of a bot's open leases, without their files. */
typedef int leases_ticket_fn(void *arg, struct ticket *t);
int leases_tickets(
    struct db *db, int64_t bot, leases_ticket_fn *fn, void *arg, struct err *e);

#endif
