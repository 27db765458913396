#ifndef MASTERD_DB_METADATA_H
#define MASTERD_DB_METADATA_H

#include <stdint.h>

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * metadata/: copies of rows, a JSON file each, from which a database can be
 * made anew (rebuild.h).  Triggers mark a row when a column changed that a
 * rebuild needs (table dirty); somebody seldom takes the marks, writes and
 * syncs the files, and then says so:
 *
 *	metadata_each() .. files, sync .. metadata_written(), COMMIT
 *
 * A kill in between leaves the marks: files are written again, none is missed.
 * A row that changed meanwhile has a new mark, which stays.
 */
enum metadata_kind { /* in the order in which a rebuild takes them */
	METADATA_PROJECT,
	METADATA_TARGET,
	METADATA_BUILD,
	METADATA_JOB,
	METADATA_BOT,
	METADATA_BUCKET,
	METADATA_CRASH,
	METADATA_KINDS
};

/* "projects", "targets", ...: its folder in metadata/. */
const char *metadata_folder(enum metadata_kind kind);

/* "path" is below metadata/, of checked names only; both until return.  NULL
 * when the row is no more: there is nothing to write. */
typedef int metadata_row_fn(
    void *arg, int64_t mark, const char *path, const char *json, struct err *e);

/*
 * Call "fn" for marked rows, oldest mark first, those after mark "after" only
 * and at most "most".  Returns how many, or -1 (as soon as "fn" gives it).
 */
int metadata_each(struct db *db, int64_t after, int most, metadata_row_fn *fn,
    void *arg, struct err *e);

/* Their copies are on the disk: forget these marks. */
int metadata_written(
    struct db *db, const int64_t *marks, int count, struct err *e);

#endif
