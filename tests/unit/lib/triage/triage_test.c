/*
 * lib/triage/triage: real reports of clang-14 (made by make-reports.sh from
 * bugs.c) and what must be read from them; then bytes that are no report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/triage/triage.h"

#define REPORTS "tests/unit/lib/triage/reports/"
#define TARGET  "my_target"
#define ASAN    "AddressSanitizer"
#define UBSAN   "UndefinedBehaviorSanitizer"

struct expected {
	const char *fixture, *type, *state, *tool;
	bool security;
};

static void
slurp(struct buf *b, const char *fixture)
{
	char path[256], piece[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), REPORTS "%s.txt", fixture);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("no fixture '%s'", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
}

static void
read_fixture(struct triage *t, const char *fixture)
{
	struct buf b = BUF_INIT;

	slurp(&b, fixture);
	triage_report(t, b.data, b.len, TARGET);
	buf_release(&b);
}

static int
read_text(struct triage *t, const char *text)
{
	return triage_report(t, text, strlen(text), TARGET);
}

static const char *
joined_state(const struct triage *t)
{
	static char out[TRIAGE_STATE_LINES * TRIAGE_LINE_MAX];
	int i;

	out[0] = '\0';
	for (i = 0; i < t->state_count; i++) {
		strcat(out, i > 0 ? "|" : "");
		strcat(out, t->state[i]);
	}
	return out;
}

static void
check_fixtures(const struct expected *x, size_t n)
{
	struct triage t;

	for (; n > 0; n--, x++) {
		read_fixture(&t, x->fixture);
		print_message("%s\n", x->fixture);
		assert_string_equal(triage_type_text(&t).text, x->type);
		assert_string_equal(joined_state(&t), x->state);
		assert_string_equal(t.tool, x->tool);
		assert_int_equal(t.security, x->security);
	}
}

#define CHECK(table) check_fixtures(table, sizeof(table) / sizeof((table)[0]))

/* clang-format off */
static void
memory_errors_of_asan_are_read(void **state)
{
	static const struct expected table[] = {
	{ "asan-uaf", "Heap-use-after-free WRITE 1", "uaf|bugs.c", ASAN, true },
	{ "asan-hbo", "Heap-buffer-overflow READ 1", "hbo|bugs.c", ASAN, true },
	{ "asan-hbo40", "Heap-buffer-overflow READ {*}", "hbo40|bugs.c", ASAN,
	    true },
	{ "asan-hbo-dedup", "Heap-buffer-overflow READ 1", "hbo|bugs.c", ASAN,
	    true },
	{ "asan-sbo", "Stack-buffer-overflow WRITE 1", "sbo|bugs.c", ASAN,
	    true },
	{ "asan-gbo", "Global-buffer-overflow WRITE 1", "gbo|bugs.c", ASAN,
	    true },
	{ "asan-dynstack", "Dynamic-stack-buffer-overflow WRITE 1",
	    "dynstack|bugs.c", ASAN, true },
	{ "asan-scope", "Stack-use-after-scope READ 1", "scope|bugs.c", ASAN,
	    true },
	{ "asan-poison", "Use-after-poison READ 1", "poison|bugs.c", ASAN,
	    true },
	{ "asan-dfree", "Heap-double-free", "dfree|bugs.c", ASAN, true },
	{ "asan-badfree", "Invalid-free", "badfree|bugs.c", ASAN, true },
	{ "asan-negative", "Negative-size-param", "negative|bugs.c", ASAN,
	    true },
	{ "asan-overlap", "Memcpy-param-overlap", "overlap|bugs.c", ASAN,
	    true },
	};

	(void)state;
	CHECK(table);
}

static void
signals_are_told_apart_by_address_and_sender(void **state)
{
	static const struct expected table[] = {
	{ "asan-nullw", "Null-dereference WRITE", "nullw|bugs.c", ASAN, false },
	{ "asan-nullr", "Null-dereference READ", "nullr|bugs.c", ASAN, false },
	{ "asan-callnull", "Null-dereference READ", "bugs.c", ASAN, true },
	{ "asan-wild", "UNKNOWN READ", "wild|bugs.c", ASAN, true },
	{ "asan-noncanon", "UNKNOWN READ", "noncanon|bugs.c", ASAN, true },
	{ "asan-raise", "Fatal-signal", "raises|bugs.c", ASAN, false },
	{ "asan-fpe", "Floating-point-exception", "fpe|bugs.c", ASAN, false },
	{ "asan-abort-handled", "Abrt", "aborts|bugs.c", ASAN, false },
	{ "asan-trap-handled", "Ill", "traps|bugs.c", ASAN, false },
	{ "plain-nullw", "Null-dereference WRITE", "nullw|bugs.c", UBSAN,
	    false },
	{ "plain-wild", "UNKNOWN READ", "wild|bugs.c", UBSAN, true },
	{ "plain-noncanon", "UNKNOWN READ", "noncanon|bugs.c", UBSAN, true },
	{ "msan-noncanon", "UNKNOWN READ", "noncanon|bugs.c",
	    "MemorySanitizer", true },
	};

	(void)state;
	CHECK(table);
}

