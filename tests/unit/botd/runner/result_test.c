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
	    .tries = 3};

	digest_of(&f.digest, bytes, strlen(bytes));
	scratch_file(
	    s->crashes, digest_hex(&f.digest).text, bytes, strlen(bytes));
	return f;
}

/* It has shown that report "reproduced" times. */
static void
show(struct find *f, const char *report, unsigned reproduced)
{
	struct shown *shown = &f->shown[f->shown_count++];

	*shown = (struct shown){.reproduced = reproduced, .code = 77};
	digest_of(&shown->signature, report, strlen(report));
	buf_adds(&shown->report, report);
}

static void
unshow(struct find *f)
{
	while (f->shown_count > 0)
		buf_release(&f->shown[--f->shown_count].report);
	buf_release(&f->parents);
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

	show(&f, "==1==ERROR: AddressSanitizer: SEGV", 2);
	buf_adds(&f.parents, "sha1:00ff\nmutation CMP\n");
	strv_add(&s->again_plan.env, "ASAN_OPTIONS=exitcode=77");
	strv_add(&s->again_plan.env, "PATH=/usr/bin");
	strv_add(&s->again_plan.env, "MODE=fast");
	assert_int_equal(
	    ticket_add_environment(&s->ticket, "MODE=fast", &e), 0);
	strv_add(&s->again_plan.argv, "/work/build/read");
	strv_add(&s->again_plan.argv, "-timeout=25");
	strv_add(&s->again_plan.argv, "/work/crashes/x");
	assert_int_equal(seal_find(s, &f, &e), 0);
	unshow(&f);
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
	world_records(w, BUNDLE(1, c), REC_ENVIRONMENT, keep_text, text);
	assert_string_equal(
	    text, "ASAN_OPTIONS=exitcode=77\nPATH=/usr/bin\nMODE=fast\n");
	world_records(w, BUNDLE(1, c), REC_PARENTS, keep_text, text);
	assert_string_equal(text, "sha1:00ff\nmutation CMP\n");
	assert_int_equal(
	    world_records(w, BUNDLE(1, c), REC_SERIES, NULL, NULL), 0);
}

static void
sum_up(void *arg, const struct record *r, const char *payload)
{
	uint64_t *sum = arg;

	assert_string_equal(payload, "boom");
	sum[0] += r->n[CRASH_REPRODUCED];
	sum[1] += r->n[CRASH_TRIES];
}

static void
two_signatures_of_one_input_are_two_crashes(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "boom");
	uint64_t sum[2] = {0, 0};
	struct err e;

	show(&f, "one", 7);
	show(&f, "other", 2);
	show(&f, "known", 1);
	f.shown[2].left_out = true;
	f.tries = 10;
	assert_int_equal(seal_find(s, &f, &e), 0);
	unshow(&f);
	assert_int_equal(
	    world_records(w, BUNDLE(1, c), REC_CRASH, sum_up, sum), 2);
	assert_int_equal(
	    world_records(w, BUNDLE(1, c), REC_REPORT, NULL, NULL), 2);
	assert_int_equal(sum[0], 9);
	assert_int_equal(sum[1], 20);
}

static void
a_series_is_named_in_order(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "boom");
	struct digest units[2];
	char text[512], want[512];
	struct err e;

	digest_of(&units[0], "a", 1);
	digest_of(&units[1], "b", 1);
	f.series = units;
	f.series_count = 2;
	show(&f, "one", 3);
	strv_add(&s->again_plan.argv, "/work/build/read");
	strv_add(&s->again_plan.argv, "-timeout=25");
	strv_add(&s->again_plan.argv, "/work/crashes/a");
	strv_add(&s->again_plan.argv, "/work/crashes/b");
	strv_add(&s->again_plan.argv, "/work/crashes/x");
	assert_int_equal(seal_find(s, &f, &e), 0);
	unshow(&f);
	snprintf(want, sizeof(want), "%s\n%s\n", digest_hex(&units[0]).text,
	    digest_hex(&units[1]).text);
	world_records(w, BUNDLE(1, c), REC_SERIES, keep_text, text);
	assert_string_equal(text, want);
	world_records(w, BUNDLE(1, c), REC_COMMAND, keep_text, text);
	assert_string_equal(text, "env\n./read\n-timeout=25\nINPUT\n");
}

static void
tried(struct world *w, const struct ticket_input *in, struct record *rec)
{
	struct session *s = world_session(w, 0xc1);
	struct find f = found(s, "boom");
	char name[64];
	struct err e;

	f.input = in;
	f.below = 2;
	f.above = 1;
	show(&f, "one", 2);
	show(&f, "other", 1);
	snprintf(name, sizeof(name), "b1-5f3c9a01d2e4b677-%ju-c.pfb",
	    (uintmax_t)w->r.next_seq);
	assert_int_equal(seal_find(s, &f, &e), 0);
	unshow(&f);
	assert_int_equal(world_records(w, name, REC_CRASH, NULL, NULL), 2);
	assert_int_equal(
	    world_records(w, name, REC_TRIED, keep_record, rec), 1);
	assert_int_equal(rec->n[TRIED_BELOW], 2);
	assert_int_equal(rec->n[TRIED_ABOVE], 1);
}

static void
an_input_of_a_ticket_is_told_of_with_its_tries(void **state)
{
	struct ticket_input in = {.size = 4};
	struct record rec;

	tried(*state, &in, &rec);
	assert_string_equal(rec.word, "any");
	assert_int_equal(rec.n[TRIED_TRIES], 3);
	assert_int_equal(rec.n[TRIED_REPRODUCED], 3);
	in.has_signature = true;
	digest_of(&in.signature, "other", 5);
	tried(*state, &in, &rec);
	assert_string_equal(rec.word, "crash");
	/* Its crash record has the numbers. */
	assert_int_equal(rec.n[TRIED_TRIES], 0);
	assert_int_equal(rec.n[TRIED_REPRODUCED], 0);
	digest_of(&in.signature, "neither", 7);
	tried(*state, &in, &rec);
	assert_int_equal(rec.n[TRIED_TRIES], 3);
	assert_int_equal(rec.n[TRIED_REPRODUCED], 0);
}

static void
keep_first(void *arg, const struct record *r, const char *payload)
{
	struct record *first = arg;

	(void)payload;
	if (first->type == 0)
		*first = *r;
}

static void
the_input_of_a_known_crash_does_not_travel_again(void **state)
{
	struct ticket_input in = {.size = 4, .has_signature = true};
	struct world *w = *state;
	struct record rec, first = {.type = 0};

	digest_of(&in.signature, "one", 3);
	tried(w, &in, &rec);
	world_records(w, BUNDLE(1, c), REC_CRASH, keep_first, &first);
	assert_int_equal(first.type, REC_CRASH);
	assert_false(first.has_payload);
	/* The other signature is news. */
	world_records(w, BUNDLE(1, c), REC_CRASH, keep_record, &rec);
	assert_true(rec.has_payload);
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
	    WORLD(two_signatures_of_one_input_are_two_crashes),
	    WORLD(a_series_is_named_in_order),
	    WORLD(an_input_of_a_ticket_is_told_of_with_its_tries),
	    WORLD(the_input_of_a_known_crash_does_not_travel_again),
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
