/*
 * Flag, severity and CASR's class: each rule of the facts, a line each, with
 * the words that say which rule decided; then the classes of addresses and
 * what a crash is for lists.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/triage/triage.h"

static struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* Facts of one line of a table; "f" is the caller's. */
static void
judge(struct triage *t, struct facts *f)
{
	triage_settle(t, f, rules_of(rules_base(), NULL), "target");
}

static void
facts_of(struct facts *f, enum facts_kind kind, const char *what,
    const char *access, enum facts_address address)
{
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->what = span_of(what);
	memcpy(f->access, access, strlen(access) + 1);
	f->address_class = address;
}

/* clang-format off */
static const struct flag_row {
		enum facts_kind kind;
		const char *what, *access;
		enum facts_address address;
		bool security;
		enum triage_severity severity;
		const char *why;
} flag_rows[] = {
	{ FACTS_ERROR, "heap-use-after-free", "READ", ADDRESS_WILD, true,
	    SEVERITY_HIGH, "memory out of its bounds" },
	{ FACTS_ERROR, "double-free", "", ADDRESS_WILD, true, SEVERITY_HIGH,
	    "memory" },
	{ FACTS_ERROR, "use-after-poison", "READ", ADDRESS_WILD, true,
	    SEVERITY_HIGH, "memory" },
	{ FACTS_ERROR, "heap-buffer-overflow", "READ", ADDRESS_WILD, true,
	    SEVERITY_MEDIUM, "memory" },
	{ FACTS_ERROR, "heap-buffer-overflow", "WRITE", ADDRESS_WILD, true,
	    SEVERITY_HIGH, "memory" },
	{ FACTS_ERROR, "stack-buffer-overflow", "WRITE", ADDRESS_WILD, true,
	    SEVERITY_HIGH, "memory" },
	{ FACTS_ERROR, "container-overflow", "READ", ADDRESS_WILD, true,
	    SEVERITY_MEDIUM, "memory" },
	{ FACTS_ERROR, "memcpy-param-overlap", "", ADDRESS_WILD, true,
	    SEVERITY_MEDIUM, "memory" },
	{ FACTS_ERROR, "use-of-uninitialized-value", "", ADDRESS_NONE, true,
	    SEVERITY_MEDIUM, "memory" },
	{ FACTS_ERROR, "global-buffer-overflow", "WRITE", ADDRESS_WILD, true,
	    SEVERITY_NONE, "memory" },
	{ FACTS_ERROR, "bad-free", "", ADDRESS_WILD, true, SEVERITY_NONE,
	    "memory" },
	{ FACTS_ERROR, "alloc-dealloc-mismatch", "", ADDRESS_WILD, true,
	    SEVERITY_NONE, "memory" },
	{ FACTS_ERROR, "SEGV", "READ", ADDRESS_WILD, true, SEVERITY_MEDIUM,
	    "a wild address" },
	{ FACTS_ERROR, "SEGV", "WRITE", ADDRESS_WILD, true, SEVERITY_HIGH,
	    "a wild address" },
	{ FACTS_ERROR, "SEGV", "READ", ADDRESS_NEAR, true, SEVERITY_MEDIUM,
	    "a wild address" },
	{ FACTS_ERROR, "SEGV", "READ", ADDRESS_NONE, true, SEVERITY_MEDIUM,
	    "the processor would not name" },
	{ FACTS_ERROR, "SEGV", "WRITE", ADDRESS_NULL, false, SEVERITY_NONE,
	    "a null pointer" },
	{ FACTS_ERROR, "SEGV", "READ", ADDRESS_MARKER, false, SEVERITY_NONE,
	    "on purpose" },
	{ FACTS_ERROR, "stack-overflow", "", ADDRESS_WILD, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_ERROR, "FPE", "", ADDRESS_NONE, false, SEVERITY_NONE,
	    "ends the process" },
	{ FACTS_ERROR, "fuzz target exited", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_ERROR, "overwrites-const-input", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_SIGNAL, "deadly signal", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_ASSERT, "assert", "", ADDRESS_NONE, false, SEVERITY_NONE,
	    "ends the process" },
	{ FACTS_ASSERT, "CHECK failure", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_ASSERT, "DCHECK failure", "", ADDRESS_NONE, true,
	    SEVERITY_NONE, "a check against wrong memory" },
	{ FACTS_ASSERT, "Security DCHECK failure", "", ADDRESS_NONE, true,
	    SEVERITY_HIGH, "a check against wrong memory" },
	{ FACTS_EXCEPTION, "uncaught exception", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_ABORT, "free(): invalid pointer", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_TIMEOUT, "timeout", "", ADDRESS_NONE, false, SEVERITY_NONE,
	    "ends the process" },
	{ FACTS_MEMORY, "out-of-memory", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_LEAK, "Direct leak", "", ADDRESS_NONE, false, SEVERITY_NONE,
	    "no memory is harmed" },
	{ FACTS_RACE, "data race", "WRITE", ADDRESS_WILD, false,
	    SEVERITY_NONE, "no memory is harmed" },
	{ FACTS_RACE, "heap-use-after-free", "WRITE", ADDRESS_WILD, true,
	    SEVERITY_HIGH, "memory" },
	{ FACTS_UBSAN, "signed integer overflow: 1 + 2 cannot be", "",
	    ADDRESS_NONE, false, SEVERITY_NONE, "no memory is harmed" },
	{ FACTS_UBSAN, "index 9 out of bounds for type 'int[4]'", "",
	    ADDRESS_NONE, true, SEVERITY_MEDIUM, "memory" },
	{ FACTS_LIBRARY, "missing library", "", ADDRESS_NONE, false,
	    SEVERITY_NONE, "ends the process" },
	{ FACTS_NONE, "", "", ADDRESS_NONE, false, SEVERITY_NONE,
	    "nothing was recognised" },
};

