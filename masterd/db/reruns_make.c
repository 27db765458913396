/*
 * From what waits to tasks.  People's inputs first; then crashes, of which only
 * a part is looked at in a turn: there may be a million of them, and none is
 * in a hurry.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/leases_internal.h"
#include "masterd/db/reruns_internal.h"
#include "masterd/db/submissions.h"

#define WAITING_MOST 1000 /* inputs handed in that are looked at */
#define NEWEST       200  /* crashes: the newest ... */
#define WINDOW       1000 /* ... and so many others */
#define INPUTS       16   /* crashes a task: each is run many times */
#define SLOTS_EACH   8    /* slots for one more open task */

/* One input that is to be run. */
struct want {
	int64_t target, build, avoid; /* avoid: a bot, 0: none */
	int64_t crash, submission;    /* one of them, the other is 0 */
	struct digest sha256;
	int64_t bytes;
};

struct wants {
	struct want *list;
	size_t count;
};

static void
add(struct wants *w, const struct want *one)
{
	/* Room doubles: it is full whenever the count is a power of 2. */
	if ((w->count & (w->count - 1)) == 0)
		w->list = mem_resize(w->list, w->count == 0 ? 1 : w->count * 2,
		    sizeof(*w->list));
	w->list[w->count++] = *one;
}

/* ---- handed in -------------------------------------------------------- */

#define OPEN_TASK "t.state IN ('ready', 'leased')"

/* The target has a ready task: that one is to go first. */
#define HAS_READY(of)                                              \
	"EXISTS (SELECT 1 FROM task t WHERE t.kind = 'reproduce' " \
	"AND t.state = 'ready' AND t.target = " of ")"

/* target 0: of all. */
static int
gather_submissions(
    struct db *db, int64_t target, struct wants *w, struct err *e)
{
	struct want one = {.avoid = 0};
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT s.target, (SELECT u.id FROM build_target bt JOIN build u "
	    "ON u.id = bt.build WHERE bt.target = s.target AND bt.state = "
	    "'good' AND u.state = 'good' AND u.sanitizer NOT IN (SELECT "
	    "x.sanitizer FROM task_input i JOIN task t ON t.id = i.task JOIN "
	    "build x ON x.id = t.build WHERE i.submission = s.id AND "
	    "t.created_ms >= s.at_ms AND t.state <> 'cancelled') ORDER BY "
	    "u.sanitizer <> 'address', u.sanitizer, u.branch <> 'main', u.ord "
	    "IS NULL, u.ord DESC, u.id DESC LIMIT 1) AS build, s.id, "
	    "s.sha256, s.bytes FROM submission s WHERE s.state = 'waiting' "
	    "AND (?2 = 0 OR s.target = ?2) AND NOT EXISTS (SELECT 1 FROM "
	    "task_input i JOIN task t ON t.id = "
	    "i.task WHERE i.submission = s.id AND " OPEN_TASK ") AND "
	    "NOT " HAS_READY("s.target") " AND build IS NOT NULL ORDER BY "
					 "s.target, build, s.id LIMIT ?1",
	    "ii", (int64_t)WAITING_MOST, target);
	for (; got == 1; got = db_next(db, e, row)) {
		one.target = sqlite3_column_int64(row, 0);
		one.build = sqlite3_column_int64(row, 1);
		one.submission = sqlite3_column_int64(row, 2);
		one.bytes = sqlite3_column_int64(row, 4);
		if (db_digest(row, 3, &one.sha256) == 0)
			add(w, &one);
	}
	return got;
}

/* ---- crashes ---------------------------------------------------------- */

/*
 * The line of a crash is that of the build it was run with first; of one whose
 * builds nobody knows, any of its engine and sanitizer.  Its newest good build
 * is as in follow.c.
 */
#define NEWEST_OF_LINE                                                        \
	"(SELECT u.id FROM build u JOIN build_target bt ON bt.build = u.id "  \
	"AND bt.target = c.target AND bt.state = 'good' WHERE u.project = "   \
	"g.project AND u.engine = c.engine AND u.sanitizer = c.sanitizer "    \
	"AND u.state = 'good' AND u.branch = coalesce((SELECT v.branch FROM " \
	"reproduction r JOIN build v ON v.sha256 = r.build WHERE r.crash = "  \
	"c.id ORDER BY r.at_ms LIMIT 1), u.branch) ORDER BY u.ord IS NULL, "  \
	"u.ord DESC, u.id DESC LIMIT 1)"

/* The one of its bucket that new builds are tried with: as the index
 * crash_best has them, reliable and small. */
#define LIKELIEST                                                         \
	"c.id = (SELECT k.id FROM crash k WHERE k.bucket = c.bucket AND " \
	"(k.has_input < 1) = 0 ORDER BY k.reproduced < k.tries, k.bytes " \
	"LIMIT 1)"

