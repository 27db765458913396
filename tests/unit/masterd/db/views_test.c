/*
 * The read interface over a real database: valid JSON whatever stands in the
 * rows, pages that neither lose nor repeat, keys by unique beginnings.
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
#include "lib/base/text.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	*state = world_new();
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct json *
parse(struct buf *out)
{
	struct err e;
	struct json *j = json_parse(out->data, out->len, &JSON_REPLY, &e);

	if (j == NULL)
		fail_msg("%s in %.200s", e.text, out->data);
	buf_release(out);
	return j;
}

static struct json *
list(struct world *w, struct view_page page)
{
	struct buf out = BUF_INIT;
	struct err e;

	if (page.limit == 0)
		page.limit = VIEW_PAGE;
	if (view_list(w->db, &page, &out, &e) == -1)
		fail_msg("%s", e.text);
	return parse(&out);
}

static struct json *
item(struct world *w, enum view v, const char *key)
{
	struct buf out = BUF_INIT;
	struct view_key found;
	struct err e;

	if (view_find(w->db, v, key, NULL, &found, &e) != 0 ||
	    view_item(w->db, v, found.id, &out, &e) == -1)
		fail_msg("%s", e.text);
	return parse(&out);
}

static const struct json_value *
items(struct json *j)
{
	return json_get(json_root(j), "items");
}

static int
first_id(struct world *w, enum view v)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT min(id) FROM v_%s",
	    v == VIEW_LEDGER      ? "ledger"
		: v == VIEW_AUDIT ? "audit"
				  : view_noun(v));
	return (int)world_number(w, sql);
}

/* Every noun's list and item parse, and hold what is there. */
static void
check_all_nouns(struct world *w)
{
	struct view_page page = {.filter = {NULL, NULL, NULL}};
	struct buf out = BUF_INIT;
	struct json *j;
	struct err e;
	int v;

	for (v = 0; v < VIEW_COUNT; v++) {
		page.view = (enum view)v;
		page.filter[0] = v == VIEW_UNIT ? "zlib/inflate" : NULL;
		j = list(w, page);
		assert_true(json_count(items(j)) > 0);
		assert_int_equal(
		    json_type(json_get(json_root(j), "next")), JSON_NULL);
		json_free(j);
		assert_int_equal(view_item(w->db, (enum view)v,
				     first_id(w, (enum view)v), &out, &e),
		    0);
		j = parse(&out);
		assert_non_null(json_get(json_root(j), "item"));
		json_free(j);
	}
}

static void
every_noun_gives_valid_json(void **state)
{
	check_all_nouns(*state);
}

static void
hostile_text_in_rows_still_gives_valid_json(void **state)
{
	struct buf out = BUF_INIT;
	struct err e;

	world_make_hostile(*state);
	check_all_nouns(*state);
	json_open(&out, NULL, '{');
	assert_int_equal(
	    view_status(((struct world *)*state)->db, NULL, &out, &e), 0);
	json_close(&out, '}');
	json_free(parse(&out));
}

static void
a_job_tells_what_it_has_done(void **state)
{
	struct json *j = item(*state, VIEW_JOB, WORLD_JOB);
	const struct json_value *job = json_get(json_root(j), "item");

	assert_string_equal(json_get_string(job, "target", ""), "zlib/inflate");
	assert_string_equal(json_get_string(job, "status", ""), "running");
	assert_string_equal(
	    json_get_string(job, "created", ""), "2023-11-14T22:13:20Z");
	assert_int_equal(json_get_u64(job, "execs", 0), 150);
	assert_int_equal(json_get_u64(job, "execs_per_second", 0), 25);
	assert_int_equal(json_get_u64(job, "crashes", 0), 1);
	assert_int_equal(json_get_u64(job, "buckets", 0), 1);
	assert_int_equal(json_get_u64(job, "units", 0), 2);
	assert_int_equal(json_type(json_get(job, "ended")), JSON_NULL);
	assert_int_equal(json_count(json_get(job, "tasks")), 2);
	assert_int_equal(json_count(json_get(job, "leases")), 1);
	json_free(j);
}

static void
a_bot_tells_its_engines_as_words(void **state)
{
	struct json *j = item(*state, VIEW_BOT, "b1");
	const struct json_value *bot = json_get(json_root(j), "item");

	assert_int_equal(json_count(json_get(bot, "engines")), 2);
	assert_string_equal(
	    json_string(json_item(json_get(bot, "engines"), 1)), "afl");
	assert_int_equal(json_count(json_get(bot, "tags")), 0);
	assert_int_equal(json_get_u64(bot, "leases", 9), 1);
	assert_int_equal(json_count(json_get(bot, "leases_in_hand")), 1);
	json_free(j);
}

static void
a_bucket_names_its_targets_and_best_crash(void **state)
{
	struct json *j = item(*state, VIEW_BUCKET, "zlib-1");
	const struct json_value *k = json_get(json_root(j), "item");
	bool security = false;

	assert_int_equal(json_count(json_get(k, "targets")), 1);
	assert_memory_equal(json_get_string(k, "crash", ""), WORLD_CRASH, 8);
	assert_int_equal(json_bool(json_get(k, "security"), &security), 0);
	assert_true(security);
	assert_int_equal(json_count(json_get(k, "crash_list")), 1);
	json_free(j);
}

