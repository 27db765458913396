#ifndef MASTERD_DB_HITS_H
#define MASTERD_DB_HITS_H

#include <stdint.h>

#include "masterd/db/db.h"

/*
 * How often a bug was hit, by the hour, for ever: of each signature and day
 * (UTC) 24 numbers, each as LEB128, one after another: a day without much is
 * 24 bytes, one without any has no row.
 */
#define HITS_HOURS 24
#define HITS_BYTES (HITS_HOURS * 10)

/* Of what is no such text the rest is zeros. */
void hits_unpack(uint64_t hours[HITS_HOURS], const void *bytes, size_t len);
size_t hits_pack(uint8_t bytes[HITS_BYTES], const uint64_t hours[HITS_HOURS]);

/*
 * "count" hits of a signature (its row): its sum, and the hour of "at_ms".  A
 * bot's clock may be anything: what is not within the month before "now_ms" is
 * of now.  In a transaction.
 */
int hits_add(struct db *db, int64_t signature, uint64_t count, uint64_t at_ms,
    uint64_t now_ms, struct err *e);

#endif
