/*
 * A stack by the rules: which frames count, and what their lines are.  What
 * is below the function that the engine calls is the engine's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/triage/rules_internal.h"
#include "lib/triage/settle.h"

static const char ENTRY[] = "LLVMFuzzerTestOneInput";

/*
 * The function that libFuzzer calls, and its other hooks.  Their names are
 * the same in all targets, so the file stands for them.
 */
static bool
is_entry(const char *function)
{
	return strncmp(function, "LLVMFuzzer", 10) == 0 &&
	    (strcmp(function, ENTRY) == 0 ||
		strcmp(function, "LLVMFuzzerInitialize") == 0 ||
		strcmp(function, "LLVMFuzzerCustomMutator") == 0 ||
		strcmp(function, "LLVMFuzzerCustomCrossOver") == 0);
}

/* "t.c", or "t.c:LLVMFuzzerInitialize". */
static void
entry_line(const struct frame *f, const char *function, const char *target,
    char out[TRIAGE_LINE_MAX])
{
	char file[TRIAGE_LINE_MAX], both[TRIAGE_LINE_MAX + FRAME_NAME_MAX + 1];

	span_print(span_base(f->file), file, sizeof(file));
	if (file[0] == '\0')
		span_print(
		    (struct span){target, strlen(target)}, file, sizeof(file));
	if (strcmp(function, ENTRY) == 0)
		snprintf(both, sizeof(both), "%s", file);
	else
		snprintf(both, sizeof(both), "%s:%s", file, function);
	span_print((struct span){both, strlen(both)}, out, TRIAGE_LINE_MAX);
}

/*
 * The name, else "file:line", else "module+0xoffset", else nothing.  gcc calls
 * each lambda by the same name: the file stands before it.
 */
static void
frame_line(
    const struct frame *f, const char *function, char out[TRIAGE_LINE_MAX])
{
	char name[TRIAGE_LINE_MAX - 24];

	out[0] = '\0';
	if (strcmp(function, "operator()") == 0 && f->file.n > 0) {
		span_print(span_base(f->file), name, sizeof(name));
		snprintf(out, TRIAGE_LINE_MAX, "%s:operator()", name);
	} else if (function[0] != '\0') {
		span_print((struct span){function, strlen(function)}, out,
		    TRIAGE_LINE_MAX);
	} else if (f->file.n > 0) {
		span_print(span_base(f->file), name, sizeof(name));
		snprintf(out, TRIAGE_LINE_MAX, "%s:%" PRIu64, name, f->line);
	} else if (f->module.n > 0) {
		span_print(span_base(f->module), name, sizeof(name));
		snprintf(
		    out, TRIAGE_LINE_MAX, "%s+0x%" PRIx64, name, f->offset);
	}
}

/* False: nothing below this frame is looked at. */
static bool
judge_frame(struct judged *j, const struct facts *f, int n,
    const struct rules_named *r, const char *target)
{
	const struct frame *frame = &f->stack[n];
	struct frame_name name = frame_function(frame);
	struct rules_word w = rules_judge(r, frame, name.text);
	struct judged_frame *out = &j->frames[j->count];
	bool entry = is_entry(name.text);

	if (w.role == ROLE_SIGNAL && j->count == 0)
		j->raised = true;
	/* The built-in rules leave the entry alone; a user's may not. */
	if (w.role != ROLE_NONE) {
		if (w.role == ROLE_DRIVER && j->main == -1 &&
		    frame->file.n > 0 && strcmp(name.text, "main") == 0)
			j->main = n;
		return !entry &&
		    strcmp(name.text, "rust_fuzzer_test_input") != 0;
	}
	if (entry)
		entry_line(frame, name.text, target, out->line);
	else
		frame_line(frame, name.text, out->line);
	out->frame = n;
	out->widens = w.widens;
	if (out->line[0] != '\0')
		j->count++;
	return !entry;
}

/* A program that is its own driver: "nul.c:main". */
static void
judge_main(struct judged *j, const struct facts *f)
{
	char file[TRIAGE_LINE_MAX - 6];

	if (j->count > 0 || j->main == -1)
		return;
	span_print(span_base(f->stack[j->main].file), file, sizeof(file));
	if (file[0] == '\0')
		return;
	snprintf(j->frames[0].line, TRIAGE_LINE_MAX, "%s:main", file);
	j->frames[0].frame = j->main;
	j->frames[0].widens = false;
	j->count = 1;
}

void
judge_stack(struct judged *j, const struct facts *f,
    const struct rules_named *r, const char *target)
{
	int n;

	j->count = 0;
	j->raised = false;
	j->main = -1;
	for (n = 0; n < f->depth[STACK_CRASH]; n++)
		if (!judge_frame(j, f, n, r, target))
			break;
	judge_main(j, f);
}
