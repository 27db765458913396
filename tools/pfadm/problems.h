#ifndef TOOLS_PFADM_PROBLEMS_H
#define TOOLS_PFADM_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/json.h"

/*
 * What is wrong, for people: what is wrong with many bots in the same way is
 * one sentence, "bot b[1-3], c7 is lost", and its fix is for all of them.  The
 * order is the master's, by the first of each.
 */
struct problem {
	const char *severity; /* the document's */
	struct buf text, fix;
	/* While they are gathered: */
	struct buf alike; /* what others of it have in common with it */
	const char **names;
	size_t name_count;
	const char *first_fix;
	bool same_text;
};

struct problems {
	struct problem *list;
	size_t count;
	struct buf *words; /* names, a buffer each */
	size_t word_count;
};

/* From "problems" of the status, or the sentences of an older master.  Release
 * it before the document. */
void problems_gather(struct problems *all, const struct json_value *list);
void problems_release(struct problems *all);

#endif