static void
reports_of_libfuzzer_itself_are_read(void **state)
{
	static const struct expected table[] = {
	{ "asan-abort", "Fatal-signal", "aborts|bugs.c", "libFuzzer", false },
	{ "plain-abort", "Fatal-signal", "aborts|bugs.c", "libFuzzer", false },
	{ "plain-dfree", "Fatal-signal", "dfree|bugs.c", "libFuzzer", false },
	{ "asan-trap", "Fatal-signal", "traps|bugs.c", "libFuzzer", false },
	{ "asan-exit", "Unexpected-exit", "exits|bugs.c", "libFuzzer", false },
	{ "asan-hang", "Timeout", TARGET, "libFuzzer", false },
	{ "asan-hog", "Out-of-memory", TARGET, "libFuzzer", false },
	{ "asan-hog-malloc", "Out-of-memory", TARGET, "libFuzzer", false },
	{ "asan-overwrites", "Overwrites-const-input", TARGET, "libFuzzer",
	    false },
	{ "fuzzing-hang", "Timeout", TARGET, "libFuzzer", false },
	{ "fuzzing-hbo", "Heap-buffer-overflow READ 1", "hbo|bugs.c", ASAN,
	    true },
	};

	(void)state;
	CHECK(table);
}

static void
undefined_behaviour_is_read_with_and_without_a_stack(void **state)
{
	static const struct expected table[] = {
	{ "ubsan-intovf", "Integer-overflow", "intovf|bugs.c", UBSAN, false },
	{ "ubsan-shift", "Undefined-shift", "shift|bugs.c", UBSAN, false },
	{ "ubsan-divzero", "Divide-by-zero", "divzero|bugs.c", UBSAN, false },
	{ "ubsan-ubnull", "Null-dereference READ", "ubnull|bugs.c", UBSAN,
	    false },
	{ "ubsan-ubindex", "Index-out-of-bounds", "ubindex|bugs.c", UBSAN,
	    true },
	{ "ubsan-misaligned", "Misaligned-address", "misaligned|bugs.c", UBSAN,
	    false },
	{ "ubsan-intovf-nostack", "Integer-overflow", "bugs.c:310", UBSAN,
	    false },
	{ "ubsan-shift-nostack", "Undefined-shift", "bugs.c:316", UBSAN,
	    false },
	{ "recover-intovf", "Integer-overflow", "bugs.c:310", UBSAN, false },
	};

	(void)state;
	CHECK(table);
}

static void
leaks_recursion_assertions_and_other_tools_are_read(void **state)
{
	static const struct expected table[] = {
	{ "asan-leak", "Direct-leak", "leaks|bugs.c", "LeakSanitizer", false },
	{ "asan-ring", "Indirect-leak", "ring|bugs.c", "LeakSanitizer", false },
	{ "asan-rec", "Stack-overflow", "rec", ASAN, false },
	{ "plain-rec", "Stack-overflow", "rec", UBSAN, false },
	{ "asan-mutual", "Stack-overflow", "mutual_a|mutual_b", ASAN, false },
	{ "asan-toobig", "Out-of-memory", TARGET, ASAN, false },
	{ "asan-assert", "ASSERT", "n == NUMBER && \"boom\"|asserts|bugs.c",
	    "libFuzzer", false },
	{ "asan-assert-handled", "ASSERT",
	    "n == NUMBER && \"boom\"|asserts|bugs.c", ASAN, false },
	{ "msan-uninit", "Use-of-uninitialized-value", "uninit|bugs.c",
	    "MemorySanitizer", true },
	{ "tsan-race", "Data race WRITE 1", "racer", "ThreadSanitizer",
	    false },
	{ "tsan-race-default", "Data race WRITE 1", "racer",
	    "ThreadSanitizer", false },
	{ "driver-hbo", "Heap-buffer-overflow READ 1", "hbo|bugs.c", ASAN,
	    true },
	};

	(void)state;
	CHECK(table);
}

