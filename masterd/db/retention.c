/*
 * The rules, a line each, and the pass over them.
 *
 * A rule either takes what an index finds at once (it is done when it found
 * nothing), or walks over the ids of a table, a window at a time.
 * Both look at a bounded number of rows a turn, so that the loop goes on.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/ledger.h"
#include "masterd/db/retention.h"

#define DAY_MS     (24ull * 60 * 60 * 1000)
#define AGE(field) offsetof(struct retention_policy, field)

const struct retention_policy RETENTION_DEFAULT = {
    .ledger_ms = LEDGER_ROW_MS,
    .refused_ms = 30 * DAY_MS,
    .attempts_ms = 30 * DAY_MS,
    .events_ms = 400 * DAY_MS,
    .leases_ms = 90 * DAY_MS,
    .tasks_ms = 30 * DAY_MS,
    .builds_ms = 30 * DAY_MS,
    .days_ms = 400 * DAY_MS,
    .epochs_ms = 400 * DAY_MS,
    .observations = 100,
};

struct turn {
	struct db *db;
	struct retention *r;
	int64_t before; /* what is older goes */
	int64_t most;
	int64_t from, to; /* the window */
	struct err *e;
};

/* ---- observations ---------------------------------------------------- */

/* ?1 crash, ?2 kept, ?3 most.  Ids grow with arrival. */
#define SPARE                                                              \
	"(SELECT o.id FROM observation o WHERE o.crash = ?1 AND o.id > "   \
	"(SELECT min(id) FROM observation WHERE crash = ?1) AND o.id < "   \
	"(SELECT id FROM observation WHERE crash = ?1 ORDER BY id DESC "   \
	"LIMIT 1 OFFSET ?2 - 1) AND (o.job = '' OR EXISTS (SELECT 1 FROM " \
	"observation n WHERE n.job = o.job AND n.job <> '' AND n.crash = " \
	"?1 AND n.id > o.id)) ORDER BY o.id LIMIT ?3)"

static int64_t
fold_crash(const struct turn *t, int64_t crash)
{
	int64_t kept = t->r->policy.observations;

	if (db_run(t->db, t->e,
		"INSERT INTO observation_day (crash, day, build, count)"
		" SELECT crash, found_ms / 86400000, coalesce(build, x''),"
		" count(*) FROM observation WHERE id IN " SPARE
		" GROUP BY 1, 2, 3 ON CONFLICT (crash, day, build)"
		" DO UPDATE SET count = count + excluded.count",
		"iii", crash, kept, t->most) == -1 ||
	    db_run(t->db, t->e, "DELETE FROM observation WHERE id IN " SPARE,
		"iii", crash, kept, t->most) == -1)
		return -1;
	return db_changes(t->db);
}

static int64_t
fold_observations(const struct turn *t)
{
	int64_t crash = 0, kept = t->r->policy.observations, gone, all = 0;
	int got;

	while ((got = db_number(t->db, t->e, &crash,
		    "SELECT c.id FROM crash c WHERE c.id > ?1 AND c.id >= ?2"
		    " AND c.id <= ?3 AND (SELECT count(*) FROM (SELECT 1 FROM"
		    " observation WHERE crash = c.id LIMIT ?4 + 2)) > ?4 + 1"
		    " ORDER BY c.id LIMIT 1",
		    "iiii", crash, t->from, t->to, kept)) == 1) {
		if ((gone = fold_crash(t, crash)) == -1)
			return -1;
		all += gone;
		if (all >= t->most)
			return all;
	}
	return got == -1 ? -1 : all;
}

/* ---- epochs ---------------------------------------------------------- */

