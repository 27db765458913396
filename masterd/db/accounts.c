/*
 * Rows of accounts.  Those of bots come into being in two ways: a person adds
 * them, or their folder is found in spool/ and the master learns of them
 * (bots_account()); only the first have "added_by".
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/accounts.h"
#include "masterd/db/db_internal.h"

#define COLUMNS                                                             \
	"SELECT a.id, a.name, kind, state, projects, added_by, max_bytes, " \
	"max_files, max_rate, coalesce(u.shut, 0) FROM account a LEFT "     \
	"JOIN temp.account_usage u ON u.name = a.name "

static void
read_row(sqlite3_stmt *row, struct account_row *a)
{
	a->id = sqlite3_column_int64(row, 0);
	text_copy(a->name, sizeof(a->name), db_text(row, 1));
	text_copy(a->kind, sizeof(a->kind), db_text(row, 2));
	text_copy(a->state, sizeof(a->state), db_text(row, 3));
	text_copy(a->projects, sizeof(a->projects), db_text(row, 4));
	text_copy(a->added_by, sizeof(a->added_by), db_text(row, 5));
	a->max_bytes = (uint64_t)sqlite3_column_int64(row, 6);
	a->max_files = (uint64_t)sqlite3_column_int64(row, 7);
	a->max_rate = (uint64_t)sqlite3_column_int64(row, 8);
	a->shut = sqlite3_column_int(row, 9) != 0;
}

int
accounts_get(
    struct db *db, const char *name, struct account_row *a, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row, COLUMNS "WHERE a.name = ?", "t", name);
	if (got == 1) {
		read_row(row, a);
		db_end(row);
	}
	return got;
}

int
accounts_each(struct db *db, account_fn *fn, void *arg, struct err *e)
{
	struct account_row a;
	sqlite3_stmt *row;
	int got, result;

	got = db_query(db, e, &row, COLUMNS "ORDER BY a.name", "");
	for (; got == 1; got = db_next(db, e, row)) {
		read_row(row, &a);
		if ((result = fn(arg, &a)) != 0) {
			db_end(row);
			return result;
		}
	}
	return got;
}

static int
insert(struct db *db, const struct account_row *a, const char *reason,
    uint64_t now_ms, int64_t *id, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO account (name, added_ms, kind, projects, reason, "
		"added_by, max_bytes, max_files, max_rate) VALUES (?, ?, ?, ?, "
		"?, ?, ?, ?, ?)",
		"tittttiii", a->name, (int64_t)now_ms, a->kind, a->projects,
		reason, a->added_by, (int64_t)a->max_bytes,
		(int64_t)a->max_files, (int64_t)a->max_rate) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
accounts_add(struct db *db, const struct account_row *a, const char *reason,
    uint64_t now_ms, int64_t *id, struct err *e)
{
	struct account_row was;
	int got = accounts_get(db, a->name, &was, e);

	if (got == -1)
		return -1;
	if (got == 0)
		return insert(db, a, reason, now_ms, id, e);
	if (strcmp(was.state, "removed") != 0 && was.added_by[0] != '\0')
		return err_set(e, ERR_CONFLICT,
		    "account '%s' is there already (kind %s, %s)", was.name,
		    was.kind, was.state);
	*id = was.id;
	return db_run(db, e,
	    "UPDATE account SET kind = ?, projects = ?, reason = ?, "
	    "added_by = ?, max_bytes = ?, max_files = ?, max_rate = ?, "
	    "state = 'active', added_ms = ? WHERE id = ?",
	    "ttttiiiii", a->kind, a->projects, reason, a->added_by,
	    (int64_t)a->max_bytes, (int64_t)a->max_files, (int64_t)a->max_rate,
	    (int64_t)now_ms, was.id);
}

int
accounts_set_state(struct db *db, int64_t account, const char *state,
    const char *reason, struct err *e)
{
	return db_run(db, e,
	    "UPDATE account SET state = ?, reason = ? WHERE id = ?", "tti",
	    state, reason, account);
}

/* In a table of the connection, which the views read. */
int
accounts_set_usage(struct db *db, const char *name,
    const struct account_usage *u, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO temp.account_usage (name, bytes, files, hold, shut) "
	    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET "
	    "bytes = ?2, files = ?3, hold = ?4, shut = ?5",
	    "tiiti", name, (int64_t)u->bytes, (int64_t)u->files, u->hold,
	    (int64_t)u->shut);
}

int
accounts_each_bot(struct db *db, const char *name,
    int (*fn)(void *arg, int64_t bot), void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id FROM bot b JOIN account a ON a.id = b.account "
	    "WHERE a.name = ? AND b.state NOT IN ('left', 'forgotten') "
	    "ORDER BY b.id",
	    "t", name);
	for (; got == 1; got = db_next(db, e, row))
		if (fn(arg, sqlite3_column_int64(row, 0)) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
accounts_bot_owner(
    struct db *db, const char *bot, char *account, size_t size, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT a.name FROM bot b JOIN account a ON a.id = b.account "
	    "WHERE b.name = ? AND b.owner = 1",
	    "t", bot);
	if (got == 1) {
		text_copy(account, size, db_text(row, 0));
		db_end(row);
	}
	return got;
}

int
accounts_set_limits(struct db *db, const struct account_row *a, struct err *e)
{
	return db_run(db, e,
	    "UPDATE account SET projects = ?, max_bytes = ?, max_files = ?, "
	    "max_rate = ? WHERE id = ?",
	    "tiiii", a->projects, (int64_t)a->max_bytes, (int64_t)a->max_files,
	    (int64_t)a->max_rate, a->id);
}

int
accounts_restore(struct db *db, const struct account_row *a, struct err *e)
{
	return db_run(db, e,
	    "UPDATE account SET kind = ?, state = ?, projects = ?, max_bytes = "
	    "?, max_files = ?, max_rate = ?, added_by = CASE added_by WHEN '' "
	    "THEN ? ELSE added_by END WHERE id = ?",
	    "tttiiiti", a->kind, a->state, a->projects, (int64_t)a->max_bytes,
	    (int64_t)a->max_files, (int64_t)a->max_rate, a->added_by, a->id);
}

int
accounts_serial(struct db *db, uint64_t *serial, struct err *e)
{
	int64_t last = 0;
	int got = db_number(
	    db, e, &last, "SELECT coalesce(max(id), 0) FROM audit", "");

	*serial = (uint64_t)last;
	return got == -1 ? -1 : 0;
}
