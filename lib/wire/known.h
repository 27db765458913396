#ifndef LIB_WIRE_KNOWN_H
#define LIB_WIRE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"

/*
 * jobs/<job>.known: what a bot need not send of a job's target.  Text:
 *
 *	known 1 <project>
 *	<signature> 0|1           a line each: its security flag
 *	rules                     what follows is the rules' file (rules.h)
 *	...
 *
 * Signatures are those of these rules and no others; a bot that cannot use
 * the rules ignores the file and sends everything.
 */
#define KNOWN_MAX       8192
#define KNOWN_MAX_BYTES (1024 * 1024)

struct known_signature {
	struct digest signature;
	bool security;
};

struct known {
	char project[40];
	int count;
	struct known_signature *list;
	char *rules; /* text, may be "" */
	size_t rules_len;
};

void known_release(struct known *k);
void known_format(struct buf *out, const struct known *k);
/* Taken whole or not at all. */
int known_parse(struct known *k, const void *bytes, size_t len, struct err *e);
bool known_has(
    const struct known *k, const struct digest *signature, bool security);

#endif
