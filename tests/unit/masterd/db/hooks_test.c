/* masterd/db/hooks: what is owed, from the event to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/db/hooks.h"
#include "tests/unit/masterd/world.h"

#define NOW  1700000000000ull
#define HOUR 3600000ull

static int
setup(void **state)
{
	struct world *w = world_new();
	struct err e;

	*state = w;
	return db_begin(w->db, &e);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	db_rollback(w->db);
	world_free(w);
	return 0;
}

static int64_t
event(struct world *w, const char *what, const char *subject)
{
	struct err e;

	assert_int_equal(
	    db_event(w->db, "master", what, subject, "why", "t1", &e), 0);
	return world_number(w, "SELECT max(id) FROM event");
}

static struct hook_run last;
static char hooks[400];
static int count;

static void
on_due(void *arg, const struct hook_run *r)
{
	(void)arg;
	last = *r;
	snprintf(hooks + strlen(hooks), sizeof(hooks) - strlen(hooks), "%s:%u ",
	    r->hook, r->tries);
	count++;
}

static const char *
due(struct world *w, uint64_t now)
{
	struct err e;

	hooks[0] = '\0';
	count = 0;
	assert_int_equal(hooks_due(w->db, now, HOUR, on_due, NULL, &e), 0);
	return hooks;
}

static void
looking_begins_with_the_newest_event(void **state)
{
	struct world *w = *state;
	struct hook_event list[4];
	int64_t id = event(w, "bot.lost", "b1"), looked;
	struct err e;

	assert_int_equal(hooks_looked(w->db, &looked, &e), 0);
	assert_int_equal(looked, id);
	assert_int_equal(hooks_set_looked(w->db, id - 1, &e), 0);
	assert_int_equal(hooks_looked(w->db, &looked, &e), 0);
	assert_int_equal(looked, id - 1);
	event(w, "bot.late", "b2");
	assert_int_equal(hooks_events(w->db, looked, list, 4, &e), 2);
	assert_string_equal(list[0].what, "bot.lost");
	assert_string_equal(list[1].what, "bot.late");
	assert_int_equal(hooks_events(w->db, list[1].id, list, 4, &e), 0);
}

static struct json *
input(struct world *w, int64_t id)
{
	struct buf out = BUF_INIT;
	struct json *j;
	struct err e;

	assert_int_equal(hooks_input(w->db, id, &out, &e), 0);
	assert_int_equal(out.data[out.len - 1], '\n');
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	j = json_parse(out.data, out.len, &JSON_REPLY, &e);
	assert_non_null(j);
	buf_release(&out);
	return j;
}

static void
the_input_is_the_event_and_what_it_is_about(void **state)
{
	static const struct {
		const char *what, *subject, *noun, *key, *value;
	} t[] = {
	    {"bucket.new", "zlib-1", "bucket", "id", "zlib-1"},
	    {"bot.lost", "b1", "bot", "name", "b1"},
	    {"job.stuck", "job:" WORLD_JOB, "job", "id", WORLD_JOB},
	    {"build.bad", "build:" WORLD_BUILD, "build", "project", "zlib"},
	};
	struct world *w = *state;
	const struct json_value *root;
	struct json *j;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		j = input(w, event(w, t[i].what, t[i].subject));
		root = json_root(j);
		assert_int_equal(json_get_u64(root, "api", 0), 1);
		assert_string_equal(
		    json_get_string(root, "what", ""), t[i].what);
		assert_string_equal(
		    json_get_string(root, "subject", ""), t[i].subject);
		assert_string_equal(json_get_string(root, "detail", ""), "why");
		assert_string_equal(json_get_string(root, "trace", ""), "t1");
		assert_non_null(json_get(root, "id"));
		assert_non_null(json_get(root, "at"));
		assert_string_equal(
		    json_get_string(json_get(root, t[i].noun), t[i].key, ""),
		    t[i].value);
		json_free(j);
	}
	j = input(w, event(w, "bucket.new", "zlib-99"));
	assert_null(json_get(json_root(j), "bucket"));
	json_free(j);
	j = input(w, event(w, "disk.low", "disk"));
	assert_null(json_get(json_root(j), "disk"));
	json_free(j);
}

static void
hostile_rows_make_valid_input(void **state)
{
	struct world *w = *state;

	world_make_hostile(w);
	json_free(input(w, event(w, "bucket.new", "zlib-1")));
	json_free(input(w, event(w, "job.stuck", "job:" WORLD_JOB)));
}

static void
a_run_is_owed_once_and_in_the_order_of_events(void **state)
{
	struct world *w = *state;
	int64_t a = event(w, "bot.lost", "b1"), b = event(w, "bot.lost", "b2");
	struct err e;

	assert_int_equal(hooks_add(w->db, a, "bot.lost/x", "{}", NOW, &e), 0);
	assert_int_equal(hooks_add(w->db, a, "bot.lost/x", "{}", NOW, &e), 0);
	assert_int_equal(hooks_add(w->db, b, "bot.lost/x", "{}", NOW, &e), 0);
	assert_int_equal(hooks_add(w->db, b, "bot.lost/y", "{}", NOW, &e), 0);
	assert_int_equal(world_number(w, "SELECT count(*) FROM hook_run"), 3);
	assert_string_equal(due(w, NOW - 1), "");
	assert_string_equal(due(w, NOW), "bot.lost/x:0 bot.lost/y:0 ");
	/* The clock was put back by a day. */
	assert_int_equal((due(w, NOW - 24 * HOUR), count), 2);
}

