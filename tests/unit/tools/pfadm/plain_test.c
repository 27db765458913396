/*
 * Text of strangers on its way to a screen: nothing of it does anything there.
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

#include "tools/pfadm/plain.h"

static void
expect(const char *in, const char *wanted)
{
	struct buf out = BUF_INIT;

	plain_add(&out, in, strlen(in));
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
}

static void
plain_text_stays(void **state)
{
	(void)state;
	expect("", "");
	expect("png_read_row(a, b) <x> & 'y' \"z\" $(id)",
	    "png_read_row(a, b) <x> & 'y' \"z\" $(id)");
	expect("gr\303\274n \344\270\255 \360\237\220\274",
	    "gr\303\274n \344\270\255 \360\237\220\274");
	expect("two\nlines\tand a tab", "two\nlines\tand a tab");
}

static void
control_characters_are_written_out(void **state)
{
	(void)state;
	expect("\033[2J\033]0;x\007", "\\x1b[2J\\x1b]0;x\\x07");
	expect("a\rb\bc\177", "a\\x0db\\x08c\\x7f");
	expect("\302\233"
	       "31m",
	    "\\u009b31m"); /* CSI in one character */
}

static void
bytes_that_are_no_text_are_written_out(void **state)
{
	(void)state;
	expect("\377\300\200", "\\xff\\xc0\\x80");
	expect("\355\240\200", "\\xed\\xa0\\x80"); /* half of a pair */
	expect("cut \344\270", "cut \\xe4\\xb8");
}

static void
letters_that_turn_or_hide_are_written_out(void **state)
{
	(void)state;
	expect("safe\342\200\256lave", "safe\\u202elave");
	expect("\342\201\246x\342\201\251", "\\u2066x\\u2069");
	expect("a\342\200\213b\357\273\277", "a\\u200bb\\ufeff");
	expect("l1\342\200\250l2", "l1\\u2028l2");
	expect("t\363\240\201\201", "t\\ue0041");
}

static void
a_line_is_one_line_and_ends(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	plain_add_line(&out, "a\nb\tc", 5, 0);
	assert_string_equal(out.data, "a\\x0ab\\x09c");
	buf_reset(&out);
	plain_add_line(&out, "0123456789", 10, 4);
	assert_string_equal(out.data, "0123...");
	buf_reset(&out);
	plain_add_line(&out, "a\0b", 3, 0);
	assert_string_equal(out.data, "a\\x00b");
	buf_release(&out);
}

static void
json_stays_the_same_document(void **state)
{
	static const char in[] = "{\"a\":\"x\342\200\256y\302\233\",\"b\":"
				 "\"\363\240\201\201 gr\303\274n\",\"c\":1}";
	char text[200] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	plain_put_json(f, in, strlen(in));
	fclose(f);
	assert_string_equal(text,
	    "{\"a\":\"x\\u202ey\\u009b\",\"b\":\"\\udb40\\udc41 "
	    "gr\303\274n\",\"c\":1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_stays),
	    cmocka_unit_test(control_characters_are_written_out),
	    cmocka_unit_test(bytes_that_are_no_text_are_written_out),
	    cmocka_unit_test(letters_that_turn_or_hide_are_written_out),
	    cmocka_unit_test(a_line_is_one_line_and_ends),
	    cmocka_unit_test(json_stays_the_same_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
