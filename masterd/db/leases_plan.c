/*
 * Leases as the planner and the publisher see them: demand and fleet, offers,
 * withdrawals, tickets.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/leases.h"

int
leases_bots(struct db *db, void (*fn)(void *arg, const struct lease_bot *b),
    void *arg, struct err *e)
{
	struct lease_bot b;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, slots, (SELECT count(*) FROM "
	    "lease l WHERE l.bot = bot.id AND l.state IN ('offered', "
	    "'running')), state = 'up' AND owner = 1 AND holds = 0 AND epoch "
	    "IS NOT NULL, engines FROM bot ORDER BY id",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		b.id = sqlite3_column_int64(row, 0);
		b.slots = (unsigned)sqlite3_column_int64(row, 1);
		b.taken = (unsigned)sqlite3_column_int64(row, 2);
		b.takes = sqlite3_column_int(row, 3);
		b.engines = db_text(row, 4);
		fn(arg, &b);
	}
	return got;
}

/*
 * A job may start another task when none of its own waits out a failure: a
 * target that fails is not offered to every free slot at once.
 */
int
leases_jobs(struct db *db, uint64_t up_ms,
    void (*fn)(void *arg, const struct lease_job *j), void *arg, struct err *e)
{
	struct lease_job j;
	sqlite3_stmt *row;
	int64_t for_ms, used_ms;
	int got;

	got = db_query(db, e, &row,
	    "SELECT j.id, j.engine, j.weight, "
	    "j.spent_ms, j.slots, (SELECT count(*) FROM lease l JOIN task t ON "
	    "t.id = l.task WHERE t.job = j.id AND l.state IN ('offered', "
	    "'running')), (SELECT coalesce(max(l.id), 0) FROM lease l JOIN "
	    "task t ON t.id = l.task WHERE t.job = j.id AND l.state IN "
	    "('offered', 'running')), NOT EXISTS (SELECT 1 FROM task t WHERE "
	    "t.job = j.id AND t.state = 'ready' AND (t.ready_up > ?1 OR "
	    "(t.failures > 0 AND EXISTS (SELECT 1 FROM task u WHERE u.job = "
	    "j.id AND u.state = 'leased')))), j.for_ms, j.used_ms "
	    "FROM job j WHERE j.current IS NOT NULL AND j.status IN ('pending', 'running') ORDER BY j.id",
	    "i", (int64_t)up_ms);
	for (; got == 1; got = db_next(db, e, row)) {
		j.id = sqlite3_column_int64(row, 0);
		j.engine = db_text(row, 1);
		j.weight = (uint64_t)sqlite3_column_int64(row, 2);
		j.spent_ms = (uint64_t)sqlite3_column_int64(row, 3);
		j.ceiling = (unsigned)sqlite3_column_int64(row, 4);
		j.open = (unsigned)sqlite3_column_int64(row, 5);
		j.newest_lease = sqlite3_column_int64(row, 6);
		j.ready = sqlite3_column_int(row, 7);
		for_ms = sqlite3_column_int64(row, 8);
		used_ms = sqlite3_column_int64(row, 9);
		j.left_ms = for_ms == 0 ? UINT64_MAX
		    : used_ms >= for_ms ? 0
					: (uint64_t)(for_ms - used_ms);
		fn(arg, &j);
	}
	return got;
}

/* A task that is ready, or a new one. */
static int
take_task(struct db *db, int64_t job, int64_t *task, struct err *e)
{
	int got = db_number(db, e, task,
	    "SELECT id FROM task WHERE job = ? "
	    "AND state = 'ready' ORDER BY id LIMIT 1",
	    "i", job);

	if (got == -1)
		return -1;
	if (got == 0) {
		if (db_run(db, e,
			"INSERT INTO task (task, kind, job, target) "
			"SELECT ?, 'fuzz', id, target FROM job WHERE id = ?",
			"ti", db_new_id().text, job) == -1)
			return -1;
		*task = db_last_id(db);
	}
	return db_run(db, e,
	    "UPDATE task SET state = 'leased', attempts = "
	    "attempts + 1 WHERE id = ?",
	    "i", *task);
}

int
leases_offer(struct db *db, int64_t job, int64_t bot, uint64_t slice_ms,
    uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	int64_t task;

	if (take_task(db, job, &task, e) == -1)
		return -1;
	return db_run(db, e,
	    "INSERT INTO lease (lease, task, build, bot, epoch, "
	    "slice_ms, named_up, charged_up, offered_ms) SELECT ?1, t.id, "
	    "coalesce(t.build, j.current), b.id, b.epoch, ?3, ?4, ?4, ?5 "
	    "FROM bot b, task t LEFT JOIN job j ON j.id = t.job "
	    "WHERE b.id = ?6 AND t.id = ?2",
	    "tiiiii", db_new_id().text, task, (int64_t)slice_ms, (int64_t)up_ms,
	    (int64_t)now_ms, bot);
}

