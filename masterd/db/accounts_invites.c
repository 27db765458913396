/*
 * Invitations: open -> used | expired | withdrawn.  What is over stays as a
 * row, so that a second use can be told from an unknown one.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/invitation.h"
#include "masterd/db/accounts.h"
#include "masterd/db/db_internal.h"

/* Each with its account and the key that it brought. */
#define COLUMNS                                                          \
	"SELECT i.id, i.account, i.invite, i.key, i.state, i.used_key, " \
	"i.auto, i.expires_ms, i.ended_ms, a.name, a.state, k.state "    \
	"FROM invite i JOIN account a ON a.id = i.account LEFT JOIN "    \
	"account_key k ON k.fingerprint = i.used_key "

static void
read_row(sqlite3_stmt *row, struct account_invite *i)
{
	i->id = sqlite3_column_int64(row, 0);
	i->account = sqlite3_column_int64(row, 1);
	text_copy(i->invite, sizeof(i->invite), db_text(row, 2));
	text_copy(i->key, sizeof(i->key), db_text(row, 3));
	text_copy(i->state, sizeof(i->state), db_text(row, 4));
	text_copy(i->used_key, sizeof(i->used_key), db_text(row, 5));
	i->automatic = sqlite3_column_int(row, 6) != 0;
	i->expires_ms = (uint64_t)sqlite3_column_int64(row, 7);
	i->ended_ms = (uint64_t)sqlite3_column_int64(row, 8);
	text_copy(i->account_name, sizeof(i->account_name), db_text(row, 9));
	text_copy(i->account_state, sizeof(i->account_state), db_text(row, 10));
	text_copy(i->key_state, sizeof(i->key_state), db_text(row, 11));
}

int
accounts_add_invite(
    struct db *db, const struct account_invite_new *n, struct err *e)
{
	char text[SSHKEY_TEXT];

	sshkey_text(text, n->pub);
	return db_run(db, e,
	    "INSERT INTO invite (invite, account, key, auto, made_by, made_ms, "
	    "expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
	    "titi"
	    "tii",
	    text_hex64(invitation_id(n->pub)).text, n->account, text,
	    (int64_t)n->automatic, n->by, (int64_t)n->now_ms,
	    (int64_t)n->expires_ms);
}

int
accounts_get_invite(
    struct db *db, const char *invite, struct account_invite *i, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row, COLUMNS "WHERE i.invite = ?", "t", invite);
	if (got == 1) {
		read_row(row, i);
		db_end(row);
	}
	return got;
}

int
accounts_use_invite(struct db *db, int64_t invite, const char *fingerprint,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE invite SET state = 'used', used_key = ?, ended_ms = ? "
	    "WHERE id = ?",
	    "tii", fingerprint, (int64_t)now_ms, invite);
}

int
accounts_withdraw_invites(
    struct db *db, int64_t account, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE invite SET state = 'withdrawn', ended_ms = ? WHERE "
	    "account = ? AND state = 'open'",
	    "ii", (int64_t)now_ms, account);
}

int
accounts_withdraw_invite(
    struct db *db, int64_t invite, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE invite SET state = 'withdrawn', ended_ms = ? WHERE id = ?",
	    "ii", (int64_t)now_ms, invite);
}

int
accounts_expire_invites(
    struct db *db, uint64_t now_ms, int64_t *count, struct err *e)
{
	if (db_run(db, e,
		"UPDATE invite SET state = 'expired', ended_ms = ?1 WHERE "
		"state = 'open' AND expires_ms <= ?1",
		"i", (int64_t)now_ms) == -1)
		return -1;
	*count = db_changes(db);
	return 0;
}

static int
walk(struct db *db, int got, sqlite3_stmt *row, account_invite_fn *fn,
    void *arg, struct err *e)
{
	struct account_invite i;
	int result;

	for (; got == 1; got = db_next(db, e, row)) {
		read_row(row, &i);
		if ((result = fn(arg, &i)) != 0) {
			db_end(row);
			return result;
		}
	}
	return got;
}

int
accounts_each_door(struct db *db, uint64_t now_ms, account_invite_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    COLUMNS
	    "WHERE (i.state = 'open' AND i.expires_ms > ?1) OR (i.state = "
	    "'used' AND CASE k.state WHEN 'pending' THEN max(i.expires_ms, "
	    "i.ended_ms + ?2) > ?1 ELSE coalesce(k.decided_ms, i.ended_ms) + "
	    "?3 "
	    "> ?1 END) ORDER BY i.id",
	    "iii", (int64_t)now_ms, (int64_t)ACCOUNT_ANSWER_MS,
	    (int64_t)ACCOUNT_DOOR_MS);
	return walk(db, got, row, fn, arg, e);
}

int
accounts_each_answer(struct db *db, uint64_t now_ms, account_invite_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    COLUMNS
	    "WHERE i.state = 'used' AND max(i.ended_ms, coalesce(k.decided_ms, "
	    "0), CASE k.state WHEN 'pending' THEN i.expires_ms ELSE 0 END) + "
	    "?2 "
	    "> ?1 ORDER BY i.id",
	    "ii", (int64_t)now_ms, (int64_t)ACCOUNT_ANSWER_MS);
	return walk(db, got, row, fn, arg, e);
}
