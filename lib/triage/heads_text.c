/*
 * What sanitizers and libFuzzer write behind "TOOL: ": the word that their
 * SUMMARY line has.  Most texts begin with it ("heap-use-after-free on address
 * ..."); the table holds those that do not.
 */
#include <signal.h>
#include <string.h>

#include "lib/triage/heads.h"

/* clang-format off */
static const struct known {
	const char *text;	/* what TEXT begins with */
	const char *what;
	enum facts_kind kind;
	int signal;
} sanitizer_texts[] = {
	{ "SEGV",		"SEGV",			FACTS_ERROR, SIGSEGV },
	{ "BUS",		"BUS",			FACTS_SIGNAL, SIGBUS },
	{ "FPE",		"FPE",			FACTS_ERROR, SIGFPE },
	{ "ABRT",		"ABRT",			FACTS_SIGNAL, SIGABRT },
	{ "ILL",		"ILL",			FACTS_SIGNAL, SIGILL },
	{ "TRAP",		"TRAP",			FACTS_SIGNAL, SIGTRAP },
	{ "UNKNOWN SIGNAL",	"UNKNOWN SIGNAL",	FACTS_SIGNAL, 0 },
	{ "attempting double-free", "double-free",	FACTS_ERROR, 0 },
	{ "attempting free on address which was not malloc", "bad-free",
							FACTS_ERROR, 0 },
	{ "attempting to call malloc_usable_size", "bad-malloc_usable_size",
							FACTS_ERROR, 0 },
	{ "attempting to call __sanitizer_get_allocated_size",
		"bad-__sanitizer_get_allocated_size",	FACTS_ERROR, 0 },
	{ "invalid alignment",	"invalid-allocation-alignment",
							FACTS_ERROR, 0 },
	{ "invalid allocation alignment", "invalid-allocation-alignment",
							FACTS_ERROR, 0 },
	{ "invalid aligned_alloc alignment",
		"invalid-aligned-alloc-alignment",	FACTS_ERROR, 0 },
	{ "invalid alignment requested in aligned_alloc",
		"invalid-aligned-alloc-alignment",	FACTS_ERROR, 0 },
	{ "invalid posix_memalign alignment",
		"invalid-posix-memalign-alignment",	FACTS_ERROR, 0 },
	{ "invalid alignment requested in posix_memalign",
		"invalid-posix-memalign-alignment",	FACTS_ERROR, 0 },
	{ "requested allocation size", "allocation-size-too-big",
							FACTS_MEMORY, 0 },
	{ "allocation-size-too-big", "allocation-size-too-big",
							FACTS_MEMORY, 0 },
	{ "allocator is out of memory", "out-of-memory", FACTS_MEMORY, 0 },
	{ "allocator is trying to allocate", "out-of-memory",
							FACTS_MEMORY, 0 },
	{ "out of memory",	"out-of-memory",	FACTS_MEMORY, 0 },
	{ "out-of-memory",	"out-of-memory",	FACTS_MEMORY, 0 },
	{ "rss-limit-exceeded",	"rss-limit-exceeded",	FACTS_MEMORY, 0 },
	{ "specified RSS limit exceeded", "rss-limit-exceeded",
							FACTS_MEMORY, 0 },
	{ "hard rss limit exhausted", "rss-limit-exceeded",
							FACTS_MEMORY, 0 },
	{ "calloc parameters overflow", "calloc-overflow", FACTS_MEMORY, 0 },
	{ "reallocarray parameters overflow", "reallocarray-overflow",
							FACTS_MEMORY, 0 },
	{ "pvalloc parameters overflow", "pvalloc-overflow",
							FACTS_MEMORY, 0 },
	{ "detected memory leaks", "detected memory leaks", FACTS_LEAK, 0 },
	{ NULL, NULL, FACTS_NONE, 0 }
}, libfuzzer_texts[] = {
	{ "deadly signal",	"deadly signal",	FACTS_SIGNAL, 0 },
	{ "fuzz target exited",	"fuzz target exited",	FACTS_ERROR, 0 },
	{ "fuzz target overwrites its const input", "overwrites-const-input",
							FACTS_ERROR, 0 },
	{ "fuzz target overwrites its constant input",
		"overwrites-const-input",		FACTS_ERROR, 0 },
	{ "timeout after",	"timeout",		FACTS_TIMEOUT, 0 },
	{ "out-of-memory",	"out-of-memory",	FACTS_MEMORY, 0 },
	{ NULL, NULL, FACTS_NONE, 0 }
};
/* clang-format on */

struct span
span_literal(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* The text up to the first of the characters in "stop". */
struct span
span_upto(struct span s, const char *stop)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && strchr(stop, s.p[i]) != NULL)
			break;
	return span_until(s, i);
}

static bool
look_up(struct head *h, const struct known *k, struct span text)
{
	for (; k->text != NULL; k++) {
		if (!span_starts(text, k->text))
			continue;
		h->what = span_literal(k->what);
		h->kind = k->kind;
		h->signal = k->signal;
		return true;
	}
	return false;
}

