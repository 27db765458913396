#ifndef MASTERD_PUBLISH_PUBLISH_INTERNAL_H
#define MASTERD_PUBLISH_PUBLISH_INTERNAL_H

#include "lib/wire/manifest.h"
#include "lib/wire/status.h"
#include "lib/wire/ticket.h"
#include "masterd/db/bots.h"
#include "masterd/publish/publish.h"
#include "masterd/publish/written.h"

struct publish {
	int root;
	int spool; /* ROOT/spool */
	struct db *db;
	struct store *store;
	uint64_t heartbeat_ms;
	char generation[17];
	char hold[STATUS_REASON_MAX + 1]; /* "": no */
	publish_hold_fn *account_hold;    /* NULL: none is held */
	void *account_hold_arg;
	struct marked {
		int64_t bot;
		uint64_t transaction; /* that drew its serial */
		bool whole;           /* tickets and job files, too */
	} * marked;
	int marked_count, marked_room;
	struct status *status; /* scratch */
	/* By bot's row: up-time at which all of it was written last; 0: it has
	 * to be. */
	uint64_t *told;
	size_t told_room;
	struct written *written;
	/* The manifest that was read last: a round's tickets are mostly of
	 * few builds. */
	struct digest manifest_of;
	struct manifest manifest;
	/* What bots need not send: known.c. */
	struct known_text *known; /* a project each */
	size_t known_count;
	struct buf rules;
	int saturated; /* crashes of a bucket that are enough */
};

/* outgoing/<bot>/ of a bot, made when missing; -1. */
int publish_folder(
    struct publish *p, const struct bot_place *place, struct err *e);

/* A folder, made when missing: mostly it is there, and mkdir(2) waits for
 * the journal even then; -1. */
int publish_open_folder(int at, const char *path, struct err *e);

/* When all of it was written last; until the next call. */
uint64_t *publish_told(struct publish *p, int64_t bot);

/* Limits, arguments and environment of a ticket, from its job's values. */
int publish_ticket_values(struct db *db, struct ticket *t, struct err *e);

/*
 * Of a task of kind "reproduce": its inputs into "t", their files into blobs/,
 * limits and words of a job of its target.  NOT_FOUND when none of them is
 * there any more.
 */
int publish_ticket_inputs(
    struct publish *p, struct ticket *t, int blobs, struct err *e);

/* jobs/<job>.known of a ticket's job into "jobs" (known.c). */
int publish_known(struct publish *p, const struct ticket *t, int64_t bot,
    int jobs, struct err *e);
void publish_known_close(struct publish *p);

/* Blobs, tickets and job files of one bot's open leases. */
int publish_tickets(struct publish *p, int64_t bot, int folder, struct err *e);

#endif
