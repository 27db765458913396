/* From what was printed to what facts may say: see clean.h. */
#include <string.h>

#include "lib/triage/clean.h"

/* Kept for "what" and "note", which are made last. */
#define RESERVE 2048

static bool
odd(char c)
{
	return (unsigned char)(c - ' ') > '~' - ' ';
}

bool
clean_is(struct span s)
{
	unsigned char bad = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		bad |= (unsigned char)odd(s.p[i]);
	return bad == 0;
}

/* ESC [ digits letter: how many bytes; 1 for an ESC alone. */
static size_t
escape_length(struct span s)
{
	size_t i = 1;

	if (s.n < 2 || s.p[1] != '[')
		return 1;
	for (i = 2; i < s.n && i < 32; i++)
		if (s.p[i] >= '@' && s.p[i] <= '~')
			return i + 1;
	return 1;
}

struct span
clean_text(struct facts *f, struct span s)
{
	size_t room = sizeof(f->scratch) - RESERVE, start = f->scratch_used;
	size_t i, n = start;

	if (clean_is(s))
		return s;
	for (i = 0; i < s.n && n < room; i++) {
		if (s.p[i] == '\033')
			i += escape_length(span_from(s, i)) - 1;
		else if (s.p[i] == '\t')
			f->scratch[n++] = ' ';
		else if (!odd(s.p[i]))
			f->scratch[n++] = s.p[i];
	}
	if (i < s.n && start + 512 > room) { /* full: what can be had is raw */
		for (i = 0; i < s.n && !odd(s.p[i]); i++)
			continue;
		return span_until(s, i);
	}
	f->scratch_used = n;
	return (struct span){f->scratch + start, n - start};
}

void
clean_forget(struct facts *f, size_t used)
{
	f->scratch_used = used;
}

static bool
word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == ':';
}

static bool
put(struct facts *f, const char *text, size_t n, size_t end)
{
	if (f->scratch_used + n > end)
		return false;
	memcpy(f->scratch + f->scratch_used, text, n);
	f->scratch_used += n;
	return true;
}

/* One step: a number as its word, or a byte. */
static bool
mask_one(struct facts *f, struct span *in, bool fresh, size_t end)
{
	struct span rest = *in;
	uint64_t value;
	bool ok;

	if (fresh && span_eat_hex(&rest, &value) && in->n - rest.n >= 6) {
		ok = put(f, "ADDRESS", 7, end);
	} else {
		rest = *in;
		if (fresh && span_eat_number(&rest, &value) &&
		    in->n - rest.n >= 2 &&
		    (rest.n == 0 || !word_char(rest.p[0])))
			ok = put(f, "NUMBER", 6, end);
		else {
			rest = span_from(*in, 1);
			ok = put(f, in->p, 1, end);
		}
	}
	*in = rest;
	return ok;
}

struct span
clean_mask(struct facts *f, struct span s, size_t max)
{
	size_t start = f->scratch_used, end = start + max;
	bool fresh = true;

	if (end > sizeof(f->scratch))
		end = sizeof(f->scratch);
	s = span_trim(s);
	while (s.n > 0) {
		char last = s.p[0];
		struct span before = s;

		if (!mask_one(f, &s, fresh, end))
			break;
		last = before.n - s.n > 1 ? 'x' : last;
		fresh = !word_char(last);
	}
	/* A cut may have left a blank, which would not be read again. */
	return span_trim(
	    (struct span){f->scratch + start, f->scratch_used - start});
}

struct span
clean_from(struct facts *f, struct span a, struct span b)
{
	size_t start = f->scratch_used, end = sizeof(f->scratch) - RESERVE;

	if (!put(f, a.p, a.n, end) || !put(f, " from ", 6, end) ||
	    !put(f, b.p, b.n, end)) {
		f->scratch_used = start;
		return a;
	}
	return (struct span){f->scratch + start, f->scratch_used - start};
}
