#ifndef MASTERD_ADMIN_TRACE_H
#define MASTERD_ADMIN_TRACE_H

#include <stdbool.h>

/*
 * W3C's trace context (Recommendation, level 1): a request may bring
 *
 *	traceparent: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>
 *
 * Its first long number goes on as the trace of all that the request causes;
 * without one, or with one that is wrong in anything, there is a new one.
 */
#define TRACE_HEX 32

struct trace {
	char id[TRACE_HEX + 1];
	char flags[3];
};

/* False when "text" (may be NULL) is none; "t" is a new one then. */
bool trace_take(struct trace *t, const char *text);

/* For the answer: the same trace, and a number of our own for this step. */
struct trace_parent {
	char text[56];
};
struct trace_parent trace_parent(const struct trace *t);

#endif
