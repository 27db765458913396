/*
 * Who may do what, as the templates say it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/plan/templates.h"

static void
add(struct templates *t, const char *yaml)
{
	struct config_tree *tree = config_tree_parse("t", yaml, strlen(yaml));

	if (templates_add(t, tree) == -1)
		fail_msg("%s", config_tree_complaints(tree));
	config_tree_free(tree);
}

static const struct project_access *
of(const struct templates *t, const char *project)
{
	const struct project_access *a;
	const char *name;
	int at = 0;

	while ((a = templates_access(t, &at, &name)) != NULL)
		if (strcmp(name, project) == 0)
			return a;
	return NULL;
}

static void
names_and_groups_are_kept(void **state)
{
	struct templates *t = templates_new();
	const struct project_access *a;

	(void)state;
	add(t,
	    "projects:\n"
	    "  zlib: {admins: [alice, '@zlib-team'], weight: 10}\n"
	    "  png: {readers: bob, security: private}\n"
	    "  jpeg: {weight: 20}\n");
	a = of(t, "zlib");
	assert_non_null(a);
	assert_string_equal(a->admins[0], "alice");
	assert_string_equal(a->admins[1], "@zlib-team");
	assert_null(a->admins[2]);
	assert_null(a->readers);
	assert_false(a->is_private);
	a = of(t, "png");
	assert_string_equal(a->readers[0], "bob");
	assert_true(a->is_private);
	assert_null(of(t, "jpeg"));
	templates_free(t);
}

static void
a_later_file_takes_the_place_of_a_list(void **state)
{
	struct templates *t = templates_new();
	const struct project_access *a;

	(void)state;
	add(t,
	    "projects: {zlib: {admins: [alice, bob], readers: [eve],"
	    " security: private}}");
	add(t, "projects: {zlib: {admins: [carol], security: public}}");
	add(t, "projects: {zlib: {readers: }}");
	a = of(t, "zlib");
	assert_string_equal(a->admins[0], "carol");
	assert_null(a->admins[1]);
	assert_null(a->readers[0]);
	assert_false(a->is_private);
	templates_free(t);
}

static void
what_is_no_name_is_complained_of_where_it_stands(void **state)
{
	static const char *const bad[][2] = {
	    {"projects: {zlib: {admins: [-x]}}", "takes names"},
	    {"projects: {zlib: {admins: ['a b']}}", "takes names"},
	    {"projects: {zlib: {readers: ['@']}}", "takes names"},
	    {"projects: {zlib: {readers: {a: b}}}", "takes names"},
	    {"projects: {zlib: {readers: [[a]]}}", "takes names"},
	    {"projects: {zlib: {security: hidden}}", "private"},
	    {"projects: {zlib: {security: [private]}}", "private"},
	    {"templates: {x: {admins: [a]}}", "admins"},
	    {"base: {security: private}", "security"}};
	struct config_tree *tree;
	struct templates *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = templates_new();
		tree = config_tree_parse("t", bad[i][0], strlen(bad[i][0]));
		assert_int_equal(templates_add(t, tree), -1);
		assert_non_null(
		    strstr(config_tree_complaints(tree), bad[i][1]));
		config_tree_free(tree);
		templates_free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_groups_are_kept),
	    cmocka_unit_test(a_later_file_takes_the_place_of_a_list),
	    cmocka_unit_test(what_is_no_name_is_complained_of_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
