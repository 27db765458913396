/*
 * The text of rules, line by line.  Every line is read whatever was wrong
 * with those before it, so that one look at the answer is enough; a file with
 * any complaint makes no rules.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/triage/rules_internal.h"
#include "lib/triage/span.h"

struct reading {
	const struct rules_reader *r;
	struct rules_set *set; /* of the section; NULL: a bad heading */
	struct span line;
	int number;
	int complaints, said, rules;
};

/* clang-format off */
static const char *const subjects[] = {
	"function", "file", "module", "unnamed",
};
/* clang-format on */

static void complain(struct reading *g, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "at" begins inside of the line: its place is the column. */
static void
complain(struct reading *g, struct span at, const char *fmt, ...)
{
	struct buf *out = g->r->complaints;
	char text[320];
	va_list ap;

	if (g->complaints++ >= RULES_COMPLAINTS || out == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(out, "line %d, column %d: %s\n", g->number,
	    (int)(at.p - g->line.p) + 1, text);
}

/* Take the next word; empty at the end of the line. */
static struct span
word(struct span *rest)
{
	struct span w;
	size_t n;

	span_eat_blanks(rest);
	for (n = 0; n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t'; n++)
		continue;
	w = span_until(*rest, n);
	*rest = span_from(*rest, n);
	return w;
}

/* For complaints: printable and short. */
static const char *
shown(struct span s)
{
	static char text[48];

	span_print(s, text, sizeof(text));
	return text;
}

static void
form_of(struct rule *r)
{
	size_t n = strlen(r->glob), stars = 0;
	bool front = n > 0 && r->glob[0] == '*', back;

	back = n > 1 && r->glob[n - 1] == '*';
	stars = (size_t)front + (size_t)back;
	r->plain = r->glob + (front ? 1 : 0);
	r->length = n - stars;
	if (strcspn(r->plain, "*?[\\") < r->length)
		r->form = FORM_GLOB;
	else if (front)
		r->form = back ? FORM_PART : FORM_END;
	else
		r->form = back ? FORM_START : FORM_EXACT;
}

static bool
good_glob(struct reading *g, struct span text, char glob[RULES_GLOB_MAX + 1])
{
	struct span comment;
	const char *fault;
	size_t at;

	if (text.n == 0) {
		complain(g, text, "a glob is missing");
		return false;
	}
	if (text.n > RULES_GLOB_MAX) {
		complain(g, text, "a glob of %zu letters, the most are %d",
		    text.n, RULES_GLOB_MAX);
		return false;
	}
	if (span_find(text, " #", &at)) {
		comment = span_from(text, at + 1);
		complain(g, comment, "a comment has a line of its own");
		return false;
	}
	memcpy(glob, text.p, text.n);
	glob[text.n] = '\0';
	if ((fault = rules_glob_fault(glob, &at)) != NULL) {
		complain(g, span_from(text, at), "%s", fault);
		return false;
	}
	return true;
}

/* "function GLOB", the end of every rule. */
static void
read_rule(
    struct reading *g, struct span rest, enum rule_verb verb, enum role role)
{
	struct span w = word(&rest), text = span_trim(rest);
	struct rules_set *s = g->set;
	char glob[RULES_GLOB_MAX + 1];
	struct rule *r;
	int i, most = verb == RULE_IGNORE ? 4 : verb == RULE_KEEP ? 3 : 2;

	for (i = 0; i < most && !span_is(w, subjects[i]); i++)
		continue;
	if (i == most) {
		complain(g, w, "'%s' is none of function, file%s%s", shown(w),
		    most > 2 ? ", module" : "", most > 3 ? ", unnamed" : "");
		return;
	}
	if (!good_glob(g, text.n > 0 ? text : rest, glob) || s == NULL)
		return;
	if (g->rules++ == RULES_MAX) {
		complain(g, w, "more than %d rules", RULES_MAX);
		return;
	}
	if (s->count == s->cap) {
		s->cap = s->cap == 0 ? 16 : 2 * s->cap;
		s->rules =
		    mem_resize(s->rules, (size_t)s->cap, sizeof(*s->rules));
	}
	r = &s->rules[s->count++];
	*r = (struct rule){.verb = verb,
	    .subject = (enum rule_subject)i,
	    .role = role,
	    .glob = mem_strdup(glob),
	    .line = g->number,
	    .next = -1};
	form_of(r);
	g->said++;
}

static void
unknown_role(struct reading *g, struct span w)
{
	struct buf all = BUF_INIT;
	int i;

	for (i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
		buf_printf(&all, "%s%s", i > ROLE_NONE + 1 ? ", " : "",
		    rules_role((enum role)i));
	complain(g, w, "role '%s' is unknown: %s", shown(w), buf_text(&all));
	buf_release(&all);
}

static void
read_ignore(struct reading *g, struct span rest)
{
	struct span w = word(&rest);
	int i;

	for (i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
		if (span_is(w, rules_role((enum role)i))) {
			read_rule(g, rest, RULE_IGNORE, (enum role)i);
			return;
		}
	unknown_role(g, w);
}

/* "12" of a setting; false with a complaint. */
static bool
whole_number(
    struct reading *g, struct span w, uint64_t low, uint64_t high, int *out)
{
	struct span rest = w;
	uint64_t value;

	if (!span_eat_number(&rest, &value) || rest.n > 0 || value < low ||
	    value > high) {
		complain(g, w, "'%s' is no whole number from %ju to %ju",
		    shown(w), (uintmax_t)low, (uintmax_t)high);
		return false;
	}
	*out = (int)value;
	return true;
}

/* "0.30", "1" or "0": no sign, no exponent, no locale. */
static bool
fraction(struct reading *g, struct span w, double *out)
{
	double value = 0, unit = 1;
	size_t i = 0;

	if (w.n > 0 && (w.p[0] == '0' || w.p[0] == '1'))
		value = w.p[i++] - '0';
	if (i == 1 && w.n > 2 && w.n < 12 && w.p[1] == '.')
		for (i = 2; i < w.n && w.p[i] >= '0' && w.p[i] <= '9'; i++)
			value += (w.p[i] - '0') * (unit /= 10);
	if (i == 0 || i != w.n || value > 1) {
		complain(
		    g, w, "'%s' is no number from 0 to 1, as 0.30", shown(w));
		return false;
	}
	*out = value;
	return true;
}

static bool
show_or_hide(struct reading *g, struct span w, int *out)
{
	if (!span_is(w, "show") && !span_is(w, "hide")) {
		complain(g, w, "'%s' is none of show, hide", shown(w));
		return false;
	}
	*out = span_is(w, "show") ? 1 : 0;
	return true;
}

/* "state 3" and its like.  False: no setting has that name. */
static bool
read_setting(struct reading *g, struct span name, struct span rest)
{
	struct rules_set scratch, *s = g->set != NULL ? g->set : &scratch;
	struct span w = word(&rest), more;
	bool good;

	if (span_is(name, "state"))
		good = whole_number(g, w, 1, 5, &s->state);
	else if (span_is(name, "group"))
		good = whole_number(g, w, 1, 1000, &s->group);
	else if (span_is(name, "distance"))
		good = fraction(g, w, &s->distance);
	else if (span_is(name, "lines"))
		good = fraction(g, w, &s->likeness);
	else if (span_is(name, "timeouts"))
		good = show_or_hide(g, w, &s->timeouts);
	else
		return false;
	more = word(&rest);
	if (more.n > 0)
		complain(g, more, "'%s' is too much", shown(more));
	else if (good)
		g->said++;
	return true;
}

/* As lib/wire/ids.c has it: [a-z0-9][a-z0-9-]*. */
static bool
good_project(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    (s.p[i] != '-' || i == 0))
			return false;
	return s.n > 0 && s.n < RULES_PROJECT_MAX;
}

static void
read_heading(struct reading *g, struct span line)
{
	struct span rest = span_from(line, 1), kind, name;
	char project[RULES_PROJECT_MAX];

	g->set = NULL;
	if (!span_ends(line, "]")) {
		complain(g, line, "a heading ends in ']'");
		return;
	}
	rest = span_until(rest, rest.n - 1);
	kind = word(&rest);
	name = span_trim(rest);
	if (span_is(kind, "all") && name.n == 0) {
		g->set = g->r->section(g->r->arg, NULL);
	} else if (!span_is(kind, "project")) {
		complain(g, line, "a heading is [all] or [project NAME]");
	} else if (!good_project(name)) {
		complain(g, name.n > 0 ? name : rest,
		    "'%s' is no name of a project", shown(name));
	} else {
		span_print(name, project, sizeof(project));
		g->set = g->r->section(g->r->arg, project);
		if (g->set == NULL)
			complain(
			    g, line, "more than %d projects", RULES_PROJECTS);
	}
}

/* Names have no such bytes, so a rule with one is an error of its author. */
static bool
good_bytes(struct reading *g)
{
	bool comment = span_starts(span_trim(g->line), "#");
	size_t i;

	for (i = 0; i < g->line.n; i++) {
		unsigned char c = (unsigned char)g->line.p[i];

		if (c == '\t' || (c >= ' ' && c <= '~') ||
		    (comment && c >= 0x80))
			continue;
		complain(g, span_from(g->line, i),
		    "byte 0x%02x stands in no name", c);
		return false;
	}
	return true;
}

static void
read_line(struct reading *g)
{
	struct span line = span_trim(g->line), rest = line, verb;

	if (!good_bytes(g) || line.n == 0 || line.p[0] == '#')
		return;
	if (line.p[0] == '[') {
		read_heading(g, line);
		return;
	}
	verb = word(&rest);
	if (span_is(verb, "ignore"))
		read_ignore(g, rest);
	else if (span_is(verb, "keep"))
		read_rule(g, rest, RULE_KEEP, ROLE_NONE);
	else if (span_is(verb, "widen"))
		read_rule(g, rest, RULE_WIDEN, ROLE_NONE);
	else if (!read_setting(g, verb, rest))
		complain(g, verb,
		    "'%s' is unknown: ignore, keep, widen, state, distance, "
		    "lines, group, timeouts",
		    shown(verb));
}

int
rules_read(const struct rules_reader *r, int *said)
{
	struct reading g = {.r = r};
	struct span rest = {r->text, r->len};

	if (r->len > RULES_MAX_BYTES) {
		g.number = 1;
		complain(&g, g.line, "%zu bytes of rules, the most are %d",
		    r->len, RULES_MAX_BYTES);
		return g.complaints;
	}
	g.set = r->section(r->arg, NULL);
	while (span_line(&rest, &g.line)) {
		g.number++;
		read_line(&g);
	}
	*said = g.said;
	if (g.complaints > RULES_COMPLAINTS && r->complaints != NULL)
		buf_printf(r->complaints, "and %d more\n",
		    g.complaints - RULES_COMPLAINTS);
	return g.complaints;
}
