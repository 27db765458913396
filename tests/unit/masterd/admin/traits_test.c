/*
 * Targets are told by their bytes, whatever pieces those come in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "masterd/admin/build_targets.h"
#include "masterd/admin/traits.h"

/* The machine of an ELF file stands in its bytes 18 and 19. */
static const char target[] =
    "\177ELF\2\1\1_________\3\0>\0___LLVMFuzzerTestOneInput___libFuzzer: __"
    "____________________________________________"
    "__asan_init____ubsan_handle_x";

static uint32_t
scan(const char *bytes, size_t len, size_t piece)
{
	struct traits_scan s;
	size_t at, n;

	traits_init(&s);
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		traits_add(&s, bytes + at, n);
	}
	return s.traits;
}

static void
pieces_of_any_size_give_the_same(void **state)
{
	uint32_t whole = scan(target, sizeof(target), sizeof(target));
	size_t piece;

	(void)state;
	assert_int_equal(whole,
	    TRAIT_SEEN | TRAIT_ELF | TRAIT_ENTRY | TRAIT_LIBFUZZER |
		TRAIT_ASAN | TRAIT_UBSAN | 62u << TRAIT_MACHINE);
	assert_string_equal(traits_arch(whole), "x86_64");
	for (piece = 1; piece < 130; piece++)
		assert_int_equal(scan(target, sizeof(target), piece), whole);
}

static void
a_script_is_no_elf(void **state)
{
	(void)state;
	assert_int_equal(scan("#!/bin/sh", 9, 2), TRAIT_SEEN | TRAIT_SCRIPT);
	assert_int_equal(scan("#!/bin/sh\n# LLVMFuzzerTestOneInput", 34, 3),
	    TRAIT_SEEN | TRAIT_SCRIPT | TRAIT_ENTRY);
	/* What cannot run is not searched. */
	assert_int_equal(scan("see LLVMFuzzerTestOneInput", 26, 5), TRAIT_SEEN);
	assert_int_equal(scan("\177EL", 3, 1) & TRAIT_ENTRY, 0);
	assert_int_equal(scan("\177ELX", 4, 1), TRAIT_SEEN);
	assert_int_equal(scan("", 0, 1), TRAIT_SEEN);
}

static const char *
verdict(const char *path, uint32_t mode, uint32_t traits)
{
	char name[TARGET_MAX_LEN + 1];
	struct ticket_file f = {.mode = mode};

	snprintf(f.path, sizeof(f.path), "%s", path);
	return traits_verdict(&f, traits, name);
}

static void
each_reason_has_its_sentence(void **state)
{
	const uint32_t all =
	    TRAIT_SEEN | TRAIT_ELF | TRAIT_ENTRY | TRAIT_LIBFUZZER | TRAIT_ASAN;

	(void)state;
	assert_null(verdict("read", 0755, all));
	assert_null(verdict("bin/read", 0755, all));
	/* Stripped: the entry point's name is gone. */
	assert_null(verdict("read", 0755, all & ~(uint32_t)TRAIT_ENTRY));
	assert_string_equal(verdict("read", 0644, all), "is not executable");
	assert_string_equal(verdict("read", 0755, all & ~(uint32_t)TRAIT_ELF),
	    "is no ELF program");
	assert_string_equal(
	    verdict("libread.so", 0755, all), "is a shared library");
	assert_string_equal(
	    verdict("libread.so.1", 0755, all), "is a shared library");
	assert_string_equal(verdict("read.o", 0755, all), "has an extension");
	assert_null(verdict("read.exe", 0755, all));
	assert_null(verdict("read.par", 0755, all));
	assert_string_equal(
	    verdict("jazzer_driver", 0755, all), "is a tool of an engine");
	assert_string_equal(verdict("jazzer_driver_with_sanitizer", 0755, all),
	    "is a tool of an engine");
	/* A script has to say what it is, whatever its name. */
	assert_null(verdict("read", 0755, TRAIT_SCRIPT | TRAIT_ENTRY));
	assert_string_equal(verdict("read_fuzzer", 0755, TRAIT_SCRIPT),
	    "is no ELF program, and a script without LLVMFuzzerTestOneInput");
	assert_string_equal(
	    verdict("llvm-symbolizer", 0755, all), "is a tool of an engine");
	assert_string_equal(
	    verdict("afl-showmap", 0755, all), "is a tool of an engine");
	assert_string_equal(
	    verdict("__extra_build/read", 0755, all), "lies in __extra_build");
	assert_string_equal(
	    verdict("a b", 0755, all), "has a name that no target may have");
	assert_string_equal(verdict("read", 0755, TRAIT_SEEN | TRAIT_ELF),
	    "has no LLVMFuzzerTestOneInput");
	/* By its name alone; whether an engine is in it is asked later. */
	assert_null(verdict("read_fuzzer", 0755, TRAIT_SEEN | TRAIT_ELF));
	assert_null(verdict("read_fuzztest", 0755, TRAIT_SEEN | TRAIT_ELF));
	assert_null(verdict("read_fuzz_test", 0755, TRAIT_SEEN | TRAIT_ELF));
}

