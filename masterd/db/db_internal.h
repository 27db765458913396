#ifndef MASTERD_DB_DB_INTERNAL_H
#define MASTERD_DB_DB_INTERNAL_H

#include <sqlite3.h>

#include "lib/base/digest.h"
#include "masterd/db/db.h"

/*
 * For the files of this folder only.  Statements are prepared once and found
 * again by the address of their text, so pass string literals.
 *
 * "types" has a letter an argument:
 *   i int64_t   t const char *   d const struct digest * (NULL: null)
 *   b const void *, size_t (blob)
 */
#define DB_STATEMENTS 256

struct db {
	sqlite3 *handle;
	int wal_pages;  /* after the last commit */
	uint64_t begun; /* transactions */
	int count;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[DB_STATEMENTS];
};

extern const char *const db_schema_1[]; /* NULL-terminated */
extern const char *const db_schema_2[]; /* the step from 1 to 2 */
extern const char *const db_views[];    /* NULL-terminated; dropped
						   and made anew at each start */

/* Fill "e" from the connection's last error; returns -1. */
int db_err(struct db *db, struct err *e, const char *doing);

/* Run a statement that gives no rows.  db_changes() tells how many it hit. */
int db_run(
    struct db *db, struct err *e, const char *sql, const char *types, ...);
int64_t db_changes(struct db *db);
int64_t db_last_id(struct db *db);

/*
 * Start a query and step to its first row: 1 when there is one, 0 when not
 * (already reset), -1.  After 1 use sqlite3_column_*() on *row, db_next() for
 * further rows (same results), and db_end() when leaving early.
 */
int db_query(struct db *db, struct err *e, sqlite3_stmt **row, const char *sql,
    const char *types, ...);
int db_next(struct db *db, struct err *e, sqlite3_stmt *row);
void db_end(sqlite3_stmt *row);

/* One number: 1 found, 0 no row, -1. */
int db_number(struct db *db, struct err *e, int64_t *value, const char *sql,
    const char *types, ...);

const char *db_text(sqlite3_stmt *row, int column);             /* never NULL */
int db_digest(sqlite3_stmt *row, int column, struct digest *d); /* -1: none */

#endif
