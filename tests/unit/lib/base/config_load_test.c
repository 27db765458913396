/* lib/base/config_load: which source wins, and where each value is from. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/config.h"
#include "tests/unit/scratch.h"

struct settings {
	char *name, *root;
	uint64_t slots, wait;
	bool keep;
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "root", CONFIG_STRING, AT(root), "/r", NULL, 0, 0, true },
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0, false },
	{ "slots", CONFIG_U64, AT(slots), "2", NULL, 1, 64, false },
	{ "limits.wait_for", CONFIG_DURATION, AT(wait), "30s", NULL, 0, 0,
	    false },
	{ "keep", CONFIG_BOOL, AT(keep), "no", NULL, 0, 0, false },
};
/* clang-format on */
enum { ROOT, NAME, SLOTS, WAIT, KEEP };

static void
check(const void *values, struct buf *complaints)
{
	const struct settings *s = values;

	if (s->slots == 13)
		buf_adds(complaints, "key 'slots': 13 brings bad luck");
}

static struct config_table table = {.program = "test",
    .file = "test.yaml",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings),
    .check = check};

static struct settings s;
static struct config_said said;
static struct config_changes changes;

static int
setup(void **state)
{
	struct scratch *scratch;

	if (scratch_setup(state) != 0)
		return -1;
	scratch = *state;
	memset(&s, 0, sizeof(s));
	memset(&said, 0, sizeof(said));
	memset(&changes, 0, sizeof(changes));
	unsetenv("PANDAFUZZ_NAME");
	return fchdir(scratch->fd);
}

static int
teardown(void **state)
{
	config_release(&table, &s);
	config_said_release(&table, &said);
	config_changes_release(&changes);
	if (chdir("/") == -1)
		return -1;
	return scratch_teardown(state);
}

