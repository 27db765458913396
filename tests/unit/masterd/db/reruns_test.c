/* Inputs that are run again: which become tasks, and what comes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/demand.h"
#include "masterd/db/submissions.h"
#include "tests/unit/masterd/handed_in.h"
#include "tests/unit/masterd/work.h"

#define MOST 100

/* A crash in a bucket of its own that "bot" saw with "build". */
static int64_t
add_crash(struct scene *s, int n, int64_t bot, int64_t build)
{
	char sql[2000];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO bucket (project, number, type, state, security, "
	    "first_ms, last_ms) VALUES (1, %d, 't', 's', 0, 1, 1);"
	    "INSERT INTO signature (project, signature, security, bucket) "
	    "VALUES (1, randomblob(32), 0, last_insert_rowid());"
	    "INSERT INTO crash (target, sha256, signature, bucket, rules, "
	    "type, access, access_size, address, state, tool, security, "
	    "engine, sanitizer, bytes, has_input, tries, reproduced, "
	    "first_ms, last_ms, sig) SELECT %jd, CAST(zeroblob(31) || x'%02x' "
	    "AS BLOB), "
	    "signature, bucket, 2, 't', '', 0, '', 's', '', 0, 'libfuzzer', "
	    "'address', 8, 1, 10, 10, 1, 1, id FROM signature ORDER BY id DESC "
	    "LIMIT 1;"
	    "INSERT INTO reproduction (crash, bot, build, tries, reproduced, "
	    "at_ms) SELECT max(c.id), %jd, u.sha256, 10, 10, 1 FROM crash c, "
	    "build u WHERE u.id = %jd",
	    n, (intmax_t)s->target, n, (intmax_t)bot, (intmax_t)build);
	farm_sql(s->f, sql);
	return farm_number(s->f, "SELECT max(id) FROM crash");
}

static int
make(struct scene *s)
{
	int made = reruns_make(s->f->db, MOST, FARM_NOW, NULL);

	assert_true(made >= 0);
	return made;
}

static int64_t
newest_task(struct scene *s)
{
	return farm_number(s->f, "SELECT max(id) FROM task");
}

/* A bot's word of an input. */
static void
says_tried(struct scene *s, int64_t lease, const struct digest *input,
    const char *what, uint64_t tries, uint64_t reproduced)
{
	struct bundle_header h = {.lease = work_id(s->f, lease)};
	struct record r = {.type = REC_TRIED, .sha256 = *input};
	char sql[100];
	int64_t bot;

	snprintf(sql, sizeof(sql), "SELECT bot FROM lease WHERE id = %jd",
	    (intmax_t)lease);
	bot = farm_number(s->f, sql);
	h.has_build = true;
	memset(&h.build, 0x77, sizeof(h.build));
	text_copy(r.word, sizeof(r.word), what);
	r.n[TRIED_TRIES] = tries;
	r.n[TRIED_REPRODUCED] = reproduced;
	r.n[TRIED_BELOW] = 2;
	assert_int_equal(
	    reruns_tried(s->f->db, bot, &h, &r, FARM_NOW, NULL), 0);
}

/* ---- handed in -------------------------------------------------------- */

static void
what_is_handed_in_becomes_one_task(void **state)
{
	struct scene s = scene_of(state);
	bool fresh;
	int64_t first = hand_in(&s, 1, &fresh);

	assert_true(fresh);
	assert_int_equal(hand_in(&s, 1, &fresh), first);
	assert_false(fresh);
	hand_in(&s, 2, &fresh);
	assert_int_equal(make(&s), 1);
	assert_int_equal(
	    farm_number(s.f, "SELECT count(*) FROM task_input"), 2);
	assert_string_equal(
	    farm_text(s.f, "SELECT kind || build FROM task"), "reproduce1");
	/* A ready one goes first; what is in it is in no other. */
	hand_in(&s, 3, &fresh);
	assert_int_equal(make(&s), 0);
	work_lease_of(s.f, newest_task(&s), s.f->bot);
	assert_int_equal(make(&s), 1);
	assert_int_equal(
	    farm_number(s.f, "SELECT count(*) FROM task_input WHERE task = 2"),
	    1);
}

