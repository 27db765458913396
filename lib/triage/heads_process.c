/*
 * What the C and C++ libraries write before they abort.  glibc's texts are the
 * name of the bug; there is no other.
 */
#include <string.h>

#include "lib/triage/heads.h"

/* clang-format off */
static const char *const glibc_texts[] = {
	"free(): ", "malloc(): ", "realloc(): ", "calloc(): ",
	"munmap_chunk(): ", "mremap_chunk(): ", "malloc_consolidate(): ",
	"unlink_chunk(): ", "malloc: ", "memalign(): ",
	"double free or corruption", "corrupted size vs. prev_size",
	"corrupted double-linked list", "break adjusted to free malloc space",
	"invalid fastbin entry", "sysmalloc: ",
	"Fatal glibc error: ", "pure virtual method called",
	"deleted virtual method called", "tcache_thread_shutdown(): ",
};
/* clang-format on */

static bool
aborted(struct head *h, struct span what)
{
	h->kind = FACTS_ABORT;
	h->tool = span_literal("glibc");
	h->what = span_trim(span_until(what, 256));
	return h->what.n > 0;
}

/* Old glibc: "*** Error in `prog': free(): invalid pointer: 0x0a ***"; new:
 * "*** stack smashing detected ***: terminated" */
static bool
starred(struct head *h, struct span line)
{
	struct span text = span_until(line, 1024);
	size_t at;

	if (!span_eat(&text, "*** "))
		return false;
	if (span_eat(&text, "Error in `")) {
		if (!span_find(text, "': ", &at))
			return false;
		text = span_from(text, at + 3);
		if (span_find(text, ": 0x", &at))
			text = span_until(text, at);
		return aborted(h, text);
	}
	if (!span_find(text, " ***: ", &at))
		return false;
	return aborted(h, span_until(text, at));
}

static bool
glibc_head(struct head *h, struct span line)
{
	size_t i;

	for (i = 0; i < sizeof(glibc_texts) / sizeof(glibc_texts[0]); i++)
		if (glibc_texts[i][0] == line.p[0] &&
		    span_starts(line, glibc_texts[i]))
			return aborted(h, line);
	return false;
}

static bool
exception(struct head *h, const char *tool, struct span type)
{
	h->kind = FACTS_EXCEPTION;
	h->tool = span_literal(tool);
	h->what = span_literal(type.n > 0 ? "uncaught exception" : "terminate");
	h->note = span_trim(span_until(type, 512));
	return true;
}

/* "terminate called after throwing an instance of 'std::bad_alloc'" */
static bool
gnu_terminate(struct head *h, struct span line)
{
	struct span type = line;

	if (!span_eat(&type, "terminate called "))
		return false;
	if (span_eat(&type, "after throwing an instance of '"))
		return exception(h, "libstdc++", span_upto(type, "'"));
	if (span_starts(type, "without an active exception") ||
	    span_starts(type, "recursively") ||
	    span_starts(type, "after throwing an exception"))
		return exception(h, "libstdc++", span_until(type, 0));
	return false;
}

/* The type ends at a colon, but not at one of "::". */
static struct span
type_upto_colon(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != ':')
			continue;
		if (i + 1 >= s.n || s.p[i + 1] != ':')
			break;
		i++;
	}
	return span_until(s, i);
}

/* "libc++abi: terminating with uncaught exception of type T: what()" */
static bool
llvm_terminate(struct head *h, struct span line)
{
	static const char *const words[] = {
	    "terminating with uncaught exception of type ",
	    "terminating due to uncaught exception of type ",
	    "terminating with unexpected exception of type "};
	struct span text = line;
	size_t i;

	if (!span_eat(&text, "libc++abi: ") &&
	    !span_eat(&text, "libc++abi.dylib: "))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eat(&text, words[i]))
			return exception(h, "libc++abi", type_upto_colon(text));
	if (span_eat(&text, "Pure virtual function called"))
		return aborted(h, span_literal("pure virtual method called"));
	if (span_starts(text, "terminat"))
		return exception(h, "libc++abi", span_until(text, 0));
	return false;
}

/* Rust without memory: "memory allocation of 99 bytes failed" */
static bool
rust_memory(struct head *h, struct span line)
{
	struct span text = line;
	uint64_t bytes;

	if (!span_eat(&text, "memory allocation of ") ||
	    !span_eat_number(&text, &bytes) ||
	    !span_starts(text, " bytes failed"))
		return false;
	h->kind = FACTS_MEMORY;
	h->tool = span_literal("rust");
	h->what = span_literal("out-of-memory");
	return true;
}

bool
head_process(struct head *h, struct span line)
{
	switch (line.p[0]) {
	case '*':
		return starred(h, line);
	case 't':
		return gnu_terminate(h, line) || glibc_head(h, line);
	case 'l':
		return llvm_terminate(h, line);
	case 'm':
		return rust_memory(h, line) || glibc_head(h, line);
	case 'b':
	case 'c':
	case 'd':
	case 'f':
	case 'i':
	case 'p':
	case 'r':
	case 's':
	case 'u':
	case 'F':
		return glibc_head(h, line);
	default:
		return false;
	}
}