static void
counters_of_a_target_follow_its_units(void **state)
{
	struct world *w = *state;
	struct json *j = item(w, VIEW_TARGET, "zlib/inflate");
	const struct json_value *t = json_get(json_root(j), "item");

	assert_int_equal(json_get_u64(t, "units", 0), 2);
	assert_int_equal(json_get_u64(t, "unit_bytes", 0), 30);
	assert_string_equal(json_get_string(t, "build", ""),
	    "22222222222222222222222222222222"
	    "22222222222222222222222222222222");
	json_free(j);
	world_sql(w, "DELETE FROM unit WHERE bytes = 10");
	j = item(w, VIEW_TARGET, "zlib/inflate");
	assert_int_equal(
	    json_get_u64(json_get(json_root(j), "item"), "units", 0), 1);
	json_free(j);
}

static void
filters_narrow_a_list(void **state)
{
	struct json *j = list(
	    *state, (struct view_page){.view = VIEW_TARGET, .filter = {"png"}});

	assert_int_equal(json_count(items(j)), 1);
	json_free(j);
	j = list(*state,
	    (struct view_page){.view = VIEW_CRASH,
		.filter = {"zlib", "zlib/inflate", "zlib-1"}});
	assert_int_equal(json_count(items(j)), 1);
	json_free(j);
	j = list(*state,
	    (struct view_page){
		.view = VIEW_CRASH, .filter = {"zlib", NULL, "zlib-2"}});
	assert_int_equal(json_count(items(j)), 0);
	json_free(j);
	j = list(*state,
	    (struct view_page){
		.view = VIEW_LEDGER, .filter = {"b1", NULL, "refused"}});
	assert_int_equal(json_count(items(j)), 1);
	json_free(j);
}

/* 500 events by pages of 200, both ways. */
static void
walk_pages(struct world *w, bool newest)
{
	struct view_page page = {
	    .view = VIEW_EVENT, .limit = 200, .newest = newest};
	const struct json_value *v;
	uint64_t id, last = newest ? UINT64_MAX : 0, next;
	int seen = 0;
	struct json *j;

	do {
		j = list(w, page);
		for (v = json_first(items(j)); v != NULL; v = json_next(v)) {
			id = json_get_u64(v, "id", 0);
			assert_true(newest ? id < last : id > last);
			last = id;
			seen++;
		}
		next = 0;
		if (json_string(json_get(json_root(j), "next")) != NULL)
			assert_int_equal(
			    text_to_u64(&next,
				json_get_string(json_root(j), "next", "")),
			    0);
		page.after = (int64_t)next;
		json_free(j);
	} while (next != 0);
	assert_int_equal(seen, 500);
}

static void
pages_neither_lose_nor_repeat_a_row(void **state)
{
	world_sql(*state,
	    "DELETE FROM event;"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 500) INSERT INTO event (at_ms, who, what, subject)"
	    " SELECT i, 'master', 'x', 'y' FROM n");
	walk_pages(*state, false);
	walk_pages(*state, true);
}

