#ifndef MASTERD_DB_NEAREST_H
#define MASTERD_DB_NEAREST_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * For a target or project that is not there: "did you mean zlib/inflate or
 * zlib/inflate_fast?" appended, at most three names, or nothing when none is
 * near.  "typed" is [project/]target[@revision][:sanitizer].
 */
int nearest_targets(
    struct db *db, const char *typed, struct buf *hint, struct err *e);
int nearest_projects(
    struct db *db, const char *typed, struct buf *hint, struct err *e);

#endif
