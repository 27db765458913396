/*
 * Each rule takes what is old, and nothing that is open, referred to, or the
 * only trace of something that somebody may still ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/db_internal.h"
#include "masterd/db/retention.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/farm.h"

#define DAY_MS  86400000ull
#define DAYS(n) (FARM_NOW + (n)*DAY_MS)

/* A whole pass, "most" rows a turn; how many turns. */
static int
pass(struct farm *f, uint64_t now, int most)
{
	struct retention r = {.policy = RETENTION_DEFAULT};
	struct err e = {.text = ""};
	int turns = 1, more;

	while ((more = retention_run(f->db, &r, now, most, &e)) == 1)
		assert_true(++turns < 100000);
	if (more == -1)
		fail_msg("%s", e.text);
	return turns;
}

static int64_t
count(struct farm *f, const char *what)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", what);
	return farm_number(f, sql);
}

/* ---- ledger ---------------------------------------------------------- */

static void
recorded_fates_fold_after_14_days(void **state)
{
	struct farm *f = *state;
	int64_t row, e = farm_epoch(f, FARM_EPOCH);
	enum ledger_known known;
	struct digest d;

	farm_record(f, e, 1, "ingested", "a");
	farm_record(f, e, 2, "conflict", "b");
	farm_record(f, e, 3, "refused", "c");
	farm_record(f, e, 4, "held", "d");
	pass(f, DAYS(13), 100);
	assert_int_equal(count(f, "ledger"), 4);
	pass(f, DAYS(15), 100);
	assert_int_equal(count(f, "ledger"), 2);
	assert_int_equal(
	    count(f, "ledger WHERE outcome IN ('refused', 'held')"), 2);

	/* What was folded is known all the same. */
	digest_of(&d, "other", 5);
	assert_int_equal(
	    ledger_look(f->db, f->bot, FARM_EPOCH, 1, &d, &known, &row, NULL),
	    0);
	assert_int_equal(known, LEDGER_SAME);
	assert_int_equal(farm_number(f, "SELECT last FROM epoch_range"), 4);
}

static void
copies_of_one_id_fold_together(void **state)
{
	struct farm *f = *state;
	int64_t e = farm_epoch(f, FARM_EPOCH);

	farm_record(f, e, 1, "ingested", "a");
	farm_record(f, e, 1, "conflict", "b");
	farm_sql(f,
	    "UPDATE ledger SET taken_ms = taken_ms - 86400000 "
	    "WHERE outcome = 'ingested'");
	pass(f, DAYS(14) - DAY_MS / 2, 100);
	assert_int_equal(count(f, "ledger"), 2);
	pass(f, DAYS(15), 100);
	assert_int_equal(count(f, "ledger"), 0);
}

static void
refusals_go_when_they_were_noted_and_are_old(void **state)
{
	struct farm *f = *state;
	int64_t e = farm_epoch(f, FARM_EPOCH);

	farm_record(f, e, 1, "refused", "a");
	farm_record(f, e, 2, "refused", "b");
	farm_record(f, e, 3, "held", "c");
	assert_int_equal(ledger_noted(f->db, e, 1, NULL), 0);
	pass(f, DAYS(29), 100);
	assert_int_equal(count(f, "ledger"), 3);
	pass(f, DAYS(31), 100);
	assert_int_equal(count(f, "ledger"), 2);
	assert_int_equal(count(f, "ledger WHERE seq = 1"), 0);
	pass(f, DAYS(399), 100);
	assert_int_equal(count(f, "ledger"), 2);
}

static void
attempts_go_after_30_days(void **state)
{
	struct farm *f = *state;

	ledger_add_attempt(f->db, "local", "x", NULL, FARM_NOW, NULL);
	ledger_add_attempt(f->db, "local", "y", NULL, DAYS(5), NULL);
	pass(f, DAYS(31), 100);
	assert_int_equal(count(f, "attempt"), 1);
	assert_string_equal(farm_text(f, "SELECT name FROM attempt"), "y");
}

static void
events_go_after_400_days(void **state)
{
	struct farm *f = *state;

	farm_sql(f,
	    "DELETE FROM event; WITH RECURSIVE n(i) AS (SELECT 0 UNION "
	    "ALL SELECT i + 1 FROM n WHERE i < 499) INSERT INTO event "
	    "(at_ms, who, what, subject) SELECT 1700000000000 + i * "
	    "86400000, 'master', 'x', i FROM n");
	pass(f, DAYS(500), 7);
	assert_int_equal(count(f, "event"), 400);
	assert_int_equal(
	    farm_number(f, "SELECT min(CAST(subject AS INTEGER)) FROM event"),
	    100);
}

