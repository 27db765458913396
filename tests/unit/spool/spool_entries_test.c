/* spool_entries: against a plain array, with random steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/random.h"
#include "spool/spool_entries.h"

#define NAMES 300

enum where { UNKNOWN, WAITING, IN_HAND };

static void
name_of(char *name, size_t size, int i)
{
	snprintf(name, size, "n%04d", i);
}

static int
first_waiting(const enum where *model)
{
	int i;

	for (i = 0; i < NAMES; i++)
		if (model[i] == WAITING)
			return i;
	return -1;
}

static void
assert_first(const char *got, int want)
{
	char name[16];

	if (want == -1) {
		assert_null(got);
		return;
	}
	name_of(name, sizeof(name), want);
	assert_string_equal(got, name);
}

static void
step(struct spool_entries *t, enum where *model)
{
	int i = (int)random_below(NAMES), want;
	char name[16];

	name_of(name, sizeof(name), i);
	switch (random_below(5)) {
	case 0:
	case 1:
		assert_int_equal(
		    spool_entries_add(t, name), model[i] == UNKNOWN);
		if (model[i] == UNKNOWN)
			model[i] = WAITING;
		break;
	case 2:
		want = first_waiting(model);
		assert_first(spool_entries_first(t), want);
		assert_first(spool_entries_take(t), want);
		if (want != -1)
			model[want] = IN_HAND;
		break;
	case 3:
		spool_entries_back(t, name);
		if (model[i] == IN_HAND)
			model[i] = WAITING;
		break;
	default:
		spool_entries_drop(t, name);
		model[i] = UNKNOWN;
	}
}

static void
it_behaves_as_a_plain_array_would(void **state)
{
	enum where model[NAMES] = {UNKNOWN};
	struct spool_entries t;
	size_t waiting, known;
	int round, i;

	(void)state;
	spool_entries_init(&t, strcmp);
	for (round = 0; round < 100000; round++)
		step(&t, model);
	for (i = 0, waiting = known = 0; i < NAMES; i++) {
		waiting += model[i] == WAITING;
		known += model[i] != UNKNOWN;
	}
	assert_int_equal(t.waiting, waiting);
	assert_int_equal(t.known, known);
	for (i = 0; i < NAMES; i++)
		if (model[i] == WAITING)
			assert_first(spool_entries_take(&t), i);
	assert_null(spool_entries_take(&t));
	spool_entries_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_behaves_as_a_plain_array_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
