/*
 * The one screen that tells whether all is well.  On a terminal it is never
 * longer than one of 24 lines, nor wider than it is: what is wrong comes first
 * where there is not room for all, and --all shows the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "tools/pfadm/buckets.h"
#include "tools/pfadm/commands.h"
#include "tools/pfadm/problems.h"

#define SCREEN   23 /* one is the prompt's */
#define BUCKETS  200
#define TOP      3
#define PROJECTS 3

struct screen {
	struct pfadm *pf;
	struct buf head, problems, rest;
	int lines; /* of head */
	int width; /* 0: nothing is wrapped or cut */
	bool all;
};

/* ---- lines ----------------------------------------------------------- */

static int
count_lines(const struct buf *b)
{
	size_t i;
	int n = 0;

	for (i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* Bytes of "text" that fit into "columns", whole characters. */
static size_t
fitting(const char *text, size_t columns)
{
	size_t at = 0, n, len = strlen(text);

	for (; columns > 0 && at < len; columns--) {
		n = text_char(text + at, len - at);
		at += n == 0 ? 1 : n;
	}
	return at;
}

/* Words up to the width, further lines below the first. */
static void
add_wrapped(struct buf *out, const char *left, const char *text, int width)
{
	size_t room = (size_t)width - strlen(left), len, cut;

	buf_adds(out, left);
	while (width > 0 && (len = fitting(text, room)) < strlen(text)) {
		for (cut = len; cut > 0 && text[cut] != ' ';)
			cut--;
		if (cut == 0)
			cut = len;
		buf_add(out, text, cut);
		text += cut + (text[cut] == ' ');
		buf_printf(out, "\n%*s", (int)strlen(left), "");
	}
	buf_printf(out, "%s\n", text);
}

static void
add_cut(struct buf *out, const char *line, int width)
{
	size_t len = strlen(line);

	buf_add(out, line, width > 0 ? fitting(line, (size_t)width) : len);
	buf_addc(out, '\n');
}

static void
cell(struct buf *out, const struct json_value *item, const char *key,
    enum cell kind, bool tty)
{
	struct column c = {"", key, kind};

	table_cell(out, item, &c, tty);
}

/* ---- what there is --------------------------------------------------- */

/* Who went for good says nothing of how the farm is. */
static bool
is_dead(const char *word)
{
	return strcmp(word, "left") == 0 || strcmp(word, "forgotten") == 0;
}

/* "2 up, 1 lost" from {"lost":1,"up":2}; "none" when empty. */
static void
add_words(struct screen *s, const char *title, const struct json_value *counts)
{
	struct buf *out = &s->head;
	const struct look *look = &s->pf->look;
	const char *word, *color;
	int i, any = 0;
	uint64_t n;

	buf_printf(out, "%-10s", title);
	for (i = 0; i < json_count(counts); i++) {
		n = 0;
		json_u64(json_item(counts, i), &n);
		word = json_key(counts, i);
		if (n == 0 || (is_dead(word) && !s->all))
			continue;
		color = state_color(word, look);
		buf_printf(out, "%s%s%ju %s%s", any++ > 0 ? ", " : "", color,
		    (uintmax_t)n, word, *color == '\0' ? "" : color_end(look));
	}
	if (any == 0)
		buf_adds(out, "none");
}

/* At the pace of the last days; nothing when it does not grow. */
static void
add_days(struct buf *out, const struct json_value *item)
{
	uint64_t days;

	if (json_u64(json_get(item, "days_to_full"), &days) == 0)
		buf_printf(out, ", full in %ju day%s", (uintmax_t)days,
		    days == 1 ? "" : "s");
}

static void
add_master(struct screen *s, const struct json_value *item)
{
	struct buf *out = &s->head;

	buf_printf(out, "PandaFuzz %s, started ",
	    json_get_string(item, "version", "?"));
	cell(out, item, "started", CELL_TIME, s->pf->tty);
	buf_printf(out, "\n%-10s%s free of %s", "disk",
	    text_size(json_get_u64(item, "disk_free", 0)).text,
	    text_size(json_get_u64(item, "disk_total", 0)).text);
	add_days(out, item);
	buf_addc(out, '\n');
}

/* Also what lists leave out: it is counted all the same. */
static void
add_crashes(struct screen *s, const struct json_value *item)
{
	uint64_t buckets = json_get_u64(item, "buckets", 0);
	struct buf line = BUF_INIT, hidden = BUF_INIT;

	buf_printf(&line, "%-10s%ju in %ju bucket%s", "crashes",
	    (uintmax_t)json_get_u64(item, "crashes", 0), (uintmax_t)buckets,
	    buckets == 1 ? "" : "s");
	bucket_hidden(
	    &hidden, json_get(item, "buckets_hidden"), "bucket list ");
	if (hidden.len > 0)
		buf_printf(&line, "; %s", hidden.data);
	add_cut(&s->head, line.data, s->width);
	buf_release(&hidden);
	buf_release(&line);
}

static void
add_work(struct screen *s, const struct json_value *item)
{
	uint64_t targets = json_get_u64(item, "targets", 0);
	struct buf *out = &s->head;
	bool tty = s->pf->tty;

	add_words(s, "bots", json_get(item, "bots"));
	if (json_get_u64(item, "drained", 0) > 0)
		buf_printf(out, "; %ju drained",
		    (uintmax_t)json_get_u64(item, "drained", 0));
	buf_addc(out, '\n');
	add_words(s, "jobs", json_get(item, "jobs"));
	buf_printf(out, "\n%-10s", "speed");
	cell(out, item, "execs_per_second", CELL_NUMBER, tty);
	buf_adds(out, " executions/s, ");
	cell(out, item, "execs", CELL_NUMBER, tty);
	buf_printf(out, " in all\n%-10s", "corpus");
	cell(out, item, "units", CELL_NUMBER, tty);
	buf_printf(out, " units (%s) of %ju target%s\n",
	    text_size(json_get_u64(item, "unit_bytes", 0)).text,
	    (uintmax_t)targets, targets == 1 ? "" : "s");
	add_crashes(s, item);
	buf_printf(out, "%-10s%ju waiting, %ju refused, %ju held\n", "spool",
	    (uintmax_t)json_get_u64(json_get(item, "spool"), "incoming", 0),
	    (uintmax_t)json_get_u64(item, "refused", 0),
	    (uintmax_t)json_get_u64(item, "held", 0));
}

/* Unknown is not balanced: it says why. */
static void
add_ledger(struct screen *s)
{
	struct buf line = BUF_INIT;
	const struct json_value *root;
	bool balanced = false;
	struct reply r;
	struct err e;

	buf_printf(&line, "%-10s", "ledger");
	if (client_get(s->pf->client, "ledger/check", &r, &e) == -1) {
		buf_printf(&line, "not checked: %s", e.text);
	} else {
		root = json_root(r.json);
		json_bool(json_get(root, "balanced"), &balanced);
		if (balanced)
			buf_printf(&line, "balanced, %ju bundles sealed",
			    (uintmax_t)json_get_u64(root, "sealed", 0));
		else
			buf_printf(&line,
			    "%ju bundles missing, see: pfadm ledger check",
			    (uintmax_t)json_get_u64(root, "missing", 0));
	}
	add_cut(&s->head, line.data, s->width);
	buf_release(&line);
	reply_release(&r);
}

/* What each project takes, the largest first. */
static void
add_projects(struct screen *s, const struct json_value *item, int room)
{
	const struct json_value *p = json_first(json_get(item, "projects"));
	struct buf line = BUF_INIT;
	int n;

	if (p == NULL || room < 2)
		return;
	buf_adds(&s->rest, "projects\n");
	for (n = 1; p != NULL && n < room; p = json_next(p), n++) {
		buf_reset(&line);
		buf_printf(&line, "  %-20s corpus %s, crashes %s, builds %s",
		    json_get_string(p, "project", ""),
		    text_size(json_get_u64(p, "corpus_bytes", 0)).text,
		    text_size(json_get_u64(p, "crash_bytes", 0)).text,
		    text_size(json_get_u64(p, "build_bytes", 0)).text);
		add_days(&line, p);
		add_cut(&s->rest, line.data, s->width);
	}
	buf_release(&line);
}

/* ---- top buckets ----------------------------------------------------- */

static int
by_crashes(const void *a, const void *b)
{
	uint64_t x =
	    json_get_u64(*(const struct json_value *const *)a, "crashes", 0);
	uint64_t y =
	    json_get_u64(*(const struct json_value *const *)b, "crashes", 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
add_bucket(struct screen *s, const struct json_value *b)
{
	struct buf line = BUF_INIT, at = BUF_INIT;

	cell(&at, b, "state", CELL_PLACE, s->pf->tty);
	buf_printf(&line, "  %-14s %5ju crashes, last ",
	    json_get_string(b, "id", ""),
	    (uintmax_t)json_get_u64(b, "crashes", 0));
	cell(&line, b, "last", CELL_TIME, s->pf->tty);
	buf_adds(&line, "  ");
	cell(&line, b, "type", CELL_LINE, s->pf->tty);
	buf_printf(&line, "%s%s", at.len > 0 ? " in " : "", buf_text(&at));
	add_cut(&s->rest, line.data, s->width);
	buf_release(&line);
	buf_release(&at);
}

/* The newest ones, and of the newest two hundred those most seen. */
static void
add_rows(struct screen *s, struct rows *rows)
{
	size_t i, fresh = rows->count < TOP ? rows->count : TOP;

	buf_adds(&s->rest, "newest buckets\n");
	for (i = 0; i < fresh; i++)
		add_bucket(s, rows->list[i]);
	if (rows->count <= TOP)
		return;
	rows->list += fresh;
	rows->count -= fresh;
	qsort(rows->list, rows->count, sizeof(*rows->list), by_crashes);
	buf_adds(&s->rest, "most seen besides\n");
	for (i = 0; i < rows->count && i < TOP; i++)
		add_bucket(s, rows->list[i]);
	rows->list -= fresh;
	rows->count += fresh;
}

static void
add_buckets(struct screen *s)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;
	char address[64];
	struct reply r;
	struct err e;

	snprintf(
	    address, sizeof(address), "buckets?order=newest&limit=%d", BUCKETS);
	if (client_get(s->pf->client, address, &r, &e) == 0)
		for (v = json_first(json_get(json_root(r.json), "items"));
		     v != NULL; v = json_next(v))
			rows_add(&rows, v);
	if (rows.count > 0)
		add_rows(s, &rows);
	rows_release(&rows);
	reply_release(&r);
}

/* ---- what is wrong --------------------------------------------------- */

static void
add_problem(struct screen *s, struct buf *out, const struct problem *p)
{
	const struct look *look = &s->pf->look;
	const char *color = state_color(p->severity, look);

	buf_adds(out, color);
	add_wrapped(out, strcmp(p->severity, "error") == 0 ? "  ! " : "  - ",
	    buf_text(&p->text), s->width);
	if (*color != '\0')
		buf_adds(out, color_end(look));
	if (p->fix.len > 0)
		add_wrapped(out, "    fix: ", p->fix.data, s->width);
}

static void
add_problems(struct screen *s, const struct json_value *item, int room)
{
	const struct json_value *list = json_get(item, "problems");
	struct buf one = BUF_INIT;
	struct problems all;
	size_t i;

	problems_gather(&all, list == NULL ? json_get(item, "alarms") : list);
	buf_adds(
	    &s->problems, all.count == 0 ? "problems  none\n" : "problems\n");
	for (i = 0; i < all.count; i++) {
		buf_reset(&one);
		add_problem(s, &one, &all.list[i]);
		if (room > 0 &&
		    count_lines(&s->problems) + count_lines(&one) +
			    (i + 1 < all.count) >
			room)
			break;
		buf_add(&s->problems, one.data, one.len);
	}
	if (i < all.count)
		buf_printf(&s->problems, "  and %zu more: pfadm status --all\n",
		    all.count - i);
	problems_release(&all);
	buf_release(&one);
}

/* ---- the whole ------------------------------------------------------- */

static void
add_dead(struct screen *s)
{
	static const char *const states[] = {"lost", "left", "forgotten"};
	struct rows rows = {NULL, 0, 0, NULL, 0};
	char address[64];
	size_t i;

	if (!s->all)
		return;
	for (i = 0; i < 3; i++) {
		snprintf(address, sizeof(address), "bots?state=%s", states[i]);
		if (fetch_rows(s->pf, address, &rows) != 0)
			break;
	}
	if (rows.count > 0)
		puts("dead bots");
	table_print(&rows, dead_columns, &s->pf->look);
	rows_release(&rows);
}

/* Where there is not room for all: what is wrong, then buckets, projects. */
static void
print_status(struct pfadm *pf, const struct json_value *root)
{
	const struct json_value *item = json_get(root, "item");
	struct screen s = {.pf = pf, .all = pf->o.all};
	bool limited = pf->tty && !pf->o.all;
	int room, taken;

	s.width = pf->tty ? pf->look.width : 0;
	add_master(&s, item);
	add_work(&s, item);
	add_ledger(&s);
	room = SCREEN - count_lines(&s.head);
	add_problems(&s, item, limited ? room : 0);
	add_buckets(&s);
	taken = count_lines(&s.head) + count_lines(&s.problems) +
	    count_lines(&s.rest);
	if (limited && taken > SCREEN)
		buf_reset(&s.rest);
	add_projects(&s, item,
	    !limited ? 1 << 20
		: taken < SCREEN
		? (SCREEN - taken < PROJECTS + 1 ? SCREEN - taken
						 : PROJECTS + 1)
		: 0);
	fputs(buf_text(&s.head), stdout);
	fputs(buf_text(&s.problems), stdout);
	fputs(buf_text(&s.rest), stdout);
	add_dead(&s);
	buf_release(&s.head);
	buf_release(&s.problems);
	buf_release(&s.rest);
}

int
cmd_status(struct pfadm *pf)
{
	if (!pf->o.all)
		pf->o.no_pager = true; /* it is one screen */
	return show_reply(pf, "status", print_status);
}
