#ifndef LIB_TRIAGE_TRIAGE_H
#define LIB_TRIAGE_TRIAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/triage/facts.h"
#include "lib/triage/rules.h"

/*
 * The second step of triage: facts and rules in, the name of the bug out.
 * Pure: no clock, file, database or log.  Total over any bytes, in linear time
 * and fixed space, so it runs in a caged child on hostile input.  (libcrypto
 * must have been used once before the cage closes.)
 *
 * The rules, and why they are so, stand in lib/triage/DESIGN.
 */
#define TRIAGE_TYPE_MAX    64
#define TRIAGE_LINE_MAX    81 /* a state line of 80 characters, and NUL */
#define TRIAGE_STATE_LINES 8  /* most; "state" of the rules, and widened */
#define TRIAGE_DEPTH       32 /* frames that count, kept for likeness */
#define TRIAGE_RULE_MAX    64

/* What a crash is for lists and digests. */
enum triage_class { CLASS_CRASH, CLASS_TIMEOUT, CLASS_MEMORY, CLASS_LEAK };
const char *triage_class_name(enum triage_class c); /* "timeout", ... */

/* ClusterFuzz's levels, and "none" where it leaves them unset. */
enum triage_severity {
	SEVERITY_NONE,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL
};
const char *triage_severity_name(enum triage_severity s);

struct triage {
	char type[TRIAGE_TYPE_MAX]; /* "Heap-buffer-overflow", ... */
	char access[FACTS_ACCESS_MAX];
	uint32_t access_size; /* bytes, 0 unknown */
	bool has_address;
	uint64_t address;
	enum facts_address address_class;
	char state[TRIAGE_STATE_LINES][TRIAGE_LINE_MAX];
	int state_count; /* at least 1 */
	/* Which frame of the crash stack made the line; -1: none did. */
	int state_frame[TRIAGE_STATE_LINES];
	char stack[TRIAGE_DEPTH][TRIAGE_LINE_MAX]; /* frames that count */
	int stack_count;
	bool placeless; /* the state is the target's name, by rule */
	bool security;
	char security_rule[TRIAGE_RULE_MAX]; /* which rule decided, in words */
	enum triage_severity severity;
	char severity_rule[TRIAGE_RULE_MAX];
	const char *casr;      /* "EXPLOITABLE", ...; a literal */
	const char *casr_type; /* "heap-buffer-overflow(write)" */
	enum triage_class class;
	char tool[32]; /* "AddressSanitizer", "libFuzzer", ..., or "" */
	struct digest signature;
};

/*
 * The name of the bug that "f" tells of, by the rules "r" of its project.
 * "target" is the target's name without its project; it stands in for an empty
 * state, and is the state of what has no place in the code: timeouts, memory
 * limits and overwritten inputs.  All text in "t" is printable ASCII.
 */
void triage_settle(struct triage *t, const struct facts *f,
    const struct rules_named *r, const char *target);

/*
 * Both steps with the built-in rules.  Returns 0 when the report was
 * recognised, 1 when nothing in it was: the type is then "Unknown", the state
 * is the target, and "t" is as usable.
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

/* SHA-256("1\n" type text "\n" state lines joined by "\n"). */
struct digest triage_signature(
    const char *type_text, const char *const *state, int count);

#endif
