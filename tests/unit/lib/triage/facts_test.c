/*
 * lib/triage/facts: real reports of several compilers (made by make-reports.sh
 * and make-more-reports.sh) and what must be read from them; shapes that no
 * compiler here prints; bytes that are no report.
 */
#include <time.h>

#include "tests/unit/lib/triage/facts_expected.h"
#include "tests/unit/lib/triage/facts_help.h"

static void
reports_of_many_compilers_give_their_facts(void **state)
{
	const struct expected *x = expected;
	size_t n = sizeof(expected) / sizeof(expected[0]);
	struct buf b = BUF_INIT;
	char name[128];

	(void)state;
	assert_true(n >= 60);
	for (; n > 0; n--, x++) {
		print_message("%s\n", x->fixture);
		snprintf(name, sizeof(name), "%s.txt", x->fixture);
		buf_reset(&b);
		slurp(&b, name);
		read_bytes(b.data, b.len);
		assert_int_equal(facts.kind, x->kind);
		assert_span(facts.tool, x->tool);
		assert_span(facts.what, x->what);
		assert_string_equal(facts.access, x->access);
		assert_int_equal(facts.access_size, x->size);
		assert_int_equal(facts.address_class, x->address);
		assert_string_equal(top_functions(&facts), x->top);
		assert_memory_equal(facts.depth, x->depth, sizeof(x->depth));
	}
	buf_release(&b);
}

static void
the_first_report_that_stopped_the_program_counts(void **state)
{
	(void)state;
	read_text("a.c:3:1: runtime error: division by zero\n"
		  "    #0 0x55 in split /src/a.c:3:1\n\n"
		  "==7==ERROR: AddressSanitizer: ABRT on unknown address 0x7 "
		  "(pc 0x7 bp 0x1 sp 0x1 T0)\n"
		  "    #0 0x55 in elsewhere /src/b.c:3:1\n");
	assert_int_equal(facts.kind, FACTS_UBSAN);
	assert_string_equal(top_functions(&facts), "split");
	read_text("a.c:3:1: runtime error: division by zero\n"
		  "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x7 "
		  "(pc 0x7 bp 0x1 sp 0x1 T0)\n"
		  "    #0 0x55 in elsewhere /src/b.c:3:1\n");
	assert_span(facts.what, "SEGV");
	assert_span(facts.place, "");
	assert_string_equal(top_functions(&facts), "elsewhere");
	/* Printed and gone on: the fault is the bug. */
	read_text("a.cc:3] Check failed: x\n"
		  "==7==ERROR: AddressSanitizer: SEGV on unknown address "
		  "0xbbadbeef (pc 0x7 bp 0x1 sp 0x1 T0)\n");
	assert_int_equal(facts.address_class, ADDRESS_MARKER);
	/* Aborted: the assertion is. */
	read_text("t: a.c:3: f: Assertion `x' failed.\n"
		  "Program received signal SIGABRT, Aborted.\n"
		  "#0  raise () at x.c:1\n");
	assert_int_equal(facts.kind, FACTS_ASSERT);
	assert_string_equal(top_functions(&facts), "raise");
}

static void
interleaved_reports_never_mix_their_stacks(void **state)
{
	(void)state;
	read_text("==7==ERROR: AddressSanitizer: heap-use-after-free on "
		  "address 0x6020 at pc 0x1 bp 0x1 sp 0x1\n"
		  "    #0 0x55 in first /src/a.c:3:1\n"
		  "==8==ERROR: AddressSanitizer: heap-buffer-overflow on "
		  "address 0x6030 at pc 0x1 bp 0x1 sp 0x1\n"
		  "    #1 0x55 in second /src/a.c:3:1\n"
		  "freed by thread T0 here:\n"
		  "    #0 0x55 in third /src/a.c:3:1\n");
	assert_span(facts.what, "heap-use-after-free");
	assert_string_equal(top_functions(&facts), "first");
	assert_int_equal(facts.depth[STACK_FREED], 0);
}

static void
a_stack_ends_at_a_blank_line_or_a_lower_number(void **state)
{
	(void)state;
	read_text("==7==ERROR: AddressSanitizer: attempting double-free on "
		  "0x6020 in thread T0:\n"
		  "    #0 0x55 in free (/bin/t+0xe0)\n"
		  "    #1 0x56 in twice /src/a.c:3:1\n\n"
		  "    #2 0x57 in stray /src/a.c:3:1\n"
		  "freed by thread T0 here:\n"
		  "    #0 0x55 in once /src/a.c:3:1\n"
		  "    #0 0x55 in other /src/a.c:3:1\n"
		  "previously allocated by thread T0 here:\n"
		  "    #0 0x55 in make /src/a.c:3:1\n");
	assert_string_equal(top_functions(&facts), "free|twice");
	assert_int_equal(facts.depth[STACK_FREED], 1);
	assert_int_equal(facts.depth[STACK_ALLOCATED], 1);
	assert_span(facts.freed[0].function, "once");
	assert_span(facts.allocated[0].function, "make");
}

static void
colours_and_odd_bytes_leave_no_trace(void **state)
{
	static const char odd[] =
	    "\033[1m\033[31m==7==ERROR: AddressSanitizer: "
	    "stack-overflow on address 0x7f (pc 0x5\033[0m\n"
	    "\033[1m    #0 0x5 in \033[33mf\303\244\0o\033[0m(int) "
	    "/src/\377a.c:3:4\033[0m\n"
	    "\t#1 0x6 in g\t/src/b.c:4\r\n";

	(void)state;
	assert_int_equal(read_bytes(odd, sizeof(odd) - 1), 0);
	assert_span(facts.what, "stack-overflow");
	assert_string_equal(top_functions(&facts), "fo|g");
	assert_span(facts.stack[0].file, "/src/a.c");
	assert_span(facts.stack[1].file, "/src/b.c");
	assert_int_equal(facts.stack[0].column, 4);
}

