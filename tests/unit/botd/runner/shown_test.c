/* botd/runner/shown: one input, several signatures. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/botd/runner/world.h"

#define REPORT                                                           \
	"==1==ERROR: AddressSanitizer: heap-buffer-overflow on address " \
	"0x602000000056 at pc 0x55 bp 0x7f sp 0x7e\n"                    \
	"READ of size 1 at 0x602000000056 thread T0\n"                   \
	"    #0 0x55aac75d0d9d in png_read /src/png.c:5:11 (/b/t+0x1)\n" \
	"    #1 0x55aac75d0d9d in png_main /src/png.c:6:2 (/b/t+0x2)\n"
#define TIMEOUT "==7== ERROR: libFuzzer: timeout after 2 seconds\n"

static struct shown *
add(struct session *s, struct find *f, const char *report, bool again)
{
	struct outcome o = {.code = 77};
	struct shown *shown;

	buf_adds(&o.report, report);
	shown = shown_add(s, f, &o, again);
	buf_release(&o.report);
	return shown;
}

static struct find *
find_new(void)
{
	return mem_alloc(sizeof(struct find));
}

static void
runs_are_counted_by_signature(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct find *f = find_new();

	add(s, f, REPORT "from the session\n", false);
	add(s, f, REPORT, true);
	add(s, f, REPORT, true);
	add(s, f, TIMEOUT, true);
	assert_int_equal(f->shown_count, 2);
	assert_int_equal(f->shown[0].reproduced, 2);
	assert_int_equal(f->shown[1].reproduced, 1);
	assert_int_equal(f->shown[1].class, CLASS_TIMEOUT);
	/* The report is that of a run of its own. */
	assert_null(strstr(f->shown[0].report.data, "from the session"));
	/* One that says nothing belongs to the first. */
	add(s, f, "", true);
	assert_int_equal(f->shown_count, 2);
	assert_int_equal(f->shown[0].reproduced, 3);
	find_free(f);
}

static void
what_the_session_said_is_kept_when_it_is_not_seen_again(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct find *f = find_new();

	add(s, f, REPORT, false);
	assert_int_equal(f->shown_count, 1);
	assert_int_equal(f->shown[0].reproduced, 0);
	assert_string_equal(f->shown[0].report.data, REPORT);
	find_free(f);
}

static void
of_one_signature_a_few_are_sealed(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct find *f;
	int i, left_out = 0;

	for (i = 0; i < 8; i++) {
		f = find_new();
		add(s, f, REPORT, true);
		left_out += shown_sift(s, f);
		/* Looked at again, it counts once. */
		assert_int_equal(shown_sift(s, f), f->shown[0].left_out);
		find_free(f);
	}
	assert_int_equal(left_out, 3);
	for (i = 0; i < 3; i++) {
		f = find_new();
		add(s, f, TIMEOUT, true);
		assert_int_equal(shown_sift(s, f), i > 0);
		find_free(f);
	}
}

static void
inputs_of_a_ticket_are_never_left_out(void **state)
{
	struct session *s = world_session(*state, 0xc1);
	struct ticket_input in = {.size = 1};
	struct find *f;
	int i;

	for (i = 0; i < 8; i++) {
		f = find_new();
		f->input = &in;
		add(s, f, REPORT, true);
		assert_false(shown_sift(s, f));
		find_free(f);
	}
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(runs_are_counted_by_signature),
	    WORLD(what_the_session_said_is_kept_when_it_is_not_seen_again),
	    WORLD(of_one_signature_a_few_are_sealed),
	    WORLD(inputs_of_a_ticket_are_never_left_out),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/shown", tests, NULL, NULL);
}
