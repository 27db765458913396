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
	    .corpus = {"read@own"},
	    .engine = "libfuzzer",
	    .sanitizer = "address",
	    .slice_ms = 3600000,
	    .trace = "t-1",
	    .program = "bin/read 0",
	    .limits = {2048, 25000, 7200000, 1 << 30},
	    .file_count = files};
	int i;

	assert_int_equal(ticket_add_argument(&t, "-max_len=100", NULL), 0);
	assert_int_equal(
	    ticket_add_environment(&t, "ASAN_OPTIONS=a=1:b=2", NULL), 0);
	assert_int_equal(ticket_add_environment(&t, "EMPTY=", NULL), 0);

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

/* As many and as long as they may be, of what JSON has to escape. */
static void
fill_words(struct ticket *t)
{
	char word[TICKET_WORD_MAX + 1];
	int i, n = TICKET_WORDS_BYTES / (TICKET_WORD_MAX + 1);

	memset(word, '\\', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (i = 1; i < n; i++)
		assert_int_equal(ticket_add_argument(t, word, NULL), 0);
	word[1] = '=';
	for (i = 2; i < n; i++)
		assert_int_equal(ticket_add_environment(t, word, NULL), 0);
}

static void
fill_inputs(struct ticket *t)
{
	struct ticket_input *in;
	struct digest d;
	int i, k;

	text_copy(t->kind, sizeof(t->kind), "reproduce");
	for (i = 0; i < TICKET_MAX_INPUTS; i++) {
		memset(&d, i, sizeof(d));
		in = ticket_add_input(t, &d, TICKET_INPUT_MAX, NULL);
		assert_non_null(in);
		in->has_signature = true;
		memset(&in->signature, 0xff - i, sizeof(in->signature));
		for (k = 0; k < TICKET_MAX_SERIES; k++)
			assert_int_equal(
			    ticket_input_add_series(in, &d, NULL), 0);
	}
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
	fill_words(&t);
	fill_inputs(&t);
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
a_check_has_no_job(void **state)
{
	struct buf text = BUF_INIT;
	struct ticket t = sample(1), got;

	(void)state;
	t.job = 0;
	text_copy(t.kind, sizeof(t.kind), "check");
	ticket_format(&text, &t);
	assert_non_null(strstr(text.data, "\"job\":null"));
	assert_int_equal(ticket_parse(&got, text.data, text.len, NULL), 0);
	assert_int_equal(got.job, 0);
	assert_string_equal(got.kind, "check");
	assert_same(&t, &got);
	ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
}

/* A bot that was upgraded finds such tickets in work/. */
static void
a_ticket_of_before_there_were_settings_is_read(void **state)
{
	static const char *const keys[][2] = {
	    {"\"corpus\":\"read@own\",", ""},
	    {"\"memory_mb\":2048,", ""},
	    {"\"timeout_ms\":25000,", ""},
	    {"\"cpu_ms\":7200000,", ""},
	    {"\"corpus_bytes\":1073741824,", ""},
	    {"\"arguments\":[\"-max_len=100\"],", ""},
	    {"\"environment\":[\"ASAN_OPTIONS=a=1:b=2\",\"EMPTY=\"],", ""},
	};
	struct buf text = BUF_INIT, odd = BUF_INIT;
	struct ticket t = sample(1), got;
	char *at;
	size_t i;

	(void)state;
	ticket_format(&text, &t);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		at = strstr(text.data, keys[i][0]);
		assert_non_null(at);
		memmove(at, at + strlen(keys[i][0]),
		    strlen(at + strlen(keys[i][0])) + 1);
	}
	buf_adds(&odd, text.data);
	assert_int_equal(ticket_parse(&got, odd.data, odd.len, NULL), 0);
	assert_string_equal(got.corpus.text, "read");
	assert_int_equal(got.limits.memory_mb, 0);
	assert_int_equal(got.limits.corpus_bytes, 0);
	assert_int_equal(got.argument_count + got.environment_count, 0);
	ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
	buf_release(&odd);
}

static void
words_are_clean_few_and_short(void **state)
{
	char word[TICKET_WORD_MAX + 2];
	struct ticket t = {0};
	struct err e;
	int i;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(ticket_add_argument(&t, word, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(ticket_add_argument(&t, "a\nb", &e), -1);
	assert_int_equal(ticket_add_argument(&t, "\xff", &e), -1);
	assert_int_equal(ticket_add_environment(&t, "NAME", &e), -1);
	assert_int_equal(ticket_add_environment(&t, "=value", &e), -1);
	assert_int_equal(t.argument_count + t.environment_count, 0);
	for (i = 0; i < TICKET_MAX_WORDS; i++)
		assert_int_equal(ticket_add_argument(&t, "-a=1", &e), 0);
	assert_int_equal(ticket_add_argument(&t, "-a=1", &e), -1);
	ticket_release(&t);
	word[TICKET_WORD_MAX] = '\0';
	for (i = 0; i < TICKET_MAX_WORDS; i++)
		if (ticket_add_argument(&t, word, &e) == -1)
			break;
	assert_int_equal(i, TICKET_WORDS_BYTES / TICKET_WORD_MAX);
	ticket_release(&t);
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
	    {"\"read@own\"", "\"../x\""},
	    {"\"read@own\"", "null"},
	    {"\"job\":\"", "\"job\":7,\"x\":\""},
	    {"\"memory_mb\":2048", "\"memory_mb\":-1"},
	    {"\"cpu_ms\":", "\"cpu_ms\":\"1\",\"x\":"},
	    {"\"arguments\":[", "\"arguments\":[7,"},
	    {"\"arguments\":[", "\"arguments\":{},\"x\":["},
	    {"\"-max_len=100\"", "\"-a=\\n\""},
	    {"\"EMPTY=\"", "\"EMPTY\""},
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
inputs_to_run_again_travel_in_a_ticket(void **state)
{
	struct ticket t = sample(1), got;
	struct buf text = BUF_INIT;
	struct ticket_input *in;
	struct digest d;
	struct err e;

	(void)state;
	text_copy(t.kind, sizeof(t.kind), "reproduce");
	t.job = 0;
	memset(&d, 1, sizeof(d));
	in = ticket_add_input(&t, &d, 77, NULL);
	in->has_signature = true;
	memset(&in->signature, 2, sizeof(in->signature));
	assert_int_equal(ticket_input_add_series(in, &d, NULL), 0);
	memset(&d, 3, sizeof(d));
	assert_non_null(ticket_add_input(&t, &d, 0, NULL));
	ticket_format(&text, &t);
	if (ticket_parse(&got, text.data, text.len, &e) == -1)
		fail_msg("%s", e.text);
	assert_same(&t, &got);
	assert_int_equal(got.input_count, 2);
	assert_int_equal(got.inputs[0].size, 77);
	assert_int_equal(got.inputs[0].series_count, 1);
	assert_true(
	    digest_equal(&got.inputs[0].signature, &t.inputs[0].signature));
	assert_false(got.inputs[1].has_signature);
	assert_int_equal(got.inputs[1].series_count, 0);
	ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
}

static void
a_ticket_takes_no_more_inputs_than_it_may(void **state)
{
	struct ticket t = sample(1);
	struct digest d;
	struct err e;

	(void)state;
	fill_inputs(&t);
	memset(&d, 0xee, sizeof(d));
	assert_null(ticket_add_input(&t, &d, 1, &e));
	assert_int_equal(ticket_input_add_series(&t.inputs[0], &d, &e), -1);
	ticket_release(&t);
	t = sample(1);
	assert_null(ticket_add_input(&t, &d, TICKET_INPUT_MAX + 1, &e));
	assert_non_null(ticket_add_input(&t, &d, 1, &e));
	assert_null(ticket_add_input(&t, &d, 1, &e));
	assert_int_equal(e.cls, ERR_REFUSED);
	ticket_release(&t);
}

#define HEX64                              \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

/* A ticket of this kind with these inputs, as text. */
static int
parse_inputs(const char *kind, const char *inputs, struct err *e)
{
	struct ticket t = sample(1), got;
	struct buf text = BUF_INIT;
	int rc;

	text_copy(t.kind, sizeof(t.kind), kind);
	ticket_format(&text, &t);
	text.len -= 2; /* "}\n" */
	text.data[text.len] = '\0';
	buf_printf(&text, "%s}\n", inputs);
	rc = ticket_parse(&got, text.data, text.len, e);
	if (rc == 0)
		ticket_release(&got);
	ticket_release(&t);
	buf_release(&text);
	return rc;
}

static void
inputs_that_are_odd_are_no_ticket(void **state)
{
	static const char *const bad[] = {"", ",\"inputs\":[]",
	    ",\"inputs\":{}", ",\"inputs\":[1]", ",\"inputs\":[{}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\"}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":67108865}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":-1}]",
	    ",\"inputs\":[{\"sha256\":\"abc\",\"size\":1}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1,"
	    "\"signature\":\"\"}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1,"
	    "\"signature\":null}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1,"
	    "\"series\":1}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1,"
	    "\"series\":[7]}]",
	    ",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1},"
	    "{\"sha256\":\"" HEX64 "\",\"size\":1}]"};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse_inputs("reproduce", bad[i], &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
	assert_int_equal(parse_inputs("fuzz", "", &e), 0);
	assert_int_equal(
	    parse_inputs("fuzz",
		",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1}]", &e),
	    -1);
	assert_int_equal(
	    parse_inputs("reproduce",
		",\"inputs\":[{\"sha256\":\"" HEX64 "\",\"size\":1}]", &e),
	    0);
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
	    cmocka_unit_test(a_check_has_no_job),
	    cmocka_unit_test(a_ticket_of_before_there_were_settings_is_read),
	    cmocka_unit_test(words_are_clean_few_and_short),
	    cmocka_unit_test(anything_else_is_no_ticket),
	    cmocka_unit_test(inputs_to_run_again_travel_in_a_ticket),
	    cmocka_unit_test(a_ticket_takes_no_more_inputs_than_it_may),
	    cmocka_unit_test(inputs_that_are_odd_are_no_ticket),
	    cmocka_unit_test(a_ticket_that_is_cut_short_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
