/*
 * lib/triage's tables and small rules, a line each: UBSan's reasons, the
 * security flag, cycles, masked numbers, and the signature.
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
		assert_string_equal(t.state[0], "a.c:12");
	}
}

static void
the_security_flag_follows_type_and_address(void **state)
{
	static const struct {
		const char *type;
		bool has_address;
		uint64_t address;
		bool pc_null, security;
	} table[] = {
	{ "Heap-buffer-overflow",	true, 0x602000000010,	false, true },
	{ "Heap-double-free",		false, 0,		false, true },
	{ "Use-of-uninitialized-value",	false, 0,		false, true },
	{ "Alloc-dealloc-mismatch",	false, 0,		false, true },
	{ "Stack-overflow",		true, 0x7fff00000000,	false, false },
	{ "Fatal-signal",		false, 0,		false, false },
	{ "Abrt",			false, 0,		false, false },
	{ "ASSERT",			false, 0,		false, false },
	{ "Direct-leak",		false, 0,		false, false },
	{ "Data race",			false, 0,		false, false },
	{ "Timeout",			false, 0,		false, false },
	{ "Integer-overflow",		false, 0,		false, false },
	{ "Index-out-of-bounds",	false, 0,		false, true },
	{ "Null-dereference",		true, 8,		false, false },
	{ "Null-dereference",		true, 0,		true, true },
	{ "UNKNOWN",			true, 0xfff,		false, false },
	{ "UNKNOWN",			true, 0x1000,		false, true },
	{ "UNKNOWN",			true, 0xbbadbeef,	false, false },
	{ "UNKNOWN",			false, 0,		false, true },
	{ "Unknown",			false, 0,		false, false },
	};
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&t, 0, sizeof(t));
		strcpy(t.type, table[i].type);
		t.has_address = table[i].has_address;
		t.address = table[i].address;
		assert_int_equal(triage_security(&t, table[i].pc_null),
		    table[i].security);
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
two_rounds_are_no_cycle(void **state)
{
	static const char *const two[] = {"walk", "visit"};
	struct triage t;

	(void)state;
	overflow(&t, two, 2, 4);
	assert_int_equal(t.state_count, 3);
	assert_string_equal(t.state[0], "walk");
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
	    cmocka_unit_test(the_security_flag_follows_type_and_address),
	    cmocka_unit_test(a_recursion_is_one_bug_wherever_it_overflowed),
	    cmocka_unit_test(two_rounds_are_no_cycle),
	    cmocka_unit_test(values_in_an_assertion_are_masked),
	    cmocka_unit_test(the_signature_is_the_hash_of_type_and_state),
	    cmocka_unit_test(one_timeout_bucket_per_target),
	    cmocka_unit_test(
		addresses_pids_and_lines_do_not_change_the_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
