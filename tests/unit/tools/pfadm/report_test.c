/*
 * A report with the frames that triage looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pfadm/report.h"

static const char report[] =
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\n"
    "READ of size 4 at 0x6 thread T0\n"
    "    #0 0x51 in __asan_memcpy /b/asan.cpp:22:3\n"
    "    #1 0x52 in take(int) /src/chunk.c:10:2\n"
    "    #2 0x53 in LLVMFuzzerTestOneInput /src/t.c:3\n"
    "freed by thread T0 here:\n"
    "    #0 0x61 in free (/out/t+0x5)\n"
    "    #1 0x62 in drop /src/chunk.c:30:2\n";

static const char frames[] =
    "[{\"stack\":\"crash\",\"n\":0,\"function\":\"__asan_memcpy\","
    "\"role\":\"interceptor\",\"state\":false},"
    "{\"stack\":\"crash\",\"n\":1,\"function\":\"take(int)\",\"file\":"
    "\"/src/chunk.c\",\"line\":10,\"role\":\"none\",\"state\":true},"
    "{\"stack\":\"crash\",\"n\":2,\"function\":\"LLVMFuzzerTestOneInput\","
    "\"role\":\"driver\"},"
    "{\"stack\":\"freed\",\"n\":0,\"function\":\"\",\"module\":\"/out/t\","
    "\"offset\":5,\"role\":\"allocator\"},"
    "{\"stack\":\"freed\",\"n\":1,\"function\":\"drop\",\"role\":\"\"}]";

static struct json *
parse(const char *text)
{
	struct err e;
	struct json *j = json_parse(text, strlen(text), &JSON_REPLY, &e);

	assert_non_null(j);
	return j;
}

static void
expect(const char *text, const char *list, bool color, const char *wanted)
{
	struct look look = {.color = color};
	struct json *j = parse(list);
	struct buf out = BUF_INIT;

	report_mark(&out, text, strlen(text), json_root(j), 0, &look);
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
	json_free(j);
}

static void
frames_of_the_state_are_marked_and_others_have_their_role(void **state)
{
	(void)state;
	expect(report, frames, false,
	    "  ==7==ERROR: AddressSanitizer: heap-use-after-free on address "
	    "0x6\n"
	    "  READ of size 4 at 0x6 thread T0\n"
	    "      #0 0x51 in __asan_memcpy /b/asan.cpp:22:3  [interceptor]\n"
	    ">     #1 0x52 in take(int) /src/chunk.c:10:2\n"
	    "      #2 0x53 in LLVMFuzzerTestOneInput /src/t.c:3  [driver]\n"
	    "  freed by thread T0 here:\n"
	    "      #0 0x61 in free (/out/t+0x5)  [allocator]\n"
	    "      #1 0x62 in drop /src/chunk.c:30:2\n");
}

static void
colour_is_never_the_only_sign(void **state)
{
	(void)state;
	expect("#1 0x5 in take(int) x.c:1\n#2 in LLVMFuzzerTestOneInput\n",
	    frames, true,
	    "\033[1m> #1 0x5 in take(int) x.c:1\033[0m\n"
	    "\033[2m  #2 in LLVMFuzzerTestOneInput  [driver]\033[0m\n");
}

static void
lines_of_strangers_are_harmless(void **state)
{
	(void)state;
	expect("\033[2Jhello\r\n    #1 in other\n#99999999999999999999 x\n#",
	    frames, false,
	    "  \\x1b[2Jhello\\x0d\n      #1 in other\n"
	    "  #99999999999999999999 x\n  #\n");
	expect("", frames, false, "");
	expect("x\n", "[]", false, "  x\n");
}

static void
long_reports_are_cut_and_counted(void **state)
{
	struct look look = {.tty = false};
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(report_mark(&out, "a\nb\nc\nd", 7, NULL, 2, &look), 2);
	assert_string_equal(out.data, "  a\n  b\n");
	buf_release(&out);
}

static void
frames_alone_are_shown_by_stack(void **state)
{
	struct look look = {.tty = false};
	struct json *j = parse(frames);
	struct buf out = BUF_INIT;

	(void)state;
	report_frames(&out, json_root(j), &look);
	assert_string_equal(out.data,
	    "  crash:\n"
	    "      #0 __asan_memcpy  [interceptor]\n"
	    ">     #1 take(int) /src/chunk.c:10\n"
	    "      #2 LLVMFuzzerTestOneInput  [driver]\n"
	    "  freed:\n"
	    "      #0  (/out/t+0x5)  [allocator]\n"
	    "      #1 drop\n");
	buf_release(&out);
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		frames_of_the_state_are_marked_and_others_have_their_role),
	    cmocka_unit_test(colour_is_never_the_only_sign),
	    cmocka_unit_test(lines_of_strangers_are_harmless),
	    cmocka_unit_test(long_reports_are_cut_and_counted),
	    cmocka_unit_test(frames_alone_are_shown_by_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
