/*
 * The log of changes: what cannot be altered unseen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/db/audit.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/farm.h"

#define OPEN "DROP TRIGGER audit_update; DROP TRIGGER audit_delete;"

static void
add(struct farm *f, const char *what, const char *reason)
{
	const struct audit_entry a = {"user:alice", what, "job:1", "{\"a\":1}",
	    "{\"a\":2}", reason, "00ff"};
	struct err e;

	if (audit_add(f->db, &a, &e) == -1)
		fail_msg("%s", e.text);
}

static void
check(struct farm *f, uint64_t rows, int64_t broken)
{
	struct audit_state s;

	assert_int_equal(audit_check(f->db, &s, NULL), 0);
	assert_int_equal(s.rows, rows);
	assert_int_equal(s.broken, broken);
}

static void
three(struct farm *f)
{
	add(f, "job.paused", "");
	add(f, "job.resumed", "enough");
	add(f, "job.cancelled", "");
}

static void
an_empty_log_is_intact(void **state)
{
	check(*state, 0, 0);
}

static void
rows_follow_each_other(void **state)
{
	struct audit_state s, t;
	struct farm *f = *state;

	three(f);
	check(f, 3, 0);
	assert_int_equal(audit_check(f->db, &s, NULL), 0);
	add(f, "job.retried", "");
	assert_int_equal(audit_check(f->db, &t, NULL), 0);
	assert_false(digest_equal(&s.head, &t.head));
	assert_string_equal(
	    farm_text(f, "SELECT group_concat(id) FROM audit"), "1,2,3,4");
}

/* The hash as audit.h has it, reckoned here once more. */
static void
the_hash_is_that_of_the_manual(void **state)
{
	static const char row[] = "1\0"
				  "77\0user:alice\0job.set\0job:1\0{}\0{}\0"
				  "why\0"
				  "00ff";
	const struct audit_entry a = {
	    "user:alice", "job.set", "job:1", "{}", "{}", "why", "00ff"};
	struct digest zero = {{0}}, want;
	struct hasher *h = hasher_new();
	struct farm *f = *state;
	char text[DIGEST_HEX + sizeof(row) + 8];
	int n;

	assert_int_equal(audit_add(f->db, &a, NULL), 0);
	n = snprintf(
	    text, sizeof(text), "%s", farm_text(f, "SELECT at_ms FROM audit"));
	hasher_add(h, zero.bytes, DIGEST_SIZE);
	hasher_add(h, row, 2);
	hasher_add(h, text, (size_t)n + 1);
	hasher_add(h, row + 5, sizeof(row) - 5);
	hasher_end(h, &want);
	hasher_free(h);
	assert_string_equal(farm_text(f, "SELECT lower(hex(hash)) FROM audit"),
	    digest_hex(&want).text);
}

static void
any_changed_column_is_found(void **state)
{
	static const char *const changes[] = {"at_ms = at_ms + 1",
	    "who = 'user:bob'", "what = 'job.set'", "subject = 'job:2'",
	    "before = ''", "after = ''", "reason = 'because'", "trace = ''",
	    "hash = zeroblob(32)", "id = 7"};
	struct farm *f = *state;
	char sql[200];
	size_t i;

	three(f);
	farm_sql(f, OPEN);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		farm_sql(
		    f, "CREATE TABLE kept AS SELECT * FROM audit WHERE id = 2");
		snprintf(sql, sizeof(sql), "UPDATE audit SET %s WHERE id = 2",
		    changes[i]);
		farm_sql(f, sql);
		/* With a hash that is wrong the next row shows it at the
		 * latest, with an id that is moved its old neighbour. */
		assert_int_not_equal(
		    farm_number(f, "SELECT count(*) FROM audit"), 0);
		{
			struct audit_state s;

			assert_int_equal(audit_check(f->db, &s, NULL), 0);
			assert_int_not_equal(s.broken, 0);
		}
		farm_sql(f,
		    "DELETE FROM audit WHERE id IN (2, 7);"
		    "INSERT INTO audit SELECT * FROM kept; DROP TABLE kept;"
		    "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'audit'");
		check(f, 3, 0);
	}
}

static void
rows_taken_out_are_missed(void **state)
{
	struct farm *f = *state;

	three(f);
	farm_sql(f, OPEN "DELETE FROM audit WHERE id = 2");
	check(f, 2, 3);
	farm_sql(f, "DELETE FROM audit WHERE id = 3");
	check(f, 1, 3);
}

static int
refused(struct farm *f, const char *sql)
{
	struct err e;

	return db_exec(f->db, sql, &e) == -1 &&
	    strstr(e.text, "only added to") != NULL;
}

static void
the_table_refuses_changes(void **state)
{
	struct farm *f = *state;

	three(f);
	assert_true(refused(f, "UPDATE audit SET who = 'x'"));
	assert_true(refused(f, "DELETE FROM audit WHERE id = 1"));
	check(f, 3, 0);
}

static void
hostile_texts_are_cleaned_before_they_are_hashed(void **state)
{
	struct view_page page = {.view = VIEW_AUDIT, .limit = 10};
	struct buf out = BUF_INIT;
	struct farm *f = *state;
	struct json *j;
	char big[3000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	add(f, "job.paused", "a\nb\x1b[31m\xff");
	add(f, "job.paused", big);
	check(f, 2, 0);
	assert_int_equal(view_list(f->db, &page, &out, NULL), 0);
	j = json_parse(out.data, out.len, &JSON_REPLY, NULL);
	assert_non_null(j);
	assert_non_null(strstr(out.data, "a\\\\x0ab\\\\x1b[31m\\\\xff"));
	assert_true(out.len < 3000);
	json_free(j);
	buf_release(&out);
}

static void
the_view_filters_and_has_sides_as_json(void **state)
{
	struct view_page page = {.view = VIEW_AUDIT, .limit = 10};
	struct buf out = BUF_INIT;
	struct farm *f = *state;

	three(f);
	page.filter[1] = "job.resumed";
	assert_int_equal(view_list(f->db, &page, &out, NULL), 0);
	assert_null(strstr(out.data, "job.paused"));
	assert_non_null(strstr(out.data, "\"before\":{\"a\":1}"));
	assert_non_null(strstr(out.data, "\"reason\":\"enough\""));
	buf_release(&out);
}

#define T(f) cmocka_unit_test_setup_teardown(f, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_empty_log_is_intact),
	    T(rows_follow_each_other),
	    T(the_hash_is_that_of_the_manual),
	    T(any_changed_column_is_found),
	    T(rows_taken_out_are_missed),
	    T(the_table_refuses_changes),
	    T(hostile_texts_are_cleaned_before_they_are_hashed),
	    T(the_view_filters_and_has_sides_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
