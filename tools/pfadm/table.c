/*
 * Cells for people: short and relative on a terminal, exact in a pipe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libsmartcols/libsmartcols.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tools/pfadm/plain.h"
#include "tools/pfadm/table.h"

#define SHORTEST_ID 8

/* ---- cells ----------------------------------------------------------- */

static void
add_number(struct buf *out, uint64_t n, bool tty)
{
	static const char units[] = " kMGT";
	double value = (double)n;
	int unit = 0;

	if (!tty || n < 10000) {
		buf_printf(out, "%ju", (uintmax_t)n);
		return;
	}
	for (; value >= 1000 && unit < 4; unit++)
		value /= 1000;
	buf_printf(out, "%.1f%c", value, units[unit]);
}

static void
add_time(struct buf *out, const char *text, bool tty)
{
	struct text_short ago;
	uint64_t then, now;
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (!tty || strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL) {
		buf_adds(out, text);
		return;
	}
	then = (uint64_t)timegm(&tm) * 1000;
	now = clock_wall_ms();
	ago = text_ago(now > then ? now - then : 0);
	buf_printf(
	    out, strcmp(ago.text, "now") == 0 ? "%s" : "%s ago", ago.text);
}

static void
add_span(struct buf *out, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		buf_printf(out, "%jud%02juh", (uintmax_t)(s / 86400),
		    (uintmax_t)(s / 3600 % 24));
	else if (s >= 3600)
		buf_printf(out, "%juh%02jum", (uintmax_t)(s / 3600),
		    (uintmax_t)(s / 60 % 60));
	else if (s >= 60)
		buf_printf(out, "%jum%02jus", (uintmax_t)(s / 60),
		    (uintmax_t)(s % 60));
	else
		buf_printf(out, "%jus", (uintmax_t)s);
}

static void
add_list(struct buf *out, const struct json_value *list)
{
	const struct json_value *v;
	const char *text;
	bool any = false;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		text = json_string(v);
		if (text == NULL) /* crashes: of which bugs */
			text = json_get_string(v, "bucket", NULL);
		if (text == NULL)
			continue;
		buf_printf(out, "%s%s", any ? "," : "", text);
		any = true;
	}
}

static const struct state_word {
	const char *word, *letters;
	char mark; /* g: well, y: look, r: wrong */
} state_words[] = {{"pending", "PD", 0}, {"running", "R", 'g'},
    {"paused", "PA", 'y'}, {"completed", "CD", 'g'}, {"failed", "F", 'r'},
    {"timed_out", "TO", 'r'}, {"cancelled", "CA", 0}, {"up", "", 'g'},
    {"good", "", 'g'}, {"active", "", 'g'}, {"late", "", 'y'},
    {"drained", "", 'y'}, {"draining", "", 'y'}, {"disabled", "", 'y'},
    {"lost", "", 'r'}, {"clashed", "", 'r'}, {"bad", "", 'r'},
    {"rejected", "", 'r'}, {"held", "", 'y'}, {"error", "", 'r'},
    {"warning", "", 'y'}, {"muted", "", 'y'}, {"fixed", "", 'g'},
    {"critical", "", 'r'}, {"high", "", 'r'}, {"medium", "", 'y'},
    {"crashed", "", 'g'}, {"quiet", "", 'y'}};

static const struct state_word *
state_word(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (strcmp(state_words[i].word, word) == 0)
			return &state_words[i];
	return NULL;
}

const char *
state_long(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (word != NULL && *word != '\0' &&
		    strcmp(state_words[i].letters, word) == 0)
			return state_words[i].word;
	return word;
}

const char *
state_color(const char *word, const struct look *look)
{
	const struct state_word *w = state_word(word);

	if (!look->color || w == NULL)
		return "";
	return w->mark == 'g' ? "\033[32m"
	    : w->mark == 'y'  ? "\033[33m"
	    : w->mark == 'r'  ? "\033[31m"
			      : "";
}

const char *
color_end(const struct look *look)
{
	return look->color ? "\033[0m" : "";
}

static void
add_sentences(struct buf *out, const struct json_value *list)
{
	const struct json_value *v;
	bool any = false;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL)
			continue;
		buf_printf(out, "%s%s", any ? "\n" : "", json_string(v));
		any = true;
	}
}

