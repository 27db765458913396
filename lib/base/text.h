#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * Text that crosses a border: the one cleaner (DESIGN 8), and numbers as
 * people and formats write them.
 */

/*
 * Append "len" bytes of "in" to "out" as valid UTF-8: control characters but
 * newline and tab, and bytes that are not UTF-8, become \xNN.  At most "cap"
 * bytes are appended; a longer text is cut at a character and ends in "...".
 * All text from bots passes here before it enters the database.
 */
void text_clean(struct buf *out, const void *in, size_t len, size_t cap);

/* As text_clean(), and newline and tab become \x0a and \x09: one line. */
void text_clean_line(struct buf *out, const void *in, size_t len, size_t cap);

bool text_is_utf8(const void *in, size_t len);

/* Bytes of the UTF-8 character at the start of "in": 1 to 4, and 0 when there
 * is none, or not a whole one, in "len" bytes. */
size_t text_char(const void *in, size_t len);

/* Copy with a NUL, cutting what does not fit.  Returns false when cut. */
bool text_copy(char *dst, size_t size, const char *src);

/* A whole decimal number and nothing else; -1 on anything odd, such as a sign,
 * a blank or a leading zero: each number has one spelling. */
int text_to_u64(uint64_t *value, const char *text);

/* Exactly 16 lower-case hex digits: ids and epochs. */
int text_to_hex64(uint64_t *value, const char *text);

/* "30s", "5m", "1h", "7d", "250ms", "90" (seconds) -> milliseconds. */
int text_to_duration(uint64_t *ms, const char *text, struct err *e);

/* "64MiB", "2GiB", "10KiB", "4096" -> bytes. */
int text_to_size(uint64_t *bytes, const char *text, struct err *e);

/* "1.5 GiB" for people, into "out", which is returned. */
struct text_short {
	char text[24];
};
struct text_short text_size(uint64_t bytes);
struct text_short text_ago(uint64_t ms);      /* "3m", "2h", "now" */
struct text_short text_hex64(uint64_t value); /* 16 digits */

#endif
