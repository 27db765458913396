/*
 * The admin socket from outside: real requests to a real server.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/wire/manifest.h"
#include "masterd/admin/admin.h"
#include "tests/unit/masterd/admin/server.h"

static int
setup_hostile(void **state)
{
	*state = server_start(true);
	return 0;
}

static const struct json_value *
error_of(struct answer *a)
{
	return json_get(json_root(a->json), "error");
}

static const struct json_value *
item_of(struct answer *a)
{
	return json_get(json_root(a->json), "item");
}

/* Status, code and a piece of the sentence, which may be NULL. */
static void
expect_error(struct server *s, const char *method, const char *path,
    const char *body, long status, const char *code, const char *text)
{
	struct answer a;

	request(&a, s, method, path, body, body == NULL ? 0 : strlen(body));
	if (a.status != status)
		fail_msg("%s %s: %ld %s %s", method, path, a.status, a.error,
		    buf_text(&a.body));
	assert_non_null(a.json);
	assert_string_equal(json_get_string(error_of(&a), "code", "?"), code);
	if (text != NULL &&
	    strstr(json_get_string(error_of(&a), "message", ""), text) == NULL)
		fail_msg("%s", buf_text(&a.body));
	answer_release(&a);
}

static const char *const reads[] = {"status", "builds", "builds/1111",
    "targets", "targets/zlib/inflate", "jobs", "jobs/aaaa", "bots", "bots/b1",
    "crashes", "crashes/3333", "buckets", "buckets/zlib-1",
    "corpus?target=zlib/inflate", "corpus?target=zlib/inflate&all=1", "spool",
    "ledger", "ledger?bot=b1&epoch=00000000000000e1", "ledger/check", "events",
    "events?order=newest&limit=1", NULL};

static void
check_reads(struct server *s)
{
	struct answer a;
	int i;

	for (i = 0; reads[i] != NULL; i++) {
		get(&a, s, reads[i]);
		if (a.status != 200 || a.json == NULL)
			fail_msg("%s: %ld %s %.300s", reads[i], a.status,
			    a.error, buf_text(&a.body));
		assert_string_equal(a.type, "application/json");
		assert_int_equal(json_get_u64(json_root(a.json), "api", 0), 1);
		answer_release(&a);
	}
}

static void
every_read_answers_json(void **state)
{
	check_reads(*state);
}

static void
every_read_answers_json_over_hostile_rows(void **state)
{
	check_reads(*state);
}

static void
what_is_not_there_is_404_with_a_sentence(void **state)
{
	struct server *s = *state;

	expect_error(
	    s, "GET", "jobs/7f3", NULL, 404, "not_found", "job 7f3: not found");
	expect_error(s, "GET", "nonsense", NULL, 404, "not_found", NULL);
	expect_error(s, "DELETE", "jobs", NULL, 404, "not_found", NULL);
	expect_error(
	    s, "GET", "crashes/44/input", NULL, 404, "not_found", NULL);
	expect_error(
	    s, "GET", "spool/local/nope", NULL, 404, "not_found", NULL);
	expect_error(s, "GET", "/etc/passwd", NULL, 404, "not_found", NULL);
}

static void
an_ambiguous_prefix_names_the_candidates(void **state)
{
	expect_error(*state, "GET", "builds/1", NULL, 400, "ambiguous",
	    "build 1: ambiguous: 1111");
	expect_error(*state, "POST", "jobs", "{\"target\":\"inflate\"}", 400,
	    "ambiguous", "png/inflate, zlib/inflate");
}

static void
a_job_is_created_and_cancelled_once(void **state)
{
	static const char body[] = "{\"target\":\"zlib/inflate@r1\","
				   "\"slots\":2,\"for_ms\":60000}";
	struct server *s = *state;
	char path[64];
	struct answer a;

	request(&a, s, "POST", "jobs", body, strlen(body));
	assert_int_equal(a.status, 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "status", ""), "pending");
	assert_string_equal(
	    json_get_string(item_of(&a), "sanitizer", ""), "address");
	assert_int_equal(json_get_u64(item_of(&a), "for_ms", 0), 60000);
	assert_memory_equal(
	    json_get_string(item_of(&a), "created_by", ""), "user:", 5);
	snprintf(path, sizeof(path), "jobs/%s/cancel",
	    json_get_string(item_of(&a), "id", ""));
	answer_release(&a);

	request(&a, s, "PUT", path, "", 0);
	assert_int_equal(a.status, 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "status", ""), "cancelled");
	answer_release(&a);
	request(&a, s, "PUT", path, "", 0);
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
a_misspelt_key_does_not_make_an_endless_job(void **state)
{
	expect_error(*state, "POST", "jobs",
	    "{\"target\":\"zlib/inflate\",\"for\":60000}", 400, "refused",
	    "for: unknown key");
	expect_error(
	    *state, "POST", "jobs", "{\"target\":", 400, "refused", NULL);
	expect_error(*state, "POST", "jobs", "{}", 400, "refused", "target");
}