/* At most one bot has run it, and another could. */
#define ALONE                                                                \
	"(SELECT count(DISTINCT r.bot) FROM reproduction r WHERE r.crash = " \
	"w.id) <= 1 AND EXISTS (SELECT 1 FROM bot b, build u WHERE u.id = "  \
	"w.build AND b.state = 'up' AND b.holds = 0 AND b.drained = 0 "      \
	"AND" SQL_COULD                                                      \
	"AND b.id IS NOT (SELECT min(r.bot) FROM reproduction r "            \
	"WHERE r.crash = w.id))"

/* Crashes with ids in a range, the likeliest of each bucket marked. */
#define CANDIDATES                                                             \
	"WITH w AS MATERIALIZED (SELECT c.id, c.target, c.sha256, c.bytes, "   \
	"c.series, " LIKELIEST " AS likeliest, " NEWEST_OF_LINE " AS build "   \
	"FROM crash c JOIN target g ON g.id = c.target JOIN bucket k ON "      \
	"k.id = c.bucket WHERE c.id > ?1 AND c.id <= ?2 AND c.has_input = "    \
	"1 AND k.status = 'open' AND NOT " HAS_READY(                          \
	    "c.target") ") "                                                   \
			"SELECT w.target, w.build, coalesce((SELECT "          \
			"min(r.bot) FROM "                                     \
			"reproduction r WHERE r.crash = w.id), 0), w.id, "     \
			"w.sha256, w.bytes,"                                   \
			" w.series FROM w WHERE w.build IS NOT NULL AND NOT "  \
			"EXISTS (SELECT "                                      \
			"1 FROM task_input i JOIN task t ON t.id = i.task "    \
			"WHERE i.crash = "                                     \
			"w.id AND ((t.build = w.build AND t.state <> "         \
			"'cancelled') OR " OPEN_TASK ")) AND ((" ALONE         \
			") OR (w.likeliest AND NOT EXISTS "                    \
			"(SELECT 1 FROM reproduction r JOIN build u ON "       \
			"u.sha256 = r.build "                                  \
			"WHERE r.crash = w.id AND u.id = w.build))) ORDER BY " \
			"w.target, "                                           \
			"w.build, 3, w.id"

/* All units that come before it are there. */
static int
is_whole(struct db *db, int64_t target, const char *lines, bool *whole,
    struct err *e)
{
	struct digest series[TICKET_MAX_SERIES];
	int i, count = reruns_series(lines, series), got;
	int64_t one;

	*whole = count != -1;
	for (i = 0; i < count; i++) {
		got = db_number(db, e, &one,
		    "SELECT 1 FROM target g JOIN unit u ON u.target = g.id "
		    "WHERE (g.id = ?1 OR g.of = ?1) AND u.sha256 = ?2 LIMIT 1",
		    "id", target, &series[i]);
		if (got == -1)
			return -1;
		if (got == 0)
			*whole = false;
	}
	return 0;
}

static int
gather_crashes(
    struct db *db, int64_t from, int64_t to, struct wants *w, struct err *e)
{
	struct want one = {.submission = 0};
	sqlite3_stmt *row;
	bool whole;
	int got;

	got = db_query(db, e, &row, CANDIDATES, "ii", from, to);
	for (; got == 1; got = db_next(db, e, row)) {
		one.target = sqlite3_column_int64(row, 0);
		one.build = sqlite3_column_int64(row, 1);
		one.avoid = sqlite3_column_int64(row, 2);
		one.crash = sqlite3_column_int64(row, 3);
		one.bytes = sqlite3_column_int64(row, 5);
		if (db_digest(row, 4, &one.sha256) == -1 ||
		    one.bytes > TICKET_INPUT_MAX)
			continue;
		if (is_whole(db, one.target, db_text(row, 6), &whole, e) ==
		    -1) {
			db_end(row);
			return -1;
		}
		if (whole)
			add(w, &one);
	}
	return got;
}

/* The newest, and the next part of the others. */
static int
gather_some(struct db *db, struct wants *w, struct err *e)
{
	int64_t last, from = db->rerun_after, newest;

	if (db_number(db, e, &last, "SELECT coalesce(max(id), 0) FROM crash",
		"") != 1)
		return -1;
	newest = last > NEWEST ? last - NEWEST : 0;
	if (from >= newest)
		from = 0;
	db->rerun_after = from + WINDOW < newest ? from + WINDOW : newest;
	if (gather_crashes(db, newest, last, w, e) == -1)
		return -1;
	return from == db->rerun_after
	    ? 0
	    : gather_crashes(db, from, db->rerun_after, w, e);
}

/* ---- tasks ------------------------------------------------------------ */

