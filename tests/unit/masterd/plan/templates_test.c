/* masterd/plan/templates: layers, who wins, and what is said of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/plan/templates.h"

static struct templates *t;
static struct values v;
static struct buf complaints;

static int
setup(void **state)
{
	(void)state;
	t = templates_new();
	v = (struct values)VALUES_INIT;
	buf_init(&complaints);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	templates_free(t);
	values_release(&v);
	buf_release(&complaints);
	return 0;
}

/* ---- helpers --------------------------------------------------------- */

static void
add_file(const char *name, const char *text)
{
	struct config_tree *tree = config_tree_parse(name, text, strlen(text));

	if (templates_add(t, tree) == -1)
		buf_printf(&complaints, "%s\n", config_tree_complaints(tree));
	config_tree_free(tree);
}

static void
check(void)
{
	struct buf lines = BUF_INIT;

	if (templates_check(t, &lines) == -1)
		buf_printf(&complaints, "%s\n", lines.data);
	buf_release(&lines);
}

static void
assert_sound(void)
{
	check();
	assert_string_equal(buf_text(&complaints), "");
}

static void
assert_complaints(const char *text, const char *expected)
{
	add_file("/etc/t.yaml", text);
	check();
	assert_string_equal(buf_text(&complaints), expected);
}

static void
resolve(const char *sanitizer, const char *template, const struct values *job)
{
	struct templates_ask ask = {
	    "libfuzzer", sanitizer, "zlib", template, job};
	struct err e;

	values_release(&v);
	if (templates_resolve(t, &ask, &v, &e) == -1)
		fail_msg("%s", e.text);
}

static void
assert_value(const char *key, const char *text, const char *source)
{
	const struct value *w = values_get(&v, key);

	if (w == NULL) {
		fail_msg("there is no %s", key);
		return;
	}
	assert_string_equal(w->text, text);
	assert_string_equal(w->source, source);
}

/* ---- what is built in ------------------------------------------------ */

static void
all_keys_have_a_value_without_any_file(void **state)
{
	size_t count, i;
	const struct value_key *keys = values_keys(&count);

	(void)state;
	assert_sound();
	resolve("undefined", "", NULL);
	for (i = 0; i < count; i++)
		if (keys[i].kind != VALUE_LIST)
			assert_value(
			    keys[i].name, keys[i].fallback, "built in");
}

static void
weights_are_by_sanitizer(void **state)
{
	(void)state;
	assert_sound();
	resolve("address", "", NULL);
	assert_value("weight", "60", "built in, sanitizer address");
	resolve("none", "", NULL);
	assert_value("weight", "25", "built in, sanitizer none");
	resolve("memory", "", NULL);
	assert_value("weight", "15", "built in");
}

static void
each_job_has_the_options_of_all_sanitizers(void **state)
{
	static const char *const sanitizers[] = {
	    "address", "undefined", "none", NULL};
	int i;

	(void)state;
	assert_sound();
	for (i = 0; sanitizers[i] != NULL; i++) {
		resolve(sanitizers[i], "", NULL);
		assert_value("asan_options.quarantine_size_mb", "10",
		    "built in, sanitizer address");
		assert_value("ubsan_options.print_summary", "1",
		    "built in, sanitizer undefined");
		assert_value("msan_options.print_stats", "0",
		    "built in, sanitizer memory");
		assert_value("tsan_options.history_size", "3",
		    "built in, sanitizer thread");
	}
}

static void
what_the_bot_forces_wins_and_is_shown(void **state)
{
	struct values job = VALUES_INIT;

	(void)state;
	add_file("t.yaml",
	    "base: {asan_options: {exitcode: 1, abort_on_error: 1,"
	    " detect_leaks: 0}, tsan_options: halt_on_error=0}\n");
	assert_sound();
	assert_int_equal(
	    values_set(&job, "ubsan_options.halt_on_error", "0", "job", NULL),
	    0);
	resolve("address", "", &job);
	values_release(&job);
	assert_value("asan_options.exitcode", "77", "forced by the bot");
	assert_value("asan_options.abort_on_error", "0", "forced by the bot");
	assert_value("asan_options.log_path", "stderr", "forced by the bot");
	assert_value("asan_options.detect_leaks", "0", "base (t.yaml:1)");
	assert_value("tsan_options.halt_on_error", "1", "forced by the bot");
	assert_value("tsan_options.stack_trace_format",
	    "'    #%n %p %F %S (%m+%o)'", "forced by the bot");
	assert_value("ubsan_options.halt_on_error", "1", "forced by the bot");
	assert_value(
	    "ubsan_options.print_stacktrace", "1", "forced by the bot");
	assert_value("lsan_options.exitcode", "77", "forced by the bot");
	assert_value("asan_options.halt_on_error", "1", "forced by the bot");
	assert_null(values_get(&v, "lsan_options.halt_on_error"));
}

