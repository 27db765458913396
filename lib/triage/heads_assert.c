/*
 * Programs that stop themselves and say why: assert() of several C libraries,
 * the CHECK families, panics.  The text is the bug's first name; the stack, if
 * any, comes with the signal that follows.
 */
#include <string.h>

#include "lib/triage/frames.h"
#include "lib/triage/heads.h"

#define BLANKS_MOST 8

static void
set(struct head *h, const char *tool, const char *what, struct span note)
{
	h->kind = FACTS_ASSERT;
	h->tool = span_literal(tool);
	h->what = span_literal(what);
	h->note = span_trim(span_until(note, 1024));
}

/* The last "FILE:LINE" in the words before an assertion. */
static struct span
place_in(struct span s)
{
	struct span word, rest, best = span_until(s, 0);
	size_t at;

	rest = s.n > 1024 ? span_from(s, s.n - 1024) : s;
	while (rest.n > 0) {
		at = span_find(rest, " ", &at) ? at : rest.n;
		word = span_until(rest, at);
		if (span_place(word).n > 0)
			best = span_place(word);
		rest = span_from(rest, at + 1);
	}
	return best;
}

/* glibc: "program: file:line: function: Assertion `text' failed." */
bool
head_assert_at(struct head *h, struct span line, size_t colon)
{
	static const char word[] = ": Assertion `", end[] = "' failed.";
	struct span text = span_from(line, colon);
	int blanks;

	if (!span_eat(&text, word))
		return false;
	/* A few: they are counted anew at each colon of a hostile line. */
	for (blanks = 0; blanks < BLANKS_MOST && span_ends(text, " "); blanks++)
		text.n--;
	if (!span_ends(text, end))
		return false;
	set(h, "glibc", "assert", span_until(text, text.n - strlen(end)));
	h->place = place_in(span_until(line, colon));
	return true;
}

/* clang-format off */
static const struct {
	const char *words, *what;
} failures[] = {	/* what stands before the colon; narrow ones first */
	{ "Security DCHECK failed",	"Security DCHECK failure" },
	{ "SECURITY_DCHECK failed",	"Security DCHECK failure" },
	{ "Security CHECK failed",	"Security CHECK failure" },
	{ "SECURITY_CHECK failed",	"Security CHECK failure" },
	{ "Security check failed",	"Security CHECK failure" },
	{ "DCHECK failed",		"DCHECK failure" },
	{ "Debug check failed",		"DCHECK failure" },
	{ "Check failed",		"CHECK failure" },
	{ "CHECK failed",		"CHECK failure" },
	{ "ASSERTION FAILED",		"assert" },
	{ "ASSERT FAILED",		"assert" },
};
/* clang-format on */

/* "F1122 10:02:11.0 7 a.cc:12] Check failed: x == y (1 vs. 2)" */
bool
head_failed_at(struct head *h, struct span line, size_t colon)
{
	struct span before = span_until(line, colon);
	size_t i, at;

	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (span_ends(before, failures[i].words))
			break;
	if (i == sizeof(failures) / sizeof(failures[0]))
		return false;
	set(h, "check", failures[i].what, span_from(line, colon + 2));
	/* The values that were compared are not the bug. */
	if (span_ends(h->note, ")") && span_find(h->note, " vs. ", &at)) {
		while (at > 0 && h->note.p[at] != '(')
			at--;
		if (at > 0)
			h->note = span_trim(span_until(h->note, at));
	}
	before = span_until(before, before.n - strlen(failures[i].words));
	h->place = place_in(span_upto(before, "]"));
	return true;
}

bool
head_library_at(struct head *h, struct span line, size_t colon)
{
	static const char opened[] = ": cannot open shared object file";
	struct span name;
	size_t at;

	if (!span_ends(span_until(line, colon),
		": error while loading shared libraries"))
		return false;
	name = span_until(span_from(line, colon + 2), 512);
	if (!span_find(name, opened, &at))
		return false;
	h->kind = FACTS_LIBRARY;
	h->tool = span_literal("ld.so");
	h->what = span_literal("missing library");
	h->note = span_until(name, at);
	return true;
}

/* Rust up to 1.72: "panicked at 'TEXT', FILE:LINE:COL"; then: "panicked at
 * FILE:LINE:COL:" and TEXT in the next line. */
static bool
rust_panic(struct head *h, struct span line)
{
	static const char at_words[] = " panicked at ";
	struct span text, place;
	size_t at;

	if (!span_starts(line, "thread ") || !span_find(line, at_words, &at))
		return false;
	text = span_trim(span_from(line, at + strlen(at_words)));
	set(h, "rust", "panic", span_until(text, 0));
	if (span_eat(&text, "'")) {
		for (at = text.n; at > 0 && text.p[at - 1] != '\''; at--)
			continue;
		if (at == 0) { /* the message has lines of its own */
			h->note = span_until(text, 1024);
			return true;
		}
		h->note = span_until(span_until(text, at - 1), 1024);
		place = span_from(text, at);
		span_eat(&place, ", ");
		h->place = span_place(place);
	} else {
		h->place = span_place(text);
		h->more = true;
	}
	return true;
}

struct span
head_message(struct span line)
{
	return span_trim(span_until(line, 1024));
}

/* GLib: "ERROR:../a.c:12:function: assertion failed: (x == 1)" */
static bool
glib_assert(struct head *h, struct span line)
{
	struct span text;
	size_t at;

	if (!span_starts(line, "ERROR:") ||
	    !span_find(line, ": assertion failed", &at))
		return false;
	text = span_from(line, at + strlen(": assertion failed"));
	span_eat(&text, ":");
	set(h, "glib", "assert", text);
	h->place = span_place(span_from(span_until(line, at), 6));
	return true;
}

/* BSD: "Assertion failed: (x), function f, file a.c, line 3."; musl:
 * "Assertion failed: x (a.c: f: 3)" */
static bool
bsd_assert(struct head *h, struct span line)
{
	struct span text = line;
	size_t at;

	if (!span_eat(&text, "Assertion failed: "))
		return false;
	text = span_until(text, 1024);
	if (span_find(text, ", function ", &at) ||
	    span_find(text, ", file ", &at) ||
	    (span_ends(text, ")") && span_find(text, " (", &at)))
		text = span_until(text, at);
	set(h, "libc", "assert", text);
	return true;
}

bool
head_assert(struct head *h, struct span line)
{
	switch (line.p[0]) {
	case 't':
		return rust_panic(h, line);
	case 'E':
		return glib_assert(h, line);
	case 'A':
		return bsd_assert(h, line);
	case 'p':
		if (!span_starts(line, "panic: "))
			return false;
		set(h, "go", "panic", span_from(line, 7));
		return true;
	default:
		return false;
	}
}
