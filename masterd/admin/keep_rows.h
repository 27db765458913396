#ifndef MASTERD_ADMIN_KEEP_ROWS_H
#define MASTERD_ADMIN_KEEP_ROWS_H

#include "lib/base/err.h"
#include "masterd/db/db.h"
#include "masterd/plan/retention.h"

/* The builds of the database as the planner of retention wants them. */
struct keep_rows {
	struct retain_build *list;
	size_t count;
};

int keep_rows_read(struct keep_rows *rows, struct db *db, struct err *e);
void keep_rows_release(struct keep_rows *rows);

#endif
