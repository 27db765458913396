/*
 * The grammar of stack lines.  It is read from both ends: number and address
 * in front, build id and module behind; what is left is function and file,
 * either of which may hold blanks and brackets.
 */
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

/* Keeps system libraries apart; what a bot unpacked has no path of its own. */
static struct span
module_path(struct span path)
{
	static const char *const system[] = {"/lib", "/usr/", "/opt/"};
	size_t i;

	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		if (span_starts(path, system[i]) && path.n <= FRAME_FILE_MAX)
			return path;
	return span_until(span_base(path), FRAME_FILE_MAX);
}

struct span
frame_path(struct span path)
{
	static const char *const homes[] = {"/home/", "/tmp/", "/root/"};
	struct span rest = path;
	const char *slash;
	size_t i;

	for (i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		if (!span_eat(&rest, homes[i]))
			continue;
		slash = i < 2 ? memchr(rest.p, '/', rest.n) : NULL;
		if (slash != NULL && slash + 1 < rest.p + rest.n)
			rest = span_from(rest, (size_t)(slash - rest.p) + 1);
		break;
	}
	if (rest.n > FRAME_FILE_MAX) /* the name is at its end */
		rest = span_from(rest, rest.n - FRAME_FILE_MAX);
	return rest;
}

/* "... (BuildId: 93ac)" -> "..." */
static void
take_build_id(struct frame *f, struct span *s)
{
	static const char mark[] = "(BuildId: ";
	struct span id;
	size_t at;

	if (!span_ends(*s, ")") || !last_bracket(*s, &at))
		return;
	id = span_trim(span_from(*s, at));
	if (!span_eat(&id, mark) || id.n - 1 > FRAME_BUILD_MAX)
		return;
	f->build_id = span_until(id, id.n - 1);
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
		f->module = module_path(span_until(inside, plus - 1));
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
	s = span_until(s, at);
	return span_ends(s, "operator") || span_ends(s, "operator<") ||
	    span_ends(s, "operator-") || span_ends(s, "operator>") ||
	    span_ends(s, "operator<=");
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
 * Where the arguments open: the first bracket outside of template arguments;
 * one behind a slash or a blank belongs to the file's name.  0: none.
 */
static size_t
arguments(struct span s)
{
	int angle = 0, round = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '(' && round == 0 && angle == 0 && i > 0 &&
		    s.p[i - 1] != ' ')
			return i;
		if (c == '/' && round == 0 && angle == 0 &&
		    !span_ends(span_until(s, i), "operator"))
			return 0;
		if (c == '(')
			round++;
		else if (c == ')' && round > 0)
			round--;
		else if (c == '<' && round == 0 && !is_operator(s, i))
			angle++;
		else if (c == '>' && angle > 0 && round == 0)
			angle--;
	}
	return 0;
}

/* Where the qualifier ends that stands behind arguments at "end", or what it
 * leads on to: "f() const::{lambda()#1}".  0: none does. */
static size_t
qualifier(struct span s, size_t end)
{
	static const char *const words[] = {" const", " volatile", " &&", " &"};
	struct span rest;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		rest = span_from(s, end);
		if (!span_eat(&rest, words[i]))
			continue;
		if (rest.n == 0 || rest.p[0] == ' ')
			return s.n - rest.n;
		if (rest.p[0] == ':')
			return next_blank(s, s.n - rest.n);
	}
	return 0;
}

/*
 * Where the function ends.  A C name ends at the first blank; a C++ one has
 * arguments, which may hold blanks, as may what stands before them ("void
 * f<int>(int)"), and qualifiers behind.
 */
