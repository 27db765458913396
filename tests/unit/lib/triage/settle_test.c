/*
 * lib/triage/triage_settle(): UBSan's reasons, a line each; which frames make
 * the state; cycles, notes, what stands in for a stack, and the signature.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/triage/facts.h"
#include "lib/triage/triage.h"

/* printf '1\nTimeout\ntarget' | sha256sum */
#define TIMEOUT_SIGNATURE                  \
	"0947de0184109e22718f670125a1978f" \
	"029d013a769a8fb02b7758bb7b80dc04"

/* clang-format off */
static void
each_reason_of_ubsan_has_its_type(void **state)
{
	static const struct {
		const char *text, *type;
		bool security;
	} table[] = {
	{ "division by zero", "Divide-by-zero", false },
	{ "1e+30 is outside the range of representable values of type 'int'",
	    "Float-cast-overflow", false },
	{ "implicit conversion from type 'int' of value 300 changed",
	    "Implicit-conversion", false },
	{ "call to function f through pointer to incorrect function type 'v'",
	    "Incorrect-function-pointer-type", true },
	{ "index 9 out of bounds for type 'int[4]'", "Index-out-of-bounds",
	    true },
	{ "load of value 7, which is not a valid value for type 'bool'",
	    "Invalid-bool-value", false },
	{ "passing zero to ctz(), which is not a valid argument",
	    "Invalid-builtin-use", false },
	{ "load of misaligned address 0x61 for type 'int', which requires",
	    "Misaligned-address", false },
	{ "execution reached the end of a value-returning function without",
	    "No-return-value", false },
	{ "null pointer passed as argument 1, which is declared to never be "
	    "null", "Invalid-null-argument", false },
	{ "load of null pointer of type 'int'", "Null-dereference READ",
	    false },
	{ "store to null pointer of type 'int'", "Null-dereference WRITE",
	    false },
	{ "reference binding to null pointer of type 'int'",
	    "Null-dereference", false },
	{ "member access within null pointer of type 'struct s'",
	    "Null-dereference", false },
	{ "member call on null pointer of type 'A'", "Null-dereference",
	    false },
	{ "store to address 0x60 with insufficient space for an object of "
	    "type 'int'", "Object-size", true },
	{ "addition of unsigned offset to 0x6 overflowed to 0x1",
	    "Pointer-overflow", false },
	{ "pointer index expression with base 0x1 overflowed to 0x2",
	    "Pointer-overflow", false },
	{ "applying zero offset to null pointer", "Pointer-overflow", false },
	{ "applying non-zero offset 8 to null pointer", "Pointer-overflow",
	    false },
	{ "null pointer returned from function declared to never return null",
	    "Invalid-null-return", false },
	{ "shift exponent 40 is too large for 32-bit type 'int'",
	    "Undefined-shift", false },
	{ "left shift of negative value -1", "Undefined-shift", false },
	{ "execution reached an unreachable program point",
	    "Unreachable code", false },
	{ "unsigned integer overflow: 1 - 2 cannot be represented in type 'u'",
	    "Unsigned-integer-overflow", false },
	{ "upcast of null pointer of type 'A'", "Upcast-of-null-pointer",
	    false },
	{ "variable length array bound evaluates to non-positive value -1",
	    "Non-positive-vla-bound-value", true },
	{ "member call on address 0x60 which does not point to an object of "
	    "type 'A'", "Bad-cast", true },
	{ "load of value 9, which is not a valid value for type 'enum e'",
	    "Invalid-enum-value", false },
	{ "signed integer overflow: 1 + 2 cannot be represented in type 'int'",
	    "Integer-overflow", false },
	{ "negation of -2147483648 cannot be represented in type 'int'",
	    "Integer-overflow", false },
	{ "division of -2147483648 by -1 cannot be represented in type 'int'",
	    "Integer-overflow", false },
	{ "assumption is violated during execution", "Assumption-violation",
	    false },
	{ "something that no table knows", "Undefined-behavior", false },
	};
	char line[256];
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line), "/src/a.c:12:3: runtime error: %s",
		    table[i].text);
		assert_int_equal(
		    triage_report(&t, line, strlen(line), "target"), 0);
		assert_string_equal(triage_type_text(&t).text, table[i].type);
		assert_int_equal(t.security, table[i].security);
		assert_string_equal(t.state[t.state_count - 1], "a.c:12");
	}
}

