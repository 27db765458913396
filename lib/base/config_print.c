/*
 * Settings back to text: what --print-config writes is a file that gives the
 * same settings again, whatever bytes a value or a file's name holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/config_internal.h"
#include "lib/base/text.h"

#define COMMENT_COLUMN 40

struct unit {
	const char *name;
	uint64_t factor;
};

static void
add_factor(uint64_t thousandths, struct buf *out)
{
	buf_printf(out, "%" PRIu64, thousandths / 1000);
	if (thousandths % 1000 == 0)
		return;
	buf_printf(out, ".%03" PRIu64, thousandths % 1000);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
}

void
config_number_text(enum config_type type, uint64_t value, struct buf *out)
{
	static const struct unit times[] = {{"d", 86400000}, {"h", 3600000},
	    {"m", 60000}, {"s", 1000}, {"ms", 1}};
	static const struct unit sizes[] = {{"TiB", UINT64_C(1) << 40},
	    {"GiB", UINT64_C(1) << 30}, {"MiB", UINT64_C(1) << 20},
	    {"KiB", UINT64_C(1) << 10}, {"", 1}};
	const struct unit *u = type == CONFIG_DURATION ? times : sizes;

	if (value == 0)
		buf_adds(out, type == CONFIG_DURATION ? "0s" : "0");
	else if (type == CONFIG_FACTOR)
		add_factor(value, out);
	else if (type != CONFIG_DURATION && type != CONFIG_SIZE)
		buf_printf(out, "%" PRIu64, value);
	else {
		while (value % u->factor != 0)
			u++;
		buf_printf(out, "%" PRIu64 "%s", value / u->factor, u->name);
	}
}

const char *
config_type_word(enum config_type type)
{
	static const char *const words[] = {"text", "number", "switch",
	    "duration", "size", "factor", "share", "word", "list"};

	return words[type];
}

/* ---- one value ------------------------------------------------------- */

static uint32_t
code_point(const char *p, size_t len)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)p[0] & masks[len];
	size_t i;

	for (i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

/* What YAML takes for a break, or does not take at all. */
static bool
must_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 ||
	    c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static void
add_escaped(struct buf *out, const char *text)
{
	size_t left = strlen(text), len;
	uint32_t c;

	for (; left > 0; text += len, left -= len) {
		len = text_char(text, left);
		c = len == 0 ? 0xfffd : code_point(text, len);
		if (len == 0)
			len = 1; /* only in the name of a file */
		if (strncmp(text, "${", 2) == 0)
			buf_addc(out, '$');
		if (c == '"' || c == '\\')
			buf_addc(out, '\\');
		if (must_escape(c) || c == 0xfffd)
			buf_printf(out, "\\u%04" PRIx32, c);
		else
			buf_add(out, text, len);
	}
}

static bool
is_plain(const char *text)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789/._";
	static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789/._@%+=~-";

	return text[0] != '\0' && strchr(first, text[0]) != NULL &&
	    text[strspn(text, more)] == '\0' && strcmp(text, "null") != 0;
}

static void
add_string(struct buf *out, const char *text)
{
	if (is_plain(text)) {
		buf_adds(out, text);
		return;
	}
	buf_addc(out, '"');
	add_escaped(out, text);
	buf_addc(out, '"');
}

static void
add_list(struct buf *out, char *const *list)
{
	size_t i;

	buf_addc(out, '[');
	for (i = 0; list != NULL && list[i] != NULL; i++) {
		buf_adds(out, i == 0 ? "" : ", ");
		add_string(out, list[i]);
	}
	buf_addc(out, ']');
}

static void
add_share(struct buf *out, const struct config_share *s)
{
	if (s->percent != 0)
		buf_printf(out, "%" PRIu64 "%%", s->percent);
	if (s->percent != 0 && s->bytes != 0)
		buf_addc(out, '/');
	if (s->percent == 0 || s->bytes != 0)
		config_number_text(CONFIG_SIZE, s->bytes, out);
}

void
config_value_text(
    const struct config_key *key, const void *values, struct buf *out)
{
	const void *field = (const char *)values + key->offset;

	switch (key->type) {
	case CONFIG_STRING:
		add_string(out, *(char *const *)field);
		break;
	case CONFIG_LIST:
		add_list(out, *(char *const *const *)field);
		break;
	case CONFIG_BOOL:
		buf_adds(out, *(const bool *)field ? "yes" : "no");
		break;
	case CONFIG_ENUM:
		buf_adds(out, key->words[*(const int *)field]);
		break;
	case CONFIG_SHARE:
		add_share(out, field);
		break;
	case CONFIG_U64:
		if (key->words != NULL &&
		    *(const uint64_t *)field == UINT64_MAX)
			buf_adds(out, key->words[0]);
		else
			config_number_text(
			    CONFIG_U64, *(const uint64_t *)field, out);
		break;
	default:
		config_number_text(key->type, *(const uint64_t *)field, out);
		break;
	}
}

/* ---- all of them ----------------------------------------------------- */

/* Open the sections of "name" that "last" was not in, and its line. */
static void
open_sections(struct buf *out, const char *last, const char *name)
{
	const char *part = name, *dot;
	int level = 0;

	for (; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
		if (strncmp(last, name, (size_t)(dot - name) + 1) != 0)
			buf_printf(out, "%*s%.*s:\n", level * 2, "",
			    (int)(dot - part), part);
		level++;
	}
	buf_printf(out, "%*s%s: ", level * 2, "", part);
}

/* To the column of the comments. */
static void
indent(struct buf *out)
{
	size_t line = out->len;

	while (line > 0 && out->data[line - 1] != '\n')
		line--;
	do
		buf_addc(out, ' ');
	while (out->len - line < COMMENT_COLUMN);
}

void
config_print(const struct config_table *t, const void *values,
    char *const *origins, struct buf *out)
{
	const char *last = "";
	size_t i;

	for (i = 0; i < t->count; i++) {
		open_sections(out, last, t->keys[i].name);
		config_value_text(&t->keys[i], values, out);
		last = t->keys[i].name;
		if (origins != NULL) {
			indent(out);
			buf_adds(out, "# ");
			add_escaped(out, origins[i]);
		}
		buf_addc(out, '\n');
	}
}
