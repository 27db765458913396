/*
 * From the database to the planner: used each hour, and when an administrator
 * wants a build to go.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/admin/keep_rows.h"
#include "masterd/db/builds_keep.h"

static enum retain_state
state_of(const char *word)
{
	if (strcmp(word, "good") == 0)
		return RETAIN_GOOD;
	return strcmp(word, "bad") == 0 ? RETAIN_BAD : RETAIN_NEW;
}

static void
gather(void *arg, const struct keep_build *b)
{
	struct keep_rows *rows = arg;
	struct retain_build *new;

	rows->list =
	    mem_resize(rows->list, rows->count + 1, sizeof(*rows->list));
	new = &rows->list[rows->count++];
	*new = (struct retain_build){
	    .id = b->id,
	    .line = mem_strdup(b->line),
	    .added_ms = b->added_ms,
	    .order = b->order,
	    .ordered = b->ordered,
	    .state = state_of(b->state),
	};
	new->held = (b->pinned ? RETAIN_PIN : 0u) |
	    (b->used ? RETAIN_JOB : 0u) | (b->leased ? RETAIN_LEASE : 0u) |
	    (b->needed ? RETAIN_BUCKET : 0u) | (b->checked ? RETAIN_CHECK : 0u);
}

int
keep_rows_read(struct keep_rows *rows, struct db *db, struct err *e)
{
	memset(rows, 0, sizeof(*rows));
	return builds_to_keep(db, gather, rows, e);
}

void
keep_rows_release(struct keep_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		free((char *)rows->list[i].line);
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}
