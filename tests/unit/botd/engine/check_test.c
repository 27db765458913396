/* botd/engine/check: is it the build, or the host? */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/check.h"

#define DONE "Done 4 runs in 0 second(s)\n"

static const struct elf_facts sound = {.is_elf = true,
    .machine = "x86_64",
    .loader = "/lib64/ld-linux-x86-64.so.2",
    .counted = true,
    .calls = 6000,
    .whole = true};

static struct check_ask
ask(const char *output, int code, int signo)
{
	return (struct check_ask){.run = {output, strlen(output), code, signo,
				      NULL, &sound, "x86_64"},
	    .engine = &ENGINE_LIBFUZZER,
	    .sanitizer = "address",
	    .edges = 500};
}

static void
assert_verdict(
    const struct check_ask *a, enum check_verdict want, const char *lines)
{
	struct buf said = BUF_INIT;
	enum check_verdict v;
	struct err e;

	assert_int_equal(check_judge(&v, &said, a, &e), 0);
	if (strcmp(buf_text(&said), lines) != 0)
		fail_msg("'%s' is not '%s'", buf_text(&said), lines);
	assert_int_equal(v, want);
	buf_release(&said);
}

static void
four_runs_are_good(void **state)
{
	struct check_ask a = ask("INFO: Seed: 1337\n" DONE, 0, 0);

	(void)state;
	assert_verdict(&a, CHECK_GOOD, "");
}

static void
few_edges_and_calls_only_warn(void **state)
{
	struct check_ask a = ask(DONE, 0, 0);
	struct elf_facts elf = sound;

	(void)state;
	a.run.elf = &elf;
	a.edges = 99;
	elf.calls = 999;
	assert_verdict(&a, CHECK_GOOD,
	    "only 99 edges: is all of it instrumented?\n"
	    "only 999 calls to the sanitizer, 1000 are usual: is it built "
	    "with it?\n");
	a.edges = 100;
	elf.calls = 1000;
	assert_verdict(&a, CHECK_GOOD, "");
	/* UBSan has fewer of them. */
	a.sanitizer = "undefined";
	elf.calls = 168;
	assert_verdict(&a, CHECK_GOOD, "");
	elf.calls = 167;
	assert_verdict(&a, CHECK_GOOD,
	    "only 167 calls to the sanitizer, 168 are usual: is it built with "
	    "it?\n");
	/* Without the run-time's own calls the usual number says nothing. */
	elf.whole = false;
	assert_verdict(&a, CHECK_GOOD, "");
	elf.calls = 0;
	assert_verdict(&a, CHECK_GOOD,
	    "only 0 calls to the sanitizer, 168 are usual: is it built with "
	    "it?\n");
	elf.counted = false;
	strcpy(elf.why_not, "stripped");
	assert_verdict(
	    &a, CHECK_GOOD, "stripped: calls to the sanitizer not counted\n");
	a.sanitizer = "thread";
	assert_verdict(&a, CHECK_GOOD, "");
}

static void
a_bad_end_after_four_runs_only_warns(void **state)
{
	struct check_ask a =
	    ask(DONE "==5==ERROR: AddressSanitizer: SEGV on x\n", 77, 0);

	(void)state;
	assert_verdict(&a, CHECK_GOOD,
	    "it runs, and does not end well: ERROR: AddressSanitizer: SEGV on "
	    "x\n");
}

static void
what_does_not_run_is_bad_and_says_why(void **state)
{
	struct check_ask a;

	(void)state;
	a = ask("INFO: Seed\nERROR: no interesting inputs were found. Is the "
		"code instrumented for coverage? Exiting.\n",
	    1, 0);
	assert_verdict(&a, CHECK_BAD,
	    "it is not instrumented: no interesting inputs were found\n");
	a = ask("x\n==5==ERROR: AddressSanitizer: ABRT on unknown\n  #0 y\n",
	    77, 0);
	assert_verdict(&a, CHECK_BAD,
	    "it crashes at start (exit 77): ERROR: AddressSanitizer: ABRT on "
	    "unknown\n");
	a = ask("", 0, SIGSEGV);
	assert_verdict(&a, CHECK_BAD, "it crashes at start (signal 11)\n");
	a = ask("no configuration\n", 3, 0);
	assert_verdict(
	    &a, CHECK_BAD, "it does not run (exit 3): no configuration\n");
	a = ask("waiting\n", 0, SIGKILL);
	a.run.killed_for = "time";
	assert_verdict(&a, CHECK_BAD, "it did not end in time: waiting\n");
	a = ask("", 0, SIGKILL);
	a.run.killed_for = "memory";
	assert_verdict(&a, CHECK_BAD, "it was stopped for its use of memory\n");
	a = ask("bwrap: execvp /work/build/t: Permission denied\n", 1, 0);
	assert_verdict(&a, CHECK_BAD,
	    "it does not run (exit 1): bwrap: execvp /work/build/t: "
	    "Permission denied\n");
}

