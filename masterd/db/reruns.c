/*
 * A task of kind "reproduce" on its way: what its ticket says, what the bot
 * said of each input, and its end.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/facts.h"
#include "masterd/db/reruns_internal.h"
#include "masterd/db/submissions.h"

/* ---- tickets ---------------------------------------------------------- */

int
reruns_series(const char *lines, struct digest series[TICKET_MAX_SERIES])
{
	char hex[DIGEST_HEX + 1];
	int count = 0;
	size_t len;

	for (; *lines != '\0'; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		if (len != DIGEST_HEX || count == TICKET_MAX_SERIES)
			return -1;
		memcpy(hex, lines, len);
		hex[len] = '\0';
		if (digest_parse(&series[count++], hex) == -1)
			return -1;
	}
	return count;
}

/* One that was let go of meanwhile, or cannot travel, is left out. */
static bool
read_input(sqlite3_stmt *row, struct ticket_input *in, struct digest *series)
{
	memset(in, 0, sizeof(*in));
	if (db_digest(row, 0, &in->sha256) == -1)
		return false;
	in->size = (uint64_t)sqlite3_column_int64(row, 1);
	in->has_signature = db_digest(row, 2, &in->signature) == 0;
	in->series_count = reruns_series(db_text(row, 3), series);
	in->series = series;
	return in->series_count != -1;
}

int
reruns_inputs(
    struct db *db, uint64_t task, reruns_input_fn *fn, void *arg, struct err *e)
{
	struct digest series[TICKET_MAX_SERIES];
	struct ticket_input in;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT i.sha256, i.bytes, c.signature, coalesce(c.series, '') "
	    "FROM task t JOIN task_input i ON i.task = t.id LEFT JOIN crash c "
	    "ON c.id = i.crash WHERE t.task = ? AND i.done = 0 AND (c.id IS "
	    "NULL OR c.has_input = 1) ORDER BY i.sha256",
	    "t", text_hex64(task).text);
	for (; got == 1; got = db_next(db, e, row))
		if (read_input(row, &in, series) && fn(arg, &in, e) == -1) {
			db_end(row);
			return -1;
		}
	return got;
}

int
reruns_unit(struct db *db, const struct name *project,
    const struct target_name *target, const struct digest *sha256,
    struct target_name *corpus, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT g.name FROM target t JOIN project p ON p.id = t.project "
	    "JOIN target g ON g.id = t.id OR g.of = t.id JOIN unit u ON "
	    "u.target = g.id AND u.sha256 = ?3 WHERE p.name = ?1 AND t.name = "
	    "?2 LIMIT 1",
	    "ttd", project->text, target->text, sha256);
	if (got != 1)
		return got;
	text_copy(corpus->text, sizeof(corpus->text), db_text(row, 0));
	db_end(row);
	return 1;
}

int
reruns_job(struct db *db, uint64_t task, uint64_t *job, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	*job = 0;
	got = db_query(db, e, &row,
	    "SELECT j.job FROM task t JOIN job j ON j.target = t.target WHERE "
	    "t.task = ? AND j.status <> 'cancelled' ORDER BY j.status IN "
	    "('pending', 'running', 'paused') DESC, j.id DESC LIMIT 1",
	    "t", text_hex64(task).text);
	if (got != 1)
		return got;
	(void)text_to_hex64(job, db_text(row, 0));
	db_end(row);
	return 0;
}

/* ---- what came of it -------------------------------------------------- */

struct tried {
	int64_t task, crash, submission; /* 0: none */
	struct digest sha256;
};

static int
find_input(struct db *db, int64_t bot, uint64_t lease,
    const struct digest *sha256, struct tried *t, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT i.task, coalesce(i.crash, 0), coalesce(i.submission, 0) "
	    "FROM lease l JOIN task_input i ON i.task = l.task AND i.sha256 = "
	    "?3 WHERE l.lease = ?2 AND l.bot = ?1",
	    "itd", bot, text_hex64(lease).text, sha256);
	if (got != 1)
		return got;
	t->task = sqlite3_column_int64(row, 0);
	t->crash = sqlite3_column_int64(row, 1);
	t->submission = sqlite3_column_int64(row, 2);
	t->sha256 = *sha256;
	db_end(row);
	return 1;
}

/* Is there a good build of a sanitizer that did not run it?  Then it waits for
 * that. */
#define ELSEWHERE                                                            \
	"EXISTS (SELECT 1 FROM build_target bt JOIN build u ON u.id = "      \
	"bt.build WHERE bt.target = submission.target AND bt.state = 'good'" \
	" AND u.state = 'good' AND u.sanitizer NOT IN (SELECT x.sanitizer "  \
	"FROM task_input i JOIN task t ON t.id = i.task JOIN build x ON "    \
	"x.id = t.build WHERE i.submission = submission.id AND "             \
	"t.created_ms >= submission.at_ms))"

static int
judge_submission(struct db *db, int64_t id, const struct record *r,
    uint64_t now_ms, struct err *e)
{
	if (db_run(db, e,
		"UPDATE submission SET tries = tries + ?1, reproduced = "
		"reproduced + ?2 WHERE id = ?3 AND state = 'waiting'",
		"iii", (int64_t)facts_count(r->n[TRIED_TRIES]),
		(int64_t)facts_count(r->n[TRIED_REPRODUCED]), id) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE submission SET state = CASE WHEN reproduced > 0 THEN "
	    "'crashed' ELSE 'quiet' END, ended_ms = ?1 WHERE id = ?2 AND "
	    "state = 'waiting' AND (reproduced > 0 OR NOT " ELSEWHERE ")",
	    "ii", (int64_t)now_ms, id);
}

int
reruns_tried(struct db *db, int64_t bot, const struct bundle_header *h,
    const struct record *tried, uint64_t now_ms, struct err *e)
{
	struct facts_tries tries = {.bot = bot,
	    .build = h->has_build ? &h->build : NULL,
	    .tries = tried->n[TRIED_TRIES],
	    .reproduced = tried->n[TRIED_REPRODUCED],
	    .below = tried->n[TRIED_BELOW],
	    .above = tried->n[TRIED_ABOVE],
	    .now_ms = now_ms};
	struct tried t;
	int got = find_input(db, bot, h->lease, &tried->sha256, &t, e);

	if (got != 1)
		return got; /* of a lease that nobody knows: nothing to add */
	tries.crash = t.crash;
	if (db_run(db, e,
		"UPDATE task_input SET done = 1 WHERE task = ? AND sha256 = ?",
		"id", t.task, &t.sha256) == -1)
		return -1;
	if (t.crash != 0 && strcmp(tried->word, "crash") == 0 &&
	    facts_tried(db, &tries, e) == -1)
		return -1;
	if (t.submission == 0)
		return 0;
	return judge_submission(db, t.submission, tried, now_ms, e);
}

int
reruns_over(struct db *db, int64_t task, const char *reason, uint64_t now_ms,
    struct err *e)
{
	if (db_run(db, e,
		"UPDATE submission SET state = 'failed', reason = ?1, "
		"ended_ms = ?2 WHERE state = 'waiting' AND id IN (SELECT "
		"submission FROM task_input WHERE task = ?3 AND done = 0 AND "
		"submission IS NOT NULL)",
		"tii",
		reason == NULL ? "the bot did not say what came of it" : reason,
		(int64_t)now_ms, task) == -1)
		return -1;
	return db_run(db, e,
	    "UPDATE task_input SET done = 1 WHERE task = ? AND done = 0", "i",
	    task);
}
