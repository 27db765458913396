/* lib/wire/record: exactly the keys of the table, in and out. */
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
#include "tests/unit/lib/wire/bundles.h"

/* The line of a type, with a payload if it can have one. */
static void
sample_line(struct buf *line, enum record_type type)
{
	struct record r = sample_record(type);

	memset(&r.sha256, 0x5a, sizeof(r.sha256));
	buf_reset(line);
	r.has_payload = true;
	r.size = 9;
	if (record_format(line, &r, NULL) == -1) {
		buf_reset(line);
		r.has_payload = false;
		r.size = 0;
		assert_int_equal(record_format(line, &r, NULL), 0);
	}
}

static void
every_record_is_read_as_it_was_written(void **state)
{
	struct buf line = BUF_INIT, again = BUF_INIT;
	struct record r;
	struct err e;
	int type;

	(void)state;
	for (type = 0; type < REC_COUNT; type++) {
		sample_line(&line, (enum record_type)type);
		assert_true(line.len <= BUNDLE_LINE_MAX);
		assert_int_equal(
		    record_parse(&r, line.data, line.len - 1, &e), 0);
		assert_int_equal(r.type, type);
		buf_reset(&again);
		assert_int_equal(record_format(&again, &r, &e), 0);
		assert_string_equal(line.data, again.data);
	}
	buf_release(&line);
	buf_release(&again);
}

/* "line" with member "skip" left out, or its value replaced. */
static void
rewrite(struct buf *out, const struct json_value *root, int which,
    const char *value)
{
	const struct json_value *v = json_first(root);
	const char *raw;
	size_t len;
	int i;

	buf_reset(out);
	json_open(out, NULL, '{');
	for (i = 0; v != NULL; v = json_next(v), i++) {
		raw = json_raw(v, &len);
		if (i == which && value != NULL)
			json_put_raw(out, json_key_of(v), value, strlen(value));
		else if (i != which)
			json_put_raw(out, json_key_of(v), raw, len);
	}
	json_close(out, '}');
}

static void
assert_refused(const struct buf *line, const char *what)
{
	struct bundle_header h;
	struct err e = {0};
	struct record r;

	if (record_parse(&r, line->data, line->len, &e) == 0 ||
	    e.cls != ERR_REFUSED)
		fail_msg("%s: %s", what, line->data);
	assert_int_equal(header_parse(&h, line->data, line->len, &e), -1);
}

/* Neither an id nor a digest, nor a number. */
static bool
is_word(const struct json_value *v)
{
	const char *text = json_string(v);

	return text != NULL && strlen(text) != 16 && strlen(text) != 64;
}

static void
spoil(const struct buf *line)
{
	static const char *const values[] = {"true", "[]", "{}", "-1", "1.5",
	    "1e3", "9007199254740993", "\"\"", "\"../x\"",
	    "\"00000000000000AA\"", "\"a\\u0000\"", "\"0000000000000000\"",
	    "\"aa\""};
	struct json *j =
	    json_parse(line->data, line->len - 1, &JSON_LINE, NULL);
	const struct json_value *root = json_root(j);
	struct buf odd = BUF_INIT;
	size_t v;
	int i;

	for (i = 0; i < json_count(root); i++) {
		for (v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			/* The last few would do as words. */
			if (v >= 11 && is_word(json_item(root, i)))
				continue;
			rewrite(&odd, root, i, values[v]);
			assert_refused(&odd, "a value of another kind");
		}
		rewrite(&odd, root, i, NULL);
		/* A crash or check may come without its payload. */
		if (strcmp(json_key(root, i), "size") != 0 ||
		    (strstr(line->data, "\"rec\":\"crash\"") == NULL &&
			strstr(line->data, "\"rec\":\"check\"") == NULL))
			assert_refused(&odd, "a key is missing");
	}
	rewrite(&odd, root, -1, NULL);
	odd.len--;
	buf_adds(&odd, ",\"colour\":1}");
	assert_refused(&odd, "an unknown key");
	json_free(j);
	buf_release(&odd);
}

static void
a_missing_an_unknown_and_an_odd_key_are_refused(void **state)
{
	struct buf line = BUF_INIT;
	int type;

	(void)state;
	for (type = 0; type < REC_COUNT; type++) {
		sample_line(&line, (enum record_type)type);
		spoil(&line);
	}
	buf_release(&line);
}

static void
numbers_go_to_two_to_the_53(void **state)
{
	struct record r = sample_record(REC_WIRE);
	struct buf line = BUF_INIT;
	struct err e = {0};

	(void)state;
	r.n[WIRE_N] = 1ull << 53;
	assert_int_equal(record_format(&line, &r, &e), 0);
	assert_int_equal(record_parse(&r, line.data, line.len - 1, &e), 0);
	assert_int_equal(r.n[WIRE_N], 1ull << 53);
	r.n[WIRE_N]++;
	assert_int_equal(record_format(&line, &r, &e), -1);
	assert_int_equal(e.cls, ERR_BUG);
	buf_release(&line);
}