/* ---- who wins -------------------------------------------------------- */

static void
later_layers_win_each_with_its_place(void **state)
{
	struct values job = VALUES_INIT;

	(void)state;
	add_file("/etc/pf/10-all.yaml",
	    "base:\n"
	    "  memory: 1GiB\n"
	    "  timeout: 1s\n"
	    "  slots: 1\n"
	    "  floor: 1\n"
	    "  weight: 1\n"
	    "  for: 1h\n"
	    "engines:\n"
	    "  libfuzzer:\n"
	    "    timeout: 2s\n"
	    "    slots: 2\n"
	    "    floor: 2\n"
	    "    weight: 2\n"
	    "    for: 2h\n"
	    "  afl: {timeout: 9s}\n"
	    "sanitizers:\n"
	    "  address: {slots: 3, floor: 3, weight: 3, for: 3h}\n"
	    "projects:\n"
	    "  zlib: {floor: 4, weight: 4, for: 4h}\n"
	    "  other: {floor: 9}\n"
	    "templates:\n"
	    "  nightly: {weight: 5, for: 5h}\n"
	    "  never: {weight: 9}\n");
	assert_sound();
	assert_int_equal(values_set(&job, "for", "6h", "job", NULL), 0);
	resolve("address", "nightly", &job);
	values_release(&job);
	assert_value("slice", "1h", "built in");
	assert_value("memory", "1GiB", "base (10-all.yaml:2)");
	assert_value("timeout", "2s", "engine libfuzzer (10-all.yaml:10)");
	assert_value("slots", "3", "sanitizer address (10-all.yaml:17)");
	assert_value("floor", "4", "project zlib (10-all.yaml:19)");
	assert_value("weight", "5", "template nightly (10-all.yaml:22)");
	assert_value("for", "6h", "job");
}

static void
what_is_inherited_stands_before_what_it_stands_beside(void **state)
{
	(void)state;
	add_file("t.yaml",
	    "templates:\n"
	    "  slow: {timeout: 60s, memory: 1GiB, slots: 3}\n"
	    "  big: {memory: 4GiB, slots: 4}\n"
	    "  nightly: {inherits: [slow, big], slots: 5}\n"
	    "projects:\n"
	    "  zlib: {inherits: nightly, weight: 7}\n");
	assert_sound();
	resolve("address", "", NULL);
	assert_value("timeout", "1m", "template slow (t.yaml:2)");
	assert_value("memory", "4GiB", "template big (t.yaml:3)");
	assert_value("slots", "5", "template nightly (t.yaml:4)");
	assert_value("weight", "7", "project zlib (t.yaml:6)");
}

static void
in_a_diamond_the_shared_one_counts_first(void **state)
{
	(void)state;
	add_file("t.yaml",
	    "templates:\n"
	    "  root: {slots: 1, weight: 1}\n"
	    "  left: {inherits: root, slots: 2}\n"
	    "  right: {inherits: root, weight: 3}\n"
	    "  both: {inherits: [left, right]}\n");
	assert_sound();
	resolve("address", "both", NULL);
	assert_value("slots", "2", "template left (t.yaml:3)");
	assert_value("weight", "3", "template right (t.yaml:4)");
}

static void
inheritance_may_be_as_deep_as_there_are_templates(void **state)
{
	struct buf text = BUF_INIT;
	char name[32];
	int i, file;

	(void)state;
	for (file = 0; file < 4; file++) {
		buf_reset(&text);
		buf_adds(&text, "templates:\n");
		for (i = file * 1000; i < file * 1000 + 1000; i++)
			buf_printf(&text, " t%d: {inherits: t%d}\n", i, i + 1);
		snprintf(name, sizeof(name), "%d.yaml", file);
		add_file(name, text.data);
	}
	add_file("z.yaml", "templates: {t4000: {slots: 9}}");
	buf_release(&text);
	assert_sound();
	resolve("address", "t0", NULL);
	assert_value("slots", "9", "template t4000 (z.yaml:1)");
}

static void
a_later_file_adds_to_an_earlier_one(void **state)
{
	(void)state;
	add_file("1.yaml",
	    "templates:\n"
	    "  n: {inherits: a, slots: 1, memory: 1GiB}\n"
	    "  a: {weight: 1}\n"
	    "  b: {weight: 2}\n");
	add_file("2.yaml",
	    "templates:\n"
	    "  n: {inherits: b, slots: 2}\n");
	assert_sound();
	resolve("address", "n", NULL);
	assert_value("slots", "2", "template n (2.yaml:2)");
	assert_value("memory", "1GiB", "template n (1.yaml:2)");
	assert_value("weight", "2", "template b (1.yaml:4)");
}

