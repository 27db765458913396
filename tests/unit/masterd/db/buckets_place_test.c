/*
 * Crashes to buckets: what is one bug is one bucket, in whatever order they
 * come, and the numbers stay with whoever came first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/bugs.h"

/* ---- one by one ------------------------------------------------------ */

static void
a_known_signature_goes_where_it_was(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;

	bug_place(f, 1, "READ 4", "peek|hist_load|dispatch|run", &a);
	bug_place(f, 1, "READ 4", "peek|hist_load|dispatch|run", &b);
	assert_true(a.new_bucket && a.new_signature);
	assert_false(b.new_bucket || b.new_signature || b.regrouped);
	assert_int_equal(a.bucket, b.bucket);
	assert_int_equal(a.number, 1);
	assert_int_equal(farm_number(f, "SELECT count(*) FROM bucket"), 1);
}

static void
what_is_linked_joins_and_what_is_not_gets_a_number(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;

	bug_place(f, 1, "READ 4", "store|load|dispatch|run|t.c", &a);
	bug_place(f, 1, "READ 1", "store|load|chunk|dispatch|run|t.c", &b);
	bug_place(f, 1, "READ 4", "store|meta|dispatch|run|t.c", &c);
	assert_int_equal(b.bucket, a.bucket);
	assert_true(b.new_signature && !b.new_bucket);
	assert_true(c.new_bucket);
	assert_int_equal(c.number, 2);
	assert_string_equal(
	    farm_text(f, "SELECT rule FROM signature ORDER BY id DESC LIMIT 1"),
	    "exact");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM signature WHERE rule ="
			     " 'frames'"),
	    1);
}

/* Its first stack was far away, a smaller one is near. */
static void
two_that_become_one_keep_the_first_number_and_the_other_leads_there(
    void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b, c;
	int64_t id;

	bug_place(f, 1, "READ 4", "aa|bb|cc|dd|ee|ff", &a);
	bug_place(f, 1, "READ 4", "xx|aa|bb|y1|y2|y3|y4|y5", &b);
	assert_int_equal(b.number, 2);
	bug_place(f, 1, "READ 4", "xx|aa|bb|cc|dd|ee|ff", &c);
	assert_int_equal(c.signature, b.signature);
	assert_int_equal(c.number, 1);
	assert_true(c.regrouped);
	assert_int_equal(buckets_find(f->db, "p1-2", &id, NULL), 0);
	assert_int_equal(id, a.bucket);
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'bucket.joined' AND subject = 'bucket:p1-2'"),
	    1);
	assert_int_equal(buckets_find(f->db, "p1-1", &id, NULL), 0);
	assert_int_equal(id, a.bucket);
	assert_int_equal(buckets_find(f->db, "p1-9", &id, NULL), 1);
	assert_int_equal(buckets_find(f->db, "p1", &id, NULL), 1);
	assert_int_equal(buckets_find(f->db, "nothing-1", &id, NULL), 1);
}

static void
timeouts_are_never_linked(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct triage t;

	bug_make(&t, "", "first|second|third|run");
	t.placeless = true;
	t.class = CLASS_TIMEOUT;
	bug_place_triage(f, 1, &t, 0, &a);
	bug_make(&t, "", "first|second|other|run");
	t.placeless = true;
	t.class = CLASS_TIMEOUT;
	bug_place_triage(f, 1, &t, 0, &b);
	assert_int_not_equal(a.bucket, b.bucket);
	assert_string_equal(
	    farm_text(f, "SELECT class FROM bucket LIMIT 1"), "timeout");
}

static void
the_smallest_stack_stands_for_a_signature(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct triage t;

	bug_make(&t, "READ 4", "aa|bb|cc|zz");
	bug_place_triage(f, 1, &t, 0, &a);
	strcpy(t.stack[3], "kk"); /* the state is the same */
	bug_place_triage(f, 1, &t, 0, &b);
	assert_int_equal(a.signature, b.signature);
	assert_string_equal(
	    farm_text(f, "SELECT stack FROM signature"), "aa\nbb\ncc\nkk");
	strcpy(t.stack[3], "yy");
	bug_place_triage(f, 1, &t, 0, &b);
	assert_string_equal(
	    farm_text(f, "SELECT stack FROM signature"), "aa\nbb\ncc\nkk");
}

static void
a_report_known_by_other_rules_stays_where_it_is(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct triage t;

	bug_make(&t, "READ 4", "helper|one|two|three");
	bug_place_triage(f, 1, &t, 0, &a);
	farm_sql(f,
	    "INSERT INTO stack (id, digest, text) VALUES (1,"
	    " zeroblob(32), 'x')");
	bug_crash(f, 1, a.signature, 1);
	bug_make(&t, "READ 4", "one|two|three");
	bug_place_triage(f, 1, &t, 1, &b);
	assert_int_equal(a.bucket, b.bucket);
	assert_true(b.new_signature && !b.new_bucket);
}

