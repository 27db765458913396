#ifndef MASTERD_DB_DB_H
#define MASTERD_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * The master's facts: one SQLite database, one connection that writes and
 * checkpoints (DESIGN 3), WAL, synchronous=FULL.  What stands here points only
 * to bytes that were synced before.  The other headers of this folder are its
 * subjects: ledger.h, bots.h, facts.h, leases.h, builds.h, jobs.h, views.h.
 *
 * Every function that changes something must be called between db_begin() and
 * db_commit().  Every function that fails with ERR_BUG or with e->sys set has
 * met an I/O error: the caller rolls back and ends the process.  A full disk
 * is ERR_AGAIN with e->sys ENOSPC: roll back, try again later.
 */
struct db;

#define DB_SCHEMA 4

/*
 * Open or make DATA/pandafuzz.db below "root", migrate it (a copy of the file
 * is kept as pandafuzz.db.before-<version> before each step; a kill leaves the
 * old schema or the new one, whole), check it.
 * REFUSED when its schema is newer than this program.
 */
struct db *db_open(int root, struct err *e);
/* For the power-cut harness only: SQLite leaves its syncs out, too. */
int db_leave_out_syncs(struct db *db, struct err *e);
void db_close(struct db *db); /* NULL is fine */

/*
 * Back to an older schema: the copy that was kept before the migration from
 * it takes the place of pandafuzz.db, which is kept under another name.  For
 * a root that is locked and that nobody has open.  REFUSED when no such copy
 * is there, or when it is none.  A kill leaves the one or the other in place;
 * done again, it goes on.
 */
struct db_downgrade {
	int from;           /* schema that was in use, 0: unreadable */
	uint64_t copied_ms; /* when the copy was made */
	char kept[96];      /* the present one's name in data/, or "" */
};
int db_downgrade(int root, int to, struct db_downgrade *d, struct err *e);

/*
 * A new and empty database beside the one in use, for a rebuild; what an
 * earlier try left is removed.  It is nothing until db_put_in_place(), which
 * takes it: closes, syncs, keeps the present one as pandafuzz.db.<why>-<date>
 * (its name into "kept", "" when there was none) and renames.
 */
struct db *db_open_new(int root, struct err *e);
int db_put_in_place(
    struct db *db, int root, const char *why, char kept[96], struct err *e);

int db_begin(struct db *db, struct err *e);
/* Many reads at one price, ended by db_rollback(); changes nothing. */
int db_begin_reading(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/* The number of the transaction begun last. */
uint64_t db_transaction(const struct db *db);

/* Rows changed since the database was opened: has this transaction done
 * anything that is worth a commit? */
int64_t db_total_changes(const struct db *db);

/* Undo one part of a transaction and keep the rest. */
int db_mark(struct db *db, struct err *e);
int db_mark_keep(struct db *db, struct err *e);
int db_mark_undo(struct db *db, struct err *e);

/* Move the WAL into the file; between batches, when it has grown. */
/* How long to wait for another's lock, which only a read child of an older
 * version or a person's sqlite3 can hold; 5 s. */
void db_set_busy_timeout(struct db *db, uint64_t ms);

/* How long the last one took. */
uint64_t db_checkpoint_ms(const struct db *db);
bool db_checkpoint_due(const struct db *db);
int db_checkpoint(struct db *db, struct err *e);

/* setting: 0 and the value, 1 when there is none, -1. */
int db_setting(
    struct db *db, const char *key, struct buf *value, struct err *e);
int db_set_setting(
    struct db *db, const char *key, const char *value, struct err *e);

/* Who did what: "who" is "master", "bot:b1" or "user:root". */
int db_event(struct db *db, const char *who, const char *what,
    const char *subject, const char *detail, const char *trace, struct err *e);

/*
 * What is done from here on is done for this request or bundle: events that
 * name no trace get it, those of people's changes and new jobs, too.  ""
 * for none.  Copied.
 */
void db_set_trace(struct db *db, const char *trace);
const char *db_trace(const struct db *db); /* "" */

/* A fresh random id of 16 hex digits. */
struct db_id {
	char text[17];
};
struct db_id db_new_id(void);

#endif
