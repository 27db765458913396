/* lib/base/config: defaults, single keys, and what was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/config_internal.h"

struct settings {
	char *name, *empty;
	uint64_t slots, wait, reserve;
	bool keep;
	int link;
	char **tags, **none;
};

static const char *const links[] = {"sftp", "dir", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0 },
	{ "empty", CONFIG_STRING, AT(empty), NULL, NULL, 0, 0 },
	{ "slots", CONFIG_U64, AT(slots), "2", NULL, 1, 64 },
	{ "limits.wait", CONFIG_DURATION, AT(wait), "30s", NULL, 1000, 60000 },
	{ "limits.disk_reserve", CONFIG_SIZE, AT(reserve), "1GiB", NULL, 0, 0 },
	{ "keep", CONFIG_BOOL, AT(keep), "yes", NULL, 0, 0 },
	{ "link", CONFIG_ENUM, AT(link), "dir", links, 0, 0 },
	{ "tags", CONFIG_LIST, AT(tags), "a, b c ,d", NULL, 0, 0 },
	{ "none", CONFIG_LIST, AT(none), NULL, NULL, 0, 0 },
};
/* clang-format on */
#define COUNT (sizeof(keys) / sizeof(keys[0]))

static void
defaults_fill_every_field(void **state)
{
	struct settings s;

	(void)state;
	memset(&s, 0xaa, sizeof(s));
	config_defaults(keys, COUNT, &s);
	assert_string_equal(s.name, "b1");
	assert_string_equal(s.empty, "");
	assert_int_equal(s.slots, 2);
	assert_int_equal(s.wait, 30000);
	assert_int_equal(s.reserve, 1 << 30);
	assert_true(s.keep);
	assert_int_equal(s.link, 1);
	assert_string_equal(s.tags[0], "a");
	assert_string_equal(s.tags[1], "b c");
	assert_string_equal(s.tags[2], "d");
	assert_null(s.tags[3]);
	assert_null(s.none[0]);
	config_release(keys, COUNT, &s);
	assert_null(s.name);
	assert_null(s.tags);
}

static void
a_key_can_be_set_from_text(void **state)
{
	struct settings s;

	(void)state;
	config_defaults(keys, COUNT, &s);
	assert_int_equal(config_set(keys, COUNT, &s, "name", "b2", NULL), 0);
	assert_int_equal(config_set(keys, COUNT, &s, "slots", "64", NULL), 0);
	assert_int_equal(
	    config_set(keys, COUNT, &s, "limits.wait", "1m", NULL), 0);
	assert_int_equal(config_set(keys, COUNT, &s, "keep", "false", NULL), 0);
	assert_int_equal(config_set(keys, COUNT, &s, "link", "sftp", NULL), 0);
	assert_int_equal(config_set(keys, COUNT, &s, "tags", "", NULL), 0);
	assert_int_equal(config_set(keys, COUNT, &s, "none", "x,y", NULL), 0);
	assert_string_equal(s.name, "b2");
	assert_int_equal(s.slots, 64);
	assert_int_equal(s.wait, 60000);
	assert_false(s.keep);
	assert_int_equal(s.link, 0);
	assert_null(s.tags[0]);
	assert_string_equal(s.none[1], "y");
	config_release(keys, COUNT, &s);
}

static void
assert_wrong(const char *name, const char *text, const char *sentence)
{
	struct settings s;
	struct err e;

	config_defaults(keys, COUNT, &s);
	assert_int_equal(config_set(keys, COUNT, &s, name, text, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(e.text, sentence);
	assert_int_equal(s.slots, 2);
	config_release(keys, COUNT, &s);
}

static void
a_wrong_value_says_what_is_allowed(void **state)
{
	(void)state;
	assert_wrong("slots", "0", "key 'slots': '0' is less than 1");
	assert_wrong("slots", "65", "key 'slots': '65' is more than 64");
	assert_wrong(
	    "slots", "two", "key 'slots': 'two' is not a whole number");
	assert_wrong("limits.wait", "2m",
	    "key 'limits.wait': '2m' is more than 60000 ms");
	assert_wrong("keep", "maybe",
	    "key 'keep': 'maybe' is not true, false, yes or no");
	assert_wrong("link", "stfp",
	    "key 'link': 'stfp' is none of sftp, dir; nearest is 'sftp'");
	assert_wrong("link", "carrier-pigeon",
	    "key 'link': 'carrier-pigeon' is none of sftp, dir");
	assert_wrong("slot", "1", "unknown key 'slot', nearest is 'slots'");
	assert_wrong("zzzzzz", "1", "unknown key 'zzzzzz'");
}

static void
the_nearest_key_is_the_one_that_was_meant(void **state)
{
	char long_name[200];

	(void)state;
	assert_string_equal(config_nearest(keys, COUNT, "nmae"), "name");
	assert_string_equal(
	    config_nearest(keys, COUNT, "limit.wait"), "limits.wait");
	assert_string_equal(
	    config_nearest(keys, COUNT, "disk_reserve"), "limits.disk_reserve");
	assert_string_equal(config_nearest(keys, COUNT, "limits.disk-reserve"),
	    "limits.disk_reserve");
	assert_null(config_nearest(keys, COUNT, "colour"));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(config_nearest(keys, COUNT, long_name));
	assert_null(config_nearest(keys, 0, "name"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_fill_every_field),
	    cmocka_unit_test(a_key_can_be_set_from_text),
	    cmocka_unit_test(a_wrong_value_says_what_is_allowed),
	    cmocka_unit_test(the_nearest_key_is_the_one_that_was_meant),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config", tests, NULL, NULL);
}
