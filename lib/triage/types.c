/*
 * What the tools print and what we call it: the type, the first line of a
 * signature.  What no table knows is the printed word with a capital, which is
 * how ASan's own types read ("Heap-use-after-free"), so a new sanitizer's
 * errors have names before this file knows them.
 */
#include <signal.h>
#include <string.h>

#include "lib/triage/settle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct words {
	const char *what; /* begins with */
	const char *type;
};

/* clang-format off */
static const struct words errors[] = {
	{ "double-free",		"Heap-double-free" },
	{ "attempting double-free",	"Heap-double-free" },
	{ "bad-free",			"Invalid-free" },
	{ "attempting free on address",	"Invalid-free" },
	{ "bad-malloc_usable_size",	"Bad-malloc-usable-size" },
	{ "int-divide-by-zero",		"Divide-by-zero" },
	{ "unknown-crash",		"UNKNOWN" },
	{ "unknown",			"UNKNOWN" },
	{ "SEGV",			"UNKNOWN" },
	{ "SIGSEGV",			"UNKNOWN" },
	{ "BUS",			"Bus" },
	{ "FPE",			"Floating-point-exception" },
	{ "ABRT",			"Abrt" },
	{ "ILL",			"Ill" },
	{ "TRAP",			"Trap" },
	{ "invalid-allocation-alignment", "Invalid-alignment" },
	{ "invalid-aligned-alloc-alignment", "Invalid-alignment" },
	{ "invalid-posix-memalign-alignment", "Invalid-alignment" },
	{ "CHECK failed",		"Sanitizer CHECK failure" },
	{ "fuzz target exited",		"Unexpected-exit" },
	{ "overwrites-const-input",	"Overwrites-const-input" },
	{ "deadly signal",		"Fatal-signal" },
}, leaks[] = {
	{ "Direct",			"Direct-leak" },
	{ "Indirect",			"Indirect-leak" },
	{ "",				"Memory-leak" },
}, asserts[] = {
	{ "CHECK failure",		"CHECK failure" },
	{ "DCHECK failure",		"DCHECK failure" },
	{ "Security CHECK failure",	"Security CHECK failure" },
	{ "Security DCHECK failure",	"Security DCHECK failure" },
	{ "",				"ASSERT" },
};

static const struct {
	int signal;
	const char *type;
} signals[] = {
	{ SIGSEGV,	"UNKNOWN" },
	{ SIGBUS,	"Bus" },
	{ SIGFPE,	"Floating-point-exception" },
	{ SIGABRT,	"Abrt" },
	{ SIGILL,	"Ill" },
	{ SIGTRAP,	"Trap" },
	{ SIGSYS,	"Bad-system-call" },
};

/*
 * UBSan's prose, with types and numbers in it: the first row whose words it
 * holds gives the type, so the narrow rows stand before the wide ones.
 */
static const struct {
	const char *words, *more;	/* both must be there */
	const char *type, *access;
} reasons[] = {
	{ "division by zero", "",		"Divide-by-zero", "" },
	{ "outside the range of representable values", "",
						"Float-cast-overflow", "" },
	{ "implicit conversion from type", "",	"Implicit-conversion", "" },
	{ "call to function", "through pointer to incorrect function type",
					"Incorrect-function-pointer-type", "" },
	{ "out of bounds for type", "",		"Index-out-of-bounds", "" },
	{ "not a valid value for type 'bool'", "", "Invalid-bool-value", "" },
	{ "not a valid value for type '_Bool'", "", "Invalid-bool-value", "" },
	{ "which is not a valid argument", "",	"Invalid-builtin-use", "" },
	{ "misaligned address", "",		"Misaligned-address", "" },
	{ "reached the end of a value-returning function", "",
						"No-return-value", "" },
	{ "null pointer passed as", "declared to never be null",
						"Invalid-null-argument", "" },
	{ "load of null pointer", "",		"Null-dereference", "READ" },
	{ "store to null pointer", "",		"Null-dereference", "WRITE" },
	{ "binding to null pointer", "",	"Null-dereference", "" },
	{ "access within null pointer", "",	"Null-dereference", "" },
	{ "call on null pointer", "",		"Null-dereference", "" },
	{ "with insufficient space for an object of type", "",
						"Object-size", "" },
	{ "addition of unsigned offset", "",	"Pointer-overflow", "" },
	{ "subtraction of unsigned offset", "",	"Pointer-overflow", "" },
	{ "pointer index expression with base", "", "Pointer-overflow", "" },
	{ "applying", "to null pointer",	"Pointer-overflow", "" },
	{ "applying", "produced null pointer",	"Pointer-overflow", "" },
	{ "null pointer returned from function declared to never return null",
		"",				"Invalid-null-return", "" },
	{ "shift", "",				"Undefined-shift", "" },
	{ "execution reached an unreachable program point", "",
						"Unreachable code", "" },
	{ "unsigned integer overflow", "",  "Unsigned-integer-overflow", "" },
	{ "upcast of null pointer of type", "",	"Upcast-of-null-pointer", "" },
	{ "variable length array bound evaluates to non-positive value", "",
					"Non-positive-vla-bound-value", "" },
	{ "which does not point to an object of type", "", "Bad-cast", "" },
	{ "control flow integrity check for type", "",	   "Bad-cast", "" },
	/* wide */
	{ "not a valid value for type", "",	"Invalid-enum-value", "" },
	{ "integer overflow", "",		"Integer-overflow", "" },
	{ "negation of", "cannot be represented", "Integer-overflow", "" },
	{ "division of", "cannot be represented", "Integer-overflow", "" },
	{ "assumption is violated", "",		"Assumption-violation", "" },
	{ "", "",				"Undefined-behavior", "" },
};
/* clang-format on */

