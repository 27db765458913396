/* The measures by their vectors; what is linked, and above all what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/triage/link.h"

#define MOST 40

struct lines {
	char text[512];
	const char *line[MOST];
	int count;
};

/* "a|b|c"; a word without a bar is a line of one. */
static struct lines *
lines(const char *text)
{
	struct lines *l = calloc(1, sizeof(*l));
	char *save = NULL, *at;

	snprintf(l->text, sizeof(l->text), "%s", text);
	for (at = strtok_r(l->text, "|", &save); at != NULL;
	     at = strtok_r(NULL, "|", &save))
		l->line[l->count++] = at;
	return l;
}

/* "ABCD": a frame a letter. */
static struct lines *
letters(const char *text)
{
	struct lines *l = calloc(1, sizeof(*l));

	for (; text[l->count] != '\0'; l->count++) {
		l->text[2 * l->count] = text[l->count];
		l->line[l->count] = &l->text[2 * l->count];
	}
	return l;
}

/* To four decimals, as the vectors are written. */
static void
assert_is(double got, const char *want)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", got);
	assert_string_equal(text, want);
}

static void
assert_likeness(const char *x, const char *y, const char *want)
{
	struct lines *a = lines(x), *b = lines(y);

	assert_is(link_lines(a->line, a->count, b->line, b->count), want);
	assert_is(link_lines(b->line, b->count, a->line, a->count), want);
	free(a);
	free(b);
}

static void
likeness_of_lines_is_the_mean_of_their_ratios(void **state)
{
	(void)state;
	assert_likeness(
	    "foo_read|main_loop|t.c", "foo_write|other|t.c", "0.7073");
	assert_likeness(
	    "png_read_row|decode|t.c", "png_read_rows|decoder|u.c", "0.9055");
	assert_likeness("uaf", "uag", "0.8333");
	assert_likeness("my_target", "my_target2", "0.9474");
	assert_likeness("Heap-buffer-overflow|READ 1",
	    "Heap-use-after-free|READ 1", "0.8590");
	assert_likeness("Stack-overflow", "Heap-overflow", "0.8519");
	assert_likeness("Timeout", "Out-of-memory", "0.5000");
	assert_is(link_line("", ""), "1.0000");
	assert_is(link_line("", "x"), "0.0000");
	assert_is(link_lines(NULL, 0, NULL, 0), "0.0000");
}

static void
common_lines_are_counted_in_order(void **state)
{
	struct lines *a = lines("a|b|c"), *b = lines("a|b|z");
	struct lines *c = lines("c|b|a"), *d = lines("x|a|y|b|c");

	(void)state;
	assert_int_equal(link_common(a->line, 3, b->line, 3), 2);
	assert_int_equal(link_common(a->line, 3, c->line, 3), 1);
	assert_int_equal(link_common(a->line, 3, d->line, 5), 3);
	assert_int_equal(link_common(a->line, 0, d->line, 5), 0);
	free(a);
	free(b);
	free(c);
	free(d);
}

static void
assert_distance(const char *x, const char *y, bool prefix, const char *want)
{
	struct lines *a = letters(x), *b = letters(y);

	assert_is(
	    link_distance(a->line, a->count, b->line, b->count, prefix), want);
	assert_is(
	    link_distance(b->line, b->count, a->line, a->count, prefix), want);
	free(a);
	free(b);
}

static void
distance_weighs_frames_by_their_place(void **state)
{
	(void)state;
	assert_distance("ABCD", "ABCE", true, "0.2352");
	assert_distance("ABCD", "XABCD", true, "0.1219");
	assert_distance("ABCD", "ABXY", true, "0.4800");
	assert_distance("ABCDEFGH", "ABCDEFGX", true, "0.1082");
	assert_distance("ABC", "ABCDEF", true, "0.0000");
	assert_distance("AB", "ABCD", true, "0.0000");
	assert_distance("ABCD", "EFGH", true, "1.0000");
}

static void
by_the_longer_stack_a_prefix_is_far_away(void **state)
{
	(void)state;
	assert_distance("AB", "ABCD", false, "0.4800");
	assert_distance("ABC", "ABCDEF", false, "0.4700");
	assert_distance("ABCD", "ABCD", false, "0.0000");
	assert_distance("", "", false, "0.0000");
	assert_distance("", "A", false, "1.0000");
}

