#ifndef LIB_TRIAGE_HEADS_H
#define LIB_TRIAGE_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/facts.h"

/*
 * The line that opens a report, whoever wrote it.  Spans borrow the line or a
 * literal.
 */
struct head {
	enum facts_kind kind;
	struct span tool, what, note, place;
	int signal;
	bool has_address, has_pc, sent;
	uint64_t address, pc;
	bool fault; /* a SEGV or BUS: address, pc and access are its own */
	bool more;  /* the next line holds the note (Rust) */
};

/* "==PID==ERROR: TOOL: TEXT", "WARNING: ThreadSanitizer: TEXT", asserts,
 * "runtime error:", failed checks.  Linear in the line. */
bool head_find(struct head *h, struct span line);

/*
 * What head_find() asks, by the words before or at a place of the line.
 * "at" is where TEXT begins.
 */
bool head_sanitizer(struct head *h, struct span text); /* "TOOL: TEXT" */
bool head_ubsan(struct head *h, struct span line, size_t at);
bool head_assert_at(struct head *h, struct span line, size_t colon);
bool head_failed_at(struct head *h, struct span line, size_t colon);
bool head_library_at(struct head *h, struct span line, size_t colon);
/* These look at the line's beginning. */
bool head_assert(struct head *h, struct span line);  /* BSD, GLib, Rust, Go */
bool head_process(struct head *h, struct span line); /* glibc, C++ */
bool head_signal(struct head *h, struct span line);  /* gdb, honggfuzz */

/* "READ of size 4 at 0x..", "The signal is caused by a WRITE memory access",
 * "SCARINESS:", "Cause:": lines between a head and its stack. */
void head_details(struct facts *f, struct span line);

/* gdb's siginfo and instruction, honggfuzz's fields. */
void head_signal_details(struct facts *f, struct span line);

/* Vptr and CFI: "which does not point to an object of type 'T'" -> T, and the
 * note line behind it: "object is of type 'U'" -> "U". */
struct span ubsan_type(struct span what);
struct span ubsan_other(struct span line);

/* Rust's message stands in the line behind the head. */
struct span head_message(struct span line);

int signal_number(struct span name); /* "SIGSEGV" or "SEGV": 11; 0: none */
struct span span_literal(const char *text);
struct span span_upto(struct span s, const char *stop);
struct span span_place(struct span s); /* "/src/a.c:12:3" -> "a.c:12" */

#endif
