/*
 * Heartbeats: which epoch of a bot is alive, and what it still has.
 *
 * Only beats make an epoch live.  The first beat of a new epoch supersedes the
 * old one; a superseded epoch that then beats with a higher number shows that
 * two bots share the name (PROTOCOL 28).  While they do, nobody gets leases
 * and everybody's data is taken.  How long anything takes: leases.h.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases.h"
#include "masterd/db/ledger.h"

struct epoch_row {
	int64_t id, beat;
	char state[16];
};

static int
look(struct db *db, const struct beat *b, struct epoch_row *r, int64_t *current,
    bool *clashed, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	if (ledger_epoch(db, b->bot, b->epoch, b->now_ms, &r->id, e) == -1)
		return -1;
	got = db_query(db, e, &row,
	    "SELECT e.beat, e.state, "
	    "coalesce(b.epoch, 0), b.state = 'clashed' FROM epoch e JOIN bot b "
	    "ON b.id = e.bot WHERE e.id = ?",
	    "i", r->id);
	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "epoch without bot") : -1;
	r->beat = sqlite3_column_int64(row, 0);
	text_copy(r->state, sizeof(r->state), db_text(row, 1));
	*current = sqlite3_column_int64(row, 2);
	*clashed = sqlite3_column_int(row, 3);
	db_end(row);
	return 0;
}

static struct lease_turn
turn_of(const struct beat *b)
{
	return (struct lease_turn){b->now_ms, b->up_ms, b->changed, b->arg};
}

/* Nobody said that the old one would end: what it had may be to blame. */
static int
supersede(struct db *db, const struct beat *b, int64_t old, int64_t new,
    struct err *e)
{
	const struct lease_turn turn = turn_of(b);

	if (old != 0 &&
	    (db_run(db, e,
		 "UPDATE epoch SET state = 'superseded' "
		 "WHERE id = ?",
		 "i", old) == -1 ||
		leases_end_epoch(db, old, LEASE_LOST, "the bot was restarted",
		    &turn, e) == -1))
		return -1;
	if (db_run(db, e, "UPDATE epoch SET state = 'live' WHERE id = ?", "i",
		new) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET epoch = ?, new_epoch = 0 "
	    "WHERE id = ?",
	    "ii", new, b->bot);
}

static int
clash(struct db *db, const struct beat *b, int64_t current, struct err *e)
{
	const struct lease_turn turn = turn_of(b);
	struct bot_place place;

	if (bots_place(db, b->bot, &place, e) == -1 ||
	    db_run(db, e,
		"UPDATE bot SET state = 'clashed', clash_up = ? "
		"WHERE id = ?",
		"ii", (int64_t)b->up_ms, b->bot) == -1 ||
	    leases_end_epoch(db, current, LEASE_LEFT,
		"two bots are alive under one name", &turn, e) == -1)
		return -1;
	return db_event(db, "master", "bot.clashed", place.name,
	    "two bots are alive under this name", "", e);
}

static int
decide(struct db *db, const struct beat *b, const struct epoch_row *r,
    int64_t current, bool clashed, enum beat_sense *sense, struct err *e)
{
	*sense = BEAT_LIVE;
	if ((int64_t)b->number <= r->beat)
		*sense = BEAT_STALE;
	else if (clashed)
		*sense = BEAT_CLASHED;
	else if (strcmp(r->state, "superseded") == 0)
		*sense = BEAT_CLASHED;
	else if (r->id != current)
		*sense = BEAT_NEW_EPOCH;
	if (*sense == BEAT_CLASHED && !clashed)
		return clash(db, b, current, e);
	if (*sense == BEAT_NEW_EPOCH)
		return supersede(db, b, current, r->id, e);
	return 0;
}

static int
note_epochs(struct db *db, const struct beat *b, struct err *e)
{
	int64_t id;
	int i;

	if (db_run(db, e,
		"UPDATE epoch SET named = 0 WHERE bot = ? AND "
		"named = 1",
		"i", b->bot) == -1)
		return -1;
	for (i = 0; i < b->epoch_count; i++) {
		if (ledger_epoch(db, b->bot, b->epochs[i].epoch, b->now_ms, &id,
			e) == -1)
			return -1;
		/* highest never falls: an epoch seals upwards. */
		if (db_run(db, e,
			"UPDATE epoch SET named = 1, oldest = ?, "
			"highest = max(highest, ?), beat_generation = ? WHERE "
			"id = ?",
			"iiti", (int64_t)b->epochs[i].oldest,
			(int64_t)b->epochs[i].highest,
			text_hex64(b->generation).text, id) == -1)
			return -1;
	}
	return 0;
}

