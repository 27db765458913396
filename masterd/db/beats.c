/*
 * Heartbeats: which epoch of a bot is alive, and what it still has.
 *
 * Only beats make an epoch live.  The first beat of a new epoch supersedes the
 * old one; a superseded epoch that then beats with a higher number shows that
 * two bots share the name (PROTOCOL 28).  While they do, nobody gets leases
 * and everybody's data is taken.
 *
 * A beat makes a bot up, or off when it says so; what was something else before
 * is an event.  What silence means: bots_time.c.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases.h"
#include "masterd/db/ledger.h"

#define AWAY_MOST (366ull * 24 * 60 * 60) /* seconds: more is no hours */

struct epoch_row {
	int64_t id, beat;
	char state[16];
};

/* The bot before this beat. */
struct was {
	int64_t epoch; /* its current one, 0: none */
	char state[16];
	bool clashed;
	int64_t holds, slots;
};

static int
look(struct db *db, const struct beat *b, struct epoch_row *r, struct was *was,
    struct err *e)
{
	sqlite3_stmt *row;
	int got;

	if (ledger_epoch(db, b->bot, b->epoch, b->now_ms, &r->id, e) == -1)
		return -1;
	got = db_query(db, e, &row,
	    "SELECT e.beat, e.state, "
	    "coalesce(b.epoch, 0), b.state, b.holds, b.slots FROM epoch e JOIN "
	    "bot b "
	    "ON b.id = e.bot WHERE e.id = ?",
	    "i", r->id);
	if (got != 1)
		return got == 0 ? err_set(e, ERR_BUG, "epoch without bot") : -1;
	r->beat = sqlite3_column_int64(row, 0);
	text_copy(r->state, sizeof(r->state), db_text(row, 1));
	was->epoch = sqlite3_column_int64(row, 2);
	text_copy(was->state, sizeof(was->state), db_text(row, 3));
	was->holds = sqlite3_column_int64(row, 4);
	was->slots = sqlite3_column_int64(row, 5);
	was->clashed = strcmp(was->state, "clashed") == 0;
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
    const struct was *was, enum beat_sense *sense, struct err *e)
{
	*sense = BEAT_LIVE;
	if ((int64_t)b->number <= r->beat)
		*sense = BEAT_STALE;
	else if (was->clashed)
		*sense = BEAT_CLASHED;
	else if (strcmp(r->state, "superseded") == 0)
		*sense = BEAT_CLASHED;
	else if (r->id != was->epoch)
		*sense = BEAT_NEW_EPOCH;
	if (*sense == BEAT_CLASHED && !was->clashed)
		return clash(db, b, was->epoch, e);
	if (*sense == BEAT_NEW_EPOCH)
		return supersede(db, b, was->epoch, r->id, e);
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

/* When it means to be back, by our own clock; 0: it cannot say. */
static int64_t
back_ms(const struct beat *b)
{
	uint64_t seconds = b->n[BEAT_OFF_SECONDS];

	if (b->n[BEAT_OFF] == 0 || seconds == 0)
		return 0;
	return (int64_t)(b->now_ms +
	    (seconds < AWAY_MOST ? seconds : AWAY_MOST) * 1000);
}

static int
note_bot(struct db *db, const struct beat *b, int64_t epoch, struct err *e)
{
	if (db_run(db, e,
		"UPDATE epoch SET beat = ?, beat_up = ?, "
		"last_ms = ? WHERE id = ?",
		"iiii", (int64_t)b->number, (int64_t)b->up_ms,
		(int64_t)b->now_ms, epoch) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET seen_ms = ?, seen_up = ?, said = ?, "
	    "holds = ?, slots = ?, free = ?, load = ?, disk_free = ?, "
	    "outbox_bytes = ?, outbox_files = ?, off_until_ms = ? WHERE id = ?",
	    "iitiiiiiiiii", (int64_t)b->now_ms, (int64_t)b->up_ms, b->why,
	    (int64_t)(b->n[BEAT_HOLD] != 0), (int64_t)b->n[BEAT_SLOTS],
	    (int64_t)b->n[BEAT_FREE], (int64_t)b->n[BEAT_LOAD_PERCENT],
	    (int64_t)b->n[BEAT_DISK_FREE], (int64_t)b->n[BEAT_OUTBOX_BYTES],
	    (int64_t)b->n[BEAT_OUTBOX_FILES], back_ms(b), b->bot);
}

/* What it was offered meanwhile goes back.  Of those that it had begun it says
 * so itself, with what they cost: its complete is on its way. */
static int
went_off(struct db *db, const struct beat *b, struct err *e)
{
	const struct lease_turn turn = turn_of(b);

	const struct lease_back back = {
	    b->bot, true, "cancelled", "the bot is off"};

	return leases_end_bot(db, &back, &turn, e);
}

/* What became of it is an event, once. */
static int
tell_state(struct db *db, const struct beat *b, const char *was,
    const char *state, struct err *e)
{
	bool off = strcmp(state, "off") == 0;
	char detail[400];

	/* Most beats: the index of states has nothing to do. */
	if (strcmp(was, state) == 0)
		return 0;
	if (db_run(db, e, "UPDATE bot SET state = ? WHERE id = ?", "ti", state,
		b->bot) == -1)
		return -1;
	if (!off && strcmp(was, "new") == 0)
		return 0;
	if (off && back_ms(b) != 0)
		snprintf(detail, sizeof(detail), "until %s%s%.300s",
		    clock_rfc3339((uint64_t)back_ms(b)).text,
		    *b->why == '\0' ? "" : ": ", b->why);
	else
		snprintf(detail, sizeof(detail), "%s%.300s",
		    off ? "" : "it was ", off ? b->why : was);
	if (b->outcome != NULL)
		b->outcome->event = off ? "bot.off" : "bot.back";
	if (off && went_off(db, b, e) == -1)
		return -1;
	return bots_tell(
	    db, b->bot, "master", off ? "bot.off" : "bot.back", detail, e);
}

int
bots_beat(
    struct db *db, const struct beat *b, enum beat_sense *sense, struct err *e)
{
	struct epoch_row r;
	struct was was;
	const char *state;

	if (look(db, b, &r, &was, e) == -1 ||
	    decide(db, b, &r, &was, sense, e) == -1)
		return -1;
	if (*sense == BEAT_STALE)
		return 0;
	state = b->n[BEAT_OFF] != 0 ? "off" : "up";
	if (*sense == BEAT_CLASHED)
		state = "clashed";
	if (b->outcome != NULL)
		b->outcome->moved = *sense == BEAT_NEW_EPOCH ||
		    strcmp(state, was.state) != 0 ||
		    was.holds != (b->n[BEAT_HOLD] != 0) ||
		    was.slots != (int64_t)b->n[BEAT_SLOTS];
	if (note_epochs(db, b, e) == -1 || note_bot(db, b, r.id, e) == -1)
		return -1;
	return *sense == BEAT_CLASHED ? 0
				      : tell_state(db, b, was.state, state, e);
}

int
bots_deregister(struct db *db, int64_t bot, uint64_t epoch, const char *reason,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE bot SET state = 'left', free = 0 WHERE "
		"id = ? AND state NOT IN ('clashed', 'forgotten') AND epoch = "
		"(SELECT id FROM epoch WHERE bot = bot.id AND epoch = ?)",
		"it", bot, text_hex64(epoch).text) == -1)
		return -1;
	return db_changes(db) == 0
	    ? 0
	    : bots_tell(db, bot, "master", "bot.left", reason, e);
}
