#ifndef TOOLS_PFADM_PLAIN_H
#define TOOLS_PFADM_PLAIN_H

#include <stdio.h>

#include "lib/base/buf.h"

/*
 * Text of strangers, made harmless for terminals and whoever reads them: what
 * a fuzzed program printed ends up in names of frames.  The master cleans what
 * enters its database of control characters; letters that turn lines round or
 * that nobody sees are valid text to it, and a report comes as it was printed.
 *
 * Harmless is: valid UTF-8 without control characters (C0, DEL, C1), without
 * marks of direction, invisible letters, separators of lines and tags.  What
 * is not becomes \xNN or \uNNNN.
 */
#define PLAIN_LINE_MAX 1000 /* characters of a line of a report */

/* Newlines and tabs stay. */
void plain_add(struct buf *out, const char *text, size_t len);
/* One line: they do not; what is over "most" bytes becomes "...".  0: all. */
void plain_add_line(struct buf *out, const char *text, size_t len, size_t most);

/* To a stream at once: newlines and tabs stay; one line of it. */
void plain_put(FILE *out, const char *text);
void plain_put_line(FILE *out, const char *text);

/* A document in JSON: the same document, with escapes of JSON. */
void plain_put_json(FILE *out, const char *json, size_t len);

#endif
