/* lib/wire/ids: the one gate for foreign names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"
#include "lib/wire/ids.h"

#define EPOCH "5f3c9a01d2e4b677"
#define A32   "aaaaaaaabbbbbbbbccccccccdddddddd"

static void
names_are_short_lower_case_words(void **state)
{
	static const char *const good[] = {"b", "b07", "0", "a-b-", A32};
	static const char *const bad[] = {"", "-b", "B", "a_b", "a.b", "a/b",
	    "..", "a b", "a\n", "\xc3\xa9", A32 "e", PROJECT_LOST};
	struct err e;
	struct name n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(name_parse(&n, "bot", good[i], &e), 0);
		assert_string_equal(n.text, good[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(name_parse(&n, "bot", bad[i], &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
}

static void
targets_are_safe_file_names(void **state)
{
	static const char *const good[] = {"T", "png_read@v1.2", "a.b-c@@"};
	static const char *const bad[] = {
	    "", ".", "..", ".x", "-x", "a/b", "a b", "a\\b", "a\x7f", "a+b"};
	struct target_name t;
	char longest[TARGET_MAX_LEN + 2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(target_name_parse(&t, good[i], NULL), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(target_name_parse(&t, bad[i], NULL), -1);
	memset(longest, 'x', sizeof(longest));
	longest[TARGET_MAX_LEN + 1] = '\0';
	assert_false(target_name_ok(longest));
	longest[TARGET_MAX_LEN] = '\0';
	assert_true(target_name_ok(longest));
}

static void
a_target_path_has_one_slash(void **state)
{
	static const char *const bad[] = {"", "/", "png", "png/", "/read",
	    "png/a/b", "PNG/read", "../read", "png/..", A32 "e/read"};
	struct target_name t;
	struct name p;
	size_t i;

	(void)state;
	assert_int_equal(target_path_parse(&p, &t, "png/read@1", NULL), 0);
	assert_string_equal(p.text, "png");
	assert_string_equal(t.text, "read@1");
	assert_int_equal(target_path_parse(&p, &t, A32 "/T", NULL), 0);
	/* The master's own project may be named, though no name is like it. */
	assert_int_equal(
	    target_path_parse(&p, &t, PROJECT_LOST "/read", NULL), 0);
	assert_string_equal(p.text, PROJECT_LOST);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(target_path_parse(&p, &t, bad[i], NULL), -1);
}

static void
bundle_names_are_parsed_from_the_right(void **state)
{
	static const struct {
		const char *name, *bot;
		uint64_t epoch, seq;
		enum bundle_class cls;
	} good[] = {
	    {"b07-" EPOCH "-1763-c.pfb", "b07", 0x5f3c9a01d2e4b677, 1763,
		BUNDLE_CRASH},
	    {"b-1-2-" EPOCH "-3-b.pfb", "b-1-2", 0x5f3c9a01d2e4b677, 3,
		BUNDLE_BULK},
	    {"b-" EPOCH "-7-" EPOCH "-8-h.pfb", "b-" EPOCH "-7",
		0x5f3c9a01d2e4b677, 8, BUNDLE_BEAT},
	    {"1--0000000000000001-1-b.pfb", "1-", 1, 1, BUNDLE_BULK},
	    {A32 "-ffffffffffffffff-9007199254740992-b.pfb", A32, UINT64_MAX,
		1ull << 53, BUNDLE_BULK},
	};
	struct bundle_id id;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(bundle_id_parse(&id, good[i].name, &e), 0);
		assert_string_equal(id.bot.text, good[i].bot);
		assert_int_equal(id.epoch, good[i].epoch);
		assert_int_equal(id.seq, good[i].seq);
		assert_int_equal(id.cls, good[i].cls);
		assert_string_equal(bundle_id_format(&id).text, good[i].name);
	}
}

