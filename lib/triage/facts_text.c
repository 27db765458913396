/*
 * The normalised report.  A line for each fact, in one order:
 *
 *	facts 1
 *	kind error
 *	tool AddressSanitizer
 *	what heap-use-after-free
 *	access WRITE 1
 *	address wild
 *	stack crash
 *	#0 uaf
 *	 at bugs.c:34:20
 *	 in asan+0x11ce51
 *	 build d1dc
 *	 inlined
 *
 * There is one text for each set of facts: what does not come out of
 * facts_write() as it went in is refused.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "lib/triage/clean.h"
#include "lib/triage/facts_text.h"

/* Bytes for the frames of each stack; the lines before them fit the rest. */
static const size_t room[STACK_COUNT] = {13 * 1024, 4608, 4608};
static const char *const stack_names[STACK_COUNT] = {
    "crash", "freed", "allocated"};

const char *
facts_kind_name(enum facts_kind k)
{
	static const char *const names[FACTS_KINDS] = {"none", "ubsan", "leak",
	    "assert", "exception", "abort", "error", "race", "timeout",
	    "memory", "signal", "library"};

	return names[k];
}

const char *
facts_address_name(enum facts_address a)
{
	static const char *const names[] = {
	    "none", "null", "near", "marker", "wild"};

	return names[a];
}

static struct frame *
frames_of(struct facts *f, int which)
{
	return which == STACK_CRASH ? f->stack
	    : which == STACK_FREED  ? f->freed
				    : f->allocated;
}

static size_t
digits(uint64_t v, uint64_t base)
{
	size_t n = 1;

	while (v >= base) {
		v /= base;
		n++;
	}
	return n;
}

/* What write_frame() adds. */
static size_t
frame_size(const struct frame *f)
{
	size_t n = strlen("# \n") + digits(f->number, 10) + f->function.n;

	if (f->file.n > 0)
		n += strlen(" at ::\n") + f->file.n + digits(f->line, 10) +
		    digits(f->column, 10);
	if (f->module.n > 0)
		n += strlen(" in +0x\n") + f->module.n + digits(f->offset, 16);
	if (f->build_id.n > 0)
		n += strlen(" build \n") + f->build_id.n;
	return n + (f->inlined ? strlen(" inlined\n") : 0);
}

void
facts_fit(struct facts *f)
{
	size_t used;
	int which, i;

	for (which = 0; which < STACK_COUNT; which++) {
		const struct frame *s = frames_of(f, which);

		for (i = 0, used = 0; i < f->depth[which]; i++) {
			used += frame_size(&s[i]);
			if (used > room[which])
				break;
		}
		f->depth[which] = i;
	}
}

static void
add(struct buf *out, struct span s)
{
	if (s.n > 0)
		buf_add(out, s.p, s.n);
}

static void
write_span(struct buf *out, const char *key, struct span s)
{
	if (s.n == 0)
		return;
	buf_adds(out, key);
	buf_addc(out, ' ');
	add(out, s);
	buf_addc(out, '\n');
}

static void
write_frame(struct buf *out, const struct frame *f)
{
	buf_printf(out, "#%" PRIu64 " ", f->number);
	add(out, f->function);
	buf_addc(out, '\n');
	if (f->file.n > 0) {
		buf_adds(out, " at ");
		add(out, f->file);
		buf_printf(
		    out, ":%" PRIu64 ":%" PRIu64 "\n", f->line, f->column);
	}
	if (f->module.n > 0) {
		buf_adds(out, " in ");
		add(out, f->module);
		buf_printf(out, "+0x%" PRIx64 "\n", f->offset);
	}
	write_span(out, " build", f->build_id);
	if (f->inlined)
		buf_adds(out, " inlined\n");
}

