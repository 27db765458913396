/*
 * All crashes judged anew: what would change is what then changes, and it can
 * be taken back.
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
#include "masterd/db/db_internal.h"
#include "masterd/db/judge.h"
#include "masterd/db/regroup.h"
#include "tests/unit/masterd/bugs.h"

static struct rules *
rules(const char *text)
{
	struct rules *r = NULL;
	struct err e;

	if (rules_parse(&r, text, strlen(text), &e) == -1)
		fail_msg("%s", e.text);
	return r;
}

/* Who is where: crashes by bucket, in words. */
static const char *
picture(struct farm *f, char out[4096])
{
	snprintf(out, 4096, "%s",
	    farm_text(f,
		"SELECT group_concat(x, ' ') FROM (SELECT c.id || ':' ||"
		" b.number || CASE WHEN s.bucket <> c.bucket THEN '!' ELSE ''"
		" END AS x FROM crash c JOIN bucket b ON b.id = c.bucket JOIN"
		" signature s ON s.id = c.sig ORDER BY c.id)"));
	return out;
}

static struct regroup *
planned(struct farm *f, const struct rules *by)
{
	struct regroup *r = regroup_new(f->db, by, "");
	struct err e;
	int got;

	while ((got = regroup_read(r, 0, &e)) == 1)
		;
	if (got == -1)
		fail_msg("%s", e.text);
	return r;
}

static void
apply(struct farm *f, struct regroup *r)
{
	const struct bucket_act act = {.who = "user:alice",
	    .reason = "new rules",
	    .trace = "",
	    .now_ms = FARM_NOW};
	struct err e;
	int got;

	(void)f;
	while ((got = regroup_apply(r, &act, 1000, &e)) == 1)
		;
	if (got == -1)
		fail_msg("%s", e.text);
}

static void
told(struct regroup *r, struct buf *out)
{
	buf_reset(out);
	json_open(out, NULL, '{');
	assert_int_equal(regroup_tell(r, out, NULL), 0);
	json_close(out, '}');
}

static void
the_same_rules_change_nothing(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	struct buf out = BUF_INIT;
	char before[4096], now[4096];
	struct regroup *r;

	bug_report(f, rules_base(), "peek|hist_load|dispatch|run", &a);
	bug_report(f, rules_base(), "peek|meta_load|dispatch|run", &a);
	picture(f, before);
	r = planned(f, rules_base());
	told(r, &out);
	assert_non_null(strstr(out.data, "\"crashes\":2"));
	assert_non_null(strstr(out.data, "\"changed\":0"));
	assert_non_null(strstr(out.data, "\"joins\":[]"));
	apply(f, r);
	assert_int_equal(regroup_decision(r), 0);
	assert_string_equal(picture(f, now), before);
	regroup_free(r);
	buf_release(&out);
}

static void
a_helper_that_is_ignored_by_new_rules_joins_two(void **state)
{
	struct farm *f = *state;
	struct rules *new = rules("[all]\nignore libc function helper_*\n");
	struct bucket_answer a, b, c;
	struct bucket_act act = {
	    .who = "user:alice", .reason = "", .trace = "", .now_ms = FARM_NOW};
	struct bucket_did did;
	struct buf out = BUF_INIT;
	char before[4096], after[4096], now[4096];
	struct regroup_due due;
	struct regroup *r;

	bug_report(f, rules_base(), "helper_a|hist_load|dispatch|run", &a);
	bug_report(
	    f, rules_base(), "helper_quite_other|hist_load|dispatch|run", &b);
	bug_report(f, rules_base(), "other|thing|dispatch|run", &c);
	assert_int_not_equal(a.bucket, b.bucket);
	picture(f, before);
	judge_use(f->db, new, NULL);
	assert_int_equal(regroup_due(f->db, &due, NULL), 0);
	assert_int_equal(due.crashes, 3);
	assert_int_equal(due.buckets, 3);

	r = planned(f, new);
	told(r, &out);
	assert_non_null(strstr(out.data, "\"changed\":2"));
	assert_non_null(strstr(out.data, "\"moved\":1"));
	assert_non_null(strstr(
	    out.data, "\"joins\":[{\"from\":[\"p1-2\"],\"into\":\"p1-1\"}]"));
	assert_non_null(strstr(out.data, "\"new_buckets\":0"));
	assert_string_equal(picture(f, now), before); /* a look, no more */

	apply(f, r);
	assert_string_equal(picture(f, after), "1:1 2:1 3:3");
	assert_int_equal(regroup_due(f->db, &due, NULL), 0);
	assert_int_equal(due.crashes, 0);
	act.bucket = a.bucket;
	assert_int_equal(
	    buckets_undo(f->db, &act, regroup_decision(r), &did, NULL), 0);
	assert_string_equal(picture(f, now), before);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM bucket b WHERE alias IS NULL"
			     " AND NOT EXISTS (SELECT 1 FROM crash c WHERE"
			     " c.bucket = b.id)"),
	    0);
	assert_int_equal(
	    buckets_undo(f->db, &act, did.decision, &did, NULL), 0);
	assert_string_equal(picture(f, now), after);
	regroup_free(r);
	judge_use(f->db, NULL, NULL);
	rules_free(new);
	buf_release(&out);
}