/* ---- the decision ---------------------------------------------------- */

static const struct rules_limits limits = {
    .state = 3, .distance = 0.30, .likeness = 0.80, .group = 25};

/* The state is the first three frames of the stack.  Its lines stay until some
 * more items were made. */
static struct link_item
item(const char *stack)
{
	static struct lines *kept[8];
	static int n;
	struct lines *l = lines(stack);
	struct link_item i = {.linkable = true, .depth = l->count};

	free(kept[n % 8]);
	kept[n++ % 8] = l;
	strcpy(i.family, "Heap-buffer-overflow");
	memcpy(i.stack, l->line, sizeof(l->line[0]) * (size_t)l->count);
	i.state_count = l->count < 3 ? l->count : 3;
	memcpy(i.state, l->line, sizeof(l->line[0]) * (size_t)i.state_count);
	return i;
}

static bool
share_band(const struct link_item *a, const struct link_item *b)
{
	uint64_t x[LINK_BANDS], y[LINK_BANDS];
	int xn = link_bands(a, x), yn = link_bands(b, y), i, j;

	for (i = 0; i < xn; i++)
		for (j = 0; j < yn; j++)
			if (x[i] == y[j])
				return true;
	return false;
}

static enum link_rule
rule_of(const struct link_item *a, const struct link_item *b)
{
	struct link l = link_of(a, b, &limits), m = link_of(b, a, &limits);

	assert_int_equal(l.rule, m.rule);
	assert_true(l.distance == m.distance);
	assert_non_null(l.why);
	if (l.rule != LINK_NONE)
		assert_true(share_band(a, b));
	return l.rule;
}

static enum link_rule
rule(const char *x, const char *y)
{
	struct link_item a = item(x), b = item(y);

	return rule_of(&a, &b);
}

static void
two_call_paths_to_one_place_are_one_bug(void **state)
{
	(void)state;
	assert_int_equal(rule("hist_store|hist_load|dispatch|run|t.c",
			     "hist_store|hist_load|chunk|dispatch|run|t.c"),
	    LINK_FRAMES);
	/* The same place, seen through an inlined helper more. */
	assert_int_equal(rule("copy|hist_store|hist_load|dispatch|run|t.c",
			     "hist_store|hist_load|dispatch|run|t.c"),
	    LINK_FRAMES);
}

static void
two_bugs_behind_one_helper_stay_apart(void **state)
{
	(void)state;
	assert_int_equal(
	    rule("peek|hist_load|dispatch", "peek|meta_orientation|dispatch"),
	    LINK_NONE);
	assert_int_equal(rule("peek|hist_load|dispatch|run|t.c",
			     "peek|meta_orientation|dispatch|run|t.c"),
	    LINK_NONE);
}

static void
a_stack_that_begins_another_is_no_duplicate(void **state)
{
	(void)state;
	assert_int_equal(
	    rule("alpha|beta", "alpha|beta|gamma|delta"), LINK_NONE);
	/* But the same lines of a state are, whatever lies below them. */
	assert_int_equal(
	    rule("alpha|beta|gamma", "alpha|beta|gamma|delta|eps|zeta"),
	    LINK_LINES);
}

static void
short_names_and_one_line_states_are_never_alike(void **state)
{
	(void)state;
	assert_int_equal(rule("uaf|t.c", "uag|t.c"), LINK_NONE);
	assert_int_equal(rule("uaf", "uag"), LINK_NONE);
	assert_int_equal(rule("my_target", "my_target2"), LINK_NONE);
	assert_int_equal(rule("my_target", "my_target"), LINK_NONE);
	assert_int_equal(
	    rule("png_read_row|decode|t.c", "png_read_rows|decoder|u.c"),
	    LINK_NONE);
}

static void
names_that_differ_in_a_number_are_two(void **state)
{
	(void)state;
	assert_int_equal(
	    rule("decode_block_8|decode_image", "decode_block_9|decode_image"),
	    LINK_NONE);
	assert_int_equal(rule("decode_block_16|decode_image",
			     "decode_blocks_16|decode_image"),
	    LINK_LINES);
	assert_int_equal(
	    rule("decode_block_1|decode_image", "decode_block_11|decode_image"),
	    LINK_NONE);
}

