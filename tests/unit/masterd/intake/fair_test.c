/* Turns among the bots of an account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "masterd/intake/fair.h"

/* Names that live as long as the test. */
static const char *
keep(const char *name)
{
	static char *names[40000];
	static int count;

	return names[count++] = mem_strdup(name);
}

static void
add(struct fair *f, const char *name)
{
	struct bundle_id id;

	assert_int_equal(bundle_id_parse(&id, name, NULL), 0);
	fair_add(f, &id, keep(name));
}

static void
add_seq(struct fair *f, const char *bot, int seq)
{
	char name[BUNDLE_NAME_MAX];

	snprintf(name, sizeof(name), "%s-000000000000000a-%d-b.pfb", bot, seq);
	add(f, name);
}

/* "bot-seq" of the next ones of bulk, blanks between. */
static const char *
next(struct fair *f, int count)
{
	static struct buf out = BUF_INIT;
	struct bundle_id id;
	const char *name;

	buf_reset(&out);
	for (; count > 0 && (name = fair_next(f, 2)) != NULL; count--) {
		assert_int_equal(bundle_id_parse(&id, name, NULL), 0);
		buf_printf(&out, "%s%s%ju", out.len == 0 ? "" : " ",
		    id.bot.text, (uintmax_t)id.seq);
	}
	return buf_text(&out);
}

static void
bots_take_turns_and_keep_their_own_order(void **state)
{
	struct fair *f = fair_new();
	int i;

	(void)state;
	for (i = 1; i <= 5; i++)
		add_seq(f, "a", i);
	add_seq(f, "b", 1);
	add_seq(f, "b", 2);
	add_seq(f, "c", 1);
	assert_int_equal(fair_count(f), 8);
	assert_string_equal(next(f, 100), "a1 b1 c1 a2 b2 a3 a4 a5");
	assert_int_equal(fair_count(f), 0);
	assert_null(fair_next(f, 2));
	fair_free(f);
}

static void
one_that_comes_late_does_not_wait_for_a_flood(void **state)
{
	struct fair *f = fair_new();
	int i;

	(void)state;
	for (i = 1; i <= 10000; i++)
		add_seq(f, "a", i);
	assert_string_equal(next(f, 3), "a1 a2 a3");
	add_seq(f, "b", 1);
	assert_non_null(strstr(next(f, 2), "b1"));
	assert_int_equal(fair_count(f), 9996);
	fair_free(f);
}

static void
classes_are_kept_apart(void **state)
{
	struct fair *f = fair_new();

	(void)state;
	add(f, "a-000000000000000a-1-b.pfb");
	add(f, "a-000000000000000a-2-c.pfb");
	add(f, "a-000000000000000a-3-h.pfb");
	assert_true(fair_has(f, 0) && fair_has(f, 1) && fair_has(f, 2));
	assert_string_equal(fair_next(f, 0), "a-000000000000000a-3-h.pfb");
	assert_null(fair_next(f, 0));
	assert_string_equal(fair_next(f, 1), "a-000000000000000a-2-c.pfb");
	assert_false(fair_has(f, 1));
	assert_true(fair_has(f, 2));
	fair_free(f);
}

static void
one_put_back_comes_again_and_nothing_is_lost(void **state)
{
	struct fair *f = fair_new();
	unsigned seed = 3;
	struct bundle_id id;
	const char *name;
	int seen = 0, steps, i;

	(void)state;
	for (i = 1; i <= 200; i++)
		add_seq(f, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", i);
	for (steps = 0; (name = fair_next(f, 2)) != NULL; steps++) {
		assert_true(steps < 100000);
		if (rand_r(&seed) % 2 == 0) {
			seen++;
			continue;
		}
		assert_int_equal(bundle_id_parse(&id, name, NULL), 0);
		fair_add(f, &id, name);
	}
	assert_int_equal(seen, 200);
	fair_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bots_take_turns_and_keep_their_own_order),
	    cmocka_unit_test(one_that_comes_late_does_not_wait_for_a_flood),
	    cmocka_unit_test(classes_are_kept_apart),
	    cmocka_unit_test(one_put_back_comes_again_and_nothing_is_lost),
	};

	return cmocka_run_group_tests_name("fair", tests, NULL, NULL);
}
