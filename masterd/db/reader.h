#ifndef MASTERD_DB_READER_H
#define MASTERD_DB_READER_H

#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * The database for a read child (DESIGN 3): read-only, one snapshot from the
 * first read to db_close(), never checkpoints.
 *
 * Only for a process that was exec'd after masterd opened the database: SQLite
 * keeps locks and shared memory per process, and a forked copy of them would
 * answer for the parent.
 */
struct db *db_open_reader(int root, struct err *e);

#endif
