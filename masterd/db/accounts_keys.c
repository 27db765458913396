/*
 * Keys of accounts.  A key is one account's for good as long as it is pending
 * or active; two accounts with one key would be one account with two names.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/accounts.h"
#include "masterd/db/db_internal.h"

#define COLUMNS                                                      \
	"SELECT id, account, key, fingerprint, state, bot, invite, " \
	"decided_ms "                                                \
	"FROM account_key "
#define NAMED_MOST 5

static void
read_row(sqlite3_stmt *row, struct account_key *k)
{
	k->id = sqlite3_column_int64(row, 0);
	k->account = sqlite3_column_int64(row, 1);
	text_copy(k->text, sizeof(k->text), db_text(row, 2));
	text_copy(k->fingerprint, sizeof(k->fingerprint), db_text(row, 3));
	text_copy(k->state, sizeof(k->state), db_text(row, 4));
	text_copy(k->bot, sizeof(k->bot), db_text(row, 5));
	text_copy(k->invite, sizeof(k->invite), db_text(row, 6));
	k->decided_ms = (uint64_t)sqlite3_column_int64(row, 7);
}

int
accounts_key_of(struct db *db, const uint8_t pub[SSHKEY_BYTES],
    struct account_key *k, struct err *e)
{
	char text[SSHKEY_TEXT];
	sqlite3_stmt *row;
	int got;

	sshkey_text(text, pub);
	got = db_query(db, e, &row, COLUMNS "WHERE key = ?", "t", text);
	if (got == 1) {
		read_row(row, k);
		db_end(row);
	}
	return got;
}

static int
taken(struct db *db, const struct account_key *k, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row, "SELECT name FROM account WHERE id = ?",
	    "i", k->account);
	if (got != 1)
		return -1;
	err_set(e, ERR_CONFLICT, "account '%s' has this key already (%s, %s)",
	    db_text(row, 0), k->fingerprint, k->state);
	db_end(row);
	return -1;
}

/* Who knows the secret of an invitation is nobody in particular. */
static int
check_invites(struct db *db, const char *text, struct err *e)
{
	int64_t found;
	int got;

	got = db_number(
	    db, e, &found, "SELECT id FROM invite WHERE key = ?", "t", text);
	if (got == 1)
		return err_set(e, ERR_CONFLICT,
		    "this is the key of an invitation: a machine makes a key "
		    "of its own");
	return got;
}

int
accounts_add_key(struct db *db, const struct account_key_new *n, struct err *e)
{
	char text[SSHKEY_TEXT], print[SSHKEY_FINGERPRINT];
	int64_t decided =
	    strcmp(n->state, "pending") == 0 ? 0 : (int64_t)n->now_ms;
	struct account_key was;
	int got;

	sshkey_text(text, n->pub);
	sshkey_fingerprint(print, n->pub);
	if (check_invites(db, text, e) == -1 ||
	    (got = accounts_key_of(db, n->pub, &was, e)) == -1)
		return -1;
	if (got == 1 && strcmp(was.state, "disabled") != 0)
		return taken(db, &was, e);
	return db_run(db, e,
	    "INSERT INTO account_key (account, key, fingerprint, state, bot, "
	    "host, invite, added_by, added_ms, decided_ms) VALUES (?1, ?2, ?3, "
	    "?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (key) DO UPDATE SET "
	    "account = ?1, state = ?4, bot = ?5, host = ?6, invite = ?7, "
	    "added_by = ?8, added_ms = ?9, decided_ms = ?10, approved_by = ''",
	    "ittttttt"
	    "ii",
	    n->account, text, print, n->state, n->bot, n->host, n->invite,
	    n->by, (int64_t)n->now_ms, decided);
}

/* Those that fit, as far as they can be named. */
static int
several(struct db *db, sqlite3_stmt *row, const struct account_key *first,
    const char *typed, struct err *e)
{
	struct buf list = BUF_INIT;
	int got = 1, n = 1;

	buf_printf(&list, "%.15s...", first->fingerprint);
	for (; got == 1 && n < NAMED_MOST; got = db_next(db, e, row), n++)
		buf_printf(&list, ", %.15s...%s%s", db_text(row, 3),
		    *db_text(row, 5) == '\0' ? "" : " of ", db_text(row, 5));
	if (got == 1)
		db_end(row);
	if (got != -1)
		err_set(e, ERR_REFUSED, "key %.40s: several keys fit: %s",
		    typed, list.data);
	buf_release(&list);
	return -1;
}

int
accounts_find_key(struct db *db, const struct account_row *a, const char *typed,
    const char *state, struct account_key *k, struct err *e)
{
	const char *print = typed;
	sqlite3_stmt *row;
	int got;

	if (strncmp(print, "SHA256:", 7) == 0)
		print += 7;
	got = db_query(db, e, &row,
	    COLUMNS "WHERE account = ?1 AND (?4 = '' OR state = ?4) AND (?2 = "
		    "'' OR bot = ?2 OR substr(fingerprint, 8, length(?3)) = "
		    "?3) ORDER BY bot <> ?2, id",
	    "ittt", a->id, typed, print, state == NULL ? "" : state);
	if (got == 0)
		err_set(e, ERR_NOT_FOUND, "account '%s' has no %s%skey %.60s",
		    a->name, state == NULL ? "" : state,
		    state == NULL ? "" : " ", typed);
	if (got != 1)
		return -1;
	read_row(row, k);
	if ((got = db_next(db, e, row)) != 1)
		return got;
	/* A bot of this name comes before fingerprints that begin so. */
	if (*typed != '\0' && strcmp(k->bot, typed) == 0 &&
	    strcmp(db_text(row, 5), typed) != 0) {
		db_end(row);
		return 0;
	}
	return several(db, row, k, typed, e);
}

int
accounts_each_key(struct db *db, int64_t account, const char *state,
    account_key_fn *fn, void *arg, struct err *e)
{
	struct account_key k;
	sqlite3_stmt *row;
	int got, result;

	got = db_query(db, e, &row,
	    COLUMNS "WHERE account = ?1 AND (?2 = '' OR state = ?2) "
		    "ORDER BY id",
	    "it", account, state == NULL ? "" : state);
	for (; got == 1; got = db_next(db, e, row)) {
		read_row(row, &k);
		if ((result = fn(arg, &k)) != 0) {
			db_end(row);
			return result;
		}
	}
	return got;
}

int
accounts_set_key(struct db *db, int64_t key, const char *state, const char *by,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE account_key SET state = ?1, decided_ms = ?2, approved_by = "
	    "CASE ?1 WHEN 'active' THEN ?3 ELSE approved_by END WHERE id = ?4",
	    "titi", state, (int64_t)now_ms, by, key);
}

int
accounts_set_keys(struct db *db, int64_t account, const char *from,
    const char *to, const char *by, uint64_t now_ms, int64_t *count,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE account_key SET state = ?1, decided_ms = ?2, "
		"approved_by = CASE ?1 WHEN 'active' THEN ?3 ELSE approved_by "
		"END WHERE account = ?4 AND state = ?5",
		"titit", to, (int64_t)now_ms, by, account, from) == -1)
		return -1;
	*count = db_changes(db);
	return 0;
}
