#ifndef MASTERD_DB_RULES_TRY_H
#define MASTERD_DB_RULES_TRY_H

#include "lib/base/buf.h"
#include "lib/triage/rules.h"
#include "masterd/db/db.h"

/*
 * What a regroup by other rules would do to all crashes there are: members of
 * an open JSON object, those of regroup_tell(), and
 *
 *	frames: [{rule, frames_ignored}]  lines of the file, as they stand there
 *	examples: [{bucket, crash, before: [state], after: [state]}]
 *
 * Changes nothing.  Reads every stack: for a read child.
 */
int rules_try(
    struct db *db, const struct rules *rules, struct buf *out, struct err *e);

#endif