static void
a_unique_beginning_of_a_key_is_enough(void **state)
{
	struct world *w = *state;
	struct view_key found;
	struct err e;

	assert_int_equal(
	    view_find(w->db, VIEW_BUILD, "11", NULL, &found, &e), 0);
	assert_int_equal(found.id, 1);
	assert_int_equal(strlen(found.text), 64);
	assert_int_equal(
	    view_find(w->db, VIEW_BUILD, "1", NULL, &found, &e), 1);
	assert_non_null(strstr(e.text, "build 1: ambiguous: 1111"));
	assert_non_null(strstr(e.text, ", 1212"));
	assert_int_equal(
	    view_find(w->db, VIEW_BUILD, "", NULL, &found, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(
	    view_find(w->db, VIEW_JOB, "7f3", NULL, &found, &e), -1);
	assert_string_equal(e.text, "job 7f3: not found");
}

static void
a_key_in_full_wins_over_longer_ones(void **state)
{
	struct world *w = *state;
	struct view_key found;
	struct err e;

	/* "zlib/inflate" is also how "zlib/inflate@v2" begins. */
	assert_int_equal(
	    view_find(w->db, VIEW_TARGET, "zlib/inflate", NULL, &found, &e), 0);
	assert_int_equal(found.id, 1);
}

static void
one_crash_id_in_two_targets_needs_the_target(void **state)
{
	struct world *w = *state;
	struct view_key found;
	struct err e;

	world_sql(w,
	    "INSERT INTO crash (id, target, sha256, signature, bucket, rules,"
	    " type, access, access_size, address, state, tool, security,"
	    " engine, sanitizer, bytes, has_input, tries, reproduced,"
	    " first_ms, last_ms) SELECT 2, 3, sha256, signature, bucket, rules,"
	    " type, access, access_size, address, state, tool, security,"
	    " engine, sanitizer, bytes, has_input, tries, reproduced,"
	    " first_ms, last_ms FROM crash WHERE id = 1");
	assert_int_equal(
	    view_find(w->db, VIEW_CRASH, WORLD_CRASH, NULL, &found, &e), 1);
	assert_int_equal(view_find(w->db, VIEW_CRASH, WORLD_CRASH,
			     "png/inflate", &found, &e),
	    0);
	assert_int_equal(found.id, 2);
}

static void
status_counts_and_raises_alarms(void **state)
{
	struct world *w = *state;
	struct buf out = BUF_INIT;
	const struct json_value *v;
	int lost = 0, refused = 0, full = 0;
	struct json *j;
	struct err e;

	json_open(&out, NULL, '{');
	assert_int_equal(view_status(w->db, "the disk is full", &out, &e), 0);
	json_close(&out, '}');
	j = parse(&out);
	v = json_root(j);
	assert_int_equal(json_get_u64(json_get(v, "bots"), "up", 0), 1);
	assert_int_equal(json_get_u64(json_get(v, "jobs"), "running", 0), 1);
	assert_int_equal(json_get_u64(v, "refused", 0), 1);
	assert_int_equal(json_get_u64(v, "units", 0), 2);
	assert_int_equal(json_get_u64(v, "execs", 0), 150);
	for (v = json_first(json_get(v, "alarms")); v != NULL;
	     v = json_next(v)) {
		full += strcmp(json_string(v), "the disk is full") == 0;
		lost += strstr(json_string(v), "bot b2 is lost") != NULL;
		refused += strstr(json_string(v), "refused bundles: 1") != NULL;
	}
	assert_int_equal(full, 1);
	assert_int_equal(lost, 1);
	assert_int_equal(refused, 1);
	json_free(j);
}

/* The sentences of status, a line each. */
static const char *
alarms(struct world *w)
{
	static struct buf lines = BUF_INIT;
	struct buf out = BUF_INIT;
	const struct json_value *v;
	struct json *j;

	json_open(&out, NULL, '{');
	assert_int_equal(view_status(w->db, NULL, &out, NULL), 0);
	json_close(&out, '}');
	j = parse(&out);
	buf_reset(&lines);
	for (v = json_first(json_get(json_root(j), "alarms")); v != NULL;
	     v = json_next(v))
		buf_printf(&lines, "%s\n", json_string(v));
	json_free(j);
	return buf_text(&lines);
}

static void
status_tells_of_poison_and_of_builds_that_wait(void **state)
{
	struct world *w = *state;
	static const char waits[] =
	    "build 111111111111 waits for a bot that can check it";

	world_sql(w,
	    "INSERT INTO task (task, kind, target, build) VALUES "
	    "('eeeeeeeeeeeeeeee', 'check', 1, 1);"
	    "UPDATE task SET state = 'parked', reason = 'lost 3 bots in a "
	    "row: b1, b2, b3' WHERE id = 2");
	assert_null(strstr(alarms(w), waits));
	assert_non_null(strstr(alarms(w),
	    "job aaaaaaaaaaaaaaaa has a task parked as poison, it lost 3 bots "
	    "in a row: b1, b2, b3; to try it again: pfadm job resume "
	    "aaaaaaaaaaaaaaaa"));
	world_sql(w, "UPDATE build SET engine = 'honggfuzz' WHERE id = 1");
	assert_non_null(strstr(alarms(w), waits));
	world_sql(w,
	    "UPDATE build SET engine = 'libfuzzer' WHERE id = 1;"
	    "INSERT INTO build_host SELECT 1, host_class, 'x', 1 FROM bot "
	    "WHERE id = 1");
	assert_non_null(strstr(alarms(w), waits));
	world_sql(w, "UPDATE task SET state = 'done' WHERE kind = 'check'");
	assert_null(strstr(alarms(w), waits));
}

static void
count_metric(void *arg, const char *name, const char *labels, int64_t value)
{
	if (strcmp(name, "pandafuzz_corpus_files") == 0 &&
	    strcmp(labels, "target=\"zlib/inflate\"") == 0)
		assert_int_equal(value, 2);
	++*(int *)arg;
}

static void
metrics_are_facts_with_labels(void **state)
{
	struct world *w = *state;
	int count = 0;
	struct err e;

	assert_int_equal(view_metrics(w->db, count_metric, &count, &e), 0);
	assert_true(count > 10);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_noun_gives_valid_json),
	    TEST(hostile_text_in_rows_still_gives_valid_json),
	    TEST(a_job_tells_what_it_has_done),
	    TEST(a_bot_tells_its_engines_as_words),
	    TEST(a_bucket_names_its_targets_and_best_crash),
	    TEST(counters_of_a_target_follow_its_units),
	    TEST(filters_narrow_a_list),
	    TEST(pages_neither_lose_nor_repeat_a_row),
	    TEST(a_unique_beginning_of_a_key_is_enough),
	    TEST(a_key_in_full_wins_over_longer_ones),
	    TEST(one_crash_id_in_two_targets_needs_the_target),
	    TEST(status_counts_and_raises_alarms),
	    TEST(status_tells_of_poison_and_of_builds_that_wait),
	    TEST(metrics_are_facts_with_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
