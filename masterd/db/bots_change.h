#ifndef MASTERD_DB_BOTS_CHANGE_H
#define MASTERD_DB_BOTS_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "masterd/db/db.h"
#include "masterd/db/leases.h"

/*
 * What people do to bots.  Each is an event in the caller's transaction; what
 * the bot's state does not allow is CONFLICT and changes nothing.
 */
struct bot_act {
	int64_t bot;
	const char *by, *reason; /* "user:alice"; cleaned, may be "" */
	const struct lease_turn *turn;
};

/*
 * It is offered nothing more.  What it was offered and has not begun goes back;
 * what it has in hand ends its slice, or goes back at once ("now").  CONFLICT
 * when it is drained already, unless "now" says more than before.
 */
int bots_drain(
    struct db *db, const struct bot_act *act, bool now, struct err *e);

/* Drained no more, and rested: failures are forgotten.  CONFLICT when it was
 * neither. */
int bots_resume(struct db *db, const struct bot_act *act, struct err *e);

/*
 * Hidden until it beats again; its leases expire, nobody's fault.  CONFLICT
 * while it beats, unless it is drained.  publish_sweep_forgotten() removes its
 * folder after the COMMIT.
 */
int bots_forget(struct db *db, const struct bot_act *act, struct err *e);

/*
 * What is missing of "epoch" (0: of all of its epochs), or lies in an outbox
 * that is gone, is written off (PROTOCOL 22); *count seqs were.  Those that
 * come all the same are taken.  CONFLICT unless the bot is lost, left or
 * forgotten; NOT_FOUND for an epoch that it does not have.
 */
int bots_write_off(struct db *db, const struct bot_act *act, uint64_t epoch,
    uint64_t *count, struct err *e);

#endif
