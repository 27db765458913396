/*
 * Pages and items from the views of views_sql.c.  A page is one statement of
 * fixed text, so it is prepared once; filters that are not given match all.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/views.h"
#include "masterd/db/views_internal.h"

#define MAX_CANDIDATES 8

/* ?1 cursor, ?2 limit, ?3 to ?6 filters. */
#define UP(view, where)                                          \
	"SELECT id, json FROM " view " WHERE id > ?1 AND " where \
	" ORDER BY id LIMIT ?2"
#define DOWN(view, where)                                        \
	"SELECT id, json FROM " view " WHERE id < ?1 AND " where \
	" ORDER BY id DESC LIMIT ?2"
#define BOTH(view, where) UP(view, where), DOWN(view, where)
#define ANY(n, column)    "(?" n " = '' OR " column " = ?" n ")"

/* ?1 what was typed, ?2 its length, ?3 within.  The row that is it in full
 * comes first. */
#define FIND(view, within)                                           \
	"SELECT id, key FROM " view " WHERE substr(key, 1, ?2) = ?1" \
	" AND " within " ORDER BY key <> ?1, key LIMIT 9"
#define ITEM(view) "SELECT json, detail FROM " view " WHERE id = ?1"

static const struct {
	const char *noun;
	const char *filter[VIEW_FILTERS];
	const char *up, *down, *find, *item;
} views[VIEW_COUNT] = {
    [VIEW_BUILD] = {"build", {"project", "status", "branch"},
	BOTH("v_build",
	    ANY("3", "project") " AND " ANY("4", "state") " AND " ANY(
		"5", "branch")),
	FIND("v_build", "1"), ITEM("v_build")},
    [VIEW_TARGET] = {"target", {"project", "all"},
	BOTH("v_target", ANY("3", "project") " AND (?4 = '1' OR own = 0)"),
	FIND("v_target", "1"), ITEM("v_target")},
    [VIEW_JOB] = {"job", {"status", "target", "project", "tag"},
	BOTH("v_job",
	    ANY("3", "status") " AND " ANY("4", "target") " AND " ANY("5",
		"project") " AND (?6 = '' OR instr(tags, ' ' || ?6 || ' '))"),
	FIND("v_job", "1"), ITEM("v_job")},
    [VIEW_BOT] = {"bot", {"state", "account", "pool"},
	BOTH("v_bot",
	    ANY("3", "state") " AND " ANY("4", "account") " AND " ANY(
		"5", "pool") " AND (state <> 'forgotten' OR ?3 = state)"),
	FIND("v_bot", "1"), ITEM("v_bot")},
    [VIEW_BOTS] = {"bot", {"account"}, BOTH("v_bots", ANY("3", "account")),
	FIND("v_bot", "1"), ITEM("v_bot")},
    [VIEW_BUCKET] = {"bucket", {"project", "status", "class", "all"},
	BOTH("v_bucket",
	    "whole = 1 AND " ANY("3", "project") " AND " ANY(
		"4", "status") " AND " ANY("5",
		"class") " AND (?6 = '1'"
			 " OR ?4 <> '' OR status = 'open') AND (?6 = '1' OR ?5 "
			 "<> ''"
			 " OR ?4 NOT IN ('', 'open') OR aside = 0)"),
	FIND("v_bucket", "1"), ITEM("v_bucket")},
    [VIEW_CRASH] = {"crash", {"project", "target", "bucket"},
	BOTH("v_crash",
	    ANY("3", "project") " AND " ANY("4", "target") " AND " ANY(
		"5", "bucket")),
	"SELECT id, key FROM v_crash WHERE sha256 BETWEEN digest_low(?1)"
	" AND digest_high(?1) AND substr(key, 1, ?2) = ?1 AND " ANY(
	    "3", "target") " ORDER BY key <> ?1, key LIMIT 9",
	ITEM("v_crash")},
    [VIEW_SUBMISSION] = {"submission", {"target", "state"},
	BOTH("v_submission", ANY("3", "target") " AND " ANY("4", "state")),
	FIND("v_submission", "1"), ITEM("v_submission")},
    [VIEW_DECISION] = {"decision", {"project", "bucket", "verb"},
	BOTH("v_decision",
	    ANY("3", "project") " AND " ANY("4", "bucket") " AND " ANY(
		"5", "verb")),
	FIND("v_decision", "1"), ITEM("v_decision")},
    [VIEW_UNIT] = {"unit", {"target"},
	BOTH("v_unit", "target_id = (SELECT id FROM v_target WHERE key = ?3)"),
	FIND("v_unit", "1"), ITEM("v_unit")},
    [VIEW_EVENT] = {"event", {"what", "who", "subject"},
	BOTH("v_event",
	    ANY("3", "what") " AND " ANY("4", "who") " AND " ANY(
		"5", "subject")),
	FIND("v_event", "1"), ITEM("v_event")},
    [VIEW_EPOCH] = {"epoch", {"bot"}, BOTH("v_epoch", ANY("3", "bot")),
	FIND("v_epoch", "1"), ITEM("v_epoch")},
    [VIEW_LEDGER] = {"ledger row", {"bot", "epoch", "outcome"},
	BOTH("v_ledger",
	    ANY("3", "bot") " AND " ANY("4", "epoch") " AND " ANY(
		"5", "outcome")),
	FIND("v_ledger", "1"), ITEM("v_ledger")},
    [VIEW_AUDIT] = {"change", {"who", "what", "subject"},
	BOTH("v_audit",
	    ANY("3", "who") " AND " ANY("4", "what") " AND " ANY(
		"5", "subject")),
	FIND("v_audit", "1"), ITEM("v_audit")},
    [VIEW_ACCOUNT] = {"account", {"kind", "state"},
	BOTH("v_account", ANY("3", "kind") " AND " ANY("4", "state")),
	FIND("v_account", "1"), ITEM("v_account")},
};