/* ---- leases and tasks ------------------------------------------------ */

/* Leases 1.. of a job's task, all ended at FARM_NOW; the first is running. */
static void
leases(struct farm *f, int n)
{
	char sql[600];

	farm_job(f);
	farm_epoch(f, FARM_EPOCH);
	farm_sql(f,
	    "UPDATE job SET execs = 500;"
	    "INSERT INTO task (id, task, kind, job, target, state) VALUES "
	    "(1, '0000000000000001', 'fuzz', 1, 1, 'leased')");
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO lease (id, lease, task, build, bot, "
	    "epoch, state, slice_ms, named_up, charged_up, offered_ms, "
	    "ended_ms, execs) SELECT i, printf('%%016x', i), 1, 1, 1, 1, "
	    "CASE i WHEN 1 THEN 'running' ELSE 'done' END, 1, 1, 1, 1, "
	    "CASE i WHEN 1 THEN 0 ELSE 1700000000000 END, 7 FROM n",
	    n);
	farm_sql(f, sql);
}

static void
ended_leases_go_with_their_needs_open_ones_stay(void **state)
{
	struct farm *f = *state;
	char before[2000];

	leases(f, 50);
	farm_sql(f,
	    "INSERT INTO lease_need SELECT id, '1111111111111111', 1, 2"
	    " FROM lease");
	snprintf(before, sizeof(before), "%s",
	    farm_text(f, "SELECT json FROM v_job"));
	pass(f, DAYS(29), 5);
	assert_int_equal(count(f, "lease_need"), 50);
	pass(f, DAYS(31), 5);
	assert_int_equal(count(f, "lease_need"), 1);
	pass(f, DAYS(89), 5);
	assert_int_equal(count(f, "lease"), 50);
	pass(f, DAYS(91), 5);
	assert_int_equal(count(f, "lease"), 1);
	assert_int_equal(count(f, "lease WHERE state = 'running'"), 1);
	assert_int_equal(count(f, "lease_need"), 1);
	assert_string_equal(before, farm_text(f, "SELECT json FROM v_job"));
}

static void
only_ended_tasks_without_leases_go(void **state)
{
	struct farm *f = *state;

	leases(f, 2);
	farm_sql(f,
	    "INSERT INTO task (id, task, kind, job, target, build, state, "
	    "created_ms, ended_ms) SELECT i, printf('%016x', i), 'check', "
	    "NULL, 1, 1, s, 1, e FROM (SELECT 2 AS i, 'done' AS s, "
	    "1700000000000 AS e UNION ALL SELECT 3, 'failed', 1700000000000 "
	    "UNION ALL SELECT 4, 'ready', 0 UNION ALL SELECT 5, 'parked', 0 "
	    "UNION ALL SELECT 6, 'cancelled', 1709999999999 UNION ALL SELECT "
	    "7, 'done', 1700000000000);"
	    "UPDATE lease SET task = 7 WHERE id = 2");
	pass(f, DAYS(29), 3);
	assert_int_equal(count(f, "task"), 7);
	pass(f, DAYS(31), 3);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(id) FROM (SELECT id FROM "
				"task ORDER BY id)"),
	    "1,4,5,6,7");
	/* Without its lease the last one goes, too. */
	pass(f, DAYS(91), 3);
	assert_string_equal(farm_text(f,
				"SELECT group_concat(id) FROM (SELECT id FROM "
				"task ORDER BY id)"),
	    "1,4,5,6");
}

/* ---- observations ---------------------------------------------------- */

