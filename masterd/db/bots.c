/*
 * Bots: who they are and what they are told.  Beats are in beats.c.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"

int
bots_account(struct db *db, const char *name, uint64_t now_ms, int64_t *id,
    struct err *e)
{
	int got = db_number(
	    db, e, id, "SELECT id FROM account WHERE name = ?", "t", name);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_run(db, e, "INSERT INTO account (name, added_ms) VALUES (?, ?)",
		"ti", name, (int64_t)now_ms) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
bots_find(struct db *db, const char *account, const char *name, int64_t *id,
    struct err *e)
{
	*id = 0;
	return db_number(db, e, id,
	    "SELECT b.id FROM bot b JOIN account a ON "
	    "a.id = b.account WHERE a.name = ? AND b.name = ?",
	    "tt", account, name);
}

/* A name belongs to the account that used it first (PROTOCOL 3). */
int
bots_get(struct db *db, const char *account, const char *name, uint64_t now_ms,
    int64_t *id, struct err *e)
{
	int64_t account_id, taken = 0;
	int got = bots_find(db, account, name, id, e);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (bots_account(db, account, now_ms, &account_id, e) == -1 ||
	    db_number(db, e, &taken,
		"SELECT 1 FROM bot WHERE name = ? AND "
		"owner = 1",
		"t", name) == -1)
		return -1;
	if (db_run(db, e,
		"INSERT INTO bot (account, name, owner, added_ms) "
		"VALUES (?, ?, ?, ?)",
		"itii", account_id, name, (int64_t)(taken == 0),
		(int64_t)now_ms) == -1)
		return -1;
	*id = db_last_id(db);
	return db_event(db, "master", taken == 0 ? "bot.new" : "bot.foreign",
	    name, taken == 0 ? "" : "another account has this name", "", e);
}

static const char *
or_none(const char *text)
{
	return text == NULL ? "" : text;
}

int
bots_register(
    struct db *db, int64_t bot, const struct bot_facts *f, struct err *e)
{
	return db_run(db, e,
	    "UPDATE bot SET cores = ?, memory = ?, "
	    "slots = ?, wire_max = ?, sandbox = ?, arch = ?6, os = ?7, "
	    "cpu = ?8, host_class = trim(trim(?6 || ' ' || ?7) || ' ' || ?8), "
	    "tags = ?9, engines = ?10, program = ?11, pool = ?12, sanitizers = "
	    "?13, engine_facts = ?14 WHERE id = ?15",
	    "iiii"
	    "tttttttttt"
	    "i",
	    (int64_t)f->cores, (int64_t)f->memory, (int64_t)f->slots,
	    (int64_t)f->wire_max, f->sandbox, f->arch, f->os, or_none(f->cpu),
	    f->tags, f->engines, or_none(f->program), or_none(f->pool),
	    or_none(f->sanitizers), or_none(f->engine_facts), bot);
}

int
bots_tell(struct db *db, int64_t bot, const char *who, const char *what,
    const char *detail, struct err *e)
{
	struct bot_place place;

	if (bots_place(db, bot, &place, e) == -1)
		return -1;
	return db_event(db, who, what, place.name, detail, "", e);
}

int
bots_want_new_epoch(struct db *db, int64_t bot, struct err *e)
{
	return db_run(
	    db, e, "UPDATE bot SET new_epoch = 1 WHERE id = ?", "i", bot);
}

int
bots_next_serial(struct db *db, int64_t bot, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE bot SET serial = max(?, serial + 1) "
	    "WHERE id = ?",
	    "ii", (int64_t)(now_ms / 1000), bot);
}

int
bots_raise_serial(struct db *db, int64_t bot, uint64_t serial, struct err *e)
{
	return db_run(db, e,
	    "UPDATE bot SET serial = max(serial, ?) WHERE id = ?", "ii",
	    (int64_t)serial, bot);
}

int
bots_serial(struct db *db, const char *account, const char *name,
    uint64_t *serial, struct err *e)
{
	int64_t value = 0;
	int got = db_number(db, e, &value,
	    "SELECT b.serial FROM bot b "
	    "JOIN account a ON a.id = b.account WHERE a.name = ? AND "
	    "b.name = ?",
	    "tt", account, name);

	*serial = (uint64_t)value;
	return got;
}

