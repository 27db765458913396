/*
 * Cells: exact in a pipe, short on a terminal, and never more than the value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pfadm/table.h"

static void
expect(const char *row, enum cell cell, bool tty, const char *wanted)
{
	struct column c = {"T", "k", cell};
	struct buf out = BUF_INIT;
	struct err e;
	struct json *j = json_parse(row, strlen(row), &JSON_REPLY, &e);

	assert_non_null(j);
	table_cell(&out, json_root(j), &c, tty);
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
	json_free(j);
}

static void
numbers_are_exact_in_a_pipe(void **state)
{
	(void)state;
	expect("{\"k\":12345678}", CELL_NUMBER, false, "12345678");
	expect("{\"k\":12345678}", CELL_NUMBER, true, "12.3M");
	expect("{\"k\":9999}", CELL_NUMBER, true, "9999");
	expect("{\"k\":2048}", CELL_SIZE, false, "2048");
	expect("{\"k\":2048}", CELL_SIZE, true, "2.0 KiB");
	expect("{\"k\":null}", CELL_SIZE, true, "");
}

static void
names_of_strangers_do_nothing(void **state)
{
	(void)state;
	expect("{\"k\":\"\\u001b[2Jx\\u202e\"}", CELL_TEXT, false,
	    "\\x1b[2Jx\\u202e");
	expect("{\"k\":\"\\u009b31m\\nb\"}", CELL_LINE, true, "\\u009b31m");
	expect("{\"k\":[\"a\\u0007\",\"b\"]}", CELL_LIST, false, "a\\x07,b");
	expect("{\"k\":[\"a\",\"b\"]}", CELL_LINE, false, "a");
	expect("{\"k\":[\"a\",\"b\"]}", CELL_TEXT, false, "a\nb");
	expect("{\"k\":[{\"bucket\":\"png-1\"},{\"x\":1}]}", CELL_LIST, false,
	    "png-1");
}

static void
times_are_relative_on_a_terminal(void **state)
{
	static const char row[] = "{\"k\":\"2020-09-13T12:26:40Z\"}";

	(void)state;
	expect(row, CELL_TIME, false, "2020-09-13T12:26:40Z");
	expect("{\"k\":null}", CELL_TIME, true, "");
	expect("{\"k\":\"x\"}", CELL_TIME, true, "x");
	expect("{\"k\":5000}", CELL_SPAN, true, "5s");
	expect("{\"k\":3661000}", CELL_SPAN, true, "1h01m");
	expect("{\"k\":90061000}", CELL_SPAN, true, "1d01h");
}

static void
texts_lists_and_tries(void **state)
{
	(void)state;
	expect("{\"k\":\"a\\nb\"}", CELL_LINE, true, "a");
	expect("{\"k\":\"a\\nb\"}", CELL_TEXT, true, "a\nb");
	expect("{\"k\":[\"a\",\"b\",3]}", CELL_LIST, true, "a,b");
	expect("{\"k\":true}", CELL_BOOL, true, "yes");
	expect("{\"tries\":3,\"reproduced\":2}", CELL_TRIES, true, "2/3");
	expect("{}", CELL_TEXT, true, "");
}

/* What table_print() writes, into "text". */
static void
capture(const char *json, bool tty, char *text, size_t size)
{
	static const struct column columns[] = {{"ID", "id", CELL_ID},
	    {"N", "n", CELL_NUMBER}, {NULL, NULL, CELL_TEXT}};
	struct rows rows = {NULL, 0, 0, NULL, 0};
	const struct json_value *v;
	struct json *j;
	struct err e;
	int pipes[2], keep;
	ssize_t n;

	j = json_parse(json, strlen(json), &JSON_REPLY, &e);
	for (v = json_first(json_root(j)); v != NULL; v = json_next(v))
		rows_add(&rows, v);
	assert_int_equal(pipe(pipes), 0);
	fflush(stdout);
	keep = dup(1);
	dup2(pipes[1], 1);
	table_print(&rows, columns, &(struct look){.tty = tty, .width = 80});
	fflush(stdout);
	dup2(keep, 1);
	close(keep);
	close(pipes[1]);
	n = read(pipes[0], text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(pipes[0]);
	rows_release(&rows);
	json_free(j);
}

static void
ids_are_cut_where_they_still_differ(void **state)
{
	char text[500];

	(void)state;
	capture("[{\"id\":\"aaaaaaaaaaaaaaaaaaaa1\",\"n\":1},"
		"{\"id\":\"aaaaaaaaaabbbbbbbbbb\",\"n\":2}]",
	    true, text, sizeof(text));
	assert_non_null(strstr(text, "aaaaaaaaaaa 1\n"));
	assert_non_null(strstr(text, "aaaaaaaaaab 2\n"));
	capture("[{\"id\":\"aaaaaaaaaaaaaaaaaaaa1\",\"n\":1},"
		"{\"id\":\"bbbbbbbbbbbbbbbbbbbb\",\"n\":2}]",
	    true, text, sizeof(text));
	assert_non_null(strstr(text, "\naaaaaaaa 1\n"));
	capture("[{\"id\":\"aaaaaaaaaaaaaaaaaaaa1\",\"n\":1},"
		"{\"id\":\"bbbbbbbbbbbbbbbbbbbb\",\"n\":2}]",
	    false, text, sizeof(text));
	assert_non_null(strstr(text, "\naaaaaaaaaaaaaaaaaaaa1 "));
	capture("[]", true, text, sizeof(text));
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_exact_in_a_pipe),
	    cmocka_unit_test(names_of_strangers_do_nothing),
	    cmocka_unit_test(times_are_relative_on_a_terminal),
	    cmocka_unit_test(texts_lists_and_tries),
	    cmocka_unit_test(ids_are_cut_where_they_still_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
