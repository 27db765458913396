/*
 * The connection: opening, settings, migrations, transactions.
 *
 * SQLite 3.40 has a bug that corrupts a WAL when two connections checkpoint;
 * hence exactly one connection that writes or checkpoints, and a copy before a
 * migration is made by SQLite's own backup, not by a second opener.
 */
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"

#define WAL_PAGES 2000 /* 8 MiB, then it is moved over */
#define BUSY_MS   5000

int
db_err(struct db *db, struct err *e, const char *doing)
{
	int code = sqlite3_extended_errcode(db->handle);
	enum err_class cls = ERR_BUG;
	int sys = 0;

	switch (code & 0xff) {
	case SQLITE_FULL:
		cls = ERR_AGAIN;
		sys = ENOSPC;
		break;
	case SQLITE_BUSY:
		cls = ERR_AGAIN;
		sys = EBUSY;
		break;
	case SQLITE_IOERR:
		sys = sqlite3_system_errno(db->handle);
		cls = sys == ENOSPC ? ERR_AGAIN : ERR_BUG;
		break;
	case SQLITE_CONSTRAINT:
		cls = ERR_CONFLICT;
		break;
	}
	err_set(e, cls, "cannot %s: database: %s", doing,
	    sqlite3_errmsg(db->handle));
	if (e != NULL)
		e->sys = sys;
	return -1;
}

/* ---- statements ------------------------------------------------------ */

static sqlite3_stmt *
prepared(struct db *db, const char *sql, struct err *e)
{
	sqlite3_stmt *stmt;
	int i;

	for (i = 0; i < db->count; i++)
		if (db->cache[i].sql == sql)
			return db->cache[i].stmt;
	if (db->count == DB_STATEMENTS) {
		err_set(e, ERR_BUG, "more than %d statements", DB_STATEMENTS);
		return NULL;
	}
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&stmt, NULL) != SQLITE_OK) {
		db_err(db, e, "prepare a statement");
		return NULL;
	}
	db->cache[db->count].sql = sql;
	db->cache[db->count++].stmt = stmt;
	return stmt;
}

static void
bind(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	const struct digest *d;
	const void *bytes;
	int i;

	for (i = 1; types[i - 1] != '\0'; i++) {
		switch (types[i - 1]) {
		case 'i':
			sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 't':
			sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1,
			    SQLITE_TRANSIENT);
			break;
		case 'd':
			d = va_arg(ap, const struct digest *);
			if (d == NULL)
				sqlite3_bind_null(stmt, i);
			else
				sqlite3_bind_blob(stmt, i, d->bytes,
				    DIGEST_SIZE, SQLITE_TRANSIENT);
			break;
		case 'b':
			bytes = va_arg(ap, const void *);
			sqlite3_bind_blob64(stmt, i, bytes, va_arg(ap, size_t),
			    SQLITE_TRANSIENT);
			break;
		default:
			abort();
		}
	}
}

void
db_end(sqlite3_stmt *row)
{
	sqlite3_reset(row);
	sqlite3_clear_bindings(row);
}

int
db_next(struct db *db, struct err *e, sqlite3_stmt *row)
{
	int status = sqlite3_step(row);

	if (status == SQLITE_ROW)
		return 1;
	if (status != SQLITE_DONE)
		db_err(db, e, "use the state");
	db_end(row);
	return status == SQLITE_DONE ? 0 : -1;
}

static int
start(struct db *db, struct err *e, sqlite3_stmt **row, const char *sql,
    const char *types, va_list ap)
{
	if ((*row = prepared(db, sql, e)) == NULL)
		return -1;
	bind(*row, types, ap);
	return db_next(db, e, *row);
}

int
db_query(struct db *db, struct err *e, sqlite3_stmt **row, const char *sql,
    const char *types, ...)
{
	va_list ap;
	int got;

	va_start(ap, types);
	got = start(db, e, row, sql, types, ap);
	va_end(ap);
	return got;
}

int
db_run(struct db *db, struct err *e, const char *sql, const char *types, ...)
{
	sqlite3_stmt *row;
	va_list ap;
	int got;

	va_start(ap, types);
	got = start(db, e, &row, sql, types, ap);
	va_end(ap);
	if (got == 1)
		db_end(row);
	return got == -1 ? -1 : 0;
}

