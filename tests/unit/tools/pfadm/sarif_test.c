/*
 * Documents in SARIF: each is held against the schema, as a program that reads
 * them would, whatever the names in it are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>

#include "lib/base/fs.h"
#include "tools/pfadm/sarif.h"

#define SCHEMA "tests/unit/tools/pfadm/sarif-2.1.0.schema.json"

static const char crash[] =
    "{\"id\":\"9c41\",\"bucket\":\"png-3\",\"target\":\"png/read\",\"type\":"
    "\"Heap-use-after-free READ 4\",\"state\":[\"take\",\"run\"],\"security\":"
    "true,\"severity\":\"high\",\"class\":\"crash\",\"signature\":\"00ff\","
    "\"tries\":10,\"reproduced\":7,\"observations\":5,\"frames\":["
    "{\"stack\":\"crash\",\"n\":0,\"function\":\"__asan_memcpy\",\"role\":"
    "\"interceptor\"},{\"stack\":\"crash\",\"n\":1,\"function\":\"take\","
    "\"file\":\"/src/a b.c\",\"line\":10,\"state\":true},"
    "{\"stack\":\"freed\",\"n\":0,\"function\":\"drop\",\"module\":"
    "\"/out/t\"}]}";
static const char bucket[] =
    "{\"id\":\"png-3\",\"status\":\"muted\",\"reason\":\"\",\"hits\":120,"
    "\"type\":\"Heap-use-after-free READ 4\",\"signatures\":[{\"signature\":"
    "\"aabb\"}]}";
/* Nothing is as it should be. */
static const char odd[] =
    "{\"id\":7,\"type\":\"\\u001b[2J<script>\",\"state\":\"a\\nb\","
    "\"severity\":null,\"security\":null,\"frames\":[{\"stack\":0,\"n\":0,"
    "\"function\":\"\u202e$(rm)\",\"file\":\"ht tp://%zz\\\"\",\"line\":"
    "99999999999},{\"stack\":9,\"function\":null}],\"observations\":0}";

static struct json *
parse(const char *text)
{
	static const struct json_limits deep = {1 << 20, 1 << 16, 32};
	struct err e;
	struct json *j = json_parse(text, strlen(text), &deep, &e);

	if (j == NULL)
		fail_msg("%s", e.text);
	return j;
}

/* The document of one result; the caller frees. */
static struct json *
document(const char *of_bucket, const char *of_crash, struct buf *text)
{
	struct json *b = of_bucket == NULL ? NULL : parse(of_bucket);
	struct json *c = of_crash == NULL ? NULL : parse(of_crash);
	struct sarif s;

	sarif_init(&s);
	sarif_add(&s, json_root(b), json_root(c));
	buf_reset(text);
	sarif_finish(&s, "1.2.3", text);
	sarif_release(&s);
	json_free(b);
	json_free(c);
	return parse(text->data);
}

static const struct json_value *
result_of(const struct json *j)
{
	const struct json_value *run =
	    json_item(json_get(json_root(j), "runs"), 0);

	return json_item(json_get(run, "results"), 0);
}

static void
a_crash_is_a_result_with_its_place(void **state)
{
	struct buf text = BUF_INIT;
	struct json *j = document(NULL, crash, &text);
	const struct json_value *r = result_of(j), *place;

	(void)state;
	assert_string_equal(
	    json_get_string(r, "ruleId", ""), "Heap-use-after-free READ");
	assert_string_equal(json_get_string(r, "level", ""), "error");
	place = json_get(
	    json_item(json_get(r, "locations"), 0), "physicalLocation");
	assert_string_equal(
	    json_get_string(json_get(place, "artifactLocation"), "uri", ""),
	    "file:///src/a%20b.c");
	assert_int_equal(
	    json_get_u64(json_get(place, "region"), "startLine", 0), 10);
	assert_string_equal(json_get_string(json_get(r, "partialFingerprints"),
				"pandafuzzSignature/v1", ""),
	    "00ff");
	assert_int_equal(json_count(json_get(r, "stacks")), 2);
	assert_int_equal(json_get_u64(r, "occurrenceCount", 0), 5);
	assert_null(json_get(r, "suppressions"));
	json_free(j);
	buf_release(&text);
}

