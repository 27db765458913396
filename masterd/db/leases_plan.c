/*
 * Leases as the planner and the publisher make them: offers, withdrawals,
 * tickets.
 */
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/leases_internal.h"

#define RERUN_MS (15 * 60 * 1000) /* slice of a task that runs inputs again */

/*
 * A task of the job that is ready and due, or a new one.  One that failed on
 * this bot is left for another as long as the job has leases elsewhere: the
 * planner knows whether another bot can have it.
 */
static int
find_task(struct db *db, int64_t job, int64_t bot, uint64_t up_ms,
    int64_t *task, struct err *e)
{
	int got = db_number(db, e, task,
	    "SELECT id FROM task WHERE job = ?1 AND state = 'ready' AND "
	    "ready_up <= ?3 AND (last_bot IS NOT ?2 OR NOT EXISTS (SELECT 1 "
	    "FROM task u WHERE u.job = ?1 AND u.state = 'leased')) ORDER BY "
	    "last_bot IS ?2, id LIMIT 1",
	    "iii", job, bot, (int64_t)up_ms);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_run(db, e,
		"INSERT INTO task (task, kind, job, target) "
		"SELECT ?, 'fuzz', id, target FROM job WHERE id = ?",
		"ti", db_new_id().text, job) == -1)
		return -1;
	*task = db_last_id(db);
	return 0;
}

int
leases_offer(struct db *db, int64_t job, int64_t bot, uint64_t slice_ms,
    uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	int64_t task;

	if (find_task(db, job, bot, up_ms, &task, e) == -1)
		return -1;
	return leases_offer_task(db, task, bot, slice_ms, now_ms, up_ms, e);
}

int
leases_offer_task(struct db *db, int64_t task, int64_t bot, uint64_t slice_ms,
    uint64_t now_ms, uint64_t up_ms, struct err *e)
{
	if (db_run(db, e,
		"UPDATE task SET state = 'leased', attempts = attempts + 1 "
		"WHERE id = ?",
		"i", task) == -1)
		return -1;
	/* Inputs are run many times over, and may time out each time. */
	return db_run(db, e,
	    "INSERT INTO lease (lease, task, build, bot, epoch, "
	    "slice_ms, named_up, charged_up, offered_ms) SELECT ?1, t.id, "
	    "coalesce(t.build, j.current), b.id, b.epoch, CASE t.kind WHEN "
	    "'reproduce' THEN max(?3, ?7) ELSE ?3 END, ?4, ?4, ?5 "
	    "FROM bot b, task t LEFT JOIN job j ON j.id = t.job "
	    "WHERE b.id = ?6 AND t.id = ?2",
	    "tiiiiii", db_new_id().text, task, (int64_t)slice_ms,
	    (int64_t)up_ms, (int64_t)now_ms, bot, (int64_t)RERUN_MS);
}

int
leases_withdraw(struct db *db, int64_t lease, const char *reason,
    uint64_t now_ms, struct err *e)
{
	int64_t task;
	int got = db_number(db, e, &task,
	    "SELECT task FROM lease WHERE id = ? AND state IN ('offered', "
	    "'running')",
	    "i", lease);

	if (got != 1)
		return got;
	if (lease_close(db, lease, "cancelled", reason, now_ms, e) == -1)
		return -1;
	return task_ready(db, task, e);
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

int
leases_open(struct db *db, int64_t bot, int64_t *count, struct err *e)
{
	return db_number(db, e, count,
		   "SELECT count(*) FROM lease WHERE bot = ? AND state IN "
		   "('offered', 'running')",
		   "i", bot) == 1
	    ? 0
	    : -1;
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
	    "l.slice_ms, bt.program, coalesce(j.trace, (SELECT s.trace FROM "
	    "task_input i JOIN submission s ON s.id = i.submission WHERE "
	    "i.task = t.id LIMIT 1), ''), "
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
