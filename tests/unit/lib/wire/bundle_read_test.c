/* lib/wire/bundle_read: any bytes end in exactly one verdict (PROTOCOL 14). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "tests/unit/lib/wire/bundles.h"

#define HEADER                                                        \
	"{\"pfb\":1,\"kind\":\"corpus\",\"account\":\"local\","       \
	"\"bot\":\"b1\",\"epoch\":\"5f3c9a01d2e4b677\",\"seq\":1,"    \
	"\"lease\":null,\"job\":null,\"build\":null,\"target\":null," \
	"\"sealed\":0,\"trace\":\"\"}\n"
#define SHA_X "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define UNIT_X                                  \
	"{\"rec\":\"unit\",\"sha256\":\"" SHA_X \
	"\",\"features\":0,\"size\":1}\nx\n"

static void
assert_end(const struct buf *bundle, enum bundle_step want, const char *what)
{
	struct err why = {0};
	enum bundle_step got = judge(bundle, NULL, 0, NULL, &why);

	if (got != want)
		fail_msg("%s: is %s ('%s'), should be %s", what, step_name(got),
		    why.text, step_name(want));
	if (want != STEP_OK && why.text[0] == '\0')
		fail_msg("%s: %s without a reason", what, step_name(got));
	/* A wrong count is the last thing that is looked at. */
	if (strstr(why.text, "counts") != NULL &&
	    strncmp(what, "one too", 7) != 0)
		fail_msg("%s: only its count is wrong", what);
}

static void
a_sound_bundle_is_ok_however_it_is_read(void **state)
{
	struct buf b = BUF_INIT;
	struct digest whole, bytewise;

	(void)state;
	sample_bundle(&b);
	assert_int_equal(judge(&b, NULL, 0, &whole, NULL), STEP_OK);
	assert_int_equal(judge(&b, NULL, 1, &bytewise, NULL), STEP_OK);
	assert_true(digest_equal(&whole, &bytewise));
	buf_release(&b);
}

static void
every_truncation_is_damaged(void **state)
{
	struct buf b = BUF_INIT, cut;
	char what[40];

	(void)state;
	sample_bundle(&b);
	cut = b;
	for (cut.len = 0; cut.len < b.len; cut.len++) {
		snprintf(what, sizeof(what), "%zu bytes", cut.len);
		assert_end(&cut, STEP_DAMAGED, what);
	}
	buf_release(&b);
}

/*
 * Some bits mean nothing: most of the head (FTEXT, MTIME, XFL, OS), what fills
 * the last byte of the stream, codes that it does not use.  They are few, and
 * flipping one changes nothing.
 */
#define MEANINGLESS_MOST 96

static void
no_flipped_bit_gives_other_content(void **state)
{
	struct buf b = BUF_INIT;
	struct digest content, flipped;
	enum bundle_step end;
	int meaningless = 0;
	size_t bit;

	(void)state;
	sample_bundle(&b);
	assert_int_equal(judge(&b, NULL, 0, &content, NULL), STEP_OK);
	for (bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		end = judge(&b, NULL, 0, &flipped, NULL);
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		if (end == STEP_OK && digest_equal(&content, &flipped))
			meaningless++;
		else if (end != STEP_DAMAGED)
			fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8,
			    step_name(end));
	}
	assert_in_range(meaningless, 1, MEANINGLESS_MOST);
	buf_release(&b);
}

static void
bytes_after_the_end_are_damage(void **state)
{
	struct buf b = BUF_INIT, twice = BUF_INIT;

	(void)state;
	sample_bundle(&b);
	buf_add(&twice, b.data, b.len);
	buf_addc(&twice, '\0');
	assert_end(&twice, STEP_DAMAGED, "one byte after it");
	buf_reset(&twice);
	buf_add(&twice, b.data, b.len);
	buf_add(&twice, b.data, b.len);
	assert_end(&twice, STEP_DAMAGED, "a second member");
	buf_release(&b);
	buf_release(&twice);
}

static void
what_is_no_gzip_is_damaged(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_end(&b, STEP_DAMAGED, "no byte");
	buf_adds(&b, HEADER UNIT_X);
	assert_end(&b, STEP_DAMAGED, "plain text");
	buf_reset(&b);
	gzip_bytes(&b, "", 0, 6);
	assert_end(&b, STEP_DAMAGED, "an empty member");
	buf_reset(&b);
	gzip_bytes(&b, HEADER, strlen(HEADER), 6);
	assert_end(&b, STEP_DAMAGED, "no end record");
	buf_release(&b);
}