/* "functions" are called in turn until the stack is full. */
static void
overflow(struct triage *t, const char *const *functions, int n, int frames)
{
	struct buf b = BUF_INIT;
	int i;

	buf_adds(&b, "==7==ERROR: AddressSanitizer: stack-overflow on address "
	    "0x7f (pc 0x5 bp 0x1 sp 0x1 T0)\n");
	for (i = 0; i < frames; i++)
		buf_printf(&b, "    #%d 0x5 in %s /src/a.c:1:2\n", i,
		    functions[i % n]);
	triage_report(t, b.data, b.len, "target");
	buf_release(&b);
}
/* clang-format on */

static void
a_recursion_is_one_bug_wherever_it_overflowed(void **state)
{
	static const char *const one[] = {"walk", "visit", "enter", "leave"};
	static const char *const other[] = {"enter", "leave", "walk", "visit"};
	struct triage a, b;

	(void)state;
	overflow(&a, one, 4, 200);
	overflow(&b, other, 4, 250);
	assert_int_equal(a.state_count, 3);
	assert_string_equal(a.state[0], "enter");
	assert_string_equal(a.state[1], "leave");
	assert_string_equal(a.state[2], "walk");
	assert_true(digest_equal(&a.signature, &b.signature));
}

static void
runs_that_follow_themselves_count_once(void **state)
{
	static const char *const two[] = {"walk", "visit"};
	struct triage t;

	(void)state;
	overflow(&t, two, 2, 4);
	assert_int_equal(t.state_count, 2);
	assert_string_equal(t.state[0], "walk");
	assert_string_equal(t.state[1], "visit");
}

#define HEAD                                                     \
	"==7==ERROR: AddressSanitizer: heap-buffer-overflow on " \
	"address 0x60 at pc 0x1 bp 0x2 sp 0x3\n"                 \
	"READ of size 4 at 0x60 thread T0\n"

/* The state of a stack of these functions, joined by "|". */
static const char *
state_of(const char *const *functions, const char *rules)
{
	static char out[TRIAGE_STATE_LINES * TRIAGE_LINE_MAX];
	struct buf b = BUF_INIT;
	struct rules *r;
	struct facts f;
	struct triage t;
	struct err e;
	int i;

	buf_adds(&b, HEAD);
	for (i = 0; functions[i] != NULL; i++)
		buf_printf(&b, "    #%d 0x5 in %s\n", i, functions[i]);
	if (rules_parse(&r, rules, strlen(rules), &e) == -1)
		fail_msg("%s", e.text);
	facts_read(&f, b.data, b.len);
	triage_settle(&t, &f, rules_of(r, "png"), "target");
	out[0] = '\0';
	for (i = 0; i < t.state_count; i++) {
		strcat(out, i > 0 ? "|" : "");
		strcat(out, t.state[i]);
		if (t.state_frame[i] < -1 || t.state_frame[i] >= f.depth[0])
			fail_msg("no frame %d", t.state_frame[i]);
	}
	rules_free(r);
	buf_release(&b);
	return out;
}

/* clang-format off */
static void
recursion_of_any_depth_is_one_bug(void **state)
{
	static const char *const flat[] = {
		"value /a.c:1", "array /a.c:2", "value /a.c:3",
		"LLVMFuzzerTestOneInput /t.c:1", NULL
	}, *const deep[] = {
		"value /a.c:1", "array /a.c:2", "value /a.c:3",
		"array /a.c:2", "value /a.c:3", "array /a.c:2",
		"value /a.c:3", "LLVMFuzzerTestOneInput /t.c:1", NULL
	};

	(void)state;
	assert_string_equal(state_of(flat, "state 5"),
	    "value|array|value|t.c");
	assert_string_equal(state_of(deep, "state 5"),
	    "value|array|value|t.c");
}