/* ClusterFuzz's level of each, where it has one. */
static void
the_golden_table_has_its_severities(void **state)
{
	static const struct {
		const char *fixture;
		enum triage_severity severity;
	} table[] = {
	{ "asan-uaf", SEVERITY_HIGH },		{ "asan-hbo", SEVERITY_MEDIUM },
	{ "asan-sbo", SEVERITY_HIGH },		{ "asan-gbo", SEVERITY_NONE },
	{ "asan-dfree", SEVERITY_HIGH },	{ "asan-badfree", SEVERITY_NONE },
	{ "asan-nullw", SEVERITY_NONE },	{ "asan-callnull", SEVERITY_NONE },
	{ "asan-wild", SEVERITY_MEDIUM },	{ "asan-noncanon", SEVERITY_MEDIUM },
	{ "asan-rec", SEVERITY_NONE },		{ "asan-fpe", SEVERITY_NONE },
	{ "plain-dfree", SEVERITY_NONE },	{ "asan-hang", SEVERITY_NONE },
	{ "msan-uninit", SEVERITY_MEDIUM },	{ "asan-raise", SEVERITY_NONE },
	{ "driver-hbo", SEVERITY_MEDIUM },	{ "tsan-race", SEVERITY_NONE },
	};
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		read_fixture(&t, table[i].fixture);
		if (t.severity != table[i].severity)
			fail_msg("%s: %s", table[i].fixture,
			    triage_severity_name(t.severity));
	}
}
/* clang-format on */

/* One line of golden.txt: fixture, then what golden_line() writes of it. */
static void
golden_line(struct buf *out, const char *fixture)
{
	struct triage t;

	read_fixture(&t, fixture);
	buf_printf(out, "%s\t%s\t%s\t%s\t%s\t%s %s\t%s\n", fixture,
	    triage_type_text(&t).text, joined_state(&t),
	    t.security ? "security" : "-", triage_severity_name(t.severity),
	    t.casr, t.casr_type, triage_class_name(t.class));
}

/*
 * Each report that was ever made, judged once by a person: a change of a rule
 * shows here which bugs it renames.
 */
static void
every_report_is_judged_as_it_was_agreed(void **state)
{
	char line[1024], name[128];
	struct buf now = BUF_INIT;
	int count = 0;
	FILE *f;

	(void)state;
	f = fopen("tests/unit/lib/triage/golden.txt", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#')
			continue;
		snprintf(
		    name, sizeof(name), "%.*s", (int)strcspn(line, "\t"), line);
		buf_reset(&now);
		golden_line(&now, name);
		assert_string_equal(now.data, line);
		count++;
	}
	fclose(f);
	buf_release(&now);
	assert_true(count >= 120);
}

static void
a_clean_run_is_not_recognised_and_still_usable(void **state)
{
	struct buf b = BUF_INIT;
	struct triage t;

	(void)state;
	slurp(&b, "asan-none");
	assert_int_equal(triage_report(&t, b.data, b.len, TARGET), 1);
	assert_string_equal(t.type, "Unknown");
	assert_string_equal(joined_state(&t), TARGET);
	assert_false(t.security);
	buf_release(&b);
}

static void
access_size_and_address_are_facts_of_their_own(void **state)
{
	struct triage t;

	(void)state;
	read_fixture(&t, "asan-hbo40");
	assert_string_equal(t.type, "Heap-buffer-overflow");
	assert_string_equal(t.access, "READ");
	assert_int_equal(t.access_size, 40);
	assert_true(t.has_address);
	assert_int_equal(t.address >> 36, 0x602);
	read_fixture(&t, "asan-nullr");
	assert_true(t.has_address);
	assert_int_equal(t.address, 8);
	assert_int_equal(t.access_size, 0);
	read_fixture(&t, "asan-noncanon");
	assert_false(t.has_address);
	read_fixture(&t, "asan-raise");
	assert_false(t.has_address);
	assert_string_equal(t.access, "");
	read_fixture(&t, "asan-fpe");
	assert_false(t.has_address);
}