static void
a_target_without_a_good_build_waits(void **state)
{
	struct scene s = scene_of(state);
	bool fresh;

	farm_sql(s.f, "UPDATE build SET state = 'bad'");
	hand_in(&s, 1, &fresh);
	assert_int_equal(make(&s), 0);
	farm_sql(s.f, "UPDATE build_target SET state = 'bad';");
	assert_int_equal(make(&s), 0);
}

static void
an_input_that_does_not_crash_is_quiet_and_may_come_again(void **state)
{
	struct scene s = scene_of(state);
	struct digest d = input_of(1);
	int64_t id, lease;
	char text[16];
	bool fresh;

	id = hand_in(&s, 1, &fresh);
	make(&s);
	lease = work_lease_of(s.f, newest_task(&s), s.f->bot);
	says_tried(&s, lease, &d, "any", 10, 0);
	assert_int_equal(submissions_state(s.f->db, id, text, NULL), 0);
	assert_string_equal(text, "quiet");
	work_complete(s.f, lease, "done", 0, 0);
	work_settle(s.f);
	assert_string_equal(work_task(s.f, lease), "done");
	assert_int_equal(hand_in(&s, 1, &fresh), id);
	assert_false(fresh);
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "waiting");
}

static void
another_sanitizer_is_asked_before_it_is_quiet(void **state)
{
	struct scene s = scene_of(state);
	struct digest d = input_of(1);
	int64_t id, lease, other = work_build(s.f, "u1", 1);
	char text[16];
	bool fresh;

	work_put(s.f, other, s.target, "good");
	farm_sql(s.f,
	    "UPDATE build SET state = 'good', sanitizer = 'undefined' WHERE "
	    "revision = 'u1'");
	id = hand_in(&s, 1, &fresh);
	make(&s);
	assert_int_equal(farm_number(s.f, "SELECT build FROM task"), s.build);
	lease = work_lease_of(s.f, newest_task(&s), s.f->bot);
	says_tried(&s, lease, &d, "any", 10, 0);
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "waiting");
	work_complete(s.f, lease, "done", 0, 0);
	work_settle(s.f); /* makes the next one by itself */
	assert_int_equal(
	    farm_number(s.f, "SELECT max(build) FROM task"), other);
	lease = work_lease_of(s.f, newest_task(&s), s.f->bot);
	says_tried(&s, lease, &d, "any", 10, 0);
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "quiet");
}

static void
a_crash_ends_what_was_handed_in(void **state)
{
	struct scene s = scene_of(state);
	struct record r = {.type = REC_CRASH};
	struct digest d = input_of(1);
	char text[16];
	int64_t id;
	bool fresh;

	id = hand_in(&s, 1, &fresh);
	make(&s);
	r.n[CRASH_TRIES] = 10;
	r.n[CRASH_REPRODUCED] = 7;
	assert_int_equal(
	    submissions_crashed(s.f->db, s.target, &d, &r, FARM_NOW, NULL), 0);
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "crashed");
	assert_int_equal(
	    farm_number(s.f, "SELECT reproduced FROM submission"), 7);
	/* Of others it says nothing. */
	d = input_of(9);
	assert_int_equal(
	    submissions_crashed(s.f->db, s.target, &d, &r, FARM_NOW, NULL), 0);
	hand_in(&s, 1, &fresh);
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "crashed");
}

static void
a_task_that_fails_for_good_fails_its_inputs(void **state)
{
	struct scene s = scene_of(state);
	int64_t id, lease, task;
	char text[16];
	bool fresh;
	int i;

	id = hand_in(&s, 1, &fresh);
	make(&s);
	task = newest_task(&s);
	for (i = 0; i < 3; i++) {
		lease = work_lease_of(s.f, task, s.f->bot);
		work_complete(s.f, lease, "failed", 0, 0);
		work_settle(s.f);
	}
	assert_string_equal(work_is(s.f, "task", "state", task), "failed");
	submissions_state(s.f->db, id, text, NULL);
	assert_string_equal(text, "failed");
	/* Nor does a bot's silence of it, once it is done, count as quiet. */
	hand_in(&s, 2, &fresh);
	make(&s);
	lease = work_lease_of(s.f, newest_task(&s), s.f->bot);
	work_complete(s.f, lease, "done", 0, 0);
	work_settle(s.f);
	assert_string_equal(
	    farm_text(s.f, "SELECT state FROM submission WHERE id = 2"),
	    "failed");
}

