/* What people decide, and that it can be taken back, and that too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/digest.h"
#include "tests/unit/masterd/bugs.h"

static struct bucket_act
on(int64_t bucket)
{
	return (struct bucket_act){.bucket = bucket,
	    .who = "user:alice",
	    .reason = "because",
	    .trace = "",
	    .now_ms = FARM_NOW};
}

/* Everything that a person can see, as one text. */
static const char *
picture(struct farm *f, char out[4096])
{
	snprintf(out, 4096, "%s",
	    farm_text(f,
		"SELECT group_concat(x, ' ') FROM (SELECT number || ':' ||"
		" status || reason || muted_until_ms || owner || issue ||"
		" coalesce(alias, '') || (SELECT count(*) FROM signature s"
		" WHERE s.bucket = b.id) || (SELECT count(*) FROM bucket_label"
		" l WHERE l.bucket = b.id) || (SELECT count(*) FROM bucket_note"
		" n WHERE n.bucket = b.id) || (SELECT count(*) FROM crash c"
		" WHERE c.bucket = b.id) AS x FROM bucket b ORDER BY id)"));
	return out;
}

static void
two(struct farm *f, struct bucket_answer *a, struct bucket_answer *b)
{
	bug_place(f, 1, "READ 4", "aa|bb|cc", a);
	bug_place(f, 1, "READ 4", "xx|yy|zz", b);
	bug_crash(f, 1, a->signature, 0);
	bug_crash(f, 1, b->signature, 0);
}

static int64_t
undo(struct farm *f, int64_t bucket, int64_t decision)
{
	struct bucket_act act = on(bucket);
	struct bucket_did did;
	struct err e;

	if (buckets_undo(f->db, &act, decision, &did, &e) == -1)
		fail_msg("%s", e.text);
	return did.decision;
}

static void
a_merge_keeps_the_smaller_number_and_goes_back(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;
	struct bucket_act act;
	struct bucket_did did;
	char before[4096], merged[4096], now[4096];
	int64_t id, u;

	two(f, &a, &b);
	picture(f, before);
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	assert_string_equal(did.text, "merged p1-2 into p1-1");
	assert_int_equal(did.bucket, a.bucket);
	assert_int_equal(buckets_find(f->db, "p1-2", &id, NULL), 0);
	assert_int_equal(id, a.bucket);
	picture(f, merged);
	assert_string_not_equal(before, merged);
	/* A crash of the one goes to the other from now on. */
	bug_place(f, 1, "READ 4", "xx|yy|zz", &c);
	assert_int_equal(c.bucket, a.bucket);

	u = undo(f, a.bucket, 0);
	assert_string_equal(picture(f, now), before);
	u = undo(f, a.bucket, u); /* redo */
	assert_string_equal(picture(f, now), merged);
	undo(f, a.bucket, u); /* and back */
	assert_string_equal(picture(f, now), before);
	bug_place(f, 1, "READ 4", "xx|yy|zz", &c);
	assert_int_equal(c.bucket, b.bucket);
}

static void
merging_across_projects_or_with_itself_is_refused(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct bucket_act act;
	struct bucket_did did;
	struct err e;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	bug_place(f, 2, "READ 4", "aa|bb|cc", &b);
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(buckets_merge(f->db, &act, a.bucket, &did, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
}

static void
what_was_merged_on_since_is_not_taken_back(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;
	struct bucket_act act;
	struct bucket_did first, second;
	struct err e;

	two(f, &a, &b);
	bug_place(f, 1, "READ 4", "kk|ll|mm", &c);
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &first, NULL), 0);
	assert_int_equal(
	    buckets_merge(f->db, &act, c.bucket, &second, NULL), 0);
	assert_int_equal(
	    buckets_undo(f->db, &act, first.decision, &second, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "since"));
	undo(f, a.bucket, 0);
	undo(f, a.bucket, 0);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM bucket WHERE"
			     " alias IS NULL"),
	    3);
	assert_int_equal(buckets_undo(f->db, &act, 0, &second, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
}

static void
open_wins_over_fixed_and_comes_back(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct bucket_act act;
	struct bucket_did did;

	two(f, &a, &b);
	farm_sql(f, "UPDATE bucket SET status = 'fixed' WHERE number = 1");
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	assert_string_equal(
	    farm_text(f, "SELECT status FROM bucket WHERE number = 1"), "open");
	undo(f, a.bucket, 0);
	assert_string_equal(
	    farm_text(f, "SELECT status FROM bucket WHERE number = 1"),
	    "fixed");
}

static void
a_split_leaves_the_number_with_the_first_crash(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;
	char before[4096], split[4096], now[4096], hex[80];
	const char *what[] = {hex};
	struct bucket_act act;
	struct bucket_did did;
	int64_t u;

	bug_place(f, 1, "READ 4", "aa|bb|cc|dd|ee", &a);
	bug_place(f, 1, "READ 1", "aa|bb|cc|dd|ee", &b);
	assert_int_equal(a.bucket, b.bucket);
	bug_crash(f, 1, a.signature, 0);
	bug_crash(f, 1, b.signature, 0);
	picture(f, before);
	snprintf(hex, sizeof(hex), "%.16s",
	    farm_text(f,
		"SELECT lower(hex(signature)) FROM signature ORDER BY"
		" id DESC LIMIT 1"));
	act = on(a.bucket);
	assert_int_equal(buckets_split(f->db, &act, what, 1, &did, NULL), 0);
	assert_string_equal(did.text, "split p1-1: the other part is p1-2");
	assert_int_equal(
	    farm_number(f, "SELECT bucket FROM signature WHERE id = 1"),
	    a.bucket);
	assert_int_not_equal(
	    farm_number(f, "SELECT bucket FROM signature WHERE id = 2"),
	    a.bucket);
	/* Nor does a third one bring them together. */
	bug_place(f, 1, "READ 8", "aa|bb|cc|dd|ee", &c);
	assert_int_equal(c.bucket, a.bucket);
	picture(f, split);
	u = undo(f, a.bucket, 0);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM bucket WHERE"
			     " alias IS NULL"),
	    1);
	undo(f, a.bucket, u);
	assert_string_equal(picture(f, now), split);
}

