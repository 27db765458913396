/*
 * The security flag, by the customs of large fuzzing farms: memory that is
 * read or written out of its bounds or its life counts, what only ends the
 * process does not.
 */
#include <string.h>

#include "lib/triage/facts.h"

/* clang-format off */
static const char *const harmless[] = {
	/* ends the process, no more */
	"Stack-overflow", "Fatal-signal", "Overwrites-const-input", "Ill",
	"Floating-point-exception", "Timeout", "Out-of-memory",
	"Unexpected-exit", "Abrt", "Bus", "Trap", "ASSERT",
	"Sanitizer CHECK failure", "Unknown",
	/* wrong, but no memory is harmed yet */
	"Direct-leak", "Indirect-leak", "Memory-leak", "Data race",
	"Lock-order-inversion", "Lock-order-inversion potential deadlock",
	"Thread leak", "Signal-unsafe call inside of a signal",
	"Divide-by-zero", "Float-cast-overflow", "Implicit-conversion",
	"Invalid-bool-value", "Invalid-builtin-use", "Misaligned-address",
	"No-return-value", "Invalid-null-argument", "Pointer-overflow",
	"Invalid-null-return", "Undefined-shift", "Unreachable code",
	"Unsigned-integer-overflow", "Upcast-of-null-pointer",
	"Invalid-enum-value", "Integer-overflow", "Assumption-violation",
	"Undefined-behavior",
};

/* Addresses that programs crash at on purpose. */
static const uint64_t deliberate[] = {
	0xbbadbeef, 0xfbadbeef, 0x1f75b7dd, 0x977537dd, 0x9f7537dd,
};
/* clang-format on */

static bool
wild_address(const struct triage *t)
{
	size_t i;

	/* The processor would not even name it: not near null. */
	if (!t->has_address)
		return true;
	for (i = 0; i < sizeof(deliberate) / sizeof(deliberate[0]); i++)
		if (t->address == deliberate[i])
			return false;
	return t->address >= 0x1000;
}

bool
triage_security(const struct triage *t, bool pc_null)
{
	size_t i;

	if (pc_null)
		return true;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(t->type, harmless[i]) == 0)
			return false;
	if (strcmp(t->type, "Null-dereference") == 0)
		return false;
	if (strcmp(t->type, "UNKNOWN") == 0)
		return wild_address(t);
	return true;
}
