/*
 * From the word of one host to the fate of a build: a verdict judges a target
 * (build_target), the last target judges the build, and jobs follow.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "masterd/db/checks.h"
#include "masterd/db/follow.h"
#include "masterd/db/leases_internal.h"

/* A kind of host counts as known so long after its last bot was heard of. */
#define KNOWN_MS (7ull * 24 * 60 * 60 * 1000)

#define WARNINGS_MAX 4096

/* ---- pure --------------------------------------------------------------- */

enum check_next
checks_decide(const struct check_facts *f)
{
	if (f->said == CHECK_GOOD)
		return CHECK_THEN_GOOD;
	/* What runs its neighbour can run it: then it is the target. */
	if (f->said == CHECK_BAD || f->good_here) {
		if (f->others > 0 || (f->times > 1 && f->up == 0))
			return CHECK_THEN_BAD;
		return CHECK_THEN_AGAIN;
	}
	if (f->kinds > 0)
		return CHECK_THEN_AGAIN;
	return f->untried > 0 ? CHECK_THEN_LIFT : CHECK_THEN_NO_HOST;
}

bool
checks_build_is_bad(unsigned targets, unsigned bad)
{
	return bad > 0 && (bad >= targets || (bad > 1 && bad > targets / 10));
}

/* ---- tasks -------------------------------------------------------------- */

int
checks_start(struct db *db, int64_t build, uint64_t now_ms, unsigned *made,
    struct err *e)
{
	struct rows targets;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT bt.target, 0 FROM build_target bt JOIN build u ON u.id = "
	    "bt.build WHERE u.id = ?1 AND u.state = 'new' AND bt.state = "
	    "'new' AND NOT EXISTS (SELECT 1 FROM task t WHERE t.build = ?1 "
	    "AND t.target = bt.target AND t.kind = 'check' AND t.state IN "
	    "('ready', 'leased')) ORDER BY bt.target",
	    "i", build);
	got = rows_take(&targets, db, got, row, e);
	for (i = 0; i < targets.count && got == 0; i++)
		got = db_run(db, e,
		    "INSERT INTO task (task, kind, target, build, created_ms) "
		    "VALUES (?, 'check', ?, ?, ?)",
		    "tiii", db_new_id().text, targets.list[i][0], build,
		    (int64_t)now_ms);
	if (made != NULL)
		*made = (unsigned)i;
	rows_free(&targets);
	return got;
}

int
checks_stop(struct db *db, int64_t build, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	struct rows tasks;
	sqlite3_stmt *row;
	size_t i;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, 0 FROM task WHERE build = ? AND kind = 'check' AND "
	    "state IN ('ready', 'leased', 'parked')",
	    "i", build);
	got = rows_take(&tasks, db, got, row, e);
	for (i = 0; i < tasks.count && got == 0; i++)
		if (leases_cancel_task(db, tasks.list[i][0], reason, turn, e) ==
			-1 ||
		    db_run(db, e,
			"UPDATE task SET state = 'cancelled', reason = "
			"ltrim(reason || '; ' || ?, '; '), ended_ms = ? WHERE "
			"id = ?",
			"tii", reason, (int64_t)turn->now_ms,
			tasks.list[i][0]) == -1)
			got = -1;
	rows_free(&tasks);
	return got;
}

/* ---- the build ---------------------------------------------------------- */

/* "2 of 15 targets are bad: inflate: ..." */
static int
say_bad(struct db *db, int64_t build, unsigned targets, unsigned bad,
    struct buf *out, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT t.name, bt.reason FROM build_target bt JOIN target t ON "
	    "t.id = bt.target WHERE bt.build = ? AND bt.state = 'bad' ORDER "
	    "BY t.name LIMIT 1",
	    "i", build);
	if (got != 1)
		return got;
	if (targets > 1)
		buf_printf(out, "%u of %u targets %s bad: ", bad, targets,
		    bad == 1 ? "is" : "are");
	buf_printf(out, "%s: %s", db_text(row, 0), db_text(row, 1));
	db_end(row);
	return 0;
}

