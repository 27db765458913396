/* lib/base/config_print: what is printed gives the same settings again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/config_internal.h"

struct settings {
	char *text;
	uint64_t number, time, size, factor;
	bool flag;
	int word;
	char **list;
	struct config_share share;
};

static const char *const words[] = {"one", "two", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "text", CONFIG_STRING, AT(text), "t", NULL, 0, 0, false },
	{ "a.number", CONFIG_U64, AT(number), "7", NULL, 0, 0, false },
	{ "a.b.time", CONFIG_DURATION, AT(time), "90s", NULL, 0, 0, false },
	{ "a.b.size", CONFIG_SIZE, AT(size), "1536KiB", NULL, 0, 0, false },
	{ "a.factor", CONFIG_FACTOR, AT(factor), "1.25", NULL, 0, 0, false },
	{ "flag", CONFIG_BOOL, AT(flag), "yes", NULL, 0, 0, false },
	{ "word", CONFIG_ENUM, AT(word), "two", words, 0, 0, false },
	{ "ab.list", CONFIG_LIST, AT(list), "x, y z", NULL, 0, 0, false },
	{ "ab.share", CONFIG_SHARE, AT(share), "5%/1GiB", NULL, 0, 0, false },
};
/* clang-format on */

static const struct config_table table = {.program = "test",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings)};

static void
sections_are_opened_once_and_origins_are_comments(void **state)
{
	char *const origins[] = {(char *)"default", (char *)"f.yaml:3",
	    (char *)"a\nb # c", (char *)"--a-b-size", (char *)"default",
	    (char *)"default", (char *)"default", (char *)"default",
	    (char *)"default"};
	struct buf out = BUF_INIT;
	struct settings s;

	(void)state;
	config_defaults(&table, &s);
	config_print(&table, &s, origins, &out);
	assert_string_equal(out.data,
	    "text: t                                 # default\n"
	    "a:\n"
	    "  number: 7                             # f.yaml:3\n"
	    "  b:\n"
	    "    time: 90s                           # a\\u000ab # c\n"
	    "    size: 1536KiB                       # --a-b-size\n"
	    "  factor: 1.25                          # default\n"
	    "flag: yes                               # default\n"
	    "word: two                               # default\n"
	    "ab:\n"
	    "  list: [x, \"y z\"]                      # default\n"
	    "  share: 5%/1GiB                        # default\n");
	buf_release(&out);
	config_release(&table, &s);
}

/* Print and read again: the same text must come once more. */
static void
assert_round_trip(struct settings *s)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	char *complaints;
	struct settings other;

	config_print(&table, s, NULL, &once);
	config_defaults(&table, &other);
	if (config_read_text("p.yaml", once.data, once.len, &table, &other,
		&complaints) == -1)
		fail_msg("%s\n%s", complaints, once.data);
	assert_string_equal(other.text, s->text);
	assert_true(other.number == s->number && other.time == s->time);
	assert_true(other.size == s->size && other.factor == s->factor);
	config_print(&table, &other, NULL, &twice);
	assert_string_equal(once.data, twice.data);
	config_release(&table, &other);
	buf_release(&once);
	buf_release(&twice);
}

static void
any_text_survives(void **state)
{
	static const char *const texts[] = {"", " ", "a b", "a: b", "# no",
	    "null", "~", "yes", "-", "- a", "'", "\"", "\\", "a\nb\n", "\t",
	    "\x01\x1f\x7f", "${HOME}", "$${x}", "$$${", "$", "a${", "ä€𝄞",
	    "\xc2\x85", "\xe2\x80\xa8x", "\xef\xbb\xbf", "\xef\xbf\xbf",
	    "\xc2\x80", "[a]", "{", "*a", "&a", "!a", "%a", "@a", "`a", "|",
	    ">", "a #b", ":", "?", ",", "sftp://u@[::1]:22", "1_000", "=",
	    "---", "...", "<<", "\xf4\x8f\xbf\xbf", "trailing "};
	struct settings s;
	char *list[3] = {NULL};
	size_t i;

	(void)state;
	config_defaults(&table, &s);
	free(s.text);
	for (i = 0; s.list[i] != NULL; i++)
		free(s.list[i]);
	free(s.list);
	s.list = list;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		s.text = list[0] = list[1] = (char *)texts[i];
		assert_round_trip(&s);
	}
}

static void
any_number_survives(void **state)
{
	static const uint64_t numbers[] = {0, 1, 999, 1000, 1001, 1024, 59999,
	    60000, 3600000, 86400000, 1 << 20, UINT64_C(1) << 40, UINT64_MAX,
	    UINT64_MAX - 615};
	struct settings s;
	size_t i;

	(void)state;
	config_defaults(&table, &s);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		s.number = s.time = s.size = s.share.bytes = numbers[i];
		s.factor = numbers[i] % 1000000;
		s.share.percent = i % 101;
		if (s.share.percent != 0 && s.share.bytes == 0)
			s.share.bytes = 1;
		assert_round_trip(&s);
	}
	config_release(&table, &s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sections_are_opened_once_and_origins_are_comments),
	    cmocka_unit_test(any_text_survives),
	    cmocka_unit_test(any_number_survives),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config_print", tests, NULL, NULL);
}