static void
add(struct manifest *m, const char *path, uint32_t mode)
{
	struct ticket_file f = {.mode = mode, .size = 1};

	snprintf(f.path, sizeof(f.path), "%s", path);
	manifest_add(m, &f);
}

/* What a random file gives is what a slow and plain search gives. */
static void
no_word_is_jumped_over(void **state)
{
	static const char *const some[] = {"libFuzzer: ", "__asan_init",
	    "_LIBHFUZZ_NETDRIVER_BINARY_SIGNATURE_", "__AFL_SHM_ID"};
	static const uint32_t traits[] = {
	    TRAIT_LIBFUZZER, TRAIT_ASAN, TRAIT_HONGGFUZZ, TRAIT_AFL};
	char bytes[4096];
	unsigned seed = 7;
	size_t i, k, at;

	(void)state;
	for (i = 0; i < 2000; i++) {
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] =
			    "_lAai: n"[(seed = seed * 1103515245 + 12345) >>
				    16 &
				7];
		memcpy(bytes, "\177ELF", 4);
		at = 4 + (seed >> 8) % (sizeof(bytes) - 64);
		k = i % 4;
		assert_int_equal(scan(bytes, sizeof(bytes), 4096) & 0xffff,
		    TRAIT_SEEN | TRAIT_ELF);
		memcpy(bytes + at, some[k], strlen(some[k]));
		assert_int_equal(scan(bytes, sizeof(bytes), 100 + i) & 0xffff,
		    TRAIT_SEEN | TRAIT_ELF | traits[k]);
	}
}

static const struct build_wish detect = {"", ""};

static void
a_build_has_the_engine_and_sanitizer_of_most_targets(void **state)
{
	const uint32_t elf = TRAIT_ELF | TRAIT_ENTRY;
	const uint32_t traits[] = {elf | TRAIT_AFL | TRAIT_ASAN,
	    elf | TRAIT_LIBFUZZER | TRAIT_UBSAN,
	    elf | TRAIT_LIBFUZZER | TRAIT_ASAN | TRAIT_UBSAN,
	    elf | TRAIT_LIBFUZZER | TRAIT_ASAN};
	struct manifest m = {NULL, 0, 0};
	struct buf out = BUF_INIT;
	struct build_targets t;
	struct err e;

	(void)state;
	add(&m, "a", 0755);
	add(&m, "b", 0755);
	add(&m, "c", 0755);
	add(&m, "x/c", 0755);
	assert_int_equal(build_targets_find(&t, &m, traits, &detect, &e), 0);
	assert_string_equal(t.engine, "libfuzzer");
	assert_string_equal(t.sanitizer, "address");
	assert_int_equal(t.count, 2);
	assert_string_equal(t.list[0].name, "b");
	assert_string_equal(t.list[1].program, "c");
	json_open(&out, NULL, '{');
	build_targets_skipped(&t, &out);
	json_close(&out, '}');
	assert_string_equal(out.data,
	    "{\"skipped\":[{\"path\":\"a\",\"reason\":\"is for another engine"
	    " than the other targets\"},{\"path\":\"x/c\",\"reason\":\"has the"
	    " name of another target\"}]}");
	buf_release(&out);
	build_targets_release(&t);
	manifest_release(&m);
}

