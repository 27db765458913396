/* masterd/plan/values: what a job may be told, and in which spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/ticket.h"
#include "masterd/plan/values.h"

static struct values v;

static int
setup(void **state)
{
	(void)state;
	v = (struct values)VALUES_INIT;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	values_release(&v);
	return 0;
}

/* ---- helpers --------------------------------------------------------- */

static void
set(const char *key, const char *text)
{
	struct err e;

	if (values_set(&v, key, text, "job", &e) == -1)
		fail_msg("%s", e.text);
}

static void
assert_text(const char *key, const char *text)
{
	const struct value *w = values_get(&v, key);

	if (w == NULL)
		fail_msg("there is no %s", key);
	else
		assert_string_equal(w->text, text);
}

static void
assert_spelled(const char *key, const char *text, const char *spelling)
{
	set(key, text);
	assert_text(key, spelling);
	/* What is stored can be set again, and is the same then. */
	set(key, spelling);
	assert_text(key, spelling);
}

static void
assert_refused(const char *key, const char *text, const char *sentence)
{
	size_t before = v.count;
	struct err e;

	if (values_set(&v, key, text, "job", &e) == 0)
		fail_msg("%s: '%s' was taken", key, text);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(e.text, sentence);
	assert_int_equal(v.count, before);
}

static int
add_word(void *arg, const char *word, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	buf_printf(out, "%s|", word);
	return 0;
}

typedef int words_fn(
    const struct values *, values_word_fn *, void *, struct err *);

