/*
 * Lists in every order that they know, page by page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/world.h"

static int
setup(void **state)
{
	struct world *w = world_new();

	world_sql(w,
	    "INSERT INTO job (job, target, engine, sanitizer, weight,"
	    " created_by, created_ms, trace) SELECT printf('%016x', value),"
	    " 1, 'libfuzzer', 'address', 1 + value % 3, 'user:x', value, ''"
	    " FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT"
	    " value + 1 FROM n WHERE value < 20) SELECT value FROM n)");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* All rows, "limit" a page, one line each. */
static void
walk(struct world *w, enum view v, const char *sort, int limit, struct buf *out)
{
	struct view_page page = {
	    .view = v, .sort = sort, .limit = limit, .lines = true};
	int64_t next = 0;
	struct err e;
	int pages = 0;

	buf_reset(out);
	if (v == VIEW_UNIT)
		page.filter[0] = "zlib/inflate";
	do {
		page.after = next;
		if (view_rows(w->db, &page, out, &next, &e) == -1)
			fail_msg("%s by %s: %s", view_noun(v), sort, e.text);
	} while (next != 0 && ++pages < 1000);
	assert_true(pages < 1000);
}

static size_t
lines(const struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void
every_view_in_every_order_has_all_rows(void **state)
{
	struct buf plain = BUF_INIT, pages = BUF_INIT, whole = BUF_INIT;
	struct world *w = *state;
	const char *name;
	char sort[40];
	int v, i, down;

	for (v = 0; v < VIEW_COUNT; v++) {
		walk(w, (enum view)v, "", 1000, &plain);
		for (i = 0; (name = view_sort((enum view)v, i)) != NULL; i++)
			for (down = 0; down < 2; down++) {
				snprintf(sort, sizeof(sort), "%s%s",
				    down ? "-" : "", name);
				walk(w, (enum view)v, sort, 1000, &whole);
				walk(w, (enum view)v, sort, 1, &pages);
				assert_int_equal(lines(&whole), lines(&plain));
				assert_string_equal(
				    buf_text(&pages), buf_text(&whole));
			}
		assert_true(i > 0);
	}
	buf_release(&plain);
	buf_release(&pages);
	buf_release(&whole);
}

static void
rows_are_in_order(void **state)
{
	struct view_page page = {
	    .view = VIEW_JOB, .sort = "-weight", .limit = 100};
	const struct json_value *items;
	uint64_t before = UINT64_MAX, weight;
	struct buf out = BUF_INIT;
	struct world *w = *state;
	struct json *j;
	int i;

	assert_int_equal(view_list(w->db, &page, &out, NULL), 0);
	j = json_parse(out.data, out.len, &JSON_REPLY, NULL);
	items = json_get(json_root(j), "items");
	assert_true(json_count(items) > 20);
	for (i = 0; i < json_count(items); i++) {
		weight = json_get_u64(json_item(items, i), "weight", 0);
		assert_true(weight <= before);
		before = weight;
	}
	json_free(j);
	buf_release(&out);
}

static void
orders_that_are_none_are_told_from_those_that_are(void **state)
{
	(void)state;
	assert_true(view_sort_known(VIEW_JOB, ""));
	assert_true(view_sort_known(VIEW_JOB, "-created"));
	assert_false(view_sort_known(VIEW_JOB, "--created"));
	assert_false(view_sort_known(VIEW_JOB, "-"));
	assert_false(view_sort_known(VIEW_JOB, "id; DROP TABLE job"));
	assert_false(view_sort_known(VIEW_EVENT, "weight"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(every_view_in_every_order_has_all_rows),
	    T(rows_are_in_order),
	    cmocka_unit_test(orders_that_are_none_are_told_from_those_that_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