int
db_number(struct db *db, struct err *e, int64_t *value, const char *sql,
    const char *types, ...)
{
	sqlite3_stmt *row;
	va_list ap;
	int got;

	va_start(ap, types);
	got = start(db, e, &row, sql, types, ap);
	va_end(ap);
	if (got == 1) {
		*value = sqlite3_column_int64(row, 0);
		db_end(row);
	}
	return got;
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

const char *
db_text(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text == NULL ? "" : (const char *)text;
}

int
db_digest(sqlite3_stmt *row, int column, struct digest *d)
{
	if (sqlite3_column_bytes(row, column) != DIGEST_SIZE)
		return -1;
	memcpy(d->bytes, sqlite3_column_blob(row, column), DIGEST_SIZE);
	return 0;
}

/* ---- transactions ---------------------------------------------------- */

int
db_begin(struct db *db, struct err *e)
{
	db->begun++;
	return db_run(db, e, "BEGIN IMMEDIATE", "");
}

uint64_t
db_transaction(const struct db *db)
{
	return db->begun;
}

int
db_begin_reading(struct db *db, struct err *e)
{
	return db_run(db, e, "BEGIN DEFERRED", "");
}

int
db_commit(struct db *db, struct err *e)
{
	return db_run(db, e, "COMMIT", "");
}

void
db_rollback(struct db *db)
{
	if (db_in_transaction(db))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t
db_total_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}

int
db_mark(struct db *db, struct err *e)
{
	return db_run(db, e, "SAVEPOINT part", "");
}

int
db_mark_keep(struct db *db, struct err *e)
{
	return db_run(db, e, "RELEASE part", "");
}

int
db_mark_undo(struct db *db, struct err *e)
{
	if (db_run(db, e, "ROLLBACK TO part", "") == -1)
		return -1;
	return db_mark_keep(db, e);
}

/* SQLite tells how long the WAL is after each commit. */
static int
on_wal(void *arg, sqlite3 *handle, const char *name, int pages)
{
	(void)handle;
	(void)name;
	((struct db *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

void
db_set_busy_timeout(struct db *db, uint64_t ms)
{
	db->busy_ms = ms > INT_MAX ? INT_MAX : (int)ms;
	sqlite3_busy_timeout(db->handle, db->busy_ms);
}

bool
db_checkpoint_due(const struct db *db)
{
	return db->wal_pages > WAL_PAGES;
}

uint64_t
db_checkpoint_ms(const struct db *db)
{
	return db->checkpoint_ms;
}

int
db_checkpoint(struct db *db, struct err *e)
{
	uint64_t began = clock_up_ms();
	int status;

	/* Not a moment for a read child that is at work. */
	sqlite3_busy_timeout(db->handle, 0);
	status = sqlite3_wal_checkpoint_v2(
	    db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db->handle, db->busy_ms);

	db->wal_pages = 0;
	db->checkpoint_ms = clock_up_ms() - began;
	/* Busy: a read child is at work; the next one will do it. */
	if (status == SQLITE_OK || status == SQLITE_BUSY)
		return 0;
	return db_err(db, e, "checkpoint");
}

/* ---- opening --------------------------------------------------------- */

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_err(db, e, sql);
	return 0;
}

int
db_exec_all(struct db *db, const char *const *sql, struct err *e)
{
	for (; *sql != NULL; sql++)
		if (db_exec(db, *sql, e) == -1)
			return -1;
	return 0;
}

int
db_pragma(struct db *db, const char *sql, int64_t *value, struct err *e)
{
	int got = db_number(db, e, value, sql, "");

	if (got == 0)
		err_set(e, ERR_BUG, "'%s' gives nothing", sql);
	return got == 1 ? 0 : -1;
}

static int
configure(struct db *db, struct err *e)
{
	static const struct {
		int option, on;
	} options[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},
	    {SQLITE_DBCONFIG_DQS_DDL, 0},
	    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0},
	};
	static const char *const pragmas[] = {
	    "PRAGMA journal_mode=WAL",
	    "PRAGMA synchronous=FULL",
	    "PRAGMA foreign_keys=ON",
	    "PRAGMA cell_size_check=ON",
	    "PRAGMA mmap_size=0",
	    "PRAGMA wal_autocheckpoint=0",
	    "PRAGMA journal_size_limit=16777216",
	    "PRAGMA cache_size=-4096",
	    "PRAGMA temp_store=MEMORY",
	    NULL,
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		sqlite3_db_config(
		    db->handle, options[i].option, options[i].on, NULL);
	db_set_busy_timeout(db, BUSY_MS);
	sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, 16 << 20);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	if (db_exec_all(db, pragmas, e) == -1)
		return -1;
	/* After wal_autocheckpoint, which is a hook, too, and replaces ours. */
	sqlite3_wal_hook(db->handle, on_wal, db);
	return 0;
}

static int
check(struct db *db, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row, "PRAGMA quick_check(1)", "");

	if (got != 1)
		return -1;
	if (strcmp(db_text(row, 0), "ok") != 0) {
		err_set(
		    e, ERR_BUG, "the database is damaged: %s", db_text(row, 0));
		got = -1;
	}
	db_end(row);
	return got == -1 ? -1 : 0;
}

