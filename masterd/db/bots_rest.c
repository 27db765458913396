/*
 * Bots on which one lease after the other fails.
 *
 * A task that fails again and again is the task's fault (tasks.c), and so is
 * one of a job that failed elsewhere before.  When it is another task each time, it may
 * be the bot's: a full disk, a broken cage.  It rests, longer each time, so that
 * it does not burn the tries of every job; checks it still gets, for one that
 * is done shows that it works again.  So does a session that has run for a
 * while: who has one is not to blame.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "masterd/db/bots.h"
#include "masterd/db/leases_internal.h"

#define FAILURES_LEAST 2 /* one alone says nothing about a bot */
#define WELL_SECONDS   60

/* The policy says that it was tried often enough: a person has to look. */
static int
give_up(struct db *db, int64_t bot, int64_t failures, struct err *e)
{
	char reason[80];

	snprintf(reason, sizeof(reason),
	    "%" PRId64 " leases in a row failed on it", failures);
	if (db_run(db, e,
		"UPDATE bot SET drained = 1, drain_reason = ?, drained_by = "
		"'master', drained_ms = ? WHERE id = ? AND drained = 0",
		"tii", reason, (int64_t)clock_wall_ms(), bot) == -1)
		return -1;
	return db_changes(db) == 0
	    ? 0
	    : bots_tell(db, bot, "master", "bot.drained", reason, e);
}

static int
rest(
    struct db *db, int64_t bot, int64_t failures, uint64_t up_ms, struct err *e)
{
	const struct retry_policy *p = &leases_times(db)->rest;
	uint32_t n = (uint32_t)(failures - FAILURES_LEAST + 1);
	uint64_t delay = retry_delay(p, n, random_u64());
	char detail[100];

	if (retry_exhausted(p, n))
		return give_up(db, bot, failures, e);
	snprintf(detail, sizeof(detail),
	    "for %" PRIu64 " s: %" PRId64 " leases in a row failed on it",
	    (delay + 999) / 1000, failures);
	if (db_run(db, e, "UPDATE bot SET rest_up = ? WHERE id = ?", "ii",
		(int64_t)(up_ms + delay), bot) == -1)
		return -1;
	return bots_tell(db, bot, "master", "bot.resting", detail, e);
}

/* Is there somebody else to blame, or a session that does well?  A job all of
 * whose first sessions fail, on every bot at once, is to blame itself: what of
 * it failed elsewhere speaks for the bot, be it another task. */
static int
innocent(struct db *db, const struct lease_row *l, int64_t *yes, struct err *e)
{
	return db_number(db, e, yes,
		   "SELECT EXISTS (SELECT 1 FROM task t JOIN task o ON o.id = "
		   "t.id OR (o.job = t.job AND o.kind = t.kind) WHERE t.id = "
		   "?1 AND o.failures > 0 AND o.last_bot IS NOT ?2) OR EXISTS "
		   "(SELECT 1 FROM lease WHERE bot = ?2 AND state IN "
		   "('offered', 'running') AND state = 'running' AND seconds "
		   ">= ?3)",
		   "iii", l->task, l->bot, (int64_t)WELL_SECONDS) == 1
	    ? 0
	    : -1;
}

int
bots_lease_failed(
    struct db *db, const struct lease_row *l, uint64_t up_ms, struct err *e)
{
	int64_t failures, yes;

	if (innocent(db, l, &yes, e) == -1)
		return -1;
	if (yes)
		return 0;
	if (db_run(db, e,
		"UPDATE bot SET failures = failures + 1, failed_task = ?1 "
		"WHERE id = ?2 AND failed_task <> ?1",
		"ii", l->task, l->bot) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_number(db, e, &failures, "SELECT failures FROM bot WHERE id = ?",
		"i", l->bot) != 1)
		return -1;
	return failures < FAILURES_LEAST ? 0
					 : rest(db, l->bot, failures, up_ms, e);
}

int
bots_lease_done(struct db *db, const struct lease_row *l, struct err *e)
{
	return db_run(db, e,
	    "UPDATE bot SET failures = 0, failed_task = 0, rest_up = 0 WHERE "
	    "id = ? AND (failures > 0 OR failed_task > 0)",
	    "i", l->bot);
}
