#ifndef MASTERD_UPKEEP_H
#define MASTERD_UPKEEP_H

#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/db/retention.h"

/*
 * Retention (masterd/db/retention.h) in the background: a pass each hour, in
 * turns so short that nobody waits for one.
 */
struct upkeep;

/* "policy" is borrowed and looked at as each pass begins. */
struct upkeep *upkeep_open(struct loop *loop, struct db *db,
    const struct retention_policy *policy,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e);
void upkeep_close(struct upkeep *u); /* NULL is fine */

#endif
