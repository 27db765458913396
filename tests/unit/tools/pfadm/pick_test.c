/*
 * Columns and rows as the options say, and the forms that other programs read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pfadm/pick.h"

/* clang-format off */
static const struct column all[] = {
	{"JOB",		"id",		CELL_ID},
	{"STATUS",	"status",	CELL_STATE},
	{"EXECS/S",	"speed",	CELL_NUMBER},
	{"REPRO",	"",		CELL_TRIES},
	{"TAGS",	"tags",		CELL_LIST},
	{"OURS",	"own",		CELL_WIDE | CELL_BOOL},
	{"LAST FOUND",	"last",		CELL_WIDE | CELL_TIME},
	{NULL, NULL, CELL_TEXT}
};
/* clang-format on */

static const char rows_text[] =
    "[{\"id\":\"a\",\"status\":\"running\",\"speed\":900,\"tags\":[\"x\","
    "\"y\"],\"own\":true},{\"id\":\"b\",\"status\":\"=1+2\",\"speed\":1000,"
    "\"tags\":[],\"own\":false},{\"id\":\"c\",\"status\":\"a,\\\"b\\\"\","
    "\"speed\":null,\"tags\":[\"x\"],\"own\":true}]";

/* Titles of the columns for these options; "" after a complaint. */
static void
expect_columns(struct pfadm *pf, const char *wanted)
{
	struct column *c = pick_columns(pf, all), *p;
	struct buf got = BUF_INIT;

	for (p = c; c != NULL && p->title != NULL; p++)
		buf_printf(&got, "%s%s", p == c ? "" : ",", p->title);
	assert_string_equal(buf_text(&got), wanted);
	buf_release(&got);
	free(c);
}

static void
columns_are_called_by_key_or_title(void **state)
{
	struct pfadm pf = {.tty = false};

	(void)state;
	expect_columns(&pf, "JOB,STATUS,EXECS/S,REPRO,TAGS");
	pf.o.wide = true;
	expect_columns(&pf, "JOB,STATUS,EXECS/S,REPRO,TAGS,OURS,LAST FOUND");
	pf.o.columns = "status,id";
	expect_columns(&pf, "STATUS,JOB");
	pf.o.columns = "Job,repro,last_found,own";
	expect_columns(&pf, "JOB,REPRO,LAST FOUND,OURS");
	pf.o.columns = "id,nothing";
	expect_columns(&pf, "");
	pf.o.columns = "id,";
	expect_columns(&pf, "");
}

static void
sort_and_filter_name_columns_too(void **state)
{
	struct pfadm pf = {.o.sort = "-speed"};

	(void)state;
	expect_columns(&pf, "JOB,STATUS,EXECS/S,REPRO,TAGS");
	pf.o.sort = "nothing";
	expect_columns(&pf, "");
	pf.o.sort = NULL;
	pf.o.filter.count = 1;
	pf.o.filter.list[0] = "status";
	expect_columns(&pf, "");
	pf.o.filter.list[0] = "nothing=1";
	expect_columns(&pf, "");
	pf.o.filter.list[0] = "status=";
	expect_columns(&pf, "JOB,STATUS,EXECS/S,REPRO,TAGS");
}

/* Ids of the rows for these options. */
static void
expect_rows(struct pfadm *pf, const char *wanted)
{
	struct rows rows = {NULL, 0, 0, NULL, 0};
	struct json *j;
	const struct json_value *v;
	struct buf got = BUF_INIT;
	struct err e;
	size_t i;

	j = json_parse(rows_text, strlen(rows_text), &JSON_REPLY, &e);
	for (v = json_first(json_root(j)); v != NULL; v = json_next(v))
		rows_add(&rows, v);
	pick_rows(pf, all, &rows);
	for (i = 0; i < rows.count; i++)
		buf_adds(&got, json_get_string(rows.list[i], "id", "?"));
	assert_string_equal(buf_text(&got), wanted);
	buf_release(&got);
	rows_release(&rows);
	json_free(j);
}

static void
rows_are_sorted_by_value(void **state)
{
	struct pfadm pf = {.o.sort = "speed"};

	(void)state;
	expect_rows(&pf, "cab"); /* none, 900, 1000 */
	pf.o.sort = "-speed";
	expect_rows(&pf, "bac");
	pf.o.sort = "status";
	expect_rows(&pf, "bca");
	pf.o.sort = "own";
	expect_rows(&pf, "bac"); /* equal ones stay */
}

static void
rows_are_filtered(void **state)
{
	struct pfadm pf = {.o.filter = {.list = {"tags=x"}, .count = 1}};

	(void)state;
	expect_rows(&pf, "ac");
	pf.o.filter.list[1] = "status=running";
	pf.o.filter.count = 2;
	expect_rows(&pf, "a");
	pf.o.filter.count = 1;
	pf.o.filter.list[0] = "own=no";
	expect_rows(&pf, "b");
	pf.o.filter.list[0] = "own=true";
	expect_rows(&pf, "ac");
	pf.o.filter.list[0] = "speed=900";
	expect_rows(&pf, "a");
	pf.o.filter.list[0] = "status=a,\"b\"";
	expect_rows(&pf, "c");
	pf.o.filter.list[0] = "status=";
	expect_rows(&pf, "");
}

static void
csv_is_quoted_and_guarded(void **state)
{
	struct pfadm pf = {.o.columns = "id,status,own"};
	struct rows rows = {NULL, 0, 0, NULL, 0};
	struct column *columns = pick_columns(&pf, all);
	const struct json_value *v;
	char text[500] = "";
	struct json *j;
	struct err e;
	int pipes[2], keep;

	(void)state;
	j = json_parse(rows_text, strlen(rows_text), &JSON_REPLY, &e);
	for (v = json_first(json_root(j)); v != NULL; v = json_next(v))
		rows_add(&rows, v);
	assert_int_equal(pipe(pipes), 0);
	fflush(stdout);
	keep = dup(1);
	dup2(pipes[1], 1);
	print_csv(&rows, columns, false);
	fflush(stdout);
	dup2(keep, 1);
	close(keep);
	close(pipes[1]);
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	close(pipes[0]);
	assert_string_equal(text,
	    "id,status,own\r\na,running,yes\r\nb,\"'=1+2\",no\r\n"
	    "c,\"a,\"\"b\"\"\",yes\r\n");
	rows_release(&rows);
	json_free(j);
	free(columns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_called_by_key_or_title),
	    cmocka_unit_test(sort_and_filter_name_columns_too),
	    cmocka_unit_test(rows_are_sorted_by_value),
	    cmocka_unit_test(rows_are_filtered),
	    cmocka_unit_test(csv_is_quoted_and_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
