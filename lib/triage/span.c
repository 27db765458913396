/* Text without NULs at its end and without promises: the only code of this
 * folder that does arithmetic on pointers into the report. */
#include <string.h>

#include "lib/triage/span.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool
span_line(struct span *rest, struct span *line)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '\n', rest->n);
	*line = span_until(*rest, end ? (size_t)(end - rest->p) : rest->n);
	*rest = span_from(*rest, line->n + (end ? 1 : 0));
	while (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && (s.n == 0 || memcmp(s.p, text, s.n) == 0);
}

bool
span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return n == 0 || (s.n >= n && memcmp(s.p, prefix, n) == 0);
}

bool
span_ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return n == 0 || (s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0);
}

bool
span_has(struct span s, const char *needle)
{
	size_t at;

	return span_find(s, needle, &at);
}

bool
span_find(struct span s, const char *needle, size_t *at)
{
	const char *hit;

	if (s.n == 0)
		return false;
	hit = memmem(s.p, s.n, needle, strlen(needle));
	if (hit == NULL)
		return false;
	*at = (size_t)(hit - s.p);
	return true;
}

struct span
span_from(struct span s, size_t at)
{
	if (at > s.n)
		at = s.n;
	if (at == 0)
		return s; /* "p" may be NULL */
	s.p += at;
	s.n -= at;
	return s;
}

struct span
span_until(struct span s, size_t at)
{
	if (at < s.n)
		s.n = at;
	return s;
}

struct span
span_trim(struct span s)
{
	span_eat_blanks(&s);
	while (s.n > 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span
span_base(struct span s)
{
	size_t i;

	for (i = s.n; i > 0 && s.p[i - 1] != '/'; i--)
		continue;
	return span_from(s, i);
}

bool
span_eat(struct span *s, const char *prefix)
{
	if (!span_starts(*s, prefix))
		return false;
	*s = span_from(*s, strlen(prefix));
	return true;
}

void
span_eat_blanks(struct span *s)
{
	while (s->n > 0 && blank(s->p[0]))
		*s = span_from(*s, 1);
}

static bool
digit_of(char c, unsigned int base, unsigned int *value)
{
	if (c >= '0' && c <= '9')
		*value = (unsigned int)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*value = (unsigned int)(c - 'a' + 10);
	else if (c >= 'A' && c <= 'F')
		*value = (unsigned int)(c - 'A' + 10);
	else
		return false;
	return *value < base;
}

static bool
eat_digits(struct span *s, unsigned int base, uint64_t *value)
{
	unsigned int digit;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < s->n && digit_of(s->p[i], base, &digit); i++)
		v = v > (UINT64_MAX - digit) / base ? UINT64_MAX
						    : v * base + digit;
	if (i == 0)
		return false;
	*s = span_from(*s, i);
	*value = v;
	return true;
}

bool
span_eat_number(struct span *s, uint64_t *value)
{
	return eat_digits(s, 10, value);
}

bool
span_eat_hex(struct span *s, uint64_t *value)
{
	struct span rest = *s;

	if (!span_eat(&rest, "0x") || !eat_digits(&rest, 16, value))
		return false;
	*s = rest;
	return true;
}

void
span_print(struct span s, char *out, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < s.n && n + 1 < size; i++)
		if (s.p[i] >= ' ' && s.p[i] <= '~')
			out[n++] = s.p[i];
	out[n] = '\0';
}
