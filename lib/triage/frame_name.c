/*
 * A function's name from what a demangler printed.  What differs between
 * compilers, or between copies and instances of one function in the source,
 * goes: return type, arguments, template arguments, anonymous namespaces,
 * suffixes.  What remains is what an engineer would grep for.
 */
#include <string.h>

#include "lib/triage/facts.h"

struct name {
	struct span in;
	size_t at; /* next byte of "in" */
	char *out;
	size_t n;
};

static bool
rest_starts(const struct name *m, const char *text)
{
	return span_starts(span_from(m->in, m->at), text);
}

static void
put(struct name *m, char c)
{
	if (c >= ' ' && c <= '~' && m->n + 1 < FRAME_NAME_MAX)
		m->out[m->n++] = c;
}

static void
put_all(struct name *m, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		put(m, s.p[i]);
}

/* Skip a bracket and all in it; an open one takes the rest. */
static void
skip_bracket(struct name *m)
{
	char open = m->in.p[m->at];
	char close = open == '(' ? ')' : open == '<' ? '>' : ']';
	int depth = 0;

	for (; m->at < m->in.n; m->at++) {
		char c = m->in.p[m->at];
		bool arrow = c == '>' && m->at > 0 && m->in.p[m->at - 1] == '-';

		if (c == open)
			depth++;
		else if (c == close && !arrow && --depth == 0)
			break;
	}
	if (m->at < m->in.n)
		m->at++;
}

static bool
ends_in(const struct name *m, const char *text)
{
	return span_ends((struct span){m->out, m->n}, text);
}

/* Was "operator" written as a word of its own? */
static bool
after_operator(const struct name *m)
{
	size_t n = strlen("operator");

	if (!ends_in(m, "operator"))
		return false;
	return m->n == n || m->out[m->n - n - 1] == ':' ||
	    m->out[m->n - n - 1] == ' ';
}

/* "operator<<", "operator()", "operator new[]", "operator bool" */
static void
take_operator(struct name *m)
{
	static const char signs[] = "<>=!+-*/%&|^~,";

	if (rest_starts(m, "()") || rest_starts(m, "[]")) {
		put_all(m, span_until(span_from(m->in, m->at), 2));
		m->at += 2;
		return;
	}
	while (m->at < m->in.n && m->in.p[m->at] != '\0' &&
	    strchr(signs, m->in.p[m->at]) != NULL)
		put(m, m->in.p[m->at++]);
	if (m->at < m->in.n && m->in.p[m->at] == ' ') {
		put(m, ' ');
		m->at++;
	}
	if (rest_starts(m, "new[]") || rest_starts(m, "delete[]")) {
		size_t n = rest_starts(m, "new[]") ? 5 : 8;

		put_all(m, span_until(span_from(m->in, m->at), n));
		m->at += n;
	}
}

/* Rust's "<alloc::vec::Vec<T> as core::ops::Index<I>>::index": the bracket is
 * the name.  Its inner ones are still noise. */
static void
take_qualified(struct name *m)
{
	int depth = 1;

	put(m, m->in.p[m->at++]);
	while (m->at < m->in.n && depth > 0) {
		if (m->in.p[m->at] == '<') {
			skip_bracket(m);
			continue;
		}
		if (m->in.p[m->at] == '>')
			depth--;
		put(m, m->in.p[m->at++]);
	}
}

/* After arguments: "::operator()" goes on, " const" does not. */
static void
take_round(struct name *m)
{
	if (rest_starts(m, "(anonymous namespace)::")) {
		m->at += strlen("(anonymous namespace)::");
		return;
	}
	skip_bracket(m);
	if (rest_starts(m, "::") || rest_starts(m, " const::") ||
	    rest_starts(m, "#") || rest_starts(m, "}")) {
		if (m->in.p[m->at] == ' ')
			m->at += strlen(" const");
	} else if (m->n > 0 && !rest_starts(m, " ") && m->at < m->in.n) {
		return; /* "decltype(x)", "f(int)(char)" */
	} else if (m->n > 0) {
		m->at = m->in.n;
	}
}

