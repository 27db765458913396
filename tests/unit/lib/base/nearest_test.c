/* lib/base/nearest: the word that somebody may have meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/nearest.h"

static const char *const words[] = {"memory", "timeout", "slots", "slot"};
#define COUNT (sizeof(words) / sizeof(words[0]))

static void
each_kind_of_typing_error_is_near(void **state)
{
	(void)state;
	assert_string_equal(nearest_word("memmory", words, COUNT), "memory");
	assert_string_equal(nearest_word("memry", words, COUNT), "memory");
	assert_string_equal(nearest_word("memary", words, COUNT), "memory");
	assert_string_equal(nearest_word("mmeory", words, COUNT), "memory");
	assert_string_equal(nearest_word("TimeOut", words, COUNT), "timeout");
}

static void
the_nearest_wins_and_of_equals_the_first(void **state)
{
	(void)state;
	assert_string_equal(nearest_word("slot", words, COUNT), "slot");
	assert_string_equal(nearest_word("slotz", words, COUNT), "slots");
}

static void
nothing_is_near_what_is_like_nothing(void **state)
{
	char endless[100];

	(void)state;
	memset(endless, 'm', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(nearest_word("corpus", words, COUNT));
	assert_null(nearest_word("", words, COUNT));
	assert_null(nearest_word(endless, words, COUNT));
	assert_null(nearest_word("memory", words, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_of_typing_error_is_near),
	    cmocka_unit_test(the_nearest_wins_and_of_equals_the_first),
	    cmocka_unit_test(nothing_is_near_what_is_like_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