/* Views are code, not state: they are made anew at each start. */
static int
make_views(struct db *db, struct err *e)
{
	if (viewer_register(db, e) == -1 ||
	    db_exec(db, "BEGIN IMMEDIATE", e) == -1 ||
	    db_exec_all(db, db_views, e) == -1)
		return -1;
	return db_exec(db, "COMMIT", e);
}

static struct db *
open_file(int root, const char *name, struct err *e)
{
	struct db *db;
	char path[96];
	int dir;

	if ((dir = fs_make_dir_open(root, "data", 0750, e)) == -1)
		return NULL;
	/* A path through the descriptor: ROOT may be longer than SQLite likes,
	 * and may be renamed. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	db = mem_alloc(sizeof(*db));
	if (sqlite3_open_v2(path, &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
		NULL) != SQLITE_OK) {
		db_err(db, e, "open the database");
		goto fail;
	}
	if (configure(db, e) == -1 || db_migrate(db, dir, e) == -1 ||
	    make_views(db, e) == -1 || check(db, e) == -1)
		goto fail;
	if (fs_sync_dir(dir, e) == -1 || fs_sync_dir(root, e) == -1)
		goto fail;
	return db; /* dir stays open: the path goes through it */
fail:
	db_close(db);
	close(dir);
	return NULL;
}

struct db *
db_open(int root, struct err *e)
{
	return open_file(root, DB_FILE, e);
}

struct db *
db_open_new(int root, struct err *e)
{
	struct db *db;

	if (db_clear_new(root, e) == -1 ||
	    (db = open_file(root, DB_NEW, e)) == NULL)
		return NULL;
	/* Nobody misses what is not whole yet; db_put_in_place() syncs. */
	if (db_leave_out_syncs(db, e) == -1) {
		db_close(db);
		return NULL;
	}
	return db;
}

int
db_leave_out_syncs(struct db *db, struct err *e)
{
	return db_exec(db, "PRAGMA synchronous=OFF", e);
}

void
db_close(struct db *db)
{
	int i;

	if (db == NULL)
		return;
	for (i = 0; i < db->count; i++)
		sqlite3_finalize(db->cache[i].stmt);
	sqlite3_close(db->handle);
	free(db->rules_text);
	free(db);
}

/* ---- settings, events, ids ------------------------------------------- */

int
db_setting(struct db *db, const char *key, struct buf *value, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(
	    db, e, &row, "SELECT value FROM setting WHERE key = ?", "t", key);

	if (got != 1)
		return got == 0 ? 1 : -1;
	buf_reset(value);
	buf_adds(value, db_text(row, 0));
	db_end(row);
	return 0;
}

int
db_set_setting(struct db *db, const char *key, const char *value, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO setting (key, value) VALUES (?, ?) "
	    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
	    "tt", key, value);
}

int
db_event(struct db *db, const char *who, const char *what, const char *subject,
    const char *detail, const char *trace, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO event (at_ms, who, what, subject, "
	    "detail, trace) VALUES (?, ?, ?, ?, ?, ?)",
	    "ittttt", (int64_t)clock_wall_ms(), who, what, subject, detail,
	    trace[0] == '\0' ? db->trace : trace);
}

void
db_set_trace(struct db *db, const char *trace)
{
	text_copy(db->trace, sizeof(db->trace), trace);
}

const char *
db_trace(const struct db *db)
{
	return db->trace;
}

struct db_id
db_new_id(void)
{
	struct db_id id;

	text_copy(id.text, sizeof(id.text), text_hex64(random_u64()).text);
	return id;
}
