/* Decisions on buckets over the socket: each answers, and is in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/masterd/admin/server.h"

static void
assert_item(struct server *s, const char *method, const char *path,
    const char *body, const char *has)
{
	struct answer a = server_ask(s, method, path, body, 200);

	if (strstr(buf_text(&a.body), has) == NULL)
		fail_msg("%s: no %s in %s", path, has, buf_text(&a.body));
	answer_release(&a);
}

static void
each_decision_answers_and_can_be_taken_back(void **state)
{
	struct server *s = *state;
	struct answer a;

	assert_item(s, "PUT", "buckets/zlib-1/note", "{\"text\":\"seen it\"}",
	    "\"did\":\"noted on zlib-1\"");
	assert_item(s, "PUT", "buckets/zlib-1",
	    "{\"status\":\"closed\",\"closed_reason\":\"wontfix\","
	    "\"labels_add\":[\"hot\"],\"owner\":\"bob\"}",
	    "\"status\":\"closed\"");
	assert_item(
	    s, "PUT", "buckets/zlib-1/undo", "{}", "\"status\":\"open\"");
	assert_item(s, "PUT", "buckets/zlib-1/mute", "{\"reason\":\"noise\"}",
	    "\"status\":\"muted\"");
	assert_item(s, "PUT", "buckets/zlib-1/unmute", "{}",
	    "\"did\":\"unmuted zlib-1\"");
	a = server_ask(s, "PUT", "buckets/zlib-1/unmute", "{}", 409);
	answer_release(&a);
	assert_item(
	    s, "GET", "log?what=bucket.muted", NULL, "\"reason\":\"noise\"");
	assert_item(
	    s, "GET", "events?what=bucket.undone", NULL, "bucket:zlib-1");
}

static void
a_merge_with_itself_is_a_conflict(void **state)
{
	struct answer a = server_ask(*state, "PUT", "buckets/zlib-1/merge",
	    "{\"into\":\"zlib-1\"}", 409);

	answer_release(&a);
}

static void
why_answers_for_a_bucket_alone(void **state)
{
	assert_item(*state, "GET", "buckets/zlib-1/why", NULL, "\"same\":true");
	assert_item(*state, "GET", "buckets/zlib-1/why?other=zlib-1", NULL,
	    "\"b\":\"zlib-1\"");
}

static void
a_regroup_of_nothing_changes_nothing(void **state)
{
	assert_item(*state, "POST", "buckets/regroup", "{\"dry_run\":true}",
	    "\"decision\":null");
	assert_item(*state, "POST", "buckets/regroup",
	    "{\"project\":\"zlib\",\"reason\":\"new rules\"}", "\"changed\":0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_decision_answers_and_can_be_taken_back),
	    cmocka_unit_test(a_merge_with_itself_is_a_conflict),
	    cmocka_unit_test(why_answers_for_a_bucket_alone),
	    cmocka_unit_test(a_regroup_of_nothing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, server_setup, server_teardown);
}
