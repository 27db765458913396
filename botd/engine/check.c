/*
 * Is it the build that does not run, or this host that cannot run it?  The
 * loader, the kernel and the run-times of sanitizers say so in texts that have
 * not changed for many years; they are recognised here, for checks of builds
 * and for sessions that do not come to fuzzing.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "botd/engine/check.h"
#include "lib/base/text.h"

#define FEW_EDGES    100
#define SENTENCE_MAX 300
/* An honest report has one of these lines. */
#define DEADLY_LOOP 20

static const struct runtime {
	const char *sanitizer;
	const char *name;
	uint64_t least; /* calls, in OSS-Fuzz's check of builds */
} runtimes[] = {
    {"address", "asan", 1000},
    {"memory", "msan", 1000},
    {"undefined", "ubsan", 168},
};

static const struct runtime *
runtime_of(const char *sanitizer)
{
	size_t i;

	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (strcmp(runtimes[i].sanitizer, sanitizer) == 0)
			return &runtimes[i];
	return NULL;
}

const char *
check_runtime(const char *sanitizer)
{
	const struct runtime *r = runtime_of(sanitizer);

	return r == NULL ? NULL : r->name;
}

/* ---- texts ----------------------------------------------------------- */

/* What stands after "mark" on its line; NULL when the mark is nowhere. */
static const char *
after(const struct check_run *r, const char *mark, size_t *len)
{
	const char *p = memmem(r->output, r->len, mark, strlen(mark));
	const char *newline;

	if (p == NULL)
		return NULL;
	p += strlen(mark);
	*len = (size_t)(r->output + r->len - p);
	newline = memchr(p, '\n', *len);
	if (newline != NULL)
		*len = (size_t)(newline - p);
	return p;
}

static bool
says(const struct check_run *r, const char *mark)
{
	size_t len;

	return after(r, mark, &len) != NULL;
}

static void
sentence(struct buf *out, const char *before, const char *text, size_t len)
{
	struct buf clean = BUF_INIT;

	text_clean_line(&clean, text, len, SENTENCE_MAX);
	buf_printf(out, "%s%s", before, buf_text(&clean));
	buf_release(&clean);
}

/* Up to the first of these characters. */
static size_t
until(const char *text, size_t len, const char *ends)
{
	size_t n = 0;

	while (n < len && strchr(ends, text[n]) == NULL)
		n++;
	return n;
}

/* ---- the host -------------------------------------------------------- */

/* "T: error while loading shared libraries: L: cannot open ...: No such ..." */
static bool
lacks_library(struct buf *why, const struct check_run *r)
{
	static const char mark[] = "error while loading shared libraries: ";
	static const char cannot[] = ": cannot open shared object file";
	const char *p;
	size_t len;

	if ((p = after(r, mark, &len)) == NULL)
		return false;
	if (memmem(p, len, cannot, strlen(cannot)) != NULL)
		sentence(why, "the loader cannot find ", p, until(p, len, ":"));
	else
		sentence(why, "the loader says: ", p, len);
	return true;
}

/* "/lib/libc.so.6: version `GLIBC_2.38' not found (required by T)" */
static bool
lacks_version(struct buf *why, const struct check_run *r)
{
	static const char end[] = "' not found";
	const char *p, *line;
	size_t len, name;

	if ((p = after(r, ": version `", &len)) == NULL)
		return false;
	name = until(p, len, "'");
	if (len - name < strlen(end) || memcmp(p + name, end, strlen(end)) != 0)
		return false;
	sentence(why, "", p, name);
	/* The library's name is the last part of what stands before. */
	line = p - strlen(": version `");
	for (len = 0; line > r->output && line[-1] != '/' && line[-1] != ' ' &&
	     line[-1] != '\n';
	     len++)
		line--;
	sentence(why, " not found in ", line, len);
	return true;
}

static bool
lacks_symbol(struct buf *why, const struct check_run *r)
{
	static const char undefined[] = "undefined symbol: ";
	const char *p, *symbol;
	size_t len;

	if ((p = after(r, "symbol lookup error: ", &len)) == NULL)
		return false;
	symbol = memmem(p, len, undefined, strlen(undefined));
	if (symbol == NULL) {
		sentence(why, "the loader says: ", p, len);
		return true;
	}
	symbol += strlen(undefined);
	sentence(why, "the loader cannot find the symbol ", symbol,
	    (size_t)(p + len - symbol));
	return true;
}

