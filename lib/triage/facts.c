/*
 * Reading: line by line.  A head opens a report, details and frames follow, a
 * blank line or the next section ends a stack, SUMMARY ends all.  A weightier
 * head begins anew, because the lighter one did not stop the program; a signal
 * lends its stack to what the program said before it aborted.
 */
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "lib/triage/clean.h"
#include "lib/triage/frames.h"
#include "lib/triage/heads.h"
#include "lib/triage/facts_text.h"

#define NO_STACK STACK_COUNT
/* Of what is no frame and no message: "$1 = 4", "at a:1". */
#define WORDS_LEAST 6

struct reading {
	struct facts *f;
	enum facts_stack into; /* frames that come now; NO_STACK: none */
	bool open;             /* lines that come now belong to it */
	bool more;             /* the next line is the note */
	bool direct;           /* a direct leak was found */
	bool calls_inlined[FACTS_FRAMES];
};

static int
weight(enum facts_kind k, int signal)
{
	if (k == FACTS_SIGNAL)
		return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE
		    ? FACTS_ERROR
		    : FACTS_NONE;
	return k > FACTS_ERROR ? FACTS_ERROR : (int)k;
}

static bool
lends_stack(const struct reading *r, const struct head *h)
{
	const struct facts *f = r->f;

	return h->kind == FACTS_SIGNAL && weight(h->kind, h->signal) == 0 &&
	    f->depth[STACK_CRASH] == 0 &&
	    (f->kind == FACTS_ASSERT || f->kind == FACTS_EXCEPTION ||
		f->kind == FACTS_ABORT);
}

static bool
heavier(const struct facts *f, const struct head *h)
{
	if (f->kind == FACTS_NONE)
		return true;
	if (f->kind == FACTS_SIGNAL && weight(f->kind, f->signal) == 0)
		return false;
	return weight(h->kind, h->signal) > weight(f->kind, f->signal);
}

static void
forget(struct facts *f)
{
	struct span protected = f->protected;

	memset(f, 0, offsetof(struct facts, stack));
	f->protected = protected;
}

static void
take_fault(struct facts *f, const struct head *h)
{
	f->has_pc = h->has_pc;
	f->pc = h->pc;
	f->pc_null = h->has_pc && h->pc == 0;
	f->pc_is_address =
	    h->fault && h->has_pc && h->has_address && h->pc == h->address;
	if (h->has_address) {
		f->address = h->address;
		f->address_class = ADDRESS_WILD; /* settled at the end */
	}
}

static void
take_head(struct reading *r, const struct head *h)
{
	struct facts *f = r->f;

	r->open = true;
	if (lends_stack(r, h)) {
		f->tool = clean_text(f, h->tool);
		f->signal = h->signal;
		r->into = STACK_CRASH;
		return;
	}
	r->open = heavier(f, h);
	r->into = r->open ? STACK_CRASH : NO_STACK;
	if (!r->open)
		return;
	forget(f);
	f->kind = h->kind;
	f->tool = span_until(clean_text(f, h->tool), 64);
	f->what = clean_text(f, h->what);
	f->note = clean_text(f, h->note);
	f->place = span_until(clean_text(f, h->place), FRAME_FILE_MAX);
	f->signal = h->signal;
	take_fault(f, h);
	r->more = h->more;
	r->direct = false;
	/* A leak's stack stands under its own line. */
	if (h->kind == FACTS_LEAK)
		r->into = NO_STACK;
}

/* The first direct leak names the report, else the first indirect one. */
static bool
take_leak(struct reading *r, struct span line)
{
	struct facts *f = r->f;
	bool direct = span_starts(line, "Direct leak of ");

	if (f->kind != FACTS_LEAK ||
	    (!direct && !span_starts(line, "Indirect leak of ")))
		return false;
	r->into = NO_STACK;
	if (r->direct || (!direct && f->depth[STACK_CRASH] > 0))
		return true;
	r->direct = direct;
	f->what = span_until(clean_text(f, line), direct ? 11 : 13);
	f->depth[STACK_CRASH] = 0;
	r->into = STACK_CRASH;
	return true;
}

