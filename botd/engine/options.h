#ifndef BOTD_ENGINE_OPTIONS_H
#define BOTD_ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

/*
 * A target's `.options` file: INI as OSS-Fuzz writes it.  Sections in square
 * brackets, "key = value" or "key: value", comments with '#' or ';'.  Section
 * and key are lower-cased.  Total over any bytes.
 */
#define OPTIONS_MAX_BYTES 65536
#define OPTIONS_MAX       256

struct option {
	const char *section;
	const char *key;
	const char *value; /* trimmed, may be "" */
};

struct options {
	char *text; /* what the strings point into */
	struct option list[OPTIONS_MAX];
	int count;
};

/*
 * REFUSED with a line number when it is not such a file; it is then ignored
 * as a whole, and "o" is empty.  options_release() is due in any case.
 */
int options_parse(
    struct options *o, const void *bytes, size_t len, struct err *e);
void options_release(struct options *o);

/* Letters, digits and '_': nothing that ends an option or begins another. */
bool option_key_ok(const char *key, size_t len);

/* The last value of a key, or NULL. */
const char *options_get(
    const struct options *o, const char *section, const char *key);

#endif