/* What stands before the last blank is a return type; but not in words that
 * begin a name. */
static void
take_blank(struct name *m)
{
	static const char *const kept[] = {"vtable for", "VTT for",
	    "typeinfo for", "typeinfo name for", "guard variable for",
	    "operator", "<signal", "<signal handler"};
	size_t i;

	m->at++;
	if (rest_starts(m, "(.") || rest_starts(m, "[clone ")) {
		m->at = m->in.n;
		return;
	}
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (ends_in(m, kept[i])) {
			put(m, ' ');
			return;
		}
	if (rest_starts(m, "for ") || rest_starts(m, "name ") ||
	    rest_starts(m, "variable ")) {
		put(m, ' ');
		return;
	}
	m->n = 0;
}

static void
take_next(struct name *m)
{
	char c = m->in.p[m->at];

	if (after_operator(m)) {
		size_t before = m->at;

		take_operator(m);
		if (m->at > before)
			return;
	}
	if (c == '<' && m->n == 0 && !rest_starts(m, "<signal"))
		take_qualified(m);
	else if (c == '<' && !rest_starts(m, "<signal"))
		skip_bracket(m);
	else if (c == '(')
		take_round(m);
	else if (c == '[')
		skip_bracket(m);
	else if (c == ' ')
		take_blank(m);
	else {
		put(m, c);
		m->at++;
	}
}

static bool
all_hex(const char *p, size_t n)
{
	for (; n > 0; n--, p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
			return false;
	return true;
}

/* Compilers and linkers add these to parts, copies and versions. */
static void
drop_suffixes(char *name)
{
	static const char *const suffixes[] = {".llvm.", ".isra.", ".part.",
	    ".constprop.", ".cold", ".lto_priv.", ".localalias", "@plt", "@@",
	    "@GLIBC", "@CXXABI"};
	size_t i, n;
	char *at;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if ((at = strstr(name, suffixes[i])) != NULL && at > name)
			*at = '\0';
	/* Rust: "main::f::h0123456789abcdef" */
	n = strlen(name);
	if (n > 19 && memcmp(name + n - 19, "::h", 3) == 0 &&
	    all_hex(name + n - 16, 16))
		name[n - 19] = '\0';
}

/* clang numbers the lambdas of a file: one more above, and all below it would
 * have other names. */
static void
drop_lambda_number(char *name)
{
	char *at = name, *end;

	while ((at = strstr(at, "$_")) != NULL) {
		at += strlen("$_");
		end = at + strspn(at, "0123456789");
		memmove(at, end, strlen(end) + 1);
	}
}

static struct span
without_thunk(struct span s)
{
	if (!span_eat(&s, "non-virtual thunk to "))
		span_eat(&s, "virtual thunk to ");
	return s;
}

static bool
is_plain(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c > '~' || c == '(' || c == '<' || c == '[' ||
		    c == '.' || c == '@' || c == '$')
			return false;
	}
	return true;
}

struct frame_name
frame_function(const struct frame *f)
{
	struct frame_name out;
	struct name m = {without_thunk(f->function), 0, out.text, 0};
	size_t before;

	if (m.in.n < FRAME_NAME_MAX && is_plain(m.in)) {
		/* C, and most of what there is */
		if (m.in.n > 0)
			memcpy(out.text, m.in.p, m.in.n);
		out.text[m.in.n] = '\0';
		if (m.in.n > 19)
			drop_suffixes(out.text);
		return out;
	}
	while (m.at < m.in.n) {
		before = m.at;
		take_next(&m);
		if (m.at == before)
			m.at++;
	}
	while (m.n > 0 && out.text[m.n - 1] == ' ')
		m.n--;
	out.text[m.n] = '\0';
	drop_suffixes(out.text);
	drop_lambda_number(out.text);
	return out;
}
