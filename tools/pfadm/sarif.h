#ifndef TOOLS_PFADM_SARIF_H
#define TOOLS_PFADM_SARIF_H

#include "lib/base/buf.h"
#include "lib/base/json.h"

/*
 * Crashes as a document of SARIF 2.1.0 with one run:
 *
 *	rule			type of the crash
 *	result			one crash, or one bucket with its best crash
 *	partialFingerprints	signature of the bucket
 *	location		the first frame that made the state
 *	stacks			as reported; codeFlows the crashing one, from
 *				main() on
 *	level			error: security, or severity high and critical;
 *				note: timeouts, memory, severity low
 *	suppressions		muted, and closed as wontfix and the like
 *
 * All text in it is harmless (plain.h) and no longer than SARIF_TEXT_MOST.
 */
#define SARIF_TEXT_MOST 2000

struct sarif {
	struct buf results; /* with commas between */
	struct buf rules;
	char **types; /* names of the rules, by index */
	size_t count, room;
};

void sarif_init(struct sarif *s);
/* "bucket" or "crash" may be NULL, not both. */
void sarif_add(struct sarif *s, const struct json_value *bucket,
    const struct json_value *crash);
/* The document, appended. */
void sarif_finish(const struct sarif *s, const char *version, struct buf *out);
void sarif_release(struct sarif *s);

#endif
