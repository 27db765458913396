/* lib/triage/heads*: what every producer writes first, and between that and
 * its stack; and what looks like it and is none. */
#include "tests/unit/lib/triage/facts_help.h"

static void
assert_facts(const char *report, enum facts_kind kind, const char *what,
    const char *note, const char *place)
{
	print_message("%s\n", report);
	assert_int_equal(read_text(report), 0);
	assert_int_equal(facts.kind, kind);
	assert_span(facts.what, what);
	assert_span(facts.note, note);
	assert_span(facts.place, place);
}

/* clang-format off */
static const struct {
	const char *report;
	enum facts_kind kind;
	const char *what, *note, *place;
} shapes[] = {
	{ "t: a.c:3: int f(void): Assertion `n == 4711' failed.\n",
	    FACTS_ASSERT, "assert", "n == NUMBER", "a.c:3" },
	{ "Assertion failed: (n == 0x12345), function f, file a.c, line 3.\n",
	    FACTS_ASSERT, "assert", "(n == ADDRESS)", "" },
	{ "Assertion failed: n > 3 (a.c: f: 12)\n", FACTS_ASSERT, "assert",
	    "n > 3", "" },
	{ "ERROR:../src/a.c:12:f: assertion failed: (x == 1)\n", FACTS_ASSERT,
	    "assert", "(x == 1)", "a.c:12" },
	{ "ASSERTION FAILED: p\n", FACTS_ASSERT, "assert", "p", "" },
	{ "F1122 10:02:11.0 7 grid.cc:77] Check failed: a <= b (16 vs. 4)\n",
	    FACTS_ASSERT, "CHECK failure", "a <= b", "grid.cc:77" },
	{ "[7:7:1122/100211:FATAL:grid.cc(77)] Check failed: f(a). \n",
	    FACTS_ASSERT, "CHECK failure", "f(a).", "" },
	{ "[7:FATAL:grid.cc(77)] DCHECK failed: a.\n", FACTS_ASSERT,
	    "DCHECK failure", "a.", "" },
	{ "# Debug check failed: a.\n", FACTS_ASSERT, "DCHECK failure", "a.",
	    "" },
	{ "a.cc:5] Security DCHECK failed: a\n", FACTS_ASSERT,
	    "Security DCHECK failure", "a", "a.cc:5" },
	{ "a.cc:5] SECURITY_CHECK failed: a\n", FACTS_ASSERT,
	    "Security CHECK failure", "a", "a.cc:5" },
	{ "thread 'main' panicked at 'no 4711', src/main.rs:4:5\n",
	    FACTS_ASSERT, "panic", "no NUMBER", "main.rs:4" },
	{ "thread 'main' panicked at src/main.rs:4:5:\nno such cell\n",
	    FACTS_ASSERT, "panic", "no such cell", "main.rs:4" },
	{ "thread '<unnamed>' (77) panicked at src/lib.rs:4:5:\nwhy\n",
	    FACTS_ASSERT, "panic", "why", "lib.rs:4" },
	{ "panic: runtime error: index out of range [5] with length 3\n",
	    FACTS_ASSERT, "panic",
	    "runtime error: index out of range [5] with length 3", "" },
	{ "terminate called after throwing an instance of 'std::bad_alloc'\n",
	    FACTS_EXCEPTION, "uncaught exception", "std::bad_alloc", "" },
	{ "terminate called without an active exception\n", FACTS_EXCEPTION,
	    "terminate", "", "" },
	{ "libc++abi: terminating with uncaught exception of type a::b: no\n",
	    FACTS_EXCEPTION, "uncaught exception", "a::b", "" },
	{ "libc++abi: terminating due to uncaught exception of type int\n",
	    FACTS_EXCEPTION, "uncaught exception", "int", "" },
	{ "libc++abi: terminating\n", FACTS_EXCEPTION, "terminate", "", "" },
	{ "libc++abi: Pure virtual function called!\n", FACTS_ABORT,
	    "pure virtual method called", "", "" },
	{ "pure virtual method called\n", FACTS_ABORT,
	    "pure virtual method called", "", "" },
	{ "munmap_chunk(): invalid pointer\n", FACTS_ABORT,
	    "munmap_chunk(): invalid pointer", "", "" },
	{ "corrupted size vs. prev_size while consolidating\n", FACTS_ABORT,
	    "corrupted size vs. prev_size while consolidating", "", "" },
	{ "*** Error in `t': free(): invalid pointer: 0x0badf00d ***\n",
	    FACTS_ABORT, "free(): invalid pointer", "", "" },
	{ "*** stack smashing detected ***: terminated\n", FACTS_ABORT,
	    "stack smashing detected", "", "" },
	{ "t: error while loading shared libraries: libz.so.9: cannot open "
	    "shared object file: No such file or directory\n", FACTS_LIBRARY,
	    "missing library", "libz.so.9", "" },
	{ "memory allocation of 99 bytes failed\n", FACTS_MEMORY,
	    "out-of-memory", "", "" },
	{ "==7==AddressSanitizer: hard rss limit exhausted (64Mb vs 90Mb)\n",
	    FACTS_MEMORY, "rss-limit-exceeded", "", "" },
	{ "==7==ERROR: AddressSanitizer failed to allocate 0x100 bytes\n",
	    FACTS_MEMORY, "out-of-memory", "", "" },
	{ "==7==AddressSanitizer CHECK failed: a.cpp:67 \"((0)) != (0)\"\n",
	    FACTS_ERROR, "CHECK failed", "((0)) != (0)", "a.cpp:67" },
	{ "==7==AddressSanitizer: CHECK failed: a.cpp:67 \"x\" (0x0, 0x0)\n",
	    FACTS_ERROR, "CHECK failed", "x", "a.cpp:67" },
	{ "FATAL: ThreadSanitizer CHECK failed: /l/a.cc:67 \"x\" (0x0, 0x0)\n",
	    FACTS_ERROR, "CHECK failed", "x", "a.cc:67" },
	{ "==7==ERROR: AddressSanitizer: brand_new-kind of error\n",
	    FACTS_ERROR, "brand_new-kind", "", "" },
	{ "==7==ERROR: AddressSanitizer: odr-violation (0x6020):\n",
	    FACTS_ERROR, "odr-violation", "", "" },
	{ "==7==ERROR: HWAddressSanitizer: tag-mismatch on address 0x1 at\n"
	    "Cause: stack tag-mismatch\n", FACTS_ERROR, "tag-mismatch",
	    "stack tag-mismatch", "" },
	{ "==7== ERROR: libFuzzer: out-of-memory (used: 375Mb; limit: 2Mb)\n",
	    FACTS_MEMORY, "out-of-memory", "", "" },
	{ "==7== ERROR: libFuzzer: timeout after 3 seconds\n", FACTS_TIMEOUT,
	    "timeout", "", "" },
	{ "==7==WARNING: MemorySanitizer: use-of-uninitialized-value\n",
	    FACTS_ERROR, "use-of-uninitialized-value", "", "" },
	{ "WARNING: ThreadSanitizer: data race on vptr (ctor/dtor vs virtual "
	    "call) (pid=7)\n", FACTS_RACE, "data race on vptr", "", "" },
	{ "a.cc:3:1: runtime error: downcast of address 0x123456 which does "
	    "not point to an object of type 'a::B'\n0x123456: note: object is "
	    "base class subobject at offset 16 within object of type 'C'\n",
	    FACTS_UBSAN, "downcast of address ADDRESS which does not point to "
	    "an object of type 'a::B'",
	    "a::B from base class subobject at offset NUMBER", "a.cc:3" },
	{ "Program terminated with signal SIGSEGV, Segmentation fault.\n",
	    FACTS_SIGNAL, "SIGSEGV", "", "" },
	{ "Thread 2 \"t\" received signal SIGABRT, Aborted.\n", FACTS_SIGNAL,
	    "SIGABRT", "", "" },
};
/* clang-format on */

