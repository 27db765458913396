/*
 * Room and what it means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/store/disk.h"
#include "tests/unit/scratch.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static void
the_marks_are_the_smaller_of_bytes_and_percent(void **state)
{
	struct disk_state s;
	struct disk_policy only = {{3 * GIB, 0}, {0, 7}, 0};

	(void)state;
	disk_marks(&DISK_POLICY, 1000 * GIB, &s);
	assert_int_equal(s.soft, 2 * GIB);
	assert_int_equal(s.hard, 1 * GIB);
	disk_marks(&DISK_POLICY, 1000 * MIB, &s);
	assert_int_equal(s.soft, 100 * MIB);
	assert_int_equal(s.hard, 50 * MIB);
	disk_marks(&only, 100 * GIB, &s);
	assert_int_equal(s.soft, 3 * GIB);
	assert_int_equal(s.hard, 7 * GIB);
}

static void
each_level_has_its_room(void **state)
{
	static const struct {
		uint64_t free_bytes, reserve;
		enum disk_level level;
	} table[] = {
	    {3 * GIB, 64 * MIB, DISK_ROOMY},
	    {2 * GIB, 64 * MIB, DISK_ROOMY},
	    {2 * GIB - 1, 64 * MIB, DISK_SOFT},
	    {GIB, 64 * MIB, DISK_SOFT},
	    {GIB - 1, 64 * MIB, DISK_HARD},
	    {16 * MIB, 0, DISK_HARD},
	    {16 * MIB - 1, 64 * MIB, DISK_HARD}, /* it will be given up */
	    {16 * MIB - 1, 0, DISK_FULL},
	    {0, 0, DISK_FULL},
	};
	struct disk_state s = {.soft = 2 * GIB, .hard = GIB};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		s.free_bytes = table[i].free_bytes;
		s.reserve = table[i].reserve;
		assert_int_equal(disk_judge(&s), table[i].level);
	}
}

static uint64_t
reserve_size(struct scratch *s)
{
	uint64_t size = 0;
	int fd = fs_open_foreign(s->fd, "data/reserve", &size, NULL);

	if (fd != -1)
		close(fd);
	return size;
}

static void
the_reserve_is_made_kept_and_given_up(void **state)
{
	struct disk_policy p = {{0, 0}, {0, 0}, 64 * 1024};
	struct scratch *s = *state;
	struct disk *d = disk_open(s->fd, &p, NULL);

	assert_non_null(d);
	assert_int_equal(disk_level(d), DISK_ROOMY);
	assert_int_equal(reserve_size(s), 64 * 1024);
	disk_close(d);
	assert_int_equal(reserve_size(s), 64 * 1024);
	d = disk_open(s->fd, &p, NULL);
	assert_int_equal(disk_state(d)->reserve, 64 * 1024);
	p.reserve = 0;
	disk_set_policy(d, &p);
	assert_int_equal(reserve_size(s), 0);
	disk_close(d);
}

static void
marks_above_what_is_free_are_passed(void **state)
{
	struct disk_policy p = {{UINT64_MAX, 0}, {0, 0}, 0};
	struct scratch *s = *state;
	struct disk *d = disk_open(s->fd, &p, NULL);

	assert_int_equal(disk_level(d), DISK_SOFT);
	p.hard.bytes = UINT64_MAX / 4;
	disk_set_policy(d, &p);
	/* Far more than 16 MiB are free here. */
	assert_int_equal(disk_level(d), DISK_HARD);
	p.hard.bytes = 0;
	p.soft.bytes = 0;
	disk_set_policy(d, &p);
	assert_int_equal(disk_level(d), DISK_ROOMY);
	disk_close(d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_marks_are_the_smaller_of_bytes_and_percent),
	    cmocka_unit_test(each_level_has_its_room),
	    T(the_reserve_is_made_kept_and_given_up),
	    T(marks_above_what_is_free_are_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