const char *
view_noun(enum view v)
{
	return views[v].noun;
}

const char *
view_filter(enum view v, int i)
{
	return i < VIEW_FILTERS ? views[v].filter[i] : NULL;
}

/* Text was cleaned before it came into the database.  Should some not have
 * been, the reader still gets valid JSON. */
static void
add_json(struct buf *out, const char *json)
{
	size_t len = strlen(json), n;

	if (text_is_utf8(json, len)) {
		buf_add(out, json, len);
		return;
	}
	for (; len > 0; json += n, len -= n) {
		if ((n = text_char(json, len)) == 0) {
			buf_adds(out, "\xef\xbf\xbd");
			n = 1;
		} else {
			buf_add(out, json, n);
		}
	}
}

static const char *
filter_text(const struct view_page *page, int i)
{
	return page->filter[i] == NULL ? "" : page->filter[i];
}

/* Crashes of one bucket: by its index, not by looking at each crash. */
#define OF_BUCKET                                                         \
	"bucket_row = (SELECT id FROM v_bucket WHERE key = ?5) AND " ANY( \
	    "3", "project") " AND " ANY("4", "target")
static const char of_bucket_up[] = UP("v_crash", OF_BUCKET);
static const char of_bucket_down[] = DOWN("v_crash", OF_BUCKET);

int
view_rows(struct db *db, const struct view_page *page, struct buf *out,
    int64_t *next, struct err *e)
{
	bool one = page->view == VIEW_CRASH && *filter_text(page, 2) != '\0';
	bool sorted = page->sort != NULL && *page->sort != '\0';
	const char *up = one ? of_bucket_up : views[page->view].up;
	const char *sql = sorted
	    ? view_sorted(page->view, views[page->view].up, page->sort)
	    : page->newest ? one ? of_bucket_down : views[page->view].down
			   : up;
	int64_t after = !sorted && page->newest && page->after == 0
	    ? INT64_MAX
	    : page->after;
	sqlite3_stmt *row;
	int64_t last = 0;
	int got, count = 0;

	assert(page->limit > 0);
	*next = 0;
	/* One more than asked for tells whether there is a next page. */
	got = db_query(db, e, &row, sql, "iitttt", after,
	    (int64_t)page->limit + 1, filter_text(page, 0),
	    filter_text(page, 1), filter_text(page, 2), filter_text(page, 3));
	for (; got == 1; got = db_next(db, e, row)) {
		if (count == page->limit) {
			*next = last;
			db_end(row);
			break;
		}
		if (count++ > 0 && !page->lines)
			buf_addc(out, ',');
		last = sqlite3_column_int64(row, 0);
		add_json(out, db_text(row, 1));
		if (page->lines)
			buf_addc(out, '\n');
	}
	return got == -1 ? -1 : count;
}

/* What the list of buckets left out, of the project that was asked for. */
static int
put_hidden(
    struct db *db, const struct view_page *page, struct buf *out, struct err *e)
{
	static const char *const words[] = {
	    "timeout", "memory", "muted", "closed", "fixed"};
	int64_t n;
	size_t i;

	json_open(out, "hidden", '{');
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (db_number(db, e, &n,
			"SELECT coalesce(sum(n), 0) FROM v_hidden WHERE"
			" word = ?1 AND (?2 = '' OR project = ?2)",
			"tt", words[i], filter_text(page, 0)) != 1)
			return -1;
		json_put_u64(out, words[i], (uint64_t)n);
	}
	json_close(out, '}');
	return 0;
}

/* Only the plain list leaves something out. */
static bool
hides(const struct view_page *page)
{
	return page->view == VIEW_BUCKET && *filter_text(page, 1) == '\0' &&
	    *filter_text(page, 2) == '\0' && *filter_text(page, 3) == '\0';
}

int
view_list(
    struct db *db, const struct view_page *page, struct buf *out, struct err *e)
{
	int64_t next;