int
leases_bot_of(struct db *db, int64_t lease, int64_t *bot, struct err *e)
{
	int got = db_number(
	    db, e, bot, "SELECT bot FROM lease WHERE id = ?", "i", lease);

	if (got == 0)
		err_set(e, ERR_NOT_FOUND, "no such lease");
	return got == 1 ? 0 : -1;
}

int
leases_withdraw(struct db *db, int64_t lease, const char *reason,
    uint64_t now_ms, struct err *e)
{
	if (db_run(db, e,
		"UPDATE lease SET state = 'cancelled', reason = ?, "
		"ended_ms = ? WHERE id = ? AND state IN ('offered', 'running')",
		"tii", reason, (int64_t)now_ms, lease) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if (db_run(db, e,
		"UPDATE job SET execs = execs + (SELECT execs FROM "
		"lease WHERE id = ?1) WHERE id = (SELECT t.job FROM lease l "
		"JOIN "
		"task t ON t.id = l.task WHERE l.id = ?1)",
		"i", lease) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task SET state = 'ready' WHERE state = "
	    "'leased' AND id = (SELECT task FROM lease WHERE id = ?)",
	    "i", lease);
}

int
leases_over(struct db *db, uint64_t lease, uint64_t before_ms, bool *over,
    struct err *e)
{
	int64_t one;
	int got = db_number(db, e, &one,
	    "SELECT 1 FROM lease WHERE lease = ? AND (state IN ('offered', "
	    "'running') OR ended_ms >= ?)",
	    "ti", text_hex64(lease).text, (int64_t)before_ms);

	*over = got == 0;
	return got == -1 ? -1 : 0;
}

static void
read_ticket(sqlite3_stmt *row, struct ticket *t)
{
	memset(t, 0, sizeof(*t));
	t->version = 1;
	text_to_hex64(&t->lease, db_text(row, 0));
	text_to_hex64(&t->task, db_text(row, 1));
	text_to_hex64(&t->job, db_text(row, 2));
	text_to_hex64(&t->epoch, db_text(row, 3));
	text_copy(t->kind, sizeof(t->kind), db_text(row, 4));
	text_copy(t->bot.text, sizeof(t->bot.text), db_text(row, 5));
	text_copy(t->project.text, sizeof(t->project.text), db_text(row, 6));
	text_copy(t->target.text, sizeof(t->target.text), db_text(row, 7));
	(void)db_digest(row, 8, &t->build);
	text_copy(t->engine, sizeof(t->engine), db_text(row, 9));
	text_copy(t->sanitizer, sizeof(t->sanitizer), db_text(row, 10));
	t->slice_ms = (uint64_t)sqlite3_column_int64(row, 11);
	text_copy(t->program, sizeof(t->program), db_text(row, 12));
	text_copy(t->trace, sizeof(t->trace), db_text(row, 13));
	text_copy(t->corpus.text, sizeof(t->corpus.text), db_text(row, 14));
}

int
leases_tickets(
    struct db *db, int64_t bot, leases_ticket_fn *fn, void *arg, struct err *e)
{
	struct ticket t;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT l.lease, t.task, j.job, e.epoch, "
	    "t.kind, b.name, p.name, g.name, u.sha256, u.engine, u.sanitizer, "
	    "l.slice_ms, bt.program, coalesce(j.trace, ''), "
	    "coalesce(c.name, g.name) FROM lease l "
	    "JOIN task t ON t.id = l.task LEFT JOIN job j ON j.id = t.job "
	    "JOIN epoch e ON e.id = l.epoch JOIN bot b ON b.id = l.bot "
	    "JOIN target g ON g.id = t.target JOIN project p ON p.id = "
	    "g.project JOIN build u ON u.id = l.build JOIN build_target bt ON "
	    "bt.build = u.id AND bt.target = g.id LEFT JOIN target c ON "
	    "c.id = j.corpus "
	    "WHERE l.bot = ? AND l.state IN ('offered', 'running') "
	    "ORDER BY l.id",
	    "i", bot);
	for (; got == 1; got = db_next(db, e, row)) {
		read_ticket(row, &t);
		if (fn(arg, &t) == -1) {
			db_end(row);
			return -1;
		}
	}
	return got;
}