/* clang-format off */
static const struct {
	const char *text;	/* what a line of a section begins with */
	enum facts_stack stack;
} sections[] = {
	{ "freed by thread ",			STACK_FREED },
	{ "previously allocated by thread ",	STACK_ALLOCATED },
	{ "allocated by thread ",		STACK_ALLOCATED },
	{ "allocated here:",			STACK_ALLOCATED },
	{ "deallocated by thread ",		STACK_FREED },
	{ "Previous ",				STACK_ALLOCATED },
	{ "Uninitialized value was created ",	STACK_ALLOCATED },
	{ "Uninitialized value was stored ",	NO_STACK },
	{ "Location is ",			STACK_ALLOCATED },
	{ "Mutex ",				STACK_CRASH },
	{ "Thread ",				NO_STACK },
	{ "Address ",				NO_STACK },
};
/* clang-format on */

/* "freed by thread T0 here:" names the stack behind it.  Of several the first
 * counts. */
static bool
take_section(struct reading *r, struct span line)
{
	size_t i;

	if (line.p[0] == '0') { /* "0x6020 is located in stack of .." */
		if (r->f->depth[STACK_CRASH] > 0)
			r->into = NO_STACK;
		return false;
	}
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (sections[i].text[0] == line.p[0] &&
		    span_starts(line, sections[i].text))
			break;
	if (i == sizeof(sections) / sizeof(sections[0]))
		return false;
	r->into = sections[i].stack;
	if (r->into != NO_STACK && r->f->depth[r->into] > 0)
		r->into = NO_STACK;
	return r->into != NO_STACK || line.p[0] == 'U';
}

static struct frame *
stack_of(struct facts *f, enum facts_stack which, int *max)
{
	*max = which == STACK_CRASH ? FACTS_FRAMES : FACTS_SIDE;
	return which == STACK_CRASH ? f->stack
	    : which == STACK_FREED  ? f->freed
				    : f->allocated;
}

/* A debugger says only here where the program stood. */
static void
first_frame(struct reading *r, struct span line)
{
	struct facts *f = r->f;
	int n = f->depth[STACK_CRASH];

	r->calls_inlined[n] = frame_calls_inlined(line);
	if (n > 0 || f->kind != FACTS_SIGNAL || f->has_pc ||
	    !span_is(f->tool, "gdb") || !span_starts(line, "#0  0x"))
		return;
	f->has_pc = true;
	f->pc = f->stack[0].pc;
	f->pc_null = f->pc == 0;
}

/* A number that does not rise begins the next stack. */
static void
take_frame(struct reading *r, struct span line)
{
	struct facts *f = r->f;
	size_t used = f->scratch_used;
	struct frame *s, *fr;
	int max, *depth;

	if (r->into == NO_STACK)
		return;
	s = stack_of(f, r->into, &max);
	depth = &f->depth[r->into];
	fr = &s[*depth];
	if (*depth == max)
		return;
	if (!frame_parse(fr, clean_text(f, line))) {
		clean_forget(f, used);
		return;
	}
	if (line.p[0] == '<')
		fr->number = (uint64_t)*depth;
	if (*depth > 0 && fr->number <= s[*depth - 1].number) {
		clean_forget(f, used);
		r->into = NO_STACK;
		return;
	}
	if (r->into == STACK_CRASH)
		first_frame(r, line);
	(*depth)++;
}

/* Rust's second line of a frame; blanks stand before it. */
static bool
take_place(struct reading *r, struct span line)
{
	struct frame *s;
	int max, n;

	if (r->into == NO_STACK || !span_starts(line, "at "))
		return false;
	n = r->f->depth[r->into];
	if (n == 0)
		return false;
	s = stack_of(r->f, r->into, &max);
	return frame_place(&s[n - 1], clean_text(r->f, line));
}

/* The types of a cast: its note line came. */
static bool
take_other_type(struct facts *f, struct span line)
{
	struct span type, other;

	if (f->kind != FACTS_UBSAN || f->note.n > 0)
		return false;
	/* The line first: most are none, and "what" is as long for each. */
	other = ubsan_other(line);
	if (other.n == 0)
		return false;
	type = ubsan_type(f->what);
	if (type.n == 0)
		return false;
	other = clean_text(f, other);
	if (other.n > 0)
		f->note = clean_from(
		    f, span_until(type, 240), span_until(other, 240));
	return other.n > 0;
}

