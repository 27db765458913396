/*
 * pfadm(1) and the tables of commands and options say the same.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tools/pfadm/pfadm.h"

static struct buf page;

static int
read_page(void **state)
{
	struct err e;

	(void)state;
	return fs_read_file(
	    AT_FDCWD, "tools/pfadm/pfadm.1", &page, 1 << 20, &e);
}

static int
release_page(void **state)
{
	(void)state;
	buf_release(&page);
	return 0;
}

/* Does an item of the page begin so, or go on so after a comma? */
static bool
item_has(const char *macro)
{
	const char *line = buf_text(&page), *end, *at;
	size_t n = strlen(macro);

	for (; *line != '\0'; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		if (strncmp(line, ".It ", 4) != 0)
			continue;
		for (at = line; (at = strstr(at, macro)) != NULL && at < end;
		     at++)
			if (at[n] == '\n' || strncmp(at + n, " Ar", 3) == 0 ||
			    strncmp(at + n, " Op", 3) == 0 ||
			    strncmp(at + n, " Fl", 3) == 0 ||
			    strncmp(at + n, " ,", 2) == 0)
				return true;
	}
	return false;
}

static void
every_command_is_an_item(void **state)
{
	char macro[60];
	int i;

	(void)state;
	for (i = 0; i < command_count; i++) {
		snprintf(macro, sizeof(macro), "Cm %s", commands[i].words);
		if (commands[i].words[0] != '_' && !item_has(macro))
			fail_msg("pfadm.1 lacks .It %s", macro);
	}
}

static void
every_option_is_an_item(void **state)
{
	const struct option_spec *s;
	char macro[60];
	int i;

	(void)state;
	for (i = 0; i < option_spec_count; i++) {
		s = &option_specs[i];
		snprintf(macro, sizeof(macro), "Fl -%s", s->name);
		if (s->letter != '\0')
			snprintf(macro, sizeof(macro), "Fl %c , -%s", s->letter,
			    s->name);
		if (!item_has(macro))
			fail_msg("pfadm.1 lacks .It %s", macro);
	}
}

static bool
is_command(const char *words, size_t len)
{
	int i;

	for (i = 0; i < command_count; i++)
		if (strlen(commands[i].words) == len &&
		    strncmp(commands[i].words, words, len) == 0)
			return true;
	return false;
}

static bool
is_option(const char *name, size_t len)
{
	int i;

	for (i = 0; i < option_spec_count; i++)
		if (strlen(option_specs[i].name) == len &&
		    strncmp(option_specs[i].name, name, len) == 0)
			return true;
	return false;
}

/* Words after a macro, up to the next macro or the end of the line. */
static size_t
words_after(const char *at)
{
	size_t len = 0, n;

	for (;;) {
		n = strcspn(at + len, " \n");
		if (n == 0 || strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ,|", at[len]))
			break;
		len += n;
		if (at[len] != ' ')
			return len;
		len++;
	}
	return len > 0 && at[len - 1] == ' ' ? len - 1 : len;
}

static void
every_item_is_there(void **state)
{
	const char *at;
	size_t len;

	(void)state;
	for (at = page.data; (at = strstr(at, "\n.It Cm ")) != NULL; at++) {
		len = words_after(at + 8);
		if (!is_command(at + 8, len))
			fail_msg("'%.*s' is no command", (int)len, at + 8);
	}
	for (at = page.data; (at = strstr(at, " Fl -")) != NULL; at++) {
		len = strcspn(at + 5, " \n");
		if (!is_option(at + 5, len))
			fail_msg("--%.*s is no option", (int)len, at + 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_command_is_an_item),
	    cmocka_unit_test(every_option_is_an_item),
	    cmocka_unit_test(every_item_is_there),
	};

	return cmocka_run_group_tests(tests, read_page, release_page);
}
