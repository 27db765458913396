/*
 * The table of commands: complete, and what is typed finds its way through it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/pfadm/pfadm.h"

/* What the issues ask for. */
static const char *const wanted[] = {"status", "run", "build add", "build list",
    "build show", "target list", "target show", "job create", "job list",
    "job show", "job pause", "job resume", "job cancel", "job retry",
    "job clone", "job boost", "job set", "job logs", "job wait", "job top",
    "bot list", "bot show", "crash list", "crash show", "crash get",
    "bucket list", "bucket show", "corpus list", "spool list", "spool show",
    "spool retry", "ledger check", "ledger show", "events", "build remove",
    "job why", "bot drain", "bot resume", "bot forget", "bot write-off",
    "bot logs", "account add", "account list", "account show", "account invite",
    "account approve", "account disable", "account rotate", "account remove",
    "log", "log check", "spool drop", "system stdio", "system check",
    "bucket why", "bucket merge", "bucket split", "bucket mute",
    "bucket unmute", "bucket set", "bucket note", "bucket undo",
    "bucket regroup", "rules test", "crash add", "crash kit", "crash repro",
    "system reload", "version", "completion", "help"};

static void
help_of(const struct command *c, char *text, size_t size)
{
	FILE *f = fmemopen(text, size, "w");

	help_command(f, c);
	assert_true(ftell(f) < (long)size);
	fclose(f);
}

static void
every_command_is_there_once(void **state)
{
	size_t i;
	int k, found;

	(void)state;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		for (found = k = 0; k < command_count; k++)
			found += strcmp(commands[k].words, wanted[i]) == 0;
		if (found != 1)
			fail_msg("%s: %d", wanted[i], found);
	}
}

static void
every_command_has_help_with_two_examples(void **state)
{
	const struct command *c;
	char text[8192];
	const char *at;
	int i, k;

	(void)state;
	for (i = 0; i < command_count; i++) {
		c = &commands[i];
		help_of(c, text, sizeof(text));
		assert_non_null(strstr(text, c->summary));
		assert_non_null(strstr(text, "--json"));
		assert_non_null(at = strstr(text, "\nexamples:\n"));
		for (k = 0; k < 2; k++) {
			assert_true(strlen(c->examples[k][1]) > 5);
			if (strstr(c->examples[k][0], "pfadm") == NULL ||
			    strstr(c->examples[k][0], c->words) == NULL)
				fail_msg(
				    "%s: '%s'", c->words, c->examples[k][0]);
			assert_non_null(at = strstr(at, c->examples[k][0]));
		}
		/* One screen, though not that of a VT100. */
		for (k = 0, at = text; *at != '\0'; at++)
			k += *at == '\n';
		if (k > 28)
			fail_msg("%s: %d lines", c->words, k);
	}
}

static void
every_option_is_some_commands(void **state)
{
	int i, k, users;

	(void)state;
	for (i = 0; i < option_spec_count; i++) {
		for (users = k = 0; k < command_count; k++)
			users += (option_specs[i].bit &
				     (commands[k].options | O_ANY)) != 0;
		if (users == 0)
			fail_msg("--%s", option_specs[i].name);
	}
}

static const struct command *
find(const char *first, const char *second, int *used)
{
	char *words[2] = {(char *)first, (char *)second};

	return grammar_find(second == NULL ? 1 : 2, words, used);
}

static void
aliases_and_longer_words_win(void **state)
{
	int used;

	(void)state;
	assert_string_equal(find("job", "ls", &used)->words, "job list");
	assert_string_equal(find("build", "rm", &used)->words, "build remove");
	assert_string_equal(find("spool", "rm", &used)->words, "spool drop");
	assert_null(find("job", "rm", &used));
	assert_string_equal(find("log", "check", &used)->words, "log check");
	assert_string_equal(find("log", NULL, &used)->words, "log");
}

static void
o_is_columns_or_a_file(void **state)
{
	struct options o = {.output = "x", .given = O_OUTPUT};

	(void)state;
	options_settle(&o, O_OUTPUT);
	assert_int_equal(o.given, O_OUTPUT);
	options_settle(&o, O_COLUMNS);
	assert_int_equal(o.given, O_COLUMNS);
	assert_string_equal(o.columns, "x");
	o.output = NULL;
	options_settle(&o, O_OUTPUT);
	assert_string_equal(o.output, "x");
}

static void
words_find_their_command(void **state)
{
	int used;

	(void)state;
	assert_string_equal(find("job", "list", &used)->words, "job list");
	assert_int_equal(used, 2);
	assert_string_equal(find("run", "list", &used)->words, "run");
	assert_int_equal(used, 1);
	assert_null(find("job", NULL, &used));
	assert_null(find("job", "lists", &used));
	assert_null(find("jobs", NULL, &used));
	assert_null(find("", NULL, &used));
}