static void
bots_that_are_lost_with_it_end_it(void **state)
{
	struct scene s = scene_of(state);
	int64_t lease, task;
	bool fresh;
	int i;

	hand_in(&s, 1, &fresh);
	make(&s);
	task = newest_task(&s);
	for (i = 0; i < 3; i++) {
		lease = work_lease_of(s.f, task, s.f->bot);
		work_expire(s.f, WORK_START + 24 * 3600 * 1000);
		assert_string_equal(work_lease(s.f, lease), "expired");
	}
	assert_string_equal(work_is(s.f, "task", "state", task), "failed");
	assert_string_equal(
	    farm_text(s.f, "SELECT state FROM submission"), "failed");
}

/* ---- crashes ---------------------------------------------------------- */

static void
a_crash_is_run_again_where_another_bot_could(void **state)
{
	struct scene s = scene_of(state);
	int64_t crash = add_crash(&s, 1, s.f->bot, s.build), lease, b2;
	struct digest d;

	memset(&d, 0, sizeof(d));
	d.bytes[31] = 1;
	assert_int_equal(make(&s), 0); /* only b1 is there */
	b2 = work_bot(s.f, "b2", "A");
	assert_int_equal(make(&s), 1);
	assert_int_equal(
	    farm_number(s.f, "SELECT last_bot FROM task"), s.f->bot);
	assert_int_equal(
	    farm_number(s.f, "SELECT crash FROM task_input"), crash);
	lease = work_lease_of(s.f, newest_task(&s), b2);
	says_tried(&s, lease, &d, "crash", 10, 4);
	assert_string_equal(
	    farm_text(s.f,
		"SELECT tries || ' ' || reproduced || ' ' || "
		"below || ' ' || above FROM reproduction WHERE "
		"bot <> 1 AND build = x'777777777777777777777777"
		"7777777777777777777777777777777777777777'"),
	    "10 4 1 -1");
	/* Whether it is reliable is told by all who tried. */
	assert_string_equal(
	    farm_text(s.f, "SELECT tries || ' ' || reproduced FROM crash"),
	    "20 14");
	work_complete(s.f, lease, "done", 0, 0);
	work_settle(s.f);
	assert_int_equal(make(&s), 0); /* two have run it */
}

static void
what_failed_on_a_build_is_not_tried_there_again(void **state)
{
	struct scene s = scene_of(state);
	int64_t task;

	add_crash(&s, 1, s.f->bot, s.build);
	work_bot(s.f, "b2", "A");
	assert_int_equal(make(&s), 1);
	task = newest_task(&s);
	farm_sql(s.f, "UPDATE task SET state = 'failed'");
	assert_int_equal(make(&s), 0);
	assert_string_equal(work_is(s.f, "task", "state", task), "failed");
}

static void
one_of_each_bucket_is_tried_with_the_newest_build(void **state)
{
	struct scene s = scene_of(state);
	int64_t next;

	add_crash(&s, 1, s.f->bot, s.build);
	add_crash(&s, 2, s.f->bot, s.build);
	/* Two crashes of one bug: the one that shows more often. */
	farm_sql(s.f,
	    "UPDATE crash SET bucket = 1, reproduced = 1 WHERE id = 1;"
	    "UPDATE crash SET bucket = 1 WHERE id = 2");
	assert_int_equal(make(&s), 0);
	next = work_build(s.f, "r2", 2);
	work_put(s.f, next, s.target, "good");
	assert_int_equal(make(&s), 0); /* it is not checked yet */
	farm_sql(s.f, "UPDATE build SET state = 'good'");
	assert_int_equal(make(&s), 1);
	assert_int_equal(farm_number(s.f, "SELECT build FROM task"), next);
	assert_int_equal(
	    farm_number(s.f, "SELECT count(*) FROM task_input"), 1);
	assert_int_equal(farm_number(s.f, "SELECT crash FROM task_input"), 2);
}