static struct hook_end
end_of(struct world *w, int how, const char *said, const char *issue)
{
	struct hook_end end = {
	    .run = world_number(w, "SELECT id FROM hook_run"),
	    .how = how,
	    .now_ms = NOW,
	    .next_ms = NOW + 5000,
	    .said = said,
	    .issue = issue};

	return end;
}

static void
a_try_that_failed_comes_again_and_the_last_is_an_event(void **state)
{
	struct world *w = *state;
	struct hook_end end;
	struct err e;

	hooks_add(
	    w->db, event(w, "bot.lost", "b1"), "bot.lost/x", "{}", NOW, &e);
	end = end_of(w, HOOK_AGAIN, "exit 1: no mail", "");
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_string_equal(due(w, NOW + 4999), "");
	assert_string_equal(due(w, NOW + 5000), "bot.lost/x:1 ");
	end = end_of(w, HOOK_FAILED, "exit 1: no mail", "");
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_string_equal(due(w, NOW + 9000), "");
	assert_int_equal(
	    world_number(w,
		"SELECT count(*) FROM event WHERE what = 'hook.failed' AND "
		"subject = 'bot.lost/x' AND detail LIKE '2 tries for "
		"''bot.lost'' of b1: exit 1: no mail' AND trace = 't1'"),
	    1);
	/* Said twice, as after a kill, it stays as it is. */
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_int_equal(world_number(w, "SELECT tries FROM hook_run"), 2);
	assert_int_equal(
	    world_number(
		w, "SELECT count(*) FROM event WHERE what = 'hook.failed'"),
	    1);
}

static void
a_failed_hook_for_failures_tells_nobody(void **state)
{
	struct world *w = *state;
	struct hook_end end;
	struct err e;

	hooks_add(w->db, event(w, "hook.failed", "bot.lost/x"), "hook.failed/m",
	    "{}", NOW, &e);
	end = end_of(w, HOOK_FAILED, "exit 1", "");
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_int_equal(
	    world_number(
		w, "SELECT count(*) FROM event WHERE what = 'hook.failed'"),
	    1);
}

static void
an_issue_is_stored_with_its_bucket_and_noted(void **state)
{
	struct world *w = *state;
	struct hook_end end;
	struct json *j;
	struct err e;

	hooks_add(w->db, event(w, "bucket.new", "zlib-1"), "bucket.new/t", "{}",
	    NOW, &e);
	end = end_of(w, HOOK_DONE, "", "https://bugs.example/7");
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_int_equal(
	    world_number(w,
		"SELECT count(*) FROM bucket WHERE number = 1 AND issue = "
		"'https://bugs.example/7'"),
	    1);
	assert_int_equal(
	    world_number(w,
		"SELECT count(*) FROM audit WHERE who = 'hook:bucket.new/t' "
		"AND what = 'bucket.issue' AND subject = 'bucket:zlib-1' AND "
		"json_extract(after, '$.issue') = 'https://bugs.example/7'"),
	    1);
	j = input(w, event(w, "bucket.new", "zlib-1"));
	assert_string_equal(
	    json_get_string(json_get(json_root(j), "bucket"), "issue", ""),
	    "https://bugs.example/7");
	json_free(j);
}

static void
only_a_bucket_has_an_issue(void **state)
{
	struct world *w = *state;
	struct hook_end end;
	struct err e;

	hooks_add(
	    w->db, event(w, "bot.lost", "zlib-1"), "bot.lost/t", "{}", NOW, &e);
	end = end_of(w, HOOK_DONE, "", "https://bugs.example/7");
	assert_int_equal(hooks_end(w->db, &end, &e), 0);
	assert_int_equal(
	    world_number(w, "SELECT count(*) FROM bucket WHERE issue <> ''"),
	    0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(looking_begins_with_the_newest_event),
	    T(the_input_is_the_event_and_what_it_is_about),
	    T(hostile_rows_make_valid_input),
	    T(a_run_is_owed_once_and_in_the_order_of_events),
	    T(a_try_that_failed_comes_again_and_the_last_is_an_event),
	    T(a_failed_hook_for_failures_tells_nobody),
	    T(an_issue_is_stored_with_its_bucket_and_noted),
	    T(only_a_bucket_has_an_issue),
	};

	return cmocka_run_group_tests_name(
	    "masterd/db/hooks", tests, NULL, NULL);
}
