#ifndef MASTERD_INTAKE_NAMING_H
#define MASTERD_INTAKE_NAMING_H

#include "masterd/intake/batch.h"

/* Before the sync: fates that need the ledger, names, copies. */
struct naming {
	struct db *db;
	struct store *store;
	struct reject *reject;
};

/*
 * Decide what only the ledger can (duplicate, conflict, damaged for the third
 * time), give names to what has no row, copy what is not ingested.  Sets
 * b->blobs when something needs the sync.  AGAIN: a full disk, the batch is
 * to be discarded and taken again later; BUG: end the process.
 */
/*
 * What the ledger says of a bundle with a digest: duplicate, conflict, or as it
 * was.  Asked before the names, and again in the transaction: a batch may hold
 * the same id twice.
 */
int naming_judge(struct db *db, struct taken *t, struct err *e);

int naming_batch(const struct naming *n, struct batch *b, struct err *e);

#endif