static void
only_open_buckets_with_inputs_are_run_again(void **state)
{
	struct scene s = scene_of(state);

	add_crash(&s, 1, s.f->bot, s.build);
	work_bot(s.f, "b2", "A");
	farm_sql(s.f, "UPDATE bucket SET status = 'muted'");
	assert_int_equal(make(&s), 0);
	farm_sql(s.f,
	    "UPDATE bucket SET status = 'open'; UPDATE crash SET has_input = "
	    "0");
	assert_int_equal(make(&s), 0);
	farm_sql(s.f,
	    "UPDATE crash SET has_input = 1, series = "
	    "'00000000000000000000000000000000000000000000000000000000000000aa"
	    "'");
	assert_int_equal(make(&s), 0); /* a unit before it is not here */
	farm_sql(s.f,
	    "INSERT INTO unit (target, sha256, bytes, features, bot, added_ms)"
	    " VALUES (1, CAST(zeroblob(31) || x'aa' AS BLOB), 1, 1, 1, 1)");
	assert_int_equal(make(&s), 1);
}

static void
few_are_open_at_a_time(void **state)
{
	struct scene s = scene_of(state);
	int64_t target;
	int i;

	farm_sql(s.f, "UPDATE bot SET slots = 8");
	work_bot(s.f, "b2", "A"); /* 4 more: room for two tasks */
	for (i = 0; i < 5; i++) {
		target = work_target(
		    s.f, (const char *[]){"a", "b", "c", "d", "e"}[i]);
		work_put(s.f, s.build, target, "good");
		s.target = target;
		add_crash(&s, i + 1, s.f->bot, s.build);
	}
	assert_int_equal(make(&s), 2);
	assert_int_equal(make(&s), 0);
}

static void
all_crashes_get_their_turn(void **state)
{
	struct scene s = scene_of(state);

	/* The oldest is far away from the newest ones. */
	add_crash(&s, 1, s.f->bot, s.build);
	add_crash(&s, 2, s.f->bot, s.build);
	farm_sql(s.f,
	    "PRAGMA defer_foreign_keys = 1;"
	    "UPDATE crash SET id = 5000 WHERE id = 2;"
	    "UPDATE reproduction SET crash = 5000 WHERE crash = 2;"
	    "UPDATE bucket SET status = 'muted' WHERE number = 2");
	work_bot(s.f, "b2", "A");
	assert_int_equal(make(&s), 1);
	assert_int_equal(farm_number(s.f, "SELECT crash FROM task_input"), 1);
}

/* ---- tickets and plans ------------------------------------------------ */

static int
count_input(void *arg, const struct ticket_input *in, struct err *e)
{
	int *count = arg;

	(void)e;
	assert_int_equal(in->size, 8);
	assert_int_equal(in->series_count, 1);
	assert_true(in->has_signature);
	++*count;
	return 0;
}

static void
a_ticket_is_told_what_is_left_to_run(void **state)
{
	struct scene s = scene_of(state);
	struct name project = {"zlib"};
	struct target_name target = {"inflate"}, corpus;
	struct digest unit;
	uint64_t task;
	int count = 0;

	farm_sql(s.f,
	    "INSERT INTO unit (target, sha256, bytes, features, bot, added_ms)"
	    " VALUES (1, CAST(zeroblob(31) || x'aa' AS BLOB), 1, 1, 1, 1)");
	add_crash(&s, 1, s.f->bot, s.build);
	farm_sql(s.f,
	    "UPDATE crash SET series = "
	    "'00000000000000000000000000000000000000000000000000000000000000aa"
	    "'");
	work_bot(s.f, "b2", "A");
	assert_int_equal(make(&s), 1);
	assert_int_equal(
	    text_to_hex64(&task, farm_text(s.f, "SELECT task FROM task")), 0);
	assert_int_equal(
	    reruns_inputs(s.f->db, task, count_input, &count, NULL), 0);
	assert_int_equal(count, 1);
	memset(&unit, 0, sizeof(unit));
	unit.bytes[31] = 0xaa;
	assert_int_equal(
	    reruns_unit(s.f->db, &project, &target, &unit, &corpus, NULL), 1);
	assert_string_equal(corpus.text, "inflate");
	farm_sql(s.f, "UPDATE crash SET has_input = 0");
	assert_int_equal(
	    reruns_inputs(s.f->db, task, count_input, &count, NULL), 0);
	assert_int_equal(count, 1);
}

