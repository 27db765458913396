#ifndef LIB_TRIAGE_SETTLE_H
#define LIB_TRIAGE_SETTLE_H

#include <stdbool.h>

#include "lib/triage/facts.h"
#include "lib/triage/rules.h"
#include "lib/triage/triage.h"

/*
 * Inside of triage_settle(), in the order of its steps: the stack is judged,
 * then type, state, flag, severity and CASR's class follow.  Each uses facts
 * and what the steps before it filled, and nothing that the normalised report
 * does not keep: no address, no pc.
 */
struct judged_frame {
	char line[TRIAGE_LINE_MAX];
	int frame; /* in the crash stack */
	bool widens;
};

struct judged {
	struct judged_frame frames[FACTS_FRAMES]; /* those that count */
	int count;
	bool raised; /* a signal was sent: raise() or kill() on top */
	int main;    /* an ignored main() with a file, if nothing else; or -1 */
};

void judge_stack(struct judged *j, const struct facts *f,
    const struct rules_named *r, const char *target);

/* The type in our words; "fault" is a SEGV, whose type depends on more. */
void type_settle(struct triage *t, const struct facts *f, bool raised);

/* A type without a place in the code: the target is its state. */
bool type_placeless(const char *type);

void state_settle(struct triage *t, const struct facts *f, struct judged *j,
    const struct rules_limits *limits, const char *target);

void security_settle(struct triage *t, const struct facts *f);
void severity_settle(struct triage *t, const struct facts *f);
void casr_settle(struct triage *t, const struct facts *f);

#endif
