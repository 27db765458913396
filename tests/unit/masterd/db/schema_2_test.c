/* What the tables themselves refuse: ways that a state may not go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/db_internal.h"
#include "tests/unit/masterd/work.h"

#define STATES 8

/* Of each state, all that may follow it: the table of masterd/DESIGN. */
/* clang-format off */
static const struct thing {
	const char *table, *column;
	struct { const char *state, *next; } states[STATES];
} things[] = {
	{ "job", "status", {
		{ "pending", "running paused completed failed timed_out "
		    "cancelled" },
		{ "running", "paused completed failed timed_out cancelled" },
		{ "paused", "pending running failed cancelled" },
		{ "completed", "" },
		{ "failed", "pending" },
		{ "timed_out", "pending" },
		{ "cancelled", "pending" } } },
	{ "task", "state", {
		{ "ready", "leased done failed cancelled parked" },
		{ "leased", "ready done failed cancelled parked" },
		{ "done", "" },
		{ "failed", "" },
		{ "cancelled", "" },
		{ "parked", "ready cancelled" } } },
	{ "lease", "state", {
		{ "offered", "running done failed expired cancelled" },
		{ "running", "done failed expired cancelled" },
		{ "done", "" },
		{ "failed", "" },
		{ "expired", "" },
		{ "cancelled", "" } } },
	{ "build", "state", {
		{ "new", "good bad removed" },
		{ "good", "bad removed" },
		{ "bad", "new removed" },
		{ "removed", "new" } } },
};
/* clang-format on */

static bool
may(const char *next, const char *state)
{
	char list[120], word[20];

	snprintf(list, sizeof(list), " %s ", next);
	snprintf(word, sizeof(word), " %s ", state);
	return strstr(list, word) != NULL;
}

static int
try(struct farm *f, const char *sql)
{
	return sqlite3_exec(f->db->handle, sql, NULL, NULL, NULL);
}

/* The rows in this state, by a way that is open for that only. */
static void
be(struct farm *f, const struct thing *t, const char *state)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
	    "CREATE TEMP TABLE kept AS SELECT * FROM transition WHERE thing = "
	    "'%s';"
	    "INSERT OR IGNORE INTO transition SELECT '%s', %s, '%s' FROM %s;"
	    "UPDATE %s SET %s = '%s';"
	    "DELETE FROM transition WHERE thing = '%s';"
	    "INSERT INTO transition SELECT * FROM kept; DROP TABLE kept",
	    t->table, t->table, t->column, state, t->table, t->table, t->column,
	    state, t->table);
	farm_sql(f, sql);
}

static void
all_pairs(struct farm *f, const struct thing *t)
{
	char sql[100];
	int from, to;
	bool went;

	for (from = 0; from < STATES && t->states[from].state; from++)
		for (to = 0; to < STATES && t->states[to].state; to++) {
			be(f, t, t->states[from].state);
			snprintf(sql, sizeof(sql), "UPDATE %s SET %s = '%s'",
			    t->table, t->column, t->states[to].state);
			went = try(f, sql) == SQLITE_OK;
			if (went !=
			    (from == to ||
				may(t->states[from].next, t->states[to].state)))
				fail_msg("%s: %s -> %s: %s", t->table,
				    t->states[from].state, t->states[to].state,
				    went ? "went" : "refused");
		}
	snprintf(
	    sql, sizeof(sql), "UPDATE %s SET %s = 'odd'", t->table, t->column);
	assert_int_equal(try(f, sql), SQLITE_CONSTRAINT);
}

static void
only_the_ways_of_the_table_are_gone(void **state)
{
	struct farm *f = *state;
	size_t i;

	work_offer(f, farm_job(f)); /* one row of each */
	for (i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		all_pairs(f, &things[i]);
}

/* What refuses says which thing it is about, and nothing was changed. */
static void
a_refusal_is_a_conflict_with_a_sentence(void **state)
{
	struct farm *f = *state;
	struct err e;

	farm_job(f);
	farm_sql(f, "UPDATE job SET status = 'completed', ended_ms = 5");
	assert_int_equal(
	    db_run(f->db, &e, "UPDATE job SET status = 'running', ended_ms = 0",
		""),
	    -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "a job cannot go this way"));
	assert_int_equal(farm_number(f, "SELECT ended_ms FROM job"), 5);
	assert_string_equal(
	    farm_text(f, "SELECT status FROM job"), "completed");
}

static void
tasks_of_a_kind_have_what_they_need(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	assert_int_equal(try(f,
			     "INSERT INTO task (task, kind, target) VALUES "
			     "('aaaaaaaaaaaaaaaa', 'fuzz', 1)"),
	    SQLITE_CONSTRAINT);
	assert_int_equal(try(f,
			     "INSERT INTO task (task, kind, target) VALUES "
			     "('aaaaaaaaaaaaaaaa', 'check', 1)"),
	    SQLITE_CONSTRAINT);
	assert_int_equal(try(f,
			     "INSERT INTO task (task, kind, target, build) "
			     "VALUES ('aaaaaaaaaaaaaaaa', 'check', 1, 1)"),
	    SQLITE_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(only_the_ways_of_the_table_are_gone),
	    T(a_refusal_is_a_conflict_with_a_sentence),
	    T(tasks_of_a_kind_have_what_they_need),
	};

	return cmocka_run_group_tests_name("schema_2", tests, NULL, NULL);
}