struct seen_tasks {
	int count, patient;
};

static void
see_task(void *arg, const struct demand_task *t)
{
	struct seen_tasks *seen = arg;

	seen->count++;
	seen->patient += t->patient;
}

static void
crashes_wait_for_a_slot_and_people_do_not(void **state)
{
	struct scene s = scene_of(state);
	struct seen_tasks seen = {0, 0};
	bool fresh;

	add_crash(&s, 1, s.f->bot, s.build);
	work_bot(s.f, "b2", "A");
	make(&s);
	demand_tasks(s.f->db, WORK_START, see_task, &seen, NULL);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.patient, 1);
	farm_sql(s.f, "UPDATE task SET state = 'cancelled'");
	hand_in(&s, 7, &fresh);
	make(&s);
	demand_tasks(s.f->db, WORK_START, see_task, &seen, NULL);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.patient, 1);
}

/* ---- what is known ---------------------------------------------------- */

static int
count_known(
    void *arg, const struct digest *signature, bool security, struct err *e)
{
	(void)signature;
	(void)security;
	(void)e;
	++*(int *)arg;
	return 0;
}

static int
known(struct scene *s, int saturated, int most)
{
	int count = 0;

	assert_int_equal(known_each(s->f->db, s->target, saturated, most,
			     count_known, &count, NULL),
	    0);
	return count;
}

static void
muted_and_saturated_buckets_are_known(void **state)
{
	struct scene s = scene_of(state);

	add_crash(&s, 1, s.f->bot, s.build);
	add_crash(&s, 2, s.f->bot, s.build);
	add_crash(&s, 3, s.f->bot, s.build);
	assert_int_equal(known(&s, 100, 10), 0);
	farm_sql(s.f, "UPDATE bucket SET status = 'muted' WHERE number = 1");
	assert_int_equal(known(&s, 100, 10), 1);
	assert_int_equal(known(&s, 1, 10), 3);
	assert_int_equal(known(&s, 1, 2), 2);
	/* Two crashes of one bug, whether their inputs are here or not. */
	farm_sql(
	    s.f, "UPDATE crash SET bucket = 2, has_input = 0 WHERE bucket = 3");
	assert_int_equal(known(&s, 2, 10), 2);
	/* What comes back there is news. */
	farm_sql(s.f, "UPDATE bucket SET status = 'fixed' WHERE number = 2");
	assert_int_equal(known(&s, 2, 10), 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, work_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_handed_in_becomes_one_task),
	    TEST(a_target_without_a_good_build_waits),
	    TEST(an_input_that_does_not_crash_is_quiet_and_may_come_again),
	    TEST(another_sanitizer_is_asked_before_it_is_quiet),
	    TEST(a_crash_ends_what_was_handed_in),
	    TEST(a_task_that_fails_for_good_fails_its_inputs),
	    TEST(bots_that_are_lost_with_it_end_it),
	    TEST(a_crash_is_run_again_where_another_bot_could),
	    TEST(what_failed_on_a_build_is_not_tried_there_again),
	    TEST(one_of_each_bucket_is_tried_with_the_newest_build),
	    TEST(only_open_buckets_with_inputs_are_run_again),
	    TEST(few_are_open_at_a_time),
	    TEST(all_crashes_get_their_turn),
	    TEST(a_ticket_is_told_what_is_left_to_run),
	    TEST(crashes_wait_for_a_slot_and_people_do_not),
	    TEST(muted_and_saturated_buckets_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