/* ud2 and udf are what compilers put where nobody should come by: such a
 * program does not run on any host. */
static bool
is_trap(const struct check_run *r)
{
	static const char mark[] = "First 16 instruction bytes at pc: ";
	const char *p;
	size_t len;

	p = after(r, mark, &len);
	return p != NULL && len >= 11 &&
	    (memcmp(p, "0f 0b", 5) == 0 || memcmp(p, "0f b9", 5) == 0 ||
		memcmp(p, "00 00 00 00", 11) == 0);
}

static bool
lacks_instruction(struct buf *why, const struct check_run *r)
{
	if (r->signo != SIGILL && !says(r, "Sanitizer: ILL on "))
		return false;
	if (is_trap(r))
		return false;
	buf_adds(why, "SIGILL: this processor does not know an instruction");
	return true;
}

static bool
same_family(const char *program, const char *host)
{
	if (strcmp(program, host) == 0)
		return true;
	/* i686 and x86_64 run i386's, aarch64 may run arm's. */
	if (strcmp(program, "i386") == 0)
		return strcmp(host, "x86_64") == 0 ||
		    (host[0] == 'i' && strcmp(host + 2, "86") == 0);
	return strcmp(program, "arm") == 0 &&
	    (strncmp(host, "arm", 3) == 0 || strcmp(host, "aarch64") == 0);
}

static bool
is_foreign(struct buf *why, const struct check_run *r)
{
	if (!r->elf->is_elf || r->machine[0] == '\0' ||
	    same_family(r->elf->machine, r->machine))
		return false;
	buf_printf(why, "exec format error: it is for %s, this host is %s",
	    r->elf->machine, r->machine);
	return true;
}

/* The cage ran, and execve() did not. */
static bool
cannot_exec(struct buf *why, const struct check_run *r)
{
	bool tried = says(r, "bwrap: execvp ") ||
	    says(r, "prlimit: failed to execute ") ||
	    says(r, "cage: cannot run the program: ");

	if (tried && says(r, ": No such file or directory\n")) {
		if (r->elf->loader[0] != '\0')
			buf_printf(why, "its loader '%s' is not there",
			    r->elf->loader);
		else
			buf_adds(why, "its interpreter is not there");
		return true;
	}
	if (tried && says(r, ": Exec format error\n")) {
		buf_adds(why, "exec format error");
		return true;
	}
	return false;
}

static bool
loops_in_signals(const struct check_run *r)
{
	static const char mark[] = "DEADLYSIGNAL\n";
	const char *p = r->output, *end = p + r->len;
	int n = 0;

	while (n < DEADLY_LOOP &&
	    (p = memmem(p, (size_t)(end - p), mark, strlen(mark))) != NULL) {
		p += strlen(mark);
		n++;
	}
	return n == DEADLY_LOOP;
}

/* Seen with random addresses (vm.mmap_rnd_bits), limits, old kernels. */
static bool
lacks_other(struct buf *why, const struct check_run *r)
{
	static const struct {
		const char *mark, *why;
	} marks[] = {
	    {": CPU ISA level is lower than required",
		"the loader wants a newer processor (CPU ISA level)"},
	    {"FATAL: kernel too old", "the loader wants a newer kernel"},
	    {"Shadow memory range interleaves with an existing",
		"AddressSanitizer finds no room for its shadow memory"},
	    {"ReserveShadowMemoryRange failed",
		"the sanitizer cannot reserve its shadow memory"},
	    {"unexpected memory mapping",
		"the sanitizer finds no room for its shadow memory"},
	};
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (says(r, marks[i].mark)) {
			buf_adds(why, marks[i].why);
			return true;
		}
	if (!loops_in_signals(r))
		return false;
	buf_adds(why,
	    "AddressSanitizer loops in DEADLYSIGNAL, as with a "
	    "vm.mmap_rnd_bits over 28");
	return true;
}

