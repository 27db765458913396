#ifndef TOOLS_PFADM_TABLE_H
#define TOOLS_PFADM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"

/*
 * Rows of the master's JSON as tables and as "name value" lines.  The only
 * door to libsmartcols.
 */
enum cell {
	CELL_TEXT,
	CELL_LINE,   /* first line of a text */
	CELL_ID,     /* as short as keeps the rows apart */
	CELL_NUMBER, /* 12.3k on a terminal */
	CELL_SIZE,   /* 1.5 MiB on a terminal */
	CELL_TIME,   /* "3m ago" on a terminal */
	CELL_SPAN,   /* milliseconds */
	CELL_BOOL,   /* yes, no */
	CELL_LIST,   /* texts with commas between */
	CELL_TRIES   /* "3/3": reproduced of tries */
};

struct column {
	const char *title;
	const char *key;
	enum cell cell;
};

/* Columns end with a title of NULL. */
void table_cell(struct buf *out, const struct json_value *row,
    const struct column *c, bool tty);

struct rows {
	const struct json_value **list;
	size_t count, room;
	struct json **pages; /* own what the rows point to */
	size_t page_count;
};

void rows_add(struct rows *r, const struct json_value *row);
void rows_release(struct rows *r);

/* Print with a line of titles unless "no_header"; nothing at all when there
 * are no rows. */
void table_print(const struct rows *rows, const struct column *columns,
    bool tty, bool no_header);

/* Print one item, a line a column. */
void table_fields(
    const struct json_value *item, const struct column *columns, bool tty);

#endif