static size_t
function_length(struct span s)
{
	static const char *const data[] = {"typeinfo name for ",
	    "typeinfo for ", "vtable for ", "VTT for ", "guard variable for "};
	size_t i, end, n;
	struct span rest;

	end = arguments(s);
	for (i = 0; end == 0 && i < sizeof(data) / sizeof(data[0]); i++)
		if (span_starts(s, data[i]))
			end = strlen(data[i]);
	end = next_blank(s, end);
	while (end < s.n && (n = qualifier(s, end)) > 0)
		end = n;
	rest = span_from(s, end);
	if (span_eat(&rest, " [clone ") || span_eat(&rest, " (."))
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

/* "/src/t.c:29:13" -> file, line and column */
static void
take_file(struct frame *f, struct span s)
{
	uint64_t last, line;

	if (drop_number(&s, &last)) {
		f->line = last;
		if (drop_number(&s, &line)) {
			f->line = line;
			f->column = last;
		}
	}
	if (!span_is(s, "<null>"))
		f->file = frame_path(s);
}

static bool
find_last(struct span s, const char *needle, size_t *at)
{
	size_t n = strlen(needle), i;

	for (i = s.n; i >= n; i--)
		if (s.p[i - n] == needle[0] &&
		    memcmp(s.p + i - n, needle, n) == 0) {
			*at = i - n;
			return true;
		}
	return false;
}

/* Where "FUNC (ARGS)" has its blank. */
static bool
gdb_arguments(struct span s, size_t *at)
{
	size_t i;

	for (i = next_blank(s, 0); i + 1 < s.n; i = next_blank(s, i + 1))
		if (s.p[i + 1] == '(' && i > 0) {
			*at = i;
			return true;
		}
	return false;
}

/* "FUNC (ARGS) at FILE:LINE", "FUNC (ARGS) from MODULE", "FUNC ()" */
static bool
gdb_frame(struct frame *f, struct span s)
{
	size_t at, tail;

	if (span_is(s, "<signal handler called>")) {
		f->function = s;
		return true;
	}
	if (!gdb_arguments(s, &at))
		return false;
	if (find_last(s, ") at ", &tail) && tail > at)
		take_file(f, span_trim(span_from(s, tail + 5)));
	else if (find_last(s, ") from ", &tail) && tail > at)
		f->module = module_path(span_trim(span_from(s, tail + 7)));
	else if (!span_ends(s, ")"))
		return false;
	s = span_until(s, at);
	f->function = span_is(s, "??") ? span_until(s, 0) : s;
	return true;
}

/* "4: main::f" and "4:     0x55d8f8 - main::f::h0123456789abcdef" */
static bool
rust_frame(struct frame *f, struct span line)
{
	if (!span_eat_number(&line, &f->number) || !span_eat(&line, ": "))
		return false;
	span_eat_blanks(&line);
	if (span_eat_hex(&line, &f->pc) && !span_eat(&line, " - "))
		return false;
	f->function = span_trim(line);
	if (span_is(f->function, "<unknown>"))
		f->function = span_until(f->function, 0);
	return f->function.n > 0 || f->pc != 0;
}

static struct span
hf_part(struct span s, const char *name, const char *next)
{
	size_t at;

	if (!span_find(s, name, &at))
		return span_until(s, 0);
	s = span_from(s, at + strlen(name));
	return span_find(s, next, &at) ? span_until(s, at) : s;
}

/* " <0x0000555555555139> [func:main file:nul.c line:1 module:/bin/nul]" */
static bool
honggfuzz_frame(struct frame *f, struct span line)
{
	struct span number;

	if (!span_eat(&line, "<") || !span_eat_hex(&line, &f->pc) ||
	    !span_eat(&line, "> ["))
		return false;
	if (span_ends(line, "]"))
		line = span_until(line, line.n - 1);
	f->function = hf_part(line, "func:", " file:");
	f->file = frame_path(hf_part(line, " file:", " line:"));
	f->module = module_path(hf_part(line, " module:", "\n"));
	number = hf_part(line, " line:", " ");
	if (!span_eat_number(&number, &f->line))
		f->line = 0;
	if (span_is(f->function, "UNKNOWN") || span_is(f->function, "??"))
		f->function = span_until(f->function, 0);
	if (span_is(f->file, "??"))
		f->file = span_until(f->file, 0);
	return true;
}

static bool
numbered_frame(struct frame *f, struct span line)
{
	bool has_address;
	size_t n;

	if (!span_eat(&line, "#") || !span_eat_number(&line, &f->number) ||
	    !span_starts(line, " "))
		return false;
	span_eat_blanks(&line);
	has_address = span_eat_hex(&line, &f->pc);
	line = span_trim(line);
	take_build_id(f, &line);
	take_module(f, &line);
	if (has_address && !span_eat(&line, "in ")) {
		take_file(f, span_trim(line));
		return true;
	}
	if (f->module.n == 0 && gdb_frame(f, line))
		return true;
	n = function_length(line);
	f->function = span_until(line, n);
	take_file(f, span_trim(span_from(line, n)));
	if (span_is(f->function, "<null>"))
		f->function.n = 0;
	return has_address || n > 0;
}

bool
frame_parse(struct frame *f, struct span line)
{
	bool ok;

	memset(f, 0, sizeof(*f));
	line = span_trim(line);
	if (line.n == 0)
		return false;
	if (line.p[0] == '#')
		ok = numbered_frame(f, line);
	else if (line.p[0] == '<')
		ok = honggfuzz_frame(f, line);
	else
		ok = rust_frame(f, line);
	f->function = span_until(f->function, FRAME_FUNCTION_MAX);
	/* Numbers without their name say nothing. */
	if (f->module.n == 0)
		f->offset = 0;
	if (f->file.n == 0)
		f->line = f->column = 0;
	return ok;
}

bool
frame_place(struct frame *f, struct span line)
{
	span_eat_blanks(&line);
	if (!span_eat(&line, "at ") || f->file.n > 0)
		return false;
	take_file(f, span_trim(line));
	if (f->file.n == 0)
		f->line = f->column = 0;
	return true;
}

bool
frame_calls_inlined(struct span line)
{
	uint64_t number;
	struct span rest;
	size_t at;

	span_eat_blanks(&line);
	rest = line;
	return span_eat(&rest, "#") && span_eat_number(&rest, &number) &&
	    number > 0 && span_eat(&rest, "  ") == (number < 10) &&
	    !span_starts(span_trim(rest), "0x") &&
	    !span_starts(span_trim(rest), "<") && find_last(line, ") at ", &at);
}
