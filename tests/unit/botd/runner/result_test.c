/* botd/runner/result: what a session's bundles say. */
#include <sys/stat.h>

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
#include "lib/base/text.h"
#include "tests/unit/botd/runner/world.h"

#define BUNDLE(seq, cls) "b1-5f3c9a01d2e4b677-" #seq "-" #cls ".pfb"

static void
keep_record(void *arg, const struct record *r, const char *payload)
{
	(void)payload;
	*(struct record *)arg = *r;
}

static void
keep_text(void *arg, const struct record *r, const char *payload)
{
	(void)r;
	text_copy(arg, 512, payload);
}

static struct find
found(struct session *s, const char *bytes)
{
	struct find f = {.artifact = (char *)(uintptr_t) "crash-1",
	    .size = strlen(bytes),
	    .found_ms = 1500,
	    .tries = 3,
	    .reproduced = 2,
	    .code = 77};

	digest_of(&f.digest, bytes, strlen(bytes));
	scratch_file(
	    s->crashes, digest_hex(&f.digest).text, bytes, strlen(bytes));
	return f;
}

static void
a_crash_carries_input_report_command_and_k_of_n(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "boom");
	char text[512] = "";
	struct record rec;
	struct err e;

	buf_adds(&f.report, "==1==ERROR: AddressSanitizer: SEGV");
	strv_add(&s->again_plan.env, "ASAN_OPTIONS=exitcode=77");
	strv_add(&s->again_plan.env, "PATH=/usr/bin");
	strv_add(&s->again_plan.env, "MODE=fast");
	assert_int_equal(
	    ticket_add_environment(&s->ticket, "MODE=fast", &e), 0);
	strv_add(&s->again_plan.argv, "/work/build/read");
	strv_add(&s->again_plan.argv, "-timeout=25");
	strv_add(&s->again_plan.argv, "/work/crashes/x");
	assert_int_equal(seal_find(s, &f, &e), 0);
	buf_release(&f.report);
	assert_int_equal(
	    world_records(w, BUNDLE(1, c), REC_CRASH, keep_record, &rec), 1);
	assert_string_equal(rec.word, "libfuzzer");
	assert_string_equal(rec.word2, "address");
	assert_int_equal(rec.n[CRASH_INPUT_SIZE], 4);
	assert_int_equal(rec.n[CRASH_EXIT], 77);
	assert_int_equal(rec.n[CRASH_TRIES], 3);
	assert_int_equal(rec.n[CRASH_REPRODUCED], 2);
	assert_int_equal(rec.n[CRASH_FOUND_MS], 1500);
	assert_true(digest_equal(&rec.sha256, &f.digest));
	world_records(w, BUNDLE(1, c), REC_CRASH, keep_text, text);
	assert_string_equal(text, "boom");
	world_records(w, BUNDLE(1, c), REC_REPORT, keep_text, text);
	assert_string_equal(text, "==1==ERROR: AddressSanitizer: SEGV");
	world_records(w, BUNDLE(1, c), REC_COMMAND, keep_text, text);
	assert_string_equal(text,
	    "env\nASAN_OPTIONS=exitcode=77\nMODE=fast\n./read\n-timeout=25\n"
	    "INPUT\n");
}

static void
the_empty_input_is_an_input(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "");
	struct record rec;
	struct err e;

	assert_int_equal(seal_find(s, &f, &e), 0);
	world_records(w, BUNDLE(1, c), REC_CRASH, keep_record, &rec);
	assert_true(rec.has_payload);
	assert_int_equal(rec.size, 0);
}

static void
an_input_over_64_mib_stays_in_held(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "long");
	struct digest_hex hex = digest_hex(&f.digest);
	struct record rec;
	struct err e;

	f.size = (64ull << 20) + 1;
	assert_int_equal(seal_find(s, &f, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(1, c), REC_CRASH, keep_record, &rec), 1);
	assert_false(rec.has_payload);
	assert_int_equal(rec.n[CRASH_INPUT_SIZE], (64 << 20) + 1);
	assert_int_equal(faccessat(w->r.held, hex.text, F_OK, 0), 0);
	assert_int_equal(faccessat(s->crashes, hex.text, F_OK, 0), -1);
}

