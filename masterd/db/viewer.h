#ifndef MASTERD_DB_VIEWER_H
#define MASTERD_DB_VIEWER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "masterd/db/db.h"
#include "masterd/db/views.h"

/*
 * Who looks.  While a viewer is set, every view, every name that people type
 * and every hint leaves out what belongs to a project that "sees" denies: it
 * is as if it were not there.  Without one (NULL) all is there, which is how
 * the master itself looks.
 *
 * In SQL these are sees(project's name) and sees_all(): 1 when there is no
 * viewer, so that what costs to find out need not be found out.
 */
typedef bool viewer_fn(void *arg, const char *project);
void viewer_set(struct db *db, viewer_fn *sees, void *arg);

/* The project of a row of builds, targets, jobs, buckets or crashes. */
int viewer_project(struct db *db, enum view v, int64_t id,
    char project[NAME_MAX_LEN + 1], struct err *e);

/* The projects of an account of kind ci that is active, words; "" for any
 * other and for none. */
int viewer_account_projects(
    struct db *db, const char *account, struct buf *projects, struct err *e);

#endif
