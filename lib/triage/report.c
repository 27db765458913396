/*
 * The line recogniser: which line opens a report, and what it says.  Lines
 * of the sanitizers and of libFuzzer look alike, "==PID==ERROR: TOOL: TEXT";
 * the text is looked up in a table, and what no table knows gives its first
 * word, which is how ASan writes most of its types ("heap-use-after-free on
 * address ...").
 */
#include <string.h>

#include "lib/triage/report.h"

/* clang-format off */
static const struct known {
	const char *text;		/* what TEXT begins with */
	const char *type;
	enum head_kind kind;
	bool placeless;
} sanitizer_texts[] = {
	{ "attempting double-free",	"Heap-double-free",	HEAD_ERROR, false },
	{ "attempting free on address which was not malloc",
					"Invalid-free",		HEAD_ERROR, false },
	{ "attempting to call malloc_usable_size",
					"Bad-malloc-usable-size", HEAD_ERROR, false },
	{ "int-divide-by-zero",		"Divide-by-zero",	HEAD_ERROR, false },
	{ "unknown-crash",		"UNKNOWN",		HEAD_ERROR, false },
	{ "invalid alignment",		"Invalid-alignment",	HEAD_ERROR, false },
	{ "invalid aligned_alloc alignment", "Invalid-alignment", HEAD_ERROR, false },
	{ "invalid posix_memalign alignment", "Invalid-alignment", HEAD_ERROR, false },
	{ "requested allocation size",	"Out-of-memory",	HEAD_ERROR, true },
	{ "allocator is out of memory",	"Out-of-memory",	HEAD_ERROR, true },
	{ "out of memory",		"Out-of-memory",	HEAD_ERROR, true },
	{ "out-of-memory",		"Out-of-memory",	HEAD_ERROR, true },
	{ "allocation-size-too-big",	"Out-of-memory",	HEAD_ERROR, true },
	{ "rss-limit-exceeded",		"Out-of-memory",	HEAD_ERROR, true },
	{ "specified RSS limit exceeded", "Out-of-memory",	HEAD_ERROR, true },
	{ "hard rss limit exhausted",	"Out-of-memory",	HEAD_ERROR, true },
	{ "calloc parameters overflow",	"Out-of-memory",	HEAD_ERROR, true },
	{ "reallocarray parameters overflow", "Out-of-memory",	HEAD_ERROR, true },
	{ "pvalloc parameters overflow", "Out-of-memory",	HEAD_ERROR, true },
	{ "detected memory leaks",	"Memory-leak",		HEAD_LEAK, false },
	{ "SEGV",			"UNKNOWN",		HEAD_ERROR, false },
	{ "BUS",			"Bus",			HEAD_SIGNAL, false },
	{ "FPE",			"Floating-point-exception", HEAD_ERROR, false },
	{ "ABRT",			"Abrt",			HEAD_SIGNAL, false },
	{ "ILL",			"Ill",			HEAD_SIGNAL, false },
	{ "TRAP",			"Trap",			HEAD_SIGNAL, false },
	{ NULL, NULL, HEAD_NONE, false }
}, libfuzzer_texts[] = {
	{ "deadly signal",		"Fatal-signal",		HEAD_SIGNAL, false },
	{ "fuzz target exited",		"Unexpected-exit",	HEAD_ERROR, false },
	{ "fuzz target overwrites its const input",
					"Overwrites-const-input", HEAD_ERROR, true },
	{ "timeout after",		"Timeout",		HEAD_ERROR, true },
	{ "out-of-memory",		"Out-of-memory",	HEAD_ERROR, true },
	{ NULL, NULL, HEAD_NONE, false }
};
/* clang-format on */

static void
set_type(struct head *h, const char *type)
{
	span_print((struct span){type, strlen(type)}, h->type, sizeof(h->type));
}