int
bots_place(struct db *db, int64_t bot, struct bot_place *p, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT a.name, b.name FROM bot b "
	    "JOIN account a ON a.id = b.account WHERE b.id = ?",
	    "i", bot);

	if (got != 1)
		return got == 0 ? err_set(e, ERR_NOT_FOUND, "no such bot") : -1;
	text_copy(p->account, sizeof(p->account), db_text(row, 0));
	text_copy(p->name, sizeof(p->name), db_text(row, 1));
	db_end(row);
	return 0;
}

int
bots_gone(struct db *db, const struct bot_place *p, uint64_t serial, bool old,
    bool *gone, struct err *e)
{
	int64_t one;
	int got = db_number(db, e, &one,
	    "SELECT 1 FROM bot b JOIN account a ON a.id = b.account WHERE "
	    "a.name = ? AND b.name = ? AND b.state = 'forgotten' AND (? <= "
	    "b.forgotten_serial OR ?)",
	    "ttii", p->account, p->name, (int64_t)serial, (int64_t)old);

	*gone = got == 1;
	return got == -1 ? -1 : 0;
}

int
bots_each(
    struct db *db, int (*fn)(void *arg, int64_t bot), void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id FROM bot INDEXED BY bot_state WHERE state <> "
	    "'forgotten' "
	    "ORDER BY id",
	    "");
	for (; got == 1; got = db_next(db, e, row))
		if (fn(arg, sqlite3_column_int64(row, 0)) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

/* ---- status ---------------------------------------------------------- */

static void
hold(struct status *s, const char *reason)
{
	s->hold = true;
	text_copy(s->reason, sizeof(s->reason), reason);
}

static int
fill_flags(struct db *db, int64_t bot, struct status *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.serial, b.owner, b.state, "
	    "b.new_epoch, coalesce(e.epoch, '') FROM bot b LEFT JOIN epoch e "
	    "ON e.id = b.epoch WHERE b.id = ?",
	    "i", bot);
	if (got != 1)
		return got == 0 ? err_set(e, ERR_NOT_FOUND, "no such bot") : -1;
	s->serial = (uint64_t)sqlite3_column_int64(row, 0);
	s->new_epoch = sqlite3_column_int(row, 3);
	if (text_to_hex64(&s->epoch, db_text(row, 4)) == -1)
		s->epoch = 0;
	if (!sqlite3_column_int(row, 1))
		hold(s,
		    "this bot name belongs to another account: give the "
		    "bot another name");
	else if (strcmp(db_text(row, 2), "clashed") == 0)
		hold(s,
		    "two bots are alive under this name: stop one of them, "
		    "or give it another name");
	db_end(row);
	return 0;
}

static int
fill_leases(struct db *db, int64_t bot, struct status *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.lease FROM lease l JOIN bot b "
	    "ON b.id = l.bot AND b.epoch = l.epoch WHERE l.bot = ? AND "
	    "l.state IN ('offered', 'running') ORDER BY l.id",
	    "i", bot);
	for (; got == 1; got = db_next(db, e, row))
		if (s->lease_count < STATUS_MAX_LEASES)
			text_to_hex64(
			    &s->leases[s->lease_count++], db_text(row, 0));
	return got;
}

/* Those of the last beat; oldest first, at most 32 (PROTOCOL 24). */
static int
fill_epochs(struct db *db, int64_t bot, const char *generation,
    struct status *s, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id FROM (SELECT id FROM epoch "
	    "WHERE bot = ? ORDER BY named DESC, last_ms DESC, id DESC "
	    "LIMIT 32) ORDER BY id",
	    "i", bot);
	for (; got == 1; got = db_next(db, e, row))
		if (ledger_status(db, sqlite3_column_int64(row, 0), generation,
			&s->epochs[s->epoch_count++], e) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
bots_status(struct db *db, int64_t bot, const char *generation,
    struct status *s, struct err *e)
{
	text_to_hex64(&s->generation, generation);
	if (fill_flags(db, bot, s, e) == -1 || fill_leases(db, bot, s, e) == -1)
		return -1;
	return fill_epochs(db, bot, generation, s, e);
}