static const struct {
	const char *what, *lines;
} against_the_rules[] = {
    {"no line at all", ""},
    {"an empty line", "\n"},
    {"a record before the header", UNIT_X},
    {"the header twice", HEADER HEADER},
    {"an unknown kind",
	"{\"pfb\":1,\"kind\":\"poem\",\"account\":\"local\","
	"\"bot\":\"b1\",\"epoch\":\"5f3c9a01d2e4b677\",\"seq\":1,"
	"\"lease\":null,\"job\":null,\"build\":null,\"target\":null,"
	"\"sealed\":0,\"trace\":\"\"}\n"},
    {"pfb 0", "{\"pfb\":0}\n"},
    {"pfb negative", "{\"pfb\":-1}\n"},
    {"pfb no number", "{\"pfb\":\"2\"}\n"},
    {"a header without its bot",
	"{\"pfb\":1,\"kind\":\"corpus\",\"account\":\"local\","
	"\"epoch\":\"5f3c9a01d2e4b677\",\"seq\":1,"
	"\"lease\":null,\"job\":null,\"build\":null,\"target\":null,"
	"\"sealed\":0,\"trace\":\"\"}\n"},
    {"a bot's name that is a path",
	"{\"pfb\":1,\"kind\":\"corpus\",\"account\":\"local\","
	"\"bot\":\"../b\",\"epoch\":\"5f3c9a01d2e4b677\",\"seq\":1,"
	"\"lease\":null,\"job\":null,\"build\":null,\"target\":null,"
	"\"sealed\":0,\"trace\":\"\"}\n"},
    {"an unknown record", HEADER "{\"rec\":\"poem\"}\n"},
    {"a record without its type", HEADER "{\"size\":1}\nx\n"},
    {"an unknown key",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"colour\":1,\"size\":1}\nx\n"},
    {"a missing key",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X "\",\"size\":1}\nx\n"},
    {"a missing payload",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X "\",\"features\":0}\n"},
    {"a key twice",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"features\":0,\"size\":1}\nx\n"},
    {"a record of another kind of bundle",
	HEADER "{\"rec\":\"report\",\"size\":1}\nx\n"},
    {"a digest that is not the payload's",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":1}\ny\n"},
    {"a payload longer than its size",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":1}\nxx\n"},
    {"a payload without its newline",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":1}\nx" UNIT_X},
    {"a payload followed by another byte",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":1}\nxz" UNIT_X},
    {"a size that swallows the end",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":67108864}\nx\n"},
    {"a size over the limit",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":67108865}\nx\n"},
    {"a size of 2^64",
	HEADER "{\"rec\":\"unit\",\"sha256\":\"" SHA_X
	       "\",\"features\":0,\"size\":18446744073709551616}\nx\n"},
    {"a value missing", HEADER "{\"rec\":}\n"},
    {"an array", HEADER "[1,2]\n"},
    {"an object in an object", HEADER "{\"rec\":{\"rec\":\"unit\"}}\n"},
    {"bad UTF-8", HEADER "{\"rec\":\"\xff\"}\n"},
    {"an overlong UTF-8", HEADER "{\"rec\":\"\xc0\xaf\"}\n"},
    {"a NUL escape", HEADER "{\"rec\":\"unit\\u0000\"}\n"},
    {"half a surrogate", HEADER "{\"rec\":\"\\ud800\"}\n"},
    {"something after the object", HEADER "{\"rec\":\"os\"} 1\n"},
    {"a carriage return", HEADER "{\"end\":true\r}\r\n"},
    {"an end record in the middle",
	HEADER "{\"end\":true,\"records\":1,\"sha256\":\"" SHA_X
	       "\"}\n" UNIT_X},
    {"an odd end record in the middle", HEADER "{\"end\":1}\n" UNIT_X},
};

#define RULES (sizeof(against_the_rules) / sizeof(against_the_rules[0]))

/* Only a size that reaches over the end looks like a file cut short. */
static enum bundle_step
expected(const char *what)
{
	return strcmp(what, "a size that swallows the end") == 0 ? STEP_DAMAGED
								 : STEP_REFUSED;
}

static void
what_was_sealed_against_the_rules_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RULES; i++) {
		const char *lines = against_the_rules[i].lines;

		buf_reset(&b);
		seal_lines(&b, lines, strlen(lines), -1);
		assert_end(&b, expected(against_the_rules[i].what),
		    against_the_rules[i].what);
	}
	buf_release(&b);
}

