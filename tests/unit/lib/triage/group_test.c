/* Groups are a function of the set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/triage/link.h"

static const struct rules_limits limits = {
    .state = 3, .distance = 0.30, .likeness = 0.80, .group = 25};

static struct link_item
numbered(uint8_t n)
{
	struct link_item i = {.linkable = true};

	i.signature.bytes[0] = n;
	return i;
}

static void
three_in_a_row_are_not_one_when_the_ends_are_not_linked(void **state)
{
	struct link_item items[] = {numbered(1), numbered(2), numbered(3)};
	struct group_link links[] = {{0, 1, 0.2}, {1, 2, 0.1}};
	int group[3];

	(void)state;
	group_partition(items, 3, links, 2, &limits, group);
	assert_int_equal(group[0], 0);
	assert_int_equal(group[1], 1); /* the nearer one */
	assert_int_equal(group[2], 1);
}

static void
all_linked_are_one_and_named_by_the_smallest(void **state)
{
	struct link_item items[] = {numbered(3), numbered(1), numbered(2)};
	struct group_link links[] = {{0, 1, 0.2}, {1, 2, 0.1}, {2, 0, 0.25}};
	int group[3];

	(void)state;
	group_partition(items, 3, links, 3, &limits, group);
	assert_int_equal(group[0], 1);
	assert_int_equal(group[1], 1);
	assert_int_equal(group[2], 1);
}

static void
a_group_has_no_more_members_than_the_limit(void **state)
{
	struct rules_limits few = limits;
	struct link_item items[10];
	struct group_link links[45];
	int group[10], i, k, n = 0, members[10] = {0};

	(void)state;
	few.group = 4;
	for (i = 0; i < 10; i++)
		items[i] = numbered((uint8_t)i);
	for (i = 0; i < 10; i++)
		for (k = 0; k < i; k++)
			links[n++] = (struct group_link){k, i, 0.1};
	group_partition(items, 10, links, n, &few, group);
	for (i = 0; i < 10; i++)
		members[group[i]]++;
	for (i = 0; i < 10; i++)
		assert_true(members[i] <= 4);
}

static void
nothing_is_no_group(void **state)
{
	(void)state;
	group_partition(NULL, 0, NULL, 0, &limits, NULL);
	group_all(NULL, 0, &limits, NULL);
}

/* 400 of one place: of its band the smallest take part, in whatever order. */
static void
of_a_band_that_is_too_common_the_smallest_take_part(void **state)
{
	enum { COUNT = 400 };
	struct link_item *items = calloc(COUNT, sizeof(*items));
	int *group = calloc(COUNT, sizeof(*group)), i, alone = 0;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		items[i] = numbered(0);
		items[i].signature.bytes[0] = (uint8_t)((i * 7) % COUNT >> 8);
		items[i].signature.bytes[1] = (uint8_t)((i * 7) % COUNT);
		strcpy(items[i].family, "Abrt");
		items[i].stack[0] = items[i].state[0] = "first_frame";
		items[i].stack[1] = items[i].state[1] = "second";
		items[i].depth = items[i].state_count = 2;
	}
	group_all(items, COUNT, &limits, group);
	for (i = 0; i < COUNT; i++) {
		bool single = group[i] == i;
		int k;

		for (k = 0; k < COUNT && single; k++)
			single = k == i || group[k] != i;
		if (single)
			alone++;
		if ((i * 7) % COUNT >= LINK_BAND_MOST)
			assert_true(single);
	}
	/* 256 in groups of 25, and what is left over. */
	assert_true(alone >= COUNT - LINK_BAND_MOST);
	assert_true(alone <= COUNT - LINK_BAND_MOST + 1);
	free(items);
	free(group);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		three_in_a_row_are_not_one_when_the_ends_are_not_linked),
	    cmocka_unit_test(all_linked_are_one_and_named_by_the_smallest),
	    cmocka_unit_test(a_group_has_no_more_members_than_the_limit),
	    cmocka_unit_test(nothing_is_no_group),
	    cmocka_unit_test(
		of_a_band_that_is_too_common_the_smallest_take_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
