/*
 * Lists in another order than that of arrival.  The statement is made of the
 * one that lists the view by id, once for each order that was ever asked for.
 * The inner SELECT sorts and cuts rows without making their JSON, the outer
 * one makes that of a page; "id > 0" has it walk the rows in their order, not
 * in that of some index of digests, each row elsewhere in the file.  The cursor is the id of the last row; the next
 * page goes on behind the place that this row has by then.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/db/views.h"
#include "masterd/db/views_internal.h"

/* clang-format off */
static const struct {
	enum view view;
	const char *name, *column;
} sorts[] = {
	{ VIEW_BUILD,	"created",	"id" },
	{ VIEW_BUILD,	"project",	"project" },
	{ VIEW_BUILD,	"state",	"state" },
	{ VIEW_BUILD,	"bytes",	"bytes" },
	{ VIEW_TARGET,	"created",	"id" },
	{ VIEW_TARGET,	"name",		"key" },
	{ VIEW_TARGET,	"units",	"units" },
	{ VIEW_TARGET,	"edges",	"edges" },
	{ VIEW_JOB,	"created",	"id" },
	{ VIEW_JOB,	"name",		"target" },
	{ VIEW_JOB,	"status",	"status" },
	{ VIEW_JOB,	"weight",	"weight" },
	{ VIEW_JOB,	"execs",	"execs" },
	{ VIEW_JOB,	"spent",	"spent" },
	{ VIEW_JOB,	"ended",	"ended" },
	{ VIEW_BOT,	"created",	"id" },
	{ VIEW_BOT,	"name",		"key" },
	{ VIEW_BOT,	"state",	"state" },
	{ VIEW_BOT,	"account",	"account" },
	{ VIEW_BOT,	"seen",		"seen" },
	{ VIEW_BOTS,	"created",	"id" },
	{ VIEW_BOTS,	"name",		"key" },
	{ VIEW_BOTS,	"state",	"state" },
	{ VIEW_BOTS,	"account",	"account" },
	{ VIEW_BOTS,	"seen",		"seen" },
	{ VIEW_BUCKET,	"created",	"id" },
	{ VIEW_BUCKET,	"project",	"project" },
	{ VIEW_BUCKET,	"number",	"number" },
	{ VIEW_BUCKET,	"status",	"status" },
	{ VIEW_BUCKET,	"last",		"last" },
	{ VIEW_BUCKET,	"hits",		"hits" },
	{ VIEW_CRASH,	"created",	"id" },
	{ VIEW_CRASH,	"name",		"target" },
	{ VIEW_CRASH,	"bytes",	"bytes" },
	{ VIEW_CRASH,	"last",		"last" },
	{ VIEW_UNIT,	"created",	"id" },
	{ VIEW_UNIT,	"bytes",	"bytes" },
	{ VIEW_EVENT,	"created",	"id" },
	{ VIEW_EPOCH,	"created",	"id" },
	{ VIEW_EPOCH,	"name",		"bot" },
	{ VIEW_LEDGER,	"created",	"id" },
	{ VIEW_LEDGER,	"name",		"bot" },
	{ VIEW_AUDIT,	"created",	"id" },
	{ VIEW_ACCOUNT,	"created",	"id" },
	{ VIEW_ACCOUNT,	"name",		"key" },
	{ VIEW_SUBMISSION, "created",	"id" },
	{ VIEW_DECISION, "created",	"id" },
};
/* clang-format on */
#define SORTS (sizeof(sorts) / sizeof(sorts[0]))

static char *made[SORTS][2]; /* kept: statements are found by address */

static int
find(enum view v, const char *sort)
{
	size_t i;

	for (i = 0; i < SORTS; i++)
		if (sorts[i].view == v && strcmp(sorts[i].name, sort) == 0)
			return (int)i;
	return -1;
}

const char *
view_sort(enum view v, int i)
{
	size_t k;

	for (k = 0; k < SORTS; k++)
		if (sorts[k].view == v && i-- == 0)
			return sorts[k].name;
	return NULL;
}

bool
view_sort_known(enum view v, const char *sort)
{
	return *sort == '\0' || find(v, sort + (*sort == '-')) != -1;
}

/* "up" is SELECT id, json FROM <view> WHERE id > ?1 AND <where> ORDER BY ... */
static char *
make(const char *up, const char *column, bool down)
{
	static const char from[] = " FROM ", where[] = " WHERE id > ?1 AND ";
	const char *view = strstr(up, from), *is = strstr(up, where);
	const char *order = strstr(up, " ORDER BY id LIMIT ?2");
	const char *way = down ? " DESC" : "";
	struct buf sql = BUF_INIT;
	int view_len, is_len;

	assert(view != NULL && is != NULL && order != NULL);
	view += strlen(from);
	view_len = (int)(is - view);
	is += strlen(where);
	is_len = (int)(order - is);
	buf_printf(&sql,
	    "SELECT id, json FROM %.*s WHERE id IN (SELECT id FROM %.*s"
	    " WHERE id > 0 AND (?1 = 0 OR (%s, id) %s ((SELECT %s FROM %.*s"
	    " WHERE id = ?1), ?1)) AND %.*s ORDER BY %s%s, id%s LIMIT ?2)"
	    " ORDER BY %s%s, id%s",
	    view_len, view, view_len, view, column, down ? "<" : ">", column,
	    view_len, view, is_len, is, column, way, way, column, way, way);
	return buf_detach(&sql);
}

const char *
view_sorted(enum view v, const char *up, const char *sort)
{
	bool down = *sort == '-';
	int i = find(v, sort + down);

	assert(i != -1);
	if (made[i][down] == NULL)
		made[i][down] = make(up, sorts[i].column, down);
	return made[i][down];
}
