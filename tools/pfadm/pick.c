/*
 * Columns and rows of a list as the user wants them.  Done here and not by the
 * master: any column can be asked for, and no list is longer than its pages.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pfadm/pick.h"
#include "tools/pfadm/plain.h"

/* ---- names of columns ------------------------------------------------ */

/* "DISK FREE" is called disk_free. */
static bool
title_is(const char *title, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len && title[i] != '\0'; i++)
		if (tolower((unsigned char)title[i]) !=
		    (name[i] == '_' ? ' ' : tolower((unsigned char)name[i])))
			return false;
	return i == len && title[i] == '\0';
}

static const struct column *
find_column(const struct column *all, const char *name, size_t len)
{
	const struct column *c;

	if (len == 0)
		return NULL;
	for (c = all; c->title != NULL; c++)
		if (strlen(c->key) == len && strncmp(c->key, name, len) == 0)
			return c;
	for (c = all; c->title != NULL; c++)
		if (title_is(c->title, name, len))
			return c;
	/* What a row is called, whatever the noun calls it. */
	return len == 2 && strncmp(name, "id", 2) == 0 ? all : NULL;
}

static void
add_name(struct buf *out, const struct column *c)
{
	const char *p;

	if (*c->key != '\0') {
		buf_adds(out, c->key);
		return;
	}
	for (p = c->title; *p != '\0'; p++)
		buf_addc(
		    out, *p == ' ' ? '_' : (char)tolower((unsigned char)*p));
}

static int
no_column(const struct column *all, const char *name, size_t len)
{
	struct buf names = BUF_INIT;
	const struct column *c;

	for (c = all; c->title != NULL; c++) {
		buf_adds(&names, c == all ? "" : ", ");
		add_name(&names, c);
	}
	complain_usage("there is no column '%.*s'", (int)len, name);
	fprintf(stderr, "hint: there are %s\n", names.data);
	buf_release(&names);
	return -1;
}

/* ---- columns --------------------------------------------------------- */

static size_t
count_columns(const struct column *all)
{
	size_t n = 0;

	while (all[n].title != NULL)
		n++;
	return n;
}

/* "id,name,state" */
static int
take_list(
    const char *list, const struct column *all, struct column *out, size_t room)
{
	const struct column *c;
	size_t len, n = 0;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if ((c = find_column(all, list, len)) == NULL)
			return no_column(all, list, len);
		if (n < room)
			out[n++] = *c;
		if (list[len] == '\0')
			return 0;
	}
}

/* --sort and --filter name columns, too. */
static int
check_rest(const struct options *o, const struct column *all)
{
	const char *word = o->sort;
	size_t len;
	int i;

	if (word != NULL) {
		word += *word == '-';
		if (find_column(all, word, strlen(word)) == NULL)
			return no_column(all, word, strlen(word));
	}
	for (i = 0; i < o->filter.count; i++) {
		word = o->filter.list[i];
		len = strcspn(word, "=");
		if (word[len] == '\0') {
			complain_usage(
			    "--filter wants KEY=VALUE, not '%.80s'", word);
			return -1;
		}
		if (find_column(all, word, len) == NULL)
			return no_column(all, word, len);
	}
	return 0;
}

struct column *
pick_columns(struct pfadm *pf, const struct column *all)
{
	size_t room = count_columns(all) * 2, n = 0;
	struct column *out = mem_array(room + 1, sizeof(*out));
	const struct column *c;
	int got = 0;

	if (pf->o.columns != NULL)
		got = take_list(pf->o.columns, all, out, room);
	else
		for (c = all; c->title != NULL; c++)
			if ((c->cell & CELL_WIDE) == 0 || pf->o.wide ||
			    pf->o.csv)
				out[n++] = *c;
	if (got == 0 && check_rest(&pf->o, all) == 0)
		return out;
	free(out);
	return NULL;
}

/* ---- rows ------------------------------------------------------------ */

bool
pick_needs_all(const struct pfadm *pf)
{
	return pf->o.sort != NULL || pf->o.filter.count > 0;
}