static void
generic_frames_widen_the_state(void **state)
{
	static const char *const frames[] = {
		"std::vector<int>::operator[](unsigned long) /v.h:9",
		"base::at(int) /b.h:9", "read_row /a.c:1", "read_all /a.c:1",
		"decode /a.c:1", "LLVMFuzzerTestOneInput /t.c:1", NULL
	};

	(void)state;
	assert_string_equal(state_of(frames, ""),
	    "std::vector::operator[]|base::at|read_row|read_all");
	assert_string_equal(state_of(frames, "widen function base::*"),
	    "std::vector::operator[]|base::at|read_row|read_all|decode");
	assert_string_equal(state_of(frames, "[project png]\nstate 1"),
	    "std::vector::operator[]|base::at");
}

static void
rules_of_users_take_frames_out_and_put_them_back(void **state)
{
	static const char *const frames[] = {
		"raise /build/glibc-2.36/signal/raise.c:9",
		"die /src/die.c:1", "kill /src/kill.c:1", "run /src/run.c:1",
		"LLVMFuzzerTestOneInput /t.c:1", NULL
	};

	(void)state;
	assert_string_equal(state_of(frames, ""), "die|run|t.c");
	assert_string_equal(state_of(frames, "ignore panic function die"),
	    "run|t.c");
	assert_string_equal(state_of(frames,
	    "ignore panic file */die.c\nkeep file /src/kill.c"),
	    "kill|run|t.c");
	assert_string_equal(state_of(frames,
	    "ignore driver function LLVMFuzzerTestOneInput"), "die|run");
}

static void
nothing_below_the_entry_is_looked_at(void **state)
{
	static const char *const driver[] = {
		"hbo /f.c:1", "LLVMFuzzerTestOneInput /src/f.c:3",
		"ExecuteFilesOnyByOne aflpp_driver.o", "mine /m.c:1", NULL
	}, *const init[] = {
		"LLVMFuzzerInitialize /src/f.c:3", "mine /m.c:1", NULL
	}, *const plain[] = {
		"__memcpy_avx_unaligned (/lib/libc.so.6+0x1)",
		"main /src/nul.c:3", NULL
	}, *const none[] = { "main (/bin/x+0x1)", NULL };

	(void)state;
	assert_string_equal(state_of(driver, ""), "hbo|f.c");
	assert_string_equal(state_of(init, ""), "f.c:LLVMFuzzerInitialize");
	assert_string_equal(state_of(plain, ""), "nul.c:main");
	assert_string_equal(state_of(none, ""), "target");
}

static void
honest_names_that_begin_like_others_count(void **state)
{
	static const char *const frames[] = {
		"freeze /a.c:1", "memcpy_tile /a.c:1", "mainloop /a.c:1",
		"new_node /a.c:1", "abort_transfer /a.c:1", NULL
	};

	(void)state;
	assert_string_equal(state_of(frames, "state 5"),
	    "freeze|memcpy_tile|mainloop|new_node|abort_transfer");
}
/* clang-format on */

static void
stored_facts_have_the_same_signature(void **state)
{
	static const char *const texts[] = {HEAD
	    "    #0 0x5 in a /src/a.c:1:2\n    #1 0x6  "
	    "(/bin/t+0x10)\n",
	    "==7==ERROR: AddressSanitizer: SEGV on unknown address "
	    "0x000041414141 (pc 0x5 bp 0x1 sp 0x1 T0)\n"
	    "==7==The signal is caused by a WRITE memory access.\n"
	    "    #0 0x5 in a /src/a.c:1:2\n",
	    "/src/a.c:3:1: runtime error: division by zero\n"};
	struct buf text = BUF_INIT;
	struct facts f, g;
	struct triage a, b;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_reset(&text);
		facts_read(&f, texts[i], strlen(texts[i]));
		facts_write(&text, &f);
		if (facts_parse(&g, text.data, text.len, &e) == -1)
			fail_msg("%s", e.text);
		triage_settle(&a, &f, rules_of(rules_base(), NULL), "target");
		triage_settle(&b, &g, rules_of(rules_base(), NULL), "target");
		assert_true(digest_equal(&a.signature, &b.signature));
		assert_int_equal(a.security, b.security);
		assert_int_equal(a.severity, b.severity);
		assert_string_equal(a.casr_type, b.casr_type);
	}
	buf_release(&text);
}

