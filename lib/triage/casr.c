/*
 * CASR's word for a crash, and its class: how near it is to running somebody's
 * code.  Reports of sanitizers go by their own word and access, signals by
 * what they struck; without the faulting instruction a read is SourceAv and a
 * write DestAv, which is CASR's own answer for sanitizers.
 */
#include <signal.h>
#include <string.h>

#include "lib/triage/settle.h"

#define FRAMES_LOOKED_AT 12

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char YES[] = "EXPLOITABLE";
static const char PROBABLY[] = "PROBABLY_EXPLOITABLE";
static const char NOT[] = "NOT_EXPLOITABLE";
static const char UNDEFINED[] = "UNDEFINED";

/* clang-format off */
/* Types that say by their access how bad they are. */
static const struct {
	const char *type, *unknown, *read, *write;
} accesses[] = {
#define ROW(type, word) { type, word, word "(read)", word "(write)" }
	ROW("Heap-buffer-overflow", "heap-buffer-overflow"),
	ROW("Global-buffer-overflow", "global-buffer-overflow"),
	ROW("Stack-buffer-overflow", "stack-buffer-overflow"),
	ROW("Stack-buffer-underflow", "stack-buffer-underflow"),
	ROW("Dynamic-stack-buffer-overflow", "dynamic-stack-buffer-overflow"),
	ROW("Stack-use-after-scope", "stack-use-after-scope"),
	ROW("Stack-use-after-return", "stack-use-after-return"),
	ROW("Heap-use-after-free", "heap-use-after-free"),
	ROW("Container-overflow", "container-overflow"),
#undef ROW
};

static const struct {
	const char *type, *word, *class;
} types[] = {
	{ "Use-after-poison", "use-after-poison", PROBABLY },
	{ "Negative-size-param", "negative-size-param", PROBABLY },
	{ "Overwrites-const-input", "overwrites-const-input", PROBABLY },
	{ "Heap-double-free", "double-free", NOT },
	{ "Invalid-free", "bad-free", NOT },
	{ "Alloc-dealloc-mismatch", "alloc-dealloc-mismatch", NOT },
	{ "UNKNOWN", "unknown-crash", NOT },
	{ "Initialization-order-fiasco", "initialization-order-fiasco", NOT },
	{ "New-delete-type-mismatch", "new-delete-type-mismatch", NOT },
	{ "Bad-malloc-usable-size", "bad-malloc_usable_size", NOT },
	{ "Odr-violation", "odr-violation", NOT },
	{ "Direct-leak", "memory-leaks", NOT },
	{ "Indirect-leak", "memory-leaks", NOT },
	{ "Memory-leak", "memory-leaks", NOT },
	{ "Invalid-alignment", "invalid-alignment", NOT },
	{ "Unexpected-exit", "fuzz target exited", NOT },
	{ "Timeout", "timeout", NOT },
	{ "Use-of-uninitialized-value", "use-of-uninitialized-value", NOT },
	{ "Stack-overflow", "StackOverflow", NOT },
	{ "Floating-point-exception", "FPE", NOT },
	{ "Divide-by-zero", "FPE", NOT },
	{ "Abrt", "AbortSignal", NOT },
	{ "ASSERT", "AbortSignal", NOT },
	{ "Uncaught exception", "AbortSignal", NOT },
	{ "Trap", "TrapSignal", NOT },
	{ "Ill", "BadInstruction", PROBABLY },
	{ "Bad-system-call", "BadInstruction", PROBABLY },
}, memory[] = {
	{ "allocation-size-too-big", "allocation-size-too-big", NOT },
	{ "calloc-overflow", "calloc-overflow", PROBABLY },
	{ "reallocarray-overflow", "reallocarray-overflow", PROBABLY },
	{ "pvalloc-overflow", "pvalloc-overflow", PROBABLY },
	{ "", "out-of-memory", NOT },
}, aborts[] = {
	{ "stack smashing", "StackGuard", PROBABLY },
	{ "buffer overflow", "SafeFunctionCheck", NOT },
	{ "pure virtual", "AbortSignal", NOT },
	{ "deleted virtual", "AbortSignal", NOT },
	{ "", "HeapError", PROBABLY },
}, frames[] = {
	{ "cfree", "HeapError", PROBABLY },
	{ "malloc_printerr", "HeapError", PROBABLY },
	{ "__chk_fail", "SafeFunctionCheck", NOT },
	{ "__fortify_fail", "SafeFunctionCheck", NOT },
	{ "__stack_chk_fail", "StackGuard", PROBABLY },
	{ "abort", "AbortSignal", NOT },
	{ "__GI_abort", "AbortSignal", NOT },
}, signals[] = {
	{ "6", "AbortSignal", NOT },
	{ "5", "TrapSignal", NOT },
	{ "4", "BadInstruction", PROBABLY },
	{ "8", "FPE", NOT },
};
/* clang-format on */

