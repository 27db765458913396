#ifndef LIB_TRIAGE_TRIAGE_H
#define LIB_TRIAGE_TRIAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"

/*
 * From the text of a crash report to the facts that name a bug.  Pure: text
 * in, facts out; no clock, file, database or log.  Total over any bytes, in
 * linear time and fixed space, so it runs in a caged child on hostile input.
 * (libcrypto must have been used once before the cage closes.)
 *
 * The rules, and why they are so, stand in lib/triage/DESIGN.
 */
#define TRIAGE_RULES       1 /* version of the rules, stored with each crash */
#define TRIAGE_TYPE_MAX    64
#define TRIAGE_LINE_MAX    81 /* a state line of 80 characters, and NUL */
#define TRIAGE_STATE_LINES 3

struct triage {
	char type[TRIAGE_TYPE_MAX]; /* "Heap-buffer-overflow", ... */
	char access[8];             /* "READ", "WRITE" or "" */
	uint32_t access_size;       /* bytes, 0 unknown */
	bool has_address;
	uint64_t address;
	char state[TRIAGE_STATE_LINES][TRIAGE_LINE_MAX];
	int state_count; /* at least 1 */
	bool security;
	char tool[32]; /* "AddressSanitizer", "libFuzzer", ..., or "" */
	struct digest signature;
};

/*
 * Facts of one report.  "target" is the target's name without its project;
 * it stands in for an empty state, and is the state of what has no place in
 * the code: timeouts, memory limits and overwritten inputs.  All text in "t"
 * is printable ASCII.
 *
 * Returns 0 when the report was recognised, 1 when nothing in it was: the
 * type is then "Unknown", the state is the target, and "t" is as usable.
 */
int triage_report(
    struct triage *t, const void *report, size_t len, const char *target);

/*
 * The type as the signature has it and as people read it: with access and
 * size, "Heap-buffer-overflow READ 4"; a size over 16 is "{*}", because it
 * depends on the input more than on the bug.
 */
#define TRIAGE_TYPE_TEXT_MAX (TRIAGE_TYPE_MAX + 24)

struct triage_type_text {
	char text[TRIAGE_TYPE_TEXT_MAX];
};

struct triage_type_text triage_type_text(const struct triage *t);

#endif
