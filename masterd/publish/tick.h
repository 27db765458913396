#ifndef MASTERD_PUBLISH_TICK_H
#define MASTERD_PUBLISH_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/loop.h"
#include "masterd/publish/publish.h"

/*
 * What time does: charge running jobs, expire leases, call bots late, plan,
 * pack segments.  Owns the master's observed up-time (PROTOCOL 30).
 */
struct tick;

struct tick_hooks {
	void *arg;
	bool (*disk_low)(void *arg);
	void (*hourly)(void *arg);
	void (*fatal)(void *arg, const struct err *e);
};

struct tick *tick_open(struct loop *loop, struct publish *publish,
    struct db *db, struct store *store, uint64_t heartbeat_ms,
    const struct tick_hooks *hooks, struct err *e);
void tick_close(struct tick *t);

uint64_t tick_up_ms(const struct tick *t);

/* Judge bots by it, and tell them (publish_set_heartbeat() first). */
void tick_set_heartbeat(struct tick *t, uint64_t ms);

/* Ephemeral bots are folded when they were gone for so long; 24 h. */
void tick_set_forget(struct tick *t, uint64_t ms);

/* Slots changed: plan within 50 ms. */
void tick_soon(struct tick *t);

/* An administrator changed jobs or builds: tell the bots, and plan. */
void tick_changed(struct tick *t);

/* Why a job (its row) has the slots that it has: {"api":1,"item":{...}}. */
int tick_why(struct tick *t, int64_t job, struct buf *out, struct err *e);

/* Why a bot (its row) is idle: members for an open JSON object (plan.h). */
int tick_why_bot(struct tick *t, int64_t bot, struct buf *out, struct err *e);

#endif
