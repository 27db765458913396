/* lib/base/config: defaults, single keys, and what was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/config_internal.h"
#include "lib/base/config_retry.h"

struct settings {
	char *name, *empty;
	uint64_t slots, wait, reserve, factor, most;
	bool keep;
	int link;
	char **tags, **none, **some;
	struct config_share share;
};

static const char *const links[] = {"sftp", "dir", NULL};
static const char *const fruit[] = {"apple", "pear", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0, false },
	{ "empty", CONFIG_STRING, AT(empty), NULL, NULL, 0, 0, false },
	{ "slots", CONFIG_U64, AT(slots), "2", NULL, 1, 64, false },
	{ "most", CONFIG_U64, AT(most), "unlimited", config_unlimited, 0, 9,
	    false },
	{ "limits.wait", CONFIG_DURATION, AT(wait), "30s", NULL, 1000, 60000,
	    false },
	{ "limits.disk_reserve", CONFIG_SIZE, AT(reserve), "1GiB", NULL, 4096,
	    0, false },
	{ "factor", CONFIG_FACTOR, AT(factor), "1.5", NULL, 1000, 0, false },
	{ "keep", CONFIG_BOOL, AT(keep), "yes", NULL, 0, 0, false },
	{ "link", CONFIG_ENUM, AT(link), "dir", links, 0, 0, false },
	{ "tags", CONFIG_LIST, AT(tags), "a, b c ,d", NULL, 0, 0, false },
	{ "none", CONFIG_LIST, AT(none), NULL, NULL, 0, 0, false },
	{ "some", CONFIG_LIST, AT(some), "pear", fruit, 0, 0, false },
	{ "share", CONFIG_SHARE, AT(share), "5%/1GiB", NULL, 0, 0, false },
};
/* clang-format on */

static const struct config_table table = {.program = "test",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings)};

static void
defaults_fill_every_field(void **state)
{
	struct settings s;

	(void)state;
	memset(&s, 0xaa, sizeof(s));
	config_defaults(&table, &s);
	assert_string_equal(s.name, "b1");
	assert_string_equal(s.empty, "");
	assert_int_equal(s.slots, 2);
	assert_true(s.most == UINT64_MAX);
	assert_int_equal(s.wait, 30000);
	assert_int_equal(s.reserve, 1 << 30);
	assert_int_equal(s.factor, 1500);
	assert_true(s.keep);
	assert_int_equal(s.link, 1);
	assert_string_equal(s.tags[0], "a");
	assert_string_equal(s.tags[1], "b c");
	assert_string_equal(s.tags[2], "d");
	assert_null(s.tags[3]);
	assert_null(s.none[0]);
	assert_int_equal(s.share.percent, 5);
	assert_int_equal(s.share.bytes, 1 << 30);
	config_release(&table, &s);
	assert_null(s.name);
	assert_null(s.tags);
	assert_int_equal(s.slots, 0);
}

static void
a_key_can_be_set_from_text(void **state)
{
	struct settings s;

	(void)state;
	config_defaults(&table, &s);
	assert_int_equal(config_set(&table, &s, "name", "b2", NULL), 0);
	assert_int_equal(config_set(&table, &s, "slots", "64", NULL), 0);
	assert_int_equal(config_set(&table, &s, "most", "9", NULL), 0);
	assert_int_equal(config_set(&table, &s, "limits.wait", "1m", NULL), 0);
	assert_int_equal(config_set(&table, &s, "keep", "false", NULL), 0);
	assert_int_equal(config_set(&table, &s, "link", "sftp", NULL), 0);
	assert_int_equal(config_set(&table, &s, "tags", "", NULL), 0);
	assert_int_equal(config_set(&table, &s, "none", "x,y", NULL), 0);
	assert_int_equal(config_set(&table, &s, "some", "pear,apple", NULL), 0);
	assert_string_equal(s.name, "b2");
	assert_int_equal(s.slots, 64);
	assert_int_equal(s.most, 9);
	assert_int_equal(s.wait, 60000);
	assert_false(s.keep);
	assert_int_equal(s.link, 0);
	assert_null(s.tags[0]);
	assert_string_equal(s.none[1], "y");
	assert_string_equal(s.some[1], "apple");
	config_release(&table, &s);
}

