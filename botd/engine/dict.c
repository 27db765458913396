/*
 * Dictionaries: keep, repair or drop each line.  A value without quotes gets
 * them; a value with an escape that no engine knows is taken byte by byte.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "botd/engine/dict.h"

/* libFuzzer and AFL++ both drop what is longer; nobody means it. */
#define VALUE_MAX 4096

struct line {
	const char *start;
	size_t len;
};

static struct line
trimmed(const char *start, size_t len)
{
	while (len > 0 && isspace((unsigned char)*start)) {
		start++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)start[len - 1]))
		len--;
	return (struct line){start, len};
}

/* Length of the escape at the start of "v", 0 when there is none. */
static size_t
escape_len(const char *v, size_t len)
{
	if (len >= 2 && v[0] == '\\' && (v[1] == '\\' || v[1] == '"'))
		return 2;
	if (len >= 4 && v[0] == '\\' && v[1] == 'x' &&
	    isxdigit((unsigned char)v[2]) && isxdigit((unsigned char)v[3]))
		return 4;
	return 0;
}

/* Can every engine read what stands between the quotes? */
static bool
value_ok(const char *v, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		if ((n = escape_len(v + i, len - i)) != 0)
			continue;
		if (!isprint((unsigned char)v[i]) || v[i] == '"' ||
		    v[i] == '\\')
			return false;
		n = 1;
	}
	return len > 0;
}

/* In quotes; escapes that are good stay, what needs one gets one. */
static void
add_escaped(struct buf *out, const char *v, size_t len)
{
	size_t i, n;

	buf_addc(out, '"');
	for (i = 0; i < len; i += n) {
		if ((n = escape_len(v + i, len - i)) != 0) {
			buf_add(out, v + i, n);
			continue;
		}
		n = 1;
		if (!isprint((unsigned char)v[i]))
			buf_printf(out, "\\x%02x", (unsigned char)v[i]);
		else if (v[i] == '"' || v[i] == '\\')
			buf_printf(out, "\\%c", v[i]);
		else
			buf_addc(out, v[i]);
	}
	buf_adds(out, "\"\n");
}

/* The part between the first quote and the last, the whole line without. */
static struct line
value_of(struct line l, bool *quoted)
{
	const char *first = memchr(l.start, '"', l.len);
	const char *last = l.start + l.len - 1;

	*quoted = first != NULL && *last == '"' && last > first;
	if (!*quoted)
		return l;
	return (struct line){first + 1, (size_t)(last - first - 1)};
}

/* What may stand before the first quote: nothing, "name=" or "name@1=". */
static bool
name_ok(const char *start, const char *quote)
{
	const char *p;

	for (p = start; p < quote; p++)
		if (!isprint((unsigned char)*p) || *p == '#')
			return false;
	return true;
}

static void
take_line(struct buf *out, struct line l, struct dict_count *count)
{
	struct line v;
	bool quoted;

	if (l.len == 0 || l.start[0] == '#')
		return;
	v = value_of(l, &quoted);
	if (v.len == 0 || v.len > VALUE_MAX) {
		count->dropped++;
		return;
	}
	count->entries++;
	if (quoted && value_ok(v.start, v.len) &&
	    name_ok(l.start, v.start - 1)) {
		buf_add(out, l.start, l.len);
		buf_addc(out, '\n');
		return;
	}
	count->repaired++;
	add_escaped(out, v.start, v.len);
}

void
dict_check(
    struct buf *out, const void *bytes, size_t len, struct dict_count *count)
{
	const char *p = bytes, *end = p + len, *newline;

	*count = (struct dict_count){0, 0, 0};
	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		take_line(out, trimmed(p, (size_t)(newline - p)), count);
		p = newline + 1;
	}
}
