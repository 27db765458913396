/*
 * Rows of hook_run.  A run is owed from the COMMIT that moved "hooks_event"
 * over its event, until the COMMIT that says how it ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/audit.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/hooks.h"
#include "masterd/db/views.h"

#define LOOKED "hooks_event"

int
hooks_looked(struct db *db, int64_t *event, struct err *e)
{
	struct buf text = BUF_INIT;
	uint64_t n = 0;
	int got = db_setting(db, LOOKED, &text, e);

	if (got == 0 && text_to_u64(&n, buf_text(&text)) == 0 && n <= INT64_MAX)
		*event = (int64_t)n;
	else if (got != -1)
		got = db_number(
		    db, e, event, "SELECT coalesce(max(id), 0) FROM event", "");
	buf_release(&text);
	return got == -1 ? -1 : 0;
}

int
hooks_set_looked(struct db *db, int64_t event, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%jd", (intmax_t)event);
	return db_set_setting(db, LOOKED, text, e);
}

int
hooks_events(struct db *db, int64_t after, struct hook_event *list, int most,
    struct err *e)
{
	sqlite3_stmt *row;
	int got, n = 0;

	got = db_query(db, e, &row,
	    "SELECT id, what FROM event WHERE id > ? ORDER BY id LIMIT ?", "ii",
	    after, (int64_t)most);
	for (; got == 1; got = db_next(db, e, row), n++) {
		list[n].id = sqlite3_column_int64(row, 0);
		text_copy(list[n].what, sizeof(list[n].what), db_text(row, 1));
	}
	return got == -1 ? -1 : n;
}

/* ---- what it is told ------------------------------------------------- */

static const struct {
	const char *noun;
	enum view view;
} items[] = {
    {"bucket", VIEW_BUCKET},
    {"build", VIEW_BUILD},
    {"bot", VIEW_BOT},
    {"job", VIEW_JOB},
};

/* Append ',"job":{...}'; nothing when the row has gone. */
static int
add_item(struct db *db, const char *noun, enum view v, const char *key,
    struct buf *out, struct err *e)
{
	static const char head[] = "{\"api\":1,\"item\":";
	struct buf item = BUF_INIT;
	struct view_key found;
	int got = view_find(db, v, key, NULL, &found, e);

	if (got != 0)
		return got == -1 && e->cls != ERR_NOT_FOUND ? -1 : 0;
	got = view_item(db, v, found.id, &item, e);
	if (got == 0) {
		buf_printf(out, ",\"%s\":", noun);
		buf_add(
		    out, item.data + strlen(head), item.len - strlen(head) - 1);
	}
	buf_release(&item);
	return got;
}

/* "job.stuck", "job:7f3..." and "bot.lost", "b07" */
static int
add_subject(struct db *db, const char *what, const char *subject,
    struct buf *out, struct err *e)
{
	size_t i, len;

	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		len = strlen(items[i].noun);
		if (strncmp(what, items[i].noun, len) != 0 || what[len] != '.')
			continue;
		if (strncmp(subject, items[i].noun, len) == 0 &&
		    subject[len] == ':')
			subject += len + 1;
		return add_item(
		    db, items[i].noun, items[i].view, subject, out, e);
	}
	return 0;
}

int
hooks_input(struct db *db, int64_t event, struct buf *out, struct err *e)
{
	struct buf what = BUF_INIT, subject = BUF_INIT;
	sqlite3_stmt *row;
	const char *json;
	int got;

	got = db_query(db, e, &row,
	    "SELECT v.json, e.what, e.subject FROM v_event v JOIN event e "
	    "ON e.id = v.id WHERE v.id = ?",
	    "i", event);
	if (got != 1)
		return got == -1 ? -1
				 : err_set(e, ERR_NOT_FOUND,
				       "event %jd: not found", (intmax_t)event);
	json = db_text(row, 0);
	buf_adds(out, "{\"api\":1,");
	buf_add(out, json + 1, strlen(json) - 2);
	buf_adds(&what, db_text(row, 1));
	buf_adds(&subject, db_text(row, 2));
	db_end(row);
	got = add_subject(db, buf_text(&what), buf_text(&subject), out, e);
	buf_adds(out, "}\n");
	buf_release(&what);
	buf_release(&subject);
	return got;
}

/* ---- runs ------------------------------------------------------------ */

int
hooks_add(struct db *db, int64_t event, const char *hook, const char *input,
    uint64_t now_ms, struct err *e)
{
	return db_run(db, e,
	    "INSERT OR IGNORE INTO hook_run (event, hook, input, at_ms, "
	    "next_ms) VALUES (?1, ?2, ?3, ?4, ?4)",
	    "itti", event, hook, input, (int64_t)now_ms);
}