/* "n" of crash 1, every tenth of another job, builds and days in turns. */
static void
observations(struct farm *f, int n)
{
	char sql[700];

	farm_job(f);
	farm_sql(f,
	    "INSERT INTO bucket (id, project, number, type, state, security,"
	    " first_ms, last_ms) VALUES (1, 1, 1, 'T', 's', 0, 1, 1);"
	    "INSERT INTO signature (project, signature, security, bucket,"
	    " hits) VALUES (1, zeroblob(32), 0, 1, 500);"
	    "INSERT INTO crash (id, target, sha256, signature, bucket, rules,"
	    " type, access, access_size, address, state, tool, security,"
	    " engine, sanitizer, bytes, has_input, tries, reproduced,"
	    " first_ms, last_ms) VALUES (1, 1, zeroblob(32), zeroblob(32), 1,"
	    " 1, 'T', '', 0, '', 's', '', 0, 'libfuzzer', 'address', 1, 1, 1,"
	    " 1, 1, 1)");
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO observation (crash, bot, epoch, seq, "
	    "record, job, build, exit, signal, tries, reproduced, found_ms) "
	    "SELECT 1, 1, '1111111111111111', i, 1, CASE WHEN i = 50 THEN "
	    "'bbbbbbbbbbbbbbbb' WHEN i %% 10 = 0 THEN (SELECT job FROM job) "
	    "ELSE '' END, CASE i %% 3 WHEN 0 THEN NULL ELSE zeroblob(32) END, "
	    "77, 0, 1, 1, (i / 40) * 86400000 FROM n",
	    n);
	farm_sql(f, sql);
}

#define SEEN      "SELECT json_extract(json, '$.observations') FROM v_crash"
#define IN_BUCKET "SELECT json_extract(detail, '$.observations') FROM v_bucket"
/* By day and build, what stands and what was folded. */
#define PER_DAY                                                              \
	"SELECT group_concat(day || ' ' || build || ' ' || n) FROM (SELECT " \
	"day, hex(build) AS build, sum(n) AS n FROM (SELECT found_ms / "     \
	"86400000 AS day, coalesce(build, x'') AS build, 1 AS n FROM "       \
	"observation UNION ALL SELECT day, build, count FROM "               \
	"observation_day) GROUP BY day, build ORDER BY day, build)"

static void
observations_fold_and_no_count_changes(void **state)
{
	struct farm *f = *state;
	char days[4096], job[2000];

	observations(f, 500);
	snprintf(days, sizeof(days), "%s", farm_text(f, PER_DAY));
	snprintf(
	    job, sizeof(job), "%s", farm_text(f, "SELECT json FROM v_job"));
	pass(f, DAYS(1), 16);
	assert_int_equal(farm_number(f, SEEN), 500);
	assert_int_equal(farm_number(f, IN_BUCKET), 500);
	assert_string_equal(days, farm_text(f, PER_DAY));
	assert_string_equal(job, farm_text(f, "SELECT json FROM v_job"));

	/* The first, the newest 100, and the last of a job of its own. */
	assert_int_equal(count(f, "observation"), 102);
	assert_int_equal(count(f, "observation WHERE seq IN (1, 50, 500)"), 3);
	assert_int_equal(count(f, "observation WHERE seq > 400"), 100);
	assert_int_equal(
	    farm_number(f, "SELECT sum(count) FROM observation_day"), 398);
}

static void
few_observations_stay(void **state)
{
	struct farm *f = *state;

	observations(f, 101);
	pass(f, DAYS(1000), 100);
	assert_int_equal(count(f, "observation"), 101);
	assert_int_equal(count(f, "observation_day"), 0);
}

/* ---- builds, segments, days ------------------------------------------ */

static void
verdicts_go_with_their_removed_build(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f,
	    "INSERT INTO build_verdict (build, target, bot, verdict, at_ms) "
	    "VALUES (1, 1, 1, 'good', 1);"
	    "INSERT INTO build_use VALUES (1, zeroblob(32))");
	pass(f, DAYS(900), 100);
	assert_int_equal(count(f, "build_verdict"), 1);
	farm_sql(f,
	    "UPDATE build SET state = 'removed', removed_ms = "
	    "1700000000000");
	pass(f, DAYS(29), 100);
	assert_int_equal(count(f, "build_verdict"), 1);
	pass(f, DAYS(31), 100);
	assert_int_equal(count(f, "build_verdict"), 0);
	assert_int_equal(count(f, "build_use"), 1);
	assert_int_equal(count(f, "build"), 1);
}

static void
values_go_with_a_job_that_nobody_can_retry(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_job(f);
	farm_sql(f,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 40) INSERT INTO job_value SELECT job.id, 'k' || i, '', "
	    "CASE i WHEN 1 THEN 'job' ELSE 'built in' END FROM n, job;"
	    "INSERT INTO job_setting VALUES (1, 'k1', '');"
	    "UPDATE job SET status = 'completed', ended_ms = 1700000000000 "
	    "WHERE id = 1;"
	    "UPDATE job SET status = 'failed', ended_ms = 1700000000000 "
	    "WHERE id = 2");
	pass(f, DAYS(29), 7);
	assert_int_equal(count(f, "job_value"), 80);
	pass(f, DAYS(31), 7);
	assert_int_equal(count(f, "job_value WHERE job = 1"), 1);
	assert_int_equal(count(f, "job_value WHERE job = 2"), 40);
	assert_int_equal(count(f, "job_setting"), 1);
}

