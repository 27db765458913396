#ifndef MASTERD_WATCH_H
#define MASTERD_WATCH_H

#include <stdint.h>

#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/store/store.h"

/*
 * Conditions that become events, once for each time that they begin:
 *
 *   disk.low        past the soft, hard or full mark; disk.enough: no more
 *   ledger.missing  bundles are, or more are; ledger.balanced: none any more
 *   job.stuck       got nowhere for so long while bots were up
 *
 * What was said stands in settings (disk_level, ledger_missing, jobs_stuck),
 * in the same COMMIT as the event, so that a restart does not say it again.
 */
struct watch;

struct watch *watch_open(struct loop *loop, struct db *db, struct store *store,
    const uint64_t *stuck_after_ms);
void watch_close(struct watch *w); /* NULL is fine */

/* Every 10 s.  -1 ends the process. */
int watch_often(struct watch *w, struct err *e);

#endif