static void
write_fault(struct buf *out, const struct facts *f)
{
	if (f->access[0] != '\0')
		buf_printf(
		    out, "access %s %" PRIu64 "\n", f->access, f->access_size);
	if (f->address_class != ADDRESS_NONE)
		buf_printf(
		    out, "address %s\n", facts_address_name(f->address_class));
	if (f->has_pc)
		buf_printf(out, "pc%s%s%s\n",
		    f->pc_null || f->pc_is_address ? "" : " known",
		    f->pc_null ? " null" : "",
		    f->pc_is_address ? " address" : "");
	if (f->sent)
		buf_adds(out, "sent yes\n");
	if (f->signal > 0)
		buf_printf(out, "signal %d\n", f->signal);
	if (f->scariness > 0)
		buf_printf(out, "scariness %" PRIu64 "\n", f->scariness);
}

void
facts_write(struct buf *out, const struct facts *f)
{
	const struct frame *s;
	int which, i, depth;

	buf_printf(out, "facts 1\nkind %s\n", facts_kind_name(f->kind));
	write_span(out, "tool", f->tool);
	write_span(out, "what", f->what);
	write_fault(out, f);
	write_span(out, "note", f->note);
	write_span(out, "place", f->place);
	write_span(out, "protected", f->protected);
	for (which = 0; which < STACK_COUNT; which++) {
		s = facts_frames(f, (enum facts_stack)which, &depth);
		if (depth > 0)
			buf_printf(out, "stack %s\n", stack_names[which]);
		for (i = 0; i < depth; i++)
			write_frame(out, &s[i]);
	}
}

struct digest
facts_digest(const struct facts *f)
{
	struct buf b = BUF_INIT;
	struct digest d;

	facts_write(&b, f);
	digest_of(&d, b.data, b.len);
	buf_release(&b);
	return d;
}

/* ---- parsing ---- */
/* Fill what is named; what does not fit is left, and shows when the facts are
 * written again. */
static void
parse_name(struct span value, const char *(*name)(int), int count, int *out)
{
	int i;

	for (i = 0; i < count; i++)
		if (span_is(value, name(i)))
			*out = i;
}

static const char *
kind_name(int i)
{
	return facts_kind_name((enum facts_kind)i);
}

static const char *
class_name(int i)
{
	return facts_address_name((enum facts_address)i);
}

static void
parse_access(struct facts *f, struct span value)
{
	size_t n = span_starts(value, "READ ") ? 4
	    : span_starts(value, "WRITE ")     ? 5
					       : 0;

	if (n == 0)
		return;
	memcpy(f->access, value.p, n);
	value = span_from(value, n + 1);
	if (!span_eat_number(&value, &f->access_size) ||
	    f->access_size > UINT32_MAX)
		f->access_size = 0;
}

static void
parse_pc(struct facts *f, struct span value)
{
	f->has_pc = true;
	if (span_eat(&value, "null"))
		f->pc_null = true;
	span_eat_blanks(&value);
	f->pc_is_address = span_is(value, "address");
}

static void
parse_fault(struct facts *f, struct span key, struct span value)
{
	uint64_t number = 0;
	int which = 0;

	if (span_is(key, "access"))
		parse_access(f, value);
	else if (span_is(key, "address")) {
		parse_name(value, class_name, ADDRESS_WILD + 1, &which);
		f->address_class = (enum facts_address)which;
	} else if (span_is(key, "pc"))
		parse_pc(f, value);
	else if (span_is(key, "sent"))
		f->sent = true;
	else if (span_is(key, "signal") && span_eat_number(&value, &number))
		f->signal = number <= 64 ? (int)number : 0;
	else if (span_is(key, "scariness") && span_eat_number(&value, &number))
		f->scariness = number;
}

static void
parse_head(struct facts *f, struct span key, struct span value)
{
	/* clang-format off */
	const struct {
		const char *key;
		struct span *to;
		size_t max;
	} texts[] = {
		{ "tool", &f->tool, 64 },
		{ "what", &f->what, FACTS_WHAT_MAX },
		{ "note", &f->note, FACTS_NOTE_MAX },
		{ "place", &f->place, FACTS_WHAT_MAX },
		{ "protected", &f->protected, 64 },
	};
	/* clang-format on */
	size_t i;
	int which = 0;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (span_is(key, texts[i].key)) {
			*texts[i].to = span_until(value, texts[i].max);
			return;
		}
	if (span_is(key, "kind")) {
		parse_name(value, kind_name, FACTS_KINDS, &which);
		f->kind = (enum facts_kind)which;
		return;
	}
	parse_fault(f, key, value);
}

