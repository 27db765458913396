#ifndef TOOLS_PF_ACCOUNT_SYNC_H
#define TOOLS_PF_ACCOUNT_SYNC_H

#include "lib/base/err.h"
#include "tools/pf-account/site.h"

/*
 * ROOT/accounts/<account>.keys, as the master writes them, to
 * ETC/keys/<account>.  An account that lost a key or was disabled has its
 * sessions ended after its new keys are in place.  Only accounts that `add`
 * made are looked at; a file of another name is named once ("named" begins
 * empty).  One that is odd (a link, a FIFO, too long, not understood) leaves
 * the account as it was.
 *
 * sync_pass() returns how many accounts it could not bring up to date, or -1.
 */
struct sync {
	struct site *site;
	struct buf named;
};

int sync_pass(struct sync *s, struct err *e);

/* For ever, until SIGTERM: on a hint of inotify and every 60 s. */
int sync_watch(struct site *site, struct err *e);

#endif
