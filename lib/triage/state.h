#ifndef LIB_TRIAGE_STATE_H
#define LIB_TRIAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/frames.h"
#include "lib/triage/report.h"

/*
 * The first stack of a report, frame by frame, and what becomes of it.  ASan
 * prints up to 256 frames; a deeper stack is not looked at.
 */
#define STACK_MAX 256

struct stack {
	char lines[STACK_MAX][TRIAGE_LINE_MAX]; /* frames that count */
	int count;
	int seen; /* frames in all */
	uint64_t last_number;
	bool cut;    /* below the entry, or in the next stack: no more */
	bool raised; /* the signal was sent by the process itself */
};

void stack_reset(struct stack *s);
void stack_add(struct stack *s, const struct frame *f, const char *target);

/* Fill the state: lines of the stack, or what stands in for them. */
void state_of(struct triage *t, const struct head *h, const struct stack *s,
    const char *target);

#endif