/*
 * "... on unknown address 0x0000 (pc 0x0000 ...": no address behind the word
 * means one that the processor would not even name, which is not null.  The
 * "address" of the other signals is a pc or a pid.
 */
static void
read_addresses(struct head *h, struct span text)
{
	struct span s;
	size_t at;

	text = span_until(text, 1024);
	if (span_find(text, "(pc ", &at) || span_find(text, " at pc ", &at)) {
		s = span_from(text, at + (text.p[at] == '(' ? 4 : 7));
		h->has_pc = span_eat_hex(&s, &h->pc);
	}
	h->fault = h->signal == SIGSEGV || h->signal == SIGBUS;
	if (h->kind == FACTS_MEMORY)
		return;
	if (h->fault && span_find(text, "address ", &at))
		s = span_from(text, at + 8);
	else if (h->signal != 0 || h->fault)
		return;
	else if (span_find(text, "ranges [", &at))
		s = span_from(text, at + 8);
	else if (span_find(text, " 0x", &at))
		s = span_from(text, at + 1);
	else
		return;
	h->has_address = span_eat_hex(&s, &h->address);
}

/* "data race (pid=7)", "lock-order-inversion (potential deadlock) (pid=7)" */
static void
race(struct head *h, struct span text)
{
	h->kind = FACTS_RACE;
	h->what = span_trim(span_upto(text, "(:"));
}

static bool
sanitizer_text(struct head *h, struct span text)
{
	if (!look_up(h, sanitizer_texts, text)) {
		h->kind = FACTS_ERROR;
		h->what = span_upto(text, " :(");
		if (span_is(h->tool, "ThreadSanitizer") &&
		    !span_is(h->what, "stack-overflow"))
			race(h, text);
	}
	read_addresses(h, text);
	return h->what.n > 0;
}

bool
head_sanitizer(struct head *h, struct span text)
{
	struct span name = span_upto(span_until(text, 64), ": ");

	if (!span_is(name, "libFuzzer") && !span_ends(name, "Sanitizer"))
		return false;
	h->tool = name;
	text = span_from(text, name.n);
	if (span_eat(&text, ": "))
		return span_is(name, "libFuzzer")
		    ? look_up(h, libfuzzer_texts, text)
		    : sanitizer_text(h, text);
	/* "ERROR: AddressSanitizer failed to allocate 0x... bytes" */
	if (!span_starts(text, " failed to allocate"))
		return false;
	h->kind = FACTS_MEMORY;
	h->what = span_literal("out-of-memory");
	return true;
}

static bool
eat_access(struct span *s, const char **access)
{
	*access = "READ";
	if (span_eat(s, "READ") || span_eat(s, "Read") ||
	    span_eat(s, "Atomic read"))
		return true;
	*access = "WRITE";
	return span_eat(s, "WRITE") || span_eat(s, "Write") ||
	    span_eat(s, "Atomic write");
}

static void
set_access(struct facts *f, const char *access)
{
	memcpy(f->access, access, strlen(access) + 1);
}

/* "READ of size 4 at 0x602000000010 thread T0" */
static bool
sized_access(struct facts *f, struct span line)
{
	const char *access;
	uint64_t size;

	if (!eat_access(&line, &access))
		return false;
	/* TSan's "Write of size 8 ... (mutexes: ...)", "[failed to ...]" */
	if (!span_eat(&line, " of size ") || !span_eat_number(&line, &size) ||
	    !span_eat(&line, " at "))
		return false;
	set_access(f, access);
	f->access_size = size > UINT32_MAX ? UINT32_MAX : size;
	if (span_eat_hex(&line, &f->address))
		f->address_class = ADDRESS_WILD; /* settled at the end */
	return true;
}

static void
fault_details(struct facts *f, struct span line)
{
	static const char caused[] = "The signal is caused by a ";
	const char *access;
	size_t at;

	if (span_find(line, caused, &at)) {
		line = span_from(line, at + strlen(caused));
		if (eat_access(&line, &access) &&
		    span_starts(line, " memory access"))
			set_access(f, access);
	} else if (span_has(line, "Hint: pc points to the zero page")) {
		f->has_pc = f->pc_null = true;
	}
}

void
head_details(struct facts *f, struct span line)
{
	line = span_until(span_trim(line), 512);
	if (f->kind == FACTS_ERROR || f->kind == FACTS_RACE) {
		if (f->access[0] == '\0' && sized_access(f, line))
			return;
	}
	if (span_starts(line, "==") &&
	    (f->signal == SIGSEGV || f->signal == SIGBUS))
		fault_details(f, line);
	else if (span_eat(&line, "SCARINESS: "))
		span_eat_number(&line, &f->scariness);
	else if (span_is(f->what, "tag-mismatch") && f->note.n == 0 &&
	    span_eat(&line, "Cause: "))
		f->note = line;
}