static void
the_same_without_a_proof_is_damaged(void **state)
{
	struct buf b = BUF_INIT, lines = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RULES; i++) {
		buf_reset(&b);
		buf_reset(&lines);
		buf_adds(&lines, against_the_rules[i].lines);
		buf_adds(&lines,
		    "{\"end\":true,\"records\":1,\"sha256\":\"" SHA_X "\"}\n");
		gzip_bytes(&b, lines.data, lines.len, 6);
		assert_end(&b, STEP_DAMAGED, against_the_rules[i].what);
	}
	buf_release(&b);
	buf_release(&lines);
}

static void
assert_sealed(const struct buf *lines, int records, enum bundle_step want,
    const char *what)
{
	struct buf b = BUF_INIT;

	seal_lines(&b, lines->data, lines->len, records);
	assert_end(&b, want, what);
	buf_release(&b);
}

static void
an_end_that_counts_wrong_is_refused(void **state)
{
	struct buf lines = BUF_INIT;

	(void)state;
	buf_adds(&lines, HEADER UNIT_X);
	assert_sealed(&lines, 2, STEP_OK, "two lines and a payload");
	assert_sealed(&lines, 3, STEP_REFUSED, "one too many");
	assert_sealed(&lines, 1, STEP_REFUSED, "one too few");
	buf_release(&lines);
}

static void
long_lines_and_nesting_bombs_are_refused(void **state)
{
	struct buf lines = BUF_INIT;
	size_t i;

	(void)state;
	buf_adds(&lines, HEADER "{\"rec\":\"");
	for (i = 0; i < 300000; i++)
		buf_addc(&lines, 'a');
	buf_adds(&lines, "\"}\n");
	assert_sealed(&lines, -1, STEP_REFUSED, "a line of 300,000 bytes");

	buf_reset(&lines);
	buf_adds(&lines, HEADER);
	for (i = 0; i < 4000; i++)
		buf_addc(&lines, '[');
	buf_addc(&lines, '\n');
	assert_sealed(&lines, -1, STEP_REFUSED, "4,000 brackets");

	buf_reset(&lines);
	buf_adds(&lines, HEADER "{\"rec\":\"unit\"");
	for (i = 0; i < 100; i++)
		buf_printf(&lines, ",\"k%zu\":%zu", i, i);
	buf_adds(&lines, "}\n");
	assert_sealed(&lines, -1, STEP_REFUSED, "200 tokens");
	buf_release(&lines);
}

/* The longest line is 4,096 bytes with its newline. */
static void
a_line_is_measured_with_its_newline(void **state)
{
	struct buf lines = BUF_INIT;
	size_t i, extra;

	(void)state;
	for (extra = 0; extra < 2; extra++) {
		buf_reset(&lines);
		buf_adds(&lines, HEADER);
		/* Blanks between tokens are JSON. */
		for (i = strlen(UNIT_X) - 2; i < BUNDLE_LINE_MAX + extra; i++)
			buf_addc(&lines, ' ');
		buf_adds(&lines, UNIT_X);
		assert_sealed(&lines, 2, extra == 0 ? STEP_OK : STEP_REFUSED,
		    extra == 0 ? "4,096 bytes" : "4,097 bytes");
	}
	buf_release(&lines);
}

static void
a_newer_version_is_held_when_it_is_whole(void **state)
{
	static const char newer[] =
	    "{\"pfb\":2,\"new\":\"\"}\n{\"what\":[{}]}\nanything \xff\n";
	struct buf lines = BUF_INIT, b = BUF_INIT;
	size_t i;

	(void)state;
	buf_adds(&lines, newer);
	assert_sealed(&lines, 3, STEP_HELD, "three lines");
	/* Longer than any buffer of the reader. */
	for (i = 0; i < 100000; i++)
		buf_printf(&lines, "%zu\n", i);
	assert_sealed(&lines, 7, STEP_HELD, "100,000 lines");
	seal_lines(&b, lines.data, lines.len, 7);
	b.len -= 9;
	assert_end(&b, STEP_DAMAGED, "cut short");
	buf_release(&b);
	buf_release(&lines);
}

