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
	CELL_LINE,        /* first line of a text, first text of a list */
	CELL_PLACE,       /* a state: its lines with " | " between */
	CELL_ID,          /* on a terminal as short as keeps the rows apart */
	CELL_NUMBER,      /* 12.3k on a terminal */
	CELL_SIZE,        /* 1.5 MiB on a terminal */
	CELL_TIME,        /* "3m ago" on a terminal */
	CELL_SPAN,        /* milliseconds */
	CELL_BOOL,        /* yes, no */
	CELL_LIST,        /* texts with commas between */
	CELL_TRIES,       /* "3/3": reproduced of tries */
	CELL_STATE,       /* a word with a colour of its own */
	CELL_SENTENCES,   /* a list of them, a line each */
	CELL_JSON,        /* "key=value" of an object, or of one in a text */
	CELL_SHORT,       /* a job's status as squeue has it: R, PD */
	CELL_WIDE = 0x100 /* flag: only with --wide, or when asked for */
};
#define CELL_OF(of) ((enum cell)((of) & ~CELL_WIDE))

/* How it may look. */
struct look {
	bool tty;   /* short numbers, relative times, one line a row */
	bool color; /* never the only carrier of anything */
	bool utf8;
	bool no_header;
	bool wide; /* cut nothing */
	int width; /* of the terminal */
};

/* Escape sequences around a state's word; "" without colour. */
const char *state_color(const char *word, const struct look *look);
const char *color_end(const struct look *look);
/* "R" -> "running"; every other word, and NULL, is itself. */
const char *state_long(const char *word);

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
    const struct look *look);

/* Print one item, a line a column. */
void table_fields(const struct json_value *item, const struct column *columns,
    const struct look *look);

#endif
