#ifndef TOOLS_PFADM_RANGES_H
#define TOOLS_PFADM_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * Many names in one word, as Slurm writes them: "b[1-3]" is b1 b2 b3,
 * "b[08-10,20]-x" is b08-x b09-x b10-x b20-x.  Numbers keep the digits of the
 * first.  A word without brackets is itself.
 */
#define RANGE_MOST 10000

struct ranges {
	char **list;
	int count, room;
};

/* Add what a word means.  REFUSED when it is no range. */
int ranges_add(struct ranges *r, const char *word, struct err *e);
void ranges_release(struct ranges *r);

/*
 * The other way, in fold.c: "b[1-3,7], c1" of b3 b1 b2 b7 c1 in any order.  For
 * a "shell" with blanks between, and quoted where it would see brackets.
 */
void ranges_fold(
    const char *const *names, size_t count, bool shell, struct buf *out);

#endif