/* Such places stand on lines of their own, and more coloured text follows. */
static void
a_coloured_place_stays_that_of_its_frame(void **state)
{
	(void)state;
	read_text("thread 'main' panicked at 'no', src/main.rs:5:6\n"
		  "stack backtrace:\n"
		  "   0: \033[31mmain::f\033[0m\n"
		  "\033[35m             at ./src/main.rs:7:8\033[0m\n"
		  "\033[1mnote\033[0m: some other words that are longer\n"
		  "\033[32m   1: main::g\033[0m\n");
	assert_span(facts.stack[0].file, "./src/main.rs");
	assert_int_equal(facts.stack[0].line, 7);
}

static void
what_a_report_says_of_its_weight_is_kept(void **state)
{
	(void)state;
	read_text("FuzzerSecurityIssueHigh: pwned\n"
		  "==7==ERROR: AddressSanitizer: heap-use-after-free on "
		  "address 0x6020 at pc 0x1 bp 0x1 sp 0x1\n"
		  "SCARINESS: 51 (8-byte-read)\n");
	assert_span(facts.protected, "FuzzerSecurityIssueHigh");
	assert_int_equal(facts.scariness, 51);
	read_text("==7==ERROR: AddressSanitizer: heap-use-after-free on "
		  "address 0x6020 at pc 0x1 bp 0x1 sp 0x1\n"
		  "MiraclePtr Status: PROTECTED\n");
	assert_span(facts.protected, "MiraclePtr Status: PROTECTED");
}

static void
a_report_cut_anywhere_is_still_read(void **state)
{
	struct buf b = BUF_INIT;
	size_t n;

	(void)state;
	slurp(&b, "c14o2-delete.txt");
	for (n = 0; n < b.len; n += 7)
		read_bytes(b.data, n);
	buf_release(&b);
}

/* What fuzzing found: each gave an answer only by luck. */
static void
once_found_by_fuzzing(void **state)
{
	static const char *const reports[] = {
	    /* a module without a name, twice at one offset */
	    "==7==ERROR: AddressSanitizer: SEGV\n#0 f (/+0x5)\n#1 g (/+0x5)",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		assert_int_equal(read_text(reports[i]), 0);
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
read_in_time(const char *head, const char *piece, size_t pieces, size_t blanks)
{
	size_t n = strlen(piece) > 0 ? strlen(piece) : 1;
	struct buf b = BUF_INIT;
	double start;

	buf_adds(&b, head);
	while (b.len < pieces)
		buf_add(&b, piece, n);
	buf_grow(&b, blanks);
	memset(b.data + b.len, ' ', blanks);
	b.len += blanks;
	start = cpu_seconds();
	facts_read(&facts, b.data, b.len);
	print_message("%5.0f ms '%s'\n", (cpu_seconds() - start) * 1e3, piece);
	assert_true(cpu_seconds() - start < 3.0);
	read_bytes(b.data, 1 << 16);
	buf_release(&b);
}

/* MiBs of one thing behind an open report, also before as many blanks; linear
 * work takes a fraction of a second, quadratic work for ever. */
static void
hostile_reports_take_linear_time(void **state)
{
	static const char *const pieces[] = {"\n", "#", "#0 a\n", ":", ": ",
	    "==7==ERROR: ", "<", "(", " (", "a (b", "#1 0x5 in f<", "\033[",
	    "\033\n", "runtime error: ", "\0", "'", "operator<", "Sanitizer: ",
	    "==7==ERROR: AddressSanitizer: SEGV\n#0 0x5 in f /a:1\n",
	    "FuzzerSecurityIssu", "Check failed: ", " vs. (", "panicked at ",
	    "thread 'x' panicked at '\n", "$1 = 0x", "Direct leak of \n", "b\n",
	    ": A", "x: Assertion `", "==7==ERROR: ThreadSanitizer: "};
	static const char head[] = "==7==ERROR: LeakSanitizer: detected "
				   "memory leaks\nDirect leak of 3\n#0 0x5 in";
	struct buf wrong = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		read_in_time(head, pieces[i], 10 << 20, 0);
		read_in_time("", pieces[i], 2 << 20, 2 << 20);
	}
	/* Each line may be the second half of what this one says. */
	buf_printf(&wrong, "a.c:1:2: runtime error: %01000d\n", 0);
	read_in_time(wrong.data, "b\n", 4 << 20, 0);
	buf_release(&wrong);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_of_many_compilers_give_their_facts),
	    cmocka_unit_test(the_first_report_that_stopped_the_program_counts),
	    cmocka_unit_test(interleaved_reports_never_mix_their_stacks),
	    cmocka_unit_test(a_stack_ends_at_a_blank_line_or_a_lower_number),
	    cmocka_unit_test(colours_and_odd_bytes_leave_no_trace),
	    cmocka_unit_test(a_coloured_place_stays_that_of_its_frame),
	    cmocka_unit_test(what_a_report_says_of_its_weight_is_kept),
	    cmocka_unit_test(a_report_cut_anywhere_is_still_read),
	    cmocka_unit_test(once_found_by_fuzzing),
	    cmocka_unit_test(hostile_reports_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
