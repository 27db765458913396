#ifndef TESTS_UNIT_LIB_TRIAGE_FACTS_HELP_H
#define TESTS_UNIT_LIB_TRIAGE_FACTS_HELP_H

/* For the tests of reading: fixtures, and the way through the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/triage/facts.h"

#define REPORTS "tests/unit/lib/triage/reports/"

static struct facts facts, parsed;

static inline void
slurp(struct buf *b, const char *name)
{
	char path[512], piece[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), REPORTS "%s", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("no fixture '%s'", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
}

static inline void
assert_span(struct span s, const char *text)
{
	if (!span_is(s, text))
		fail_msg("'%.*s' is not '%s'", (int)s.n, s.p, text);
}

static inline bool
equal_span(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline void
assert_equal_frames(const struct frame *a, const struct frame *b, int n)
{
	for (; n > 0; n--, a++, b++) {
		assert_true(equal_span(a->function, b->function));
		assert_true(equal_span(a->file, b->file));
		assert_true(equal_span(a->module, b->module));
		assert_true(equal_span(a->build_id, b->build_id));
		assert_int_equal(a->number, b->number);
		assert_int_equal(a->line, b->line);
		assert_int_equal(a->column, b->column);
		assert_int_equal(a->offset, b->offset);
		assert_int_equal(a->inlined, b->inlined);
	}
}

/* All that judging may look at. */
static inline void
assert_equal_facts(const struct facts *a, const struct facts *b)
{
	int which, n, m;

	assert_int_equal(a->kind, b->kind);
	assert_true(equal_span(a->tool, b->tool));
	assert_true(equal_span(a->what, b->what));
	assert_true(equal_span(a->note, b->note));
	assert_true(equal_span(a->place, b->place));
	assert_true(equal_span(a->protected, b->protected));
	assert_string_equal(a->access, b->access);
	assert_int_equal(a->access_size, b->access_size);
	assert_int_equal(a->address_class, b->address_class);
	assert_int_equal(a->has_pc, b->has_pc);
	assert_int_equal(a->pc_null, b->pc_null);
	assert_int_equal(a->pc_is_address, b->pc_is_address);
	assert_int_equal(a->sent, b->sent);
	assert_int_equal(a->signal, b->signal);
	assert_int_equal(a->scariness, b->scariness);
	for (which = 0; which < STACK_COUNT; which++) {
		const struct frame *x, *y;

		x = facts_frames(a, (enum facts_stack)which, &n);
		y = facts_frames(b, (enum facts_stack)which, &m);
		assert_int_equal(n, m);
		assert_equal_frames(x, y, n);
	}
}

static inline void
assert_clean(const struct buf *text)
{
	size_t i;

	assert_true(text->len <= FACTS_TEXT_MAX);
	for (i = 0; i < text->len; i++)
		if (text->data[i] != '\n')
			assert_in_range(text->data[i], ' ', '~');
}

/* Read, and survive the way through the normalised text. */
static inline int
read_bytes(const void *report, size_t len)
{
	static struct buf text; /* "parsed" borrows it */
	struct err e = {0};
	int known;

	known = facts_read(&facts, report, len);
	assert_int_equal(known == 1, facts.kind == FACTS_NONE);
	buf_reset(&text);
	facts_write(&text, &facts);
	assert_clean(&text);
	if (facts_parse(&parsed, text.data, text.len, &e) == -1)
		fail_msg("%s: %s", e.text, text.data);
	assert_equal_facts(&facts, &parsed);
	return known;
}

static inline int
read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static inline const char *
top_functions(const struct facts *f)
{
	static char out[3 * FRAME_NAME_MAX + 8];
	int i;

	out[0] = '\0';
	for (i = 0; i < f->depth[STACK_CRASH] && i < 3; i++) {
		strcat(out, i > 0 ? "|" : "");
		strcat(out, frame_function(&f->stack[i]).text);
		strcat(out, f->stack[i].inlined ? "+" : "");
	}
	return out;
}

#endif