static void
what_people_joined_stays_joined(void **state)
{
	struct farm *f = *state;
	struct rules *new = rules("[all]\nignore libc function helper_*\n");
	struct bucket_act act = {
	    .who = "user:alice", .reason = "", .trace = "", .now_ms = FARM_NOW};
	struct bucket_answer a, b;
	struct bucket_did did;
	struct regroup *r;
	char now[4096];

	bug_report(f, rules_base(), "helper_a|hist_load|dispatch|run", &a);
	bug_report(
	    f, rules_base(), "helper_b|meta_orientation|other|main2", &b);
	act.bucket = a.bucket;
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	r = planned(f, new);
	apply(f, r);
	assert_string_equal(picture(f, now), "1:1 2:1");
	regroup_free(r);
	judge_use(f->db, NULL, NULL);
	rules_free(new);
}

/* Rules that were a mistake: what they put together goes apart with them, and
 * each has its number again.  There and back twice. */
static void
rules_that_are_taken_back_leave_nothing_joined(void **state)
{
	struct farm *f = *state;
	struct rules *new = rules("[all]\nignore libc function hist_*\n"
				  "ignore libc function meta_*\n");
	struct bucket_act act = {
	    .who = "user:alice", .reason = "", .trace = "", .now_ms = FARM_NOW};
	struct bucket_answer a, b;
	struct bucket_did did;
	struct regroup *r;
	char now[4096];
	int i;

	bug_report(f, rules_base(), "peek|hist_load|dispatch|run", &a);
	bug_report(f, rules_base(), "peek|meta_load|dispatch|run", &b);
	assert_int_not_equal(a.bucket, b.bucket);
	for (i = 0; i < 2; i++) {
		r = planned(f, new);
		apply(f, r);
		assert_string_equal(picture(f, now), "1:1 2:1");
		regroup_free(r);
		r = planned(f, rules_base());
		apply(f, r);
		assert_string_equal(picture(f, now), "1:1 2:2");
		if (i == 0)
			regroup_free(r);
	}
	act.bucket = a.bucket;
	assert_int_equal(
	    buckets_undo(f->db, &act, regroup_decision(r), &did, NULL), 0);
	assert_string_equal(picture(f, now), "1:1 2:1");
	assert_int_equal(
	    buckets_undo(f->db, &act, did.decision, &did, NULL), 0);
	assert_string_equal(picture(f, now), "1:1 2:2");
	regroup_free(r);
	/* Also when what put them together was taken back, and that again. */
	r = planned(f, new);
	apply(f, r);
	assert_int_equal(
	    buckets_undo(f->db, &act, regroup_decision(r), &did, NULL), 0);
	assert_int_equal(
	    buckets_undo(f->db, &act, did.decision, &did, NULL), 0);
	assert_string_equal(picture(f, now), "1:1 2:1");
	regroup_free(r);
	r = planned(f, rules_base());
	apply(f, r);
	assert_string_equal(picture(f, now), "1:1 2:2");
	regroup_free(r);
	rules_free(new);
}

