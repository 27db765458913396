/* lib/base/text: nothing foreign passes unclean, numbers have one spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"
#include "lib/base/text.h"

static void
assert_clean(const char *in, size_t len, size_t cap, const char *want)
{
	struct buf out = BUF_INIT;

	text_clean(&out, in, len, cap);
	assert_string_equal(buf_text(&out), want);
	assert_int_equal(out.len, strlen(want));
	buf_release(&out);
}

static void
clean_text_passes_as_it_is(void **state)
{
	const char *text =
	    "a\tb\nc \"\\ \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xbc";

	(void)state;
	assert_clean(text, strlen(text), 100, text);
}

static void
controls_and_bad_bytes_become_hex(void **state)
{
	(void)state;
	assert_clean("a\x1b[0m", 5, 100, "a\\x1b[0m");
	assert_clean("\x7f\r\0", 3, 100, "\\x7f\\x0d\\x00");
	assert_clean("\xff\xfe", 2, 100, "\\xff\\xfe");
	assert_clean("\xc2\x9b", 2, 100, "\\xc2\\x9b"); /* C1: CSI */
	assert_clean("\xe2\x82", 2, 100, "\\xe2\\x82"); /* cut off */
}

static void
a_line_has_no_newline_and_no_tab(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	text_clean_line(&out, "a\n\tb", 4, 100);
	assert_string_equal(buf_text(&out), "a\\x0a\\x09b");
	buf_release(&out);
}

static void
long_text_is_cut_at_a_character(void **state)
{
	(void)state;
	assert_clean("abcdefgh", 8, 8, "abcdefgh");
	assert_clean("abcdefgh", 8, 7, "abcd...");
	assert_clean("abc\xe2\x82\xac"
		     "def",
	    9, 8, "abc...");
	assert_clean("ab\x01zzzz", 7, 8, "ab...");
	assert_clean("abcd", 4, 3, "...");
	assert_clean("abcd", 4, 0, "");
}

static void
cleaning_appends(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	buf_adds(&out, "kept ");
	text_clean(&out, "abcdefgh", 8, 5);
	assert_string_equal(out.data, "kept ab...");
	buf_release(&out);
}

static void
random_bytes_always_give_valid_utf8_within_the_cap(void **state)
{
	unsigned char in[64];
	struct buf out = BUF_INIT;
	size_t len, cap, i;
	int turn;

	(void)state;
	srandom(1);
	for (turn = 0; turn < 100000; turn++) {
		len = (size_t)random() % sizeof(in);
		cap = (size_t)random() % 100;
		for (i = 0; i < len; i++)
			in[i] = (unsigned char)(turn % 2 ? random()
							 : random() | 0x80);
		buf_reset(&out);
		text_clean(&out, in, len, cap);
		assert_true(out.len <= cap);
		assert_true(text_is_utf8(out.data, out.len));
		for (i = 0; i < out.len; i++)
			assert_true((unsigned char)out.data[i] >= 0x20 ||
			    out.data[i] == '\n' || out.data[i] == '\t');
	}
	buf_release(&out);
}

static void
utf8_is_judged_by_the_book(void **state)
{
	static const char *const good[] = {"", "a", "\xc2\x80", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
	    "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc1\xbf",
	    "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82",
	    "\xf0\x9f\x90", "\xc3(", "\xe2(\xac", "\xe2\x82("};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_int_equal(text_char("\xe2\x82\xac", 3), 3);
	assert_int_equal(text_char("\xe2\x82\xac", 2), 0);
	assert_int_equal(text_char("", 0), 0);
}

static void
copy_tells_when_it_cuts(void **state)
{
	char small[4];

	(void)state;
	assert_true(text_copy(small, sizeof(small), "abc"));
	assert_string_equal(small, "abc");
	assert_false(text_copy(small, sizeof(small), "abcd"));
	assert_string_equal(small, "abc");
	assert_false(text_copy(small, 0, "abcd"));
}

static void
decimal_numbers_have_one_spelling(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "01",
	    "00", "1a", "0x1", "18446744073709551616", "99999999999999999999",
	    "1.0"};
	uint64_t v = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_to_u64(&v, bad[i]), -1);
	assert_int_equal(v, 7);
	assert_int_equal(text_to_u64(&v, "0"), 0);
	assert_int_equal(v, 0);
	assert_int_equal(text_to_u64(&v, "18446744073709551615"), 0);
	assert_true(v == UINT64_MAX);
}

