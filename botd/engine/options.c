/*
 * `.options`: INI in, a list of (section, key, value) out.  Which of them
 * count, and what they may not undo, is decided in libfuzzer.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "botd/engine/options.h"
#include "lib/base/buf.h"

static char *
trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' && *s != '\t')
			return false;
	return true;
}

/* One trimmed line.  -1 when it is nothing that may stand there. */
static int
take_line(struct options *o, char *line, const char **section)
{
	struct option *new;
	char *end, *value;

	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (!printable(line))
		return -1;
	if (line[0] == '[') {
		end = strchr(line, ']');
		if (end == NULL || end[1] != '\0')
			return -1;
		*end = '\0';
		*section = trim(line + 1);
		lower(line + 1);
		return 0;
	}
	value = line + strcspn(line, "=:");
	if (*value == '\0' || value == line || *section == NULL ||
	    o->count == OPTIONS_MAX)
		return -1;
	*value++ = '\0';
	new = &o->list[o->count++];
	new->section = *section;
	new->key = trim(line);
	lower(line);
	new->value = trim(value);
	return 0;
}

int
options_parse(struct options *o, const void *bytes, size_t len, struct err *e)
{
	const char *section = NULL;
	char *line, *next;
	int number = 1;

	o->count = 0;
	o->text = NULL;
	if (len > OPTIONS_MAX_BYTES)
		return err_set(e, ERR_REFUSED, "it is longer than 64 KiB");
	if (memchr(bytes, '\0', len) != NULL)
		return err_set(e, ERR_REFUSED, "it holds a zero byte");
	o->text = mem_alloc(len + 1);
	memcpy(o->text, bytes, len);
	for (line = o->text; line != NULL; line = next, number++) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (take_line(o, trim(line), &section) == -1) {
			o->count = 0;
			return err_set(e, ERR_REFUSED,
			    "line %d is no section and no 'key = value'",
			    number);
		}
	}
	return 0;
}

void
options_release(struct options *o)
{
	free(o->text);
	o->text = NULL;
	o->count = 0;
}

const char *
options_get(const struct options *o, const char *section, const char *key)
{
	int i;

	for (i = o->count - 1; i >= 0; i--)
		if (strcmp(o->list[i].section, section) == 0 &&
		    strcmp(o->list[i].key, key) == 0)
			return o->list[i].value;
	return NULL;
}

bool
option_key_ok(const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!islower((unsigned char)key[i]) &&
		    !isdigit((unsigned char)key[i]) && key[i] != '_')
			return false;
	return len > 0;
}
