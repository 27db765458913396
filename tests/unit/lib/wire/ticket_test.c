/* lib/wire/ticket: taken whole or not at all, and no path leads elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/wire/ticket.h"

static struct ticket
sample(int files)
{
	struct ticket t = {.version = 1,
	    .lease = 0xaa,
	    .task = 0xbb,
	    .job = 0xcc,
	    .epoch = 0x5f3c9a01d2e4b677,
	    .kind = "fuzz",
	    .bot = {"b1"},
	    .project = {"png"},
	    .target = {"read"},
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .slice_ms = 3600000,
	    .trace = "t-1",
	    .program = "bin/read 0",
	    .file_count = files};
	int i;

	memset(&t.build, 0x5a, sizeof(t.build));
	t.files = mem_array((size_t)files, sizeof(*t.files));
	for (i = 0; i < files; i++) {
		snprintf(
		    t.files[i].path, sizeof(t.files[i].path), "bin/read %d", i);
		t.files[i].mode = i % 2 ? 0644 : 0755;
		t.files[i].size = (uint64_t)i << 20;
		memset(&t.files[i].sha256, i, sizeof(t.files[i].sha256));
	}
	return t;
}

static void
assert_same(const struct ticket *a, const struct ticket *b)
{
	struct buf ta = BUF_INIT, tb = BUF_INIT;

	ticket_format(&ta, a);
	ticket_format(&tb, b);
	assert_string_equal(buf_text(&ta), buf_text(&tb));
	assert_int_equal(a->file_count, b->file_count);
	assert_memory_equal(
	    a->files, b->files, (size_t)a->file_count * sizeof(*a->files));
	buf_release(&ta);
	buf_release(&tb);
}

static void
a_ticket_is_read_as_it_was_written(void **state)
{
	struct buf text = BUF_INIT;
	struct ticket t = sample(3), got;
	struct err e;

	(void)state;
	ticket_format(&text, &t);
	assert_int_equal(ticket_parse(&got, text.data, text.len, &e), 0);
	assert_same(&t, &got);
	ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
}

static void
the_largest_ticket_is_read(void **state)
{
	struct ticket t = sample(TICKET_MAX_FILES), got;
	struct buf text = BUF_INIT;
	struct err e;
	size_t len;
	int i;

	(void)state;
	for (i = 0; i < t.file_count; i++) {
		len = strlen(t.files[i].path);
		memset(t.files[i].path + len, '"', TICKET_PATH_MAX - len);
		t.files[i].size = INT64_MAX;
	}
	text_copy(t.program, sizeof(t.program), t.files[7].path);
	ticket_format(&text, &t);
	assert_true(text.len <= TICKET_MAX_BYTES);
	if (ticket_parse(&got, text.data, text.len, &e) == -1)
		fail_msg("%s", e.text);
	assert_same(&t, &got);
	ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
}

static void
paths_stay_below_their_folder(void **state)
{
	static const char *const good[] = {"a", "a/b/c", "...", "a..", "..a/b",
	    "a b", "-a", "~", "a\\b", "\xc3\xa9", ".hidden", "a:b"};
	static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".",
	    "..", "./a", "a/.", "../a", "a/..", "a/../b", "a\nb", "a\tb",
	    "a\x7f", "a\x1b[m", "\xff", "\xc2\x85", "\xed\xa0\x80",
	    "a\xc0\xaf"
	    "b"};
	char longest[TICKET_PATH_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!ticket_path_ok(good[i]))
			fail_msg("'%s' is refused", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ticket_path_ok(bad[i]))
			fail_msg("'%s' (%zu) is taken", bad[i], i);
	memset(longest, 'a', sizeof(longest));
	longest[TICKET_PATH_MAX + 1] = '\0';
	assert_false(ticket_path_ok(longest));
	longest[TICKET_PATH_MAX] = '\0';
	assert_true(ticket_path_ok(longest));
}

static int
parse_changed(const char *what, const char *with, struct err *e)
{
	struct buf text = BUF_INIT, odd = BUF_INIT;
	struct ticket t = sample(2), got;
	const char *at;
	int rc;

	ticket_format(&text, &t);
	at = strstr(text.data, what);
	assert_non_null(at);
	buf_add(&odd, text.data, (size_t)(at - text.data));
	buf_adds(&odd, with);
	buf_adds(&odd, at + strlen(what));
	rc = ticket_parse(&got, odd.data, odd.len, e);
	if (rc == 0)
		ticket_release(&got);
	else
		assert_null(got.files);
	ticket_release(&t);
	buf_release(&text);
	buf_release(&odd);
	return rc;
}

static void
keys_of_a_newer_master_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(
	    parse_changed("\"kind\"", "\"colour\":{\"a\":[]},\"kind\"", NULL),
	    0);
	assert_int_equal(
	    parse_changed("\"mode\"", "\"owner\":0,\"mode\"", NULL), 0);
}

static void
anything_else_is_no_ticket(void **state)
{
	static const char *const changes[][2] = {
	    {"{\"version\":1", "[{\"version\":1"},
	    {"\"version\":1", "\"version\":2"},
	    {"\"version\":1,", ""},
	    {"\"00000000000000aa\"", "\"0000000000000000\""},
	    {"\"00000000000000bb\"", "null"},
	    {"\"job\"", "\"jop\""},
	    {"\"fuzz\"", "\"Fuzz\""},
	    {"\"fuzz\"", "7"},
	    {"\"b1\"", "\"../b1\""},
	    {"\"png/read\"", "\"png\""},
	    {"\"png/read\"", "\"png/../read\""},
	    {"\"build\":\"5a", "\"build\":\"5A"},
	    {"\"libfuzzer\"", "\"\""},
	    {"3600000", "-1"},
	    {"\"t-1\"", "\"t 1\""},
	    {"\"program\":\"bin/read 0\"", "\"program\":\"/bin/sh\""},
	    {"\"program\":\"bin/read 0\"", "\"program\":\"bin/sh\""},
	    {"\"path\":\"bin/read 0\"", "\"path\":\"../read 0\""},
	    {"\"path\":\"bin/read 1\"", "\"path\":\"bin/read 0\""},
	    {"\"0755\"", "\"4755\""},
	    {"\"0644\"", "420"},
	    {"\"size\":1048576", "\"size\":9223372036854775808"},
	    {"\"sha256\":\"01", "\"sha256\":\"1"},
	    {"\"files\":[", "\"files\":[],\"x\":["},
	    {"\"files\":[", "\"files\":[[],"},
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (parse_changed(changes[i][0], changes[i][1], &e) == 0)
			fail_msg("%s for %s was taken", changes[i][1],
			    changes[i][0]);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
}

static void
a_ticket_that_is_cut_short_is_none(void **state)
{
	struct buf text = BUF_INIT;
	struct ticket t = sample(2), got;
	size_t len;

	(void)state;
	ticket_format(&text, &t);
	for (len = 0; len < text.len - 1; len++)
		assert_int_equal(ticket_parse(&got, text.data, len, NULL), -1);
	ticket_release(&t);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_ticket_is_read_as_it_was_written),
	    cmocka_unit_test(the_largest_ticket_is_read),
	    cmocka_unit_test(paths_stay_below_their_folder),
	    cmocka_unit_test(keys_of_a_newer_master_are_ignored),
	    cmocka_unit_test(anything_else_is_no_ticket),
	    cmocka_unit_test(a_ticket_that_is_cut_short_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