static void
a_bucket_has_the_fingerprint_of_its_first_signature(void **state)
{
	struct buf text = BUF_INIT;
	struct json *j = document(bucket, crash, &text);
	const struct json_value *r = result_of(j);

	(void)state;
	assert_string_equal(json_get_string(json_get(r, "partialFingerprints"),
				"pandafuzzSignature/v1", ""),
	    "aabb");
	assert_int_equal(json_get_u64(r, "occurrenceCount", 0), 120);
	assert_string_equal(
	    json_get_string(
		json_item(json_get(r, "suppressions"), 0), "kind", ""),
	    "external");
	json_free(j);
	buf_release(&text);
}

static void
equal_types_are_one_rule(void **state)
{
	struct json *c = parse(crash), *o = parse(odd), *j;
	const struct json_value *run;
	struct buf text = BUF_INIT;
	struct sarif s;

	(void)state;
	sarif_init(&s);
	sarif_add(&s, NULL, json_root(c));
	sarif_add(&s, NULL, json_root(o));
	sarif_add(&s, NULL, json_root(c));
	sarif_finish(&s, "1", &text);
	sarif_release(&s);
	j = parse(text.data);
	run = json_item(json_get(json_root(j), "runs"), 0);
	assert_int_equal(json_count(json_get(run, "results")), 3);
	assert_int_equal(
	    json_count(
		json_get(json_get(json_get(run, "tool"), "driver"), "rules")),
	    2);
	json_free(j);
	json_free(c);
	json_free(o);
	buf_release(&text);
}

static void
names_of_strangers_are_harmless(void **state)
{
	struct buf text = BUF_INIT;
	struct json *j = document(NULL, odd, &text);
	size_t i;

	(void)state;
	for (i = 0; i + 1 < text.len; i++)
		assert_true(text.data[i] >= ' ' && text.data[i] < 0x7f);
	json_free(j);
	buf_release(&text);
}

/* ---- the schema ------------------------------------------------------ */

/* What the reader says of a document: 0 for yes. */
static int
judge(const char *text, size_t len)
{
	char path[] = "/tmp/pf-sarif.XXXXXX", command[400];
	int fd = mkstemp(path), got;

	assert_int_not_equal(fd, -1);
	assert_int_equal(fs_write_all(fd, text, len), 0);
	close(fd);
	snprintf(command, sizeof(command),
	    "/usr/bin/python3 -W ignore -m jsonschema -i %s %s 2>&1", path,
	    SCHEMA);
	got = system(command);
	unlink(path);
	return got;
}

static void
documents_hold_to_the_schema(void **state)
{
	struct buf text = BUF_INIT;
	struct sarif s;

	(void)state;
	json_free(document(NULL, crash, &text));
	assert_int_equal(judge(text.data, text.len), 0);
	json_free(document(bucket, crash, &text));
	assert_int_equal(judge(text.data, text.len), 0);
	json_free(document(bucket, NULL, &text));
	assert_int_equal(judge(text.data, text.len), 0);
	json_free(document(NULL, odd, &text));
	assert_int_equal(judge(text.data, text.len), 0);
	buf_reset(&text);
	sarif_init(&s);
	sarif_finish(&s, "1", &text);
	sarif_release(&s);
	assert_int_equal(judge(text.data, text.len), 0);
	buf_release(&text);
}

static void
the_schema_finds_what_is_wrong(void **state)
{
	static const char *const bad[] = {"{}", "{\"version\":\"2.1.0\"}",
	    "{\"version\":\"2.0.0\",\"runs\":[]}",
	    "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":"
	    "\"x\"}},\"results\":[{\"message\":{}}]}]}",
	    "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":"
	    "\"x\"}},\"results\":[{\"message\":{\"text\":\"x\"},\"level\":"
	    "\"bad\"}]}]}",
	    "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":"
	    "\"x\"}},\"nothing\":1}]}"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(judge(bad[i], strlen(bad[i])), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_crash_is_a_result_with_its_place),
	    cmocka_unit_test(
		a_bucket_has_the_fingerprint_of_its_first_signature),
	    cmocka_unit_test(equal_types_are_one_rule),
	    cmocka_unit_test(names_of_strangers_are_harmless),
	    cmocka_unit_test(documents_hold_to_the_schema),
	    cmocka_unit_test(the_schema_finds_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
