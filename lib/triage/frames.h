#ifndef LIB_TRIAGE_FRAMES_H
#define LIB_TRIAGE_FRAMES_H

#include <stdbool.h>

#include "lib/triage/facts.h"

/*
 * Between the files that read reports: what one line of a stack may hold, and
 * the forms that need the line before them.  frame_parse() (facts.h) reads
 *
 *	#1 0xADDR in FUNC[(ARGS)] FILE[:LINE[:COL]] [(MODULE+0xOFF)]
 *	#1 0xADDR in FUNC[(ARGS)] (MODULE+0xOFF) [(BuildId: X)]
 *	#1 0xADDR  (MODULE+0xOFF) [(BuildId: X)]
 *	#1 0xADDR  FILE:LINE
 *	#1 FUNC FILE:LINE[:COL] (MODULE+0xOFF) [(BuildId: X)]	ThreadSanitizer
 *	#1  [0xADDR in ]FUNC (ARGS) [at FILE:LINE | from MODULE]	gdb
 *	  1: [0xADDR - ]FUNC					Rust
 *	 <0xADDR> [func:FUNC file:FILE line:LINE module:MODULE]	honggfuzz
 */
#define FRAME_FUNCTION_MAX 480
#define FRAME_FILE_MAX     240
#define FRAME_BUILD_MAX    64

/* Rust's second line, "at FILE:LINE[:COL]", of the frame above it. */
bool frame_place(struct frame *f, struct span line);

/* The path without what differs between machines: a home, /tmp/NAME. */
struct span frame_path(struct span path);

/* gdb leaves the address out where a function was inlined into this one. */
bool frame_calls_inlined(struct span line);

#endif
