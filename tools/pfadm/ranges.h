#ifndef TOOLS_PFADM_RANGES_H
#define TOOLS_PFADM_RANGES_H

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

#endif
