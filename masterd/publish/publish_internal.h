#ifndef MASTERD_PUBLISH_PUBLISH_INTERNAL_H
#define MASTERD_PUBLISH_PUBLISH_INTERNAL_H

#include "lib/wire/status.h"
#include "masterd/db/bots.h"
#include "masterd/publish/publish.h"

struct publish {
	int root;
	int spool; /* ROOT/spool */
	struct db *db;
	struct store *store;
	uint64_t heartbeat_ms;
	char generation[17];
	char hold[STATUS_REASON_MAX + 1]; /* "": no */
	struct marked {
		int64_t bot;
		uint64_t transaction; /* that drew its serial */
	} * marked;
	int marked_count, marked_room;
	struct status *status; /* scratch */
};

/* outgoing/<bot>/ of a bot, made when missing; -1. */
int publish_folder(
    struct publish *p, const struct bot_place *place, struct err *e);

/* Blobs, tickets and job files of one bot's open leases. */
int publish_tickets(struct publish *p, int64_t bot, int folder, struct err *e);

#endif