static int
make_task(struct db *db, const struct want *w, uint64_t now_ms, int64_t *task,
    struct err *e)
{
	if (db_run(db, e,
		"INSERT INTO task (task, kind, target, build, created_ms, "
		"last_bot) VALUES (?, 'reproduce', ?, ?, ?, nullif(?, 0))",
		"tiiii", db_new_id().text, w->target, w->build, (int64_t)now_ms,
		w->avoid) == -1)
		return -1;
	*task = db_last_id(db);
	return 0;
}

static int
add_input(struct db *db, int64_t task, const struct want *w, struct err *e)
{
	/* One input may be that of several crashes: they take turns. */
	return db_run(db, e,
	    "INSERT OR IGNORE INTO task_input (task, sha256, bytes, crash, "
	    "submission) VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0))",
	    "idiii", task, &w->sha256, w->bytes, w->crash, w->submission);
}

static bool
together(const struct want *a, const struct want *b)
{
	return a->target == b->target && a->build == b->build &&
	    a->avoid == b->avoid;
}

/* In order of targets, builds and bots; one task of a target. */
static int
make_tasks(struct db *db, const struct wants *w, int most, int inputs,
    uint64_t now_ms, struct err *e)
{
	const struct want *first = NULL, *one;
	int made = 0, count = 0;
	int64_t task = 0;
	size_t i;

	for (i = 0; i < w->count; i++) {
		one = &w->list[i];
		if (first == NULL || first->target != one->target) {
			if (made == most)
				break;
			if (make_task(db, one, now_ms, &task, e) == -1)
				return -1;
			first = one;
			made++;
			count = 0;
		}
		if (!together(first, one) || count == inputs)
			continue;
		if (add_input(db, task, one, e) == -1)
			return -1;
		count++;
	}
	return made;
}

/* How many more may be open. */
static int
room(struct db *db, int most, struct err *e)
{
	int64_t slots, open;

	if (db_number(db, e, &slots,
		"SELECT coalesce(sum(slots), 0) FROM bot WHERE state = 'up' "
		"AND owner = 1 AND holds = 0 AND drained = 0",
		"") != 1 ||
	    db_number(db, e, &open,
		"SELECT count(*) FROM task t WHERE t.kind = 'reproduce' "
		"AND " OPEN_TASK,
		"") != 1)
		return -1;
	if (slots == 0 || open >= 1 + slots / SLOTS_EACH)
		return 0;
	open = 1 + slots / SLOTS_EACH - open;
	return open < most ? (int)open : most;
}

/* Of builds that were removed or turned out bad. */
static int
drop_old(struct db *db, uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "UPDATE task SET state = 'cancelled', ended_ms = ?, reason = 'its "
	    "build is not used any more' WHERE kind = 'reproduce' AND state = "
	    "'ready' AND build IN (SELECT id FROM build WHERE state <> "
	    "'good')",
	    "i", (int64_t)now_ms);
}

static int
order_wants(const void *x, const void *y)
{
	const struct want *a = x, *b = y;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (a->build != b->build)
		return a->build < b->build ? -1 : 1;
	if (a->avoid != b->avoid)
		return a->avoid < b->avoid ? -1 : 1;
	return a->crash < b->crash ? -1 : a->crash > b->crash;
}

int
reruns_make(struct db *db, int most, uint64_t now_ms, struct err *e)
{
	struct wants handed_in = {NULL, 0}, crashes = {NULL, 0};
	int made = 0, left, got;

	if (drop_old(db, now_ms, e) == -1 || (left = room(db, most, e)) == -1)
		return -1;
	if (left == 0)
		return 0;
	got = gather_submissions(db, 0, &handed_in, e);
	if (got == 0)
		got = made = make_tasks(
		    db, &handed_in, left, TICKET_MAX_INPUTS, now_ms, e);
	left -= made;
	if (got != -1 && left > 0)
		got = gather_some(db, &crashes, e);
	if (got != -1 && crashes.count > 0) {
		qsort(crashes.list, crashes.count, sizeof(*crashes.list),
		    order_wants);
		got = make_tasks(db, &crashes, left, INPUTS, now_ms, e);
		made += got;
	}
	free(handed_in.list);
	free(crashes.list);
	return got == -1 ? -1 : made;
}

int
reruns_make_for(struct db *db, int64_t target, uint64_t now_ms, struct err *e)
{
	struct wants handed_in = {NULL, 0};
	int64_t one;
	int got, left;

	got = db_number(
	    db, e, &one, "SELECT 1 WHERE " HAS_READY("?1"), "i", target);
	if (got != 0)
		return got == -1 ? -1 : 0;
	if ((left = room(db, 1, e)) < 1)
		return left;
	got = gather_submissions(db, target, &handed_in, e);
	if (got == 0)
		got = make_tasks(
		    db, &handed_in, left, TICKET_MAX_INPUTS, now_ms, e);
	free(handed_in.list);
	return got;
}