/* Two writes of one place, one of which the old rules took for less. */
static void
severities_are_judged_anew_and_go_back(void **state)
{
	static const char worst[] =
	    "SELECT (SELECT group_concat(severity || ruleset, ' ') FROM (SELECT"
	    " * FROM crash ORDER BY id)) || '; ' || (SELECT group_concat("
	    "severity, ' ') FROM (SELECT * FROM signature ORDER BY id)) || '; '"
	    " || (SELECT group_concat(severity, ' ') FROM (SELECT * FROM bucket"
	    " ORDER BY id))";
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct bucket_act act = {
	    .who = "user:alice", .reason = "", .trace = "", .now_ms = FARM_NOW};
	struct bucket_did did;
	struct buf out = BUF_INIT;
	struct regroup *r;

	bug_report(f, rules_base(), "peek|hist_load|dispatch|run", &a);
	bug_report(f, rules_base(), "other|thing|entirely|run", &b);
	assert_string_equal(farm_text(f, worst),
	    "medium1 medium1; medium medium; medium medium");
	farm_sql(f,
	    "INSERT INTO ruleset (name, text, first_ms) VALUES ('1', '', 1);"
	    "UPDATE crash SET severity = 'low', severity_rule = 'old',"
	    " casr = 'X', ruleset = 2; UPDATE crash SET severity = 'high'"
	    " WHERE id = 2; UPDATE signature SET severity = (SELECT severity"
	    " FROM crash c WHERE c.sig = signature.id); UPDATE bucket SET"
	    " severity = (SELECT severity FROM crash c WHERE c.bucket ="
	    " bucket.id)");
	assert_string_equal(
	    farm_text(f, worst), "low2 high2; low high; low high");
	r = planned(f, rules_base());
	told(r, &out);
	assert_non_null(strstr(out.data, "\"changed\":0,\"rated\":2"));
	assert_non_null(strstr(out.data, "\"moved\":0"));
	assert_non_null(strstr(out.data, "\"moves\":[]"));
	apply(f, r);
	assert_string_equal(farm_text(f, worst),
	    "medium1 medium1; medium medium; medium medium");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM crash WHERE casr = 'X' OR"
			     " severity_rule = 'old' OR casr = ''"),
	    0);
	act.bucket = a.bucket;
	assert_int_equal(
	    buckets_undo(f->db, &act, regroup_decision(r), &did, NULL), 0);
	assert_string_equal(
	    farm_text(f, worst), "low2 high2; low high; low high");
	assert_int_equal(
	    farm_number(f, "SELECT count(*) FROM crash WHERE casr = 'X'"), 2);
	regroup_free(r);
	buf_release(&out);
}

/* What came while it was read is not made larger again. */
static void
a_smaller_stack_that_came_meanwhile_stays(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	struct regroup *r;

	bug_report(f, rules_base(), "peek|hist_load|dispatch|run", &a);
	farm_sql(f, "UPDATE signature SET stack = 'zz'");
	r = planned(f, rules_base());
	farm_sql(f, "UPDATE signature SET stack = 'aa'");
	apply(f, r);
	assert_string_equal(farm_text(f, "SELECT stack FROM signature"), "aa");
	regroup_free(r);
}

/* By chance, in many slices: the plan is what then is. */
static void
the_plan_is_what_applying_does(void **state)
{
	static const char *const names[] = {"helper_a", "helper_b", "read_row",
	    "read_rows", "decode_png", "chunk_loop", "dispatch", "run_all"};
	struct farm *f = *state;
	struct rules *new = rules("[all]\nignore libc function helper_*\n"
				  "keep function read_row\n");
	struct buf frames = BUF_INIT, first = BUF_INIT, second = BUF_INIT;
	struct bucket_answer a;
	struct regroup *r;
	unsigned seed = 3;
	char now[4096];
	int i, k, n;

	for (i = 0; i < 300; i++) {
		buf_reset(&frames);
		n = 3 + (int)(rand_r(&seed) % 4);
		for (k = 0; k < n; k++)
			buf_printf(&frames, "%s%s", k == 0 ? "" : "|",
			    names[rand_r(&seed) % 8]);
		bug_report(f, rules_base(), frames.data, &a);
	}
	r = planned(f, new);
	told(r, &first);
	apply(f, r);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM crash c JOIN signature s ON"
			     " s.id = c.sig WHERE s.bucket <> c.bucket"),
	    0);
	regroup_free(r);
	picture(f, now);
	/* Done once more, nothing is left to do. */
	r = planned(f, new);
	told(r, &second);
	assert_non_null(strstr(second.data, "\"changed\":0"));
	assert_non_null(strstr(second.data, "\"moved\":0"));
	assert_null(strstr(first.data, "\"changed\":0"));
	regroup_free(r);
	judge_use(f->db, NULL, NULL);
	rules_free(new);
	buf_release(&frames);
	buf_release(&first);
	buf_release(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BUG_TEST(the_same_rules_change_nothing),
	    BUG_TEST(a_helper_that_is_ignored_by_new_rules_joins_two),
	    BUG_TEST(what_people_joined_stays_joined),
	    BUG_TEST(rules_that_are_taken_back_leave_nothing_joined),
	    BUG_TEST(severities_are_judged_anew_and_go_back),
	    BUG_TEST(a_smaller_stack_that_came_meanwhile_stays),
	    BUG_TEST(the_plan_is_what_applying_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
