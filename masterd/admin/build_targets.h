#ifndef MASTERD_ADMIN_BUILD_TARGETS_H
#define MASTERD_ADMIN_BUILD_TARGETS_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/admin/traits.h"

/*
 * Which files of a manifest are fuzz targets, and what engine and sanitizer
 * the build has.  Pure: it sees the manifest and what was noted of each file.
 */
struct build_targets {
	struct build_target *list;
	int count;
	const char *engine, *sanitizer;
	const char *arch;   /* of its targets; "": any, or several */
	struct buf skipped; /* JSON objects with commas between */
};

/* What a person said that it is; "": to be detected. */
struct build_wish {
	const char *engine, *sanitizer;
};

/*
 * REFUSED when a wish is no word that we know, and when there is no target,
 * with what was looked at and why it is none.  A build has one engine: the
 * wished one, or that of most targets; targets of others are skipped.  When
 * no target shows the wished engine, its owner knows better: all that look
 * like targets are.
 */
int build_targets_find(struct build_targets *t, const struct manifest *m,
    const uint32_t *traits, const struct build_wish *wish, struct err *e);
void build_targets_release(struct build_targets *t);

/*
 * Add the member "skipped": every file that is neither a target nor a side
 * file of one, with its reason.
 */
void build_targets_skipped(const struct build_targets *t, struct buf *out);

#endif
