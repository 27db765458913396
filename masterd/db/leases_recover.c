/*
 * Start-up's look at tasks and leases.  One transaction changes them together,
 * so nothing here is expected of our own kills; restored copies, repaired
 * files and older versions are not bound by that.
 */
#include <string.h>

#include "masterd/db/checks.h"
#include "masterd/db/follow.h"
#include "masterd/db/leases_internal.h"

#define OPEN "state IN ('offered', 'running')"

/* Leases of a task that is over, of a job that is over, and all but the newest
 * of one task. */
static int
cancel_orphans(struct db *db, const struct lease_turn *turn,
    struct lease_recovery *done, struct err *e)
{
	struct rows leases;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.id, l.bot FROM lease l JOIN task t ON t.id = l.task "
	    "LEFT JOIN job j ON j.id = t.job WHERE l." OPEN
	    " AND (t.state NOT IN ('ready', 'leased') OR j.status NOT IN "
	    "('pending', 'running', 'paused') OR EXISTS (SELECT 1 FROM lease n "
	    "WHERE n.task = t.id AND n.id > l.id AND n." OPEN "))",
	    "");
	got = rows_take(&leases, db, got, row, e);
	for (i = 0; i < leases.count && got == 0; i++) {
		got = lease_close(db, leases.list[i][0], "cancelled",
		    "found at start: its task goes on without it", turn->now_ms,
		    e);
		turn_tell(turn, leases.list[i][1]);
	}
	done->cancelled = (unsigned)i;
	rows_free(&leases);
	return got;
}

static int
count_changes(struct db *db, int result, unsigned *count)
{
	*count = result == -1 ? 0 : (unsigned)db_changes(db);
	return result;
}

/* A task and its lease agree on whether it is leased. */
static int
mend_tasks(struct db *db, const struct lease_turn *turn,
    struct lease_recovery *done, struct err *e)
{
	int got;

	got = db_run(db, e,
	    "UPDATE task SET state = 'cancelled', ended_ms = ?, reason = "
	    "'found at start: its job is over' WHERE state IN ('ready', "
	    "'leased', 'parked') AND job IN (SELECT id FROM job WHERE status "
	    "NOT IN ('pending', 'running', 'paused') AND id IN (SELECT job "
	    "FROM task WHERE state IN ('ready', 'leased')))",
	    "i", (int64_t)turn->now_ms);
	if (count_changes(db, got, &done->over) == -1)
		return -1;
	got = db_run(db, e,
	    "UPDATE task SET state = 'ready' WHERE state = 'leased' AND NOT "
	    "EXISTS (SELECT 1 FROM lease l WHERE l.task = task.id AND l." OPEN
	    ")",
	    "");
	if (count_changes(db, got, &done->ready) == -1)
		return -1;
	got = db_run(db, e,
	    "UPDATE task SET state = 'leased' WHERE state = 'ready' AND "
	    "EXISTS (SELECT 1 FROM lease l WHERE l.task = task.id AND l." OPEN
	    ")",
	    "");
	return count_changes(db, got, &done->taken);
}

/* Builds of a version that did not check them, too. */
static int
start_checks(struct db *db, const struct lease_turn *turn,
    struct lease_recovery *done, struct err *e)
{
	struct rows builds;
	sqlite3_stmt *row;
	unsigned made;
	size_t i;
	int got;

	got = db_query(
	    db, e, &row, "SELECT id, 0 FROM build WHERE state = 'new'", "");
	got = rows_take(&builds, db, got, row, e);
	for (i = 0; i < builds.count && got == 0; i++) {
		got =
		    checks_start(db, builds.list[i][0], turn->now_ms, &made, e);
		done->checks += made;
	}
	rows_free(&builds);
	return got;
}

int
leases_recover(struct db *db, const struct lease_turn *turn,
    struct lease_recovery *done, struct err *e)
{
	int64_t kept;

	memset(done, 0, sizeof(*done));
	if (cancel_orphans(db, turn, done, e) == -1 ||
	    mend_tasks(db, turn, done, e) == -1 ||
	    start_checks(db, turn, done, e) == -1 ||
	    leases_forgive(db, turn->up_ms, e) == -1 ||
	    db_number(db, e, &kept, "SELECT count(*) FROM lease WHERE " OPEN,
		"") != 1)
		return -1;
	done->kept = (unsigned)kept;
	return follow_all(db, turn, e);
}