static void
assert_words(words_fn *words, const char *expected)
{
	struct buf out = BUF_INIT;
	struct err e;

	if (words(&v, add_word, &out, &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
}

/* ---- single values --------------------------------------------------- */

static void
numbers_sizes_and_durations_have_one_spelling(void **state)
{
	(void)state;
	assert_spelled("weight", "10", "10");
	assert_spelled("timeout", "25", "25s");
	assert_spelled("timeout", "1500ms", "1500ms");
	assert_spelled("timeout", "120s", "2m");
	assert_spelled("slice", "3600s", "1h");
	assert_spelled("for", "72h", "3d");
	assert_spelled("for", "0", "0");
	assert_spelled("for", "0d", "0");
	assert_spelled("memory", "2560MiB", "2560MiB");
	assert_spelled("memory", "2048MiB", "2GiB");
	assert_spelled("memory", "100000001", "100000001");
	assert_spelled("corpus_size", "1TiB", "1TiB");
}

static void
numbers_are_read_back_in_ms_and_bytes(void **state)
{
	(void)state;
	set("timeout", "2m");
	set("memory", "2GiB");
	set("weight", "7");
	assert_int_equal(values_number(&v, "timeout"), 120000);
	assert_int_equal(values_number(&v, "memory"), UINT64_C(2) << 30);
	assert_int_equal(values_number(&v, "weight"), 7);
}

static void
what_nobody_set_has_its_default(void **state)
{
	(void)state;
	assert_int_equal(values_number(&v, "slice"), 3600000);
	assert_int_equal(values_number(&v, "memory"), UINT64_C(2560) << 20);
	assert_int_equal(values_number(&v, "for"), 0);
	assert_string_equal(values_word(&v, "follow"), "main");
	assert_string_equal(values_word(&v, "corpus"), "shared");
	assert_string_equal(values_word(&v, "start"), "no");
}

static void
words_are_taken_from_a_list(void **state)
{
	(void)state;
	assert_spelled("corpus", "own", "own");
	assert_spelled("start", "true", "yes");
	assert_spelled("start", "no", "no");
	assert_spelled("follow", "release/1.2+x", "release/1.2+x");
	assert_refused("corpus", "mine", "corpus: 'mine' is not shared or own");
	assert_refused("start", "maybe", "start: 'maybe' is not yes or no");
	assert_refused("follow", "-x",
	    "follow: '-x' is not a branch: letters, digits and ._/+-, not '-' "
	    "first");
}

static void
what_is_out_of_range_is_refused_with_the_range(void **state)
{
	(void)state;
	assert_refused(
	    "weight", "0", "weight: '0' is not a number, 1 to 10000");
	assert_refused(
	    "weight", "10001", "weight: '10001' is not a number, 1 to 10000");
	assert_refused(
	    "weight", "1.5", "weight: '1.5' is not a number, 1 to 10000");
	assert_refused("slice", "2h",
	    "slice: '2h' is not a duration, 1s to 1h, such as 250ms, 30s, 5m "
	    "or 1h");
	assert_refused("memory", "1MiB",
	    "memory: '1MiB' is not a size, 64MiB to 1TiB, such as 512MiB or "
	    "2GiB");
	assert_refused("memory", "99999999999999999999GiB",
	    "memory: '99999999999999999999GiB' is not a size, 64MiB to 1TiB, "
	    "such as 512MiB or 2GiB");
}

static void
an_unknown_key_is_refused_with_the_nearest(void **state)
{
	(void)state;
	assert_refused(
	    "wieght", "1", "unknown key 'wieght', nearest is 'weight'");
	assert_refused("asan_option.redzone", "1",
	    "unknown key 'asan_option.redzone', nearest is 'asan_options'");
	assert_refused(
	    "weight.x", "1", "unknown key 'weight.x', nearest is 'weight'");
	assert_refused("nothing_like_it", "1", "unknown key 'nothing_like_it'");
	assert_refused("", "1", "unknown key ''");
	assert_refused("a\nb", "1", "unknown key 'a\\x0ab'");
}

static void
no_text_holds_control_characters_or_is_endless(void **state)
{
	char text[VALUE_TEXT_MAX + 2];

	(void)state;
	assert_refused("environment.A", "a\nb",
	    "environment.A: 'a\\x0ab' holds a character that no value may "
	    "hold");
	assert_refused("environment.A", "a\xff",
	    "environment.A: 'a\\xff' holds a character that no value may hold");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_refused("environment.A", text,
	    "environment.A: longer than 1023 bytes, which is the most");
	text[VALUE_TEXT_MAX] = '\0';
	set("environment.A", text);
	assert_text("environment.A", text);
}

/* ---- lists ----------------------------------------------------------- */

static void
a_list_is_merged_item_by_item(void **state)
{
	struct values later = VALUES_INIT;

	(void)state;
	assert_int_equal(values_set(&v, "asan_options",
			     "redzone=64:verbosity=1", "base", NULL),
	    0);
	assert_int_equal(
	    values_set(&later, "asan_options.redzone", "128", "job", NULL), 0);
	values_merge(&v, &later);
	values_release(&later);
	assert_int_equal(v.count, 2);
	assert_text("asan_options.redzone", "128");
	assert_string_equal(
	    values_get(&v, "asan_options.redzone")->source, "job");
	assert_text("asan_options.verbosity", "1");
	assert_string_equal(
	    values_get(&v, "asan_options.verbosity")->source, "base");
}

static void
texts_with_several_items_are_taken(void **state)
{
	(void)state;
	set("tags", "big !slow  arm64");
	assert_text("tags.big", "yes");
	assert_text("tags.slow", "no");
	assert_text("tags.arm64", "yes");
	set("arguments", "-max_len=4096 -only_ascii=1 -D");
	assert_text("arguments.-max_len", "4096");
	assert_text("arguments.-D", "");
	set("environment", "GREETING=hello world: a=b");
	assert_text("environment.GREETING", "hello world: a=b");
	assert_words(values_tags, "arm64|big|!slow|");
	assert_words(values_arguments, "-D|-max_len=4096|-only_ascii=1|");
	assert_words(values_environment, "GREETING=hello world: a=b|");
}

static void
one_bad_item_leaves_all_as_it_was(void **state)
{
	(void)state;
	set("tags", "big");
	assert_refused("tags", "fine BAD",
	    "tags: 'BAD' is no tag: small letters, digits and +._-, at most "
	    "31");
	assert_words(values_tags, "big|");
	assert_refused("tags", " ", "tags: no item");
	assert_refused("tags", "!",
	    "tags: '' is no tag: small letters, "
	    "digits and +._-, at most 31");
}

static void
options_of_all_sanitizers_become_variables(void **state)
{
	(void)state;
	set("environment.ZED", "");
	set("asan_options", "redzone=64:detect_leaks=0");
	set("ubsan_options.print_summary", "1");
	set("lsan_options.suppressions", "/work/lsan.supp");
	assert_words(values_environment,
	    "ZED=|ASAN_OPTIONS=detect_leaks=0:redzone=64|"
	    "UBSAN_OPTIONS=print_summary=1|"
	    "LSAN_OPTIONS=suppressions=/work/lsan.supp|");
}

static void
an_option_cannot_break_out(void **state)
{
	static const char *const texts[] = {
	    "1:exitcode=0", "'1", "\"1", "1 2", "1,2", "a\\", "", NULL};
	char sentence[256];
	int i;

	(void)state;
	for (i = 0; texts[i] != NULL; i++) {
		snprintf(sentence, sizeof(sentence),
		    "asan_options: redzone: '%s' is no option's value: no "
		    "blanks, quotes, commas, colons or backslashes, and not "
		    "empty",
		    texts[i]);
		assert_refused("asan_options.redzone", texts[i], sentence);
	}
	assert_refused("asan_options.Redzone", "1",
	    "asan_options: 'Redzone' is no option: small letters, digits and "
	    "'_'");
	assert_refused("asan_options", "redzone",
	    "asan_options: 'redzone' is no NAME=VALUE");
}

static void
variables_of_the_bot_are_refused(void **state)
{
	static const char *const names[] = {"LD_PRELOAD", "LD_LIBRARY_PATH",
	    "LD_AUDIT", "PATH", "HOME", "TMPDIR", "HWASAN_OPTIONS", NULL};
	char key[64], sentence[128];
	int i;

	(void)state;
	for (i = 0; names[i] != NULL; i++) {
		snprintf(key, sizeof(key), "environment.%s", names[i]);
		snprintf(sentence, sizeof(sentence),
		    "environment: '%s' may not be set: the bot decides it",
		    names[i]);
		assert_refused(key, "x", sentence);
	}
	assert_refused("environment.ASAN_OPTIONS", "redzone=64",
	    "environment: 'ASAN_OPTIONS' may not be set: use asan_options");
	assert_refused("environment", "UBSAN_OPTIONS=a=1",
	    "environment: 'UBSAN_OPTIONS' may not be set: use ubsan_options");
	assert_refused("environment.lower", "1",
	    "environment: 'lower' is no variable: capital letters, digits and "
	    "'_', no digit first");
	assert_refused("environment.1A", "1",
	    "environment: '1A' is no variable: capital letters, digits and "
	    "'_', no digit first");
}

static void
flags_of_the_bot_are_refused(void **state)
{
	(void)state;
	assert_refused("arguments.-fork", "4",
	    "arguments: '-fork' may not be given: the bot decides it");
	assert_refused("arguments", "-max_len=1 -artifact_prefix=/x/",
	    "arguments: '-artifact_prefix' may not be given: the bot decides "
	    "it");
	assert_refused("arguments.-timeout", "1",
	    "arguments: '-timeout' may not be given: use timeout");
	assert_refused("arguments.--rss_limit_mb", "1",
	    "arguments: '--rss_limit_mb' may not be given: use memory");
	assert_refused("arguments", "input.bin",
	    "arguments: 'input.bin' is no flag: '-' or '--', then letters, "
	    "digits, '_' and '-'");
	assert_refused("arguments.-", "1",
	    "arguments: '-' is no flag: '-' or '--', then letters, digits, "
	    "'_' and '-'");
}

/* ---- what fits ------------------------------------------------------- */

static void
more_arguments_than_a_ticket_holds_do_not_fit(void **state)
{
	struct err e;
	char key[32];
	int i;

	(void)state;
	for (i = 0; i < TICKET_MAX_WORDS; i++) {
		snprintf(key, sizeof(key), "arguments.-a%d", i);
		set(key, "1");
	}
	assert_int_equal(values_fit(&v, &e), 0);
	set("arguments.-b", "1");
	assert_int_equal(values_fit(&v, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(
	    e.text, "65 arguments are more than 64, which is the most");
}

static void
longer_options_than_a_ticket_holds_do_not_fit(void **state)
{
	char text[1000];
	struct err e;

	(void)state;
	memset(text, '/', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set("asan_options.a", text);
	set("asan_options.b", text);
	assert_int_equal(values_fit(&v, &e), 0);
	set("asan_options.c", text);
	assert_int_equal(values_fit(&v, &e), -1);
	assert_string_equal(e.text,
	    "ASAN_OPTIONS is longer than 2047 bytes, which is the most");
}

static void
there_is_a_most_of_values(void **state)
{
	char key[32];
	int i;

	(void)state;
	for (i = 0; i < VALUES_MAX; i++) {
		snprintf(key, sizeof(key), "tags.t%d", i);
		set(key, "yes");
	}
	assert_refused("tags.more", "yes",
	    "tags.more: more than 1024 values, which is the most");
}

/* What a ticket is made of is what a ticket takes. */
static int
into_ticket(void *arg, const char *word, struct err *e)
{
	return ticket_add_environment(arg, word, e);
}

static void
a_ticket_takes_the_words(void **state)
{
	struct ticket t;
	struct err e;

	(void)state;
	memset(&t, 0, sizeof(t));
	set("environment", "GREETING=gr\xc3\xbc\xc3\x9f dich, \"du\"");
	set("asan_options", "redzone=64");
	if (values_environment(&v, into_ticket, &t, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(t.environment_count, 2);
	assert_string_equal(t.environment[1], "ASAN_OPTIONS=redzone=64");
	ticket_release(&t);
}

/* ---- the table ------------------------------------------------------- */

static void
each_default_of_the_table_is_taken_as_it_is_spelled(void **state)
{
	size_t count, i;
	const struct value_key *keys = values_keys(&count);

	(void)state;
	for (i = 0; i < count; i++)
		if (keys[i].kind != VALUE_LIST)
			assert_spelled(
			    keys[i].name, keys[i].fallback, keys[i].fallback);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(numbers_sizes_and_durations_have_one_spelling),
	    T(numbers_are_read_back_in_ms_and_bytes),
	    T(what_nobody_set_has_its_default),
	    T(words_are_taken_from_a_list),
	    T(what_is_out_of_range_is_refused_with_the_range),
	    T(an_unknown_key_is_refused_with_the_nearest),
	    T(no_text_holds_control_characters_or_is_endless),
	    T(a_list_is_merged_item_by_item),
	    T(texts_with_several_items_are_taken),
	    T(one_bad_item_leaves_all_as_it_was),
	    T(options_of_all_sanitizers_become_variables),
	    T(an_option_cannot_break_out),
	    T(variables_of_the_bot_are_refused),
	    T(flags_of_the_bot_are_refused),
	    T(more_arguments_than_a_ticket_holds_do_not_fit),
	    T(longer_options_than_a_ticket_holds_do_not_fit),
	    T(there_is_a_most_of_values),
	    T(a_ticket_takes_the_words),
	    T(each_default_of_the_table_is_taken_as_it_is_spelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