static void
limits_refuse(void **state)
{
	const struct {
		const char *what;
		struct bundle_limits limits;
		enum bundle_step want;
	} cases[] = {
	    {"all just right", {10000, 10000, 1, 2}, STEP_OK},
	    {"a payload over", {10000, 10000, 0, 2}, STEP_REFUSED},
	    {"a record over", {10000, 10000, 1, 1}, STEP_REFUSED},
	    {"inflated over", {10000, 300, 1, 2}, STEP_REFUSED},
	    {"the file over", {100, 10000, 1, 2}, STEP_REFUSED},
	};
	struct buf b = BUF_INIT;
	struct err why;
	size_t i;

	(void)state;
	seal_lines(&b, HEADER UNIT_X, strlen(HEADER UNIT_X), 2);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (judge(&b, &cases[i].limits, 0, NULL, &why) != cases[i].want)
			fail_msg("%s: %s", cases[i].what, why.text);
	buf_release(&b);
}

/* 64 MiB of nothing in 64 KiB: stopped at the limit, in little time. */
static void
a_bomb_is_refused_at_the_limit(void **state)
{
	const struct bundle_limits limits = {1 << 20, 1 << 20, 1 << 20, 100};
	struct buf lines = BUF_INIT, b = BUF_INIT;
	const size_t size = 64u << 20;

	(void)state;
	buf_adds(&lines, HEADER);
	buf_grow(&lines, size);
	memset(lines.data + lines.len, 0, size);
	lines.len += size;
	buf_addc(&lines, '\n');
	seal_lines(&b, lines.data, lines.len, 2);
	assert_true(b.len < 100000);
	assert_int_equal(judge(&b, &limits, 0, NULL, NULL), STEP_REFUSED);
	buf_release(&lines);
	buf_release(&b);
}

static long
no_source(void *arg, void *bytes, size_t len)
{
	(void)arg;
	(void)bytes;
	(void)len;
	errno = EIO;
	return -1;
}

/* An I/O error says nothing about the bundle. */
static void
a_source_that_fails_is_no_verdict(void **state)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct bundle_reader *r;
	struct err e = {0};

	(void)state;
	r = bundle_reader_new(no_source, NULL, &BUNDLE_LIMITS);
	assert_int_equal(bundle_read(r, item, &e), -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	assert_int_equal(e.sys, EIO);
	bundle_reader_free(r);
	free(item);
}

static void
reading_after_the_end_is_our_bug(void **state)
{
	struct bundle_item *item = mem_alloc(sizeof(*item));
	int fd = memory_file();
	struct bundle_reader *r;
	struct err e = {0};

	(void)state;
	r = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	assert_int_equal(bundle_read(r, item, &e), 0);
	assert_int_equal(item->step, STEP_DAMAGED);
	assert_int_equal(bundle_read(r, item, &e), -1);
	assert_int_equal(e.cls, ERR_BUG);
	bundle_reader_free(r);
	close(fd);
	free(item);
}

/* Sealed bytes that were changed at random: any verdict, but one. */
static void
random_changes_end_in_a_verdict(void **state)
{
	struct buf lines = BUF_INIT, b = BUF_INIT;
	enum bundle_step end;
	int round, i;

	(void)state;
	for (round = 0; round < 3000; round++) {
		buf_reset(&lines);
		buf_reset(&b);
		buf_adds(&lines, HEADER UNIT_X UNIT_X);
		for (i = 0; i < 1 + round % 4; i++)
			lines.data[random_below(lines.len)] =
			    (char)random_below(256);
		seal_lines(&b, lines.data, lines.len, 3);
		end = judge(&b, NULL, 1 + random_below(64), NULL, NULL);
		assert_in_range(end, STEP_OK, STEP_HELD);
	}
	buf_release(&lines);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sound_bundle_is_ok_however_it_is_read),
	    cmocka_unit_test(every_truncation_is_damaged),
	    cmocka_unit_test(no_flipped_bit_gives_other_content),
	    cmocka_unit_test(bytes_after_the_end_are_damage),
	    cmocka_unit_test(what_is_no_gzip_is_damaged),
	    cmocka_unit_test(what_was_sealed_against_the_rules_is_refused),
	    cmocka_unit_test(the_same_without_a_proof_is_damaged),
	    cmocka_unit_test(an_end_that_counts_wrong_is_refused),
	    cmocka_unit_test(long_lines_and_nesting_bombs_are_refused),
	    cmocka_unit_test(a_line_is_measured_with_its_newline),
	    cmocka_unit_test(a_newer_version_is_held_when_it_is_whole),
	    cmocka_unit_test(limits_refuse),
	    cmocka_unit_test(a_bomb_is_refused_at_the_limit),
	    cmocka_unit_test(a_source_that_fails_is_no_verdict),
	    cmocka_unit_test(reading_after_the_end_is_our_bug),
	    cmocka_unit_test(random_changes_end_in_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