static void
numbers_out_of_range_are_refused(void **state)
{
	expect_error(
	    *state, "GET", "events?limit=-1", NULL, 400, "refused", "limit");
	expect_error(*state, "GET", "events?limit=100000", NULL, 400, "refused",
	    "limit");
	expect_error(
	    *state, "GET", "events?after=x", NULL, 400, "refused", "after");
}

static void
an_oversize_body_is_refused(void **state)
{
	struct server *s = *state;
	size_t len = 1 << 20;
	char *body = mem_alloc(len + 1);
	struct answer a;

	memset(body, ' ', len);
	request(&a, s, "POST", "jobs", body, len);
	assert_int_equal(a.status, 413);
	answer_release(&a);
	free(body);
	get(&a, s, "/healthz");
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

/* ---- builds ---------------------------------------------------------- */

static void
a_build_that_somebody_needs_is_not_removed(void **state)
{
	struct server *s = *state;
	struct answer a;

	/* Job aaaa... is pinned to it. */
	expect_error(s, "DELETE", "builds/1111", NULL, 409, "conflict",
	    "cannot be removed, a job is pinned to it");
	expect_error(
	    s, "DELETE", "builds/99", NULL, 404, "not_found", "not found");
	request(&a, s, "DELETE", "builds/2222?reason=wrong%20flags", NULL, 0);
	assert_int_equal(a.status, 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "state", ""), "removed");
	assert_string_equal(
	    json_get_string(item_of(&a), "reason", ""), "wrong flags");
	answer_release(&a);
	expect_error(s, "DELETE", "builds/2222", NULL, 409, "conflict",
	    "removed already");
	get(&a, s, "builds?status=removed");
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 1);
	answer_release(&a);
}

/* What a libFuzzer program with ASan looks like to the master. */
static const char target_bytes[] =
    "\177ELF....LLVMFuzzerTestOneInput..libFuzzer: ..__asan_init..";
static const char script_bytes[] = "#!/bin/sh\n";

static void
add_file(struct manifest *m, const char *path, uint32_t mode, const char *bytes,
    size_t len)
{
	struct ticket_file f = {.mode = mode, .size = len};

	snprintf(f.path, sizeof(f.path), "%s", path);
	digest_of(&f.sha256, bytes, len);
	manifest_add(m, &f);
}

static void
make_manifest(struct buf *out, bool with_target)
{
	struct manifest m = {NULL, 0, 0};
	struct err e;

	if (with_target)
		add_file(&m, "read_fuzzer", 0755, target_bytes,
		    sizeof(target_bytes));
	add_file(&m, "run.sh", 0755, script_bytes, sizeof(script_bytes));
	assert_int_equal(manifest_sort(&m, &e), 0);
	manifest_format(out, &m);
	manifest_release(&m);
}

static long
put_file(struct server *s, const char *bytes, size_t len)
{
	struct digest d;
	struct answer a;
	char path[100];
	long status;

	digest_of(&d, bytes, len);
	snprintf(path, sizeof(path), "builds/files/%s", digest_hex(&d).text);
	request(&a, s, "PUT", path, bytes, len);
	status = a.status;
	answer_release(&a);
	return status;
}

static int
count_missing(struct server *s, const struct buf *manifest)
{
	struct answer a;
	int count;

	request(&a, s, "POST", "builds/missing", manifest->data, manifest->len);
	assert_int_equal(a.status, 200);
	count = json_count(json_get(json_root(a.json), "missing"));
	answer_release(&a);
	return count;
}

