#ifndef MASTERD_ADMIN_BUILD_TARGETS_H
#define MASTERD_ADMIN_BUILD_TARGETS_H

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
	struct buf skipped; /* JSON objects with commas between */
};

/*
 * REFUSED when there is no target, with what was looked at and why it is
 * none.  A build has one engine: that of most targets; others are skipped.
 */
int build_targets_find(struct build_targets *t, const struct manifest *m,
    const uint32_t *traits, struct err *e);
void build_targets_release(struct build_targets *t);

/* Add the member "skipped": programs that are no targets, with reasons. */
void build_targets_skipped(const struct build_targets *t, struct buf *out);

#endif