static int
note_bot(struct db *db, const struct beat *b, int64_t epoch, bool clashed,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE epoch SET beat = ?, beat_up = ?, "
		"last_ms = ? WHERE id = ?",
		"iiii", (int64_t)b->number, (int64_t)b->up_ms,
		(int64_t)b->now_ms, epoch) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET state = CASE WHEN ? THEN state "
	    "ELSE 'up' END, seen_ms = ?, seen_up = ?, said = ?, holds = ?, "
	    "slots = ?, free = ?, load = ?, disk_free = ?, outbox_bytes = ?, "
	    "outbox_files = ? WHERE id = ?",
	    "iiitiiiiiiii", (int64_t)clashed, (int64_t)b->now_ms,
	    (int64_t)b->up_ms, b->why, (int64_t)(b->n[BEAT_HOLD] != 0),
	    (int64_t)b->n[BEAT_SLOTS], (int64_t)b->n[BEAT_FREE],
	    (int64_t)b->n[BEAT_LOAD_PERCENT], (int64_t)b->n[BEAT_DISK_FREE],
	    (int64_t)b->n[BEAT_OUTBOX_BYTES], (int64_t)b->n[BEAT_OUTBOX_FILES],
	    b->bot);
}

int
bots_beat(
    struct db *db, const struct beat *b, enum beat_sense *sense, struct err *e)
{
	struct epoch_row r;
	int64_t current = 0;
	bool clashed = false;

	if (look(db, b, &r, &current, &clashed, e) == -1 ||
	    decide(db, b, &r, current, clashed, sense, e) == -1)
		return -1;
	if (*sense == BEAT_STALE)
		return 0;
	if (note_epochs(db, b, e) == -1)
		return -1;
	return note_bot(db, b, r.id, *sense == BEAT_CLASHED, e);
}

int
bots_deregister(struct db *db, int64_t bot, uint64_t epoch, struct err *e)
{
	return db_run(db, e,
	    "UPDATE bot SET state = 'left', free = 0 WHERE "
	    "id = ? AND state <> 'clashed' AND epoch = (SELECT id FROM epoch "
	    "WHERE bot = bot.id AND epoch = ?)",
	    "it", bot, text_hex64(epoch).text);
}

int
bots_forgive(struct db *db, uint64_t up_ms, struct err *e)
{
	if (db_run(db, e, "UPDATE bot SET seen_up = ?1, clash_up = ?1", "i",
		(int64_t)up_ms) == -1)
		return -1;
	return db_run(db, e, "UPDATE epoch SET beat_up = ?1 WHERE beat_up > 0",
	    "i", (int64_t)up_ms);
}

/* ---- time ------------------------------------------------------------ */

/* A clash is over when one epoch alone has beaten for a while. */
static int
end_clashes(struct db *db, uint64_t up_ms,
    void (*changed)(void *, int64_t, const char *), void *arg, struct err *e)
{
	int64_t since = (int64_t)up_ms - (int64_t)leases_times(db)->clash_ms;
	sqlite3_stmt *row;
	int64_t bot;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id FROM bot b WHERE "
	    "b.state = 'clashed' AND b.clash_up < ?1 AND (SELECT count(*) "
	    "FROM epoch e WHERE e.bot = b.id AND e.beat_up > ?1) = 1",
	    "i", since);
	for (; got == 1; got = db_next(db, e, row)) {
		bot = sqlite3_column_int64(row, 0);
		if (db_run(db, e,
			"UPDATE epoch SET state = CASE WHEN beat_up "
			"> ?2 THEN 'live' ELSE 'superseded' END WHERE bot = ?1 "
			"AND state <> 'data'",
			"ii", bot, since) == -1 ||
		    db_run(db, e,
			"UPDATE bot SET state = 'up', epoch = "
			"(SELECT id FROM epoch WHERE bot = ?1 AND beat_up > "
			"?2) "
			"WHERE id = ?1",
			"ii", bot, since) == -1) {
			db_end(row);
			return -1;
		}
		changed(arg, bot, "up");
	}
	return got;
}

static int
age(struct db *db, int64_t since, const char *from, const char *to,
    void (*changed)(void *, int64_t, const char *), void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int64_t bot;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id FROM bot WHERE state = ? AND "
	    "seen_up < ?",
	    "ti", from, since);
	for (; got == 1; got = db_next(db, e, row)) {
		bot = sqlite3_column_int64(row, 0);
		if (db_run(db, e, "UPDATE bot SET state = ? WHERE id = ?", "ti",
			to, bot) == -1) {
			db_end(row);
			return -1;
		}
		changed(arg, bot, to);
	}
	return got;
}

int
bots_tick(struct db *db, uint64_t up_ms, uint64_t heartbeat_ms,
    void (*changed)(void *arg, int64_t bot, const char *state), void *arg,
    struct err *e)
{
	const struct lease_times *times = leases_times(db);
	int64_t now = (int64_t)up_ms, beat = (int64_t)heartbeat_ms;

	if (end_clashes(db, up_ms, changed, arg, e) == -1 ||
	    age(db, now - times->lost_beats * beat, "late", "lost", changed,
		arg, e) == -1)
		return -1;
	return age(
	    db, now - times->late_beats * beat, "up", "late", changed, arg, e);
}