static void
other_names_are_no_bundles(void **state)
{
	static const char *const bad[] = {"", ".pfb", "-.pfb", "---.pfb",
	    "b-" EPOCH "-1-b", "b-" EPOCH "-1-b.pfb ", "b-" EPOCH "-1-b.PFB",
	    "b-" EPOCH "-0-b.pfb", "b-" EPOCH "-01-b.pfb",
	    "b-" EPOCH "-+1-b.pfb", "b-" EPOCH "--1-b.pfb",
	    "b-" EPOCH "-1-x.pfb", "b-" EPOCH "-1-bb.pfb", "b-" EPOCH "-1-.pfb",
	    "b-" EPOCH "--b.pfb", "-" EPOCH "-1-b.pfb", EPOCH "-1-b.pfb",
	    "B-" EPOCH "-1-b.pfb", "b-5f3c9a01d2e4b67-1-b.pfb",
	    "b-5f3c9a01d2e4b6777-1-b.pfb", "b-5F3C9A01D2E4B677-1-b.pfb",
	    "b-0000000000000000-1-b.pfb",
	    "b-" EPOCH "-99999999999999999999-b.pfb",
	    "b-" EPOCH "-9223372036854775808-b.pfb", "../b-" EPOCH "-1-b.pfb",
	    ".b-" EPOCH "-1-b.pfb", "b-" EPOCH "-1-b.pfb.damaged-1",
	    A32 "e-" EPOCH "-1-b.pfb", A32 A32 A32 A32 "-" EPOCH "-1-b.pfb"};
	struct bundle_id id;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (bundle_id_parse(&id, bad[i], &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
}

/* Whatever the text: what is taken has one spelling only. */
static void
what_is_taken_is_formatted_back(void **state)
{
	char text[] = "b-" EPOCH "-12-b.pfb";
	char copy[sizeof(text)];
	struct bundle_id id;
	int i, taken = 0;

	(void)state;
	for (i = 0; i < 200000; i++) {
		memcpy(copy, text, sizeof(text));
		copy[random_below(sizeof(text) - 1)] =
		    "0123456789abcdefh-.pzA/"[random_below(23)];
		if (bundle_id_parse(&id, copy, NULL) == -1)
			continue;
		taken++;
		assert_string_equal(bundle_id_format(&id).text, copy);
	}
	assert_true(taken > 1000);
}

static void
beats_come_first_then_crashes_then_bulk(void **state)
{
	static const char *const order[] = {"b2-" EPOCH "-9-h.pfb",
	    "b1-" EPOCH "-2-c.pfb", "b1-" EPOCH "-10-c.pfb",
	    "b1-6000000000000000-1-c.pfb", "b2-" EPOCH "-1-c.pfb",
	    "b1-" EPOCH "-1-b.pfb"};
	const size_t count = sizeof(order) / sizeof(order[0]);
	struct bundle_id a, b;
	size_t i, j;

	(void)state;
	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++) {
			bundle_id_parse(&a, order[i], NULL);
			bundle_id_parse(&b, order[j], NULL);
			assert_int_equal(bundle_id_order(&a, &b) < 0, i < j);
			assert_int_equal(bundle_id_order(&a, &b) > 0, i > j);
		}
}

static void
words_are_for_engines_and_states(void **state)
{
	(void)state;
	assert_true(word_ok("libfuzzer"));
	assert_true(word_ok("x86_64"));
	assert_true(word_ok("afl++"));
	assert_true(word_ok("0123456789012345678901234567890"));
	assert_false(word_ok("01234567890123456789012345678901"));
	assert_false(word_ok(""));
	assert_false(word_ok("+a"));
	assert_false(word_ok("a b"));
	assert_false(word_ok("A"));
	assert_false(word_ok("a\"b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_short_lower_case_words),
	    cmocka_unit_test(targets_are_safe_file_names),
	    cmocka_unit_test(a_target_path_has_one_slash),
	    cmocka_unit_test(bundle_names_are_parsed_from_the_right),
	    cmocka_unit_test(other_names_are_no_bundles),
	    cmocka_unit_test(what_is_taken_is_formatted_back),
	    cmocka_unit_test(beats_come_first_then_crashes_then_bulk),
	    cmocka_unit_test(words_are_for_engines_and_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
