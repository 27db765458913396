/* The name of a bug: what two reports must share to be one. */
#include <stdio.h>
#include <string.h>

#include "lib/triage/triage.h"

/* A larger size is a length from the input, not a property of the bug. */
#define SIZE_KEPT 16

struct triage_type_text
triage_type_text(const struct triage *t)
{
	struct triage_type_text out;
	char size[16] = "";

	if (t->access_size > SIZE_KEPT)
		snprintf(size, sizeof(size), " {*}");
	else if (t->access_size > 0)
		snprintf(size, sizeof(size), " %u", t->access_size);
	snprintf(out.text, sizeof(out.text), "%s%s%s%s", t->type,
	    t->access[0] != '\0' ? " " : "", t->access,
	    t->access[0] != '\0' ? size : "");
	return out;
}

struct digest
triage_signature(const char *type_text, const char *const *state, int count)
{
	char text[2 + TRIAGE_TYPE_TEXT_MAX +
	    TRIAGE_STATE_LINES * (TRIAGE_LINE_MAX + 1)];
	struct digest d;
	int i, n;

	n = snprintf(
	    text, sizeof(text), "1\n%.*s", TRIAGE_TYPE_TEXT_MAX - 1, type_text);
	for (i = 0; i < count && i < TRIAGE_STATE_LINES; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "\n%.*s",
		    TRIAGE_LINE_MAX - 1, state[i]);
	digest_of(&d, text, (size_t)n);
	return d;
}
