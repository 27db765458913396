/*
 * From the first stack of a report to the three lines that name the bug.
 * Deep recursion is named by its cycle, everything else by its top frames.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/triage/state.h"

#define CYCLE_MAX   10
#define CYCLE_TIMES 3

void
stack_reset(struct stack *s)
{
	s->count = 0;
	s->seen = 0;
	s->last_number = 0;
	s->cut = false;
	s->raised = false;
}

void
stack_add(struct stack *s, const struct frame *f, const char *target)
{
	/* A number that does not rise begins the next stack. */
	if (s->seen > 0 && f->number <= s->last_number)
		s->cut = true;
	if (s->cut)
		return;
	s->seen++;
	s->last_number = f->number;
	if (s->count == 0 && frame_raises(f))
		s->raised = true;
	if (frame_is_entry(f))
		s->cut = true;
	else if (frame_ignored(f))
		return;
	if (s->count == STACK_MAX)
		return;
	frame_text(f, target, s->lines[s->count]);
	if (s->lines[s->count][0] != '\0')
		s->count++;
}

static void
state_add(struct triage *t, const char *line)
{
	if (t->state_count == TRIAGE_STATE_LINES || line[0] == '\0')
		return;
	memcpy(t->state[t->state_count++], line, strlen(line) + 1);
}

/* Do "times" runs of "length" lines follow each other from "first"? */
static bool
repeats(const struct stack *s, int first, int length)
{
	int i;

	if (first + length * CYCLE_TIMES > s->count)
		return false;
	for (i = first; i < first + length * (CYCLE_TIMES - 1); i++)
		if (strcmp(s->lines[i], s->lines[i + length]) != 0)
			return false;
	return true;
}

static bool
find_cycle(const struct stack *s, int *first, int *length)
{
	for (*first = 0; *first < s->count; (*first)++)
		for (*length = 1; *length <= CYCLE_MAX; (*length)++)
			if (repeats(s, *first, *length))
				return true;
	return false;
}

/*
 * Which function of the cycle ran out of stack is chance: a->b->c begins
 * where its rotation sorts first, so that it is one bug and not three.
 */
static int
smallest_rotation(const struct stack *s, int first, int length)
{
	int best = first, start, i, order;

	for (start = first + 1; start < first + length; start++) {
		for (i = 0, order = 0; i < length && order == 0; i++)
			order = strcmp(s->lines[start + i], s->lines[best + i]);
		if (order < 0)
			best = start;
	}
	return best;
}

static void
cycle_state(struct triage *t, const struct stack *s)
{
	int first, length, i;

	if (!find_cycle(s, &first, &length))
		return;
	first = smallest_rotation(s, first, length);
	for (i = 0; i < length; i++)
		state_add(t, s->lines[first + i]);
}

static bool
word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

/*
 * Numbers in an asserted text are often values: "n == 4711" and "n == 4712"
 * are one bug.  Short ones and parts of names stay.
 */
static void
mask_numbers(struct span in, char out[TRIAGE_LINE_MAX])
{
	char text[8 * TRIAGE_LINE_MAX];
	size_t n = 0;
	uint64_t value;

	while (in.n > 0 && n + 8 < sizeof(text)) {
		struct span rest = in;
		bool fresh = n == 0 || !word_char(text[n - 1]);

		if (fresh && span_eat_hex(&rest, &value) &&
		    in.n - rest.n >= 6) {
			memcpy(text + n, "ADDRESS", 7);
			n += 7;
		} else if (fresh && span_eat_number(&rest, &value) &&
		    in.n - rest.n >= 2 &&
		    (rest.n == 0 || !word_char(rest.p[0]))) {
			memcpy(text + n, "NUMBER", 6);
			n += 6;
		} else {
			rest = span_from(in, 1);
			text[n++] = in.p[0];
		}
		in = rest;
	}
	span_print((struct span){text, n}, out, TRIAGE_LINE_MAX);
}

static void
note_state(struct triage *t, const struct head *h)
{
	char line[TRIAGE_LINE_MAX];

	if (h->kind == HEAD_ASSERT)
		mask_numbers(h->note, line);
	else
		span_print(h->note, line, sizeof(line));
	state_add(t, line);
}

void
state_of(struct triage *t, const struct head *h, const struct stack *s,
    const char *target)
{
	char line[TRIAGE_LINE_MAX];
	int i;

	t->state_count = 0;
	if (h->kind == HEAD_ASSERT)
		note_state(t, h);
	if (strcmp(t->type, "Stack-overflow") == 0)
		cycle_state(t, s);
	if (!h->placeless && (t->state_count == 0 || h->kind == HEAD_ASSERT))
		for (i = 0; i < s->count; i++)
			state_add(t, s->lines[i]);
	if (t->state_count == 0 && h->kind == HEAD_UBSAN)
		note_state(t, h);
	if (t->state_count > 0)
		return;
	span_print((struct span){target, strlen(target)}, line, sizeof(line));
	state_add(t, line[0] != '\0' ? line : "unknown");
}