/* "heap-use-after-free" -> "Heap-use-after-free", "data race" alike. */
static void
set_type_words(struct head *h, struct span words)
{
	size_t i;

	span_print(span_trim(words), h->type, sizeof(h->type));
	for (i = 0; h->type[i] != '\0'; i++) {
		if (h->type[i] >= 'A' && h->type[i] <= 'Z')
			h->type[i] += 'a' - 'A';
		if (h->type[i] == '_')
			h->type[i] = '-';
	}
	if (h->type[0] >= 'a' && h->type[0] <= 'z')
		h->type[0] -= 'a' - 'A';
	/* That word says that nothing was recognised. */
	if (strcmp(h->type, "Unknown") == 0)
		set_type(h, "UNKNOWN");
}

/* The text up to the first of the characters in "stop". */
static struct span
upto(struct span s, const char *stop)
{
	size_t i;

	for (i = 0; i < s.n && strchr(stop, s.p[i]) == NULL; i++)
		continue;
	return span_until(s, i);
}

static bool
look_up(struct head *h, const struct known *k, struct span text)
{
	for (; k->text != NULL; k++) {
		if (!span_starts(text, k->text))
			continue;
		set_type(h, k->type);
		h->kind = k->kind;
		h->placeless = k->placeless;
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
	uint64_t pc;
	size_t at;

	if (span_find(text, "(pc ", &at)) {
		s = span_from(text, at + 4);
		h->pc_null = span_eat_hex(&s, &pc) && pc == 0;
	}
	if (h->fault && span_find(text, "address ", &at))
		s = span_from(text, at + 8);
	else if (h->kind != HEAD_ERROR || h->fault)
		return;
	else if (span_find(text, "ranges [", &at))
		s = span_from(text, at + 8);
	else if (span_find(text, " 0x", &at) && !h->placeless &&
	    !span_starts(text, "FPE"))
		s = span_from(text, at + 1);
	else
		return;
	h->has_address = span_eat_hex(&s, &h->address);
}

static bool
sanitizer_head(struct head *h, struct span text)
{
	if (!look_up(h, sanitizer_texts, text)) {
		/* ThreadSanitizer's types are words up to "(pid=...)". */
		set_type_words(h,
		    upto(text,
			strcmp(h->tool, "ThreadSanitizer") ? " :(" : "(:"));
		h->kind = HEAD_ERROR;
	}
	h->fault = span_starts(text, "SEGV");
	read_addresses(h, text);
	return h->type[0] != '\0';
}

/* Does "==PID==", maybe with a blank, stand right before "at"? */
static bool
after_pid(struct span line, size_t at)
{
	size_t digits = 0;

	if (at > 0 && line.p[at - 1] == ' ')
		at--;
	if (at < 5 || line.p[at - 1] != '=' || line.p[at - 2] != '=')
		return false;
	for (at -= 2; at > 0 && digits < 20; at--, digits++)
		if (line.p[at - 1] < '0' || line.p[at - 1] > '9')
			break;
	return digits > 0 && at >= 2 && line.p[at - 1] == '=' &&
	    line.p[at - 2] == '=';
}

/*
 * The text behind "==PID==ERROR: ".  Anywhere in the line, because a target
 * may have printed half a line before; but with the pid, because a log also
 * quotes inputs.
 */
static bool
error_text(struct span line, struct span *text)
{
	size_t at, skipped = 0;
	struct span s = line;

	while (span_find(s, "ERROR: ", &at)) {
		skipped += at;
		s = span_from(s, at + 7);
		if (after_pid(line, skipped)) {
			*text = s;
			return true;
		}
		skipped += 7;
	}
	return false;
}

/* MemorySanitizer and ThreadSanitizer call their reports warnings, and what
 * AddressSanitizer warns of is no crash. */
static bool
warning_text(struct span line, struct span *text)
{
	size_t at;

	if (!span_find(line, "WARNING: ", &at))
		return false;
	*text = span_from(line, at + 9);
	return (span_starts(*text, "MemorySanitizer: ") ||
		   span_starts(*text, "ThreadSanitizer: ")) &&
	    !span_ends(*text, " suppressions") &&
	    !span_ends(*text, " warnings");
}

/* "TOOL: " -> h->tool; only the names we know how to read. */
static bool
eat_tool(struct head *h, struct span *text)
{
	struct span name = upto(*text, ": ");

	if (!span_is(name, "libFuzzer") && !span_ends(name, "Sanitizer"))
		return false;
	*text = span_from(*text, name.n);
	span_print(name, h->tool, sizeof(h->tool));
	if (span_eat(text, ": "))
		return true;
	/* "ERROR: AddressSanitizer failed to allocate 0x... bytes" */
	if (!span_starts(*text, " failed to allocate"))
		return false;
	*text = (struct span){"out of memory", 13};
	return true;
}

/* The sanitizer stumbled over itself; what it did so far is lost. */
static bool
check_failed(struct head *h, struct span line)
{
	size_t at;

	if (!span_starts(line, "==") ||
	    (!span_find(line, "Sanitizer CHECK failed: ", &at) &&
		!span_find(line, "Sanitizer: CHECK failed: ", &at)))
		return false;
	h->kind = HEAD_ERROR;
	set_type(h, "Sanitizer CHECK failure");
	line = span_until(line, at + 9);
	while (line.n > 0 &&
	    (line.p[0] == '=' || (line.p[0] >= '0' && line.p[0] <= '9')))
		line = span_from(line, 1);
	span_print(line, h->tool, sizeof(h->tool));
	return true;
}

/* glibc: "program: file:line: function: Assertion `text' failed." */
static bool
assert_head(struct head *h, struct span line)
{
	size_t at;

	if (!span_ends(line, "' failed.") ||
	    !span_find(line, ": Assertion `", &at))
		return false;
	line = span_from(line, at + strlen(": Assertion `"));
	if (line.n < strlen("' failed."))
		return false;
	h->kind = HEAD_ASSERT;
	set_type(h, "ASSERT");
	h->note = span_until(line, line.n - strlen("' failed."));
	return true;
}

bool
report_head(struct head *h, struct span line)
{
	struct span text;

	memset(h, 0, sizeof(*h));
	if (error_text(line, &text) || warning_text(line, &text)) {
		if (!eat_tool(h, &text))
			return false;
		if (strcmp(h->tool, "libFuzzer") == 0)
			return look_up(h, libfuzzer_texts, text);
		return sanitizer_head(h, text);
	}
	return check_failed(h, line) || assert_head(h, line) ||
	    report_ubsan(h, line);
}

bool
report_leak(struct head *h, struct span line)
{
	if (h->kind != HEAD_LEAK)
		return false;
	if (span_starts(line, "Direct leak of ") &&
	    strcmp(h->type, "Direct-leak") != 0) {
		set_type(h, "Direct-leak");
		return true;
	}
	if (span_starts(line, "Indirect leak of ") &&
	    strcmp(h->type, "Memory-leak") == 0) {
		set_type(h, "Indirect-leak");
		return true;
	}
	return false;
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

/* "READ of size 4 at 0x602000000010 thread T0" */
static bool
sized_access(struct head *h, struct span line)
{
	const char *access;
	uint64_t size;

	span_eat_blanks(&line);
	if (!eat_access(&line, &access) || !span_eat(&line, " of size ") ||
	    !span_eat_number(&line, &size) || !span_eat(&line, " at "))
		return false;
	memcpy(h->access, access, strlen(access) + 1);
	h->access_size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	h->has_address = span_eat_hex(&line, &h->address) || h->has_address;
	return true;
}

void
report_access(struct head *h, struct span line)
{
	static const char caused[] = "The signal is caused by a ";
	const char *access;
	size_t at;

	if (h->kind != HEAD_ERROR || h->placeless || sized_access(h, line))
		return;
	if (!h->fault || !span_find(line, caused, &at))
		return;
	line = span_from(line, at + strlen(caused));
	if (eat_access(&line, &access) && span_starts(line, " memory access"))
		memcpy(h->access, access, strlen(access) + 1);
}
