#ifndef LIB_TRIAGE_FACTS_H
#define LIB_TRIAGE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/triage/span.h"

/*
 * What a report says, before any rule judges it: the first of the two steps
 * of triage.  Facts borrow the text they were read from and hold it in fixed
 * space; facts_write() gives them a text of their own, the normalised report,
 * which is kept with a crash so that every rule can be applied to it again.
 */
#define FACTS_FRAMES     64 /* kept of a stack; deeper ones are not looked at */
#define FACTS_SIDE       32 /* of the stacks beside it */
#define FACTS_TEXT_MAX   (24 * 1024) /* of what facts_write() appends */
#define FACTS_ACCESS_MAX 8

enum facts_stack { /* "#0" of which stack */
	STACK_CRASH,
	STACK_FREED,     /* freed by thread .. here */
	STACK_ALLOCATED, /* allocated by; where an origin or a race came from */
	STACK_COUNT
};

/* One frame.  What its form does not have is empty or zero. */
struct frame {
	uint64_t number;
	uint64_t pc;          /* not part of the normalised text */
	struct span function; /* as printed, with arguments */
	struct span file;     /* path, without line, column and home */
	uint64_t line, column;
	struct span module; /* its path in the system, else its name */
	uint64_t offset;    /* in the module */
	struct span build_id;
	bool inlined; /* one address, several functions: not the last one */
};

/*
 * How the report was opened, and so what kind of thing it tells; with what
 * "tool", "what" and "note" then hold.  Up to ERROR in order of weight: while
 * one report is being read, a heavier one begins anew, because the lighter one
 * did not stop the program; from ERROR on all weigh alike, and the first stays.
 * But a SIGNAL replaces nothing (it is how the lighter ones end) and lends its
 * stack to ASSERT, EXCEPTION and ABORT that have none; SEGV, BUS and FPE weigh
 * as much as an ERROR, whoever reports them.
 *
 * UBSAN: tool "UndefinedBehaviorSanitizer"; what is all text behind "runtime
 *	error: ", masked; note "T from U", "T from invalid vptr" or "T from
 *	base class subobject at offset N" of vptr and CFI errors; place.
 * LEAK: what "Direct leak", "Indirect leak" or "detected memory leaks".
 * ASSERT: what "assert", "CHECK failure", "DCHECK failure", "Security CHECK
 *	failure", "Security DCHECK failure", "panic" (Rust, Go); note is the
 *	asserted text or message, masked; place.  Tool: whose stack it is, else
 *	"glibc", "rust", "check".
 * EXCEPTION: what "uncaught exception" or "terminate" (none was active); note
 *	the exception's type.  Tool: whose stack, else "libstdc++", "libc++abi".
 * ABORT: what glibc's text, "free(): invalid pointer", "stack smashing
 *	detected", "pure virtual method called"; tool: whose stack, or "glibc".
 * ERROR: what is the word of the SUMMARY line where there is one:
 *	"heap-use-after-free", "double-free", "bad-free", "unknown-crash",
 *	"bad-malloc_usable_size", "memcpy-param-overlap", "SEGV", "FPE",
 *	"stack-overflow", "use-of-uninitialized-value", "fuzz target exited",
 *	"overwrites-const-input", "invalid-allocation-alignment"; "CHECK failed"
 *	of the sanitizer itself; HWASan's "tag-mismatch", whose "Cause:" is note.
 * RACE: what "data race", "lock-order-inversion", "thread leak", ...
 * TIMEOUT: what "timeout".
 * MEMORY: what "out-of-memory", "allocation-size-too-big", "calloc-overflow",
 *	"reallocarray-overflow", "pvalloc-overflow", "rss-limit-exceeded".
 * SIGNAL: what "deadly signal", "ABRT", "ILL", "TRAP", "BUS" of sanitizers and
 *	libFuzzer; "SIGSEGV" of gdb and honggfuzz; signal.
 * LIBRARY: what "missing library"; note its name; tool "ld.so".
 */
