/*
 * The flow: one pass over the lines of a report.  A head opens it, its first
 * stack follows, a blank line ends that.  A weightier head that comes later
 * begins anew, because the lighter one did not stop the program.  Then the
 * type is settled, the state is cut from the stack, and both are hashed.
 */
#include <string.h>

#include "lib/triage/facts.h"
#include "lib/triage/frames.h"
#include "lib/triage/report.h"
#include "lib/triage/state.h"
#include "lib/triage/triage.h"

struct reading {
	struct head head;
	struct stack stack;
	bool open; /* frames that come now belong to "head" */
	const char *target;
};

/* An access below it is no pointer with an offset, but a null pointer. */
#define NULL_PAGE 0x1000

static bool
heavier(const struct reading *r, const struct head *h)
{
	if (h->kind == HEAD_SIGNAL)
		return r->head.kind == HEAD_NONE;
	return h->kind > r->head.kind && r->head.kind != HEAD_SIGNAL;
}

static void
take_head(struct reading *r, const struct head *h)
{
	/* The signal that an assertion raised brings its stack. */
	if (h->kind == HEAD_SIGNAL && r->head.kind == HEAD_ASSERT &&
	    r->stack.seen == 0) {
		memcpy(r->head.tool, h->tool, sizeof(h->tool));
		r->open = true;
		return;
	}
	r->open = heavier(r, h);
	if (!r->open)
		return;
	r->head = *h;
	stack_reset(&r->stack);
}

static void
take_line(struct reading *r, struct span line)
{
	struct head h;
	struct frame f;

	if (report_head(&h, line)) {
		take_head(r, &h);
	} else if (report_leak(&r->head, line)) {
		stack_reset(&r->stack);
		r->open = true;
	} else if (!r->open) {
		return;
	} else if (span_starts(line, "SUMMARY: ") ||
	    (span_trim(line).n == 0 && r->stack.seen > 0)) {
		r->open = false;
	} else if (frame_parse(&f, line)) {
		stack_add(&r->stack, &f, r->target);
	} else if (r->stack.seen == 0) {
		report_access(&r->head, line);
	}
}

/* What a SEGV was shows only when address and stack are known. */
static void
settle_fault(struct triage *t, const struct reading *r)
{
	if (!r->head.fault)
		return;
	if (r->stack.raised) {
		/* The "address" is the pid of who sent the signal. */
		memcpy(t->type, "Fatal-signal", 13);
		t->access[0] = '\0';
		t->has_address = false;
		t->address = 0;
	} else if (t->has_address && t->address < NULL_PAGE) {
		memcpy(t->type, "Null-dereference", 17);
	}
}

static void
settle(struct triage *t, const struct reading *r)
{
	const struct head *h = &r->head;

	memcpy(t->type, h->type, sizeof(t->type));
	memcpy(t->tool, h->tool, sizeof(t->tool));
	memcpy(t->access, h->access, sizeof(t->access));
	t->has_address = h->has_address;
	t->address = h->address;
	/* "unknown-crash" has a size, a SEGV has none: one type, one form. */
	if (strcmp(t->type, "UNKNOWN") != 0)
		t->access_size = h->access_size;
	settle_fault(t, r);
	if (h->kind == HEAD_NONE)
		memcpy(t->type, "Unknown", 8);
}

int
triage_report(
    struct triage *t, const void *report, size_t len, const char *target)
{
	struct span rest = {report, len}, line;
	struct reading r;

	memset(t, 0, sizeof(*t));
	memset(&r.head, 0, sizeof(r.head));
	stack_reset(&r.stack);
	r.open = false;
	r.target = target = target != NULL ? target : "";
	while (span_line(&rest, &line))
		take_line(&r, line);
	settle(t, &r);
	state_of(t, &r.head, &r.stack, target);
	t->security = triage_security(t, r.head.pc_null && !r.stack.raised);
	triage_signature(t);
	return r.head.kind == HEAD_NONE ? 1 : 0;
}
