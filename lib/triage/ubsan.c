/*
 * UBSan's "FILE:LINE:COL: runtime error: TEXT".  The text is prose with types
 * and numbers in it; the first row whose words it holds gives the type, so
 * the narrow rows stand before the wide ones.
 */
#include <string.h>

#include "lib/triage/report.h"

/* clang-format off */
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

/* "/src/a.c:12:3" -> "a.c:12"; empty when it is no such place. */
static struct span
place(struct span s)
{
	struct span base = span_base(s), rest;
	uint64_t line;
	size_t at;

	if (!span_find(base, ":", &at) || at == 0)
		return span_until(s, 0);
	rest = span_from(base, at + 1);
	if (!span_eat_number(&rest, &line))
		return span_until(s, 0);
	return span_until(base, base.n - rest.n);
}

bool
report_ubsan(struct head *h, struct span line)
{
	static const char mark[] = ": runtime error: ";
	struct span text;
	size_t at, i;

	if (!span_find(line, mark, &at))
		return false;
	text = span_from(line, at + strlen(mark));
	for (i = 0; !span_has(text, reasons[i].words) ||
	     !span_has(text, reasons[i].more);
	     i++)
		if (reasons[i].words[0] == '\0')
			break;
	h->kind = HEAD_UBSAN;
	h->note = place(span_until(line, at));
	memcpy(h->type, reasons[i].type, strlen(reasons[i].type) + 1);
	memcpy(h->access, reasons[i].access, strlen(reasons[i].access) + 1);
	memcpy(h->tool, "UndefinedBehaviorSanitizer", 27);
	return true;
}
