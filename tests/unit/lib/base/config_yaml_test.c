/* lib/base/config_yaml: a file is taken whole, or every fault is named. */
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
#include "lib/base/fs.h"

struct settings {
	char *name;
	uint64_t slots, wait, reserve;
	bool keep;
	int link;
	char **tags;
};

static const char *const links[] = {"sftp", "dir", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0, false },
	{ "slots", CONFIG_U64, AT(slots), "2", NULL, 1, 64, false },
	{ "limits.wait", CONFIG_DURATION, AT(wait), "30s", NULL, 0, 0, false },
	{ "limits.disk_reserve", CONFIG_SIZE, AT(reserve), "1GiB", NULL, 0, 0, false },
	{ "keep", CONFIG_BOOL, AT(keep), NULL, NULL, 0, 0, false },
	{ "link", CONFIG_ENUM, AT(link), "dir", links, 0, 0, false },
	{ "tags", CONFIG_LIST, AT(tags), "old", NULL, 0, 0, false },
};
/* clang-format on */

static const struct config_table table = {.program = "test",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings)};

static char root_path[64];
static struct settings s;

static int
setup(void **state)
{
	(void)state;
	strcpy(root_path, "/tmp/pf-config-test-XXXXXX");
	if (mkdtemp(root_path) == NULL || chdir(root_path) == -1)
		return -1;
	config_defaults(&table, &s);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_release(&table, &s);
	return chdir("/") == -1 ? -1
				: fs_remove_tree(AT_FDCWD, root_path, NULL);
}

static void
write_file(const char *text, size_t len)
{
	assert_int_equal(
	    fs_replace(AT_FDCWD, "f.yaml", text, len, 0600, false, NULL), 0);
}

static void
assert_taken(const char *text)
{
	char *complaints;
	struct err e;

	write_file(text, strlen(text));
	if (config_read("f.yaml", &table, &s, &complaints, &e) == -1)
		fail_msg("%s", complaints);
	assert_null(complaints);
}