/* A list fits when one of its items does. */
static bool
fits(const struct json_value *row, const struct column *c, const char *wanted)
{
	const struct json_value *v;
	struct buf text = BUF_INIT;
	bool yes, is = false;

	table_cell(&text, row, c, false);
	yes = strcmp(buf_text(&text), wanted) == 0;
	if (CELL_OF(c->cell) == CELL_LIST)
		for (v = json_first(json_get(row, c->key)); v != NULL && !yes;
		     v = json_next(v))
			yes = json_string(v) != NULL &&
			    strcmp(json_string(v), wanted) == 0;
	if (json_bool(json_get(row, c->key), &is) == 0)
		yes = yes || strcmp(wanted, is ? "true" : "false") == 0;
	buf_release(&text);
	return yes;
}

static void
filter(struct rows *rows, const struct column *all, const char *word)
{
	size_t len = strcspn(word, "="), i, kept = 0;
	const struct column *c = find_column(all, word, len);

	for (i = 0; i < rows->count; i++)
		if (fits(rows->list[i], c, word + len + 1))
			rows->list[kept++] = rows->list[i];
	rows->count = kept;
}

struct keyed {
	const struct json_value *row;
	char *text;
	double number;
	bool has_number;
	size_t place; /* equal ones stay as they were */
};

static int
by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order;

	if (x->has_number && y->has_number)
		order = (x->number > y->number) - (x->number < y->number);
	else if (x->has_number != y->has_number)
		order = x->has_number ? 1 : -1; /* nothing comes first */
	else
		order = strcmp(x->text, y->text);
	return order != 0 ? order : (x->place > y->place) ? 1 : -1;
}

static void
sort(struct rows *rows, const struct column *all, const char *word)
{
	bool down = *word == '-';
	const struct column *c =
	    find_column(all, word + down, strlen(word + down));
	struct keyed *list = mem_array(rows->count + 1, sizeof(*list));
	struct buf text;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		buf_init(&text);
		table_cell(&text, rows->list[i], c, false);
		buf_adds(&text, "");
		list[i] = (struct keyed){.row = rows->list[i], .place = i};
		list[i].has_number =
		    json_double(
			json_get(rows->list[i], c->key), &list[i].number) == 0;
		list[i].text = mem_strdup(buf_text(&text));
		buf_release(&text);
	}
	if (rows->count > 1)
		qsort(list, rows->count, sizeof(*list), by_key);
	for (i = 0; i < rows->count; i++) {
		rows->list[down ? rows->count - 1 - i : i] = list[i].row;
		free(list[i].text);
	}
	free(list);
}

void
pick_rows(struct pfadm *pf, const struct column *all, struct rows *rows)
{
	int i;

	for (i = 0; i < pf->o.filter.count; i++)
		filter(rows, all, pf->o.filter.list[i]);
	if (pf->o.sort != NULL)
		sort(rows, all, pf->o.sort);
}

/* ---- forms for programs ---------------------------------------------- */

/* RFC 4180; what a spreadsheet would take for a formula gets a quote before. */
static void
put_csv(const char *text)
{
	bool guard = *text != '\0' && strchr("=+-@\t\r", *text) != NULL;

	if (!guard && strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	if (guard)
		putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

void
print_csv(const struct rows *rows, const struct column *columns, bool no_header)
{
	struct buf cell = BUF_INIT;
	const struct column *c;
	struct column whole;
	size_t i;

	for (c = columns; c->title != NULL && !no_header; c++) {
		buf_reset(&cell);
		add_name(&cell, c);
		printf("%s%s", c == columns ? "" : ",", cell.data);
	}
	if (!no_header)
		fputs("\r\n", stdout);
	for (i = 0; i < rows->count; i++) {
		for (c = columns; c->title != NULL; c++) {
			whole = *c;
			if (CELL_OF(c->cell) == CELL_LINE ||
			    CELL_OF(c->cell) == CELL_PLACE)
				whole.cell = CELL_TEXT;
			buf_reset(&cell);
			table_cell(&cell, rows->list[i], &whole, false);
			if (c != columns)
				putchar(',');
			put_csv(buf_text(&cell));
		}
		fputs("\r\n", stdout);
	}
	buf_release(&cell);
}

void
print_jsonl(const struct rows *rows)
{
	const char *raw;
	size_t i, len;

	for (i = 0; i < rows->count; i++) {
		raw = json_raw(rows->list[i], &len);
		plain_put_json(stdout, raw, len);
		putchar('\n');
	}
}
