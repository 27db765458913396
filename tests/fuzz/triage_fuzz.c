/*
 * lib/triage over any bytes: it must answer, answer the same twice, give
 * nothing but printable text, and lose nothing on the way through the
 * normalised report.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/triage/triage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct facts facts, parsed;

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
must_print(const char *text, size_t size)
{
	size_t i;

	must(text[0] != '\0' && memchr(text, '\0', size) != NULL);
	for (i = 0; text[i] != '\0'; i++)
		must(text[i] >= ' ' && text[i] <= '~');
}

static void
must_be_clean(const struct buf *text)
{
	size_t i;

	must(text->len <= FACTS_TEXT_MAX);
	for (i = 0; i < text->len; i++)
		must(text->data[i] == '\n' ||
		    (text->data[i] >= ' ' && text->data[i] <= '~'));
}

/* What "f" writes, parsed and written again. */
static void
must_survive(const struct facts *f, struct buf *text)
{
	struct buf again = BUF_INIT;

	facts_write(text, f);
	must_be_clean(text);
	must(facts_parse(&parsed, text->data, text->len, NULL) == 0);
	facts_write(&again, &parsed);
	must(again.len == text->len &&
	    memcmp(again.data, text->data, text->len) == 0);
	buf_release(&again);
}

static void
must_be_sound(const struct triage *t)
{
	int i;

	must_print(t->type, sizeof(t->type));
	must_print(triage_type_text(t).text, TRIAGE_TYPE_TEXT_MAX);
	must(t->state_count >= 1 && t->state_count <= TRIAGE_STATE_LINES);
	for (i = 0; i < t->state_count; i++)
		must_print(t->state[i], sizeof(t->state[i]));
	must(t->stack_count >= 0 && t->stack_count <= TRIAGE_DEPTH);
	for (i = 0; i < t->stack_count; i++)
		must_print(t->stack[i], sizeof(t->stack[i]));
}

/* One report, one bug, whichever way its facts came here. */
static void
must_be_equal(const struct triage *a, const struct triage *b)
{
	int i;

	must(digest_equal(&a->signature, &b->signature));
	must(a->security == b->security && a->severity == b->severity);
	must(strcmp(a->type, b->type) == 0 && strcmp(a->tool, b->tool) == 0);
	must(a->state_count == b->state_count);
	for (i = 0; i < a->state_count; i++)
		must(strcmp(a->state[i], b->state[i]) == 0);
	must(a->stack_count == b->stack_count);
	for (i = 0; i < a->stack_count; i++)
		must(strcmp(a->stack[i], b->stack[i]) == 0);
}

static void
report(const uint8_t *data, size_t size)
{
	const struct rules_named *rules = rules_of(rules_base(), NULL);
	struct buf text = BUF_INIT;
	struct triage t, again;
	int unknown;

	memset(&t, 1, sizeof(t));
	memset(&again, 2, sizeof(again));
	unknown = facts_read(&facts, data, size);
	must(unknown == (facts.kind == FACTS_NONE));
	triage_settle(&t, &facts, rules, "target");
	must_be_sound(&t);
	must_survive(&facts, &text);
	triage_settle(&again, &parsed, rules, "target");
	must_be_equal(&t, &again);
	must(unknown == triage_report(&again, data, size, "target"));
	must_be_equal(&t, &again);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;

	report(data, size);
	/* Something that only pretends to be normalised. */
	if (facts_parse(&facts, data, size, NULL) == 0) {
		facts_write(&text, &facts);
		must(text.len == size && memcmp(text.data, data, size) == 0);
	}
	buf_release(&text);
	return 0;
}
