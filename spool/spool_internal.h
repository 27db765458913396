#ifndef SPOOL_SPOOL_INTERNAL_H
#define SPOOL_SPOOL_INTERNAL_H

#include "spool/spool.h"
#include "spool/spool_entries.h"

/* Only spool_*.c look inside. */
struct spool {
	int at; /* where "root" is looked up: ours */
	char *root;
	int tmp, fresh; /* ROOT/tmp and ROOT/new */
	bool broken;    /* a sync failed: nothing is committed again */
	struct spool_names names;
	struct spool_entries entries;
};

/* Longest name that is staged, and the gate's: no hidden names, no folders. */
bool spool_name_ok(const struct spool *s, const char *name);

#endif
