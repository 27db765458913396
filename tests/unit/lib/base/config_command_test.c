/* lib/base/config_command: every key is an option. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/config_command.h"

struct settings {
	char *name;
	uint64_t wait;
	bool keep;
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct config_key keys[] = {
	{ "name", CONFIG_STRING, AT(name), "b1", NULL, 0, 0, false },
	{ "limits.wait_for", CONFIG_DURATION, AT(wait), "30s", NULL, 0, 0,
	    false },
	{ "keep_it", CONFIG_BOOL, AT(keep), "no", NULL, 0, 0, false },
};
/* clang-format on */

static const struct config_table table = {.program = "test",
    .file = "/nonexistent/test.yaml",
    .keys = keys,
    .count = sizeof(keys) / sizeof(keys[0]),
    .size = sizeof(struct settings)};

static struct config_command
parse(const char *first, ...)
{
	static char *argv[16];
	struct config_command c;
	const char *word;
	va_list ap;
	int argc = 1;

	argv[0] = (char *)"test";
	va_start(ap, first);
	for (word = first; word != NULL; word = va_arg(ap, const char *))
		argv[argc++] = (char *)word;
	va_end(ap);
	argv[argc] = NULL;
	config_command_parse(&table, argc, argv, &c);
	return c;
}

static void
keys_become_options(void **state)
{
	struct config_command c = parse("run", "--limits-wait-for", "5s",
	    "--keep-it", "--config", "x.yaml", "--name=b 2", "fast", NULL);
	struct config_said said = {0};
	struct settings s;

	(void)state;
	assert_int_equal(c.what, CONFIG_RUN);
	assert_string_equal(c.sources.file, "x.yaml");
	assert_int_equal(c.rest, 7);
	assert_int_equal(c.sources.option_count, 3);
	assert_string_equal(c.sources.options[0].key, "limits.wait_for");
	assert_string_equal(c.sources.options[0].origin, "--limits-wait-for");
	c.sources.file = NULL;
	assert_int_equal(config_start(&table, &c, &s, &said), -1);
	assert_string_equal(s.name, "b 2");
	assert_int_equal(s.wait, 5000);
	assert_true(s.keep);
	assert_string_equal(said.origins[0], "--name");
	config_release(&table, &s);
	config_said_release(&table, &said);
	config_command_release(&c);
}

static void
a_switch_can_be_turned_off(void **state)
{
	struct config_command c = parse("--keep-it=no", NULL);

	(void)state;
	assert_string_equal(c.sources.options[0].text, "no");
	config_command_release(&c);
}

static void
assert_what(enum config_what want, const char *a, const char *b)
{
	struct config_command c = parse(a, b, NULL);

	assert_int_equal(c.what, want);
	config_command_release(&c);
}

static void
what_is_asked_for_is_told(void **state)
{
	int keep = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_what(CONFIG_CHECK, "--check-config", NULL);
	assert_what(CONFIG_PRINT, "--print-config", "--name=x");
	assert_what(CONFIG_HELP, "--help", NULL);
	assert_what(CONFIG_HELP, "-h", "--check-config");
	assert_what(CONFIG_VERSION, "--version", "--nonsense");
	dup2(null, 2);
	assert_what(CONFIG_WRONG, "--nonsense", NULL);
	assert_what(CONFIG_WRONG, "--name", NULL);
	assert_what(CONFIG_WRONG, "--limits.wait_for", "5s");
	dup2(keep, 2);
	close(keep);
	close(null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_become_options),
	    cmocka_unit_test(a_switch_can_be_turned_off),
	    cmocka_unit_test(what_is_asked_for_is_told),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/config_command", tests, NULL, NULL);
}
