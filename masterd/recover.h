#ifndef MASTERD_RECOVER_H
#define MASTERD_RECOVER_H

#include <stdbool.h>

#include "masterd/db/db.h"

/*
 * What start-up has to find out; everything else that a kill left is put right
 * by the everyday sweeps.  Before anything is published.
 */

/* Was the last stop an unclean one?  Notes that we run now. */
int recover_note_start(struct db *db, bool *unclean, struct err *e);
int recover_note_stop(struct db *db, struct err *e);

/* Bucket numbers go on above the highest in buckets/ and metadata/ (PROTOCOL
 * 2): a restored database must not give one twice. */
int recover_buckets(int root, struct db *db, struct err *e);

/* Tasks and leases that cannot be true together (leases_recover()), logged as
 * "leases.recovered". */
int recover_leases(struct db *db, struct err *e);

#endif