/* "/src/t.c:29:13", read from its end. */
static void
parse_place(struct frame *f, struct span s)
{
	struct span number;
	size_t i, colon[2] = {0, 0};

	for (i = s.n; i > 0 && colon[0] == 0; i--)
		if (s.p[i - 1] == ':') {
			if (colon[1] == 0)
				colon[1] = i;
			else
				colon[0] = i;
		}
	if (colon[0] < 2)
		return;
	number = span_from(s, colon[0]);
	span_eat_number(&number, &f->line);
	number = span_from(s, colon[1]);
	span_eat_number(&number, &f->column);
	f->file = span_until(s, colon[0] - 1);
}

static void
parse_module(struct frame *f, struct span s)
{
	struct span offset;
	size_t i;

	for (i = s.n; i > 0 && s.p[i - 1] != '+'; i--)
		continue;
	if (i < 2)
		return;
	offset = span_from(s, i);
	span_eat_hex(&offset, &f->offset);
	f->module = span_until(s, i - 1);
}

static void
parse_frame_line(struct frame *f, struct span line)
{
	if (span_eat(&line, " at "))
		parse_place(f, line);
	else if (span_eat(&line, " in "))
		parse_module(f, line);
	else if (span_eat(&line, " build "))
		f->build_id = line;
	else if (span_is(line, " inlined"))
		f->inlined = true;
}

static void
parse_new_frame(struct facts *f, int which, struct span line)
{
	int max = which == STACK_CRASH ? FACTS_FRAMES : FACTS_SIDE;
	struct frame *fr;

	if (f->depth[which] == max)
		return;
	fr = &frames_of(f, which)[f->depth[which]++];
	memset(fr, 0, sizeof(*fr));
	line = span_from(line, 1);
	span_eat_number(&line, &fr->number);
	fr->function = span_from(line, 1);
}

static void
parse_line(struct facts *f, int *which, struct span line)
{
	struct span key, value;
	size_t at = 0;

	if (line.n > 0 && line.p[0] == '#' && *which < STACK_COUNT) {
		parse_new_frame(f, *which, line);
		return;
	}
	if (line.n > 0 && line.p[0] == ' ') {
		if (*which < STACK_COUNT && f->depth[*which] > 0)
			parse_frame_line(
			    &frames_of(f, *which)[f->depth[*which] - 1], line);
		return;
	}
	span_find(line, " ", &at);
	key = span_until(line, at);
	value = span_from(line, at + 1);
	if (span_is(key, "stack"))
		for (*which = 0; *which < STACK_COUNT; (*which)++)
			if (span_is(value, stack_names[*which]))
				return;
	parse_head(f, key, value);
}

static int
refused(struct err *e)
{
	return err_set(e, ERR_REFUSED, "this is no normalised report");
}

int
facts_parse(struct facts *f, const void *text, size_t len, struct err *e)
{
	struct span rest = {text, len}, line;
	struct buf again = BUF_INIT;
	int which = STACK_COUNT;
	size_t i;
	bool same;

	memset(f, 0, offsetof(struct facts, stack));
	f->scratch_used = 0;
	if (len > FACTS_TEXT_MAX || !span_starts(rest, "facts 1\nkind "))
		return refused(e);
	for (i = 0; i < len; i++)
		if (((const char *)text)[i] != '\n' &&
		    !clean_is((struct span){(const char *)text + i, 1}))
			return refused(e);
	span_line(&rest, &line);
	while (span_line(&rest, &line))
		parse_line(f, &which, line);
	facts_fit(f);
	facts_write(&again, f);
	same = again.len == len && memcmp(again.data, text, len) == 0;
	buf_release(&again);
	return same ? 0 : refused(e);
}