static void
complete_says_how_it_ended_and_names_its_seqs(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	char text[512] = "";
	struct record rec;
	struct err e;

	session_need(s, 3);
	session_need(s, 4);
	session_need(s, 7);
	s->stop = STOP_FAILED;
	strcpy(s->reason, "target crashes at start");
	s->execs_before = 100;
	s->now.execs = 23;
	s->crashes_seen = 2;
	assert_int_equal(seal_complete(s, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(1, b), REC_COMPLETE, keep_record, &rec), 1);
	assert_int_equal(rec.lease, 0xc1);
	assert_string_equal(rec.word2, "failed");
	assert_int_equal(rec.n[COMPLETE_EXECS], 123);
	assert_int_equal(rec.n[COMPLETE_CRASHES], 2);
	assert_int_equal(
	    world_records(w, BUNDLE(1, b), REC_NEEDS, keep_record, &rec), 2);
	assert_int_equal(rec.epoch, WORLD_EPOCH);
	assert_int_equal(rec.n[RANGE_FIRST], 7);
	assert_int_equal(rec.n[RANGE_LAST], 7);
	world_records(w, BUNDLE(1, b), REC_REASON, keep_text, text);
	assert_string_equal(text, "target crashes at start");
}

static void
a_check_seals_its_verdict_and_no_statistics(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	char text[512] = "";
	struct record rec;
	struct err e;

	s->check = s->has_verdict = true;
	s->verdict = CHECK_BAD;
	s->stop = STOP_DONE;
	s->now.instrumented = 295;
	s->now.features = 5;
	s->elf.calls = 6196;
	s->dict = 118;
	s->seeds = 240;
	buf_adds(&s->verdict_lines, "it does not run\nonly 3 edges");
	assert_int_equal(seal_stats(&w->r, NULL, true, NULL, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(1, b), REC_STATS, keep_record, &rec), 0);
	assert_int_equal(seal_complete(s, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(2, b), REC_COMPLETE, keep_record, &rec), 1);
	assert_string_equal(rec.word2, "done");
	assert_int_equal(
	    world_records(w, BUNDLE(2, b), REC_CHECK, keep_record, &rec), 1);
	assert_string_equal(rec.word, "bad");
	assert_int_equal(rec.n[CHECK_EDGES], 295);
	assert_int_equal(rec.n[CHECK_FEATURES], 5);
	assert_int_equal(rec.n[CHECK_CALLS], 6196);
	assert_int_equal(rec.n[CHECK_DICT], 118);
	assert_int_equal(rec.n[CHECK_SEEDS], 240);
	world_records(w, BUNDLE(2, b), REC_CHECK, keep_text, text);
	assert_string_equal(text, "it does not run\nonly 3 edges");
	assert_int_equal(
	    world_records(w, BUNDLE(2, b), REC_NEEDS, NULL, NULL), 0);
	buf_reset(&s->verdict_lines);
	s->verdict = CHECK_GOOD;
	assert_int_equal(seal_complete(s, &e), 0);
	world_records(w, BUNDLE(3, b), REC_CHECK, keep_record, &rec);
	assert_string_equal(rec.word, "good");
	assert_false(rec.has_payload);
}

static void
one_stats_bundle_speaks_of_every_lease(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct record rec;
	struct err e;
	int i;

	world_session(w, 0xc2);
	world_session(w, 0xc3)->salvage = true;
	s->dict = 5;
	s->seeds = 7;
	assert_int_equal(seal_stats(&w->r, NULL, false, NULL, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(1, b), REC_STATS, keep_record, &rec), 2);
	assert_int_equal(rec.n[STATS_DICT], 5);
	assert_int_equal(rec.n[STATS_SEEDS], 7);
	assert_int_equal(
	    world_records(w, BUNDLE(1, b), REC_LOG, NULL, NULL), 0);
	/* At its end a lease sends the tail of its log: 16 KiB at most. */
	for (i = 0; i < 20000; i++)
		buf_addc(&s->run.text, i < 4000 ? 'a' : 'b');
	assert_int_equal(seal_stats(&w->r, s, true, NULL, &e), 0);
	assert_int_equal(
	    world_records(w, BUNDLE(2, b), REC_LOG, keep_record, &rec), 1);
	assert_int_equal(rec.lease, 0xc1);
	assert_int_equal(rec.size, 16 * 1024);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(a_crash_carries_input_report_command_and_k_of_n),
	    WORLD(the_empty_input_is_an_input),
	    WORLD(an_input_over_64_mib_stays_in_held),
	    WORLD(complete_says_how_it_ended_and_names_its_seqs),
	    WORLD(a_check_seals_its_verdict_and_no_statistics),
	    WORLD(one_stats_bundle_speaks_of_every_lease),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/result", tests, NULL, NULL);
}
