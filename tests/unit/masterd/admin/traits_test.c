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

static const char target[] = "\177ELF___LLVMFuzzerTestOneInput___libFuzzer: __"
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
		TRAIT_ASAN | TRAIT_UBSAN);
	for (piece = 1; piece < 130; piece++)
		assert_int_equal(scan(target, sizeof(target), piece), whole);
}

static void
a_script_is_no_elf(void **state)
{
	(void)state;
	assert_int_equal(scan("#!/bin/sh", 9, 2), TRAIT_SEEN);
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
	    verdict("libread.so", 0755, all), "has an extension");
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
	assert_string_equal(
	    verdict("read_fuzzer", 0755, TRAIT_SEEN | TRAIT_ELF),
	    "was not linked with a fuzzing engine");
}

static void
add(struct manifest *m, const char *path, uint32_t mode)
{
	struct ticket_file f = {.mode = mode, .size = 1};

	snprintf(f.path, sizeof(f.path), "%s", path);
	manifest_add(m, &f);
}

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
	assert_int_equal(build_targets_find(&t, &m, traits, &e), 0);
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
	assert_int_equal(build_targets_find(&t, &m, traits, &e), -1);
	assert_string_equal(e.text,
	    "no fuzz target in this build: 'run.sh' is no ELF program; 2 "
	    "files are not executable");
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
	    cmocka_unit_test(
		a_build_has_the_engine_and_sanitizer_of_most_targets),
	    cmocka_unit_test(no_target_says_what_was_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
