/* botd/engine/probe: what programs say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "botd/engine/probe.h"
#include "tests/unit/scratch.h"

static void
versions_are_found_behind_their_marks(void **state)
{
	static const struct {
		const char *text, *mark, *version;
	} cases[] = {
	    {"Debian clang version 14.0.6\nTarget: x86_64", "clang version",
		"14.0.6"},
	    {"clang version 17.0.0 (https://x)", "clang version", "17.0.0"},
	    {"afl-fuzz++4.04c based on afl by lcamtuf", "afl-fuzz", "4.04c"},
	    {"honggfuzz version 2.5 Copyright", "honggfuzz", "2.5"},
	    {"Debian LLVM version 14.0.6\n", "LLVM version", "14.0.6"},
	    {"clang version unknown\n14.0.6", "clang version", NULL},
	    {"something else 1.2", "clang version", NULL},
	    {"", "x", NULL},
	};
	struct buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		assert_int_equal(
		    probe_version(&out, cases[i].text, cases[i].mark),
		    cases[i].version != NULL);
		if (cases[i].version != NULL)
			assert_string_equal(out.data, cases[i].version);
	}
	buf_release(&out);
}

static void
program(struct scratch *s, const char *name, const char *script)
{
	char text[256];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	scratch_file(s->fd, name, text, strlen(text));
	assert_int_equal(fchmodat(s->fd, name, 0755, 0), 0);
}

static void
programs_of_this_host_are_asked(void **state)
{
	struct scratch *s = *state;
	const char *old = getenv("PATH");
	char *path = mem_strdup(old == NULL ? "/bin:/usr/bin" : old);
	struct buf out = BUF_INIT;

	setenv("PATH", s->path, 1);
	probe_engine(&out, &ENGINE_LIBFUZZER);
	assert_string_equal(out.data, "built into its targets");
	probe_programs(&out);
	assert_int_equal(out.len, 0);
	program(s, "clang", "echo 'clang version 15.0.7'");
	program(s, "llvm-symbolizer", "echo 'LLVM (x):'; exit 1");
	program(s, "afl-fuzz", "echo 'afl-fuzz++4.21c' >&2; exit 1");
	program(s, "honggfuzz", "exit 0");
	probe_engine(&out, &ENGINE_LIBFUZZER);
	assert_string_equal(
	    out.data, "built into its targets, clang 15.0.7, llvm-symbolizer");
	probe_programs(&out);
	assert_string_equal(out.data, "afl-fuzz 4.21c, honggfuzz");
	setenv("PATH", path, 1);
	free(path);
	buf_release(&out);
}

static void
a_limit_of_address_space_leaves_few_sanitizers(void **state)
{
	struct rlimit few = {UINT64_C(1) << 36, RLIM_INFINITY}, old;
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &few), 0);
	probe_sanitizers(&out);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_string_equal(out.data, "undefined\nnone");
	buf_release(&out);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(versions_are_found_behind_their_marks),
	    TEST(programs_of_this_host_are_asked),
	    TEST(a_limit_of_address_space_leaves_few_sanitizers),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/probe", tests, NULL, NULL);
}