static int
put_build(struct db *db, int64_t build, const char *state, const char *said,
    const struct lease_turn *turn, struct err *e)
{
	bool bad = strcmp(state, "bad") == 0;

	if (db_run(db, e,
		"UPDATE build SET state = ?, reason = ?, judged_ms = ? WHERE "
		"id = ?",
		"ttii", state, bad ? said : "", (int64_t)turn->now_ms,
		build) == -1)
		return -1;
	/* noted: build.good build.bad */
	return db_run(db, e,
	    "INSERT INTO event (at_ms, who, what, subject, detail, trace) "
	    "SELECT ?, 'master', 'build.' || state, 'build:' || "
	    "lower(hex(sha256)), ?, ? FROM build WHERE id = ?",
	    "itti", (int64_t)turn->now_ms, said, db_trace(db), build);
}

/* One more of its targets is judged: is it, too? */
static int
judge_build(
    struct db *db, int64_t build, const struct lease_turn *turn, struct err *e)
{
	unsigned targets, bad, open;
	struct buf said = BUF_INIT;
	sqlite3_stmt *row;
	bool is_bad;
	int got;

	got = db_query(db, e, &row,
	    "SELECT count(*), sum(bt.state = 'bad'), sum(bt.state = 'new') "
	    "FROM build_target bt JOIN build u ON u.id = bt.build WHERE u.id "
	    "= ? AND u.state = 'new' GROUP BY u.id",
	    "i", build);
	if (got != 1)
		return got; /* removed, or judged, meanwhile */
	targets = (unsigned)sqlite3_column_int64(row, 0);
	bad = (unsigned)sqlite3_column_int64(row, 1);
	open = (unsigned)sqlite3_column_int64(row, 2);
	db_end(row);
	is_bad = checks_build_is_bad(targets, bad);
	if (open > 0 && !is_bad)
		return 0;
	got = say_bad(db, build, targets, bad, &said, e);
	if (got == 0)
		got = put_build(db, build, is_bad ? "bad" : "good",
		    buf_text(&said), turn, e);
	buf_release(&said);
	if (got == -1 ||
	    checks_stop(db, build, "its build is judged", turn, e) == -1)
		return -1;
	return follow_build(db, build, turn, e);
}

/* ---- a target ----------------------------------------------------------- */

static int
judge_target(struct db *db, const struct lease_row *l, const char *state,
    const char *reason, const char *warnings, const struct lease_turn *turn,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE build_target SET state = ?, reason = ?, warnings = ?, "
		"edges = ?, features = ?, calls = ?, dict = ?, seeds = ? "
		"WHERE build = ? AND target = ?",
		"tttiiiiiii", state, reason, warnings, l->edges, l->features,
		l->calls, l->dict, l->seeds, l->build, l->target) == -1 ||
	    task_end(db, l->task, "done", "", turn->now_ms, e) == -1)
		return -1;
	return judge_build(db, l->build, turn, e);
}

int
checks_hopeless(struct db *db, const struct lease_row *l, const char *what,
    const char *reason, const struct lease_turn *turn, struct err *e)
{
	char text[700];

	snprintf(text, sizeof(text), "%s%s %s", what,
	    strcmp(what, "its check") == 0 ? "" : ":", reason);
	return judge_target(db, l, "bad", text, "", turn, e);
}

/* What the bot said, and that others said otherwise. */
static int
warn(struct db *db, const struct lease_row *l, struct buf *out, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	buf_adds(out, l->said);
	got = db_query(db, e, &row,
	    "SELECT b.name, v.reason FROM build_verdict v JOIN bot b ON b.id "
	    "= v.bot WHERE v.build = ? AND v.target = ? AND v.verdict = 'bad' "
	    "ORDER BY b.name",
	    "ii", l->build, l->target);
	for (; got == 1; got = db_next(db, e, row))
		if (out->len < WARNINGS_MAX)
			buf_printf(out, "%sbot %s called it bad: %s",
			    out->len > 0 ? "\n" : "", db_text(row, 0),
			    db_text(row, 1));
	return got;
}

