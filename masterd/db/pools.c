/*
 * Ephemeral bots on their way out.  Their rows stay, for units and sightings
 * name them, but they lose the texts that only people read, which a register
 * brings again; what the planner matches stays, for one that was silent for
 * long goes on without a register.
 */
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/pools.h"

/* One that was forgotten before and came back is counted already. */
int
pools_add(struct db *db, int64_t bot, struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO pool (account, name, bots, leases, execs, cpu_ms, "
		"first_ms, last_ms) SELECT account, pool, forgotten_ms = 0, "
		"leases, execs, cpu_ms, added_ms, max(seen_ms, added_ms) FROM "
		"bot WHERE id = ? AND pool <> '' ON CONFLICT (account, name) "
		"DO UPDATE SET bots = bots + excluded.bots, leases = leases + "
		"excluded.leases, execs = execs + excluded.execs, cpu_ms = "
		"cpu_ms + excluded.cpu_ms, first_ms = min(first_ms, "
		"excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)",
		"i", bot) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET leases = 0, execs = 0, cpu_ms = 0 WHERE id = ? AND "
	    "pool <> ''",
	    "i", bot);
}

static int
fold(struct db *db, const struct pools_turn *t, int64_t bot, struct err *e)
{
	const struct lease_back back = {
	    bot, false, "expired", "its bot was forgotten"};

	if (leases_end_bot(db, &back, &t->turn, e) == -1 ||
	    pools_add(db, bot, e) == -1 ||
	    db_run(db, e,
		"UPDATE bot SET state = 'forgotten', forgotten_ms = ?, "
		"forgotten_serial = serial, failures = 0, failed_task = 0, "
		"rest_up = 0, said = '', os = '', cpu = '', engine_facts = '', "
		"program = '' WHERE id = ?",
		"ii", (int64_t)t->turn.now_ms, bot) == -1)
		return -1;
	return bots_tell(db, bot, "master", "bot.forgotten",
	    "an ephemeral bot that is gone", e);
}

int
pools_fold(struct db *db, const struct pools_turn *t, struct err *e)
{
	struct rows bots;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, 0 FROM bot WHERE pool <> '' AND state <> 'forgotten' "
	    "AND state IN ('new', 'left', 'lost') AND max(seen_ms, added_ms) < "
	    "? LIMIT ?",
	    "ii", (int64_t)t->turn.now_ms - (int64_t)t->age_ms,
	    (int64_t)t->most);
	got = rows_take(&bots, db, got, row, e);
	for (i = 0; i < bots.count && got == 0; i++)
		got = fold(db, t, bots.list[i][0], e);
	i = bots.count;
	rows_free(&bots);
	return got == -1 ? -1 : (int)i;
}
