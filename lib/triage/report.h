#ifndef LIB_TRIAGE_REPORT_H
#define LIB_TRIAGE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/span.h"
#include "lib/triage/triage.h"

/*
 * The line that opens a report, and those between it and its stack.
 *
 * The kinds are in order of weight: while one report is being read, a line of
 * a heavier kind begins a better one.  HEAD_SIGNAL is the exception: SIGABRT
 * and its like are how an assertion or a UBSan report ends.
 */
enum head_kind {
	HEAD_NONE,
	HEAD_UBSAN,  /* may be one that was only printed: no stack, went on */
	HEAD_LEAK,   /* the type follows, one line for each leak */
	HEAD_ASSERT, /* the stack comes with the signal */
	HEAD_ERROR,
	HEAD_SIGNAL
};

struct head {
	enum head_kind kind;
	char type[TRIAGE_TYPE_MAX];
	char tool[32];
	char access[8];
	uint32_t access_size;
	bool has_address;
	uint64_t address;
	bool pc_null;     /* a jump to address 0 */
	bool placeless;   /* the state is the target's name */
	bool fault;       /* a SEGV: the type depends on address and stack */
	struct span note; /* asserted text, or file:line; borrows the report */
};

/* Recognise the first line of a report. */
bool report_head(struct head *h, struct span line);

/* "Direct leak of ..." below a LeakSanitizer head: the first direct leak
 * names the report, else the first indirect one.  True: its stack follows. */
bool report_leak(struct head *h, struct span line);

/* "READ of size 4 at 0x..." and "caused by a WRITE memory access". */
void report_access(struct head *h, struct span line);

/* The part of report_head() for "FILE:LINE:COL: runtime error: TEXT". */
bool report_ubsan(struct head *h, struct span line);

#endif
