/*
 * Ephemeral bots on their way out.  Their rows stay, for units and sightings
 * name them, but they lose their texts, which a register brings again.
 */
#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/pools.h"

static int
add_up(struct db *db, int64_t bot, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO pool (account, name, bots, leases, execs, cpu_ms, "
	    "first_ms, last_ms) SELECT account, pool, 1, leases, execs, "
	    "cpu_ms, added_ms, max(seen_ms, added_ms) FROM bot WHERE id = ? "
	    "ON CONFLICT (account, name) DO UPDATE SET bots = bots + 1, "
	    "leases = leases + excluded.leases, execs = execs + "
	    "excluded.execs, cpu_ms = cpu_ms + excluded.cpu_ms, first_ms = "
	    "min(first_ms, excluded.first_ms), last_ms = max(last_ms, "
	    "excluded.last_ms)",
	    "i", bot);
}

static int
fold(struct db *db, const struct pools_turn *t, int64_t bot, struct err *e)
{
	const struct lease_back back = {
	    bot, false, "expired", "its bot was forgotten"};

	if (leases_end_bot(db, &back, &t->turn, e) == -1 ||
	    add_up(db, bot, e) == -1 ||
	    db_run(db, e,
		"UPDATE bot SET state = 'forgotten', forgotten_ms = ?, "
		"forgotten_serial = serial, leases "
		"= 0, execs = 0, cpu_ms = 0, failures = 0, failed_task = 0, "
		"rest_up = 0, said = '', os = '', cpu = '', tags = '', "
		"engine_facts = '', program = '' WHERE id = ?",
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
