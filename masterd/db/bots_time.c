/*
 * What silence means: late, lost, and clashes that are over.  How long anything
 * takes: leases.h.
 *
 * A bot that is off was expected to fall silent.  It is lost when it is not
 * back at the time that it named, and as long after that as any other may be
 * silent; the clock on the wall says when that is, for it goes on while the
 * master is away.
 */
#include <stdio.h>

#include "masterd/db/bots.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases_internal.h"

/* A clash is over when one epoch alone has beaten for a while. */
static int
end_clash(struct db *db, int64_t bot, int64_t since, struct err *e)
{
	if (db_run(db, e,
		"UPDATE epoch SET state = CASE WHEN beat_up > ?2 THEN 'live' "
		"ELSE 'superseded' END WHERE bot = ?1 AND state <> 'data'",
		"ii", bot, since) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE bot SET state = 'up', epoch = (SELECT id FROM epoch WHERE "
	    "bot = ?1 AND beat_up > ?2) WHERE id = ?1",
	    "ii", bot, since);
}

static int
became(struct db *db, const struct bots_turn *turn, int64_t bot,
    const char *event, const char *detail, struct err *e)
{
	if (bots_tell(db, bot, "master", event, detail, e) == -1)
		return -1;
	turn->changed(turn->arg, bot, event);
	return 0;
}

static int
end_clashes(struct db *db, const struct bots_turn *turn, struct err *e)
{
	int64_t since =
	    (int64_t)turn->up_ms - (int64_t)leases_times(db)->clash_ms;
	struct rows bots;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT b.id, 0 FROM bot b WHERE "
	    "b.state = 'clashed' AND b.state <> 'forgotten' AND b.clash_up < "
	    "?1 AND (SELECT count(*) "
	    "FROM epoch e WHERE e.bot = b.id AND e.beat_up > ?1) = 1",
	    "i", since);
	got = rows_take(&bots, db, got, row, e);
	for (i = 0; i < bots.count && got == 0; i++) {
		got = end_clash(db, bots.list[i][0], since, e);
		if (got == 0)
			got = became(db, turn, bots.list[i][0], "bot.back",
			    "it was clashed", e);
	}
	rows_free(&bots);
	return got;
}

/* "sql" finds those that are due: ?1 up-time, ?2 wall time before which. */
static int
age(struct db *db, const struct bots_turn *turn, const char *sql,
    unsigned beats, const char *to, struct err *e)
{
	int64_t silent = (int64_t)beats * (int64_t)turn->heartbeat_ms;
	char event[16];
	struct rows bots;
	sqlite3_stmt *row;
	size_t i;
	int got;

	/* noted: bot.late bot.lost */
	snprintf(event, sizeof(event), "bot.%s", to);
	got = db_query(db, e, &row, sql, "ii", (int64_t)turn->up_ms - silent,
	    (int64_t)turn->now_ms - silent);
	got = rows_take(&bots, db, got, row, e);
	for (i = 0; i < bots.count && got == 0; i++) {
		got = db_run(db, e, "UPDATE bot SET state = ? WHERE id = ?",
		    "ti", to, bots.list[i][0]);
		if (got == 0)
			got = became(db, turn, bots.list[i][0], event, "", e);
	}
	rows_free(&bots);
	return got;
}

static const char late_to_lost[] =
    "SELECT id, 0 FROM bot WHERE state = 'late' AND state <> 'forgotten' AND "
    "seen_up < ?1 AND ?2 <> 0";

static const char up_to_late[] =
    "SELECT id, 0 FROM bot WHERE state = 'up' AND state <> 'forgotten' AND "
    "seen_up < ?1 AND ?2 <> 0";

/* One that could not say when it is back has a day. */
static const char off_to_lost[] =
    "SELECT id, 0 FROM bot WHERE state = 'off' AND state <> 'forgotten' AND "
    "seen_up < ?1 AND CASE "
    "off_until_ms WHEN 0 THEN seen_ms + 86400000 ELSE off_until_ms END < ?2";

int
bots_tick(struct db *db, const struct bots_turn *turn, struct err *e)
{
	const struct lease_times *times = leases_times(db);

	if (end_clashes(db, turn, e) == -1 ||
	    age(db, turn, late_to_lost, times->lost_beats, "lost", e) == -1 ||
	    age(db, turn, off_to_lost, times->lost_beats, "lost", e) == -1)
		return -1;
	return age(db, turn, up_to_late, times->late_beats, "late", e);
}

int
bots_forgive(struct db *db, uint64_t up_ms, struct err *e)
{
	int64_t longest = (int64_t)leases_times(db)->rest.max_ms;

	if (db_run(db, e,
		"UPDATE bot SET seen_up = ?1, clash_up = ?1 WHERE state <> "
		"'forgotten'",
		"i", (int64_t)up_ms) == -1 ||
	    /* Up-time starts anew with each boot: nobody rests for the old. */
	    db_run(db, e,
		"UPDATE bot SET rest_up = ?1 + ?2 WHERE rest_up > ?1 + ?2",
		"ii", (int64_t)up_ms, longest) == -1)
		return -1;
	return db_run(db, e, "UPDATE epoch SET beat_up = ?1 WHERE beat_up > 0",
	    "i", (int64_t)up_ms);
}