/* The part with the number was taken out; newer bugs have nothing to do with
 * it, those of other projects least. */
static void
a_split_says_where_the_rest_is(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, other;
	const char *what[] = {"xx"};
	struct bucket_act act;
	struct bucket_did did;
	char hex[80];

	two(f, &a, &b);
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	bug_place(f, 1, "READ 4", "kk|ll|mm", &other);
	bug_place(f, 2, "READ 4", "kk|ll|mm", &other);
	snprintf(hex, sizeof(hex), "%s",
	    farm_text(
		f, "SELECT lower(hex(signature)) FROM signature WHERE id = 1"));
	what[0] = hex;
	assert_int_equal(buckets_split(f->db, &act, what, 1, &did, NULL), 0);
	assert_string_equal(did.text, "split p1-1: the other part is p1-2");
	assert_int_equal(
	    farm_number(f, "SELECT other FROM decision WHERE verb = 'split'"),
	    b.bucket);
}

/* Also by the beginning of a crash's id. */
static void
a_bug_is_as_severe_as_the_worst_of_its_signatures(void **state)
{
	static const char severities[] =
	    "SELECT group_concat(severity, ' ') FROM (SELECT severity FROM"
	    " bucket ORDER BY id)";
	struct farm *f = *state;
	struct bucket_answer a, b;
	const char *what[1];
	struct bucket_act act;
	struct bucket_did did;
	char hex[80];

	two(f, &a, &b);
	farm_sql(f,
	    "UPDATE signature SET severity = 'low' WHERE id = 1;"
	    "UPDATE signature SET severity = 'high' WHERE id = 2;"
	    "UPDATE bucket SET severity = (SELECT severity FROM signature s"
	    " WHERE s.bucket = bucket.id)");
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	assert_string_equal(farm_text(f, severities), "high high");
	undo(f, a.bucket, 0);
	assert_string_equal(farm_text(f, severities), "low high");
	farm_sql(f, "UPDATE signature SET home = 0 WHERE id = 2");
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	snprintf(hex, sizeof(hex), "%.20s",
	    farm_text(f, "SELECT lower(hex(sha256)) FROM crash WHERE id = 2"));
	what[0] = hex;
	assert_int_equal(buckets_split(f->db, &act, what, 1, &did, NULL), 0);
	assert_string_equal(
	    farm_text(f,
		"SELECT severity FROM bucket WHERE id = (SELECT bucket FROM"
		" crash WHERE id = 2)"),
	    "high");
	assert_string_equal(
	    farm_text(f, "SELECT severity FROM bucket WHERE number = 1"),
	    "low");
}

