/* lib/wire/known: what a bot need not send, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/wire/known.h"

static struct known
sample(int count, const char *rules)
{
	struct known k = {.project = "png", .count = count};
	int i;

	k.list = mem_array((size_t)count + 1, sizeof(*k.list));
	for (i = 0; i < count; i++) {
		memset(&k.list[i].signature, i, sizeof(k.list[i].signature));
		k.list[i].signature.bytes[31] = (unsigned char)(i >> 8);
		k.list[i].security = i % 2;
	}
	k.rules = mem_strdup(rules);
	k.rules_len = strlen(rules);
	return k;
}

static void
a_list_is_read_as_it_was_written(void **state)
{
	static const char rules[] = "[all]\nignore libc function abort\n";
	struct known k = sample(3, rules), got;
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct err e;

	(void)state;
	known_format(&text, &k);
	if (known_parse(&got, text.data, text.len, &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(got.project, "png");
	assert_int_equal(got.count, 3);
	assert_int_equal(got.rules_len, strlen(rules));
	assert_string_equal(got.rules, rules);
	known_format(&again, &got);
	assert_string_equal(text.data, again.data);
	known_release(&got);
	known_release(&k);
	buf_release(&text);
	buf_release(&again);
}

static void
the_largest_list_is_read(void **state)
{
	char *rules = mem_alloc(256 * 1024 + 1);
	struct buf text = BUF_INIT;
	struct known k, got;
	struct err e;

	(void)state;
	memset(rules, '#', 256 * 1024);
	k = sample(KNOWN_MAX, rules);
	known_format(&text, &k);
	assert_true(text.len <= KNOWN_MAX_BYTES);
	if (known_parse(&got, text.data, text.len, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(got.count, KNOWN_MAX);
	known_release(&got);
	known_release(&k);
	buf_release(&text);
	free(rules);
}

static void
a_signature_is_known_with_its_flag_only(void **state)
{
	struct known k = sample(2, "");
	struct digest other;

	(void)state;
	memset(&other, 9, sizeof(other));
	assert_true(known_has(&k, &k.list[0].signature, false));
	assert_false(known_has(&k, &k.list[0].signature, true));
	assert_true(known_has(&k, &k.list[1].signature, true));
	assert_false(known_has(&k, &other, false));
	known_release(&k);
}

#define HEX32 "0123456789abcdef0123456789abcdef"

static void
anything_else_is_no_list(void **state)
{
	static const char *const bad[] = {"", "\n", "known 1 png",
	    "known 1 png\n", "known 2 png\nrules\n", "known 1 \nrules\n",
	    "known 1 ../png\nrules\n", "known 1 PNG\nrules\n",
	    "known 1 png\n" HEX32 HEX32 " 1\n",
	    "known 1 png\n" HEX32 HEX32 " 2\nrules\n",
	    "known 1 png\n" HEX32 HEX32 "  1\nrules\n",
	    "known 1 png\n" HEX32 HEX32 " 1 rules\n",
	    "known 1 png\n" HEX32 " 1\nrules\n",
	    "known 1 png\n" HEX32 "0123456789ABCDEF0123456789abcdeg 1\nrules\n",
	    "known 1 png\nrule\n", "known 1 png\n\nrules\n"};
	struct known k;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (known_parse(&k, bad[i], strlen(bad[i]), &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_null(k.list);
	}
	assert_int_equal(
	    known_parse(&k, "known 1 png\nrules\na\0b", 21, &e), -1);
}

static void
a_list_with_too_many_is_none(void **state)
{
	struct buf text = BUF_INIT;
	struct known k;
	struct err e;
	int i;

	(void)state;
	buf_adds(&text, "known 1 png\n");
	for (i = 0; i <= KNOWN_MAX; i++)
		buf_adds(&text, HEX32 HEX32 " 1\n");
	buf_adds(&text, "rules\n");
	assert_int_equal(known_parse(&k, text.data, text.len, &e), -1);
	buf_reset(&text);
	buf_adds(&text, "known 1 png\nrules\n");
	while (text.len <= KNOWN_MAX_BYTES)
		buf_adds(&text, "# more rules than anybody has\n");
	assert_int_equal(known_parse(&k, text.data, text.len, &e), -1);
	buf_release(&text);
}

static void
a_list_that_is_cut_before_its_rules_is_none(void **state)
{
	struct buf text = BUF_INIT;
	struct known k = sample(2, ""), got;
	size_t len;

	(void)state;
	known_format(&text, &k);
	for (len = 0; len < text.len; len++)
		assert_int_equal(known_parse(&got, text.data, len, NULL), -1);
	known_release(&k);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_read_as_it_was_written),
	    cmocka_unit_test(the_largest_list_is_read),
	    cmocka_unit_test(a_signature_is_known_with_its_flag_only),
	    cmocka_unit_test(anything_else_is_no_list),
	    cmocka_unit_test(a_list_with_too_many_is_none),
	    cmocka_unit_test(a_list_that_is_cut_before_its_rules_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
