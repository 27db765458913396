#ifndef MASTERD_DB_HEALTH_H
#define MASTERD_DB_HEALTH_H

#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/* Facts that `pfadm system check` judges, in one look. */
struct health {
	int64_t newest_ms; /* latest wall time of the last 10,000 events; 0 */
	int64_t bots, bots_lost, bots_clashed; /* forgotten ones left out */
	int64_t refused, held; /* bundles whose bytes are kept */
};
int health_read(struct db *db, struct health *h, struct err *e);

/* Id of the newest event, 0 when there is none. */
int health_newest_event(struct db *db, int64_t *id, struct err *e);

/* The bytes of a refused bundle were dropped: its row stays, without a file.
 * Rows of that account only. */
int health_dropped(
    struct db *db, const char *account, const char *file, struct err *e);

#endif