static void
what_the_host_lacks_is_named(void **state)
{
	static const struct {
		const char *output;
		int code, signo;
		const char *why;
	} all[] = {
	    {"/b/t: error while loading shared libraries: libfoo.so.1: cannot "
	     "open shared object file: No such file or directory\n",
		127, 0, "the loader cannot find libfoo.so.1\n"},
	    {"/b/t: error while loading shared libraries: libx.so: wrong ELF "
	     "class: ELFCLASS32\n",
		127, 0,
		"the loader says: libx.so: wrong ELF class: ELFCLASS32\n"},
	    {"/b/t: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not "
	     "found (required by /b/t)\n",
		1, 0, "GLIBC_2.38 not found in libc.so.6\n"},
	    {"/b/t: symbol lookup error: /b/t: undefined symbol: foo, version "
	     "GLIBC_2.99\n",
		127, 0,
		"the loader cannot find the symbol foo, version GLIBC_2.99\n"},
	    {"", 0, SIGILL,
		"SIGILL: this processor does not know an instruction\n"},
	    {"==5==ERROR: AddressSanitizer: ILL on unknown address 0x1\n"
	     "==5==First 16 instruction bytes at pc: 62 f2 fd 48 ff ff\n",
		77, 0, "SIGILL: this processor does not know an instruction\n"},
	    {"bwrap: execvp /work/build/t: No such file or directory\n", 1, 0,
		"its loader '/lib64/ld-linux-x86-64.so.2' is not there\n"},
	    {"prlimit: failed to execute /work/build/t: Exec format error\n",
		126, 0, "exec format error\n"},
	    {"cage: cannot run the program: Exec format error\n", 127, 0,
		"exec format error\n"},
	    {"/b/t: CPU ISA level is lower than required\n", 127, 0,
		"the loader wants a newer processor (CPU ISA level)\n"},
	    {"FATAL: kernel too old\n", 127, 0,
		"the loader wants a newer kernel\n"},
	    {"==5==Shadow memory range interleaves with an existing memory "
	     "mapping. ASan cannot proceed correctly. ABORTING.\n",
		1, 0, "AddressSanitizer finds no room for its shadow memory\n"},
	    {"FATAL: ThreadSanitizer: unexpected memory mapping 0x1-0x2\n", 66,
		0, "the sanitizer finds no room for its shadow memory\n"},
	};
	struct check_ask a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		a = ask(all[i].output, all[i].code, all[i].signo);
		assert_verdict(&a, CHECK_INCOMPATIBLE, all[i].why);
	}
}

static void
a_trap_is_no_unknown_instruction(void **state)
{
	struct check_ask a =
	    ask("==5==ERROR: AddressSanitizer: ILL on unknown address 0x1\n"
		"==5==First 16 instruction bytes at pc: 0f 0b 0f 1f 84 00\n",
		77, 0);

	(void)state;
	assert_verdict(&a, CHECK_BAD,
	    "it crashes at start (exit 77): ERROR: AddressSanitizer: ILL on "
	    "unknown address 0x1\n");
}

static void
a_program_for_another_machine_is_named(void **state)
{
	struct check_ask a = ask("t: 1: ELF: not found\n", 127, 0);
	struct elf_facts elf = sound;

	(void)state;
	a.run.elf = &elf;
	strcpy(elf.machine, "aarch64");
	assert_verdict(&a, CHECK_INCOMPATIBLE,
	    "exec format error: it is for aarch64, this host is x86_64\n");
	/* What may well run here is not judged by its name. */
	strcpy(elf.machine, "i386");
	assert_verdict(&a, CHECK_BAD,
	    "it does not run (exit 127): t: 1: ELF: not found\n");
	elf.is_elf = false;
	assert_verdict(&a, CHECK_BAD,
	    "it does not run (exit 127): t: 1: ELF: not found\n");
	/* It ran: so there is something that runs it. */
	strcpy(elf.machine, "aarch64");
	elf.is_elf = true;
	a = ask(DONE, 0, 0);
	a.run.elf = &elf;
	assert_verdict(&a, CHECK_GOOD, "");
}

static void
a_loop_of_deadly_signals_is_the_hosts(void **state)
{
	struct buf out = BUF_INIT;
	struct check_ask a;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_adds(&out, "AddressSanitizer:DEADLYSIGNAL\n");
	a = ask(out.data, 0, SIGKILL);
	a.run.killed_for = "time";
	assert_verdict(&a, CHECK_INCOMPATIBLE,
	    "AddressSanitizer loops in DEADLYSIGNAL, as with a "
	    "vm.mmap_rnd_bits over 28\n");
	buf_release(&out);
}

static void
a_cage_that_fails_says_nothing_of_the_build(void **state)
{
	static const char *const outputs[] = {
	    "bwrap: setting up uid map: Permission denied\n",
	    "cage: cannot enter the cgroup: Permission denied\n",
	    "prlimit: failed to set the NPROC resource limit: x\n"};
	struct buf said = BUF_INIT;
	enum check_verdict v;
	struct check_ask a;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		a = ask(outputs[i], 1, 0);
		assert_int_equal(check_judge(&v, &said, &a, &e), -1);
		assert_int_equal(said.len, 0);
		assert_non_null(strstr(e.text, "the cage could not be made"));
	}
	buf_release(&said);
}

static void
sentences_are_clean_lines(void **state)
{
	struct check_ask a = ask("x: error while loading shared libraries: "
				 "\033[31mlib\xff.so: cannot open shared "
				 "object file\n",
	    127, 0);

	(void)state;
	assert_verdict(&a, CHECK_INCOMPATIBLE,
	    "the loader cannot find \\x1b[31mlib\\xff.so\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_runs_are_good),
	    cmocka_unit_test(few_edges_and_calls_only_warn),
	    cmocka_unit_test(a_bad_end_after_four_runs_only_warns),
	    cmocka_unit_test(what_does_not_run_is_bad_and_says_why),
	    cmocka_unit_test(what_the_host_lacks_is_named),
	    cmocka_unit_test(a_trap_is_no_unknown_instruction),
	    cmocka_unit_test(a_program_for_another_machine_is_named),
	    cmocka_unit_test(a_loop_of_deadly_signals_is_the_hosts),
	    cmocka_unit_test(a_cage_that_fails_says_nothing_of_the_build),
	    cmocka_unit_test(sentences_are_clean_lines),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/check", tests, NULL, NULL);
}
