/*
 * The rules in force, kept with the connection: intake, views and regrouping
 * all ask here.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/judge.h"

void
judge_use(struct db *db, const struct rules *rules, const char *text)
{
	free(db->rules_text);
	db->rules_text = text == NULL ? NULL : mem_strdup(text);
	db->rules = rules;
}

const struct rules *
judge_rules(const struct db *db)
{
	return db->rules == NULL ? rules_base() : db->rules;
}

int
judge_copy(const struct db *db, struct rules **copy, struct err *e)
{
	const char *text = db->rules_text == NULL ? "" : db->rules_text;

	return rules_parse(copy, text, strlen(text), e);
}

/* A bundle that was judged just before the rules changed names those before;
 * they have their row already, or nothing was ever judged by them. */
int
judge_ruleset(struct db *db, const char *name, uint64_t now_ms, int64_t *id,
    struct err *e)
{
	bool now = strcmp(rules_name(judge_rules(db)).text, name) == 0;
	int got = db_number(
	    db, e, id, "SELECT id FROM ruleset WHERE name = ?", "t", name);

	if (got != 0)
		return got == 1 ? 0 : -1;
	if (db_run(db, e,
		"INSERT INTO ruleset (name, text, first_ms) VALUES (?, ?, ?)",
		"tti", name,
		now && db->rules_text != NULL ? db->rules_text : "",
		(int64_t)now_ms) == -1)
		return -1;
	*id = db_last_id(db);
	return 0;
}

int
judge_text(struct db *db, const char *name, struct buf *text, struct err *e)
{
	sqlite3_stmt *row;
	int got;

	got = db_query(
	    db, e, &row, "SELECT text FROM ruleset WHERE name = ?", "t", name);
	if (got != 1)
		return got == 0 ? 1 : -1;
	buf_adds(text, db_text(row, 0));
	db_end(row);
	return 0;
}