static void
without_symbols_frames_are_module_and_offset(void **state)
{
	struct triage t;
	int i;

	(void)state;
	read_fixture(&t, "asan-uaf-unsymbolised");
	assert_string_equal(
	    triage_type_text(&t).text, "Heap-use-after-free WRITE 1");
	assert_int_equal(t.state_count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(strncmp(t.state[i], "asan+0x", 7), 0);
}

static void
undefined_behaviour_that_went_on_yields_to_the_real_crash(void **state)
{
	struct triage t;

	(void)state;
	read_fixture(&t, "recover-intovf-then-wild");
	assert_string_equal(triage_type_text(&t).text, "UNKNOWN READ");
	assert_string_equal(joined_state(&t), "wild|bugs.c");
}

static void
undefined_behaviour_that_aborts_stays_what_it_is(void **state)
{
	struct triage t;

	(void)state;
	read_text(&t,
	    "/src/a.c:3:1: runtime error: division by zero\n"
	    "    #0 0x55 in split /src/a.c:3:1\n\n"
	    "==7==ERROR: AddressSanitizer: ABRT on unknown address 0x7 (pc "
	    "0x7 bp 0x1 sp 0x1 T0)\n"
	    "    #0 0x55 in elsewhere /src/b.c:3:1\n");
	assert_string_equal(t.type, "Divide-by-zero");
	assert_string_equal(joined_state(&t), "split");
}

static void
only_the_first_stack_makes_the_state(void **state)
{
	struct triage t;

	(void)state;
	read_text(&t,
	    "==7==ERROR: AddressSanitizer: attempting double-free on 0x6020 "
	    "in thread T0:\n"
	    "    #0 0x55 in free (/bin/t+0xe0)\n"
	    "    #1 0x55 in twice /src/a.c:3:1\n"
	    "\n"
	    "freed by thread T0 here:\n"
	    "    #2 0x55 in first_time /src/a.c:3:1\n");
	assert_string_equal(t.type, "Heap-double-free");
	assert_string_equal(joined_state(&t), "twice");
}

static void
a_direct_leak_is_preferred_to_an_indirect_one(void **state)
{
	struct triage t;

	(void)state;
	read_text(&t,
	    "==7==ERROR: LeakSanitizer: detected memory leaks\n\n"
	    "Indirect leak of 8 byte(s) in 1 object(s) allocated from:\n"
	    "    #0 0x55 in inner /src/a.c:3:1\n\n"
	    "Direct leak of 77 byte(s) in 1 object(s) allocated from:\n"
	    "    #0 0x55 in outer /src/a.c:3:1\n\n"
	    "Direct leak of 3 byte(s) in 1 object(s) allocated from:\n"
	    "    #0 0x55 in other /src/a.c:3:1\n");
	assert_string_equal(t.type, "Direct-leak");
	assert_string_equal(joined_state(&t), "outer");
}

static void
other_first_lines_of_asan_give_their_types(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *type;
	} table[] = {
		{ "alloc-dealloc-mismatch (malloc vs operator delete) on 0x60",
		    "Alloc-dealloc-mismatch" },
		{ "container-overflow on address 0x60 at pc 0x1",
		    "Container-overflow" },
		{ "unknown-crash on address 0x60 at pc 0x1", "UNKNOWN" },
		{ "odr-violation (0x60):", "Odr-violation" },
		{ "calloc parameters overflow: count * size (2 * 3) cannot be "
		    "represented in type size_t", "Out-of-memory" },
		{ "out of memory: allocator is trying to allocate 0x100 bytes",
		    "Out-of-memory" },
		{ "strcpy-param-overlap: memory ranges [0x60,0x70) and [0x61, "
		    "0x71) overlap", "Strcpy-param-overlap" },
		{ "BUS on unknown address (pc 0x5 bp 0x1 sp 0x1 T0)", "Bus" },
		{ "brand_new-kind of error", "Brand-new-kind" },
	};
	/* clang-format on */
	char line[256];
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line),
		    "==7==ERROR: AddressSanitizer: %s\n", table[i].text);
		assert_int_equal(read_text(&t, line), 0);
		assert_string_equal(t.type, table[i].type);
	}
	read_text(&t,
	    "==7==ERROR: AddressSanitizer failed to allocate 0x100 bytes\n");
	assert_string_equal(t.type, "Out-of-memory");
	read_text(&t, "==7==AddressSanitizer CHECK failed: a.cpp:1 \"x\"\n");
	assert_string_equal(t.type, "Sanitizer CHECK failure");
	assert_string_equal(t.tool, ASAN);
}

static void
quoted_reports_and_warnings_are_no_reports(void **state)
{
	struct triage t;

	(void)state;
	assert_int_equal(
	    read_text(&t, "ERROR: AddressSanitizer: heap-buffer-overflow\n"),
	    1);
	assert_int_equal(
	    read_text(&t, "== ERROR: libFuzzer: deadly signal\n"), 1);
	assert_int_equal(read_text(&t,
			     "==7==WARNING: AddressSanitizer failed to "
			     "allocate 0x100 bytes\n"),
	    1);
	assert_int_equal(read_text(&t, "Direct leak of 7 byte(s)\n"), 1);
	/* A target that left its line open is still heard. */
	assert_int_equal(
	    read_text(&t, "parsing ...==7== ERROR: libFuzzer: deadly signal"),
	    0);
	assert_string_equal(t.type, "Fatal-signal");
}

