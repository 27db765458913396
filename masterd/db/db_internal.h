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
#define DB_STATEMENTS 1024

struct lease_times;
struct follow_new;
struct rules;

struct db {
	sqlite3 *handle;
	int wal_pages;                   /* after the last commit */
	int busy_ms;                     /* db_set_busy_timeout() */
	uint64_t begun;                  /* transactions */
	uint64_t checkpoint_ms;          /* of the last one */
	const struct lease_times *times; /* leases.h; NULL: the defaults */
	/* follow.h: a target that is new in a good build; may be NULL */
	int (*new_target)(void *arg, struct db *db, const struct follow_new *n,
	    struct err *e);
	void *new_target_arg;
	bool (*sees)(void *arg, const char *project); /* viewer.h; NULL: all */
	void *sees_arg;
	const struct rules *rules; /* judge.h; NULL: the built-in ones */
	char *rules_text;
	int64_t
	    rerun_after; /* reruns_make.c: crashes up to here were looked at */
	char trace[65];  /* db_set_trace() */
	int count;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[DB_STATEMENTS];
};

extern const char *const db_schema_1[]; /* NULL-terminated */
extern const char *const db_schema_2[]; /* the step from 1 to 2 */
extern const char *const db_schema_3[]; /* the step from 2 to 3 */
extern const char *const db_schema_4[]; /* the step from 3 to 4 */
extern const char *const db_views[];    /* NULL-terminated; dropped
						   and made anew at each start */

/* The functions of viewer.h; before the views are made. */
int viewer_register(struct db *db, struct err *e);
/* Those of functions.c. */
int functions_register(struct db *db, struct err *e);

/* Fill "e" from the connection's last error; returns -1. */
int db_err(struct db *db, struct err *e, const char *doing);

/* Files of DATA; a copy of DB_FILE has a suffix (migrate.c). */
#define DB_FILE           "pandafuzz.db"
#define DB_NEW            "pandafuzz.db.new"
#define DB_APPLICATION_ID 0x50465a31 /* "PFZ1" */

/* Bring an open database to DB_SCHEMA; "dir" is its folder. */
int db_migrate(struct db *db, int dir, struct err *e);
/* Remove what an interrupted db_open_new() left. */
int db_clear_new(int root, struct err *e);

/* Statements that are run once, and not kept. */
int db_exec(struct db *db, const char *sql, struct err *e);
int db_exec_all(struct db *db, const char *const *sql, struct err *e);
int db_pragma(struct db *db, const char *sql, int64_t *value, struct err *e);

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

/* Severities in their order. */
#define SEVERITY_RANK(column) \
	"instr('none low medium high critical', " column ")"

#endif