static void
a_fixed_bucket_is_open_again_when_a_new_crash_shows_it(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;
	struct triage t;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	farm_sql(f, "UPDATE bucket SET status = 'fixed'");
	bug_make(&t, "READ 4", "aa|bb|cc");
	bug_place_seen(f, 1, &t, &a);
	assert_string_equal(farm_text(f, "SELECT status FROM bucket"), "fixed");
	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	assert_string_equal(farm_text(f, "SELECT status FROM bucket"), "open");
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM event WHERE what ="
			     " 'bucket.reopened'"),
	    1);
}

static void
a_mute_ends_when_its_time_is_over(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a;

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	farm_sql(f, "UPDATE bucket SET status = 'muted', muted_until_ms = 500");
	assert_int_equal(buckets_unmute_due(f->db, 499, NULL), 0);
	assert_int_equal(buckets_unmute_due(f->db, 500, NULL), 1);
	assert_string_equal(farm_text(f, "SELECT status FROM bucket"), "open");
}

struct moved {
	int count;
	int64_t from, to;
};

static int
on_moved(void *arg, const char *project, int64_t from, int64_t to,
    const char *target, const struct digest *input)
{
	struct moved *m = arg;

	(void)input;
	assert_string_equal(project, "p1");
	assert_string_equal(target, "t");
	m->count++;
	m->from = from;
	m->to = to;
	return 0;
}

static void
links_of_moved_crashes_are_told_once(void **state)
{
	struct farm *f = *state;
	struct bucket_answer a, b;
	struct bucket_did did;
	struct bucket_act act = {
	    .who = "user:x", .reason = "", .trace = "", .now_ms = FARM_NOW};
	struct moved m = {0, 0, 0};

	bug_place(f, 1, "READ 4", "aa|bb|cc", &a);
	bug_place(f, 1, "READ 4", "xx|yy|zz", &b);
	bug_crash(f, 1, b.signature, 0);
	assert_int_equal(buckets_moved(f->db, 10, on_moved, &m, NULL), 0);
	act.bucket = a.bucket;
	assert_int_equal(buckets_merge(f->db, &act, b.bucket, &did, NULL), 0);
	assert_int_equal(buckets_moved(f->db, 10, on_moved, &m, NULL), 1);
	assert_int_equal(m.from, 2);
	assert_int_equal(m.to, 1);
	assert_int_equal(buckets_moved(f->db, 10, on_moved, &m, NULL), 0);
	assert_int_equal(m.count, 1);
}

/* ---- any order ------------------------------------------------------- */

#define CRASHES  2000
#define SHUFFLES 50

static void
any_order_gives_the_same_groups_as_all_at_once(void **state)
{
	struct farm *f = *state;
	struct triage *all = calloc(CRASHES, sizeof(*all));
	struct bucket_answer a;
	int order[CRASHES], i, k, tmp, round;
	unsigned seed = 20261122;

	bugs_make(all, CRASHES, &seed);
	for (i = 0; i < CRASHES; i++)
		order[i] = i;
	for (round = 1; round <= SHUFFLES; round++) {
		for (i = CRASHES - 1; i > 0; i--) {
			k = (int)(rand_r(&seed) % (unsigned)(i + 1));
			tmp = order[i];
			order[i] = order[k];
			order[k] = tmp;
		}
		for (i = 0; i < CRASHES; i++)
			bug_place_triage(f, round, &all[order[i]], 0, &a);
		if (round == 1)
			bugs_same_as_batch(f, round, all, CRASHES);
		else
			bugs_same_as_first(f, round);
	}
	assert_true(
	    farm_number(f,
		"SELECT count(*) FROM signature s JOIN bucket b ON"
		" b.id = s.bucket WHERE s.project = 1 AND s.home = 0") > 100);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BUG_TEST(a_known_signature_goes_where_it_was),
	    BUG_TEST(what_is_linked_joins_and_what_is_not_gets_a_number),
	    BUG_TEST(
		two_that_become_one_keep_the_first_number_and_the_other_leads_there),
	    BUG_TEST(timeouts_are_never_linked),
	    BUG_TEST(the_smallest_stack_stands_for_a_signature),
	    BUG_TEST(a_report_known_by_other_rules_stays_where_it_is),
	    BUG_TEST(a_fixed_bucket_is_open_again_when_a_new_crash_shows_it),
	    BUG_TEST(a_mute_ends_when_its_time_is_over),
	    BUG_TEST(links_of_moved_crashes_are_told_once),
	    BUG_TEST(any_order_gives_the_same_groups_as_all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
