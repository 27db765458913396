#ifndef LIB_TRIAGE_FRAMES_H
#define LIB_TRIAGE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/span.h"
#include "lib/triage/triage.h"

/*
 * One line of a stack, in any of these forms:
 *
 *	#1 0xADDR in FUNC[(ARGS)] FILE[:LINE[:COL]]
 *	#1 0xADDR in FUNC[(ARGS)] (MODULE+0xOFF) [(BuildId: X)]
 *	#1 0xADDR  (MODULE+0xOFF) [(BuildId: X)]
 *	#1 0xADDR  FILE:LINE
 *	#1 FUNC FILE:LINE[:COL] (MODULE+0xOFF) [(BuildId: X)]
 *
 * What a form does not have is empty.  The spans borrow the report.
 */
struct frame {
	uint64_t number;
	struct span function; /* with arguments */
	struct span file;     /* path, without line and column */
	uint64_t line;        /* 0: none */
	struct span module;   /* path */
	uint64_t offset;      /* in the module */
};

bool frame_parse(struct frame *f, struct span line);

/*
 * Frames that say nothing about the bug: the sanitizer's, libFuzzer's and
 * libc's own.  Function, file and module are judged apart from each other.
 */
bool frame_ignored(const struct frame *f);

/* raise(), kill() and their like: the signal was sent, nothing faulted. */
bool frame_raises(const struct frame *f);

/*
 * The function that libFuzzer calls.  Its name is the same in all targets, so
 * the file stands for it, and what is below it belongs to the engine.
 */
bool frame_is_entry(const struct frame *f);

/* The frame as a line of the state: the function's name without arguments,
 * else "file:line", else "module+0xoffset". */
void frame_text(
    const struct frame *f, const char *target, char out[TRIAGE_LINE_MAX]);

#endif