static void
no_target_says_what_was_looked_at(void **state)
{
	const uint32_t traits[] = {TRAIT_SEEN, TRAIT_SEEN, TRAIT_SEEN};
	struct manifest m = {NULL, 0, 0};
	struct build_targets t;
	struct err e;

	(void)state;
	add(&m, "README", 0644);
	add(&m, "run.sh", 0755);
	add(&m, "x.dict", 0644);
	assert_int_equal(build_targets_find(&t, &m, traits, &detect, &e), -1);
	assert_string_equal(e.text,
	    "no fuzz target in this build: 'run.sh' is no ELF program; 2 "
	    "files are not executable");
	build_targets_release(&t);
	manifest_release(&m);
}

/* Side files are the target's, all else is listed with its reason. */
static void
every_file_that_is_skipped_is_listed(void **state)
{
	const uint32_t traits[] = {
	    TRAIT_ELF | TRAIT_ENTRY | TRAIT_LIBFUZZER | 62u << TRAIT_MACHINE, 1,
	    1, 1, 1, TRAIT_ELF, TRAIT_ELF};
	struct manifest m = {NULL, 0, 0};
	struct buf out = BUF_INIT;
	struct build_targets t;
	struct err e;

	(void)state;
	add(&m, "read", 0755);
	add(&m, "read.dict", 0644);
	add(&m, "read.options", 0644);
	add(&m, "read_seed_corpus.zip", 0644);
	add(&m, "reader.txt", 0644);
	add(&m, "x.so", 0755);
	add(&m, "y", 0755);
	assert_int_equal(build_targets_find(&t, &m, traits, &detect, &e), 0);
	assert_string_equal(t.arch, "x86_64");
	json_open(&out, NULL, '{');
	build_targets_skipped(&t, &out);
	json_close(&out, '}');
	assert_string_equal(out.data,
	    "{\"skipped\":[{\"path\":\"reader.txt\",\"reason\":\"is not "
	    "executable\"},{\"path\":\"x.so\",\"reason\":\"is a shared "
	    "library\"},{\"path\":\"y\",\"reason\":\"has no "
	    "LLVMFuzzerTestOneInput\"}]}");
	buf_release(&out);
	build_targets_release(&t);
	manifest_release(&m);
}

static void
a_person_knows_better_what_engine_it_is(void **state)
{
	const struct build_wish afl = {"afl", "thread"};
	const struct build_wish odd = {"alf", ""}, odder = {"", "adress"};
	uint32_t traits[] = {
	    TRAIT_ELF | TRAIT_ENTRY, TRAIT_ELF | TRAIT_ENTRY | TRAIT_LIBFUZZER};
	struct manifest m = {NULL, 0, 0};
	struct build_targets t;
	struct err e;

	(void)state;
	add(&m, "plain", 0755);
	add(&m, "read", 0755);
	/* Detected: the plain one has no engine. */
	assert_int_equal(build_targets_find(&t, &m, traits, &detect, &e), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.sanitizer, "none");
	build_targets_release(&t);
	/* No target shows AFL, so all are taken for it. */
	assert_int_equal(build_targets_find(&t, &m, traits, &afl, &e), 0);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.engine, "afl");
	assert_string_equal(t.sanitizer, "thread");
	build_targets_release(&t);
	/* One does, so the other is what it looks like. */
	traits[0] |= TRAIT_AFL;
	assert_int_equal(build_targets_find(&t, &m, traits, &afl, &e), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].name, "plain");
	build_targets_release(&t);
	assert_int_equal(build_targets_find(&t, &m, traits, &odd, &e), -1);
	assert_string_equal(
	    e.text, "engine: libfuzzer, afl, honggfuzz or command, not 'alf'");
	build_targets_release(&t);
	assert_int_equal(build_targets_find(&t, &m, traits, &odder, &e), -1);
	assert_string_equal(e.text,
	    "sanitizer: address, memory, thread, undefined or none, not "
	    "'adress'");
	build_targets_release(&t);
	manifest_release(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_of_any_size_give_the_same),
	    cmocka_unit_test(a_script_is_no_elf),
	    cmocka_unit_test(each_reason_has_its_sentence),
	    cmocka_unit_test(no_word_is_jumped_over),
	    cmocka_unit_test(every_file_that_is_skipped_is_listed),
	    cmocka_unit_test(a_person_knows_better_what_engine_it_is),
	    cmocka_unit_test(
		a_build_has_the_engine_and_sanitizer_of_most_targets),
	    cmocka_unit_test(no_target_says_what_was_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