static void
assert_complaints(const char *text, const char *want)
{
	char *complaints;
	struct err e;

	write_file(text, strlen(text));
	assert_int_equal(
	    config_read("f.yaml", &table, &s, &complaints, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(complaints, want);
	assert_int_equal(strlen(e.text), strcspn(want, "\n"));
	assert_memory_equal(e.text, want, strlen(e.text));
	free(complaints);
	assert_int_equal(s.slots, 2); /* nothing was taken */
	assert_string_equal(s.name, "b1");
}

static void
a_whole_file_is_taken(void **state)
{
	(void)state;
	assert_taken("# a bot\n"
		     "name: b07\n"
		     "slots: 4\n"
		     "limits:\n"
		     "  wait: 5m\n"
		     "  disk_reserve: \"2GiB\"\n"
		     "keep: yes\n"
		     "link: sftp\n"
		     "tags: [fast, 'big, box']\n");
	assert_string_equal(s.name, "b07");
	assert_int_equal(s.slots, 4);
	assert_int_equal(s.wait, 300000);
	assert_true(s.reserve == UINT64_C(2) << 30);
	assert_true(s.keep);
	assert_int_equal(s.link, 0);
	assert_string_equal(s.tags[0], "fast");
	assert_string_equal(s.tags[1], "big, box");
	assert_null(s.tags[2]);
}

static void
what_is_not_said_stays(void **state)
{
	(void)state;
	assert_taken("");
	assert_taken("# only a comment\n");
	assert_taken("---\n");
	assert_taken("limits:\n#  wait: 5m\n");
	assert_string_equal(s.tags[0], "old");
	assert_taken("slots: 3\n");
	assert_taken("name: \"\"\ntags:\n");
	assert_int_equal(s.slots, 3);
	assert_string_equal(s.name, "");
	assert_null(s.tags[0]);
	assert_int_equal(s.wait, 30000);
}

static void
all_complaints_come_with_line_and_column(void **state)
{
	(void)state;
	assert_complaints("name: b2\n"
			  "slot: 4\n"
			  "limits:\n"
			  "  wait: soon\n"
			  "  disk_reserv: 1GiB\n"
			  "slots: 65\n"
			  "colour: red\n",
	    "f.yaml:2:1: unknown key 'slot', nearest is 'slots'\n"
	    "f.yaml:4:9: key 'limits.wait': 'soon' is not a duration such as "
	    "250ms, 30s, 5m, 1h or 7d\n"
	    "f.yaml:5:3: unknown key 'limits.disk_reserv', nearest is "
	    "'limits.disk_reserve'\n"
	    "f.yaml:6:8: key 'slots': '65' is too large; expected 1 to "
	    "64\n"
	    "f.yaml:7:1: unknown key 'colour'");
}

static void
values_of_the_wrong_shape_are_named(void **state)
{
	(void)state;
	assert_complaints(
	    "slots: [1]\n", "f.yaml:1:8: key 'slots' takes a plain value");
	assert_complaints("limits: 5\n",
	    "f.yaml:1:9: 'limits' is a section, its keys belong below it");
	assert_complaints("tags: [a, [b]]\n",
	    "f.yaml:1:11: key 'tags' takes a list of words");
	assert_complaints("[a, b]: c\n", "f.yaml:1:1: a key must be a word");
	assert_complaints(
	    "- name\n", "f.yaml:1:1: a list of 'key: value' lines is expected");
	assert_complaints("slots:\n",
	    "f.yaml:1:7: key 'slots': '' is not a whole number; "
	    "expected 1 to 64");
	assert_complaints(
	    "name: \"a\\0b\"\n", "f.yaml:1:7: a text holds a zero byte");
}

static void
a_key_given_twice_is_named(void **state)
{
	(void)state;
	assert_complaints(
	    "slots: 3\nslots: 4\n", "f.yaml:2:1: key 'slots' is given twice");
	assert_complaints("limits:\n  wait: 1s\nlimits.wait: 2s\n",
	    "f.yaml:3:1: key 'limits.wait' is given twice");
}

static void
what_is_no_yaml_is_named(void **state)
{
	char *complaints;
	struct err e;

	(void)state;
	assert_complaints("name: b2\nslots: [1\n",
	    "f.yaml:3:1: did not find expected ',' or ']'");
	assert_complaints("name: b2\n---\nname: b3\n",
	    "f.yaml:2:1: only one document is allowed");
	write_file("name: b2\nslots: \xff\n", 18);
	assert_int_equal(
	    config_read("f.yaml", &table, &s, &complaints, &e), -1);
	assert_string_equal(
	    complaints, "f.yaml:2:8: invalid leading UTF-8 octet");
	free(complaints);
}

static void
variables_are_replaced_from_the_environment(void **state)
{
	(void)state;
	setenv("PF_TEST_NAME", "b9", 1);
	setenv("PF_TEST_EMPTY", "", 1);
	unsetenv("PF_TEST_NONE");
	assert_taken("name: \"<${PF_TEST_NAME}-${PF_TEST_NONE:-x}-"
		     "${PF_TEST_EMPTY:-y}-${PF_TEST_EMPTY}-$5>\"\n"
		     "slots: ${PF_TEST_NONE:-7}\n"
		     "tags: ['${PF_TEST_NAME}', \"${PF_TEST_NONE:-}\"]\n");
	assert_string_equal(s.name, "<b9-x-y--$5>");
	assert_int_equal(s.slots, 7);
	assert_string_equal(s.tags[0], "b9");
	assert_string_equal(s.tags[1], "");
}

static void
variables_that_fail_are_named(void **state)
{
	(void)state;
	unsetenv("PF_TEST_NONE");
	assert_complaints("slots: ${PF_TEST_NONE}\n",
	    "f.yaml:1:8: '${PF_TEST_NONE}' is not set");
	assert_complaints("name: ${open\n",
	    "f.yaml:1:7: '${open' is not ${VAR} or "
	    "${VAR:-default}");
	assert_complaints("name: ${9x}\n",
	    "f.yaml:1:7: '${9x}' is not ${VAR} or "
	    "${VAR:-default}");
	assert_complaints("slots: ${PF_TEST_NONE:-many}\n",
	    "f.yaml:1:8: key 'slots': 'many' is not a whole number; "
	    "expected 1 to 64");
	/* Only values: a key is what it is. */
	assert_complaints("${PF_TEST_NONE:-slots}: 4\n",
	    "f.yaml:1:1: unknown key '${PF_TEST_NONE:-slots}'");
}

static void
two_dollars_stand_for_one_before_a_brace(void **state)
{
	(void)state;
	assert_taken("name: '$${PF_TEST_NONE}-$$-$$${x}'\n");
	assert_string_equal(s.name, "${PF_TEST_NONE}-$$-$${x}");
}

static void
an_alias_is_no_value(void **state)
{
	(void)state;
	assert_complaints("limits: &x\n  limits: *x\n",
	    "f.yaml:1:9: an anchor (&x) is not allowed\n"
	    "f.yaml:2:11: an alias (*x) is not allowed: write the value "
	    "again");
}

static void
a_complaint_is_one_line_whatever_the_key(void **state)
{
	(void)state;
	assert_complaints("\"a\\nb\\e[1m\": 1\n",
	    "f.yaml:1:1: unknown key 'a\\x0ab\\x1b[1m'");
}

static void
a_file_that_cannot_be_read_is_another_matter(void **state)
{
	char *complaints;
	struct err e;

	(void)state;
	assert_int_equal(
	    config_read("none.yaml", &table, &s, &complaints, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_null(complaints);
	assert_int_equal(
	    config_read(root_path, &table, &s, &complaints, &e), -1);
	assert_null(complaints);
	assert_int_equal(
	    config_read("/dev/zero", &table, &s, &complaints, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_string_equal(
	    complaints, "/dev/zero:1:1: longer than 64 KiB: not read");
	free(complaints);
}

static void
a_link_to_the_file_is_fine(void **state)
{
	char *complaints;

	(void)state;
	write_file("slots: 9\n", 9);
	assert_int_equal(symlink("f.yaml", "link.yaml"), 0);
	assert_int_equal(
	    config_read("link.yaml", &table, &s, &complaints, NULL), 0);
	assert_int_equal(s.slots, 9);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_whole_file_is_taken),
	    TEST(what_is_not_said_stays),
	    TEST(all_complaints_come_with_line_and_column),
	    TEST(values_of_the_wrong_shape_are_named),
	    TEST(a_key_given_twice_is_named),
	    TEST(what_is_no_yaml_is_named),
	    TEST(variables_are_replaced_from_the_environment),
	    TEST(variables_that_fail_are_named),
	    TEST(two_dollars_stand_for_one_before_a_brace),
	    TEST(an_alias_is_no_value),
	    TEST(a_complaint_is_one_line_whatever_the_key),
	    TEST(a_file_that_cannot_be_read_is_another_matter),
	    TEST(a_link_to_the_file_is_fine),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config_yaml", tests, NULL, NULL);
}