static void
nearly_the_same_lines_are_one_bug(void **state)
{
	(void)state;
	assert_int_equal(rule("png_read_row|decode_image|t.c",
			     "png_read_rows|decode_images|t.c"),
	    LINK_LINES);
	/* One line that is quite different is not made up for by others. */
	assert_int_equal(rule("png_read_row|decode_image|t.c",
			     "png_skip_text|decode_image|t.c"),
	    LINK_NONE);
	/* Nor is a top line that begins otherwise. */
	assert_int_equal(rule("xng_read_row|decode_image|t.c",
			     "png_read_row|decode_images|t.c"),
	    LINK_NONE);
}

static void
neither_flag_nor_type_is_crossed(void **state)
{
	struct link_item a = item("first|second|third|t.c"), b = a;

	(void)state;
	assert_int_equal(rule_of(&a, &b), LINK_FRAMES);
	b.security = true;
	assert_int_equal(rule_of(&a, &b), LINK_NONE);
	b = a;
	strcpy(b.family, "Heap-use-after-free");
	assert_int_equal(rule_of(&a, &b), LINK_NONE);
	b = a;
	b.linkable = false;
	assert_int_equal(rule_of(&a, &b), LINK_NONE);
	assert_int_equal(link_bands(&b, (uint64_t[LINK_BANDS]){0}), 0);
}

static void
why_says_what_matched_and_what_differs_first(void **state)
{
	struct link_item a = item("copy|store|load|dispatch|run|t.c");
	struct link_item b = item("store|load|chunk|run|t.c");
	struct link l = link_of(&a, &b, &limits);

	(void)state;
	assert_int_equal(l.common, 2);
	assert_string_equal(a.stack[l.differ_a], "dispatch");
	assert_string_equal(b.stack[l.differ_b], "chunk");
	b = item("other|load");
	l = link_of(&a, &b, &limits);
	assert_int_equal(l.rule, LINK_NONE);
	assert_string_equal(
	    l.why, "fewer than two frames at the top are the same");
	b.security = true;
	assert_non_null(strstr(link_of(&a, &b, &limits).why, "security"));
}

/* Stacks of few names, so that much is alike; some changed a little. */
static void
no_pair_that_is_linked_lies_outside_a_common_band(void **state)
{
	static const char *const names[] = {"read_header", "read_headers",
	    "decode", "decoder", "peek", "t.c", "chunk_loop", "dispatch"};
	enum { COUNT = 600 };
	struct link_item *items = calloc(COUNT, sizeof(*items));
	unsigned seed = 7;
	int i, k, linked = 0;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		items[i].linkable = true;
		strcpy(items[i].family, "UNKNOWN READ");
		items[i].depth = 2 + (int)(rand_r(&seed) % 5);
		for (k = 0; k < items[i].depth; k++)
			items[i].stack[k] = names[rand_r(&seed) % 8];
		items[i].state_count = items[i].depth < 3 ? items[i].depth : 3;
		for (k = 0; k < items[i].state_count; k++)
			items[i].state[k] = items[i].stack[k];
	}
	for (i = 0; i < COUNT; i++)
		for (k = 0; k < i; k++)
			if (link_of(&items[i], &items[k], &limits).rule !=
			    LINK_NONE) {
				linked++;
				assert_true(share_band(&items[i], &items[k]));
			}
	assert_true(linked > 100);
	free(items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(likeness_of_lines_is_the_mean_of_their_ratios),
	    cmocka_unit_test(common_lines_are_counted_in_order),
	    cmocka_unit_test(distance_weighs_frames_by_their_place),
	    cmocka_unit_test(by_the_longer_stack_a_prefix_is_far_away),
	    cmocka_unit_test(two_call_paths_to_one_place_are_one_bug),
	    cmocka_unit_test(two_bugs_behind_one_helper_stay_apart),
	    cmocka_unit_test(a_stack_that_begins_another_is_no_duplicate),
	    cmocka_unit_test(short_names_and_one_line_states_are_never_alike),
	    cmocka_unit_test(names_that_differ_in_a_number_are_two),
	    cmocka_unit_test(nearly_the_same_lines_are_one_bug),
	    cmocka_unit_test(neither_flag_nor_type_is_crossed),
	    cmocka_unit_test(why_says_what_matched_and_what_differs_first),
	    cmocka_unit_test(no_pair_that_is_linked_lies_outside_a_common_band),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
