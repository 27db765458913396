#ifndef MASTERD_PUBLISH_PLAN_H
#define MASTERD_PUBLISH_PLAN_H

#include "lib/base/buf.h"
#include "masterd/publish/publish.h"

/*
 * A round of planning: what the tables say is gathered, masterd/plan decides,
 * and its steps become rows.  Between rounds only what of each job's slot time
 * is in its vtime already is kept, and whether it took part; after a restart
 * all of it is, and every job that has a vtime did.
 */
struct plan;

struct plan *plan_open(struct publish *publish, struct db *db);
void plan_close(struct plan *p); /* NULL is fine */

/* In the transaction of the round. */
int plan_round(struct plan *p, uint64_t now_ms, uint64_t up_ms, struct err *e);

/*
 * Why the job of this row has what it has, as JSON.  "held": why nothing is
 * offered at all, or NULL.  Changes nothing.
 */
struct plan_ask {
	int64_t of;
	const char *held;
	uint64_t now_ms, up_ms;
};
int plan_why(
    struct plan *p, const struct plan_ask *ask, struct buf *out, struct err *e);

/* Why the bot of this row ("of") is idle: "why_idle", a list of
 * sentences, empty when it is not, and "rests_until", appended to an open JSON
 * object. */
int plan_why_bot(
    struct plan *p, const struct plan_ask *ask, struct buf *out, struct err *e);

#endif