static void
take_details(struct reading *r, struct span line)
{
	struct facts *f = r->f;

	if (r->more) {
		f->note = clean_text(f, head_message(line));
		r->more = false;
	} else if (f->kind == FACTS_SIGNAL) {
		head_signal_details(f, line);
		head_details(f, line);
	} else if (!take_other_type(f, line)) {
		head_details(f, line);
	}
}

static void
blank_line(struct reading *r)
{
	if (r->into != NO_STACK && r->f->depth[r->into] > 0)
		r->into = NO_STACK;
}

static bool
is_frame(const struct reading *r, struct span line)
{
	char c = line.p[0], d = line.n > 1 ? line.p[1] : '\0';

	if (c == '#')
		return d >= '0' && d <= '9';
	if (c == '<')
		return d == '0' && span_is(r->f->tool, "honggfuzz");
	return c >= '0' && c <= '9' && d != 'x' && r->f->what.n == 5 &&
	    span_is(r->f->what, "panic");
}

/* What a line of a report can be. */
static void
take_words(struct reading *r, struct span line)
{
	struct head h;

	if (is_frame(r, line)) {
		if (r->open)
			take_frame(r, line);
	} else if (line.n < WORDS_LEAST && !r->more) {
		return;
	} else if (r->open && take_leak(r, line)) {
		return;
	} else if (head_find(&h, line)) {
		take_head(r, &h);
	} else if (span_starts(line, "SUMMARY: ")) {
		r->open = false;
		r->into = NO_STACK;
	} else if (r->open && !take_section(r, line) && !take_place(r, line)) {
		take_details(r, line);
	}
}

/* Has the newest frame got its place from what was made behind "used"? */
static bool
placed_since(struct reading *r, size_t used)
{
	const struct facts *f = r->f;
	const struct frame *s;
	int max;

	if (r->into == NO_STACK || f->depth[r->into] == 0)
		return false;
	s = stack_of(r->f, r->into, &max);
	s += f->depth[r->into] - 1;
	return s->file.n > 0 && s->file.p >= f->scratch + used &&
	    s->file.p < f->scratch + sizeof(f->scratch);
}

/* A line that begins with a colour is read without; what was made for it is
 * kept only when the facts changed. */
static void
take_coloured(struct reading *r, struct span line)
{
	struct facts *f = r->f;
	size_t used = f->scratch_used;
	const char *what = f->what.p, *note = f->note.p, *tool = f->tool.p;
	int depth[STACK_COUNT];

	memcpy(depth, f->depth, sizeof(depth));
	line = span_until(line, 4096);
	line = clean_text(f, line);
	span_eat_blanks(&line);
	if (f->scratch_used == used)
		return;
	if (line.n > 0)
		take_words(r, line);
	else
		blank_line(r);
	if (what == f->what.p && note == f->note.p && tool == f->tool.p &&
	    memcmp(depth, f->depth, sizeof(depth)) == 0 &&
	    !placed_since(r, used))
		clean_forget(f, used);
}

static void
take_line(struct reading *r, struct span line)
{
	span_eat_blanks(&line);
	if (line.n == 0)
		blank_line(r);
	else if (line.p[0] == '\033' || line.p[0] == '\0')
		take_coloured(r, line);
	else
		take_words(r, line);
}

static bool
same_place(const struct frame *a, const struct frame *b)
{
	return a->line == b->line && a->function.n == b->function.n &&
	    (a->function.n == 0 ||
		memcmp(a->function.p, b->function.p, a->function.n) == 0);
}

/* Two frames with one address are one call, unless it is a recursion. */
static bool
same_address(const struct frame *a, const struct frame *b)
{
	if (a->pc != 0 || b->pc != 0)
		return a->pc == b->pc;
	return a->offset != 0 && a->offset == b->offset && a->module.n > 0 &&
	    a->module.n == b->module.n &&
	    memcmp(a->module.p, b->module.p, a->module.n) == 0;
}

static void
mark_inlined(struct reading *r)
{
	struct frame *s;
	int which, max, i;

	for (which = 0; which < STACK_COUNT; which++) {
		s = stack_of(r->f, (enum facts_stack)which, &max);
		for (i = 0; i + 1 < r->f->depth[which]; i++)
			s[i].inlined = (same_address(&s[i], &s[i + 1]) &&
					   !same_place(&s[i], &s[i + 1])) ||
			    (which == STACK_CRASH && r->calls_inlined[i + 1]);
	}
}

