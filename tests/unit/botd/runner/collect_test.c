/* botd/runner/collect: which files are taken, when, and how often. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

static struct session *
session(struct world *w, uint64_t lease)
{
	struct session *s = world_session(w, lease);

	s->now.ready = true;
	return s;
}

static void
look(struct session *s)
{
	s->scan_next_ms = 0;
	collect(s, false);
}

static void
pause_between_looks(void)
{
	usleep(250000);
}

static void
a_file_is_taken_when_two_looks_find_it_unchanged(void **state)
{
	struct session *s = session(*state, 0xc1);

	scratch_file(s->corpus, "unit", "one", 3);
	look(s);
	look(s); /* too soon to say anything */
	assert_int_equal(s->unit_count, 0);
	pause_between_looks();
	look(s);
	assert_int_equal(s->unit_count, 1);
	assert_memory_equal(s->units[0].bytes, "one", 3);
	pause_between_looks();
	look(s);
	assert_int_equal(s->unit_count, 1);
}

static void
a_file_that_grows_or_is_open_for_writing_waits(void **state)
{
	struct session *s = session(*state, 0xc1);
	int fd = openat(s->corpus, "unit", O_WRONLY | O_CREAT, 0644);

	assert_int_equal(write(fd, "one", 3), 3);
	look(s);
	pause_between_looks();
	assert_int_equal(write(fd, "two", 3), 3);
	look(s);
	pause_between_looks();
	look(s); /* unchanged, but open */
	assert_int_equal(s->unit_count, 0);
	close(fd);
	look(s);
	pause_between_looks();
	look(s);
	assert_int_equal(s->unit_count, 1);
	assert_int_equal(s->units[0].size, 6);
}

static void
when_the_engine_has_ended_all_is_settled(void **state)
{
	struct session *s = session(*state, 0xc1);

	scratch_file(s->corpus, "unit", "one", 3);
	scratch_file(s->corpus, "empty", "", 0);
	collect(s, true);
	assert_int_equal(s->unit_count, 1);
}

static void
links_pipes_and_folders_are_not_taken(void **state)
{
	struct session *s = session(*state, 0xc1);

	assert_int_equal(symlinkat("/etc/passwd", s->corpus, "link"), 0);
	assert_int_equal(mkfifoat(s->corpus, "pipe", 0666), 0);
	assert_int_equal(mkdirat(s->corpus, "folder", 0755), 0);
	assert_int_equal(symlinkat("/etc/passwd", s->artifacts, "crash-1"), 0);
	assert_int_equal(mkfifoat(s->artifacts, "crash-2", 0666), 0);
	assert_int_equal(mkdirat(s->artifacts, "crash-3", 0755), 0);
	scratch_file(s->artifacts, "slow-unit-1", "x", 1);
	collect(s, true);
	assert_int_equal(s->unit_count, 0);
	assert_null(s->finds);
	assert_int_equal(scratch_count(s->dir, "artifacts"), 0);
}

static void
a_unit_is_sealed_once_per_target_and_bot(void **state)
{
	struct world *w = *state;
	struct session *s = session(w, 0xc1), *o = session(w, 0xc2);
	struct err e;

	scratch_file(s->corpus, "a", "same", 4);
	scratch_file(s->corpus, "b", "same", 4);
	scratch_file(o->corpus, "c", "same", 4);
	collect(s, true);
	collect(o, true); /* pending in the other session */
	assert_int_equal(s->unit_count, 1);
	assert_int_equal(o->unit_count, 0);
	assert_int_equal(seal_units(s, &e), 0);
	assert_true(world_has(w, 1, 'b'));
	scratch_file(o->corpus, "d", "same", 4);
	collect(o, true); /* sealed by the other session */
	assert_int_equal(o->unit_count, 0);

	collect_keep(s);
	assert_int_equal(scratch_count(w->scratch->fd, "units/png/read"), 1);
	names_release(&s->sealed_units);
	scratch_file(o->corpus, "e", "same", 4);
	collect(o, true); /* in the cache */
	assert_int_equal(o->unit_count, 0);
}