static void
set_type(struct triage *t, const char *type)
{
	memcpy(t->type, type, strlen(type) + 1);
}

/* "heap-use-after-free" -> "Heap-use-after-free", "data race" alike. */
static void
set_words(struct triage *t, struct span what)
{
	char *p = t->type;

	span_print(span_trim(what), t->type, sizeof(t->type));
	for (; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
		if (*p == '_')
			*p = '-';
	}
	p = t->type;
	if (*p >= 'a' && *p <= 'z')
		*p -= 'a' - 'A';
	/* Those say that nothing was recognised. */
	if (*p == '\0' || strcmp(p, "Unknown") == 0)
		set_type(t, "UNKNOWN");
}

static bool
set_known(
    struct triage *t, const struct words *table, size_t n, struct span what)
{
	for (; n > 0; n--, table++)
		if (span_starts(what, table->what)) {
			set_type(t, table->type);
			return true;
		}
	return false;
}

static void
set_reason(struct triage *t, struct span what)
{
	size_t i;

	for (i = 0; i + 1 < COUNT(reasons); i++)
		if (span_has(what, reasons[i].words) &&
		    span_has(what, reasons[i].more))
			break;
	set_type(t, reasons[i].type);
	if (reasons[i].access[0] != '\0')
		memcpy(t->access, reasons[i].access,
		    strlen(reasons[i].access) + 1);
}

/* A sanitizer's word for a signal, else its number. */
static void
set_signal(struct triage *t, const struct facts *f)
{
	size_t i;

	if (set_known(t, errors, COUNT(errors), f->what))
		return;
	for (i = 0; i < COUNT(signals); i++)
		if (signals[i].signal == f->signal) {
			set_type(t, signals[i].type);
			return;
		}
	set_type(t, "Fatal-signal");
}

static void
set_type_of(struct triage *t, const struct facts *f)
{
	switch (f->kind) {
	case FACTS_UBSAN:
		set_reason(t, f->what);
		break;
	case FACTS_LEAK:
		set_known(t, leaks, COUNT(leaks), f->what);
		break;
	case FACTS_ASSERT:
		set_known(t, asserts, COUNT(asserts), f->what);
		break;
	case FACTS_EXCEPTION:
		set_type(t, "Uncaught exception");
		break;
	case FACTS_ABORT:
		set_type(t, "Fatal-signal");
		break;
	case FACTS_TIMEOUT:
		set_type(t, "Timeout");
		break;
	case FACTS_MEMORY:
		set_type(t, "Out-of-memory");
		break;
	case FACTS_SIGNAL:
		set_signal(t, f);
		break;
	case FACTS_LIBRARY:
		set_type(t, "Missing-library");
		break;
	case FACTS_ERROR:
	case FACTS_RACE:
		if (!set_known(t, errors, COUNT(errors), f->what))
			set_words(t, f->what);
		break;
	default:
		set_type(t, "Unknown");
	}
}

static bool
is_fault(const struct facts *f)
{
	return span_starts(f->what, "SEGV") ||
	    (f->kind == FACTS_SIGNAL && f->signal == SIGSEGV);
}

void
type_settle(struct triage *t, const struct facts *f, bool raised)
{
	memcpy(t->access, f->access, sizeof(t->access));
	t->access[sizeof(t->access) - 1] = '\0';
	set_type_of(t, f);
	/* "unknown-crash" has a size, a SEGV has none: one type, one form. */
	if (t->access[0] != '\0' && strcmp(t->type, "UNKNOWN") != 0)
		t->access_size = f->access_size > UINT32_MAX
		    ? UINT32_MAX
		    : (uint32_t)f->access_size;
	if (!is_fault(f))
		return;
	if (f->sent || raised) {
		/* The "address" is the pid of who sent the signal. */
		set_type(t, "Fatal-signal");
		t->access[0] = '\0';
		t->address_class = ADDRESS_NONE;
		t->has_address = false;
		t->address = 0;
	} else if (f->address_class == ADDRESS_NULL) {
		set_type(t, "Null-dereference");
	}
}

bool
type_placeless(const char *type)
{
	return strcmp(type, "Timeout") == 0 ||
	    strcmp(type, "Out-of-memory") == 0 ||
	    strcmp(type, "Overwrites-const-input") == 0 ||
	    strcmp(type, "Unknown") == 0;
}