static enum facts_address
address_class(uint64_t a)
{
	static const uint64_t marker[] = {
	    0xbbadbeef, 0xfbadbeef, 0x1f75b7dd, 0x977537dd, 0x9f7537dd};
	size_t i;

	if (a < 0x1000)
		return ADDRESS_NULL;
	if (a < 0x10000)
		return ADDRESS_NEAR;
	for (i = 0; i < sizeof(marker) / sizeof(marker[0]); i++)
		if (a == marker[i])
			return ADDRESS_MARKER;
	return ADDRESS_WILD;
}

/*
 * A signal that the process sent itself has no address: what stands in its
 * place is the pid of the sender, and the access is made up.
 */
static bool
is_sender(const struct frame *fr)
{
	static const char *const senders[] = {"raise", "gsignal", "kill",
	    "tgkill", "pthread_kill", "__pthread_kill", "__GI_raise", "__kill",
	    "killpg", "sigqueue", "__pthread_kill_implementation",
	    "__pthread_kill_internal"};
	size_t i;

	/* A target may have a kill() of its own. */
	if (fr->file.n > 0 && !span_has(fr->file, "nptl/") &&
	    !span_has(fr->file, "sysdeps/") && !span_has(fr->file, "signal/"))
		return false;
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++)
		if (span_is(fr->function, senders[i]))
			return true;
	return false;
}

static void
find_sender(struct facts *f)
{
	int n;

	if (f->signal == 0 || f->kind < FACTS_ERROR)
		return;
	for (n = 0; n < f->depth[STACK_CRASH] && n < 2; n++)
		if (is_sender(&f->stack[n]))
			f->sent = true;
	if (!f->sent)
		return;
	f->address_class = ADDRESS_NONE;
	f->pc_is_address = false;
	f->access[0] = '\0';
	f->access_size = 0;
}

/* The same text from a report and from its normalised form. */
static void
settle(struct reading *r)
{
	struct facts *f = r->f;
	struct span type;

	mark_inlined(r);
	find_sender(f);
	if (f->address_class != ADDRESS_NONE) {
		f->address_class = address_class(f->address);
		f->pc_is_address |=
		    f->signal != 0 && f->has_pc && f->pc == f->address;
	} else
		f->address = 0;
	if (f->kind == FACTS_UBSAN && f->note.n == 0) {
		type = ubsan_type(f->what);
		f->note = span_until(type, 240);
	}
	f->tool = span_trim(f->tool);
	f->what = clean_mask(f, clean_text(f, f->what), FACTS_WHAT_MAX);
	f->note = clean_mask(f, clean_text(f, f->note), FACTS_NOTE_MAX);
	facts_fit(f);
}

/* "FuzzerSecurityIssueHigh" wherever it stands: a target says so itself. */
static void
find_protected(struct facts *f, struct span report)
{
	static const char issue[] = "FuzzerSecurityIssue";
	static const char status[] = "MiraclePtr Status: ";
	size_t at, n;

	if (span_find(report, issue, &at)) {
		report = span_from(report, at);
		for (n = strlen(issue); n < report.n && n < 64; n++)
			if (report.p[n] < 'A' || report.p[n] > 'z' ||
			    (report.p[n] > 'Z' && report.p[n] < 'a'))
				break;
		f->protected = span_until(report, n);
	} else if (span_find(report, status, &at)) {
		report = span_until(span_from(report, at), 64);
		f->protected = span_trim(span_upto(report, "\n\r\033\t"));
		if (!clean_is(f->protected))
			f->protected.n = 0;
	}
}

int
facts_read(struct facts *f, const void *report, size_t len)
{
	struct span rest = {report, len}, line;
	struct reading r = {f, NO_STACK, false, false, false, {false}};

	memset(f, 0, offsetof(struct facts, stack));
	f->scratch_used = 0;
	find_protected(f, rest);
	while (span_line(&rest, &line))
		take_line(&r, line);
	settle(&r);
	return f->kind == FACTS_NONE ? 1 : 0;
}

const struct frame *
facts_frames(const struct facts *f, enum facts_stack which, int *depth)
{
	*depth = f->depth[which];
	return which == STACK_CRASH ? f->stack
	    : which == STACK_FREED  ? f->freed
				    : f->allocated;
}
