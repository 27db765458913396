/* lib/base/config_tree: any YAML becomes a small tree or a complaint. */
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

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/config_tree.h"
#include "tests/unit/scratch.h"

static struct config_tree *
parse(const char *text)
{
	return config_tree_parse("t.yaml", text, strlen(text));
}

static void
a_document_becomes_a_tree(void **state)
{
	struct config_tree *t = parse("base: {memory: 2GiB, none: ~}\n"
				      "list: [a, 'b c', {d: e}]\n"
				      "empty:\n");
	const struct config_node *root = config_tree_root(t), *n;

	(void)state;
	assert_null(config_tree_complaints(t));
	assert_int_equal(config_node_type(root), CONFIG_NODE_MAP);
	assert_int_equal(config_node_count(root), 3);
	assert_string_equal(config_node_key(root, 1), "list");
	assert_null(config_node_key(root, 3));
	n = config_node_get(root, "base");
	assert_int_equal(config_node_type(n), CONFIG_NODE_MAP);
	assert_null(config_node_text(n));
	assert_string_equal(
	    config_node_text(config_node_get(n, "memory")), "2GiB");
	assert_false(config_node_nothing(config_node_get(n, "memory")));
	assert_true(config_node_nothing(config_node_get(n, "none")));
	assert_string_equal(config_node_text(config_node_get(n, "none")), "");
	assert_null(config_node_get(n, "list"));
	n = config_node_get(root, "list");
	assert_int_equal(config_node_type(n), CONFIG_NODE_LIST);
	assert_int_equal(config_node_count(n), 3);
	assert_string_equal(config_node_text(config_node_at(n, 1)), "b c");
	assert_null(config_node_at(n, 3));
	assert_null(config_node_at(n, -1));
	assert_null(config_node_get(n, "a"));
	n = config_node_at(n, 2);
	assert_string_equal(config_node_text(config_node_at(n, 0)), "e");
	assert_true(config_node_nothing(config_node_get(root, "empty")));
	config_tree_free(t);
	config_tree_free(NULL);
}

static void
an_empty_text_is_an_empty_mapping(void **state)
{
	static const char *const texts[] = {
	    "", "# nothing\n", "---\n", "~\n", "---\n...\n", "{}\n"};
	struct config_tree *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		t = parse(texts[i]);
		assert_null(config_tree_complaints(t));
		assert_int_equal(
		    config_node_type(config_tree_root(t)), CONFIG_NODE_MAP);
		assert_int_equal(config_node_count(config_tree_root(t)), 0);
		config_tree_free(t);
	}
}

static void
a_reader_adds_its_complaints_at_value_or_key(void **state)
{
	struct config_tree *t = parse("a:\n  b: 1\n  c: *x\n");
	const struct config_node *n =
	    config_node_get(config_node_get(config_tree_root(t), "a"), "b");

	(void)state;
	config_tree_complain(t, n, 0, "'%s' is wrong", "1");
	config_tree_complain(t, n, 1, "unknown\x1b");
	config_tree_complain(t, config_tree_root(t), 1, "nothing here");
	assert_string_equal(config_tree_complaints(t),
	    "t.yaml:3:6: an alias (*x) is not allowed: write the value again\n"
	    "t.yaml:2:6: '1' is wrong\n"
	    "t.yaml:2:3: unknown\\x1b\n"
	    "t.yaml:1:1: nothing here");
	config_tree_free(t);
}

static void
what_is_wrong_with_one_value_spares_the_others(void **state)
{
	struct config_tree *t = parse("a: !!str x\n"
				      "b: &y z\n"
				      "c: 1\n"
				      "c: 2\n"
				      "[d]: e\n"
				      "{f: g}: h\n"
				      "*i : j\n"
				      "k: \"a\\0b\"\n"
				      "l: [m, !n o, [*p], q]\n"
				      "? !r s\n"
				      ": t\n"
				      "u: ${PF_TEST_UNSET}\n"
				      "v: [&w {x: y}, &z []]\n"
				      "last: yes\n");
	const struct config_node *root = config_tree_root(t);

	(void)state;
	assert_string_equal(config_tree_complaints(t),
	    "t.yaml:1:4: a tag (tag:yaml.org,2002:str) is not allowed\n"
	    "t.yaml:2:4: an anchor (&y) is not allowed\n"
	    "t.yaml:4:1: key 'c' is given twice\n"
	    "t.yaml:5:1: a key must be a word\n"
	    "t.yaml:6:1: a key must be a word\n"
	    "t.yaml:7:1: a key must be a word\n"
	    "t.yaml:8:4: a text holds a zero byte\n"
	    "t.yaml:9:8: a tag (!n) is not allowed\n"
	    "t.yaml:9:15: an alias (*p) is not allowed: write the value again\n"
	    "t.yaml:10:3: a key must be a word\n"
	    "t.yaml:12:4: '${PF_TEST_UNSET}' is not set\n"
	    "t.yaml:13:5: an anchor (&w) is not allowed\n"
	    "t.yaml:13:16: an anchor (&z) is not allowed");
	assert_int_equal(config_node_count(root), 4); /* c, l, v, last */
	assert_string_equal(config_node_text(config_node_get(root, "c")), "1");
	assert_int_equal(config_node_count(config_node_get(root, "l")), 3);
	assert_int_equal(config_node_count(config_node_get(root, "v")), 0);
	assert_string_equal(
	    config_node_text(config_node_get(root, "last")), "yes");
	config_tree_free(t);
}

