/* Ephemeral bots are folded into their pools, and shown as one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/bots_change.h"
#include "masterd/db/pools.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/work.h"

#define DAY_MS (24ull * 60 * 60 * 1000)

static int64_t
ephemeral(struct farm *f, const char *name, const char *state)
{
	int64_t id = work_bot(f, name, "A");
	char sql[300];

	snprintf(sql, sizeof(sql),
	    "UPDATE bot SET pool = 'night', state = '%s', leases = 2, execs = "
	    "100, cpu_ms = 7, os = 'Debian', program = 'x' WHERE id = %jd",
	    state, (intmax_t)id);
	farm_sql(f, sql);
	return id;
}

static int
fold(struct farm *f, uint64_t after_ms, int most)
{
	int told = 0;
	const struct pools_turn t = {
	    DAY_MS, most, {FARM_NOW + after_ms, WORK_START, NULL, &told}};

	return pools_fold(f->db, &t, NULL);
}

static const char *
pool_row(struct farm *f)
{
	return farm_text(f,
	    "SELECT a.name || '/' || p.name || ' ' || bots || ' ' || leases || "
	    "' ' || execs || ' ' || cpu_ms FROM pool p JOIN account a ON a.id "
	    "= p.account");
}

static void
those_that_are_gone_for_a_day_are_folded(void **state)
{
	struct farm *f = *state;

	ephemeral(f, "n1", "left");
	ephemeral(f, "n2", "lost");
	ephemeral(f, "n3", "up");
	assert_int_equal(fold(f, DAY_MS, 10), 0);
	assert_int_equal(fold(f, DAY_MS + 1, 10), 2);
	assert_string_equal(pool_row(f), "local/night 2 4 200 14");
	assert_string_equal(farm_text(f,
				"SELECT group_concat(name || ' ' || state || "
				"' ' || leases || os) FROM bot WHERE pool <> "
				"''"),
	    "n1 forgotten 0,n2 forgotten 0,n3 up 2Debian");
	/* b1 is no ephemeral one. */
	assert_string_equal(
	    farm_text(f, "SELECT state FROM bot WHERE name = 'b1'"), "up");
	assert_int_equal(fold(f, 9 * DAY_MS, 10), 0);
}

static void
one_that_comes_back_is_not_counted_twice(void **state)
{
	struct farm *f = *state;
	int64_t bot = ephemeral(f, "n1", "left");

	assert_int_equal(fold(f, DAY_MS + 1, 10), 1);
	farm_beat(f, bot, FARM_OTHER, 1, WORK_START);
	assert_string_equal(
	    farm_text(f, "SELECT state FROM bot WHERE name = 'n1'"), "up");
	farm_sql(f,
	    "UPDATE bot SET execs = 5, leases = 1, state = 'left' WHERE name = "
	    "'n1'");
	assert_int_equal(fold(f, 2 * DAY_MS, 10), 1);
	assert_string_equal(pool_row(f), "local/night 1 3 105 7");
}

static void
what_one_did_stays_its_pools_when_a_person_forgets_it(void **state)
{
	struct farm *f = *state;
	int64_t bot = ephemeral(f, "n1", "lost");
	const struct lease_turn turn = {FARM_NOW, WORK_START, NULL, NULL};
	const struct bot_act act = {bot, "user:alice", "", &turn};

	assert_int_equal(bots_forget(f->db, &act, NULL), 0);
	assert_string_equal(pool_row(f), "local/night 1 2 100 7");
	assert_int_equal(bots_forget(f->db, &act, &(struct err){0}), -1);
	assert_int_equal(fold(f, 9 * DAY_MS, 10), 0);
	assert_string_equal(pool_row(f), "local/night 1 2 100 7");
}

static void
a_turn_folds_so_many_and_no_more(void **state)
{
	struct farm *f = *state;
	char name[16];
	int i;

	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ephemeral(f, name, "left");
	}
	assert_int_equal(fold(f, 2 * DAY_MS, 2), 2);
	assert_int_equal(fold(f, 2 * DAY_MS, 2), 2);
	assert_int_equal(fold(f, 2 * DAY_MS, 2), 1);
}

static void
leases_that_a_lost_one_still_has_go_back(void **state)
{
	struct farm *f = *state;
	int64_t bot = ephemeral(f, "n1", "lost");
	int64_t lease = work_offer_at(f, farm_job(f), bot, WORK_START);

	assert_int_equal(fold(f, 2 * DAY_MS, 10), 1);
	assert_string_equal(work_lease(f, lease), "expired");
	assert_string_equal(work_task(f, lease), "ready");
}

/* ---- as people see them ---------------------------------------------- */

static const char *
list(struct farm *f, enum view v, const char *const filter[VIEW_FILTERS])
{
	struct view_page page = {.view = v, .limit = 50};
	static struct buf out = BUF_INIT;
	char sql[200];
	int i;

	for (i = 0; i < VIEW_FILTERS; i++)
		page.filter[i] = filter[i];
	buf_reset(&out);
	assert_int_equal(view_list(f->db, &page, &out, NULL), 0);
	farm_sql(f,
	    "DROP TABLE IF EXISTS temp.said;"
	    "CREATE TEMP TABLE said (json TEXT)");
	buf_adds(&out, "'");
	{
		struct buf insert = BUF_INIT;

		buf_printf(&insert, "INSERT INTO said VALUES ('%s)", out.data);
		farm_sql(f, insert.data);
		buf_release(&insert);
	}
	snprintf(sql, sizeof(sql),
	    "SELECT coalesce(group_concat(json_extract(value, '$.name') || ' ' "
	    "|| json_extract(value, '$.state')), '') FROM said, "
	    "json_each(said.json, '$.items')");
	return farm_text(f, sql);
}

static void
a_pool_is_one_line_until_somebody_asks_for_each(void **state)
{
	static const char *const none[VIEW_FILTERS],
	    *const all[VIEW_FILTERS] = {NULL, NULL, NULL, "1"},
		   *const pool[VIEW_FILTERS] = {NULL, NULL, "night", NULL},
		   *const gone[VIEW_FILTERS] = {"forgotten", NULL, NULL, NULL};
	struct farm *f = *state;

	ephemeral(f, "n1", "left");
	fold(f, 2 * DAY_MS, 10);
	ephemeral(f, "n2", "up");
	ephemeral(f, "n3", "left");
	assert_string_equal(list(f, VIEW_BOTS, none), "b1 up,pool/night pool");
	assert_string_equal(farm_text(f,
				"SELECT json_extract(json, "
				"'$.items[1].bots', '$.items[1].forgotten', "
				"'$.items[1].execs', '$.items[1].slots') FROM "
				"said"),
	    "[{\"left\":1,\"up\":1},1,300,4]");
	assert_string_equal(list(f, VIEW_BOT, all), "b1 up,n2 up,n3 left");
	assert_string_equal(list(f, VIEW_BOT, pool), "n2 up,n3 left");
	assert_string_equal(list(f, VIEW_BOT, gone), "n1 forgotten");
}

#define T(name) cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(those_that_are_gone_for_a_day_are_folded),
	    T(one_that_comes_back_is_not_counted_twice),
	    T(what_one_did_stays_its_pools_when_a_person_forgets_it),
	    T(a_turn_folds_so_many_and_no_more),
	    T(leases_that_a_lost_one_still_has_go_back),
	    T(a_pool_is_one_line_until_somebody_asks_for_each),
	};

	return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