/* ---- the word of one host ----------------------------------------------- */

static int
note_verdict(struct db *db, const struct lease_row *l, const char *verdict,
    const char *reason, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO build_verdict (build, target, bot, verdict, reason, "
	    "at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
	    "count = CASE WHEN verdict = ?4 THEN count + 1 ELSE 1 END, "
	    "verdict = ?4, reason = ?5, at_ms = ?6",
	    "iiitti", l->build, l->target, l->bot, verdict, reason,
	    (int64_t)now_ms);
}

static int
note_mark(struct db *db, const struct lease_row *l, const char *reason,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT INTO build_host (build, host_class, reason, at_ms) VALUES "
	    "(?, ?, ?, ?) ON CONFLICT DO NOTHING",
	    "itti", l->build, l->host_class, reason, (int64_t)now_ms);
}

/* A host of this kind has found some target of the build good. */
static int
good_here(struct db *db, const struct lease_row *l, bool *good, struct err *e)
{
	int64_t value;

	if (db_number(db, e, &value,
		"SELECT EXISTS (SELECT 1 FROM build_verdict v JOIN bot b ON "
		"b.id = v.bot WHERE v.build = ? AND v.verdict = 'good' AND "
		"b.host_class = ?)",
		"it", l->build, l->host_class) != 1)
		return -1;
	*good = value != 0;
	return 0;
}

static int
count_bots(struct db *db, const struct lease_row *l, struct check_facts *f,
    struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT coalesce((SELECT count FROM build_verdict WHERE build = "
	    "?1 AND target = ?2 AND bot = ?3 AND verdict = 'bad'), 0), "
	    "(SELECT count(*) FROM build_verdict WHERE build = ?1 AND target "
	    "= ?2 AND bot <> ?3 AND verdict = 'bad'), (SELECT count(*) FROM "
	    "bot b, build u WHERE u.id = ?1 AND b.id <> ?3 AND b.state = 'up' "
	    "AND b.holds = 0 AND b.drained = 0 AND" SQL_COULD
	    "AND NOT EXISTS (SELECT 1 FROM build_host h WHERE h.build = ?1 "
	    "AND h.host_class = b.host_class))",
	    "iii", l->build, l->target, l->bot);
	if (got != 1)
		return -1;
	f->times = (unsigned)sqlite3_column_int64(row, 0);
	f->others = (unsigned)sqlite3_column_int64(row, 1);
	f->up = (unsigned)sqlite3_column_int64(row, 2);
	db_end(row);
	return 0;
}

/* Kinds of host that could: without a mark, and those this task has not met. */
static int
count_kinds(struct db *db, const struct lease_row *l, uint64_t now_ms,
    struct check_facts *f, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "WITH kind AS (SELECT DISTINCT b.host_class FROM bot b, build u "
	    "WHERE u.id = ?1 AND" SQL_COULD
	    "AND (b.state IN ('up', 'late') OR (b.seen_ms > ?3 AND b.state <> "
	    "'forgotten'))) SELECT "
	    "(SELECT count(*) FROM kind WHERE host_class NOT IN (SELECT "
	    "host_class FROM build_host WHERE build = ?1)), (SELECT count(*) "
	    "FROM kind WHERE host_class NOT IN (SELECT b.host_class FROM "
	    "lease l JOIN bot b ON b.id = l.bot WHERE l.task = ?2 AND "
	    "l.verdict = 'incompatible'))",
	    "iii", l->build, l->task, (int64_t)now_ms - (int64_t)KNOWN_MS);
	if (got != 1)
		return -1;
	f->kinds = (unsigned)sqlite3_column_int64(row, 0);
	f->untried = (unsigned)sqlite3_column_int64(row, 1);
	db_end(row);
	return 0;
}

