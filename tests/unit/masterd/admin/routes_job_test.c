/*
 * Jobs over the socket: what a body may say, what an answer says, and the
 * sentence for each mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/masterd/admin/server.h"
#include "tests/unit/masterd/world.h"

#define JOB "jobs/" WORLD_JOB

static const struct json_value *
item_of(const struct answer *a)
{
	return json_get(json_root(a->json), "item");
}

/* A piece of the sentence, and one of the hint, which may be NULL. */
static void
refused(struct server *s, const char *method, const char *path,
    const char *body, long status, const char *text, const char *hint)
{
	struct answer a = server_ask(s, method, path, body, status);
	const struct json_value *e = json_get(json_root(a.json), "error");

	if (strstr(json_get_string(e, "message", ""), text) == NULL)
		fail_msg("no '%s' in %s", text, buf_text(&a.body));
	if (hint != NULL &&
	    strstr(json_get_string(e, "hint", ""), hint) == NULL)
		fail_msg("no '%s' in %s", hint, buf_text(&a.body));
	answer_release(&a);
}

/* ---- create ---------------------------------------------------------- */

static void
settings_come_as_an_object_or_a_list(void **state)
{
	struct server *s = *state;
	struct answer a;

	a = server_ask(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate:address\",\"set\":{\"weight\":7,"
	    "\"memory\":\"4GiB\",\"tags.big\":true}}",
	    200);
	assert_int_equal(json_get_u64(item_of(&a), "weight", 0), 7);
	assert_string_equal(
	    json_string(json_item(json_get(item_of(&a), "tags"), 0)), "big");
	assert_string_equal(
	    json_get_string(json_get(item_of(&a), "settings"), "memory", ""),
	    "4GiB");
	answer_release(&a);
	a = server_ask(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"set\":[\"weight=8\","
	    "\"environment=A=1\",\"environment=B=x=y\"],\"slots\":2}",
	    200);
	assert_int_equal(json_get_u64(item_of(&a), "weight", 0), 8);
	assert_int_equal(json_get_u64(item_of(&a), "slots", 0), 2);
	assert_string_equal(json_get_string(json_get(item_of(&a), "settings"),
				"environment.B", ""),
	    "x=y");
	answer_release(&a);
}

static void
each_mistake_has_its_sentence(void **state)
{
	struct server *s = *state;

	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"for\":60000}", 400,
	    "for: unknown key", "known are target");
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"set\":{\"wieght\":7}}", 400,
	    "unknown key 'wieght', nearest is 'weight'", NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"set\":{\"weight\":0}}", 400,
	    "weight: '0' is not", NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"set\":[\"weight\"]}", 400,
	    "no KEY=VALUE", NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"set\":{\"memory\":null}}", 400,
	    "set: takes texts", NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"slots\":1000000}", 400, "slots",
	    NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"template\":\"nightly\"}", 404,
	    "there is no template 'nightly'", NULL);
	refused(s, "POST", "jobs", "{\"all_targets\":true}", 400,
	    "project: which one?", NULL);
	refused(s, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"engine\":\"afl\"}", 409,
	    "has no build to run for engine 'afl'", "pfadm build list");
}

static void
what_is_not_there_has_a_near_name(void **state)
{
	struct server *s = *state;

	refused(s, "POST", "jobs", "{\"target\":\"zlib/inflaet\"}", 404,
	    "target zlib/inflaet: not found", "did you mean zlib/inflate");
	refused(s, "POST", "jobs", "{\"target\":\"zlib/unlike-it\"}", 404,
	    "not found", "pfadm target list");
	refused(s, "POST", "jobs",
	    "{\"project\":\"zilb\",\"all_targets\":true}", 404,
	    "project zilb: not found", "did you mean zlib?");
	refused(s, "GET", "targets/zlib/inflaet", NULL, 404, "not found",
	    "did you mean zlib/inflate");
}

static void
all_targets_answer_as_a_list(void **state)
{
	struct answer a = server_ask(*state, "POST", "jobs",
	    "{\"project\":\"zlib\",\"all_targets\":true,\"build\":\"1111\","
	    "\"for_ms\":5000}",
	    200);
	const struct json_value *items = json_get(json_root(a.json), "items");

	assert_int_equal(json_count(items), 2);
	assert_string_equal(
	    json_get_string(json_item(items, 0), "target", ""), "zlib/inflate");
	assert_int_equal(json_get_u64(json_item(items, 1), "for_ms", 0), 5000);
	assert_int_equal(
	    json_type(json_get(json_root(a.json), "next")), JSON_NULL);
	answer_release(&a);
}