static void
a_build_goes_in_by_difference_and_is_known_the_second_time(void **state)
{
	static const char path[] = "builds?project=png&revision=v1";
	struct server *s = *state;
	struct buf manifest = BUF_INIT;
	struct answer a;
	bool known = true;

	make_manifest(&manifest, true);
	assert_int_equal(count_missing(s, &manifest), 2);
	expect_error(
	    s, "POST", path, manifest.data, 409, "missing", "2 of 2 files");
	assert_int_equal(put_file(s, target_bytes, sizeof(target_bytes)), 200);
	assert_int_equal(count_missing(s, &manifest), 1);
	assert_int_equal(put_file(s, script_bytes, sizeof(script_bytes)), 200);
	assert_int_equal(count_missing(s, &manifest), 0);

	request(&a, s, "POST", path, manifest.data, manifest.len);
	if (a.status != 200 || a.json == NULL)
		fail_msg("%s", buf_text(&a.body));
	assert_string_equal(
	    json_get_string(item_of(&a), "engine", ""), "libfuzzer");
	assert_string_equal(
	    json_get_string(item_of(&a), "sanitizer", ""), "address");
	assert_int_equal(json_count(json_get(item_of(&a), "targets")), 1);
	assert_int_equal(json_count(json_get(json_root(a.json), "skipped")), 1);
	json_bool(json_get(json_root(a.json), "known"), &known);
	assert_false(known);
	answer_release(&a);

	request(&a, s, "POST", path, manifest.data, manifest.len);
	assert_int_equal(a.status, 200);
	json_bool(json_get(json_root(a.json), "known"), &known);
	assert_true(known);
	answer_release(&a);
	expect_error(s, "POST", "builds?project=other", manifest.data, 409,
	    "conflict", "project 'png' already");
	buf_release(&manifest);
}

static void
a_build_without_target_is_refused_with_reasons(void **state)
{
	struct server *s = *state;
	struct buf manifest = BUF_INIT;

	make_manifest(&manifest, false);
	assert_int_equal(put_file(s, script_bytes, sizeof(script_bytes)), 200);
	expect_error(s, "POST", "builds?project=png", manifest.data, 400,
	    "no_target", "'run.sh' is no ELF program");
	buf_release(&manifest);
}

static void
bytes_under_a_wrong_name_are_refused(void **state)
{
	expect_error(*state, "PUT",
	    "builds/files/00000000000000000000000000000000"
	    "00000000000000000000000000000000",
	    "hello", 400, "refused", "are those of");
	expect_error(*state, "PUT", "builds/files/%2e%2e/etc", "hello", 400,
	    "refused", NULL);
}

static void
a_bad_project_or_manifest_is_refused(void **state)
{
	expect_error(
	    *state, "POST", "builds?project=A_B", "x", 400, "refused", NULL);
	expect_error(*state, "POST", "builds", "x", 400, "refused", NULL);
	expect_error(*state, "POST", "builds?project=a&revision=x%20y", "x",
	    400, "refused", "revision");
	expect_error(*state, "POST", "builds?project=a", "no manifest", 400,
	    "refused", NULL);
}

static void
twenty_mib_of_a_file_stream_in(void **state)
{
	size_t len = 20 << 20;
	char *bytes = mem_alloc(len);

	memset(bytes, 'x', len);
	assert_int_equal(put_file(*state, bytes, len), 200);
	free(bytes);
}

/* ---- crashes, spool, metrics ----------------------------------------- */

static void
put_text(
    struct server *s, const char *folder, const char *name, const char *text)
{
	char path[512];
	struct err e;
	int dir;

	snprintf(path, sizeof(path), "%s/%s", s->root, folder);
	dir = fs_make_dir_open(AT_FDCWD, path, 0755, &e);
	assert_int_not_equal(dir, -1);
	assert_int_equal(
	    fs_replace(dir, name, text, strlen(text), 0644, false, &e), 0);
	close(dir);
}

static void
a_crash_gives_its_input_and_report(void **state)
{
	static const char folder[] =
	    "crashes/zlib/inflate/33333333333333333333333333333333"
	    "33333333333333333333333333333333";
	struct server *s = *state;
	struct answer a;

	put_text(s, folder, "input", "boom");
	put_text(s, folder, "report-66666666.txt", "==1==ERROR");
	get(&a, s, "crashes/333/input");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body.data, "boom");
	assert_string_equal(a.type, "application/octet-stream");
	answer_release(&a);
	get(&a, s, "crashes/333/report");
	assert_string_equal(a.body.data, "==1==ERROR");
	answer_release(&a);
}