int
hooks_due(struct db *db, uint64_t now_ms, uint64_t horizon, hook_run_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *row;
	struct hook_run run;
	int got;

	got = db_query(db, e, &row,
	    "SELECT id, event, hook, input, tries, coalesce((SELECT trace "
	    "FROM event e WHERE e.id = event), '') FROM hook_run WHERE id IN "
	    "(SELECT min(id) FROM hook_run WHERE state = 'waiting' AND "
	    "(next_ms <= ?1 OR next_ms > ?1 + ?2) GROUP BY hook) "
	    "ORDER BY next_ms, id LIMIT 16",
	    "ii", (int64_t)now_ms, (int64_t)horizon);
	for (; got == 1; got = db_next(db, e, row)) {
		run.id = sqlite3_column_int64(row, 0);
		run.event = sqlite3_column_int64(row, 1);
		run.hook = db_text(row, 2);
		run.input = db_text(row, 3);
		run.tries = (uint32_t)sqlite3_column_int(row, 4);
		run.trace = db_text(row, 5);
		fn(arg, &run);
	}
	return got;
}

struct ended {
	char hook[HOOK_NAME_MAX], subject[VIEW_KEY_MAX + 1], trace[128];
	char what[64];
	int64_t tries;
};

/* 1 when the run is there. */
static int
read_ended(struct db *db, int64_t run, struct ended *x, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row,
	    "SELECT r.hook, r.tries, coalesce(e.what, ''), "
	    "coalesce(e.subject, ''), coalesce(e.trace, '') FROM hook_run r "
	    "LEFT JOIN event e ON e.id = r.event WHERE r.id = ?",
	    "i", run);

	if (got != 1)
		return got;
	text_copy(x->hook, sizeof(x->hook), db_text(row, 0));
	x->tries = sqlite3_column_int64(row, 1);
	text_copy(x->what, sizeof(x->what), db_text(row, 2));
	text_copy(x->subject, sizeof(x->subject), db_text(row, 3));
	text_copy(x->trace, sizeof(x->trace), db_text(row, 4));
	db_end(row);
	return 1;
}

static void
put_issue(struct buf *out, const char *url)
{
	json_open(out, NULL, '{');
	json_put_string(out, "issue", url);
	json_close(out, '}');
}

static int
set_issue(struct db *db, const struct ended *x, const char *url, struct err *e)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	char who[HOOK_NAME_MAX + 8], subject[VIEW_KEY_MAX + 8];
	struct view_key found;
	sqlite3_stmt *row;
	int got;

	if (strcmp(x->what, "bucket.new") != 0)
		return 0;
	got = view_find(db, VIEW_BUCKET, x->subject, NULL, &found, e);
	if (got != 0)
		return got == -1 && e->cls != ERR_NOT_FOUND ? -1 : 0;
	got = db_query(db, e, &row, "SELECT issue FROM bucket WHERE id = ?",
	    "i", found.id);
	if (got != 1)
		return got;
	put_issue(&before, db_text(row, 0));
	put_issue(&after, url);
	db_end(row);
	snprintf(who, sizeof(who), "hook:%s", x->hook);
	snprintf(subject, sizeof(subject), "bucket:%s", found.text);
	const struct audit_entry entry = {who, "bucket.issue", subject,
	    before.data, after.data, "", x->trace};
	got = db_run(db, e, "UPDATE bucket SET issue = ? WHERE id = ?", "ti",
		  url, found.id) == -1 ||
		audit_add(db, &entry, e) == -1
	    ? -1
	    : db_event(db, who, "bucket.issue", found.text, url, x->trace, e);
	buf_release(&before);
	buf_release(&after);
	return got;
}

/* Not for a hook that was told of a failure: that could go on for ever. */
static int
tell_failed(
    struct db *db, const struct ended *x, const char *said, struct err *e)
{
	char detail[700];

	if (strcmp(x->what, "hook.failed") == 0)
		return 0;
	snprintf(detail, sizeof(detail), "%jd tries for '%s' of %s: %.400s",
	    (intmax_t)x->tries, x->what, x->subject, said);
	return db_event(
	    db, "master", "hook.failed", x->hook, detail, x->trace, e);
}

int
hooks_end(struct db *db, const struct hook_end *end, struct err *e)
{
	static const char *const states[] = {"done", "waiting", "failed"};
	struct ended x;
	int got;

	if (db_run(db, e,
		"UPDATE hook_run SET state = ?, tries = tries + 1, at_ms = ?,"
		" next_ms = ?, said = ? WHERE id = ? AND state = 'waiting'",
		"tiiti", states[end->how], (int64_t)end->now_ms,
		(int64_t)end->next_ms, end->said, end->run) == -1)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	if ((got = read_ended(db, end->run, &x, e)) != 1)
		return got;
	if (end->how == HOOK_FAILED)
		return tell_failed(db, &x, end->said, e);
	if (end->how == HOOK_DONE && end->issue[0] != '\0')
		return set_issue(db, &x, end->issue, e);
	return 0;
}
