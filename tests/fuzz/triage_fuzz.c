/*
 * lib/triage over any bytes: it must answer, answer the same twice, and give
 * nothing but printable text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/triage/triage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct triage t, again;
	int i, known;

	memset(&t, 1, sizeof(t));
	memset(&again, 2, sizeof(again));
	known = triage_report(&t, data, size, "target");
	must(known == triage_report(&again, data, size, "target"));
	/* Byte for byte: one report, one struct.
	 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	must(memcmp(&t, &again, sizeof(t)) == 0);
	must((known == 1) == (strcmp(t.type, "Unknown") == 0));
	must_print(t.type, sizeof(t.type));
	must_print(triage_type_text(&t).text, TRIAGE_TYPE_TEXT_MAX);
	must(t.state_count >= 1 && t.state_count <= TRIAGE_STATE_LINES);
	for (i = 0; i < t.state_count; i++)
		must_print(t.state[i], sizeof(t.state[i]));
	must(known == 1 || t.tool[0] != '\0' || strcmp(t.type, "ASSERT") == 0);
	return 0;
}
