/*
 * The grammar of stack lines.  It is read from both ends: number and address
 * in front, build id and module behind; what is left is function and file,
 * either of which may hold blanks and brackets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/triage/frames.h"

/* Where the last " (" of "s" stands, or the first byte if that is "(". */
static bool
last_bracket(struct span s, size_t *at)
{
	size_t i;

	for (i = s.n; i > 1; i--)
		if (s.p[i - 1] == '(' && s.p[i - 2] == ' ') {
			*at = i - 2;
			return true;
		}
	*at = 0;
	return s.n > 0 && s.p[0] == '(';
}

/* "... (BuildId: 93ac)" -> "..." */
static void
drop_build_id(struct span *s)
{
	size_t at;

	if (span_ends(*s, ")") && last_bracket(*s, &at) &&
	    span_starts(span_trim(span_from(*s, at)), "(BuildId: "))
		*s = span_trim(span_until(*s, at));
}

/* "... (/lib/libc.so.6+0x2724a)" -> "...", and the module */
static void
take_module(struct frame *f, struct span *s)
{
	struct span inside, offset;
	size_t at, plus;

	if (!span_ends(*s, ")") || !last_bracket(*s, &at))
		return;
	inside = span_trim(span_from(*s, at));
	inside = span_until(span_from(inside, 1), inside.n - 2);
	for (plus = inside.n; plus > 0 && inside.p[plus - 1] != '+'; plus--)
		continue;
	offset = span_from(inside, plus);
	if (plus > 1 && span_eat_hex(&offset, &f->offset) && offset.n == 0)
		f->module = span_until(inside, plus - 1);
	else if (span_is(inside, "<unknown module>"))
		f->module = inside;
	else
		return;
	*s = span_trim(span_until(*s, at));
}

/* "operator<" and "operator->" open and close no bracket. */
static bool
is_operator(struct span s, size_t at)
{
	return span_ends(span_until(s, at), "operator") ||
	    span_ends(span_until(s, at), "operator<") ||
	    span_ends(span_until(s, at), "operator-") ||
	    span_ends(span_until(s, at), "operator>");
}

/* The first blank from "at" on that stands in no bracket. */
static size_t
next_blank(struct span s, size_t at)
{
	int round = 0, angle = 0;

	for (; at < s.n; at++) {
		char c = s.p[at];

		if (c == ' ' && round == 0 && angle == 0)
			break;
		if (c == '(')
			round++;
		else if (c == ')' && round > 0)
			round--;
		else if (c == '<' && round == 0 && !is_operator(s, at))
			angle++;
		else if (c == '>' && angle > 0 && round == 0)
			angle--;
	}
	return at;
}

/*
 * Where the function ends.  A C name ends at the first blank; a C++ one has
 * arguments, which may hold blanks, as may what stands before them ("void
 * f<int>(int)"), and qualifiers behind.  A bracket behind a slash belongs to
 * the file's name.
 */
static size_t
function_length(struct span s)
{
	static const char *const qualifiers[] = {
	    " const", " volatile", " &&", " &"};
	size_t i, end, open, slash;
	struct span rest;

	if (!span_find(s, "/", &slash))
		slash = s.n;
	if (!span_find(s, "(", &open) || open > slash)
		open = 0;
	end = next_blank(s, open);
	for (i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
		rest = span_from(s, end);
		if (span_eat(&rest, qualifiers[i]) &&
		    (rest.n == 0 || rest.p[0] == ' '))
			end = s.n - rest.n;
	}
	rest = span_from(s, end);
	if (span_eat(&rest, " [clone "))
		end = next_blank(s, s.n - rest.n);
	return end;
}

/* Take ":12" from the end. */
static bool
drop_number(struct span *s, uint64_t *value)
{
	struct span digits;
	size_t i = s->n;

	while (i > 0 && s->p[i - 1] >= '0' && s->p[i - 1] <= '9')
		i--;
	if (i == s->n || i < 2 || s->p[i - 1] != ':')
		return false;
	digits = span_from(*s, i);
	span_eat_number(&digits, value);
	*s = span_until(*s, i - 1);
	return true;
}

