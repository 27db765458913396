#ifndef MASTERD_DB_BUILDS_H
#define MASTERD_DB_BUILDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "lib/wire/manifest.h"
#include "masterd/db/db.h"

/*
 * Builds, their files and targets.  A build_file row says that the bytes are
 * in the store and synced; a build's row that its manifest and all its files
 * are.  So builds_add() is called after the sync.
 */

/* A file of builds: 1 known, 0 not, -1.  "traits" is the number that was
 * given to builds_add() (masterd/admin/traits.h); both may be NULL. */
int builds_file(struct db *db, const struct digest *sha256, uint64_t *bytes,
    uint32_t *traits, struct err *e);

struct build_target {
	char name[TARGET_MAX_LEN + 1];
	char program[TICKET_PATH_MAX + 1]; /* its path in the build */
};

struct build_new {
	struct digest id;
	const struct manifest *manifest;
	const uint32_t *traits; /* of each file of the manifest */
	struct name project;
	const char *branch, *revision, *engine, *sanitizer, *arch;
	bool ordered;
	int64_t order;  /* of its branch, when "ordered" */
	const char *by; /* "user:root" */
	const struct build_target *targets;
	int target_count;
};

/*
 * The row of a build: 1 and its id when it is known, 2 when it is, but was
 * removed, 0, -1.  CONFLICT (-1) when it is another project's.
 */
int builds_known(struct db *db, const struct digest *id, const char *project,
    int64_t *row, struct err *e);

/* Record project, targets, files and build, with an event; *row is its id.
 * One that was removed comes back as new, under its old id. */
int builds_add(
    struct db *db, const struct build_new *b, int64_t *row, struct err *e);

/*
 * What a person means by [project/]target[@revision][:sanitizer]: the newest
 * build that fits and is not bad.  A whole-name match wins over @revision,
 * which is parsed at the last '@'.  0, -1, or 1 when several projects have
 * such a target ("e" lists them).
 */
struct target_ref {
	int64_t target, build;                        /* rows */
	bool pinned;                                  /* @revision was given */
	char name[NAME_MAX_LEN + TARGET_MAX_LEN + 2]; /* project/target */
};
int builds_resolve(
    struct db *db, const char *text, struct target_ref *ref, struct err *e);

/* As above without a build: only [project/]target; ref->build is 0. */
int builds_resolve_target(
    struct db *db, const char *text, struct target_ref *ref, struct err *e);

#endif
