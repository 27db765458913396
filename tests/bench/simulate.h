#ifndef TESTS_BENCH_SIMULATE_H
#define TESTS_BENCH_SIMULATE_H

#include "masterd/plan/schedule.h"

/*
 * A farm without machines: jobs and bots as schedule_run() sees them, and time
 * that passes when sim_step() is called.  Whatever happens by chance comes
 * from the seed.  After each round the rules of schedule.h are checked with a
 * matching of its own; what is broken is counted and told in "broken".
 */
struct sim_job {
	uint64_t used_ms;      /* slot time, exact */
	uint64_t wanted_ms;    /* time in which it could have run */
	uint64_t waits_since;  /* it wants a slot and has none; 0: no */
	uint64_t longest_wait; /* of those */
	uint64_t below_since;  /* its floor; 0: no */
	uint64_t wait_until;   /* after a failure */
	unsigned open;
	unsigned fails;  /* permille of its leases */
	bool always;     /* runnable all the time */
	bool plain;      /* every bot can run it; no floor, no ceiling */
	unsigned failed; /* in a row */
	bool unwell;     /* the last one did */
};

struct sim_bot {
	uint64_t lost_at; /* since then silent; 0: no */
	uint64_t back_at; /* then up again; 0: it is */
	bool off;         /* left in order: its leases ended */
};

struct sim_lease {
	uint64_t ends_at; /* of itself */
	uint64_t until;   /* end of its slice */
	uint64_t since;
	bool fails;
};

struct sim {
	struct schedule_input in;
	struct schedule_steps steps;
	struct sim_job *jobs;
	struct sim_bot *bots;
	struct sim_lease *leases; /* beside in.leases */
	size_t lease_room;
	uint64_t now_ms, random;
	int64_t next_lease;
	uint64_t rounds, offers, withdrawals, idle_slot_ms, slot_ms;
	double seconds; /* of schedule_run() alone */
	int broken;
	char first[200]; /* what was broken first */
};

void sim_init(struct sim *s, uint64_t seed);
void sim_release(struct sim *s);

/* 0 .. n-1 */
uint64_t sim_random(struct sim *s, uint64_t n);

/* The number of the new one; its row may be changed before the next step. */
size_t sim_add_bot(struct sim *s, unsigned slots);
size_t sim_add_job(struct sim *s, unsigned weight);

/* All of its leases are over; how many those were. */
unsigned sim_end_leases(struct sim *s, long job, long bot);

/* Time passes, leases end, one round is planned, checked and done. */
void sim_step(struct sim *s, uint64_t ms);
void sim_run(struct sim *s, uint64_t ms, uint64_t step_ms);

/* ---- a day of everything (simulate_day.c) ---- */
struct sim_day {
	uint64_t seed;
	unsigned jobs, bots;
	uint64_t hours, step_ms;
};

struct sim_figures {
	uint64_t rounds, offers, withdrawals;
	double seconds;     /* of schedule_run() alone */
	double worst_share; /* error of a plain job's, 0.03 = 3 % */
	uint64_t longest_wait_ms;
	double used; /* of all slots that could be */
	int broken;
	char first[200];
	unsigned plain_jobs;
};

/*
 * Jobs and bots of all kinds: they come, go, pause, are boosted, fail; bots
 * are lost, off and back, and change their size.
 */
void sim_day(const struct sim_day *day, struct sim_figures *f);

#endif