/* ---- changes --------------------------------------------------------- */

static void
a_job_goes_through_its_verbs(void **state)
{
	struct server *s = *state;
	struct answer a;

	a = server_ask(s, "PUT", JOB "/pause", "{\"reason\":\"why\"}", 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "status", ""), "paused");
	assert_memory_equal(
	    json_get_string(item_of(&a), "paused_by", ""), "user:", 5);
	answer_release(&a);
	refused(s, "PUT", JOB "/pause", "", 409, "is paused already", NULL);
	refused(s, "PUT", JOB "/resume", "{\"expect\":\"running\"}", 409,
	    "not running as expected", NULL);
	refused(s, "PUT", JOB "/resume?expect=running", NULL, 409,
	    "not running as expected", NULL);
	server_done(s, "PUT", JOB "/resume", "{\"expect\":\"paused\"}");
	a = server_ask(
	    s, "PUT", JOB "/boost", "{\"by\":2.5,\"for_ms\":60000}", 200);
	assert_int_equal(json_get_u64(item_of(&a), "boost", 0), 2500);
	assert_non_null(json_string(json_get(item_of(&a), "boost_until")));
	answer_release(&a);
	refused(s, "PUT", JOB "/boost", "{\"by\":0}", 400, "by: 0.001", NULL);
	refused(s, "PUT", JOB "/boost", "{\"for_ms\":0}", 400, "for_ms", NULL);
	refused(s, "PUT", JOB "/retry", "{}", 409, "is pending", NULL);
	server_done(s, "PUT", JOB "/cancel", NULL);
	server_done(s, "PUT", JOB "/cancel", NULL);
	server_done(s, "PUT", JOB "/retry", NULL);
	refused(s, "PUT", JOB "/stop", NULL, 404, "no such address", NULL);
	refused(
	    s, "PUT", "jobs/77/pause", NULL, 404, "job 77: not found", NULL);
	refused(s, "PUT", JOB "/pause", "{\"why\":1}", 400, "why: unknown key",
	    "known are reason");
}

static void
settings_are_set_unset_and_explained(void **state)
{
	struct server *s = *state;
	const struct json_value *v;
	struct answer a;
	int seen = 0;

	refused(s, "PUT", JOB "/settings", "{}", 400, "set: what?", NULL);
	a = server_ask(s, "PUT", JOB "/settings",
	    "{\"set\":[\"weight=9\",\"asan_options.exitcode=1\"]}", 200);
	assert_int_equal(json_get_u64(item_of(&a), "weight", 0), 9);
	answer_release(&a);
	a = server_ask(s, "GET", JOB "?explain=1", NULL, 200);
	for (v = json_first(json_get(item_of(&a), "values")); v != NULL;
	     v = json_next(v)) {
		bool forced = false;

		json_bool(json_get(v, "forced"), &forced);
		if (strcmp(json_get_string(v, "key", ""), "weight") == 0) {
			assert_string_equal(
			    json_get_string(v, "source", ""), "job");
			assert_false(forced);
			seen++;
		}
		/* Whatever a person says, the bot has the last word. */
		if (strcmp(json_get_string(v, "key", ""),
			"asan_options.exitcode") == 0) {
			assert_true(forced);
			assert_string_not_equal(
			    json_get_string(v, "value", ""), "1");
			seen++;
		}
	}
	assert_int_equal(seen, 2);
	assert_int_equal(json_count(json_get(item_of(&a), "leases")), 1);
	answer_release(&a);
	a = server_ask(
	    s, "PUT", JOB "/settings", "{\"unset\":[\"weight\"]}", 200);
	assert_int_equal(json_get_u64(item_of(&a), "weight", 0), 60);
	answer_release(&a);
	refused(s, "PUT", JOB "/settings", "{\"unset\":[\"wieght\"]}", 400,
	    "nearest is 'weight'", NULL);
}

