/*
 * How bad: ClusterFuzz's levels by type.  Writing is a level worse than
 * reading, up to High.  What has no security flag, and what its list leaves
 * out, has no level: "none" is an answer, not a guess.
 */
#include <stdio.h>
#include <string.h>

#include "lib/triage/settle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const struct {
	const char *type;
	enum triage_severity level;
} levels[] = {
	{ "Bad-cast",				SEVERITY_HIGH },
	{ "Heap-double-free",			SEVERITY_HIGH },
	{ "Heap-use-after-free",		SEVERITY_HIGH },
	{ "Security DCHECK failure",		SEVERITY_HIGH },
	{ "Use-after-poison",			SEVERITY_HIGH },
	{ "Container-overflow",			SEVERITY_MEDIUM },
	{ "Heap-buffer-overflow",		SEVERITY_MEDIUM },
	{ "Incorrect-function-pointer-type",	SEVERITY_MEDIUM },
	{ "Index-out-of-bounds",		SEVERITY_MEDIUM },
	{ "Memcpy-param-overlap",		SEVERITY_MEDIUM },
	{ "Non-positive-vla-bound-value",	SEVERITY_MEDIUM },
	{ "Object-size",			SEVERITY_MEDIUM },
	{ "Stack-buffer-overflow",		SEVERITY_MEDIUM },
	{ "UNKNOWN",				SEVERITY_MEDIUM },
	{ "Use-of-uninitialized-value",		SEVERITY_MEDIUM },
}, said[] = {
	{ "FuzzerSecurityIssueCritical",	SEVERITY_CRITICAL },
	{ "FuzzerSecurityIssueHigh",		SEVERITY_HIGH },
	{ "FuzzerSecurityIssueMedium",		SEVERITY_MEDIUM },
	{ "FuzzerSecurityIssueLow",		SEVERITY_LOW },
};

static const char *const names[] = {
	"none", "low", "medium", "high", "critical",
};
/* clang-format on */

const char *
triage_severity_name(enum triage_severity s)
{
	return names[s];
}

static enum triage_severity
level_of(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(levels); i++)
		if (strcmp(levels[i].type, type) == 0)
			return levels[i].level;
	return SEVERITY_NONE;
}

static void
say(struct triage *t, enum triage_severity level, const char *rule)
{
	t->severity = level;
	snprintf(t->severity_rule, sizeof(t->severity_rule), "%s", rule);
}

void
severity_settle(struct triage *t, const struct facts *f)
{
	enum triage_severity level = level_of(t->type);
	size_t i;

	for (i = 0; i < COUNT(said); i++)
		if (t->security && span_has(f->protected, said[i].type)) {
			say(t, said[i].level, "the target says its severity");
			return;
		}
	if (!t->security) {
		say(t, SEVERITY_NONE, "no security flag");
	} else if (level == SEVERITY_NONE) {
		say(t, SEVERITY_NONE, "the type has no level");
	} else if (strcmp(t->access, "WRITE") == 0 && level < SEVERITY_HIGH) {
		say(t, level + 1, "");
		snprintf(t->severity_rule, sizeof(t->severity_rule),
		    "the type is %s, a write one more", names[level]);
	} else {
		say(t, level, "");
		snprintf(t->severity_rule, sizeof(t->severity_rule),
		    "the type is %s", names[level]);
	}
}