static void
say(struct triage *t, const char *word, const char *class)
{
	t->casr = class;
	t->casr_type = word;
}

/* What a SEGV or BUS struck: code, something written, something read. */
static void
by_fault(struct triage *t, const struct facts *f)
{
	bool near = t->address_class == ADDRESS_NULL ||
	    t->address_class == ADDRESS_NEAR;

	if (f->pc_null || f->pc_is_address)
		say(t,
		    near || f->pc_null ? "SegFaultOnPcNearNull"
				       : "SegFaultOnPc",
		    near || f->pc_null ? PROBABLY : YES);
	else if (strcmp(t->access, "WRITE") == 0)
		say(t, near ? "DestAvNearNull" : "DestAv",
		    near ? PROBABLY : YES);
	else if (strcmp(t->access, "READ") == 0)
		say(t, near ? "SourceAvNearNull" : "SourceAv", NOT);
	else
		say(t, "AccessViolation", NOT);
}

static bool
by_access(struct triage *t)
{
	size_t i;

	for (i = 0; i < COUNT(accesses); i++) {
		if (strcmp(accesses[i].type, t->type) != 0)
			continue;
		if (strcmp(t->access, "WRITE") == 0)
			say(t, accesses[i].write, YES);
		else if (strcmp(t->access, "READ") == 0)
			say(t, accesses[i].read, NOT);
		else
			say(t, accesses[i].unknown, PROBABLY);
		return true;
	}
	return false;
}

/* The reports of which the printed words say more than the type. */
static bool
by_what(struct triage *t, const struct facts *f)
{
	size_t i;

	for (i = 0; f->kind == FACTS_MEMORY && i < COUNT(memory); i++)
		if (span_starts(f->what, memory[i].type)) {
			say(t, memory[i].word, memory[i].class);
			return true;
		}
	for (i = 0; f->kind == FACTS_ABORT && i < COUNT(aborts); i++)
		if (aborts[i].type[0] == '\0' ||
		    span_has(f->what, aborts[i].type)) {
			say(t, aborts[i].word, aborts[i].class);
			return true;
		}
	return false;
}

/*
 * Who aborted: CASR looks for these in the frames of a SIGABRT.  "deadly
 * signal" does not name its signal, but its frames do.
 */
static bool
by_frames(struct triage *t, const struct facts *f)
{
	size_t i;
	int n;

	if (f->kind != FACTS_SIGNAL || strcmp(t->type, "Ill") == 0)
		return false;
	for (n = 0; n < f->depth[STACK_CRASH] && n < FRAMES_LOOKED_AT; n++)
		for (i = 0; i < COUNT(frames); i++)
			if (span_starts(f->stack[n].function, frames[i].type)) {
				say(t, frames[i].word, frames[i].class);
				return true;
			}
	return false;
}

static void
by_type(struct triage *t, const struct facts *f)
{
	size_t i;

	if (strstr(t->type, "-param-overlap") != NULL) {
		say(t, "param-overlap", YES);
		return;
	}
	if (by_frames(t, f))
		return;
	for (i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].type, t->type) == 0) {
			say(t, types[i].word, types[i].class);
			return;
		}
	for (i = 0; i < COUNT(signals); i++)
		if (f->signal == signals[i].type[0] - '0') {
			say(t, signals[i].word, signals[i].class);
			return;
		}
	say(t, "", UNDEFINED);
}

void
casr_settle(struct triage *t, const struct facts *f)
{
	bool fault = span_starts(f->what, "SEGV") ||
	    span_starts(f->what, "BUS") || f->signal == SIGSEGV ||
	    f->signal == SIGBUS;

	/* Nobody faulted where a signal was sent. */
	if (fault && strcmp(t->type, "Fatal-signal") == 0)
		say(t, "AccessViolation", NOT);
	else if (fault && f->kind != FACTS_ASSERT && f->kind != FACTS_ABORT)
		by_fault(t, f);
	else if (f->kind == FACTS_UBSAN)
		say(t, "", UNDEFINED);
	else if (!by_access(t) && !by_what(t, f))
		by_type(t, f);
}
