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
		if ((text = json_string(v)) == NULL)
			continue;
		buf_printf(out, "%s%s", any ? "," : "", text);
		any = true;
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
	case CELL_TIME:
		if (text != NULL)
			add_time(out, text, tty);
		break;
	case CELL_LINE:
		if (text != NULL)
			buf_add(out, text, strcspn(text, "\n"));
		break;
	default:
		if (text != NULL)
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
	if (c->cell == CELL_TRIES)
		buf_printf(out, "%ju/%ju",
		    (uintmax_t)json_get_u64(row, "reproduced", 0),
		    (uintmax_t)json_get_u64(row, "tries", 0));
	else
		add_value(out, json_get(row, c->key), c->cell, tty);
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

static bool
to_the_right(enum cell cell)
{
	return cell == CELL_NUMBER || cell == CELL_SIZE || cell == CELL_SPAN ||
	    cell == CELL_TRIES;
}

static void
fill_line(struct libscols_line *line, const struct json_value *row,
    const struct column *columns, const size_t *lengths, bool tty)
{
	struct buf cell = BUF_INIT;
	size_t i;

	for (i = 0; columns[i].title != NULL; i++) {
		buf_reset(&cell);
		table_cell(&cell, row, &columns[i], tty);
		if (columns[i].cell == CELL_ID && cell.len > lengths[i])
			cell.data[lengths[i]] = '\0';
		scols_line_set_data(line, i, buf_text(&cell));
	}
	buf_release(&cell);
}

void
table_print(const struct rows *rows, const struct column *columns, bool tty,
    bool no_header)
{
	struct libscols_table *table;
	size_t lengths[16] = {0}, i;
	int flags;

	if (rows->count == 0)
		return;
	scols_init_debug(0);
	table = scols_new_table();
	scols_table_enable_noheadings(table, no_header);
	for (i = 0; columns[i].title != NULL; i++) {
		flags = to_the_right(columns[i].cell) ? SCOLS_FL_RIGHT : 0;
		if (columns[i].cell == CELL_LINE)
			flags |= SCOLS_FL_TRUNC;
		if (columns[i].cell == CELL_ID)
			lengths[i] = id_length(rows, columns[i].key);
		scols_table_new_column(table, columns[i].title, 0, flags);
	}
	for (i = 0; i < rows->count; i++)
		fill_line(scols_table_new_line(table, NULL), rows->list[i],
		    columns, lengths, tty);
	scols_print_table(table);
	scols_unref_table(table);
}

void
table_fields(
    const struct json_value *item, const struct column *columns, bool tty)
{
	struct buf cell = BUF_INIT;
	const char *p;
	size_t i;

	for (i = 0; columns[i].title != NULL; i++) {
		buf_reset(&cell);
		table_cell(&cell, item, &columns[i], tty);
		if (cell.len == 0)
			continue;
		printf("%-14s ", columns[i].title);
		for (p = cell.data; *p != '\0'; p++) {
			putchar(*p);
			if (*p == '\n') /* further lines below the first */
				printf("%-14s ", "");
		}
		putchar('\n');
	}
	buf_release(&cell);
}