static void
segments_of_past_generations_go(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f,
	    "INSERT INTO segment (target, generation, sha256, first, last, "
	    "units, bytes, added_ms) VALUES (1, 6, zeroblob(32), 1, 2, 2, 2, "
	    "1700000000000), (1, 7, zeroblob(32), 1, 2, 2, 2, 1700000000000)");
	pass(f, DAYS(31), 1);
	assert_int_equal(count(f, "segment"), 1);
	assert_int_equal(farm_number(f, "SELECT generation FROM segment"), 7);
}

static void
old_days_become_weeks_that_end_as_they_did(void **state)
{
	struct farm *f = *state;
	int64_t today = (int64_t)(FARM_NOW / DAY_MS), weeks;
	char sql[700];

	farm_job(f);
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT %jd - 799 UNION ALL SELECT i + 1 "
	    "FROM n WHERE i < %jd) INSERT INTO target_day (target, day, edges, "
	    "units) SELECT 1, i, i, i * 2 FROM n",
	    (intmax_t)today, (intmax_t)today);
	farm_sql(f, sql);
	farm_sql(f,
	    "INSERT INTO usage_day (project, day, corpus, disk_free) "
	    "SELECT 1, day, units, edges FROM target_day UNION ALL "
	    "SELECT 0, day, units, edges FROM target_day");
	pass(f, FARM_NOW, 8);
	weeks = farm_number(f,
	    "SELECT count(*) FROM target_day WHERE day < "
	    "1700000000000 / 86400000 - 406");
	assert_in_range(weeks, 56, 57);
	assert_in_range(count(f, "target_day"), 456, 464);
	/* Mondays, each with what its Sunday said. */
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM target_day WHERE day < "
			     "1700000000000 / 86400000 - 406 AND ((day + 3) % "
			     "7 <> 0 OR edges <> day + 6 OR units <> edges * "
			     "2)"),
	    farm_number(f, "SELECT (min(day) + 3) % 7 <> 0 FROM target_day"));
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM usage_day WHERE project = 0"),
	    count(f, "target_day"));
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM usage_day u JOIN "
			     "target_day t USING (day) WHERE u.corpus = "
			     "t.units AND u.disk_free = t.edges"),
	    2 * count(f, "target_day"));
	weeks = count(f, "target_day");
	pass(f, FARM_NOW, 8);
	assert_int_equal(count(f, "target_day"), weeks);
}

/* ---- epochs ---------------------------------------------------------- */

static void
fates(struct farm *f, const char *expected)
{
	assert_string_equal(
	    farm_text(
		f, "SELECT json_extract(json, '$.bundles') FROM v_status"),
	    expected);
}

static void
an_old_epoch_is_forgotten_and_its_counts_are_not(void **state)
{
	struct farm *f = *state;
	int64_t old = farm_epoch(f, FARM_EPOCH), now;
	struct buf json = BUF_INIT;
	bool balanced;

	farm_record(f, old, 1, "ingested", "a");
	farm_record(f, old, 2, "refused", "b");
	assert_int_equal(ledger_dropped(f->db, old, 3, 5, NULL), 0);
	now = farm_epoch(f, FARM_OTHER);
	farm_record(f, now, 1, "ingested", "c");
	farm_sql(f,
	    "UPDATE epoch SET last_ms = last_ms + 86400000 WHERE epoch "
	    "= '2222222222222222'");
	fates(f, "{\"ingested\":2,\"refused\":1}");
	pass(f, DAYS(399), 100);
	assert_int_equal(count(f, "epoch"), 2);
	pass(f, DAYS(400) + 1, 100);
	assert_int_equal(count(f, "epoch"), 1);
	assert_int_equal(count(f, "epoch_range"), 1);
	assert_int_equal(count(f, "ledger"), 0);
	fates(f, "{\"ingested\":2,\"refused\":1}");
	assert_int_equal(ledger_check(f->db, &json, &balanced, NULL), 0);
	assert_true(balanced);
	buf_release(&json);
}

static void
stays(struct farm *f)
{
	pass(f, DAYS(2000), 100);
	assert_int_equal(count(f, "epoch"), 1);
}