static void
lists_are_written_in_three_ways(void **state)
{
	(void)state;
	add_file("t.yaml",
	    "base:\n"
	    "  asan_options: {redzone: 64, detect_leaks: 0}\n"
	    "  tsan_options: [history_size=7, verbosity=1]\n"
	    "  msan_options: print_stats=1:verbosity=2\n"
	    "  ubsan_options.print_summary: 0\n"
	    "  arguments:\n"
	    "    -max_len: 4096\n"
	    "    -only_ascii: 1\n"
	    "  environment: [\"A=b c\"]\n"
	    "  tags: [big, \"!slow\"]\n"
	    "  lsan_options:\n");
	assert_sound();
	resolve("address", "", NULL);
	assert_value("asan_options.redzone", "64", "base (t.yaml:2)");
	assert_value("asan_options.detect_leaks", "0", "base (t.yaml:2)");
	assert_value("tsan_options.history_size", "7", "base (t.yaml:3)");
	assert_value("msan_options.verbosity", "2", "base (t.yaml:4)");
	assert_value("ubsan_options.print_summary", "0", "base (t.yaml:5)");
	assert_value("arguments.-max_len", "4096", "base (t.yaml:7)");
	assert_value("arguments.-only_ascii", "1", "base (t.yaml:8)");
	assert_value("environment.A", "b c", "base (t.yaml:9)");
	assert_value("tags.big", "yes", "base (t.yaml:10)");
	assert_value("tags.slow", "no", "base (t.yaml:10)");
}

static void
empty_parts_are_fine(void **state)
{
	(void)state;
	add_file("1.yaml", "");
	add_file("2.yaml",
	    "base:\nengines: {}\nsanitizers:\n  address:\n"
	    "templates:\n  n:\n  m: {inherits: }\nprojects: ~\n");
	assert_sound();
	resolve("address", "n", NULL);
}

/* ---- mistakes -------------------------------------------------------- */

static void
all_mistakes_are_told_each_with_its_place(void **state)
{
	(void)state;
	assert_complaints("base:\n"
			  "  memroy: 2GiB\n"
			  "  timeout: soon\n"
			  "engines:\n"
			  "  libfuzer: {slots: 1}\n"
			  "sanitizers:\n"
			  "  asan: {slots: 1}\n"
			  "templates:\n"
			  "  Big: {slots: 1}\n"
			  "  good:\n"
			  "    asan_options: {redzone: 1:2}\n"
			  "    environment: {LD_PRELOAD: /x.so}\n"
			  "    arguments: [-max_len=1, \"-fork=1\"]\n"
			  "    slots: [1, 2]\n"
			  "    tags: {a: {b: c}}\n"
			  "    inherits: {a: b}\n"
			  "projects:\n"
			  "  zlib: 7\n"
			  "  Zlib: {}\n"
			  "projcts: {}\n",
	    "/etc/t.yaml:2:3: unknown key 'memroy', nearest is 'memory'\n"
	    "/etc/t.yaml:3:12: timeout: 'soon' is not a duration, 0 to "
	    "20m, such as 250ms, 30s, 5m or 1h\n"
	    "/etc/t.yaml:5:3: unknown engine 'libfuzer', nearest is "
	    "'libfuzzer'; known: libfuzzer, afl, honggfuzz, command\n"
	    "/etc/t.yaml:7:3: unknown sanitizer 'asan', known are address, "
	    "memory, thread, undefined, leak, coverage, none\n"
	    "/etc/t.yaml:9:3: 'Big' is no name of a template: small letters, "
	    "digits and +._-, at most 31\n"
	    "/etc/t.yaml:11:20: asan_options: redzone: '1:2' is no option's "
	    "value: no blanks, quotes, commas, colons or backslashes, and not "
	    "empty\n"
	    "/etc/t.yaml:12:19: environment: 'LD_PRELOAD' may not be set: the "
	    "bot decides it\n"
	    "/etc/t.yaml:13:29: arguments: '-fork' may not be given: the bot "
	    "decides it\n"
	    "/etc/t.yaml:14:12: slots: takes one value\n"
	    "/etc/t.yaml:15:15: tags.a: takes one text\n"
	    "/etc/t.yaml:16:15: inherits: takes names of templates\n"
	    "/etc/t.yaml:18:9: 'zlib' takes 'key: value' lines\n"
	    "/etc/t.yaml:19:3: 'Zlib' is not a project name (a-z, 0-9 and '-', "
	    "at most 32, not starting with '-')\n"
	    "/etc/t.yaml:20:1: unknown key 'projcts', nearest is 'projects'; "
	    "here stand base, engines, sanitizers, templates and projects\n");
}