/* Two corpora of one target do not know of each other. */
static void
another_corpus_of_the_target_has_units_of_its_own(void **state)
{
	struct world *w = *state;
	struct session *s = session(w, 0xc1), *o = session(w, 0xc2);
	struct err e;

	strcpy(o->ticket.corpus.text, "read@own");
	close(o->cache);
	o->cache =
	    fs_make_dir_open(w->scratch->fd, "units/png/read@own", 0755, NULL);
	scratch_file(s->corpus, "a", "same", 4);
	scratch_file(o->corpus, "b", "same", 4);
	collect(s, true);
	collect(o, true);
	assert_int_equal(s->unit_count, 1);
	assert_int_equal(o->unit_count, 1);
	assert_int_equal(seal_units(s, &e), 0);
	assert_int_equal(seal_units(o, &e), 0);
	collect_keep(o);
	assert_int_equal(scratch_count(w->scratch->fd, "units/png/read"), 0);
	assert_int_equal(
	    scratch_count(w->scratch->fd, "units/png/read@own"), 1);
}

static void
units_over_the_size_of_the_corpus_are_counted_and_left(void **state)
{
	struct world *w = *state;
	struct session *s = session(w, 0xc1);
	struct err e;

	s->ticket.limits.corpus_bytes = 10;
	s->corpus_bytes = 4; /* it was given */
	scratch_file(s->corpus, "a", "sixbytes", 6);
	collect(s, true);
	assert_int_equal(s->unit_count, 1);
	scratch_file(s->corpus, "b", "more", 4);
	scratch_file(s->corpus, "c", "most", 4);
	scratch_file(s->corpus, "d", "sixbytes", 6); /* known: not counted */
	collect(s, true);
	collect(s, true);
	assert_int_equal(s->unit_count, 1);
	assert_int_equal(s->units_over, 2);
	assert_int_equal(seal_units(s, &e), 0);
	collect_keep(s);
	assert_int_equal(scratch_count(w->scratch->fd, "units/png/read"), 1);
}

static void
what_was_sealed_is_known_to_the_next_runner(void **state)
{
	struct world *w = *state;
	struct session *s = session(w, 0xc1);
	struct err e;

	scratch_file(s->corpus, "a", "same", 4);
	collect(s, true);
	assert_int_equal(seal_units(s, &e), 0);
	names_release(&s->sealed_units);
	names_release(&s->known_units);
	read_sealed(s);
	collect(s, true);
	assert_int_equal(s->unit_count, 0);
}

static void
a_bundle_closes_at_1024_records_and_at_8_mib(void **state)
{
	struct world *w = *state;
	struct session *s = session(w, 0xc1);
	static char big[3 << 20];
	char name[32];
	int i;

	for (i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		scratch_file(s->corpus, name, name, strlen(name));
	}
	w->config.outbox_bytes = 1 << 30;
	collect(s, true);
	assert_int_equal(s->units_sealed, 1023);
	assert_int_equal(s->unit_count, 77);
	for (i = 0; i < 3; i++) {
		big[0] = (char)i;
		snprintf(name, sizeof(name), "big%d", i);
		scratch_file(s->corpus, name, big, sizeof(big));
	}
	collect(s, true);
	assert_int_equal(s->units_sealed, 1023 + 77 + 3);
	assert_int_equal(world_records(w, "b1-5f3c9a01d2e4b677-1-b.pfb",
			     REC_UNIT, NULL, NULL),
	    1023);
	assert_int_equal(s->need_count, 1);
	assert_int_equal(s->needs[0].last, 2);
}

static void
a_crashing_input_is_queued_once(void **state)
{
	struct session *s = session(*state, 0xc1);

	scratch_file(s->artifacts, "crash-1", "boom", 4);
	collect(s, true);
	collect(s, true);
	assert_non_null(s->finds);
	assert_null(s->finds->next);
	assert_int_equal(scratch_count(s->dir, "crashes"), 1);
	/* The same bytes under another name: counted, not queued. */
	scratch_file(s->artifacts, "crash-2", "boom", 4);
	collect(s, true);
	assert_null(s->finds->next);
	assert_int_equal(s->crashes_seen, 2);
	assert_int_equal(scratch_count(s->dir, "artifacts"), 1);
	assert_int_equal(scratch_count(s->dir, "crashes"), 1);
}

