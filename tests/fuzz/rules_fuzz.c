/*
 * A rules file of any bytes: it is taken or refused with a place for each
 * complaint, what is taken answers for any frame, and the one glob matcher
 * answers as fnmatch(3) does.  The input is the file, then a line "%%", then a
 * frame's function.
 */
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/triage/rules_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
ask(const struct rules *r, struct span function)
{
	const struct rules_named *n = rules_of(r, "png");
	struct rules_limits l = rules_limits(n);
	struct frame f = {.function = function, .file = function};
	struct rules_word w = rules_frame(n, &f), again = rules_frame(n, &f);
	struct buf line = BUF_INIT;

	must(w.role == again.role && w.line == again.line);
	must(w.role < ROLE_COUNT && w.line >= 0);
	must(l.state >= 1 && l.state <= 5 && l.group >= 1 && l.group <= 1000);
	must(l.distance >= 0 && l.distance <= 1);
	must(l.likeness >= 0 && l.likeness <= 1);
	rules_line(n, &w, &line);
	must((line.len > 0) == (w.line > 0));
	buf_release(&line);
}

static struct rules_set *
one_set(void *arg, const char *project)
{
	(void)project;
	return arg;
}

/* What the finder finds is what looking at each rule would. */
static void
find_all(struct span text, struct span name)
{
	struct rules_set s;
	struct rules_reader reader = {
	    .text = text.p, .len = text.n, .section = one_set, .arg = &s};
	const struct rule *best = NULL;
	int i, said;

	rules_set_init(&s);
	rules_read(&reader, &said);
	rules_set_index(&s);
	for (i = 0; i < s.count; i++)
		if (s.rules[i].verb != RULE_WIDEN &&
		    s.rules[i].subject == RULE_FUNCTION &&
		    rules_glob(s.rules[i].glob, name.p, name.n))
			best = &s.rules[i];
	if (name.n > 0)
		must(rules_find(&s, FIND_ROLE, RULE_FUNCTION, name.p, name.n) ==
		    best);
	rules_set_release(&s);
}

static void
compare(struct span glob, struct span name)
{
	char g[64], n[64];
	size_t at, i;

	if (glob.n >= sizeof(g) || name.n >= sizeof(n))
		return;
	/* The C library goes by the locale beyond ASCII, and by a rule of
	 * its own for what POSIX leaves open. */
	for (i = 0; i < glob.n; i++)
		if (glob.p[i] <= ' ' || glob.p[i] > '~' ||
		    strchr("[\\", glob.p[i]) != NULL)
			return;
	for (i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return;
	memcpy(g, glob.p, glob.n);
	g[glob.n] = '\0';
	memcpy(n, name.p, name.n);
	n[name.n] = '\0';
	must(rules_glob_fault(g, &at) == NULL);
	must(rules_glob(g, n, name.n) == (fnmatch(g, n, 0) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = {(const char *)data, size}, text = all, rest;
	struct buf complaints = BUF_INIT;
	struct rules *r;
	struct err e;
	size_t at;
	int n;

	rest = span_until(all, 0);
	if (span_find(all, "\n%%\n", &at)) {
		text = span_until(all, at);
		rest = span_from(all, at + 4);
	}
	n = rules_complaints(&complaints, text.p, text.n);
	must((n > 0) == (complaints.len > 0));
	if (rules_parse(&r, text.p, text.n, &e) == 0) {
		must(n == 0);
		ask(r, rest);
		rules_free(r);
	} else {
		must(n > 0 && strncmp(e.text, "line ", 5) == 0);
	}
	find_all(text, rest);
	compare(text, rest);
	buf_release(&complaints);
	return 0;
}