static void
arguments_are_counted(void **state)
{
	char *two[] = {(char *)"a", (char *)"b"};
	struct pfadm pf;
	int used;

	(void)state;
	memset(&pf, 0, sizeof(pf));
	pf.command = find("job", "show", &used);
	assert_int_equal(grammar_argument(&pf, 0, two), EXIT_USAGE);
	assert_int_equal(grammar_argument(&pf, 2, two), EXIT_USAGE);
	assert_int_equal(grammar_argument(&pf, 1, two), EXIT_DONE);
	assert_string_equal(pf.arg, "a");
	pf.command = find("status", NULL, &used);
	assert_int_equal(grammar_argument(&pf, 1, two), EXIT_USAGE);
	assert_int_equal(grammar_argument(&pf, 0, two), EXIT_DONE);
	pf.command = find("ledger", "show", &used);
	assert_int_equal(grammar_argument(&pf, 0, two), EXIT_DONE);
	assert_int_equal(grammar_argument(&pf, 1, two), EXIT_DONE);
	pf.o.given = O_SLOTS;
	assert_int_equal(grammar_argument(&pf, 1, two), EXIT_USAGE);
	pf.o.given = 0;
	pf.command = find("job", "wait", &used);
	assert_int_equal(grammar_argument(&pf, 0, two), EXIT_USAGE);
	assert_int_equal(grammar_argument(&pf, 2, two), EXIT_DONE);
	assert_int_equal(pf.arg_count, 2);
	assert_string_equal(pf.args[1], "b");
	pf.command = find("job", "set", &used);
	assert_int_equal(grammar_argument(&pf, 0, two), EXIT_USAGE);
	assert_int_equal(grammar_argument(&pf, 2, two), EXIT_DONE);
}

/* ---- options --------------------------------------------------------- */

static int
read_options(struct options *o, const char *a, const char *b, const char *c)
{
	char *argv[] = {(char *)"pfadm", (char *)a, (char *)b, (char *)c, NULL};
	int first, got;

	got = options_read(o, 4, argv, &first);
	return got == -1 ? -1 : first;
}

static void
options_stand_anywhere(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(read_options(&o, "job", "--for", "90s"), 3);
	assert_int_equal(o.for_ms, 90000);
	assert_int_equal(o.given, O_FOR);
	assert_int_equal(read_options(&o, "--slots=4", "run", "x"), 2);
	assert_int_equal(o.slots, 4);
	assert_int_equal(read_options(&o, "-n", "0", "events"), 3);
	assert_true(o.has_lines);
	assert_int_equal(read_options(&o, "--root", "/r", "status"), 3);
	assert_string_equal(o.root, "/r");
}

static void
some_options_may_be_repeated(void **state)
{
	char *argv[] = {(char *)"pfadm", (char *)"--set", (char *)"a=1",
	    (char *)"--set=b=2", (char *)"x", NULL};
	char *many[2 * OPTION_WORDS + 4];
	struct options o;
	int first, i;

	(void)state;
	assert_int_equal(options_read(&o, 5, argv, &first), 0);
	assert_int_equal(o.set.count, 2);
	assert_string_equal(o.set.list[0], "a=1");
	assert_string_equal(o.set.list[1], "b=2");
	assert_int_equal(o.unset.count, 0);
	argv[1] = (char *)"--label";
	argv[2] = (char *)"-x";
	argv[3] = (char *)"--label=+y";
	assert_int_equal(options_read(&o, 5, argv, &first), 0);
	assert_int_equal(o.labels.count, 2);
	assert_string_equal(o.labels.list[0], "-x");
	many[0] = (char *)"pfadm";
	for (i = 0; i <= OPTION_WORDS; i++) {
		many[2 * i + 1] = (char *)"--unset";
		many[2 * i + 2] = (char *)"key";
	}
	many[2 * i + 1] = NULL;
	assert_int_equal(options_read(&o, 2 * i + 1, many, &first), -1);
}

static void
bad_values_are_usage_errors(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(read_options(&o, "run", "--for", "soon"), -1);
	assert_int_equal(read_options(&o, "run", "--slots", "-1"), -1);
	assert_int_equal(read_options(&o, "run", "x", "--slots"), -1);
	assert_int_equal(read_options(&o, "run", "x", "--slot-s"), -1);
	assert_int_equal(read_options(&o, "run", "x", "-Z"), -1);
}

static void
an_option_of_another_command_is_named(void **state)
{
	struct options o;

	(void)state;
	read_options(&o, "status", "--slots", "1");
	assert_string_equal(options_unwanted(&o, O_FOR), "slots");
	assert_null(options_unwanted(&o, O_SLOTS));
	read_options(&o, "status", "--json", "x");
	assert_null(options_unwanted(&o, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_command_is_there_once),
	    cmocka_unit_test(every_command_has_help_with_two_examples),
	    cmocka_unit_test(every_option_is_some_commands),
	    cmocka_unit_test(words_find_their_command),
	    cmocka_unit_test(aliases_and_longer_words_win),
	    cmocka_unit_test(o_is_columns_or_a_file),
	    cmocka_unit_test(arguments_are_counted),
	    cmocka_unit_test(options_stand_anywhere),
	    cmocka_unit_test(some_options_may_be_repeated),
	    cmocka_unit_test(bad_values_are_usage_errors),
	    cmocka_unit_test(an_option_of_another_command_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
