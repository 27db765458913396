/* masterd/templates: files and folders of templates, whole or not at all. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "masterd/templates.h"
#include "tests/unit/scratch.h"

static struct scratch *s;
static struct buf complaints;
static struct err e;

static int
setup(void **state)
{
	if (scratch_setup(state) == -1)
		return -1;
	s = *state;
	buf_init(&complaints);
	err_clear(&e);
	return 0;
}

static int
teardown(void **state)
{
	buf_release(&complaints);
	return scratch_teardown(state);
}

/* ---- helpers --------------------------------------------------------- */

static void
put(const char *name, const char *text)
{
	scratch_file(s->fd, name, text, strlen(text));
}

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%s%s", s->path,
	    name[0] == '\0' ? "" : "/", name);
	return path;
}

static struct templates *
read_good(const char *name)
{
	struct templates *t = templates_read(path_of(name), &complaints, &e);

	if (t == NULL)
		fail_msg("%s", buf_text(&complaints));
	assert_string_equal(buf_text(&complaints), "");
	return t;
}

static void
assert_slots(const struct templates *t, const char *text, const char *source)
{
	struct templates_ask ask = {"libfuzzer", "address", "zlib", "", NULL};
	struct values v = VALUES_INIT;
	const struct value *w;

	assert_int_equal(templates_resolve(t, &ask, &v, NULL), 0);
	w = values_get(&v, "slots");
	assert_string_equal(w->text, text);
	assert_string_equal(w->source, source);
	values_release(&v);
}

/* ---- tests ----------------------------------------------------------- */

static void
without_a_path_there_is_what_is_built_in(void **state)
{
	struct templates *t = templates_read("", &complaints, &e);

	(void)state;
	assert_non_null(t);
	assert_slots(t, "0", "built in");
	templates_free(t);
}

static void
a_single_file_is_read(void **state)
{
	struct templates *t;

	(void)state;
	put("any.name", "base: {slots: 3}\n");
	t = read_good("any.name");
	assert_slots(t, "3", "base (any.name:1)");
	templates_free(t);
}

static void
a_folder_is_read_in_order_of_its_names(void **state)
{
	struct templates *t;

	(void)state;
	put("20-b.yaml", "\nbase: {slots: 2}\n");
	put("10-a.yaml", "base: {slots: 1}\n");
	put("9.yaml", "projects: {zlib: {inherits: more}}\n");
	put("1.yaml", "templates: {more: {weight: 3}}\n");
	put(".hidden.yaml", "base: {slots: 9}\n");
	put("notes.txt", "no YAML: [\n");
	put("old.yaml.bak", "no YAML: [\n");
	t = read_good("");
	assert_slots(t, "2", "base (20-b.yaml:2)");
	templates_free(t);
}

static void
an_empty_folder_is_fine(void **state)
{
	struct templates *t;

	(void)state;
	t = read_good("");
	assert_slots(t, "0", "built in");
	templates_free(t);
}

static void
links_are_followed(void **state)
{
	struct templates *t;

	(void)state;
	assert_int_equal(mkdirat(s->fd, "real", 0755), 0);
	put("elsewhere", "base: {slots: 4}\n");
	assert_int_equal(symlinkat("../elsewhere", s->fd, "real/10.yaml"), 0);
	assert_int_equal(symlinkat("real", s->fd, "linked"), 0);
	t = read_good("linked");
	assert_slots(t, "4", "base (10.yaml:1)");
	templates_free(t);
}

static void
complaints_of_all_files_come_at_once(void **state)
{
	char expected[512];

	(void)state;
	put("1.yaml", "base: {slot: 1}\n");
	put("2.yaml", "base: [\n");
	put("3.yaml", "templates: {a: {inherits: b}, b: {inherits: a}}\n");
	put("4.yaml", "base: {inherits: none}\n");
	assert_null(templates_read(s->path, &complaints, &e));
	assert_int_equal(e.cls, ERR_REFUSED);
	snprintf(expected, sizeof(expected),
	    "%s/1.yaml:1:8: unknown key 'slot', nearest is 'slots'", s->path);
	assert_string_equal(e.text, expected);
	assert_non_null(strstr(complaints.data, expected));
	assert_non_null(strstr(complaints.data, "/2.yaml:2:1: "));
	assert_non_null(strstr(
	    complaints.data, "/3.yaml:1:45: inherits: a circle: a -> b -> a"));
	assert_non_null(strstr(complaints.data,
	    "/4.yaml:1:18: inherits: there is no template 'none'"));
}

static void
what_is_not_there_is_said(void **state)
{
	(void)state;
	assert_null(templates_read(path_of("none"), &complaints, &e));
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_string_equal(e.text, complaints.data);
	assert_non_null(strstr(e.text, "/none': No such file or directory"));
}

static void
a_file_that_cannot_be_read_refuses_the_set(void **state)
{
	(void)state;
	put("1.yaml", "base: {slots: 1}\n");
	assert_int_equal(symlinkat("nowhere", s->fd, "2.yaml"), 0);
	assert_null(templates_read(s->path, &complaints, &e));
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "/2.yaml': No such file or directory"));
}

static void
too_many_files_are_refused(void **state)
{
	char name[32];
	int i;

	(void)state;
	for (i = 0; i <= TEMPLATES_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		put(name, "");
	}
	assert_null(templates_read(s->path, &complaints, &e));
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_non_null(strstr(
	    e.text, "holds 257 files of templates, at most 256 are read"));
}

static void
a_bad_set_leaves_the_old_one_in_force(void **state)
{
	struct templates *t;

	(void)state;
	put("1.yaml", "base: {slots: 1}\n");
	t = read_good("");
	put("2.yaml", "base: {slots: many}\n");
	assert_int_equal(templates_reload(&t, s->path, &complaints, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_slots(t, "1", "base (1.yaml:1)");
	put("2.yaml", "base: {slots: 2}\n");
	assert_int_equal(templates_reload(&t, s->path, &complaints, &e), 0);
	assert_string_equal(buf_text(&complaints), "");
	assert_slots(t, "2", "base (2.yaml:1)");
	templates_free(t);
}

static void
no_descriptor_is_left_open(void **state)
{
	(void)state;
	put("1.yaml", "base: {slots: many}\n");
	assert_null(templates_read(s->path, &complaints, &e));
	assert_int_equal(scratch_open_fds(), s->open_fds);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(without_a_path_there_is_what_is_built_in),
	    T(a_single_file_is_read),
	    T(a_folder_is_read_in_order_of_its_names),
	    T(an_empty_folder_is_fine),
	    T(links_are_followed),
	    T(complaints_of_all_files_come_at_once),
	    T(what_is_not_there_is_said),
	    T(a_file_that_cannot_be_read_refuses_the_set),
	    T(too_many_files_are_refused),
	    T(a_bad_set_leaves_the_old_one_in_force),
	    T(no_descriptor_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
