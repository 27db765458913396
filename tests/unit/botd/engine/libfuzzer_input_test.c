/* botd/engine/libfuzzer_input: where a crashing input came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "botd/engine/libfuzzer.h"

#define SHA1 "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc"

static void
assert_parents(const char *output, const char *want)
{
	struct buf out = BUF_INIT;

	libfuzzer_parents(&out, output, strlen(output));
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
}

static void
the_last_line_tells_unit_and_mutations(void **state)
{
	(void)state;
	assert_parents(
	    "#258\tREDUCE cov: 9 ft: 9 corp: 4/20b MS: 1 EraseBytes-\n"
	    "==1==ERROR: AddressSanitizer: SEGV\nSUMMARY: x\n"
	    "MS: 2 InsertByte-CMP- DE: \"SLOWLY\"-; base unit: " SHA1 "\n"
	    "0x61,\na\nartifact_prefix='a/'; Test unit written to a/crash-1\n",
	    "sha1:" SHA1 "\nmutation InsertByte\nmutation CMP\n");
}

static void
a_seed_has_no_parents(void **state)
{
	(void)state;
	assert_parents("MS: 0 ; base unit: "
		       "0000000000000000000000000000000000000000\n",
	    "");
	assert_parents("nothing\n", "");
	assert_parents("", "");
}

static void
odd_lines_are_taken_as_far_as_they_go(void **state)
{
	(void)state;
	assert_parents("MS: 3 A-$(id)-B-; base unit: 12", "mutation A\n");
	assert_parents("MS: ", "");
	assert_parents("MS: 1 Copy", "");
}

static void
flags_are_strategies(void **state)
{
	struct engine_plan p = ENGINE_PLAN_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	strv_add(&p.argv, "/work/build/t");
	strv_add(&p.argv, "-use_value_profile=1");
	strv_add(&p.argv, "-max_len=64");
	strv_add(&p.argv, "-timeout=25");
	strv_add(&p.argv, "-dict=/work/side/dict");
	libfuzzer_strategies(&out, &p);
	assert_string_equal(out.data,
	    "strategy value_profile\nstrategy max_len 64\n"
	    "strategy dictionary\n");
	buf_release(&out);
	engine_plan_release(&p);
}

static void
the_input_that_was_running_is_known(void **state)
{
	static const char text[] =
	    "Running: /c/a\nExecuted /c/a in 0 ms\nRunning: /c/ab\n==1==E";

	(void)state;
	assert_true(libfuzzer_came_to(text, strlen(text), "/c/ab"));
	assert_false(libfuzzer_came_to(text, strlen(text), "/c/a"));
	assert_false(libfuzzer_came_to(text, strlen(text), "/c/abc"));
	assert_false(libfuzzer_came_to("", 0, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_line_tells_unit_and_mutations),
	    cmocka_unit_test(a_seed_has_no_parents),
	    cmocka_unit_test(odd_lines_are_taken_as_far_as_they_go),
	    cmocka_unit_test(flags_are_strategies),
	    cmocka_unit_test(the_input_that_was_running_is_known),
	};

	return cmocka_run_group_tests_name(
	    "botd/engine/libfuzzer_input", tests, NULL, NULL);
}
