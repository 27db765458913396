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

/* Make the next segment, if one is due and none is under way. */
void pack_step(struct pack *p);

#endif