static void
values_in_an_assertion_are_masked(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *line;
	} table[] = {
		{ "n == 4711", "n == NUMBER" },
		{ "n < 10 && m", "n < NUMBER && m" },
		{ "n == 7", "n == 7" },
		{ "p != 0xdeadbeef", "p != ADDRESS" },
		{ "p & 0xff", "p & 0xff" },
		{ "u16_len > utf8", "u16_len > utf8" },
		{ "x == 1.25", "x == 1.25" },
	};
	/* clang-format on */
	char line[256];
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(line, sizeof(line),
		    "prog: a.c:9: f: Assertion `%s' failed.\n", table[i].text);
		triage_report(&t, line, strlen(line), "target");
		assert_string_equal(t.type, "ASSERT");
		assert_string_equal(t.state[0], table[i].line);
	}
}

static void
the_signature_is_the_hash_of_type_and_state(void **state)
{
	static const char report[] =
	    "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address "
	    "0x60 at pc 0x1 bp 0x1 sp 0x1\n"
	    "READ of size 4 at 0x60 thread T0\n"
	    "    #0 0x5 in a /src/a.c:1:2\n"
	    "    #1 0x5 in b /src/a.c:1:2\n";
	static const char hashed[] = "1\nHeap-buffer-overflow READ 4\na\nb";
	struct triage t;
	struct digest d;

	(void)state;
	triage_report(&t, report, strlen(report), "target");
	digest_of(&d, hashed, strlen(hashed));
	assert_true(digest_equal(&t.signature, &d));
	triage_report(&t, "==7== ERROR: libFuzzer: timeout after 2 seconds", 47,
	    "target");
	assert_string_equal(digest_hex(&t.signature).text, TIMEOUT_SIGNATURE);
}

static void
one_timeout_bucket_per_target(void **state)
{
	static const char report[] =
	    "==7== ERROR: libFuzzer: timeout after 2 seconds\n"
	    "    #0 0x5 in slow /src/a.c:1:2\n";
	struct triage a, b;

	(void)state;
	triage_report(&a, report, strlen(report), "read_fuzzer");
	triage_report(&b, report, strlen(report), "write_fuzzer");
	assert_string_equal(a.state[0], "read_fuzzer");
	assert_int_equal(a.state_count, 1);
	assert_false(digest_equal(&a.signature, &b.signature));
}

static void
addresses_pids_and_lines_do_not_change_the_signature(void **state)
{
	static const char one[] =
	    "==7==ERROR: AddressSanitizer: heap-use-after-free on address "
	    "0x602000000010 at pc 0x1 bp 0x2 sp 0x3\n"
	    "WRITE of size 20 at 0x602000000010 thread T0\n"
	    "    #0 0x5 in a /src/a.c:1:2\n";
	static const char other[] =
	    "==90==ERROR: AddressSanitizer: heap-use-after-free on address "
	    "0x603000000098 at pc 0x4 bp 0x5 sp 0x6\n"
	    "WRITE of size 24 at 0x603000000098 thread T3\n"
	    "    #0 0x9 in a /build/other/a.c:2:7\n";
	struct triage a, b;

	(void)state;
	triage_report(&a, one, strlen(one), "target");
	triage_report(&b, other, strlen(other), "target");
	assert_true(digest_equal(&a.signature, &b.signature));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_reason_of_ubsan_has_its_type),
	    cmocka_unit_test(a_recursion_is_one_bug_wherever_it_overflowed),
	    cmocka_unit_test(runs_that_follow_themselves_count_once),
	    cmocka_unit_test(recursion_of_any_depth_is_one_bug),
	    cmocka_unit_test(generic_frames_widen_the_state),
	    cmocka_unit_test(rules_of_users_take_frames_out_and_put_them_back),
	    cmocka_unit_test(nothing_below_the_entry_is_looked_at),
	    cmocka_unit_test(honest_names_that_begin_like_others_count),
	    cmocka_unit_test(stored_facts_have_the_same_signature),
	    cmocka_unit_test(values_in_an_assertion_are_masked),
	    cmocka_unit_test(the_signature_is_the_hash_of_type_and_state),
	    cmocka_unit_test(one_timeout_bucket_per_target),
	    cmocka_unit_test(
		addresses_pids_and_lines_do_not_change_the_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