static void
unknown_names_are_told_with_the_nearest(void **state)
{
	(void)state;
	assert_complaints("templates:\n"
			  "  nightly: {inherits: [slow, slwo]}\n"
			  "  slow: {}\n"
			  "projects:\n"
			  "  zlib: {inherits: unheard}\n",
	    "/etc/t.yaml:2:30: inherits: there is no template 'slwo', nearest "
	    "is 'slow'\n"
	    "/etc/t.yaml:5:20: inherits: there is no template 'unheard'\n");
}

static void
circles_are_told_with_their_names(void **state)
{
	(void)state;
	assert_complaints("templates:\n"
			  "  a: {inherits: b}\n"
			  "  b: {inherits: c}\n"
			  "  c: {inherits: [d, b]}\n"
			  "  d: {}\n"
			  "  self: {inherits: self}\n"
			  "base: {inherits: a}\n",
	    "/etc/t.yaml:4:21: inherits: a circle: b -> c -> b\n"
	    "/etc/t.yaml:6:20: inherits: a circle: self -> self\n");
}

static void
a_bomb_is_refused(void **state)
{
	(void)state;
	add_file("t.yaml",
	    "a: &a [x, x, x, x]\n"
	    "b: &b [*a, *a, *a, *a]\n"
	    "base: {tags: [*b, *b]}\n");
	assert_non_null(strstr(buf_text(&complaints), "t.yaml:2:8: "));
}

static void
there_is_a_most_of_templates(void **state)
{
	struct buf text = BUF_INIT;
	char name[32];
	int i, file;

	(void)state;
	for (file = 0; file < 5; file++) {
		buf_reset(&text);
		buf_adds(&text, "templates:\n");
		for (i = 0; i < 1000 && file * 1000 + i <= TEMPLATES_MAX; i++)
			buf_printf(&text, " t%d: {}\n", file * 1000 + i);
		snprintf(name, sizeof(name), "%d.yaml", file);
		add_file(name, text.data);
	}
	buf_release(&text);
	assert_string_equal(complaints.data,
	    "4.yaml:98:2: more than 4096 templates, which is the most\n");
}

static void
a_job_cannot_name_an_unknown_template(void **state)
{
	struct templates_ask ask = {
	    "libfuzzer", "address", "zlib", "nihgtly", NULL};
	struct err e;

	(void)state;
	add_file("t.yaml", "templates: {nightly: {}, slow: {}}");
	assert_sound();
	assert_int_equal(templates_resolve(t, &ask, &v, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(
	    e.text, "there is no template 'nihgtly', nearest is 'nightly'");
	assert_int_equal(v.count, 0);
}

static void
more_than_a_ticket_holds_is_refused(void **state)
{
	struct templates_ask ask = {"libfuzzer", "address", "zlib", "", NULL};
	struct buf text = BUF_INIT;
	struct err e;
	int i;

	(void)state;
	buf_adds(&text, "base: {environment: {");
	for (i = 0; i < 60; i++)
		buf_printf(&text, "V%d: x, ", i);
	buf_adds(&text, "}}");
	add_file("t.yaml", text.data);
	buf_release(&text);
	assert_sound();
	assert_int_equal(templates_resolve(t, &ask, &v, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(
	    e.text, "65 variables are more than 64, which is the most");
	assert_int_equal(v.count, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(all_keys_have_a_value_without_any_file),
	    T(weights_are_by_sanitizer),
	    T(each_job_has_the_options_of_all_sanitizers),
	    T(what_the_bot_forces_wins_and_is_shown),
	    T(later_layers_win_each_with_its_place),
	    T(what_is_inherited_stands_before_what_it_stands_beside),
	    T(in_a_diamond_the_shared_one_counts_first),
	    T(inheritance_may_be_as_deep_as_there_are_templates),
	    T(a_later_file_adds_to_an_earlier_one),
	    T(lists_are_written_in_three_ways),
	    T(empty_parts_are_fine),
	    T(all_mistakes_are_told_each_with_its_place),
	    T(unknown_names_are_told_with_the_nearest),
	    T(circles_are_told_with_their_names),
	    T(a_bomb_is_refused),
	    T(there_is_a_most_of_templates),
	    T(a_job_cannot_name_an_unknown_template),
	    T(more_than_a_ticket_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
