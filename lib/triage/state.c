/*
 * From frames that count to the lines that name the bug.  Deep recursion is
 * named by its cycle, everything else by its top frames, of which a run that
 * follows itself counts once: how deep an input nests is not the bug.
 */
#include <string.h>

#include "lib/triage/settle.h"

#define CYCLE_MAX   10
#define CYCLE_TIMES 3

static void
add_line(struct triage *t, const char *line, int frame)
{
	if (t->state_count == TRIAGE_STATE_LINES || line[0] == '\0')
		return;
	t->state_frame[t->state_count] = frame;
	memcpy(t->state[t->state_count++], line, strlen(line) + 1);
}

static bool
same_line(const struct judged *j, int a, int b)
{
	return strcmp(j->frames[a].line, j->frames[b].line) == 0;
}

/* Do "times" runs of "length" lines follow each other from "first"? */
static bool
repeats(const struct judged *j, int first, int length, int times)
{
	int i;

	if (first < 0 || first + length * times > j->count)
		return false;
	for (i = first; i < first + length * (times - 1); i++)
		if (!same_line(j, i, i + length))
			return false;
	return true;
}

static bool
find_cycle(const struct judged *j, int *first, int *length)
{
	for (*first = 0; *first < j->count; (*first)++)
		for (*length = 1; *length <= CYCLE_MAX; (*length)++)
			if (repeats(j, *first, *length, CYCLE_TIMES))
				return true;
	return false;
}

/*
 * Which function of the cycle ran out of stack is chance: a->b->c begins
 * where its rotation sorts first, so that it is one bug and not three.
 */
static int
smallest_rotation(const struct judged *j, int first, int length)
{
	int best = first, start, i, order;

	for (start = first + 1; start < first + length; start++) {
		for (i = 0, order = 0; i < length && order == 0; i++)
			order = strcmp(j->frames[start + i].line,
			    j->frames[best + i].line);
		if (order < 0)
			best = start;
	}
	return best;
}

/* Of a stack that ran over, only the cycle is left. */
static bool
keep_cycle(struct judged *j)
{
	struct judged_frame cycle[CYCLE_MAX];
	int first, length;

	if (!find_cycle(j, &first, &length))
		return false;
	first = smallest_rotation(j, first, length);
	memcpy(cycle, &j->frames[first], (size_t)length * sizeof(cycle[0]));
	memcpy(j->frames, cycle, (size_t)length * sizeof(cycle[0]));
	j->count = length;
	return true;
}

/* a b a b a c -> a b a c: runs that follow themselves count once. */
static void
fold_runs(struct judged *j)
{
	struct judged out;
	int i, length;

	out.count = 0;
	for (i = 0; i < j->count; i++) {
		out.frames[out.count++] = j->frames[i];
		for (length = 1; length <= CYCLE_MAX; length++)
			if (repeats(&out, out.count - 2 * length, length, 2)) {
				out.count -= length;
				break;
			}
	}
	memcpy(
	    j->frames, out.frames, (size_t)out.count * sizeof(out.frames[0]));
	j->count = out.count;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A panic's message holds values, "the len is 3": no number of it counts. */
static void
mask_values(char *line)
{
	char out[TRIAGE_LINE_MAX];
	size_t n = 0, i = 0, digits;
	bool inside = false; /* of a name, as "u8" */

	while (line[i] != '\0' && n + 7 < sizeof(out)) {
		digits = strspn(line + i, "0123456789");
		if (digits > 0 && !inside) {
			memcpy(out + n, "NUMBER", 6);
			n += 6;
			i += digits;
			continue;
		}
		inside = is_letter(line[i]) || (inside && digits > 0);
		out[n++] = line[i++];
	}
	out[n] = '\0';
	memcpy(line, out, n + 1);
}

/* What stands before the frames: asserted text, exception, wrong cast. */
static void
add_note(struct triage *t, const struct facts *f)
{
	char line[TRIAGE_LINE_MAX], cast[TRIAGE_LINE_MAX + 16] = "Bad-cast to ";
	size_t n = strlen(cast);

	if (f->note.n == 0)
		return;
	span_print(f->note, line, sizeof(line));
	if (f->kind == FACTS_ASSERT && span_is(f->what, "panic"))
		mask_values(line);
	if (strcmp(t->type, "Bad-cast") == 0) {
		memcpy(cast + n, line, strlen(line) + 1);
		span_print(
		    (struct span){cast, strlen(cast)}, line, sizeof(line));
	} else if (f->kind != FACTS_ASSERT && f->kind != FACTS_EXCEPTION &&
	    f->kind != FACTS_LIBRARY) {
		return;
	}
	add_line(t, line, -1);
}

static void
add_frames(struct triage *t, const struct judged *j, int lines)
{
	int i;

	for (i = 0; i < j->count && t->state_count < lines; i++) {
		add_line(t, j->frames[i].line, j->frames[i].frame);
		/* A generic frame says little: one more beside it. */
		if (j->frames[i].widens && lines < TRIAGE_STATE_LINES)
			lines++;
	}
}

static void
keep_stack(struct triage *t, const struct judged *j)
{
	for (t->stack_count = 0;
	     t->stack_count < j->count && t->stack_count < TRIAGE_DEPTH;
	     t->stack_count++)
		memcpy(t->stack[t->stack_count], j->frames[t->stack_count].line,
		    TRIAGE_LINE_MAX);
}

/*
 * No frame counts: the place where the report names one, else the target; and
 * before it what little is known, for one exception's type is no bug's name.
 */
static void
stand_in(struct triage *t, const struct facts *f, const char *target)
{
	char line[TRIAGE_LINE_MAX];

	if (f->kind == FACTS_ABORT && !t->placeless) {
		span_print(f->what, line, sizeof(line));
		add_line(t, line, -1);
	}
	span_print(f->place, line, sizeof(line));
	if (!t->placeless && line[0] != '\0') {
		add_line(t, line, -1);
		return;
	}
	t->placeless = true;
	span_print((struct span){target, strlen(target)}, line, sizeof(line));
	add_line(t, line[0] != '\0' ? line : "unknown", -1);
}

/* A message, an exception's type: many bugs of a program share them. */
static bool
says_little(const struct triage *t, const struct facts *f)
{
	return !t->placeless &&
	    (f->kind == FACTS_EXCEPTION || f->kind == FACTS_ASSERT ||
		strcmp(t->type, "Bad-cast") == 0);
}

void
state_settle(struct triage *t, const struct facts *f, struct judged *j,
    const struct rules_limits *limits, const char *target)
{
	t->placeless = type_placeless(t->type);
	if (strcmp(t->type, "Stack-overflow") != 0 || !keep_cycle(j))
		fold_runs(j);
	keep_stack(t, j);
	if (!t->placeless) {
		add_note(t, f);
		add_frames(t, j, limits->state);
	}
	if (t->state_count == 0 || (j->count == 0 && says_little(t, f)))
		stand_in(t, f, target);
}