static void
the_spool_lists_what_waits_and_what_was_refused(void **state)
{
	struct server *s = *state;
	const struct json_value *v;
	struct answer a;

	put_text(s, "spool/local/incoming/new", "b1-x.pfb", "12345");
	put_text(s, "rejected/local", "bad.pfb", "1");
	put_text(s, "rejected/local", "bad.pfb.reason", "too \"long\"\n\xff\n");
	put_text(s, "rejected/local", "gone.reason", "a FIFO\n");
	put_text(s, "held/local", "new.pfb", "1");
	get(&a, s, "spool");
	assert_int_equal(a.status, 200);
	v = json_get(json_root(a.json), "items");
	assert_int_equal(json_count(v), 4);
	assert_int_equal(json_get_u64(json_item(v, 0), "files", 0), 1);
	assert_int_equal(json_get_u64(json_item(v, 0), "bytes", 0), 5);
	assert_string_equal(json_get_string(json_item(v, 1), "reason", ""),
	    "too \"long\"\\x0a\\xff");
	assert_int_equal(
	    json_type(json_get(json_item(v, 2), "bytes")), JSON_NULL);
	answer_release(&a);
	get(&a, s, "spool/local/bad.pfb");
	assert_int_equal(a.status, 200);
	assert_string_equal(
	    json_get_string(item_of(&a), "queue", ""), "rejected");
	answer_release(&a);
	request(
	    &a, s, "POST", "spool/retry", "{\"entry\":\"local/yes.pfb\"}", 25);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	expect_error(s, "POST", "spool/retry", "{\"entry\":\"local/no.pfb\"}",
	    404, "not_found", NULL);
	expect_error(s, "POST", "spool/retry",
	    "{\"entry\":\"../../etc/passwd\"}", 404, "not_found", NULL);
}

static void
metrics_and_health_are_text(void **state)
{
	struct server *s = *state;
	struct answer a;

	get(&a, s, "/metrics");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.body.data,
	    "# TYPE pandafuzz_corpus_files gauge\n"
	    "pandafuzz_corpus_files{target=\"zlib/inflate\"} 2\n"));
	assert_non_null(strstr(a.body.data,
	    "pandafuzz_spool_bundles{queue=\"incoming\"} 3\n"
	    "pandafuzz_spool_bundles{queue=\"in_hand\"} 0\n"
	    "pandafuzz_spool_bundles{queue=\"rejected\"} 1\n"));
	answer_release(&a);
	get(&a, s, "/healthz");
	assert_string_equal(a.body.data, "ok\n");
	answer_release(&a);
	get(&a, s, "/readyz");
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
all_units_stream_from_a_read_child(void **state)
{
	struct answer a;

	get(&a, *state, "corpus?target=zlib/inflate&all=1");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_count(json_get(json_root(a.json), "items")), 2);
	answer_release(&a);
}

int
main(int argc, char **argv)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, server_setup, server_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_read_answers_json),
	    cmocka_unit_test_setup_teardown(
		every_read_answers_json_over_hostile_rows, setup_hostile,
		server_teardown),
	    TEST(what_is_not_there_is_404_with_a_sentence),
	    TEST(an_ambiguous_prefix_names_the_candidates),
	    TEST(a_job_is_created_and_cancelled_once),
	    TEST(a_misspelt_key_does_not_make_an_endless_job),
	    TEST(numbers_out_of_range_are_refused),
	    TEST(an_oversize_body_is_refused),
	    TEST(a_build_that_somebody_needs_is_not_removed),
	    TEST(a_build_goes_in_by_difference_and_is_known_the_second_time),
	    TEST(a_build_without_target_is_refused_with_reasons),
	    TEST(bytes_under_a_wrong_name_are_refused),
	    TEST(a_bad_project_or_manifest_is_refused),
	    TEST(twenty_mib_of_a_file_stream_in),
	    TEST(a_crash_gives_its_input_and_report),
	    TEST(the_spool_lists_what_waits_and_what_was_refused),
	    TEST(metrics_and_health_are_text),
	    TEST(all_units_stream_from_a_read_child),
	};
	int code = admin_read_child(argc, argv);

	if (code != -1)
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
