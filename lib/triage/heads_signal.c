/*
 * Plain signals: as gdb tells them, with its siginfo and the instruction that
 * did it, and as honggfuzz writes them down.
 */
#include <signal.h>
#include <string.h>

#include "lib/triage/heads.h"

/* clang-format off */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "SEGV", SIGSEGV },	{ "ABRT", SIGABRT },	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },	{ "ILL", SIGILL },	{ "TRAP", SIGTRAP },
	{ "SYS", SIGSYS },	{ "KILL", SIGKILL },	{ "TERM", SIGTERM },
	{ "XCPU", SIGXCPU },	{ "XFSZ", SIGXFSZ },	{ "ALRM", SIGALRM },
	{ "VTALRM", SIGVTALRM }, { "PIPE", SIGPIPE },	{ "INT", SIGINT },
};
/* clang-format on */

int
signal_number(struct span name)
{
	size_t i;

	span_eat(&name, "SIG");
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (span_is(name, signals[i].name))
			return signals[i].number;
	return 0;
}

static bool
set(struct head *h, const char *tool, struct span name)
{
	h->signal = signal_number(name);
	/* Somebody ended it: that is no crash. */
	if (h->signal == 0 || h->signal == SIGINT || h->signal == SIGTERM ||
	    h->signal == SIGPIPE || h->signal == SIGALRM)
		return false;
	h->kind = FACTS_SIGNAL;
	h->tool = span_literal(tool);
	h->what = name;
	h->fault = h->signal == SIGSEGV || h->signal == SIGBUS;
	return true;
}

/* "Program received signal SIGSEGV, ...", "Thread 2 "x" received signal",
 * "Program terminated with signal SIGSEGV, ..." of a core */
static bool
gdb_head(struct head *h, struct span line)
{
	struct span s = span_until(line, 256);
	size_t at;

	if (!span_starts(s, "Program ") && !span_starts(s, "Thread "))
		return false;
	if (span_find(s, " received signal ", &at))
		s = span_from(s, at + strlen(" received signal "));
	else if (span_find(s, " terminated with signal ", &at))
		s = span_from(s, at + strlen(" terminated with signal "));
	else
		return false;
	return set(h, "gdb", span_upto(s, ",. "));
}

/* "SIGNAL: SIGSEGV (11)" */
static bool
honggfuzz_head(struct head *h, struct span line)
{
	struct span s = line;
	size_t at;

	if (!span_eat(&s, "SIGNAL: ") || !span_find(s, "SIG", &at))
		return false;
	return set(h, "honggfuzz", span_upto(span_from(s, at), " )"));
}

bool
head_signal(struct head *h, struct span line)
{
	switch (line.p[0]) {
	case 'P':
	case 'T':
		return gdb_head(h, line);
	case 'S':
		return honggfuzz_head(h, line);
	default:
		return false;
	}
}

static bool
number_after(struct span line, const char *words, int64_t *value)
{
	struct span s;
	uint64_t v;
	size_t at;
	bool minus;

	if (!span_find(line, words, &at))
		return false;
	s = span_from(line, at + strlen(words));
	minus = span_eat(&s, "-");
	if (!span_eat_number(&s, &v) || v > INT32_MAX)
		return false;
	*value = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

#define NO_ADDRESS  UINT64_MAX /* the code says that there is none */
#define CODE_KERNEL 128

/* A code that is not positive: somebody sent the signal.  128: the kernel
 * knows no address, because it is none. */
static void
set_code(struct facts *f, int64_t code)
{
	if (code <= 0)
		f->sent = true;
	if (code > 0 && code != CODE_KERNEL)
		return;
	f->address_class = ADDRESS_NONE;
	f->address = NO_ADDRESS;
}

static void
set_address(struct facts *f, struct span s)
{
	uint64_t a;

	if ((f->signal != SIGSEGV && f->signal != SIGBUS) ||
	    f->address == NO_ADDRESS || !span_eat_hex(&s, &a))
		return;
	f->address = a;
	f->address_class = ADDRESS_WILD; /* settled at the end */
}

/* "$1 = 11", "$2 = -6", "$3 = 0x0", "$1 = {si_signo = 11, ..., si_code = 1,
 * ... si_addr = 0x0 ...}" */
static void
siginfo(struct facts *f, struct span line)
{
	int64_t value;
	size_t at;

	if (number_after(line, "si_code = ", &value))
		set_code(f, value);
	if (span_find(line, "si_addr = ", &at))
		set_address(f, span_from(line, at + 10));
	if (line.p[0] != '$' || span_has(line, "{") ||
	    !span_find(line, " = ", &at))
		return;
	line = span_from(line, at + 3);
	span_eat(&line, "(void *) ");
	if (span_starts(line, "0x"))
		set_address(f, line);
	else if (number_after(line, "", &value) && value != f->signal)
		set_code(f, value);
}

/*
 * AT&T: what an operation with brackets behind its last comma writes, one
 * before it reads.  Calls and jumps do neither, they go there.
 */
static void
instruction(struct facts *f, struct span s)
{
	static const char *const reads_all[] = {
	    "cmp", "test", "push", "call", "jmp", "ret", "notrack"};
	size_t i, comma = 0, round = 0;
	bool memory = false, last = false;

	s = span_trim(span_until(s, 256));
	if (f->access[0] != '\0' || !span_has(s, "%"))
		return;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '(') {
			round++;
			memory = last = true;
		} else if (s.p[i] == ')' && round > 0) {
			round--;
		} else if (s.p[i] == ',' && round == 0) {
			comma = i;
			last = false;
		}
	}
	for (i = 0; i < sizeof(reads_all) / sizeof(reads_all[0]); i++)
		if (span_starts(s, reads_all[i]))
			last = false;
	if (memory && !span_starts(s, "ret") && !span_starts(s, "lea"))
		memcpy(f->access, last && comma > 0 ? "WRITE" : "READ",
		    last && comma > 0 ? 6 : 5);
}

/* "=> 0x555555555139 <main+16>:	movb   $0x1,(%rax)" */
static void
gdb_instruction(struct facts *f, struct span line)
{
	size_t at;

	span_eat(&line, "=> ");
	if (span_eat_hex(&line, &f->pc)) {
		f->has_pc = true;
		f->pc_null = f->pc == 0;
	}
	if (span_find(line, ":\t", &at) || span_find(line, ": ", &at))
		instruction(f, span_from(line, at + 2));
}

void
head_signal_details(struct facts *f, struct span line)
{
	line = span_until(line, 1024);
	if (line.n == 0)
		return;
	if (span_starts(line, "=> 0x"))
		gdb_instruction(f, line);
	else if (line.p[0] == '$' || span_has(line, "si_code = ") ||
	    span_has(line, "si_addr = "))
		siginfo(f, line);
	else if (span_eat(&line, "PC: "))
		f->has_pc = span_eat_hex(&line, &f->pc) || f->has_pc;
	else if (span_eat(&line, "FAULT ADDRESS: "))
		set_address(f, line);
	else if (span_eat(&line, "INSTRUCTION: "))
		instruction(f, line);
}
