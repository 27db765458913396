/* botd/runner/cpu: the processor's model in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "botd/runner/runner_internal.h"
#include "lib/base/text.h"

static void
assert_model(const char *cpuinfo, const char *arch, const char *want)
{
	struct buf out = BUF_INIT;

	cpu_model(&out, cpuinfo, strlen(cpuinfo), arch);
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
}

static void
the_model_is_what_the_kernel_calls_it(void **state)
{
	(void)state;
	assert_model("processor\t: 0\nmodel\t\t: 2\n"
		     "model name\t: AMD EPYC 9654 96-Core Processor\n"
		     "processor\t: 1\nmodel name\t: another\n",
	    "x86_64", "AMD EPYC 9654 96-Core Processor");
	assert_model("model name : Intel(R) Xeon(R) CPU @ 2.20GHz", "x86_64",
	    "Intel(R) Xeon(R) CPU @ 2.20GHz");
}

static void
an_arm_is_named_by_implementer_and_part(void **state)
{
	(void)state;
	assert_model("processor\t: 0\nBogoMIPS\t: 243.75\n"
		     "CPU implementer\t: 0x41\nCPU architecture: 8\n"
		     "CPU variant\t: 0x3\nCPU part\t: 0xd0c\n",
	    "aarch64", "aarch64 0x41/0xd0c");
	assert_model("CPU implementer\t: 0x41\n", "aarch64", "aarch64");
}

static void
what_says_nothing_is_its_architecture(void **state)
{
	(void)state;
	assert_model("", "riscv64", "riscv64");
	assert_model("model name\t:\n", "x86_64", "x86_64");
	assert_model("model names : x\n:\n\n", "x86_64", "x86_64");
}

static void
odd_bytes_are_cleaned(void **state)
{
	struct buf out = BUF_INIT;
	char text[400] = "model name\t: a\033b\xff";

	(void)state;
	assert_model(text, "x86_64", "a\\x1bb\\xff");
	memset(text + 13, 'x', sizeof(text) - 14);
	cpu_model(&out, text, sizeof(text) - 1, "x86_64");
	assert_true(out.len > 0 && out.len <= 130);
	buf_release(&out);
}

static void
this_host_has_one(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	machine_cpu(&out);
	assert_true(out.len > 0);
	assert_null(strchr(out.data, '\n'));
	assert_true(text_is_utf8(out.data, out.len));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_model_is_what_the_kernel_calls_it),
	    cmocka_unit_test(an_arm_is_named_by_implementer_and_part),
	    cmocka_unit_test(what_says_nothing_is_its_architecture),
	    cmocka_unit_test(odd_bytes_are_cleaned),
	    cmocka_unit_test(this_host_has_one),
	};

	return cmocka_run_group_tests_name(
	    "botd/runner/cpu", tests, NULL, NULL);
}
