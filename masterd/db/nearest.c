/*
 * Typing errors in names of targets and projects.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/nearest.h"

#define OFFERED   3
#define LOOKED_AT "20000" /* names; a hint may not hold up the master */

struct names {
	char **list;       /* in full */
	const char **part; /* what is compared: in full, or the target alone */
	size_t count;
};

static void
add(struct names *n, const char *name, bool whole)
{
	const char *slash;

	n->list = mem_resize(n->list, n->count + 1, sizeof(*n->list));
	n->part = mem_resize(n->part, n->count + 1, sizeof(*n->part));
	n->list[n->count] = mem_strdup(name);
	slash = whole ? NULL : strchr(n->list[n->count], '/');
	n->part[n->count] = slash == NULL ? n->list[n->count] : slash + 1;
	n->count++;
}

/* Best first: the one found is taken out, then the next. */
static void
offer(struct names *n, const char *typed, struct buf *hint)
{
	const char *near;
	size_t found = 0, i;

	while (found < OFFERED && n->count > 0 &&
	    (near = nearest_word(typed, n->part, n->count)) != NULL) {
		for (i = 0; n->part[i] != near; i++)
			;
		buf_printf(hint, "%s%s", found == 0 ? "did you mean " : ", ",
		    n->list[i]);
		free(n->list[i]);
		n->list[i] = n->list[n->count - 1];
		n->part[i] = n->part[n->count - 1];
		n->count--;
		found++;
	}
	if (found > 0)
		buf_addc(hint, '?');
}

static void
release(struct names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->list[i]);
	free(n->list);
	free(n->part);
}

/* Without @revision and :sanitizer. */
static void
bare(char *name, size_t size, const char *typed)
{
	char *mark;

	text_copy(name, size, typed);
	if ((mark = strrchr(name, ':')) != NULL)
		*mark = '\0';
	if ((mark = strrchr(name, '@')) != NULL)
		*mark = '\0';
}

int
nearest_targets(
    struct db *db, const char *typed, struct buf *hint, struct err *e)
{
	char name[NAME_MAX_LEN + TARGET_MAX_LEN + 2];
	struct names n = {NULL, NULL, 0};
	sqlite3_stmt *row;
	bool whole;
	int got;

	bare(name, sizeof(name), typed);
	whole = strchr(name, '/') != NULL;
	got = db_query(db, e, &row,
	    "SELECT p.name || '/' || t.name FROM target t JOIN project p"
	    " ON p.id = t.project WHERE t.of IS NULL AND sees(p.name) ORDER BY "
	    "t.id DESC"
	    " LIMIT " LOOKED_AT,
	    "");
	for (; got == 1; got = db_next(db, e, row))
		add(&n, db_text(row, 0), whole);
	if (got == 0)
		offer(&n, name, hint);
	release(&n);
	return got;
}

int
nearest_projects(
    struct db *db, const char *typed, struct buf *hint, struct err *e)
{
	struct names n = {NULL, NULL, 0};
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT name FROM project WHERE sees(name) ORDER BY id DESC "
	    "LIMIT " LOOKED_AT,
	    "");
	for (; got == 1; got = db_next(db, e, row))
		add(&n, db_text(row, 0), true);
	if (got == 0)
		offer(&n, typed, hint);
	release(&n);
	return got;
}
