/*
 * The admin socket from outside: real requests to a real server.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/fs.h"
#include "lib/wire/manifest.h"
#include "masterd/admin/admin.h"
#include "tests/unit/masterd/admin/server.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	*state = server_start(false);
	return 0;
}

static int
setup_hostile(void **state)
{
	*state = server_start(true);
	return 0;
}

static int
teardown(void **state)
{
	return server_stop(*state);
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
	assert_int_equal(a.status, 400);
	answer_release(&a);
	free(body);
	get(&a, s, "/healthz");
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

/* ---- builds ---------------------------------------------------------- */

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

/* ---- rude clients ---------------------------------------------------- */

static void
six_hundred_idle_connections_do_not_stop_the_next_request(void **state)
{
	struct rlimit limit;
	struct server *s = *state;
	uint64_t before;
	struct answer a;
	int fds[600], i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < 600; i++)
		assert_int_not_equal(fds[i] = server_connect(s), -1);
	before = clock_up_ms();
	get(&a, s, "/healthz");
	assert_int_equal(a.status, 200);
	assert_true(clock_up_ms() - before < 20000);
	answer_release(&a);
	for (i = 0; i < 600; i++)
		close(fds[i]);
}

static void
a_slow_client_does_not_hold_up_others(void **state)
{
	static const char half[] = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n"
				   "Content-Length: 100\r\n\r\n{\"tar";
	struct server *s = *state;
	uint64_t before = clock_up_ms();
	struct answer a;
	int fd = server_connect(s);

	assert_int_equal(write(fd, half, strlen(half)), strlen(half));
	get(&a, s, "status");
	assert_int_equal(a.status, 200);
	assert_true(clock_up_ms() - before < 5000);
	answer_release(&a);
	close(fd);
}

static void
a_client_that_leaves_during_a_long_read_harms_nobody(void **state)
{
	static const char ask[] =
	    "GET /api/v1/ledger/check HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *s = *state;
	struct answer a;
	int fd, i;

	for (i = 0; i < 20; i++) {
		fd = server_connect(s);
		assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
		close(fd);
		get(&a, s, "/healthz");
		assert_int_equal(a.status, 200);
		answer_release(&a);
	}
	/* The readers are reaped; there is room for one again. */
	for (i = 0; i < 100; i++) {
		get(&a, s, "ledger/check");
		if (a.status == 200)
			break;
		answer_release(&a);
		usleep(50000);
	}
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void
one_connection_serves_many_requests(void **state)
{
	static const char ask[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server *s = *state;
	char answer[4096];
	int fd = server_connect(s), i;
	ssize_t n;

	for (i = 0; i < 3; i++) {
		assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
		n = read(fd, answer, sizeof(answer) - 1);
		assert_true(n > 0);
		answer[n] = '\0';
		assert_non_null(strstr(answer, "200 OK"));
		assert_null(strstr(answer, "Connection: close"));
	}
	close(fd);
}

/* ---- the door -------------------------------------------------------- */

static void
a_stranger_may_neither_read_nor_change(void **state)
{
	struct server *s = *state;
	struct answer a;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	assert_int_equal(chmod(s->socket, 0666), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(9);
		get(&a, s, "status");
		if (a.status != 403)
			_exit(1);
		request(&a, s, "PUT", "jobs/aaaa/cancel", "", 0);
		_exit(a.status == 403 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void
the_socket_is_closed_to_others_and_goes_at_the_end(void **state)
{
	struct server *s = server_start(false);
	char path[sizeof(s->socket)];
	struct stat st;

	(void)state;
	assert_int_equal(stat(s->socket, &st), 0);
	assert_true((st.st_mode & 0777) == 0660 || (st.st_mode & 0777) == 0666);
	strcpy(path, s->socket);
	assert_int_equal(server_stop(s), 0);
	assert_int_equal(stat(path, &st), -1);
}

static void
a_served_socket_is_not_taken_and_a_dead_one_is(void **state)
{
	struct server *s = *state;
	struct admin_hooks hooks = {NULL, NULL, NULL, NULL};
	char dir[200];
	struct loop *loop;
	struct admin *a;
	struct err e;
	int at;

	loop = loop_new(&e);
	snprintf(dir, sizeof(dir), "%s/run", s->root);
	at = fs_open_dir(AT_FDCWD, dir, &e);
	assert_null(admin_open(loop, NULL, NULL, at, "admin.sock", &hooks, &e));
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_int_equal(close(server_connect(s)), 0);

	/* A socket that nobody listens on any more. */
	assert_int_equal(linkat(at, "admin.sock", at, "dead.sock", 0), 0);
	a = admin_open(loop, NULL, NULL, at, "other.sock", &hooks, &e);
	assert_non_null(a);
	assert_int_equal(linkat(at, "other.sock", at, "dead.sock2", 0), 0);
	admin_close(a);
	a = admin_open(loop, NULL, NULL, at, "dead.sock2", &hooks, &e);
	assert_non_null(a);
	admin_close(a);
	close(at);
	loop_free(loop);
}

int
main(int argc, char **argv)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_read_answers_json),
	    cmocka_unit_test_setup_teardown(
		every_read_answers_json_over_hostile_rows, setup_hostile,
		teardown),
	    TEST(what_is_not_there_is_404_with_a_sentence),
	    TEST(an_ambiguous_prefix_names_the_candidates),
	    TEST(a_job_is_created_and_cancelled_once),
	    TEST(a_misspelt_key_does_not_make_an_endless_job),
	    TEST(numbers_out_of_range_are_refused),
	    TEST(an_oversize_body_is_refused),
	    TEST(a_build_goes_in_by_difference_and_is_known_the_second_time),
	    TEST(a_build_without_target_is_refused_with_reasons),
	    TEST(bytes_under_a_wrong_name_are_refused),
	    TEST(a_bad_project_or_manifest_is_refused),
	    TEST(twenty_mib_of_a_file_stream_in),
	    TEST(a_crash_gives_its_input_and_report),
	    TEST(the_spool_lists_what_waits_and_what_was_refused),
	    TEST(metrics_and_health_are_text),
	    TEST(all_units_stream_from_a_read_child),
	    TEST(six_hundred_idle_connections_do_not_stop_the_next_request),
	    TEST(a_slow_client_does_not_hold_up_others),
	    TEST(a_client_that_leaves_during_a_long_read_harms_nobody),
	    TEST(one_connection_serves_many_requests),
	    TEST(a_stranger_may_neither_read_nor_change),
	    cmocka_unit_test(
		the_socket_is_closed_to_others_and_goes_at_the_end),
	    TEST(a_served_socket_is_not_taken_and_a_dead_one_is),
	};
	int code = admin_read_child(argc, argv);

	if (code != -1)
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