static void
a_clone_is_another_job(void **state)
{
	struct answer a = server_ask(*state, "POST", JOB "/clone",
	    "{\"set\":{\"corpus\":\"own\"}}", 200);

	assert_string_not_equal(
	    json_get_string(item_of(&a), "id", ""), WORLD_JOB);
	assert_string_equal(
	    json_get_string(item_of(&a), "target", ""), "zlib/inflate");
	assert_memory_equal(json_get_string(item_of(&a), "corpus", ""),
	    "zlib/inflate@own-", 17);
	answer_release(&a);
	/* Such a corpus is not listed among the targets, unless asked for. */
	a = server_ask(*state, "GET", "targets", NULL, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 3);
	answer_release(&a);
	a = server_ask(*state, "GET", "targets?all=1", NULL, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 4);
	answer_release(&a);
}

/* ---- reading --------------------------------------------------------- */

static void
jobs_are_found_by_project_and_tag(void **state)
{
	struct server *s = *state;
	struct answer a;

	server_done(
	    s, "PUT", JOB "/settings", "{\"set\":{\"tags\":\"big !slow\"}}");
	a = server_ask(s, "GET", "jobs?tag=big&project=zlib", NULL, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 1);
	answer_release(&a);
	a = server_ask(s, "GET", "jobs?tag=bi", NULL, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 0);
	answer_release(&a);
	a = server_ask(s, "GET", "jobs?project=png", NULL, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 0);
	answer_release(&a);
}

static void
a_target_says_what_is_known_of_it(void **state)
{
	struct answer a =
	    server_ask(*state, "GET", "targets/zlib/inflate", NULL, 200);
	const struct json_value *t = item_of(&a), *line;
	bool vanished = true;

	json_bool(json_get(t, "vanished"), &vanished);
	assert_false(vanished);
	assert_string_equal(
	    json_get_string(t, "last_found", ""), "1970-01-01T00:00:01Z");
	assert_int_equal(json_count(json_get(t, "lines")), 2);
	line = json_item(json_get(t, "lines"), 0);
	assert_string_equal(json_get_string(line, "sanitizer", ""), "address");
	assert_string_equal(json_get_string(line, "revision", ""), "r1");
	assert_string_equal(json_get_string(line, "build_state", ""), "new");
	assert_int_equal(json_count(json_get(t, "job_list")), 1);
	answer_release(&a);
}

static void
the_log_is_read_and_followed(void **state)
{
	struct server *s = *state;
	char folder[200], path[200], next[64];
	struct answer a;
	struct err e;
	int dir;

	a = server_ask(s, "GET", JOB "/logs", NULL, 200);
	assert_string_equal(json_get_string(item_of(&a), "text", "?"), "");
	answer_release(&a);
	snprintf(folder, sizeof(folder), "%s/jobs/" WORLD_JOB, s->root);
	dir = fs_make_dir_open(-100, folder, 0755, &e);
	assert_int_not_equal(dir, -1);
	assert_int_equal(fs_replace(dir, "log", "one\ntwo\n\"three\"\n", 16,
			     0644, false, &e),
	    0);
	a = server_ask(s, "GET", JOB "/logs?lines=2", NULL, 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "text", ""), "two\n\"three\"\n");
	snprintf(
	    next, sizeof(next), "%s", json_get_string(item_of(&a), "next", ""));
	answer_release(&a);
	snprintf(path, sizeof(path), JOB "/logs?after=%s", next);
	a = server_ask(s, "GET", path, NULL, 200);
	assert_string_equal(json_get_string(item_of(&a), "text", "?"), "");
	answer_release(&a);
	refused(s, "GET", JOB "/logs?after=x", NULL, 400, "after", NULL);
	refused(s, "GET", JOB "/logs?lines=x", NULL, 400, "lines", NULL);
	refused(s, "GET", "jobs/77/logs", NULL, 404, "not found", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)
	    TEST(settings_come_as_an_object_or_a_list),
	    TEST(each_mistake_has_its_sentence),
	    TEST(what_is_not_there_has_a_near_name),
	    TEST(all_targets_answer_as_a_list),
	    TEST(a_job_goes_through_its_verbs),
	    TEST(settings_are_set_unset_and_explained),
	    TEST(a_clone_is_another_job),
	    TEST(jobs_are_found_by_project_and_tag),
	    TEST(a_target_says_what_is_known_of_it),
	    TEST(the_log_is_read_and_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
