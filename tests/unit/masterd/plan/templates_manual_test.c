/* pandafuzz-templates(5) says what the table of values.h does. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/plan/templates.h"

#define PAGE "masterd/pandafuzz-templates.5"

/* The line after ".It Cm KEY" says what the table says. */
static void
assert_described(const char *line, const struct value_key *key)
{
	struct buf expected = BUF_INIT;

	buf_adds(&expected, "Takes ");
	value_range(&expected, key);
	if (key->kind != VALUE_LIST)
		buf_printf(&expected, "; default %s", key->fallback);
	buf_adds(&expected, ".\n");
	if (strncmp(line, expected.data, expected.len) != 0)
		fail_msg("%s: %s wants %s", PAGE, key->name, expected.data);
	buf_release(&expected);
}

/* What follows "mark", which must be there. */
static const char *
after(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);

	if (at == NULL) {
		fail_msg("%s: there is no %s", PAGE, mark);
		return text;
	}
	return at + strlen(mark);
}

static void
read_page(struct buf *page)
{
	assert_int_equal(fs_read_file(AT_FDCWD, PAGE, page, 1 << 20, NULL), 0);
}

static void
the_manual_has_the_keys_of_the_table_in_its_order(void **state)
{
	struct buf page = BUF_INIT;
	const char *at, *end;
	size_t count, i, len;
	const struct value_key *keys = values_keys(&count);

	(void)state;
	read_page(&page);
	at = after(buf_text(&page), "\n.Sh KEYS\n");
	end = after(at, "\n.El\n");
	for (i = 0; i < count; i++) {
		at = after(at, "\n.It Cm ");
		assert_true(at < end);
		len = strlen(keys[i].name);
		if (strncmp(at, keys[i].name, len) != 0 || at[len] != '\n')
			fail_msg("%s: %s is not where the table has it", PAGE,
			    keys[i].name);
		at += len + 1;
		assert_described(at, &keys[i]);
	}
	at = strstr(at, "\n.It Cm ");
	assert_true(at == NULL || at > end);
	buf_release(&page);
}

static void
resolve(const char *text, struct values *v)
{
	struct templates_ask ask = {
	    "libfuzzer", "address", "zlib", "nightly", NULL};
	struct config_tree *tree =
	    config_tree_parse("t.yaml", text, strlen(text));
	struct templates *t = templates_new();
	struct buf lines = BUF_INIT;
	struct err e;

	if (templates_add(t, tree) == -1)
		fail_msg("%s", config_tree_complaints(tree));
	config_tree_free(tree);
	if (templates_check(t, &lines) == -1)
		fail_msg("%s", lines.data);
	if (templates_resolve(t, &ask, v, &e) == -1)
		fail_msg("%s", e.text);
	buf_release(&lines);
	templates_free(t);
}

static void
assert_value(const struct values *v, const char *key, const char *text,
    const char *source)
{
	const struct value *w = values_get(v, key);

	assert_non_null(w);
	assert_string_equal(w->text, text);
	assert_string_equal(w->source, source);
}

/* Its last ".Bd -literal" is a whole file. */
static void
the_example_of_the_manual_is_taken(void **state)
{
	struct buf page = BUF_INIT, example = BUF_INIT;
	struct values v = VALUES_INIT;
	const char *at, *end;

	(void)state;
	read_page(&page);
	at = after(buf_text(&page), "\n.Sh EXAMPLES\n");
	at = after(at, "\n.Bd -literal -offset indent\n");
	end = after(at, "\n.Ed\n");
	buf_add(&example, at, (size_t)(end - at) - strlen(".Ed\n"));
	resolve(example.data, &v);
	buf_release(&example);
	buf_release(&page);
	assert_value(&v, "start", "yes", "project zlib (t.yaml:19)");
	assert_value(&v, "timeout", "1m", "template slow (t.yaml:11)");
	assert_value(&v, "tags.laptop", "no", "project zlib (t.yaml:20)");
	values_release(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manual_has_the_keys_of_the_table_in_its_order),
	    cmocka_unit_test(the_example_of_the_manual_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
