/*
 * What a viewer does not see is left out by the views themselves: two
 * functions of SQL ask back who looks.
 */
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/viewer.h"

static void
sees(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct db *db = sqlite3_user_data(context);
	const char *project = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	sqlite3_result_int(context,
	    db->sees == NULL || project == NULL ||
		db->sees(db->sees_arg, project));
}

static void
sees_all(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct db *db = sqlite3_user_data(context);

	(void)count;
	(void)values;
	sqlite3_result_int(context, db->sees == NULL);
}

int
viewer_register(struct db *db, struct err *e)
{
	const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;

	if (sqlite3_create_function_v2(db->handle, "sees", 1, flags, db, sees,
		NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_create_function_v2(db->handle, "sees_all", 0, flags, db,
		sees_all, NULL, NULL, NULL) != SQLITE_OK)
		return db_err(db, e, "add functions");
	return functions_register(db, e);
}

void
viewer_set(struct db *db, viewer_fn *fn, void *arg)
{
	db->sees = fn;
	db->sees_arg = arg;
}

int
viewer_project(struct db *db, enum view v, int64_t id,
    char project[NAME_MAX_LEN + 1], struct err *e)
{
	static const char *const queries[VIEW_COUNT] = {
	    [VIEW_BUILD] = "SELECT project FROM v_build WHERE id = ?",
	    [VIEW_TARGET] = "SELECT project FROM v_target WHERE id = ?",
	    [VIEW_JOB] = "SELECT project FROM v_job WHERE id = ?",
	    [VIEW_BUCKET] = "SELECT project FROM v_bucket WHERE id = ?",
	    [VIEW_CRASH] = "SELECT project FROM v_crash WHERE id = ?",
	};
	sqlite3_stmt *row;
	int got;

	if (queries[v] == NULL)
		return err_set(
		    e, ERR_BUG, "%s: is of no project", view_noun(v));
	got = db_query(db, e, &row, queries[v], "i", id);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "%s: not found", view_noun(v));
	if (got == -1)
		return -1;
	text_copy(project, NAME_MAX_LEN + 1, db_text(row, 0));
	db_end(row);
	return 0;
}

int
viewer_account_projects(
    struct db *db, const char *account, struct buf *projects, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(db, e, &row,
	    "SELECT projects FROM account WHERE name = ? AND kind = 'ci'"
	    " AND state = 'active'",
	    "t", account);
	if (got != 1)
		return got;
	buf_adds(projects, db_text(row, 0));
	db_end(row);
	return 0;
}
