/*
 * Drain, resume, forget, write off.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "masterd/db/bots.h"
#include "masterd/db/bots_change.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"
#include "masterd/db/pools.h"

struct bot_row {
	char name[NAME_MAX_LEN + 1], state[16], drained_by[80];
	bool drained;
	int64_t failures;
};

static int
load(struct db *db, int64_t bot, struct bot_row *b, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT name, state, drained, drained_by, failures FROM bot WHERE "
	    "id = ?",
	    "i", bot);

	if (got != 1)
		return got == 0 ? err_set(e, ERR_NOT_FOUND, "no such bot") : -1;
	text_copy(b->name, sizeof(b->name), db_text(row, 0));
	text_copy(b->state, sizeof(b->state), db_text(row, 1));
	b->drained = sqlite3_column_int(row, 2);
	text_copy(b->drained_by, sizeof(b->drained_by), db_text(row, 3));
	b->failures = sqlite3_column_int64(row, 4);
	db_end(row);
	return 0;
}

static bool
is_one_of(const char *state, const char *const *states)
{
	for (; *states != NULL; states++)
		if (strcmp(*states, state) == 0)
			return true;
	return false;
}

static int
tell(struct db *db, const struct bot_act *act, const char *what, struct err *e)
{
	return bots_tell(db, act->bot, act->by, what, act->reason, e);
}

/* ---- drain ----------------------------------------------------------- */

static int
take_back(struct db *db, const struct bot_act *act, bool now, struct err *e)
{
	struct lease_back back = {act->bot, !now, "cancelled", NULL};
	char reason[400];

	snprintf(reason, sizeof(reason), "its bot is drained by %s%s%.300s",
	    act->by, *act->reason == '\0' ? "" : ": ", act->reason);
	back.reason = reason;
	return leases_end_bot(db, &back, act->turn, e);
}

int
bots_drain(struct db *db, const struct bot_act *act, bool now, struct err *e)
{
	struct bot_row b;

	if (load(db, act->bot, &b, e) == -1)
		return -1;
	if (b.drained && !now)
		return err_set(e, ERR_CONFLICT,
		    "bot %s is drained already, by %s", b.name, b.drained_by);
	if (db_run(db, e,
		"UPDATE bot SET drained = 1, drain_reason = ?, drained_by = ?, "
		"drained_ms = ? WHERE id = ?",
		"ttii", act->reason, act->by, (int64_t)act->turn->now_ms,
		act->bot) == -1 ||
	    take_back(db, act, now, e) == -1)
		return -1;
	return tell(db, act, "bot.drained", e);
}

int
bots_resume(struct db *db, const struct bot_act *act, struct err *e)
{
	struct bot_row b;

	if (load(db, act->bot, &b, e) == -1)
		return -1;
	if (!b.drained && b.failures == 0)
		return err_set(e, ERR_CONFLICT,
		    "bot %s is neither drained nor does it rest: there is "
		    "nothing to resume",
		    b.name);
	if (db_run(db, e,
		"UPDATE bot SET drained = 0, drain_reason = '', drained_by = "
		"'', drained_ms = 0, failures = 0, failed_task = 0, rest_up = "
		"0 WHERE id = ?",
		"i", act->bot) == -1)
		return -1;
	return tell(db, act, "bot.resumed", e);
}

/* ---- forget ---------------------------------------------------------- */

int
bots_forget(struct db *db, const struct bot_act *act, struct err *e)
{
	static const char *const alive[] = {"up", "off", "clashed", NULL};
	const struct lease_back back = {
	    act->bot, false, "expired", "its bot was forgotten"};
	struct bot_row b;

	if (load(db, act->bot, &b, e) == -1)
		return -1;
	if (strcmp(b.state, "forgotten") == 0)
		return err_set(
		    e, ERR_CONFLICT, "bot %s is forgotten already", b.name);
	if (!b.drained && is_one_of(b.state, alive))
		return err_set(e, ERR_CONFLICT,
		    "bot %s is %s: drain it first, or stop it and wait until "
		    "it has left or is late",
		    b.name, b.state);
	if (leases_end_bot(db, &back, act->turn, e) == -1 ||
	    pools_add(db, act->bot, e) == -1 ||
	    db_run(db, e,
		"UPDATE bot SET state = 'forgotten', forgotten_ms = ?, "
		"forgotten_serial = serial WHERE id = ?",
		"ii", (int64_t)act->turn->now_ms, act->bot) == -1)
		return -1;
	return tell(db, act, "bot.forgotten", e);
}

/* ---- write off ------------------------------------------------------- */

static int
all_epochs(struct db *db, const struct bot_act *act, const char *why,
    uint64_t *count, struct err *e)
{
	int64_t epoch = 0;
	uint64_t n;
	int got;

	while ((got = db_number(db, e, &epoch,
		    "SELECT id FROM epoch WHERE bot = ? AND id > ? ORDER BY id "
		    "LIMIT 1",
		    "ii", act->bot, epoch)) == 1) {
		if (ledger_write_off(db, epoch, why, &n, e) == -1)
			return -1;
		*count += n;
	}
	return got;
}

static int
one_epoch(struct db *db, const struct bot_act *act, uint64_t epoch,
    const char *why, uint64_t *count, struct err *e)
{
	int64_t row;
	int got = db_number(db, e, &row,
	    "SELECT id FROM epoch WHERE bot = ? AND epoch = ?", "it", act->bot,
	    text_hex64(epoch).text);

	if (got == 0)
		return err_set(e, ERR_NOT_FOUND,
		    "epoch: the bot has no epoch %s", text_hex64(epoch).text);
	return got == -1 ? -1 : ledger_write_off(db, row, why, count, e);
}

int
bots_write_off(struct db *db, const struct bot_act *act, uint64_t epoch,
    uint64_t *count, struct err *e)
{
	static const char *const gone[] = {"lost", "left", "forgotten", NULL};
	struct bot_row b;
	char why[400];

	*count = 0;
	if (load(db, act->bot, &b, e) == -1)
		return -1;
	if (!is_one_of(b.state, gone))
		return err_set(e, ERR_CONFLICT,
		    "bot %s is %s: what it has may still come; a bot is "
		    "written "
		    "off when it is lost, has left or is forgotten",
		    b.name, b.state);
	snprintf(why, sizeof(why), "%s%s%.300s", act->by,
	    *act->reason == '\0' ? "" : ": ", act->reason);
	if ((epoch == 0 ? all_epochs(db, act, why, count, e)
			: one_epoch(db, act, epoch, why, count, e)) == -1)
		return -1;
	if (*count == 0)
		return 0;
	snprintf(why, sizeof(why), "%" PRIu64 " bundle%s%s%.300s", *count,
	    *count == 1 ? "" : "s", *act->reason == '\0' ? "" : ": ",
	    act->reason);
	return bots_tell(db, act->bot, act->by, "bot.written_off", why, e);
}