static void
flag_and_severity_follow_type_access_and_address(void **state)
{
	struct facts f;
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++) {
		facts_of(&f, flag_rows[i].kind, flag_rows[i].what, flag_rows[i].access,
		    flag_rows[i].address);
		judge(&t, &f);
		if (t.security != flag_rows[i].security ||
		    t.severity != flag_rows[i].severity ||
		    strstr(t.security_rule, flag_rows[i].why) == NULL)
			fail_msg("%s %s: %d %s, %s", flag_rows[i].what,
			    flag_rows[i].access, t.security,
			    triage_severity_name(t.severity),
			    t.security_rule);
		assert_true(t.severity_rule[0] != '\0');
	}
}

static void
casr_has_a_class_for_each(void **state)
{
	static const struct {
		enum facts_kind kind;
		const char *what, *access;
		enum facts_address address;
		const char *word, *class;
	} table[] = {
#define E FACTS_ERROR
#define NO "NOT_EXPLOITABLE"
	{ E, "heap-buffer-overflow", "WRITE", ADDRESS_WILD,
	    "heap-buffer-overflow(write)", "EXPLOITABLE" },
	{ E, "heap-buffer-overflow", "READ", ADDRESS_WILD,
	    "heap-buffer-overflow(read)", NO },
	{ E, "heap-buffer-overflow", "", ADDRESS_WILD,
	    "heap-buffer-overflow", "PROBABLY_EXPLOITABLE" },
	{ E, "stack-buffer-underflow", "WRITE", ADDRESS_WILD,
	    "stack-buffer-underflow(write)", "EXPLOITABLE" },
	{ E, "heap-use-after-free", "READ", ADDRESS_WILD,
	    "heap-use-after-free(read)", NO },
	{ E, "strcpy-param-overlap", "", ADDRESS_WILD, "param-overlap",
	    "EXPLOITABLE" },
	{ E, "use-after-poison", "WRITE", ADDRESS_WILD, "use-after-poison",
	    "PROBABLY_EXPLOITABLE" },
	{ E, "negative-size-param", "", ADDRESS_NONE, "negative-size-param",
	    "PROBABLY_EXPLOITABLE" },
	{ E, "double-free", "", ADDRESS_WILD, "double-free", NO },
	{ E, "bad-free", "", ADDRESS_WILD, "bad-free", NO },
	{ E, "odr-violation", "", ADDRESS_WILD, "odr-violation", NO },
	{ E, "stack-overflow", "", ADDRESS_WILD, "StackOverflow", NO },
	{ E, "SEGV", "WRITE", ADDRESS_WILD, "DestAv", "EXPLOITABLE" },
	{ E, "SEGV", "WRITE", ADDRESS_NEAR, "DestAvNearNull",
	    "PROBABLY_EXPLOITABLE" },
	{ E, "SEGV", "READ", ADDRESS_WILD, "SourceAv", NO },
	{ E, "SEGV", "READ", ADDRESS_NULL, "SourceAvNearNull", NO },
	{ E, "SEGV", "", ADDRESS_WILD, "AccessViolation", NO },
	{ E, "FPE", "", ADDRESS_NONE, "FPE", NO },
	{ FACTS_SIGNAL, "ABRT", "", ADDRESS_NONE, "AbortSignal", NO },
	{ FACTS_SIGNAL, "TRAP", "", ADDRESS_NONE, "TrapSignal", NO },
	{ FACTS_SIGNAL, "ILL", "", ADDRESS_NONE, "BadInstruction",
	    "PROBABLY_EXPLOITABLE" },
	{ FACTS_ABORT, "double free or corruption (out)", "", ADDRESS_NONE,
	    "HeapError", "PROBABLY_EXPLOITABLE" },
	{ FACTS_ABORT, "stack smashing detected", "", ADDRESS_NONE,
	    "StackGuard", "PROBABLY_EXPLOITABLE" },
	{ FACTS_ABORT, "buffer overflow detected", "", ADDRESS_NONE,
	    "SafeFunctionCheck", NO },
	{ FACTS_ASSERT, "assert", "", ADDRESS_NONE, "AbortSignal", NO },
	{ FACTS_MEMORY, "calloc-overflow", "", ADDRESS_NONE,
	    "calloc-overflow", "PROBABLY_EXPLOITABLE" },
	{ FACTS_MEMORY, "out-of-memory", "", ADDRESS_NONE, "out-of-memory",
	    NO },
	{ FACTS_TIMEOUT, "timeout", "", ADDRESS_NONE, "timeout", NO },
	{ FACTS_LEAK, "Direct leak", "", ADDRESS_NONE, "memory-leaks", NO },
	{ FACTS_RACE, "data race", "WRITE", ADDRESS_WILD, "", "UNDEFINED" },
	{ FACTS_UBSAN, "division by zero", "", ADDRESS_NONE, "",
	    "UNDEFINED" },
	{ FACTS_NONE, "", "", ADDRESS_NONE, "", "UNDEFINED" },
#undef E
#undef NO
	};
	struct facts f;
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		facts_of(&f, table[i].kind, table[i].what, table[i].access,
		    table[i].address);
		judge(&t, &f);
		if (strcmp(t.casr, table[i].class) != 0 ||
		    strcmp(t.casr_type, table[i].word) != 0)
			fail_msg("%s %s: %s %s", table[i].what,
			    table[i].access, t.casr, t.casr_type);
	}
}
/* clang-format on */

