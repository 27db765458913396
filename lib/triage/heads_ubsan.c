/*
 * UBSan's "FILE:LINE:COL: runtime error: TEXT".  The text is prose with types
 * and numbers in it; what kind it is, rules decide.  Vptr and CFI errors name
 * two types, the second one on a line of its own.
 */
#include <string.h>

#include "lib/triage/frames.h"
#include "lib/triage/heads.h"

/* "/src/a.c:12:3" -> "a.c:12"; empty when it is no such place. */
struct span
span_place(struct span s)
{
	struct span base, rest;
	uint64_t line;
	size_t at;

	if (s.n > 4096)
		s = span_from(s, s.n - 4096);
	base = span_base(s);
	if (!span_find(base, ":", &at) || at == 0)
		return span_until(s, 0);
	rest = span_from(base, at + 1);
	if (!span_eat_number(&rest, &line))
		return span_until(s, 0);
	return span_until(base, base.n - rest.n);
}

bool
head_ubsan(struct head *h, struct span line, size_t at)
{
	size_t before = at - strlen(": runtime error: ");

	h->kind = FACTS_UBSAN;
	h->tool = span_literal("UndefinedBehaviorSanitizer");
	h->place = span_place(span_until(line, before));
	h->what = span_trim(span_until(span_from(line, at), 1024));
	return true;
}

static struct span
quoted_after(struct span s, const char *words)
{
	size_t at, end;

	if (!span_find(s, words, &at))
		return span_until(s, 0);
	s = span_from(s, at + strlen(words));
	return span_find(s, "'", &end) ? span_until(s, end) : span_until(s, 0);
}

struct span
ubsan_type(struct span what)
{
	struct span t;

	t = quoted_after(what, "which does not point to an object of type '");
	if (t.n == 0)
		t = quoted_after(
		    what, "control flow integrity check for type '");
	return t;
}

struct span
ubsan_other(struct span line)
{
	struct span t;
	size_t at;

	line = span_until(line, 1024);
	if (!span_find(line, "note: ", &at))
		return span_until(line, 0);
	line = span_from(line, at + strlen("note: "));
	if (span_find(line, "base class subobject at offset", &at)) {
		t = span_from(line, at);
		return span_find(t, " within", &at) ? span_until(t, at) : t;
	}
	if (span_has(line, "invalid vptr") || span_has(line, "invalid vtable"))
		return span_literal("invalid vptr");
	t = quoted_after(line, "object is of type '");
	return t.n > 0 ? t : quoted_after(line, "vtable is of type '");
}