static void
a_split_that_would_leave_nothing_is_refused(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	const char *none[] = {"xyz"}, *other[] = {"00000000"};
	struct bucket_act act;
	struct bucket_did did;
	struct err e;
	char hex[80];
	const char *all[] = {hex};

	bug_place(f, 1, "READ 4", "aa|bb|cc|dd|ee", &a);
	act = on(a.bucket);
	assert_int_equal(buckets_split(f->db, &act, none, 1, &did, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(buckets_split(f->db, &act, other, 1, &did, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	snprintf(hex, sizeof(hex), "%s",
	    farm_text(f, "SELECT lower(hex(signature)) FROM signature"));
	assert_int_equal(buckets_split(f->db, &act, all, 1, &did, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
}

static void
set_mute_and_note_go_back_one_by_one(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	const char *add[] = {"hot", "parser"}, *less[] = {"hot"};
	struct bucket_set set = {.status = "closed",
	    .closed_reason = "wontfix",
	    .owner = "bob",
	    .issue = "X-1",
	    .add = add,
	    .add_count = 2};
	struct bucket_set unlabel = {.remove = less, .remove_count = 1};
	char at[5][4096], now[4096];
	struct bucket_act act;
	struct bucket_did did;
	int i;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	act = on(a.bucket);
	picture(f, at[0]);
	assert_int_equal(buckets_set(f->db, &act, &set, &did, NULL), 0);
	picture(f, at[1]);
	assert_int_equal(buckets_set(f->db, &act, &unlabel, &did, NULL), 0);
	picture(f, at[2]);
	assert_int_equal(
	    buckets_mute(f->db, &act, FARM_NOW + 1000, &did, NULL), 0);
	picture(f, at[3]);
	assert_int_equal(
	    buckets_note(f->db, &act, "two\nlines", &did, NULL), 0);
	picture(f, at[4]);
	for (i = 3; i >= 0; i--) {
		undo(f, a.bucket, 0);
		assert_string_equal(picture(f, now), at[i]);
	}
	assert_int_equal(farm_number(f, "SELECT count(*) FROM decision"), 8);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	struct bucket_set odd = {.status = "odd"}, no = {.status = "closed"};
	struct bucket_set open = {.status = "open"};
	struct bucket_act act;
	struct bucket_did did;
	struct err e;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	act = on(a.bucket);
	assert_int_equal(buckets_set(f->db, &act, &odd, &did, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(buckets_set(f->db, &act, &no, &did, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(buckets_set(f->db, &act, &open, &did, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(buckets_unmute(f->db, &act, &did, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(buckets_mute(f->db, &act, FARM_NOW - 1, &did, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
}

static void
an_undo_of_what_was_changed_since_is_refused(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	struct bucket_set bob = {.owner = "bob"}, eve = {.owner = "eve"};
	struct bucket_act act;
	struct bucket_did first, did;
	struct err e;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	act = on(a.bucket);
	assert_int_equal(buckets_set(f->db, &act, &bob, &first, NULL), 0);
	assert_int_equal(buckets_set(f->db, &act, &eve, &did, NULL), 0);
	assert_int_equal(
	    buckets_undo(f->db, &act, first.decision, &did, &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "owner of p1-1"));
}

static void
why_names_the_frames_and_the_chain(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;
	struct buf out = BUF_INIT;
	struct bucket_act act;
	struct bucket_did did;

	bug_place(f, 1, "READ 4", "store|load|dispatch|run|t.c", &a);
	bug_place(f, 1, "READ 1", "store|load|chunk|dispatch|run|t.c", &b);
	bug_place(f, 1, "READ 4", "kk|ll|mm", &c);
	buf_addc(&out, '{');
	assert_int_equal(buckets_why(f->db, a.signature, b.signature,
			     rules_base(), &out, NULL),
	    0);
	assert_non_null(strstr(out.data, "\"rule\":\"frames\""));
	assert_non_null(strstr(out.data, "\"common\":[\"store\",\"load\"]"));
	assert_non_null(
	    strstr(out.data, "\"a\":\"dispatch\",\"b\":\"chunk\",\"line\":2"));
	assert_non_null(strstr(out.data, "\"same\":true"));
	buf_reset(&out);
	buf_addc(&out, '{');
	assert_int_equal(buckets_why(f->db, a.signature, c.signature,
			     rules_base(), &out, NULL),
	    0);
	assert_non_null(strstr(out.data, "\"rule\":\"\""));
	assert_non_null(strstr(out.data, "\"a\":\"store\",\"b\":\"kk\""));
	assert_non_null(strstr(out.data, "\"same\":false"));
	act = on(a.bucket);
	assert_int_equal(buckets_merge(f->db, &act, c.bucket, &did, NULL), 0);
	buf_reset(&out);
	buf_addc(&out, '{');
	assert_int_equal(buckets_why(f->db, b.signature, c.signature,
			     rules_base(), &out, NULL),
	    0);
	assert_non_null(strstr(out.data, "\"who\":\"user:alice\""));
	assert_non_null(strstr(out.data, "\"reason\":\"because\""));
	assert_non_null(strstr(out.data, "\"same\":true"));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BUG_TEST(a_merge_keeps_the_smaller_number_and_goes_back),
	    BUG_TEST(merging_across_projects_or_with_itself_is_refused),
	    BUG_TEST(what_was_merged_on_since_is_not_taken_back),
	    BUG_TEST(open_wins_over_fixed_and_comes_back),
	    BUG_TEST(a_split_leaves_the_number_with_the_first_crash),
	    BUG_TEST(a_split_says_where_the_rest_is),
	    BUG_TEST(a_bug_is_as_severe_as_the_worst_of_its_signatures),
	    BUG_TEST(a_split_that_would_leave_nothing_is_refused),
	    BUG_TEST(set_mute_and_note_go_back_one_by_one),
	    BUG_TEST(what_makes_no_sense_is_refused),
	    BUG_TEST(an_undo_of_what_was_changed_since_is_refused),
	    BUG_TEST(why_names_the_frames_and_the_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
