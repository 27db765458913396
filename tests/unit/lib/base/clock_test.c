/* lib/base/clock: two clocks that go forward, and how time is written. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"

static void
up_time_counts_milliseconds(void **state)
{
	uint64_t start = clock_up_ms(), passed;

	(void)state;
	usleep(30000);
	passed = clock_up_ms() - start;
	assert_in_range(passed, 29, 5000);
}

static void
wall_time_is_that_of_the_system(void **state)
{
	(void)state;
	assert_in_range(clock_wall_ms() / 1000, time(NULL) - 1, time(NULL) + 1);
}

static void
times_are_written_as_rfc_3339(void **state)
{
	(void)state;
	assert_string_equal(clock_rfc3339(0).text, "1970-01-01T00:00:00Z");
	assert_string_equal(clock_rfc3339(UINT64_C(1795341731999)).text,
	    "2026-11-22T10:02:11Z");
}

static void
the_boot_id_is_32_hex_digits_and_stays(void **state)
{
	struct clock_text id = clock_boot_id();

	(void)state;
	assert_int_equal(strlen(id.text), 32);
	assert_int_equal(strspn(id.text, "0123456789abcdef"), 32);
	assert_string_equal(id.text, clock_boot_id().text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(up_time_counts_milliseconds),
	    cmocka_unit_test(wall_time_is_that_of_the_system),
	    cmocka_unit_test(times_are_written_as_rfc_3339),
	    cmocka_unit_test(the_boot_id_is_32_hex_digits_and_stays),
	};

	return cmocka_run_group_tests_name("lib/base/clock", tests, NULL, NULL);
}