static void
a_jump_to_null_is_a_security_bug(void **state)
{
	struct facts f;
	struct triage t;

	(void)state;
	facts_of(&f, FACTS_ERROR, "SEGV", "READ", ADDRESS_NULL);
	f.pc_null = true;
	judge(&t, &f);
	assert_string_equal(t.type, "Null-dereference");
	assert_true(t.security);
	assert_string_equal(t.security_rule, "a jump to address 0");
	assert_int_equal(t.severity, SEVERITY_NONE);
	assert_string_equal(t.casr_type, "SegFaultOnPcNearNull");
	f.pc_null = false;
	f.pc_is_address = true;
	f.address_class = ADDRESS_WILD;
	judge(&t, &f);
	assert_string_equal(t.casr_type, "SegFaultOnPc");
	assert_string_equal(t.casr, "EXPLOITABLE");
}

static void
a_signal_that_was_sent_is_no_fault(void **state)
{
	struct facts f;
	struct triage t;

	(void)state;
	facts_of(&f, FACTS_ERROR, "SEGV", "WRITE", ADDRESS_WILD);
	f.address = 0x3c82;
	f.sent = true;
	judge(&t, &f);
	assert_string_equal(triage_type_text(&t).text, "Fatal-signal");
	assert_false(t.security);
	assert_false(t.has_address);
	assert_int_equal(t.address_class, ADDRESS_NONE);
	f.sent = false;
	f.depth[STACK_CRASH] = 1;
	f.stack[0].function = span_of("raise");
	judge(&t, &f);
	assert_string_equal(t.type, "Fatal-signal");
}