static void
five_inputs_of_one_signature_are_enough(void **state)
{
	static const char report[] =
	    "==1==ERROR: AddressSanitizer: heap-use-after-free on address "
	    "0x602000000053 at pc 0x1 bp 0x2 sp 0x3\n"
	    "WRITE of size 1 at 0x602000000053 thread T0\n"
	    "    #0 0x5559b0537c29 in uaf /src/t.c:12:81\n\n";
	struct session *s = session(*state, 0xc1);
	struct find *f;
	char name[32];
	int i, n = 0;

	buf_adds(&s->run.text, report);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "crash-%d", i);
		scratch_file(s->artifacts, name, name, strlen(name));
	}
	collect(s, true);
	for (f = s->finds; f != NULL; f = f->next)
		n++;
	assert_int_equal(n, 5);
	assert_int_equal(s->crashes_seen, 8);
	assert_int_equal(scratch_count(s->dir, "artifacts"), 5);
	/* All timeouts of a target are one. */
	buf_reset(&s->run.text);
	buf_adds(
	    &s->run.text, "==1== ERROR: libFuzzer: timeout after 3 seconds\n");
	scratch_file(s->artifacts, "timeout-1", "t1", 2);
	scratch_file(s->artifacts, "timeout-2", "t2", 2);
	collect(s, true);
	for (n = 0, f = s->finds; f != NULL; f = f->next)
		n++;
	assert_int_equal(n, 6);
}

static void
an_input_that_crashes_at_start_leaves_the_session(void **state)
{
	struct session *s = session(*state, 0xc1);
	struct digest d;

	s->now.ready = false;
	digest_of(&d, "boom", 4);
	scratch_file(s->inputs, digest_hex(&d).text, "boom", 4);
	scratch_file(s->corpus, "c", "boom", 4);
	scratch_file(s->seed_files, "1", "boom", 4);
	scratch_file(s->seed_files, "2", "bang", 4);
	scratch_file(s->seed_files, "3", "boomerang", 9);
	scratch_file(s->artifacts, "crash-1", "boom", 4);
	collect(s, true);
	assert_true(s->removed_input);
	assert_int_equal(scratch_count(s->dir, "units"), 0);
	assert_int_equal(scratch_count(s->dir, "corpus"), 0);
	assert_int_equal(scratch_count(s->dir, "seeds"), 2);

	/* Cut to -max_len by the engine: the longer one is the culprit. */
	s->removed_input = false;
	scratch_file(s->artifacts, "crash-2", "boomer", 6);
	collect(s, true);
	assert_true(s->removed_input);
	assert_int_equal(scratch_count(s->dir, "seeds"), 1);
}

static void
an_input_that_crashes_later_stays(void **state)
{
	struct session *s = session(*state, 0xc1);

	scratch_file(s->seed_files, "1", "boom", 4);
	scratch_file(s->artifacts, "crash-1", "boom", 4);
	collect(s, true);
	assert_false(s->removed_input);
	assert_int_equal(scratch_count(s->dir, "seeds"), 1);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(a_file_is_taken_when_two_looks_find_it_unchanged),
	    WORLD(a_file_that_grows_or_is_open_for_writing_waits),
	    WORLD(when_the_engine_has_ended_all_is_settled),
	    WORLD(links_pipes_and_folders_are_not_taken),
	    WORLD(a_unit_is_sealed_once_per_target_and_bot),
	    WORLD(another_corpus_of_the_target_has_units_of_its_own),
	    WORLD(units_over_the_size_of_the_corpus_are_counted_and_left),
	    WORLD(what_was_sealed_is_known_to_the_next_runner),
	    WORLD(a_bundle_closes_at_1024_records_and_at_8_mib),
	    WORLD(a_crashing_input_is_queued_once),
	    WORLD(five_inputs_of_one_signature_are_enough),
	    WORLD(an_input_that_crashes_at_start_leaves_the_session),
	    WORLD(an_input_that_crashes_later_stays),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/collect", tests, NULL, NULL);
}