	buf_adds(out, "{\"api\":1,\"items\":[");
	if (view_rows(db, page, out, &next, e) == -1)
		return -1;
	if (next == 0)
		buf_adds(out, "],\"next\":null");
	else
		buf_printf(out, "],\"next\":\"%jd\"", (intmax_t)next);
	if (hides(page) && put_hidden(db, page, out, e) == -1)
		return -1;
	buf_addc(out, '}');
	return 0;
}

/* "first" and the rows that follow begin with "key": say which. */
static int
ambiguous(struct db *db, sqlite3_stmt *row, const char *what, const char *first,
    struct err *e)
{
	struct buf list = BUF_INIT;
	int n = 1, got = 1;

	buf_adds(&list, first);
	for (; got == 1 && n < MAX_CANDIDATES; got = db_next(db, e, row), n++)
		buf_printf(&list, ", %s", db_text(row, 1));
	if (got == 1) {
		buf_adds(&list, ", ...");
		db_end(row);
	}
	if (got != -1)
		err_set(e, ERR_REFUSED, "%s: ambiguous: %s", what, list.data);
	buf_release(&list);
	return got == -1 ? -1 : 1;
}

int
view_find(struct db *db, enum view v, const char *key, const char *within,
    struct view_key *found, struct err *e)
{
	sqlite3_stmt *row;
	char what[VIEW_KEY_MAX + 20];
	int got = 0;

	snprintf(what, sizeof(what), "%s %.80s", views[v].noun, key);
	if (*key != '\0' && strlen(key) <= VIEW_KEY_MAX)
		got = db_query(db, e, &row, views[v].find, "tit", key,
		    (int64_t)strlen(key), within == NULL ? "" : within);
	if (got == 0)
		err_set(e, ERR_NOT_FOUND, "%s: not found", what);
	if (got != 1)
		return -1;
	found->id = sqlite3_column_int64(row, 0);
	text_copy(found->text, sizeof(found->text), db_text(row, 1));
	if ((got = db_next(db, e, row)) != 1)
		return got;
	/* In full, and no other row is that in full too. */
	if (strcmp(found->text, key) == 0 &&
	    strcmp(db_text(row, 1), key) != 0) {
		db_end(row);
		return 0;
	}
	return ambiguous(db, row, what, found->text, e);
}

int
view_item(
    struct db *db, enum view v, int64_t id, struct buf *out, struct err *e)
{
	const char *detail;
	sqlite3_stmt *row;
	int got = db_query(db, e, &row, views[v].item, "i", id);

	if (got == 0)
		return err_set(
		    e, ERR_NOT_FOUND, "%s: not found", views[v].noun);
	if (got == -1)
		return -1;
	buf_adds(out, "{\"api\":1,\"item\":");
	add_json(out, db_text(row, 0));
	detail = db_text(row, 1);
	if (strcmp(detail, "{}") != 0) {
		out->len--; /* its '}' */
		buf_addc(out, ',');
		add_json(out, detail + 1);
	}
	buf_addc(out, '}');
	db_end(row);
	return 0;
}

/* One alarm a line. */
static void
put_lines(struct buf *out, const char *lines)
{
	char line[512];
	size_t len;

	while (lines != NULL && *lines != '\0') {
		len = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, lines);
		json_put_string(out, NULL, line);
		lines += len + (lines[len] == '\n');
	}
}

int
view_status(struct db *db, const char *alarm, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row, "SELECT json FROM v_status", "");
	if (got != 1)
		return -1;
	/* The members of the object without its braces. */
	add_json(&text, db_text(row, 0));
	db_end(row);
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_add(out, text.data + 1, text.len - 2);
	json_open(out, "alarms", '[');
	put_lines(out, alarm);
	got = db_query(db, e, &row,
	    "SELECT text FROM v_alarm ORDER BY rank, text LIMIT 50", "");
	for (; got == 1; got = db_next(db, e, row))
		json_put_string(out, NULL, db_text(row, 0));
	json_close(out, ']');
	buf_release(&text);
	return got;
}

int
view_alarms(struct db *db, view_alarm_fn *fn, void *arg, struct err *e)
{
	struct view_alarm alarm;
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT severity, text, fix FROM v_alarm ORDER BY rank, text"
	    " LIMIT 50",
	    "");
	for (; got == 1; got = db_next(db, e, row)) {
		alarm = (struct view_alarm){
		    db_text(row, 0), db_text(row, 1), db_text(row, 2)};
		fn(arg, &alarm);
	}
	return got;
}

int
view_metrics(struct db *db, view_metric_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(
	    db, e, &row, "SELECT name, labels, value FROM v_metric", "");
	for (; got == 1; got = db_next(db, e, row))
		fn(arg, db_text(row, 0), db_text(row, 1),
		    sqlite3_column_int64(row, 2));
	return got;
}

int
view_crash_target(
    struct db *db, int64_t id, char *target, size_t size, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(
	    db, e, &row, "SELECT target FROM v_crash WHERE id = ?", "i", id);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "crash: not found");
	if (got == -1)
		return -1;
	text_copy(target, size, db_text(row, 0));
	db_end(row);
	return 0;
}