/* "/src/t.c:29:13" -> file and line */
static void
take_file(struct frame *f, struct span s)
{
	uint64_t last, line;

	if (drop_number(&s, &last))
		f->line = drop_number(&s, &line) ? line : last;
	f->file = s;
}

bool
frame_parse(struct frame *f, struct span line)
{
	uint64_t address;
	bool has_address;
	size_t n;

	memset(f, 0, sizeof(*f));
	span_eat_blanks(&line);
	if (!span_eat(&line, "#") || !span_eat_number(&line, &f->number) ||
	    !span_starts(line, " "))
		return false;
	span_eat_blanks(&line);
	has_address = span_eat_hex(&line, &address);
	line = span_trim(line);
	drop_build_id(&line);
	take_module(f, &line);
	if (!has_address || span_eat(&line, "in ")) {
		n = function_length(line);
		f->function = span_until(line, n);
		line = span_from(line, n);
	}
	take_file(f, span_trim(line));
	return has_address || f->function.n > 0;
}

bool
frame_is_entry(const struct frame *f)
{
	return span_is(f->function, "LLVMFuzzerTestOneInput") ||
	    span_is(f->function, "LLVMFuzzerInitialize") ||
	    span_is(f->function, "LLVMFuzzerCustomMutator") ||
	    span_is(f->function, "LLVMFuzzerCustomCrossOver");
}

/* Compilers add these to parts and copies of a function. */
static void
drop_suffixes(char *name)
{
	static const char *const suffixes[] = {
	    ".llvm.", ".isra.", ".part.", ".constprop.", ".cold"};
	size_t i;
	char *at;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if ((at = strstr(name, suffixes[i])) != NULL && at > name)
			*at = '\0';
}

static void
delete_all(char *name, const char *word)
{
	size_t n = strlen(word);
	char *at;

	for (at = name; (at = strstr(at, word)) != NULL;)
		memmove(at, at + n, strlen(at + n) + 1);
}

/* "ns::(anonymous namespace)::f(int) const" -> "ns::f" */
static void
function_text(struct span function, char out[TRIAGE_LINE_MAX])
{
	char name[512], *end;

	span_print(function, name, sizeof(name));
	delete_all(name, "(anonymous namespace)::");
	delete_all(name, "non-virtual thunk to ");
	drop_suffixes(name);
	end = name + strcspn(name, "([");
	if (*end == '(' && end - name >= 8 &&
	    strncmp(end - 8, "operator", 8) == 0 && end[1] == ')')
		end += 2;
	*end = '\0';
	span_print(
	    span_trim((struct span){name, strlen(name)}), out, TRIAGE_LINE_MAX);
}

static void
entry_text(const struct frame *f, const char *target, char out[TRIAGE_LINE_MAX])
{
	char file[TRIAGE_LINE_MAX], function[TRIAGE_LINE_MAX];
	char both[2 * TRIAGE_LINE_MAX];

	span_print(span_base(f->file), file, sizeof(file));
	if (file[0] == '\0')
		snprintf(file, sizeof(file), "%s", target);
	if (span_is(f->function, "LLVMFuzzerTestOneInput")) {
		memcpy(out, file, sizeof(file));
		return;
	}
	span_print(f->function, function, sizeof(function));
	snprintf(both, sizeof(both), "%s:%s", file, function);
	span_print((struct span){both, strlen(both)}, out, TRIAGE_LINE_MAX);
}

void
frame_text(const struct frame *f, const char *target, char out[TRIAGE_LINE_MAX])
{
	char name[TRIAGE_LINE_MAX - 21];

	if (frame_is_entry(f)) {
		entry_text(f, target, out);
	} else if (f->function.n > 0) {
		function_text(f->function, out);
	} else if (f->file.n > 0) {
		span_print(span_base(f->file), name, sizeof(name));
		snprintf(out, TRIAGE_LINE_MAX, "%s:%" PRIu64, name, f->line);
	} else {
		span_print(span_base(f->module), name, sizeof(name));
		snprintf(
		    out, TRIAGE_LINE_MAX, "%s+0x%" PRIx64, name, f->offset);
		if (name[0] == '\0')
			out[0] = '\0';
	}
}
