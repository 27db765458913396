#ifndef MASTERD_DB_BUILDS_KEEP_H
#define MASTERD_DB_BUILDS_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/manifest.h"
#include "masterd/db/db.h"

/*
 * How builds leave.  removed: nobody is given it any more, its files stay for
 * a while; collected: its manifest goes, and so do the files that no build
 * uses.  The order of steps, and what a kill leaves, is masterd/DESIGN's.
 */
struct keep_build {
	int64_t id;
	const char *line; /* project/branch/engine/sanitizer */
	uint64_t added_ms;
	int64_t order;
	bool ordered;
	const char *state; /* new, good, bad */
	bool pinned, used, leased, needed, checked;
};

/* Each build that was not removed, with who holds it. */
typedef void keep_build_fn(void *arg, const struct keep_build *b);
int builds_to_keep(struct db *db, keep_build_fn *fn, void *arg, struct err *e);

/* "by" removes it, with an event; what was to be checked of it is not.
 * CONFLICT when it was removed before. */
int builds_remove(struct db *db, int64_t build, const char *by,
    const char *reason, uint64_t now_ms, struct err *e);

typedef void keep_digest_fn(void *arg, const struct digest *d);

/* Those removed before "before_ms" are collected: "fn" gets the id of each,
 * whose manifest is to be unlinked after the COMMIT. */
int builds_collect(struct db *db, uint64_t before_ms, keep_digest_fn *fn,
    void *arg, struct err *e);

/* Take up to "limit" files that no build uses out of the database: "fn" gets
 * each, to be unlinked after the COMMIT.  Returns their number, or -1. */
int builds_drop_files(
    struct db *db, int limit, keep_digest_fn *fn, void *arg, struct err *e);

/* One build of which is not known what files it uses (it is older than that
 * table): 1, 0 when there is none after the row *id, -1. */
int builds_next_unread(
    struct db *db, int64_t *id, struct digest *build, struct err *e);
int builds_set_use(
    struct db *db, int64_t id, const struct manifest *m, struct err *e);

/* Has its manifest a use?  1 yes, 0 it was collected, 2 no such build, -1. */
int builds_has_manifest(
    struct db *db, const struct digest *build, struct err *e);

#endif
