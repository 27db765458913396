/*
 * The second step: facts and rules in, the name of the bug out.  The order is
 * the design: which frames count decides whether a fault was one, that the
 * type, that the state; flag, severity and class look at those.
 */
#include <string.h>

#include "lib/triage/settle.h"

static enum triage_class
class_of(const struct triage *t, const struct facts *f)
{
	if (f->kind == FACTS_TIMEOUT)
		return CLASS_TIMEOUT;
	if (f->kind == FACTS_MEMORY)
		return CLASS_MEMORY;
	return f->kind == FACTS_LEAK || strstr(t->type, "-leak") != NULL
	    ? CLASS_LEAK
	    : CLASS_CRASH;
}

const char *
triage_class_name(enum triage_class c)
{
	/* clang-format off */
	static const char *const names[] = {
		"crash", "timeout", "memory", "leak",
	};
	/* clang-format on */

	return names[c];
}

static void
sign(struct triage *t)
{
	const char *lines[TRIAGE_STATE_LINES];
	int i;

	for (i = 0; i < t->state_count; i++)
		lines[i] = t->state[i];
	t->signature =
	    triage_signature(triage_type_text(t).text, lines, t->state_count);
}

void
triage_settle(struct triage *t, const struct facts *f,
    const struct rules_named *r, const char *target)
{
	struct rules_limits limits = rules_limits(r);
	struct judged j;

	memset(t, 0, sizeof(*t));
	target = target != NULL ? target : "";
	span_print(f->tool, t->tool, sizeof(t->tool));
	t->address_class = f->address_class;
	t->address = f->address;
	/* Facts that were stored know the class alone. */
	t->has_address = f->address_class == ADDRESS_NULL ||
	    (f->address_class != ADDRESS_NONE && f->address != 0);
	judge_stack(&j, f, r, target);
	type_settle(t, f, j.raised);
	state_settle(t, f, &j, &limits, target);
	security_settle(t, f);
	severity_settle(t, f);
	casr_settle(t, f);
	t->class = class_of(t, f);
	sign(t);
}

int
triage_report(
    struct triage *t, const void *report, size_t len, const char *target)
{
	struct facts f;
	int known;

	known = facts_read(&f, report, len);
	triage_settle(t, &f, rules_of(rules_base(), NULL), target);
	return known;
}