/* The complaint of a text that is refused whole. */
static void
assert_broken(const struct buf *text, const char *want)
{
	uint64_t began = clock_up_ms();
	struct config_tree *t =
	    config_tree_parse("t.yaml", buf_text(text), text->len);

	assert_null(config_tree_root(t));
	assert_non_null(config_tree_complaints(t));
	assert_string_equal(config_tree_complaints(t), want);
	assert_in_range(clock_up_ms() - began, 0, 2000);
	config_tree_free(t);
}

static void
what_is_no_yaml_has_no_root(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "a: [1\n");
	assert_broken(&b, "t.yaml:2:1: did not find expected ',' or ']'");
	buf_reset(&b);
	buf_adds(&b, "- a\n");
	assert_broken(
	    &b, "t.yaml:1:1: a list of 'key: value' lines is expected");
	buf_reset(&b);
	buf_adds(&b, "a: \xff\n");
	assert_broken(&b, "t.yaml:1:4: invalid leading UTF-8 octet");
	buf_release(&b);
}

static void
eight_levels_are_read_and_nine_are_not(void **state)
{
	struct config_tree *t =
	    parse("a: {b: {c: {d: {e: {f: {g: {h: 8}}}}}}}\n");
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	assert_null(config_tree_complaints(t));
	config_tree_free(t);
	buf_adds(&b, "a: {b: {c: {d: {e: {f: {g: {h: {i: 9}}}}}}}}\n");
	assert_broken(&b, "t.yaml:1:32: more than 8 levels are not read");
	/* As deep as fits: no stack is used up, and it takes no time. */
	buf_reset(&b);
	buf_adds(&b, "a: ");
	for (i = 0; i < 65000; i++)
		buf_addc(&b, '[');
	assert_broken(&b, "t.yaml:1:11: more than 8 levels are not read");
	buf_release(&b);
}

static void
many_values_are_refused(void **state)
{
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	buf_adds(&b, "a: [");
	for (i = 0; i < 4094; i++) /* with the list and the root: 4,096 */
		buf_adds(&b, "x, ");
	buf_adds(&b, "]\n");
	config_tree_free(parse(b.data));
	b.len -= 2;
	buf_adds(&b, "x]\n");
	assert_broken(&b, "t.yaml:1:12287: more than 4096 values are not read");
	buf_reset(&b);
	for (i = 0; i < 70000; i++)
		buf_addc(&b, '#');
	assert_broken(&b, "t.yaml:1:1: longer than 64 KiB: not read");
	buf_release(&b);
}

static void
a_bomb_of_aliases_is_refused_at_once(void **state)
{
	struct buf b = BUF_INIT;
	struct config_tree *t;
	uint64_t began = clock_up_ms();
	int level, item;
	const char *all;
	int lines = 0;

	(void)state;
	buf_adds(&b, "a: &a [lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (level = 'b'; level <= 'z'; level++) {
		buf_printf(&b, "%c: &%c [", level, level);
		for (item = 0; item < 9; item++)
			buf_printf(
			    &b, "%s*%c", item == 0 ? "" : ", ", level - 1);
		buf_adds(&b, "]\n");
	}
	t = config_tree_parse("t.yaml", b.data, b.len);
	assert_in_range(clock_up_ms() - began, 0, 1000);
	for (all = config_tree_complaints(t); all != NULL;
	     all = strchr(all + 1, '\n'))
		lines++;
	assert_int_equal(lines, 101); /* 100 and "and more" */
	assert_non_null(
	    strstr(config_tree_complaints(t), "\nt.yaml: and more"));
	config_tree_free(t);
	buf_release(&b);
}

static void
only_one_document_is_read(void **state)
{
	struct config_tree *t = parse("a: b\n---\nc: d\n");

	(void)state;
	assert_string_equal(config_tree_complaints(t),
	    "t.yaml:2:1: only one document is allowed");
	config_tree_free(t);
}

static void
files_links_and_pipes_are_read(void **state)
{
	struct scratch *scratch = *state;
	struct config_tree *t;
	char path[64];
	int fds[2];
	struct err e;

	assert_int_equal(fchdir(scratch->fd), 0);
	scratch_file(scratch->fd, "t.yaml", "a: b\n", 5);
	assert_int_equal(symlink("t.yaml", "link.yaml"), 0);
	assert_non_null(t = config_tree_read("link.yaml", &e));
	assert_int_equal(config_node_count(config_tree_root(t)), 1);
	config_tree_free(t);

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "a: [\n", 5), 5);
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_non_null(t = config_tree_read(path, &e));
	assert_null(config_tree_root(t));
	config_tree_free(t);
	close(fds[0]);

	assert_null(config_tree_read("none.yaml", &e));
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_null(config_tree_read(".", &e));
	assert_int_equal(e.cls, ERR_AGAIN);
	/* A FIFO that nobody writes to is empty, not waited for. */
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_non_null(t = config_tree_read("fifo", &e));
	config_tree_free(t);
	assert_int_equal(chdir("/"), 0);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_document_becomes_a_tree),
	    TEST(an_empty_text_is_an_empty_mapping),
	    TEST(a_reader_adds_its_complaints_at_value_or_key),
	    TEST(what_is_wrong_with_one_value_spares_the_others),
	    TEST(what_is_no_yaml_has_no_root),
	    TEST(eight_levels_are_read_and_nine_are_not),
	    TEST(many_values_are_refused),
	    TEST(a_bomb_of_aliases_is_refused_at_once),
	    TEST(only_one_document_is_read),
	    TEST(files_links_and_pipes_are_read),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config_tree", tests, NULL, NULL);
}