/* {"slots":2,"weight":1} as slots=2 weight=1. */
static void
add_pairs(struct buf *out, const struct json_value *object)
{
	const struct json_value *v;
	const char *raw;
	size_t len;

	for (v = json_first(object); v != NULL; v = json_next(v)) {
		raw = json_raw(v, &len);
		buf_printf(out, "%s%s=", v == json_first(object) ? "" : " ",
		    json_key_of(v));
		if (json_string(v) != NULL)
			buf_adds(out, json_string(v));
		else
			buf_add(out, raw, len);
	}
}

static void
add_json(struct buf *out, const struct json_value *v)
{
	const char *text = json_string(v);
	struct json *inner = NULL;
	struct err ignored;

	if (text != NULL && *text == '{')
		inner = json_parse(text, strlen(text), &JSON_REPLY, &ignored);
	if (inner != NULL)
		add_pairs(out, json_root(inner));
	else if (text != NULL)
		buf_adds(out, text);
	else if (json_type(v) == JSON_OBJECT)
		add_pairs(out, v);
	json_free(inner);
}

/* The letters for a job's status; other words are themselves. */
static const char *
short_state(const char *text)
{
	const struct state_word *w = state_word(text);

	return w == NULL || *w->letters == '\0' ? text : w->letters;
}

/* Two bugs in one helper differ below their first lines. */
static void
add_place(struct buf *out, const struct json_value *v)
{
	const char *text = json_string(v);
	size_t len;

	if (text == NULL)
		for (v = json_first(v); v != NULL; v = json_next(v))
			buf_printf(out, "%s%s", out->len == 0 ? "" : " | ",
			    json_string(v) == NULL ? "" : json_string(v));
	for (; text != NULL && *text != '\0'; text += len + (text[len] != 0)) {
		len = strcspn(text, "\n");
		buf_adds(out, out->len == 0 ? "" : " | ");
		buf_add(out, text, len);
	}
}

static void
add_value(struct buf *out, const struct json_value *v, enum cell cell, bool tty)
{
	const char *text = json_string(v);
	uint64_t n = 0;
	bool yes = false;

	switch (cell) {
	case CELL_NUMBER:
		if (json_u64(v, &n) == 0)
			add_number(out, n, tty);
		break;
	case CELL_SIZE:
		if (json_u64(v, &n) == -1)
			break;
		if (tty)
			buf_adds(out, text_size(n).text);
		else
			buf_printf(out, "%ju", (uintmax_t)n);
		break;
	case CELL_SPAN:
		if (json_u64(v, &n) == 0)
			add_span(out, n);
		break;
	case CELL_BOOL:
		if (json_bool(v, &yes) == 0)
			buf_adds(out, yes ? "yes" : "no");
		break;
	case CELL_LIST:
		add_list(out, v);
		break;
	case CELL_SENTENCES:
		add_sentences(out, v);
		break;
	case CELL_JSON:
		if (v != NULL)
			add_json(out, v);
		break;
	case CELL_TIME:
		if (text != NULL)
			add_time(out, text, tty);
		break;
	case CELL_SHORT:
		if (text != NULL)
			buf_adds(out, short_state(text));
		break;
	case CELL_LINE:
		if (text == NULL) /* or the first of a list */
			text = json_string(json_first(v));
		if (text != NULL)
			buf_add(out, text, strcspn(text, "\n"));
		break;
	case CELL_PLACE:
		add_place(out, v);
		break;
	default:
		if (json_type(v) == JSON_ARRAY)
			add_sentences(out, v);
		else if (text != NULL)
			buf_adds(out, text);
		else if (json_u64(v, &n) == 0)
			buf_printf(out, "%ju", (uintmax_t)n);
		break;
	}
}

void
table_cell(struct buf *out, const struct json_value *row,
    const struct column *c, bool tty)
{
	struct buf raw = BUF_INIT;

	if (CELL_OF(c->cell) == CELL_TRIES) {
		buf_printf(out, "%ju/%ju",
		    (uintmax_t)json_get_u64(row, "reproduced", 0),
		    (uintmax_t)json_get_u64(row, "tries", 0));
		return;
	}
	add_value(&raw, json_get(row, c->key), CELL_OF(c->cell), tty);
	plain_add(out, buf_text(&raw), raw.len);
	buf_release(&raw);
}

/* ---- rows ------------------------------------------------------------ */

void
rows_add(struct rows *r, const struct json_value *row)
{
	if (r->count == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		r->list = mem_resize(r->list, r->room, sizeof(*r->list));
	}
	r->list[r->count++] = row;
}