static void
hex_ids_have_16_lower_case_digits(void **state)
{
	static const char *const bad[] = {"", "5f3c9a01d2e4b67",
	    "5f3c9a01d2e4b6777", "5F3C9A01D2E4B677", "5f3c9a01d2e4b67g",
	    "0x3c9a01d2e4b677", " f3c9a01d2e4b677"};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_to_hex64(&v, bad[i]), -1);
	assert_int_equal(text_to_hex64(&v, "5f3c9a01d2e4b677"), 0);
	assert_true(v == UINT64_C(0x5f3c9a01d2e4b677));
	assert_string_equal(text_hex64(v).text, "5f3c9a01d2e4b677");
	assert_string_equal(text_hex64(10).text, "000000000000000a");
}

static void
durations_take_units(void **state)
{
	struct err e;
	uint64_t v;

	(void)state;
	assert_int_equal(text_to_duration(&v, "250ms", &e), 0);
	assert_int_equal(v, 250);
	assert_int_equal(text_to_duration(&v, "90", &e), 0);
	assert_int_equal(v, 90000);
	assert_int_equal(text_to_duration(&v, "30s", &e), 0);
	assert_int_equal(v, 30000);
	assert_int_equal(text_to_duration(&v, "5m", &e), 0);
	assert_int_equal(v, 300000);
	assert_int_equal(text_to_duration(&v, "1h", &e), 0);
	assert_int_equal(v, 3600000);
	assert_int_equal(text_to_duration(&v, "7d", &e), 0);
	assert_int_equal(v, 604800000);
	assert_int_equal(text_to_duration(&v, "5x", &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(text_to_duration(&v, "s", &e), -1);
	assert_int_equal(text_to_duration(&v, "1h30m", &e), -1);
	assert_int_equal(text_to_duration(&v, "18446744073709551615d", &e), -1);
}

static void
sizes_take_binary_units(void **state)
{
	struct err e;
	uint64_t v;

	(void)state;
	assert_int_equal(text_to_size(&v, "4096", &e), 0);
	assert_int_equal(v, 4096);
	assert_int_equal(text_to_size(&v, "10KiB", &e), 0);
	assert_int_equal(v, 10240);
	assert_int_equal(text_to_size(&v, "64MiB", &e), 0);
	assert_int_equal(v, 64 << 20);
	assert_int_equal(text_to_size(&v, "2GiB", &e), 0);
	assert_true(v == UINT64_C(2) << 30);
	assert_int_equal(text_to_size(&v, "2GB", &e), -1);
	assert_int_equal(text_to_size(&v, "-1", &e), -1);
	assert_int_equal(text_to_size(&v, "99999999TiB", &e), -1);
}

static void
numbers_for_people_are_short(void **state)
{
	(void)state;
	assert_string_equal(text_size(0).text, "0 B");
	assert_string_equal(text_size(1023).text, "1023 B");
	assert_string_equal(text_size(1024).text, "1.0 KiB");
	assert_string_equal(text_size(UINT64_C(1536) << 20).text, "1.5 GiB");
	assert_string_equal(text_size(UINT64_MAX).text, "15.9 EiB");
	assert_string_equal(text_ago(999).text, "now");
	assert_string_equal(text_ago(59999).text, "59s");
	assert_string_equal(text_ago(200000).text, "3m");
	assert_string_equal(text_ago(7300000).text, "2h");
	assert_string_equal(text_ago(UINT64_C(86400000) * 40).text, "40d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_text_passes_as_it_is),
	    cmocka_unit_test(controls_and_bad_bytes_become_hex),
	    cmocka_unit_test(a_line_has_no_newline_and_no_tab),
	    cmocka_unit_test(long_text_is_cut_at_a_character),
	    cmocka_unit_test(cleaning_appends),
	    cmocka_unit_test(
		random_bytes_always_give_valid_utf8_within_the_cap),
	    cmocka_unit_test(utf8_is_judged_by_the_book),
	    cmocka_unit_test(copy_tells_when_it_cuts),
	    cmocka_unit_test(decimal_numbers_have_one_spelling),
	    cmocka_unit_test(hex_ids_have_16_lower_case_digits),
	    cmocka_unit_test(durations_take_units),
	    cmocka_unit_test(sizes_take_binary_units),
	    cmocka_unit_test(numbers_for_people_are_short),
	};

	return cmocka_run_group_tests_name("lib/base/text", tests, NULL, NULL);
}
