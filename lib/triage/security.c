/*
 * The security flag, by the customs of large fuzzing farms: memory that is
 * read or written out of its bounds or its life counts, what only ends the
 * process does not.  The first rule that knows the crash decides, and says so.
 */
#include <stdio.h>
#include <string.h>

#include "lib/triage/settle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const char *const ends[] = {	/* the process, no more */
	"Stack-overflow", "Fatal-signal", "Overwrites-const-input", "Ill",
	"Floating-point-exception", "Timeout", "Out-of-memory",
	"Unexpected-exit", "Abrt", "Bus", "Trap", "ASSERT", "Breakpoint",
	"Sanitizer CHECK failure", "CHECK failure", "Security CHECK failure",
	"Missing-library", "Bad-system-call", "Uncaught exception",
}, *const harmless[] = {	/* wrong, but no memory is harmed yet */
	"Direct-leak", "Indirect-leak", "Memory-leak", "Data race",
	"Lock-order-inversion", "Thread leak", "Divide-by-zero",
	"Float-cast-overflow", "Implicit-conversion", "Invalid-bool-value",
	"Invalid-builtin-use", "Misaligned-address", "No-return-value",
	"Invalid-null-argument", "Pointer-overflow", "Invalid-null-return",
	"Undefined-shift", "Unreachable code", "Unsigned-integer-overflow",
	"Upcast-of-null-pointer", "Invalid-enum-value", "Integer-overflow",
	"Assumption-violation", "Undefined-behavior",
}, *const checks[] = {
	"DCHECK failure", "Security DCHECK failure",
};
/* clang-format on */

static bool
is_one(const char *type, const char *const list[], size_t n)
{
	while (n-- > 0)
		if (strcmp(type, list[n]) == 0)
			return true;
	return false;
}

static void
say(struct triage *t, bool security, const char *rule)
{
	t->security = security;
	snprintf(t->security_rule, sizeof(t->security_rule), "%s", rule);
}

static void
by_address(struct triage *t)
{
	switch (t->address_class) {
	case ADDRESS_NULL:
		say(t, false, "an address in the first page");
		break;
	case ADDRESS_MARKER:
		say(t, false, "an address that programs crash at on purpose");
		break;
	case ADDRESS_NONE:
		/* The processor would not even name it: not near null. */
		say(t, true, "an address that the processor would not name");
		break;
	default:
		say(t, true, "a wild address");
	}
}

/* ThreadSanitizer finds more than races: it knows freed memory, too. */
static bool
is_race(const struct facts *f)
{
	return f->kind == FACTS_RACE && !span_has(f->what, "use-after-free");
}

static void
by_type(struct triage *t, const struct facts *f)
{
	if (is_one(t->type, checks, COUNT(checks)))
		say(t, true, "a check against wrong memory failed");
	else if (is_one(t->type, ends, COUNT(ends)))
		say(t, false, "it ends the process, no more");
	else if (f->kind == FACTS_LEAK || is_race(f) ||
	    is_one(t->type, harmless, COUNT(harmless)))
		say(t, false, "no memory is harmed by this type");
	else if (strcmp(t->type, "Null-dereference") == 0)
		say(t, false, "a null pointer");
	else if (f->kind == FACTS_NONE)
		say(t, false, "nothing was recognised");
	else if (strcmp(t->type, "UNKNOWN") == 0)
		by_address(t);
	else
		say(t, true, "memory out of its bounds, its life or its type");
}

void
security_settle(struct triage *t, const struct facts *f)
{
	if (span_has(f->protected, "MiraclePtr Status: ") &&
	    span_has(f->protected, "PROTECTED") &&
	    !span_has(f->protected, "NOT PROTECTED"))
		say(t, false, "MiraclePtr protects it");
	else if (span_has(f->protected, "FuzzerSecurityIssue"))
		say(t, true, "the target says FuzzerSecurityIssue");
	else if (f->pc_null && strcmp(t->type, "Fatal-signal") != 0)
		say(t, true, "a jump to address 0");
	else
		by_type(t, f);
}