static void
file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
load(const char *given, struct config_option *options, size_t count)
{
	struct config_sources from = {given, options, count};
	struct err e;

	config_release(&table, &s);
	config_said_release(&table, &said);
	if (config_load(&table, &from, &s, &said, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(said.complaints.len, 0);
}

static void
assert_origin(int key, const char *want)
{
	assert_string_equal(said.origins[key], want);
}

static void
nothing_given_is_the_defaults(void **state)
{
	(void)state;
	load(NULL, NULL, 0);
	assert_string_equal(s.name, "b1");
	assert_int_equal(s.slots, 2);
	assert_origin(NAME, "default");
	assert_int_equal(said.files.len, 0);
	file("test.yaml", "");
	load(NULL, NULL, 0);
	assert_origin(NAME, "default");
	assert_string_equal(said.files.data, "test.yaml");
}

static void
a_later_source_wins_and_is_named(void **state)
{
	struct config_option options[] = {{"keep", "yes", "--keep"},
	    {"slots", "6", "--slots"}, {"slots", "7", "--slots"}};

	(void)state;
	assert_int_equal(mkdir("test.d", 0700), 0);
	file("test.yaml",
	    "root: /a\nname: a\nslots: 1\nlimits:\n"
	    "  wait_for: 1s\n");
	file("test.d/20-b.yaml", "\n\nname: c\n");
	file("test.d/10-a.yaml", "name: b\nlimits: {wait_for: 2s}\nslots: 3\n");
	file("test.d/30.yml", "name: no\n");
	file("test.d/.40.yaml", "name: no\n");
	file("test.d/50.yaml~", "name: no\n");
	setenv("PANDAFUZZ_LIMITS_WAIT_FOR", "3s", 1);
	setenv("PANDAFUZZ_SLOTS", "4", 1);
	setenv("PANDAFUZZ_TEST_SLOTS", "5", 1);
	setenv("PANDAFUZZ_ROOT", "", 1);
	load(NULL, options, 3);
	unsetenv("PANDAFUZZ_LIMITS_WAIT_FOR");
	unsetenv("PANDAFUZZ_SLOTS");
	assert_string_equal(s.root, "/a");
	assert_string_equal(s.name, "c");
	assert_int_equal(s.slots, 7);
	assert_int_equal(s.wait, 3000);
	assert_true(s.keep);
	assert_origin(ROOT, "test.yaml:1");
	assert_origin(NAME, "test.d/20-b.yaml:3");
	assert_origin(SLOTS, "--slots");
	assert_origin(WAIT, "PANDAFUZZ_LIMITS_WAIT_FOR");
	assert_string_equal(
	    said.files.data, "test.yaml, test.d/10-a.yaml, test.d/20-b.yaml");
	load(NULL, NULL, 0);
	unsetenv("PANDAFUZZ_TEST_SLOTS");
	assert_int_equal(s.slots, 5);
	assert_origin(SLOTS, "PANDAFUZZ_TEST_SLOTS");
	assert_origin(WAIT, "test.d/10-a.yaml:2");
}

static void
the_folder_stands_beside_the_file_that_was_given(void **state)
{
	static const struct {
		const char *file, *folder;
	} cases[] = {{"x/other.yaml", "x/other.d"}, {"x/o.yml", "x/o.d"},
	    {"x/plain", "x/plain.d"}, {"x/yaml", "x/yaml.d"}};
	char part[64];
	size_t i;

	(void)state;
	file("test.yaml", "nonsense: yes\n");
	assert_int_equal(mkdir("x", 0700), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		file(cases[i].file, "slots: 8\n");
		assert_int_equal(mkdir(cases[i].folder, 0700), 0);
		snprintf(part, sizeof(part), "%s/a.yaml", cases[i].folder);
		file(part, "name: part\n");
		load(cases[i].file, NULL, 0);
		assert_int_equal(s.slots, 8);
		assert_string_equal(s.name, "part");
	}
}

static void
assert_refused(const char *given, struct config_option *options, size_t count,
    const char *want)
{
	struct config_sources from = {given, options, count};
	struct err e;

	assert_int_equal(config_load(&table, &from, &s, &said, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(said.complaints.data, want);
	assert_int_equal(strcspn(want, "\n"), strlen(e.text));
	assert_null(s.name);
	config_said_release(&table, &said);
}

static void
all_complaints_of_all_sources_come_at_once(void **state)
{
	struct config_option options[] = {
	    {"keep", "perhaps", "--keep"}, {"slots", "13", "--slots"}};

	(void)state;
	assert_int_equal(mkdir("test.d", 0700), 0);
	file("test.yaml", "name: [\n");
	file("test.d/a.yaml", "slot: 1\nlimits:\n  wait_for: soon\n");
	file("test.d/b.yaml", "slots: 99\n");
	assert_int_equal(symlink("nowhere", "test.d/c.yaml"), 0);
	setenv("PANDAFUZZ_SLOTS", "no", 1);
	assert_refused(NULL, options, 2,
	    "test.yaml:2:1: did not find expected node content\n"
	    "test.d/a.yaml:1:1: unknown key 'slot', nearest is 'slots'\n"
	    "test.d/a.yaml:3:13: key 'limits.wait_for': 'soon' is not a "
	    "duration such as 250ms, 30s, 5m, 1h or 7d\n"
	    "test.d/b.yaml:1:8: key 'slots': '99' is too large; expected 1 to "
	    "64\n"
	    "test.d/c.yaml: cannot open 'test.d/c.yaml': No such file or "
	    "directory\n"
	    "PANDAFUZZ_SLOTS: 'no' is not a whole number; expected 1 to 64\n"
	    "--keep: 'perhaps' is not true, false, yes or no\n"
	    "key 'slots': 13 brings bad luck");
	unsetenv("PANDAFUZZ_SLOTS");
}

static void
a_file_that_was_given_must_be_there(void **state)
{
	(void)state;
	assert_refused("none.yaml", NULL, 0,
	    "none.yaml: cannot open 'none.yaml': No such file or directory");
	assert_refused(".", NULL, 0, ".: cannot read '.': Is a directory");
}

static void
a_variable_near_a_key_is_a_warning(void **state)
{
	static const char *const names[] = {"PANDAFUZZ_SLTOS",
	    "PANDAFUZZ_TEST_NAMES", "PANDAFUZZ_COLOUR", "PANDAFUZZ_",
	    "PANDAFUZZ_OTHER_SLOTS", "PANDAFUZZ_X", "PANDAFUZZ_KEP"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], "9", 1);
	load(NULL, NULL, 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	assert_int_equal(s.slots, 2);
	assert_string_equal(said.warnings.data,
	    "PANDAFUZZ_SLTOS: sets nothing, nearest is 'PANDAFUZZ_SLOTS'\n"
	    "PANDAFUZZ_TEST_NAMES: sets nothing, nearest is "
	    "'PANDAFUZZ_TEST_NAME'");
}

static int
again(const char *given)
{
	struct config_sources from = {given, NULL, 0};
	struct err e;

	config_changes_release(&changes);
	return config_reload(&table, &from, &s, &said, &changes, &e);
}

static void
a_reload_takes_what_may_change_and_names_the_rest(void **state)
{
	(void)state;
	file("test.yaml", "root: /a\nname: a\nslots: 1\n");
	load(NULL, NULL, 0);
	assert_int_equal(again(NULL), 0);
	assert_int_equal(changes.taken.len + changes.waiting.len, 0);
	file("test.yaml", "root: /b\nslots: 9\nkeep: yes\n");
	assert_int_equal(again(NULL), 0);
	assert_string_equal(changes.taken.data, "name slots keep");
	assert_string_equal(changes.waiting.data, "root");
	assert_string_equal(s.root, "/a");
	assert_string_equal(s.name, "b1");
	assert_int_equal(s.slots, 9);
	assert_true(s.keep);
	assert_origin(ROOT, "test.yaml:1");
	assert_origin(NAME, "default");
	assert_origin(SLOTS, "test.yaml:2");
	/* It goes on waiting, until somebody takes it back. */
	assert_int_equal(again(NULL), 0);
	assert_int_equal(changes.taken.len, 0);
	assert_string_equal(changes.waiting.data, "root");
	file("test.yaml", "root: /a\n");
	assert_int_equal(again(NULL), 0);
	assert_string_equal(changes.taken.data, "slots keep");
	assert_int_equal(changes.waiting.len, 0);
}

static void
a_wrong_file_at_reload_changes_nothing(void **state)
{
	(void)state;
	file("test.yaml", "name: a\nslots: 1\n");
	load(NULL, NULL, 0);
	file("test.yaml", "name: b\nslots: many\n");
	assert_int_equal(again(NULL), -1);
	assert_string_equal(s.name, "a");
	assert_int_equal(s.slots, 1);
	assert_origin(NAME, "test.yaml:1");
	assert_string_equal(said.complaints.data,
	    "test.yaml:2:8: key 'slots': 'many' is not a whole number; "
	    "expected 1 to 64");
	file("test.yaml", "slots: 13\n");
	assert_int_equal(again(NULL), -1);
	assert_int_equal(s.slots, 1);
	assert_int_equal(unlink("test.yaml"), 0);
	assert_int_equal(again(NULL), -1);
	assert_int_equal(again(NULL), -1);
	assert_int_equal(s.slots, 1);
	assert_int_equal(mkdir("test.yaml", 0700), 0);
	assert_int_equal(again(NULL), -1);
	assert_int_equal(s.slots, 1);
	assert_int_equal(changes.taken.len + changes.waiting.len, 0);
}

static void
a_pipe_is_not_read_again(void **state)
{
	char path[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "slots: 5\n", 9), 9);
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	load(path, NULL, 0);
	assert_int_equal(s.slots, 5);
	assert_int_equal(again(path), -1);
	assert_int_equal(s.slots, 5);
	assert_non_null(strstr(said.complaints.data, "cannot be read again"));
	close(fds[0]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_given_is_the_defaults),
	    TEST(a_later_source_wins_and_is_named),
	    TEST(the_folder_stands_beside_the_file_that_was_given),
	    TEST(all_complaints_of_all_sources_come_at_once),
	    TEST(a_file_that_was_given_must_be_there),
	    TEST(a_variable_near_a_key_is_a_warning),
	    TEST(a_reload_takes_what_may_change_and_names_the_rest),
	    TEST(a_wrong_file_at_reload_changes_nothing),
	    TEST(a_pipe_is_not_read_again),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config_load", tests, NULL, NULL);
}
