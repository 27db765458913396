/*
 * From a header to the id that follows a request everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "masterd/admin/trace.h"

#define SPAN_HEX    16
#define PARENT_SIZE 55 /* 00-...-...-00 */

static bool
hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

static bool
zero(const char *text, size_t len)
{
	return strspn(text, "0") >= len;
}

/* A later version may have more after a dash; ff is none at all. */
static bool
fits(const char *p)
{
	size_t len = strlen(p);

	if (len < PARENT_SIZE || len > 512 || !hex(p, 2) || p[2] != '-' ||
	    strncmp(p, "ff", 2) == 0)
		return false;
	if (!hex(p + 3, TRACE_HEX) || p[35] != '-' || zero(p + 3, TRACE_HEX) ||
	    !hex(p + 36, SPAN_HEX) || p[52] != '-' || zero(p + 36, SPAN_HEX) ||
	    !hex(p + 53, 2))
		return false;
	return strncmp(p, "00", 2) == 0 ? len == PARENT_SIZE
					: len == PARENT_SIZE || p[55] == '-';
}

static void
draw(struct trace *t)
{
	snprintf(t->id, sizeof(t->id), "%016jx%016jx", (uintmax_t)random_u64(),
	    (uintmax_t)random_u64());
	text_copy(t->flags, sizeof(t->flags), "00");
}

bool
trace_take(struct trace *t, const char *text)
{
	if (text == NULL || !fits(text)) {
		draw(t);
		return false;
	}
	memcpy(t->id, text + 3, TRACE_HEX);
	t->id[TRACE_HEX] = '\0';
	/* "sampled" is the only flag of ours to pass on. */
	snprintf(t->flags, sizeof(t->flags), "%s",
	    strchr("13579bdf", text[54]) != NULL ? "01" : "00");
	return true;
}

struct trace_parent
trace_parent(const struct trace *t)
{
	struct trace_parent p;

	snprintf(p.text, sizeof(p.text), "00-%s-%016jx-%s", t->id,
	    (uintmax_t)random_u64(), t->flags);
	return p;
}