static void
assert_wrong(const char *name, const char *text, const char *sentence)
{
	struct settings s;
	struct err e;

	config_defaults(&table, &s);
	assert_int_equal(config_set(&table, &s, name, text, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(e.text, sentence);
	assert_int_equal(config_set(&table, &s, name, text, NULL), -1);
	assert_int_equal(s.slots, 2);
	config_release(&table, &s);
}

static void
a_wrong_value_says_what_is_allowed(void **state)
{
	(void)state;
	assert_wrong(
	    "slots", "0", "key 'slots': '0' is too small; expected 1 to 64");
	assert_wrong(
	    "slots", "65", "key 'slots': '65' is too large; expected 1 to 64");
	assert_wrong("slots", "two",
	    "key 'slots': 'two' is not a whole number; expected 1 to 64");
	assert_wrong("most", "10",
	    "key 'most': '10' is too large; expected 0 to 9 or unlimited");
	assert_wrong("limits.wait", "2m",
	    "key 'limits.wait': '2m' is too large; expected 1s to 1m");
	assert_wrong("limits.wait", "soon",
	    "key 'limits.wait': 'soon' is not a duration such as 250ms, 30s, "
	    "5m, 1h or 7d; expected 1s to 1m");
	assert_wrong("limits.disk_reserve", "1",
	    "key 'limits.disk_reserve': '1' is too small; expected at least "
	    "4KiB");
	assert_wrong("keep", "maybe",
	    "key 'keep': 'maybe' is not true, false, yes or no");
	assert_wrong("link", "stfp",
	    "key 'link': 'stfp' is none of sftp, dir; nearest is 'sftp'");
	assert_wrong("link", "carrier-pigeon",
	    "key 'link': 'carrier-pigeon' is none of sftp, dir");
	assert_wrong("some", "apple, peer",
	    "key 'some': 'peer' is none of apple, pear; nearest is 'pear'");
	assert_wrong("name", "\xff", "key 'name': is no UTF-8 text");
	assert_wrong("slot", "1", "unknown key 'slot', nearest is 'slots'");
	assert_wrong("zzzzzz", "1", "unknown key 'zzzzzz'");
}

static void
a_factor_has_up_to_three_places(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"1", 1000}, {"2", 2000}, {"1.5", 1500}, {"1.25", 1250},
	    {"1.001", 1001}, {"10.0", 10000}, {"100000000", 100000000000}};
	static const char *const bad[] = {"", ".", "1.", ".5", "1.0001", "01",
	    "-1", "1e3", "1.5.2", "1000000000000", "1,5", "0.5", "0", "0.0"};
	struct settings s;
	size_t i;

	(void)state;
	config_defaults(&table, &s);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    config_set(&table, &s, "factor", good[i].text, NULL), 0);
		assert_true(s.factor == good[i].value);
	}
	config_release(&table, &s);
	for (i = 0; i < 11; i++) {
		char want[120];

		snprintf(want, sizeof(want),
		    "key 'factor': '%s' is not a factor such as 2 or 1.5; "
		    "expected at least 1",
		    bad[i]);
		assert_wrong("factor", bad[i], want);
	}
	for (; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[120];

		snprintf(want, sizeof(want),
		    "key 'factor': '%s' is too small; expected at least 1",
		    bad[i]);
		assert_wrong("factor", bad[i], want);
	}
}

static void
a_share_is_percent_or_bytes_or_the_smaller(void **state)
{
	static const char *const bad[] = {"", "0%", "101%", "%", "5%/", "5%/x",
	    "5 %", "5%1GiB", "1GiB/5%", "x", "-5%", "5%/0", "99999999%"};
	struct settings s;
	char want[160];
	size_t i;

	(void)state;
	config_defaults(&table, &s);
	assert_int_equal(
	    config_share_of(&s.share, UINT64_C(100) << 30), UINT64_C(1) << 30);
	assert_int_equal(
	    config_share_of(&s.share, UINT64_C(10) << 30), (1 << 29));
	assert_int_equal(config_set(&table, &s, "share", "10%", NULL), 0);
	assert_int_equal(config_share_of(&s.share, 1000), 100);
	assert_int_equal(config_share_of(&s.share, 19), 1);
	assert_true(
	    config_share_of(&s.share, UINT64_MAX) / 10 == UINT64_MAX / 100);
	assert_int_equal(config_set(&table, &s, "share", "2KiB", NULL), 0);
	assert_int_equal(config_share_of(&s.share, 1000), 2048);
	assert_int_equal(config_set(&table, &s, "share", "0", NULL), 0);
	assert_int_equal(config_share_of(&s.share, 1000), 0);
	config_release(&table, &s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(want, sizeof(want),
		    "key 'share': '%s' is not a share such as 10%%, 2GiB or "
		    "5%%/1GiB (the smaller one)",
		    bad[i]);
		assert_wrong("share", bad[i], want);
	}
}

static void
the_nearest_key_is_the_one_that_was_meant(void **state)
{
	const struct config_table none = {.program = "none"};
	char long_name[200];

	(void)state;
	assert_string_equal(config_nearest(&table, "nmae"), "name");
	assert_string_equal(
	    config_nearest(&table, "limit.wait"), "limits.wait");
	assert_string_equal(
	    config_nearest(&table, "disk_reserve"), "limits.disk_reserve");
	assert_string_equal(config_nearest(&table, "limits.disk-reserve"),
	    "limits.disk_reserve");
	assert_null(config_nearest(&table, "colour"));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(config_nearest(&table, long_name));
	assert_null(config_nearest(&none, "name"));
}

static void
a_retry_section_becomes_a_policy(void **state)
{
	struct config_retry c = {10, 1000, 300000, 1500, true};
	char *const names[] = {(char *)"again", (char *)"not_found", NULL};
	struct retry_policy p;

	(void)state;
	p = config_retry_policy(&c, config_retry_mask(names));
	assert_int_equal(p.max_retries, 10);
	assert_int_equal(p.initial_ms, 1000);
	assert_int_equal(p.max_ms, 300000);
	assert_int_equal(p.multiplier, 1500);
	assert_int_equal(p.jitter, RETRY_FULL);
	assert_true(retry_wants(&p, ERR_AGAIN));
	assert_true(retry_wants(&p, ERR_NOT_FOUND));
	assert_false(retry_wants(&p, ERR_DENIED));
	c.max_retries = UINT64_MAX;
	c.jitter = false;
	p = config_retry_policy(&c, RETRY_ON_ALL);
	assert_true(p.max_retries == RETRY_FOR_EVER);
	assert_int_equal(p.jitter, RETRY_EXACT);
	assert_true(retry_wants(&p, ERR_DENIED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_fill_every_field),
	    cmocka_unit_test(a_key_can_be_set_from_text),
	    cmocka_unit_test(a_wrong_value_says_what_is_allowed),
	    cmocka_unit_test(a_factor_has_up_to_three_places),
	    cmocka_unit_test(a_share_is_percent_or_bytes_or_the_smaller),
	    cmocka_unit_test(the_nearest_key_is_the_one_that_was_meant),
	    cmocka_unit_test(a_retry_section_becomes_a_policy),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config", tests, NULL, NULL);
}