enum facts_kind {
	FACTS_NONE,  /* nothing was recognised: only an exit code, or noise */
	FACTS_UBSAN, /* "runtime error:" */
	FACTS_LEAK,
	FACTS_ASSERT,    /* assert(), CHECK, panic: text, then a signal */
	FACTS_EXCEPTION, /* uncaught C++ exception */
	FACTS_ABORT,     /* glibc's own: "free(): invalid pointer", ... */
	FACTS_ERROR,     /* every other report of a sanitizer or engine */
	FACTS_RACE,
	FACTS_TIMEOUT,
	FACTS_MEMORY,  /* out of it, or an allocation over the limit */
	FACTS_SIGNAL,  /* a signal and where it struck, no more */
	FACTS_LIBRARY, /* a shared library is missing */
	FACTS_KINDS
};
const char *facts_kind_name(enum facts_kind k);

enum facts_address {
	ADDRESS_NONE,   /* the report has none (a non-canonical one, too) */
	ADDRESS_NULL,   /* in the first page, below 0x1000 */
	ADDRESS_NEAR,   /* below 64 KiB: CASR's "near null" */
	ADDRESS_MARKER, /* one at which programs crash on purpose */
	ADDRESS_WILD
};
const char *facts_address_name(enum facts_address a);

/*
 * All text is printable ASCII, without colours; of "what" and "note" numbers
 * of two and more digits are "NUMBER" and 0x with four and more "ADDRESS".
 * Facts that were read, written and parsed again are the same but for
 * "address", "pc" and the frames' "pc".  Never copy the struct: spans may
 * point into "scratch".
 */
#define FACTS_SCRATCH (16 * 1024)

struct facts {
	enum facts_kind kind;
	struct span tool; /* "AddressSanitizer", "libFuzzer", "glibc", ... */
	struct span what; /* as printed: "heap-use-after-free", "SEGV" */
	char access[FACTS_ACCESS_MAX]; /* "READ", "WRITE" or "" */
	uint64_t access_size;          /* bytes; 0 unknown */
	enum facts_address address_class;
	uint64_t address; /* not in the normalised text */
	bool has_pc;
	uint64_t pc;        /* not in the normalised text */
	bool pc_null;       /* a jump to address 0 */
	bool pc_is_address; /* what could not be read is the code itself */
	bool sent;          /* the signal was sent, nothing faulted */
	int signal;         /* 0: none was named */
	uint64_t scariness; /* 0: not printed */
	struct span note;   /* asserted text, message, library, types */
	struct span place;  /* "file:line" where no stack says it */
	struct
	    span protected; /* "MiraclePtr Status: ..", "FuzzerSecurityIssue" */
	int depth[STACK_COUNT];
	struct frame stack[FACTS_FRAMES];
	struct frame freed[FACTS_SIDE];
	struct frame allocated[FACTS_SIDE];
	size_t scratch_used;
	char scratch[FACTS_SCRATCH]; /* text that had to be cleaned or made */
};

const struct frame *facts_frames(
    const struct facts *f, enum facts_stack which, int *depth);

/*
 * Read a report: any bytes, in linear time and fixed space.  The first report
 * that stopped the program counts, whatever stands before and behind it; the
 * order of weight stands in lib/triage/DESIGN.  "f" borrows "report".
 * Returns 0, or 1 when nothing was recognised (FACTS_NONE).
 */
int facts_read(struct facts *f, const void *report, size_t len);

/*
 * The normalised report: clean text (printable ASCII, newlines), without
 * addresses, pids and build folders, the same for the same bug on any machine
 * as far as the report says it.  At most FACTS_TEXT_MAX bytes are appended;
 * frames beyond are left out.
 */
void facts_write(struct buf *out, const struct facts *f);

/* What facts_write() wrote, or anything that pretends to be: 0, or REFUSED.
 * Reading and writing again gives the same bytes. */
int facts_parse(struct facts *f, const void *text, size_t len, struct err *e);

/* SHA-256 of the normalised report: equal stacks of equal kind. */
struct digest facts_digest(const struct facts *f);

/* ---- frames ---- */
/*
 * One line of a stack, in any of the forms of the facts (DESIGN): sanitizers',
 * ThreadSanitizer's, gdb's, Rust's, honggfuzz's.  False: it is none.
 */
bool frame_parse(struct frame *f, struct span line);

#define FRAME_NAME_MAX 161
struct frame_name {
	char text[FRAME_NAME_MAX];
};
/* The function's name as rules and states have it: without return type,
 * arguments, template arguments, anonymous namespaces and what compilers add
 * to names of parts and copies; "" without symbols. */
struct frame_name frame_function(const struct frame *f);

#endif
