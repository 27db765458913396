#ifndef MASTERD_JOBS_H
#define MASTERD_JOBS_H

#include <stdbool.h>

#include "masterd/db/db.h"
#include "masterd/templates.h"

/*
 * The templates of jobs as masterd uses them: read at start, read again at
 * SIGHUP, and asked when a build brings a new target.
 */
struct jobs {
	struct db *db;
	struct templates *templates;
	char problem[200]; /* why the files as they are do not count; "" */
	int changed;       /* jobs with other values by the last reading */
};

#define JOBS_TEMPLATES "/etc/pandafuzz/templates.d" /* may be missing */

/* -1 to go on, or the exit code 2 after all complaints on standard error. */
int jobs_load_templates(struct jobs *j, const char *path);

/* With an open database, outside of a transaction: values of live jobs are
 * resolved anew, and new targets start by their project's template. */
int jobs_begin(struct jobs *j, struct db *db, struct err *e);

/*
 * Read the templates again and resolve the jobs that are not over; tickets in
 * hand stay as they are.  False when a file is wrong: then the old ones stay
 * in force, each complaint is logged ("templates.refused"), and "problem" has
 * the first.  *failed is set when the database failed instead, with "e".
 */
bool jobs_reload_templates(
    struct jobs *j, const char *path, bool *failed, struct err *e);

/* Every 10 s: boosts whose time is over end.  -1: the database failed. */
int jobs_often(struct jobs *j, struct err *e);

void jobs_release(struct jobs *j);

#endif
