#ifndef MASTERD_METADATA_H
#define MASTERD_METADATA_H

#include <stdbool.h>

#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/store/store.h"

/*
 * Writes metadata/ in the background: marked rows (masterd/db/metadata.h) to
 * files, a few a turn, one sync for some hundred of them, then the marks go.
 * Nothing waits for it, and it waits while the disk is past its hard mark.
 */
struct metadata;

/* "on" is borrowed and looked at each time: it may change at a reload. */
struct metadata *metadata_open(struct loop *loop, struct db *db,
    struct store *store, const bool *on,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e);
void metadata_close(struct metadata *m); /* what is marked stays marked */

#endif
