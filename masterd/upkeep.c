/*
 * A turn is a transaction of some hundred rows; how many is learnt from how
 * long the last one took, its COMMIT included.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "masterd/upkeep.h"

#define FIRST_MS   60000
#define HOUR_MS    (60 * 60 * 1000)
#define TURN_MS    100 /* between turns */
#define LONG_MS    20  /* a turn that is too large */
#define SHORT_MS   5
#define ROWS_LEAST 32
#define ROWS_FIRST 256
#define ROWS_MOST  2048

struct upkeep {
	struct loop_source *timer;
	struct db *db;
	const struct retention_policy *policy;
	struct retention pass;
	bool passing;
	int rows; /* of a turn */
	void (*fatal)(void *arg, const struct err *e);
	void *arg;
};

static int
turn(struct upkeep *u, struct err *e)
{
	int more;

	if (db_begin(u->db, e) == -1)
		return -1;
	more = retention_run(u->db, &u->pass, clock_wall_ms(), u->rows, e);
	if (more == -1 || db_commit(u->db, e) == -1) {
		db_rollback(u->db);
		return -1;
	}
	return more;
}

static void
learn(struct upkeep *u, uint64_t took_ms)
{
	if (took_ms > LONG_MS && u->rows > ROWS_LEAST)
		u->rows /= 2;
	else if (took_ms < SHORT_MS && u->rows < ROWS_MOST)
		u->rows *= 2;
}

static void
on_timer(void *arg)
{
	struct upkeep *u = arg;
	uint64_t began = clock_up_ms();
	struct err e;
	int more;

	if (!u->passing) {
		u->pass = (struct retention){.policy = *u->policy};
		u->passing = true;
	}
	more = turn(u, &e);
	if (more == -1 && e.cls != ERR_AGAIN) {
		u->fatal(u->arg, &e);
		return;
	}
	if (more == -1)
		log_warn("upkeep.postponed", LOG_T("reason", e.text));
	else
		learn(u, clock_up_ms() - began);
	u->passing = more == 1;
	loop_timer_set(u->timer, more == 1 ? TURN_MS : HOUR_MS, NULL);
}

struct upkeep *
upkeep_open(struct loop *loop, struct db *db,
    const struct retention_policy *policy,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e)
{
	struct upkeep *u = mem_alloc(sizeof(*u));

	u->db = db;
	u->policy = policy;
	u->rows = ROWS_FIRST;
	u->fatal = fatal;
	u->arg = arg;
	if ((u->timer = loop_timer(loop, on_timer, u, e)) == NULL ||
	    loop_timer_set(u->timer, FIRST_MS, e) == -1) {
		upkeep_close(u);
		return NULL;
	}
	return u;
}

void
upkeep_close(struct upkeep *u)
{
	if (u == NULL)
		return;
	loop_drop(u->timer);
	free(u);
}
