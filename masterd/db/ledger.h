#ifndef MASTERD_DB_LEDGER_H
#define MASTERD_DB_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/wire/status.h"
#include "masterd/db/db.h"

/*
 * Every bundle's fate (PROTOCOL 14, 19-22, 24).  An epoch's ranges hold the
 * seqs that have a committed outcome, for ever; ledger rows hold the details
 * for 14 days, and longer while something is refused or held.
 */
#define LEDGER_ROW_MS (14ull * 24 * 60 * 60 * 1000)

/* What is known of a bundle's id before it is recorded. */
enum ledger_known {
	LEDGER_NEW,
	LEDGER_SAME, /* this digest, or folded: a duplicate */
	LEDGER_OTHER /* same id, other content: a conflict */
};

/*
 * "bot" 0 (a bot not seen yet) is NEW.  *row is the id of the row that is the
 * SAME, 0 when it was folded.
 */
int ledger_look(struct db *db, int64_t bot, uint64_t epoch, uint64_t seq,
    const struct digest *digest, enum ledger_known *known, int64_t *row,
    struct err *e);

/* The epoch's row, made when missing (state "data"). */
int ledger_epoch(struct db *db, int64_t bot, uint64_t epoch, uint64_t now_ms,
    int64_t *id, struct err *e);

struct ledger_entry {
	int64_t epoch; /* row id */
	uint64_t seq;
	const struct digest *digest;
	const char *kind;
	const char *outcome; /* ingested, conflict, refused, held */
	const char *reason;
	const char *file; /* in rejected/ or held/, or "" */
	const char *trace;
	uint64_t bytes, records, sealed_ms, taken_ms;
};

/*
 * Record a fate.  With "replace" the refused or held row of this id gets the
 * new outcome instead (spool retry, upgrade).
 */
int ledger_record(struct db *db, const struct ledger_entry *entry, bool replace,
    struct err *e);

/* Is the bundle of this id refused or held, so that a row can be replaced? */
int ledger_is_open(struct db *db, int64_t bot, uint64_t epoch, uint64_t seq,
    bool *open, struct err *e);

/* One more copy of a bundle that is recorded; "row" may be 0. */
int ledger_duplicate(
    struct db *db, int64_t epoch, int64_t row, const char *kind, struct err *e);

/* first..last were given up by the bot's quota (PROTOCOL 21). */
int ledger_dropped(
    struct db *db, int64_t epoch, uint64_t first, uint64_t last, struct err *e);
int ledger_noted(struct db *db, int64_t epoch, uint64_t seq, struct err *e);

/* True when every seq of first..last has an outcome or was dropped. */
int ledger_covers(struct db *db, int64_t bot, uint64_t epoch, uint64_t first,
    uint64_t last, bool *covers, struct err *e);

/*
 * Fill one epoch of status.json: below, above, refused (PROTOCOL 20, 24).
 * "generation" is the master's; a beat of another one says nothing.
 */
int ledger_status(struct db *db, int64_t epoch, const char *generation,
    struct status_epoch *s, struct err *e);

/*
 * Arrivals of a file that count against it: digest NULL for failed decodes
 * (PROTOCOL 16), else for damaged files of that content (PROTOCOL 14).
 */
int ledger_attempts(struct db *db, const char *account, const char *name,
    const struct digest *digest, int64_t *count, struct err *e);
int ledger_add_attempt(struct db *db, const char *account, const char *name,
    const struct digest *digest, uint64_t now_ms, struct err *e);
int ledger_clear_attempts(
    struct db *db, const char *account, const char *name, struct err *e);

/*
 * All that an epoch sealed and nobody has is written off, "why": *count more
 * seqs than before.  What is sealed after that counts as ever.
 */
int ledger_write_off(struct db *db, int64_t epoch, const char *why,
    uint64_t *count, struct err *e);

/*
 * The conservation check (PROTOCOL 22): a whole JSON document for the admin
 * socket.  Reads only.
 */
int ledger_check(
    struct db *db, struct buf *json, bool *balanced, struct err *e);

#endif