bool
check_host_lacks(struct buf *why, const struct check_run *r)
{
	return is_foreign(why, r) || cannot_exec(why, r) ||
	    lacks_library(why, r) || lacks_version(why, r) ||
	    lacks_symbol(why, r) || lacks_instruction(why, r) ||
	    lacks_other(why, r);
}

/* ---- the build ------------------------------------------------------- */

/* The cage speaks first, and before anything runs. */
static bool
cage_failed(const struct check_run *r)
{
	static const char *const own[] = {
	    "bwrap: ", "cage: ", "prlimit: failed to set "};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (r->len >= strlen(own[i]) &&
		    memcmp(r->output, own[i], strlen(own[i])) == 0)
			return !says(r, "bwrap: execvp ") &&
			    !says(r, "cage: cannot run the program: ");
	return false;
}

static void
say_bad(struct buf *lines, const struct check_ask *ask, const char *wrong)
{
	const struct check_run *r = &ask->run;
	struct buf line = BUF_INIT;

	engine_telling_line(&line, r->output, r->len);
	if (wrong[0] != '\0')
		buf_adds(lines, wrong);
	else if (r->killed_for != NULL && strcmp(r->killed_for, "time") == 0)
		buf_adds(lines, "it did not end in time");
	else if (r->killed_for != NULL)
		buf_printf(
		    lines, "it was stopped for its use of %s", r->killed_for);
	else if (ask->engine->ended(r->code, r->signo, r->output, r->len) ==
	    END_CRASH)
		buf_adds(lines, "it crashes at start");
	else
		buf_adds(lines, "it does not run");
	if (r->killed_for == NULL && wrong[0] == '\0') {
		if (r->signo != 0)
			buf_printf(lines, " (signal %d)", r->signo);
		else
			buf_printf(lines, " (exit %d)", r->code);
	}
	if (line.len > 0 && wrong[0] == '\0')
		buf_printf(lines, ": %s", line.data);
	buf_addc(lines, '\n');
	buf_release(&line);
}

static void
warn_of_calls(struct buf *lines, const struct check_ask *ask)
{
	const struct runtime *runtime = runtime_of(ask->sanitizer);
	const struct elf_facts *elf = ask->run.elf;

	if (runtime == NULL)
		return;
	if (!elf->counted)
		buf_printf(lines, "%s: calls to the sanitizer not counted\n",
		    elf->why_not);
	else if (elf->calls < (elf->whole ? runtime->least : 1))
		buf_printf(lines,
		    "only %ju calls to the sanitizer, %ju are usual: is it "
		    "built with it?\n",
		    (uintmax_t)elf->calls, (uintmax_t)runtime->least);
}

static void
warn(struct buf *lines, const struct check_ask *ask)
{
	const struct check_run *r = &ask->run;
	struct buf line = BUF_INIT;

	if (ask->edges < FEW_EDGES)
		buf_printf(lines,
		    "only %ju edges: is all of it instrumented?\n",
		    (uintmax_t)ask->edges);
	warn_of_calls(lines, ask);
	if (r->killed_for != NULL || r->signo != 0 || r->code != 0) {
		engine_telling_line(&line, r->output, r->len);
		buf_printf(lines, "it runs, and does not end well: %s\n",
		    buf_text(&line));
	}
	buf_release(&line);
}

int
check_judge(enum check_verdict *v, struct buf *lines,
    const struct check_ask *ask, struct err *e)
{
	const struct check_run *r = &ask->run;
	const char *wrong = ask->engine->checked(r->output, r->len);
	struct buf line = BUF_INIT;

	if (wrong == NULL) {
		*v = CHECK_GOOD;
		warn(lines, ask);
		return 0;
	}
	if (cage_failed(r)) {
		engine_telling_line(&line, r->output, r->len);
		err_set(e, ERR_AGAIN, "the cage could not be made: %s",
		    buf_text(&line));
		buf_release(&line);
		return -1;
	}
	if (check_host_lacks(lines, r)) {
		*v = CHECK_INCOMPATIBLE;
		buf_addc(lines, '\n');
		return 0;
	}
	*v = CHECK_BAD;
	say_bad(lines, ask, wrong);
	return 0;
}