/* Note it, and gather what else is known. */
static int
learn(struct db *db, const struct lease_row *l, const char *reason,
    uint64_t now_ms, struct check_facts *f, struct err *e)
{
	memset(f, 0, sizeof(*f));
	if (check_verdict_parse(&f->said, l->verdict) == -1)
		return err_set(
		    e, ERR_BUG, "'%s' is no verdict of a check", l->verdict);
	if (good_here(db, l, &f->good_here, e) == -1)
		return -1;
	if (f->said == CHECK_GOOD)
		return note_verdict(db, l, "good", "", now_ms, e);
	if (f->said == CHECK_BAD || f->good_here) {
		if (note_verdict(db, l, "bad", reason, now_ms, e) == -1)
			return -1;
		return count_bots(db, l, f, e);
	}
	if (note_mark(db, l, reason, now_ms, e) == -1)
		return -1;
	return count_kinds(db, l, now_ms, f, e);
}

/* On another bot, where there is one; no failure is counted. */
static int
again(struct db *db, const struct lease_row *l, const char *reason,
    uint64_t up_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE task SET state = 'ready', failures = 0, lost = 0, "
	    "ready_up = ?, last_bot = ?, reason = ? WHERE id = ? AND state = "
	    "'leased'",
	    "iiti", (int64_t)up_ms, l->bot, reason, l->task);
}

/* It runs here, whatever a neighbour of it said. */
static int
found_good(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e)
{
	struct buf warnings = BUF_INIT;
	int got = warn(db, l, &warnings, e);

	if (got == 0)
		got = db_run(db, e,
		    "DELETE FROM build_host WHERE build = ? AND host_class = "
		    "?",
		    "it", l->build, l->host_class);
	if (got == 0)
		got = judge_target(
		    db, l, "good", "", buf_text(&warnings), turn, e);
	buf_release(&warnings);
	return got;
}

/* No kind of host runs this one; its neighbours speak for themselves. */
static int
found_no_host(struct db *db, const struct lease_row *l, const char *reason,
    const struct lease_turn *turn, struct err *e)
{
	char text[700];

	snprintf(
	    text, sizeof(text), "no kind of host here can run it: %s", reason);
	if (db_run(db, e,
		"DELETE FROM build_host WHERE build = ?1 AND EXISTS (SELECT 1 "
		"FROM build_target WHERE build = ?1 AND target <> ?2 AND "
		"state = 'new')",
		"ii", l->build, l->target) == -1)
		return -1;
	return judge_target(db, l, "bad", text, "", turn, e);
}

int
checks_said(struct db *db, const struct lease_row *l,
    const struct lease_turn *turn, struct err *e)
{
	struct check_facts f;
	char reason[512];

	lease_why(l, reason, sizeof(reason));
	if (learn(db, l, reason, turn->now_ms, &f, e) == -1)
		return -1;
	switch (checks_decide(&f)) {
	case CHECK_THEN_GOOD:
		return found_good(db, l, turn, e);
	case CHECK_THEN_BAD:
		return judge_target(db, l, "bad", reason, "", turn, e);
	case CHECK_THEN_NO_HOST:
		return found_no_host(db, l, reason, turn, e);
	case CHECK_THEN_LIFT:
		if (db_run(db, e,
			"DELETE FROM build_host WHERE build = ?1 AND "
			"host_class NOT IN (SELECT b.host_class FROM lease l "
			"JOIN bot b ON b.id = l.bot WHERE l.task = ?2 AND "
			"l.verdict = 'incompatible')",
			"ii", l->build, l->task) == -1)
			return -1;
		break;
	case CHECK_THEN_AGAIN:
		break;
	}
	return again(db, l, reason, turn->up_ms, e);
}

int
checks_unfit(struct db *db, const struct lease_row *l, uint64_t now_ms,
    bool *unfit, struct err *e)
{
	char reason[512];
	bool good;

	/* Its kind does run it: then something is wrong with this bot. */
	if (good_here(db, l, &good, e) == -1)
		return -1;
	*unfit = !good;
	if (good)
		return 0;
	lease_why(l, reason, sizeof(reason));
	if (note_mark(db, l, reason, now_ms, e) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task SET attempts = max(0, attempts - 1), last_bot = ? "
	    "WHERE id = ?",
	    "ii", l->bot, l->task);
}
