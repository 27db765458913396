#ifndef MASTERD_PLAN_SCHEDULE_H
#define MASTERD_PLAN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who works on what: a pure function of plain structs (DESIGN 6).  It reads
 * no clock, file or database and writes no log; equal input, equal steps, on
 * any machine.  The master, the simulator and "why" call the same function.
 *
 * Who can: match.h.  Who is first: share.h.  Where: seats.h.
 *
 * In lists of words a blank, comma, tab or newline stands between words.
 */
#define SCHEDULE_SLICE_MS (60ull * 60 * 1000) /* longest */
#define SCHEDULE_SHORT_MS (5ull * 60 * 1000)  /* least, if not asked for */
#define SCHEDULE_CHECK_MS (5ull * 60 * 1000)  /* of a task without a job */
#define SCHEDULE_YOUNG_MS (30ull * 1000)      /* no lease is withdrawn before */
#define SCHEDULE_SOON_MS  (2ll * 60 * 1000)   /* worth waiting for */
#define SCHEDULE_PERMILLE 1000

struct schedule_bot {
	int64_t id;
	const char *name;
	unsigned slots;
	bool takes;        /* up, owner, not holding, not drained */
	bool rests;        /* leases failed there in a row: tasks without a job
			      only */
	const char *state; /* why it does not take: "lost" */
	const char *engines;
	const char *sanitizers; /* "": any */
	const char *arch;       /* "": any */
	const char *tags;
	const char *host_class; /* as in marks; one word or many */
};

struct schedule_job {
	int64_t id;
	const char *name;
	const char *stopped;   /* why it may not run at all; NULL: it may */
	const char *stop_code; /* the same for programs: "paused" */
	const char *engine;
	const char *sanitizer;
	const char *arch; /* of its build; "": any */
	const char *tags; /* "word" the bot must have, "!word" must not */
	int64_t build;
	unsigned weight, multiplier, boost; /* the latter in thousandths */
	unsigned ceiling;                   /* most slots at once; 0: any */
	unsigned floor;                     /* least, while there is work */
	uint64_t slice_ms;                  /* longest; 0: SCHEDULE_SLICE_MS */
	uint64_t left_ms;                   /* of --for; UINT64_MAX: no end */

	/* A task of it that failed waits for so long before it is tried again,
	 * and then for another bot than this one, where another can run it. */
	uint64_t wait_ms;
	bool retry; /* such a task is next, and no other meanwhile */
	int64_t avoid;
	/* A task of it is parked: it has only "tasks" to run, and makes no new
	 * ones. */
	bool no_new;
	unsigned tasks; /* that run or could */

	/*
	 * Kept for it from round to round; all zero for a new job.  spent_ms
	 * is slot time so far, paid_ms what of it is in vtime, contends
	 * whether it took part in the round before.
	 */
	uint64_t spent_ms, paid_ms;
	int64_t vtime;
	bool contends;
};

/* Open leases; of bots and jobs that are not listed, too. */
struct schedule_lease {
	int64_t id;
	int64_t job; /* 0: of a task without one */
	int64_t bot;
	uint64_t age_ms; /* since it was offered */
	int64_t left_ms; /* of its slice; below 0: overdue */
};

/* Ready tasks without a job: checks of builds, and inputs that are run again.
 * They are short. */
struct schedule_task {
	int64_t id;
	const char *engine, *sanitizer, *arch;
	int64_t build;
	int64_t avoid;
	bool patient; /* no slot is taken back for it */
};

/* Hosts of this class cannot run this build. */
struct schedule_mark {
	int64_t build;
	const char *build_name;
	const char *host_class;
};

/* Bots, jobs and tasks are in order of their ids. */
struct schedule_input {
	struct schedule_bot *bots;
	size_t bot_count;
	struct schedule_job *jobs;
	size_t job_count;
	struct schedule_lease *leases;
	size_t lease_count;
	struct schedule_task *tasks;
	size_t task_count;
	struct schedule_mark *marks;
	size_t mark_count;
	char **texts; /* what the const char * point into; owned */
	size_t text_count;
};

/* A copy of "text" that lives as long as "in". */
const char *schedule_keep(struct schedule_input *in, const char *text);
void schedule_input_release(struct schedule_input *in);

enum schedule_act { SCHEDULE_OFFER, SCHEDULE_WITHDRAW };

/* Whom a withdrawal is for. */
enum schedule_cause {
	SCHEDULE_FOR_NOBODY, /* the ceiling of its job */
	SCHEDULE_FOR_TASK,
	SCHEDULE_FOR_FLOOR,
	SCHEDULE_FOR_SHARE /* a job that has none */
};

struct schedule_step {
	enum schedule_act act;
	int64_t job; /* of the offer, or that gives a slot up; 0: a task */
	int64_t task;
	int64_t bot;
	int64_t lease;             /* withdraw */
	enum schedule_cause cause; /* withdraw */
	uint64_t slice_ms;         /* offer */
};

struct schedule_steps {
	struct schedule_step *list;
	size_t count, room;
};

void schedule_steps_release(struct schedule_steps *s);

/*
 * One round: what is to be done now, in this order.  Brings the shares of
 * in->jobs up to date (vtime, paid_ms, contends): store them.
 *
 * 1. A job above its ceiling (it was lowered) gives up its newest leases.
 * 2. Tasks without a job get free slots, oldest first.
 * 3. Jobs below their floor, then all that want a slot and are below their
 *    ceiling: the one with the smallest vtime (slot time over effective
 *    weight; what its open leases will cost counts already) is first.
 * 4. No slot stays free that any of them could use, even if offers of this
 *    round must change places for it.
 * 5. A slot is taken back for a task, for a job below its floor, and for a
 *    job that has none and is due: from the job that is furthest ahead, keeps
 *    its own floor and (for a job that has none) another slot; one for each
 *    and round, never a lease younger than SCHEDULE_YOUNG_MS, and for a job
 *    that has none not when one that fits ends within SCHEDULE_SOON_MS.  Tasks
 *    together have at most a quarter of all slots in this way.
 */
void schedule_run(struct schedule_input *in, struct schedule_steps *steps);

/*
 * The slots, in millionths, that each job would have if all were dealt anew,
 * by the same rules; "due" has job_count places.
 */
void schedule_due(const struct schedule_input *in, uint64_t *due);

/* May it start another task now, for all that is known without bots? */
bool schedule_wants(const struct schedule_job *j, unsigned open);

/* weight x multiplier x boost, in millionths of a weight of 1; at least 1. */
uint64_t schedule_effective(const struct schedule_job *j);

/* Place of an id in the sorted bots or jobs; -1. */
long schedule_bot_at(const struct schedule_input *in, int64_t id);
long schedule_job_at(const struct schedule_input *in, int64_t id);

#endif