static void
shapes_of_all_producers_are_told_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		assert_facts(shapes[i].report, shapes[i].kind, shapes[i].what,
		    shapes[i].note, shapes[i].place);
}

static void
quotes_warnings_and_interrupts_are_no_reports(void **state)
{
	static const char *const texts[] = {
	    "ERROR: AddressSanitizer: heap-buffer-overflow\n",
	    "== ERROR: libFuzzer: deadly signal\n",
	    "==7==WARNING: AddressSanitizer failed to allocate 0x1 bytes\n",
	    "Direct leak of 7 byte(s)\n", "ThreadSanitizer: 3 warnings\n",
	    "WARNING: ThreadSanitizer: 3 warnings\n",
	    "Program received signal SIGINT, Interrupt.\n",
	    "==7== libFuzzer: run interrupted; exiting\n", "Killed\n",
	    "free()\n", "Exception: caught\n", "0x6020 is located in\n"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%s", texts[i]);
		assert_int_equal(read_text(texts[i]), 1);
	}
	/* A target that left its line open is still heard. */
	assert_int_equal(
	    read_text("parsing ...==7== ERROR: libFuzzer: deadly signal"), 0);
}

static void
honggfuzz_and_siginfo_say_where_and_who(void **state)
{
	(void)state;
	read_text("CRASH:\nPID: 7\nSIGNAL: SIGSEGV (11)\nPC: 0x555555555139\n"
		  "FAULT ADDRESS: 0x10\nINSTRUCTION: movb   $0x1,(%rax)\n"
		  "STACK HASH: 1\nSTACK:\n"
		  " <0x555555555139> [func:f file:/src/a.c line:3 "
		  "module:/bin/t]\n"
		  " <0x555555555199> [func:main file:/src/a.c line:9 "
		  "module:/bin/t]\n");
	assert_int_equal(facts.kind, FACTS_SIGNAL);
	assert_span(facts.tool, "honggfuzz");
	assert_int_equal(facts.address_class, ADDRESS_NULL);
	assert_string_equal(facts.access, "WRITE");
	assert_string_equal(top_functions(&facts), "f|main");
	assert_true(facts.has_pc && !facts.pc_is_address);
	read_text("Program received signal SIGSEGV, Segmentation fault.\n"
		  "#0  f () at a.c:3\n"
		  "$1 = {si_signo = 11, si_errno = 0, si_code = 0, _sifields "
		  "= {_sigfault = {si_addr = 0x1234}}}\n");
	assert_true(facts.sent);
	assert_int_equal(facts.address_class, ADDRESS_NONE);
	read_text("Program received signal SIGSEGV, Segmentation fault.\n"
		  "#0  f () at a.c:3\n$1 = 11\n$2 = 128\n$3 = 0x0\n"
		  "=> 0x5555 <f+3>:\tmov    (%rax),%eax\n");
	assert_false(facts.sent);
	assert_int_equal(facts.address_class, ADDRESS_NONE);
	assert_string_equal(facts.access, "READ");
}

static void
a_function_of_the_target_may_be_called_kill(void **state)
{
	(void)state;
	read_text("==7==ERROR: AddressSanitizer: SEGV on unknown address "
		  "0x4141414141 (pc 0x5 bp 0x1 sp 0x1 T0)\n"
		  "==7==The signal is caused by a WRITE memory access.\n"
		  "    #0 0x5 in kill /src/game.c:3:4\n");
	assert_false(facts.sent);
	assert_int_equal(facts.address_class, ADDRESS_WILD);
	assert_string_equal(facts.access, "WRITE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shapes_of_all_producers_are_told_apart),
	    cmocka_unit_test(quotes_warnings_and_interrupts_are_no_reports),
	    cmocka_unit_test(honggfuzz_and_siginfo_say_where_and_who),
	    cmocka_unit_test(a_function_of_the_target_may_be_called_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