static void
a_target_may_say_how_bad_it_is(void **state)
{
	struct facts f;
	struct triage t;

	(void)state;
	facts_of(&f, FACTS_ASSERT, "assert", "", ADDRESS_NONE);
	f.protected = span_of("FuzzerSecurityIssueCritical: oracle");
	judge(&t, &f);
	assert_true(t.security);
	assert_int_equal(t.severity, SEVERITY_CRITICAL);
	f.protected = span_of("FuzzerSecurityIssueLow");
	judge(&t, &f);
	assert_int_equal(t.severity, SEVERITY_LOW);
	facts_of(&f, FACTS_ERROR, "heap-use-after-free", "READ", ADDRESS_WILD);
	f.protected = span_of("MiraclePtr Status: PROTECTED");
	judge(&t, &f);
	assert_false(t.security);
	f.protected = span_of("MiraclePtr Status: NOT PROTECTED");
	judge(&t, &f);
	assert_true(t.security);
}

static void
signals_have_the_types_of_their_numbers(void **state)
{
	/* clang-format off */
	static const struct {
		int signal;
		const char *what, *type;
	} table[] = {
		{ SIGSEGV, "SIGSEGV", "UNKNOWN" },
		{ SIGABRT, "SIGABRT", "Abrt" },
		{ SIGBUS, "SIGBUS", "Bus" },
		{ SIGFPE, "SIGFPE", "Floating-point-exception" },
		{ SIGILL, "SIGILL", "Ill" },
		{ SIGTRAP, "SIGTRAP", "Trap" },
		{ SIGSYS, "SIGSYS", "Bad-system-call" },
		{ SIGXCPU, "SIGXCPU", "Fatal-signal" },
		{ 0, "deadly signal", "Fatal-signal" },
	};
	/* clang-format on */
	struct facts f;
	struct triage t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		facts_of(&f, FACTS_SIGNAL, table[i].what, "", ADDRESS_WILD);
		f.signal = table[i].signal;
		judge(&t, &f);
		assert_string_equal(t.type, table[i].type);
	}
}

static void
crashes_have_classes_for_lists(void **state)
{
	struct facts f;
	struct triage t;

	(void)state;
	facts_of(&f, FACTS_TIMEOUT, "timeout", "", ADDRESS_NONE);
	judge(&t, &f);
	assert_string_equal(triage_class_name(t.class), "timeout");
	assert_true(t.placeless);
	assert_string_equal(t.state[0], "target");
	facts_of(&f, FACTS_MEMORY, "out-of-memory", "", ADDRESS_NONE);
	judge(&t, &f);
	assert_string_equal(triage_class_name(t.class), "memory");
	facts_of(&f, FACTS_LEAK, "Indirect leak", "", ADDRESS_NONE);
	judge(&t, &f);
	assert_string_equal(triage_class_name(t.class), "leak");
	facts_of(&f, FACTS_ERROR, "SEGV", "", ADDRESS_WILD);
	judge(&t, &f);
	assert_string_equal(triage_class_name(t.class), "crash");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flag_and_severity_follow_type_access_and_address),
	    cmocka_unit_test(casr_has_a_class_for_each),
	    cmocka_unit_test(a_jump_to_null_is_a_security_bug),
	    cmocka_unit_test(a_signal_that_was_sent_is_no_fault),
	    cmocka_unit_test(a_target_may_say_how_bad_it_is),
	    cmocka_unit_test(signals_have_the_types_of_their_numbers),
	    cmocka_unit_test(crashes_have_classes_for_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
