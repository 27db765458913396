#ifndef LIB_TRIAGE_SPAN_H
#define LIB_TRIAGE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of the report: borrowed bytes of any value, not NUL-terminated. */
struct span {
	const char *p;
	size_t n;
};

/* Take the next line, without its line end.  False when there is none. */
bool span_line(struct span *rest, struct span *line);

bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);
bool span_ends(struct span s, const char *suffix);
bool span_has(struct span s, const char *needle);

/* Where "needle" first stands; false when it does not. */
bool span_find(struct span s, const char *needle, size_t *at);

struct span span_from(struct span s, size_t at);  /* the bytes from "at" */
struct span span_until(struct span s, size_t at); /* the bytes before it */
struct span span_trim(struct span s);             /* no blanks around it */
struct span span_base(struct span s); /* what follows the last slash */

/* These take what they name from the front, or leave "s" as it was. */
bool span_eat(struct span *s, const char *prefix);
void span_eat_blanks(struct span *s);
bool span_eat_number(struct span *s, uint64_t *value); /* saturates */
bool span_eat_hex(struct span *s, uint64_t *value);    /* 0x..., saturates */

/*
 * Copy into "out" of "size" bytes with a NUL, leaving out what is not
 * printable ASCII and cutting what does not fit.
 */
void span_print(struct span s, char *out, size_t size);

#endif
