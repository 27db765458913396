#ifndef MASTERD_PUBLISH_PACK_H
#define MASTERD_PUBLISH_PACK_H

#include "masterd/publish/publish.h"

/*
 * New units of a target are packed into segments once, and hard-linked to
 * every bot that works on it (DESIGN 7).
 */
struct pack;

typedef void pack_fatal_fn(void *arg, const struct err *e);

struct pack *pack_open(struct publish *publish, struct db *db,
    struct store *store, pack_fatal_fn *fatal, void *arg);
void pack_close(struct pack *p);

/* Make the segments that are due, one after the other; every target that had
 * new units when this was called gets its turn. */
void pack_due(struct pack *p);

#endif
