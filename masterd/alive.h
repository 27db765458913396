#ifndef MASTERD_ALIVE_H
#define MASTERD_ALIVE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/loop.h"
#include "masterd/db/db.h"

/*
 * What a supervisor is told (sd_notify(3)): at boot that a step may take its
 * time, then every few seconds one line on how it goes, and a sign of life
 * where one is asked for.  The sign is given when the loop made a round and the
 * database could be written to just now; a master that hangs in either is
 * restarted.
 */
struct alive;

struct alive_now {
	size_t waiting; /* bundles in incoming/ */
	int in_hand;
	uint64_t per_minute;
};

/* "what" is done next; before READY=1. */
void alive_step(const char *what);

/* "look" fills the struct. */
struct alive *alive_open(struct loop *loop, struct db *db,
    void (*look)(void *arg, struct alive_now *now), void *arg, struct err *e);
void alive_close(struct alive *a); /* NULL is fine */

#endif