static int
forget_epoch(const struct turn *t, int64_t epoch)
{
	static const char *const parts[] = {
	    "INSERT INTO forgotten_count (kind, outcome, count) SELECT kind,"
	    " outcome, count FROM epoch_count WHERE epoch = ? ON CONFLICT"
	    " (kind, outcome) DO UPDATE SET count = count + excluded.count",
	    "DELETE FROM epoch_count WHERE epoch = ?",
	    "DELETE FROM epoch_range WHERE epoch = ?",
	    "DELETE FROM epoch_before WHERE epoch = ?",
	    "DELETE FROM ledger WHERE epoch = ?",
	    "DELETE FROM epoch WHERE id = ?",
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (db_run(t->db, t->e, parts[i], "i", epoch) == -1)
			return -1;
	return 0;
}

/* Old, nobody's current one, and all it sealed is accounted for. */
static int64_t
forget_epochs(const struct turn *t)
{
	int64_t epoch, bot, sealed, first, gone = 0;
	sqlite3_stmt *row;
	uint64_t name;
	bool covers;
	int got;

	got = db_query(t->db, t->e, &row,
	    "SELECT id, bot, epoch, max(highest, max_seen),"
	    " 1 + max(written_to, coalesce((SELECT last FROM epoch_before"
	    " x WHERE x.epoch = epoch.id), 0)) FROM epoch WHERE id >= ?2"
	    " AND id <= ?3 AND last_ms < ?1"
	    " AND NOT EXISTS (SELECT 1 FROM bot b WHERE b.epoch = epoch.id)"
	    " AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = epoch.id)"
	    " AND NOT EXISTS (SELECT 1 FROM ledger k WHERE k.epoch = epoch.id"
	    "  AND k.outcome IN ('refused', 'held') AND k.outcome = 'held')",
	    "iii", t->before, t->from, t->to);
	for (; got == 1; got = db_next(t->db, t->e, row)) {
		epoch = sqlite3_column_int64(row, 0);
		bot = sqlite3_column_int64(row, 1);
		sealed = sqlite3_column_int64(row, 3);
		first = sqlite3_column_int64(row, 4);
		covers = sealed < first;
		if (text_to_hex64(&name, db_text(row, 2)) == -1 ||
		    (!covers &&
			ledger_covers(t->db, bot, name, (uint64_t)first,
			    (uint64_t)sealed, &covers, t->e) == -1) ||
		    (covers && forget_epoch(t, epoch) == -1)) {
			db_end(row);
			return -1;
		}
		gone += covers;
	}
	return got == -1 ? -1 : gone;
}

/* ---- the rules ------------------------------------------------------- */

/* clang-format off */
#define ENDED	"state IN ('done', 'failed', 'expired', 'cancelled')"
#define OVER	"state IN ('done', 'failed', 'cancelled')"
/* The Monday of a day. */
#define WEEK	"(day - (day + 3) % 7)"
#define WHOLE_WEEKS	"(?1 / 86400000 - (?1 / 86400000 + 3) % 7)"

static const struct rule {
	const char *name;
	size_t age;
	const char *walk;	/* ?1 after, ?2 most: last id and number of
				   the next window; NULL: no walk */
	int64_t (*fn)(const struct turn *t);	/* or */
	const char *sql[2];	/* ?1 before, ?2 most, ?3 ?4 the window; the
				   last one's rows count */
} rules[] = {
/* Copies of one id go together: else the one that stays would make a
 * conflict of the other when it comes again. */
{ "ledger rows", AGE(ledger_ms), NULL, NULL, {
"DELETE FROM ledger WHERE id IN (SELECT l.id FROM ledger l"
" WHERE l.taken_ms < ?1 AND l.outcome IN ('ingested', 'conflict')"
" AND NOT EXISTS (SELECT 1 FROM ledger y WHERE y.epoch = l.epoch"
"  AND y.seq = l.seq AND y.id <> l.id AND y.taken_ms >= ?1)"
" ORDER BY l.taken_ms LIMIT ?2)" } },

{ "refusals", AGE(refused_ms), NULL, NULL, {
"DELETE FROM ledger WHERE id IN (SELECT l.id FROM ledger l"
" WHERE l.outcome IN ('refused', 'held') AND l.outcome = 'refused'"
" AND l.noted = 1 AND l.taken_ms < ?1 LIMIT ?2)" } },

{ "attempts", AGE(attempts_ms), NULL, NULL, {
"DELETE FROM attempt WHERE (account, name, digest) IN (SELECT account, name,"
" digest FROM attempt WHERE last_ms < ?1 LIMIT ?2)" } },

/* Ids grow with time. */
{ "events", AGE(events_ms), NULL, NULL, {
"DELETE FROM event WHERE id IN (SELECT id FROM (SELECT id, at_ms FROM event"
" ORDER BY id LIMIT ?2) WHERE at_ms < ?1)" } },

/* What came of them stands with the key. */
{ "ended invitations", AGE(tasks_ms), NULL, NULL, {
"DELETE FROM invite WHERE id IN (SELECT id FROM invite WHERE state <> 'open'"
" AND ended_ms > 0 AND ended_ms < ?1 LIMIT ?2)" } },

/* Those that wait are owed, however long. */
{ "ended runs of hooks", AGE(tasks_ms), NULL, NULL, {
"DELETE FROM hook_run WHERE id IN (SELECT id FROM (SELECT id, at_ms, state"
" FROM hook_run ORDER BY id LIMIT ?2) WHERE at_ms < ?1"
" AND state <> 'waiting')" } },

{ "needs of ended leases", AGE(tasks_ms), NULL, NULL, {
"DELETE FROM lease_need WHERE (lease, epoch, first) IN (SELECT n.lease,"
" n.epoch, n.first FROM lease_need n CROSS JOIN lease l ON l.id = n.lease"
" WHERE l." ENDED " AND l.ended_ms < ?1 LIMIT ?2)" } },

{ "ended leases", AGE(leases_ms), NULL, NULL, {
"DELETE FROM lease_need WHERE lease IN (SELECT id FROM lease WHERE " ENDED
" AND ended_ms > 0 AND ended_ms < ?1 ORDER BY ended_ms LIMIT 2 * ?2)",
"DELETE FROM lease WHERE id IN (SELECT l.id FROM lease l WHERE l." ENDED
" AND l.ended_ms > 0 AND l.ended_ms < ?1"
" AND NOT EXISTS (SELECT 1 FROM lease_need n WHERE n.lease = l.id)"
" ORDER BY l.ended_ms LIMIT ?2)" } },

{ "ended tasks", AGE(tasks_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM task WHERE id > ?1"
" ORDER BY id LIMIT ?2)", NULL, {
"DELETE FROM task_input WHERE task IN (SELECT id FROM task WHERE id BETWEEN ?3"
" AND ?4 AND " OVER " AND ended_ms < ?1 AND created_ms < ?1"
" AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.task = task.id))",
"DELETE FROM task WHERE id BETWEEN ?3 AND ?4 AND " OVER
" AND ended_ms < ?1 AND created_ms < ?1"
" AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.task = task.id)" } },

{ "observations", AGE(ledger_ms) /* whatever their age */,
"SELECT max(id), count(*) FROM (SELECT id FROM crash WHERE id > ?1"
" ORDER BY id LIMIT ?2)", fold_observations, { NULL } },

/* No retry asks for them again, and a clone only for what people set. */
{ "values of completed jobs", AGE(tasks_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM job WHERE id > ?1"
" ORDER BY id LIMIT ?2)", NULL, {
"DELETE FROM job_value WHERE source <> 'job' AND job IN (SELECT j.id FROM job j"
" WHERE j.id BETWEEN ?3 AND ?4 AND j.status = 'completed'"
" AND j.ended_ms < ?1 AND EXISTS (SELECT 1 FROM job_value v"
"  WHERE v.job = j.id AND v.source <> 'job') LIMIT 1 + ?2 / 64)" } },

{ "verdicts on removed builds", AGE(builds_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM build WHERE id > ?1"
" ORDER BY id LIMIT ?2)", NULL, {
"DELETE FROM build_verdict WHERE (build, target, bot) IN (SELECT v.build,"
" v.target, v.bot FROM build b CROSS JOIN build_verdict v ON v.build = b.id"
" WHERE b.id BETWEEN ?3 AND ?4 AND b.state = 'removed'"
" AND b.removed_ms < ?1 LIMIT ?2)" } },

/* Of a generation that is past; the sweep has long taken their files. */
{ "segments", AGE(tasks_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM segment WHERE id > ?1"
" ORDER BY id LIMIT ?2)", NULL, {
"DELETE FROM segment WHERE id BETWEEN ?3 AND ?4 AND added_ms < ?1"
" AND generation < (SELECT t.generation FROM target t"
"  WHERE t.id = segment.target)" } },

/* What stood at the end of a week stands for it: the columns are levels. */
{ "days of targets", AGE(days_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM target WHERE id > ?1"
" ORDER BY id LIMIT 1 + ?2 / 8)", NULL, {
"INSERT INTO target_day (target, day, edges, features, units, execs, slot_ms)"
" SELECT target, " WEEK ", edges, features, units, execs, slot_ms"
" FROM (SELECT *, max(day) FROM target_day WHERE target BETWEEN ?3 AND ?4"
"  AND day < " WHOLE_WEEKS " AND day <> " WEEK " GROUP BY target, " WEEK ")"
" WHERE true ON CONFLICT (target, day) DO UPDATE SET edges = excluded.edges,"
" features = excluded.features, units = excluded.units,"
" execs = excluded.execs, slot_ms = excluded.slot_ms",
"DELETE FROM target_day WHERE target BETWEEN ?3 AND ?4"
" AND day < " WHOLE_WEEKS " AND day <> " WEEK } },

{ "days of projects", AGE(days_ms), NULL, NULL, {
"INSERT INTO usage_day (project, day, corpus, crashes, builds, disk_free)"
" SELECT project, " WEEK ", corpus, crashes, builds, disk_free"
" FROM (SELECT *, max(day) FROM usage_day"
"  WHERE day < " WHOLE_WEEKS " AND day <> " WEEK " GROUP BY project, " WEEK ")"
" WHERE true ON CONFLICT (project, day) DO UPDATE SET"
" corpus = excluded.corpus, crashes = excluded.crashes,"
" builds = excluded.builds, disk_free = excluded.disk_free",
"DELETE FROM usage_day WHERE day < " WHOLE_WEEKS " AND day <> " WEEK } },

{ "epochs", AGE(epochs_ms),
"SELECT max(id), count(*) FROM (SELECT id FROM epoch WHERE id > ?1"
" ORDER BY id LIMIT ?2)", forget_epochs, { NULL } },
};
/* clang-format on */

#define RULES (sizeof(rules) / sizeof(rules[0]))

const char *
retention_rule(size_t i)
{
	return i < RULES ? rules[i].name : NULL;
}

/* ---- the pass -------------------------------------------------------- */

static int64_t
run_sql(const struct rule *rule, const struct turn *t)
{
	int i;

	for (i = 0; i < 2 && rule->sql[i] != NULL; i++)
		if (db_run(t->db, t->e, rule->sql[i],
			rule->walk == NULL ? "ii" : "iiii", t->before, t->most,
			t->from, t->to) == -1)
			return -1;
	return db_changes(t->db);
}

static int64_t
run_rule(const struct rule *rule, const struct turn *t)
{
	return rule->fn != NULL ? rule->fn(t) : run_sql(rule, t);
}

/* The next window; its rows are looked at, found or not.  0: none is left. */
static int64_t
next_window(const struct rule *rule, struct turn *t)
{
	sqlite3_stmt *row;
	int64_t count;

	t->from = t->r->cursor + 1;
	if (db_query(t->db, t->e, &row, rule->walk, "ii", t->r->cursor,
		t->most) != 1)
		return -1;
	t->to = sqlite3_column_int64(row, 0);
	count = sqlite3_column_int64(row, 1);
	db_end(row);
	return count;
}

/* One turn of a rule: rows used of the budget, *done when it is through. */
static int64_t
step(const struct rule *rule, struct turn *t, bool *done)
{
	int64_t seen = 0, gone;

	if (rule->walk != NULL) {
		if ((seen = next_window(rule, t)) == -1)
			return -1;
		if ((*done = seen == 0))
			return 1;
	}
	if ((gone = run_rule(rule, t)) == -1)
		return -1;
	if (rule->walk == NULL)
		*done = gone == 0;
	else if (gone == 0)
		t->r->cursor = t->to; /* else there may be more in it */
	return 1 + seen + gone;
}

int
retention_run(struct db *db, struct retention *r, uint64_t now_ms, int most,
    struct err *e)
{
	struct turn t = {.db = db, .r = r, .e = e};
	const struct rule *rule;
	int64_t left = most, used;
	uint64_t age;
	bool done = false;

	while (left > 0) {
		rule = &rules[r->rule];
		memcpy(&age, (const char *)&r->policy + rule->age, sizeof(age));
		t.before = age > now_ms ? 0 : (int64_t)(now_ms - age);
		t.most = left;
		if ((used = step(rule, &t, &done)) == -1)
			return -1;
		left -= used;
		if (!done)
			continue;
		r->cursor = 0;
		if (++r->rule == RULES) {
			r->rule = 0;
			return 0;
		}
	}
	return 1;
}