static void
an_epoch_with_a_gap_stays(void **state)
{
	struct farm *f = *state;
	int64_t e = farm_epoch(f, FARM_EPOCH);

	farm_record(f, e, 1, "ingested", "a");
	farm_record(f, e, 3, "ingested", "b");
	stays(f);
	farm_sql(f,
	    "UPDATE epoch SET written_off = 'the machine is gone', "
	    "written_to = 3");
	pass(f, DAYS(2000), 100);
	assert_int_equal(count(f, "epoch"), 0);
}

static void
an_epoch_whose_bot_sealed_more_stays(void **state)
{
	struct farm *f = *state;
	int64_t e = farm_epoch(f, FARM_EPOCH);

	farm_record(f, e, 1, "ingested", "a");
	farm_sql(f, "UPDATE epoch SET highest = 2");
	stays(f);
	/* But not for what a database knew that is no more. */
	farm_sql(f, "INSERT INTO epoch_before VALUES (1, 2)");
	pass(f, DAYS(2000), 100);
	assert_int_equal(count(f, "epoch"), 0);
}

static void
an_epoch_with_a_held_bundle_stays(void **state)
{
	struct farm *f = *state;

	farm_record(f, farm_epoch(f, FARM_EPOCH), 1, "held", "a");
	stays(f);
}

static void
the_epoch_of_a_bot_or_a_lease_stays(void **state)
{
	struct farm *f = *state;

	farm_epoch(f, FARM_EPOCH);
	farm_sql(f, "UPDATE bot SET epoch = 1");
	stays(f);
	farm_sql(f, "UPDATE bot SET epoch = NULL");
	leases(f, 1);
	stays(f);
}

/* ---- the pass -------------------------------------------------------- */

static void
a_turn_is_small_and_a_pass_comes_to_its_end(void **state)
{
	struct retention r = {.policy = RETENTION_DEFAULT};
	struct farm *f = *state;
	int64_t before, all = 0;
	int more, turns = 0;

	farm_sql(f,
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
	    "FROM n WHERE i < 4999) INSERT INTO event (at_ms, who, "
	    "what, subject) SELECT 1700000000000, 'master', 'x', i "
	    "FROM n");
	do {
		before = db_total_changes(f->db);
		more = retention_run(f->db, &r, DAYS(401), 100, NULL);
		all += db_total_changes(f->db) - before;
		assert_in_range(db_total_changes(f->db) - before, 0, 110);
		turns++;
	} while (more == 1);
	assert_int_equal(more, 0);
	assert_true(all >= 5000 && turns >= 50);

	before = db_total_changes(f->db);
	assert_in_range(pass(f, DAYS(401), 100), 1, 3);
	assert_int_equal(db_total_changes(f->db), before);
}

static void
nothing_is_old_when_the_clock_says_1970(void **state)
{
	struct farm *f = *state;

	farm_record(f, farm_epoch(f, FARM_EPOCH), 1, "ingested", "a");
	leases(f, 5);
	pass(f, 1000, 100);
	assert_int_equal(count(f, "ledger"), 1);
	assert_int_equal(count(f, "lease"), 5);
	assert_int_equal(count(f, "epoch"), 1);
}

static void
every_rule_has_a_name(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; retention_rule(i) != NULL; i++)
		assert_true(strlen(retention_rule(i)) > 5);
	assert_true(i >= 12);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(recorded_fates_fold_after_14_days),
	    T(copies_of_one_id_fold_together),
	    T(refusals_go_when_they_were_noted_and_are_old),
	    T(attempts_go_after_30_days),
	    T(events_go_after_400_days),
	    T(ended_leases_go_with_their_needs_open_ones_stay),
	    T(only_ended_tasks_without_leases_go),
	    T(observations_fold_and_no_count_changes),
	    T(few_observations_stay),
	    T(verdicts_go_with_their_removed_build),
	    T(values_go_with_a_job_that_nobody_can_retry),
	    T(segments_of_past_generations_go),
	    T(old_days_become_weeks_that_end_as_they_did),
	    T(an_old_epoch_is_forgotten_and_its_counts_are_not),
	    T(an_epoch_with_a_gap_stays),
	    T(an_epoch_whose_bot_sealed_more_stays),
	    T(an_epoch_with_a_held_bundle_stays),
	    T(the_epoch_of_a_bot_or_a_lease_stays),
	    T(a_turn_is_small_and_a_pass_comes_to_its_end),
	    T(nothing_is_old_when_the_clock_says_1970),
	    cmocka_unit_test(every_rule_has_a_name),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