static void
a_header_is_read_as_it_was_written(void **state)
{
	struct bundle_header h, got;
	struct buf line = BUF_INIT;
	int kind, bits;
	struct err e;

	(void)state;
	for (kind = 0; kind < KIND_COUNT; kind++)
		for (bits = 0; bits < 4; bits++) {
			h = sample_header((enum bundle_kind)kind);
			if (bits & 1) {
				h.lease = h.job = 0;
				h.has_build = false;
				memset(&h.build, 0, sizeof(h.build));
			}
			if (bits & 2) {
				h.has_target = false;
				memset(&h.project, 0, sizeof(h.project));
				memset(&h.target, 0, sizeof(h.target));
				memset(h.trace, 0, sizeof(h.trace));
			}
			buf_reset(&line);
			assert_int_equal(header_format(&line, &h, &e), 0);
			assert_int_equal(
			    header_parse(&got, line.data, line.len - 1, &e), 0);
			assert_memory_equal(&h, &got, sizeof(h));
		}
	buf_release(&line);
}

static void
a_spoiled_header_is_refused(void **state)
{
	static const char *const values[] = {
	    "true", "[]", "-1", "1.5", "\"A b\"", "9007199254740993"};
	struct bundle_header h = sample_header(KIND_CRASH);
	struct buf line = BUF_INIT, odd = BUF_INIT;
	struct json *j;
	size_t v;
	int i;

	(void)state;
	assert_int_equal(header_format(&line, &h, NULL), 0);
	j = json_parse(line.data, line.len - 1, &JSON_LINE, NULL);
	for (i = 0; i < json_count(json_root(j)); i++) {
		rewrite(&odd, json_root(j), i, NULL);
		assert_int_equal(header_parse(&h, odd.data, odd.len, NULL), -1);
		for (v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			rewrite(&odd, json_root(j), i, values[v]);
			if (i == 0 && v == 5)
				continue; /* too large a version */
			assert_int_equal(
			    header_parse(&h, odd.data, odd.len, NULL), -1);
		}
	}
	json_free(j);
	buf_release(&line);
	buf_release(&odd);
}

static void
of_a_newer_header_only_the_version_is_read(void **state)
{
	static const char line[] = "{\"colour\":\"green\",\"pfb\":7}";
	struct bundle_header h;

	(void)state;
	assert_int_equal(header_parse(&h, line, strlen(line), NULL), 1);
	assert_int_equal(h.pfb, 7);
}

static void
kinds_say_what_they_hold_and_how_they_are_named(void **state)
{
	enum bundle_kind kind;
	int i, type, holds;

	(void)state;
	for (i = 0; i < KIND_COUNT; i++) {
		const char *name = bundle_kind_name((enum bundle_kind)i);

		assert_int_equal(bundle_kind_parse(&kind, name), 0);
		assert_int_equal(kind, i);
		holds = 0;
		for (type = 0; type < REC_COUNT; type++)
			holds += record_allowed(
			    (enum bundle_kind)i, (enum record_type)type);
		assert_true(holds > 0);
	}
	assert_int_equal(bundle_kind_parse(&kind, "poem"), -1);
	assert_int_equal(bundle_kind_class(KIND_CRASH), BUNDLE_CRASH);
	assert_int_equal(bundle_kind_class(KIND_HEARTBEAT), BUNDLE_BEAT);
	assert_int_equal(bundle_kind_class(KIND_COMPLETE), BUNDLE_BULK);
	assert_string_equal(lease_result_name(RESULT_FAILED), "failed");
}

static void
a_check_has_one_of_three_verdicts(void **state)
{
	enum check_verdict v, got;
	struct record r = sample_record(REC_CHECK);
	struct buf line = BUF_INIT;
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < CHECK_VERDICTS; i++) {
		v = (enum check_verdict)i;
		assert_int_equal(
		    check_verdict_parse(&got, check_verdict_name(v)), 0);
		assert_int_equal(got, v);
	}
	assert_int_equal(check_verdict_parse(&got, "ugly"), -1);
	text_copy(r.word, sizeof(r.word), "ugly");
	assert_int_equal(record_format(&line, &r, &e), 0);
	assert_int_equal(record_parse(&r, line.data, line.len - 1, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(e.text, "'ugly'"));
	buf_release(&line);
}

static void
new_records_travel_where_they_belong(void **state)
{
	(void)state;
	assert_true(record_allowed(KIND_REGISTER, REC_CPU));
	assert_false(record_allowed(KIND_HEARTBEAT, REC_CPU));
	assert_true(record_allowed(KIND_COMPLETE, REC_CHECK));
	assert_false(record_allowed(KIND_STATS, REC_CHECK));
}

static void
an_end_is_read_as_it_was_written(void **state)
{
	struct bundle_end end = {.records = 17}, got;
	struct buf line = BUF_INIT;

	(void)state;
	digest_of(&end.sha256, "x", 1);
	end_format(&line, &end);
	assert_int_equal(end_parse(&got, line.data, line.len - 1, NULL), 0);
	assert_memory_equal(&end, &got, sizeof(end));
	assert_int_equal(end_parse(&got, line.data, line.len - 2, NULL), -1);
	assert_int_equal(end_parse(&got, "{\"end\":false}", 13, NULL), -1);
	buf_release(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_record_is_read_as_it_was_written),
	    cmocka_unit_test(a_missing_an_unknown_and_an_odd_key_are_refused),
	    cmocka_unit_test(numbers_go_to_two_to_the_53),
	    cmocka_unit_test(a_header_is_read_as_it_was_written),
	    cmocka_unit_test(a_spoiled_header_is_refused),
	    cmocka_unit_test(of_a_newer_header_only_the_version_is_read),
	    cmocka_unit_test(kinds_say_what_they_hold_and_how_they_are_named),
	    cmocka_unit_test(a_check_has_one_of_three_verdicts),
	    cmocka_unit_test(new_records_travel_where_they_belong),
	    cmocka_unit_test(an_end_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
