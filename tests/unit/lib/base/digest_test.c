/* lib/base/digest: SHA-256 as everybody else computes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/digest.h"

#define OF_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_NOTHING \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
digests_are_those_of_the_standard(void **state)
{
	struct digest d;

	(void)state;
	digest_of(&d, "abc", 3);
	assert_string_equal(digest_hex(&d).text, OF_ABC);
	digest_of(&d, "", 0);
	assert_string_equal(digest_hex(&d).text, OF_NOTHING);
}

static void
a_hasher_can_be_used_again(void **state)
{
	struct hasher *h = hasher_new();
	struct digest d;

	(void)state;
	hasher_add(h, "ab", 2);
	hasher_add(h, "c", 1);
	hasher_end(h, &d);
	assert_string_equal(digest_hex(&d).text, OF_ABC);
	hasher_end(h, &d);
	assert_string_equal(digest_hex(&d).text, OF_NOTHING);
	hasher_add(h, "x", 1);
	hasher_reset(h);
	hasher_end(h, &d);
	assert_string_equal(digest_hex(&d).text, OF_NOTHING);
	hasher_free(h);
	hasher_free(NULL);
}

static void
parse_takes_64_lower_case_digits_only(void **state)
{
	struct digest d, same;

	(void)state;
	assert_int_equal(digest_parse(&d, OF_ABC), 0);
	digest_of(&same, "abc", 3);
	assert_true(digest_equal(&d, &same));
	assert_int_equal(digest_parse(&d, OF_ABC "0"), -1);
	assert_int_equal(digest_parse(&d, "ba7816"), -1);
	assert_int_equal(digest_parse(&d, ""), -1);
	assert_int_equal(digest_parse(&d,
			     "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb"
			     "410ff61f20015ad"),
	    -1);
	digest_of(&same, "abd", 3);
	digest_parse(&d, OF_ABC);
	assert_false(digest_equal(&d, &same));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digests_are_those_of_the_standard),
	    cmocka_unit_test(a_hasher_can_be_used_again),
	    cmocka_unit_test(parse_takes_64_lower_case_digits_only),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/digest", tests, NULL, NULL);
}