void
rows_release(struct rows *r)
{
	size_t i;

	for (i = 0; i < r->page_count; i++)
		json_free(r->pages[i]);
	free(r->pages);
	free(r->list);
	memset(r, 0, sizeof(*r));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Characters that tell all ids of the column apart; equal ones stay so. */
static size_t
id_length(const struct rows *rows, const char *key)
{
	const char **ids = mem_array(rows->count + 1, sizeof(*ids));
	size_t i, n, length = SHORTEST_ID;

	for (i = 0; i < rows->count; i++)
		ids[i] = json_get_string(rows->list[i], key, "");
	qsort(ids, rows->count, sizeof(*ids), by_text);
	for (i = 1; i < rows->count; i++) {
		for (n = 0; ids[i][n] != '\0' && ids[i][n] == ids[i - 1][n];)
			n++;
		if (ids[i][n] != ids[i - 1][n] && n >= length)
			length = n + 1;
	}
	free(ids);
	return length;
}

/* ---- libsmartcols ---------------------------------------------------- */

#define COLUMNS_MOST 48

static bool
to_the_right(enum cell cell)
{
	return cell == CELL_NUMBER || cell == CELL_SIZE || cell == CELL_SPAN ||
	    cell == CELL_TRIES;
}

static void
fill_line(struct libscols_line *line, const struct json_value *row,
    const struct column *columns, const size_t *lengths,
    const struct look *look)
{
	struct buf cell = BUF_INIT;
	const char *color;
	size_t i;

	for (i = 0; columns[i].title != NULL; i++) {
		buf_reset(&cell);
		table_cell(&cell, row, &columns[i], look->tty);
		if (CELL_OF(columns[i].cell) == CELL_ID && look->tty &&
		    !look->wide && cell.len > lengths[i])
			cell.data[lengths[i]] = '\0';
		scols_line_set_data(line, i, buf_text(&cell));
		if (CELL_OF(columns[i].cell) != CELL_STATE)
			continue;
		color = state_color(buf_text(&cell), look);
		if (*color != '\0')
			scols_cell_set_color(
			    scols_line_get_cell(line, i), color);
	}
	buf_release(&cell);
}

/* A pager's pipe is the terminal behind it. */
static void
set_look(struct libscols_table *table, const struct look *look)
{
	scols_table_enable_noheadings(table, look->no_header);
	scols_table_enable_colors(table, look->color);
	if (!look->tty)
		return;
	scols_table_set_termforce(
	    table, look->wide ? SCOLS_TERMFORCE_NEVER : SCOLS_TERMFORCE_ALWAYS);
	if (look->width > 0)
		scols_table_set_termwidth(table, (size_t)look->width);
}

void
table_print(const struct rows *rows, const struct column *columns,
    const struct look *look)
{
	size_t lengths[COLUMNS_MOST] = {0}, i;
	struct libscols_table *table;
	int flags;

	if (rows->count == 0)
		return;
	scols_init_debug(0);
	table = scols_new_table();
	set_look(table, look);
	for (i = 0; columns[i].title != NULL; i++) {
		flags =
		    to_the_right(CELL_OF(columns[i].cell)) ? SCOLS_FL_RIGHT : 0;
		if ((CELL_OF(columns[i].cell) == CELL_LINE ||
			CELL_OF(columns[i].cell) == CELL_PLACE ||
			CELL_OF(columns[i].cell) == CELL_JSON) &&
		    !look->wide)
			flags |= SCOLS_FL_TRUNC;
		if (CELL_OF(columns[i].cell) == CELL_ID)
			lengths[i] = id_length(rows, columns[i].key);
		scols_table_new_column(table, columns[i].title, 0, flags);
	}
	for (i = 0; i < rows->count; i++)
		fill_line(scols_table_new_line(table, NULL), rows->list[i],
		    columns, lengths, look);
	scols_print_table(table);
	scols_unref_table(table);
}

static void
print_field(const struct column *c, const char *text, const struct look *look)
{
	const char *color =
	    CELL_OF(c->cell) == CELL_STATE ? state_color(text, look) : "";

	printf("%-14s %s", c->title, color);
	for (; *text != '\0'; text++) {
		putchar(*text);
		if (*text == '\n') /* further lines below the first */
			printf("%-14s ", "");
	}
	printf("%s\n", *color == '\0' ? "" : color_end(look));
}

void
table_fields(const struct json_value *item, const struct column *columns,
    const struct look *look)
{
	struct buf cell = BUF_INIT;
	size_t i;

	for (i = 0; columns[i].title != NULL; i++) {
		buf_reset(&cell);
		table_cell(&cell, item, &columns[i], look->tty);
		if (cell.len > 0)
			print_field(&columns[i], cell.data, look);
	}
	buf_release(&cell);
}
