#ifndef BOTD_COURIER_DELIVER_H
#define BOTD_COURIER_DELIVER_H

#include <stdint.h>

#include "botd/courier/courier.h"

/*
 * "pandafuzz-botd push": what a dead bot left in its outbox goes to the master
 * and is waited for until status.json covers it.  "folder" is the bot's root,
 * its outbox, or an outbox that was copied elsewhere; the bots are those that
 * the bundles name.  Beats are deleted unsent: nobody lives.
 *
 * The root's locks are held meanwhile, so neither a bot nor another courier
 * is at work there.
 */
struct deliver {
	const char *folder;
	struct name account;           /* that bundles must be of */
	uint64_t timeout_ms;           /* 0: as long as it takes */
	struct courier_config courier; /* root, bot and flags are filled in */
};

#define DELIVER_LATE 6 /* exit code: the time is up, some still wait */

/* Returns the exit code: 0 all is covered, 1 failed, 2 no such outbox, 3 it is
 * somebody's, DELIVER_LATE, COURIER_GAVE_UP. */
int deliver_run(struct deliver *d);

#endif