static void
any_bytes_give_an_answer(void **state)
{
	/* clang-format off */
	static const char *const texts[] = {
		"", "\n", "#", "#0", "#0 ", "#0 0x", "==", "====ERROR: ",
		"==7==ERROR: ", "==7==ERROR: AddressSanitizer: ",
		"==7==ERROR: AddressSanitizer: \n    #0 0x5 in ",
		"==7==ERROR: AddressSanitizer: SEGV on unknown address",
		"==7==ERROR: AddressSanitizer: x\nREAD of size "
		"99999999999999999999999999 at 0xffffffffffffffffffffffff\n"
		"    #99999999999999999999999 0xfffffffffffffffffffffff in f ("
		"m+0xffffffffffffffffffffffffffff)",
		": runtime error: ", "a:: runtime error: x",
		": Assertion `' failed.", "x: Assertion `y", "' failed.",
	};
	/* clang-format on */
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		read_text(&t, texts[i]);
		assert_true(t.state_count >= 1);
		assert_true(t.type[0] != '\0');
	}
	assert_int_equal(triage_report(&t, NULL, 0, NULL), 1);
	assert_string_equal(t.state[0], "unknown");
}

static void
large_and_binary_reports_are_read_to_their_end(void **state)
{
	static const char tail[] = "\n==7== ERROR: libFuzzer: timeout after "
				   "3 seconds\n";
	struct buf b = BUF_INIT;
	struct triage t;
	int i;

	(void)state;
	buf_grow(&b, 1 << 20);
	memset(b.data, '#', 1 << 20);
	b.len = 1 << 20;
	assert_int_equal(triage_report(&t, b.data, b.len, TARGET), 1);
	memset(b.data, 0, 1 << 20);
	buf_adds(&b, tail);
	assert_int_equal(triage_report(&t, b.data, b.len, TARGET), 0);
	assert_string_equal(t.type, "Timeout");
	buf_reset(&b);
	for (i = 0; i < 20000; i++)
		buf_printf(&b,
		    "==%d==ERROR: AddressSanitizer: \xff\x01SEGV\n"
		    "    #%d 0x5 in f\xff%d \n",
		    i, i, i);
	assert_int_equal(triage_report(&t, b.data, b.len, TARGET), 0);
	for (i = 0; t.type[i] != '\0'; i++)
		assert_in_range(t.type[i], ' ', '~');
	buf_release(&b);
}

static void
frames_without_end_take_bounded_space(void **state)
{
	struct buf b = BUF_INIT;
	struct triage t;
	int i;

	(void)state;
	buf_adds(&b,
	    "==7==ERROR: AddressSanitizer: stack-overflow on address "
	    "0x7f (pc 0x5 bp 0x1 sp 0x1 T0)\n");
	for (i = 0; i < 200000; i++)
		buf_printf(&b, "#%d 0x5 in f%d /a.c:1\n", i, i % 700);
	triage_report(&t, b.data, b.len, TARGET);
	assert_string_equal(t.type, "Stack-overflow");
	assert_string_equal(joined_state(&t), "f0|f1|f2");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_errors_of_asan_are_read),
	    cmocka_unit_test(signals_are_told_apart_by_address_and_sender),
	    cmocka_unit_test(reports_of_libfuzzer_itself_are_read),
	    cmocka_unit_test(
		undefined_behaviour_is_read_with_and_without_a_stack),
	    cmocka_unit_test(
		leaks_recursion_assertions_and_other_tools_are_read),
	    cmocka_unit_test(the_golden_table_has_its_severities),
	    cmocka_unit_test(every_report_is_judged_as_it_was_agreed),
	    cmocka_unit_test(a_clean_run_is_not_recognised_and_still_usable),
	    cmocka_unit_test(access_size_and_address_are_facts_of_their_own),
	    cmocka_unit_test(without_symbols_frames_are_module_and_offset),
	    cmocka_unit_test(
		undefined_behaviour_that_went_on_yields_to_the_real_crash),
	    cmocka_unit_test(undefined_behaviour_that_aborts_stays_what_it_is),
	    cmocka_unit_test(only_the_first_stack_makes_the_state),
	    cmocka_unit_test(a_direct_leak_is_preferred_to_an_indirect_one),
	    cmocka_unit_test(other_first_lines_of_asan_give_their_types),
	    cmocka_unit_test(quoted_reports_and_warnings_are_no_reports),
	    cmocka_unit_test(any_bytes_give_an_answer),
	    cmocka_unit_test(large_and_binary_reports_are_read_to_their_end),
	    cmocka_unit_test(frames_without_end_take_bounded_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
