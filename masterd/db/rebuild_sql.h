#ifndef MASTERD_DB_REBUILD_SQL_H
#define MASTERD_DB_REBUILD_SQL_H

#include "masterd/db/metadata.h"

/* For rebuild.c only. */
#define REBUILD_STATEMENTS 14

struct rebuild_sql {
	const char *there; /* NULL: the columns refuse what is none */
	const char *put[REBUILD_STATEMENTS];
};

extern const struct rebuild_sql rebuild_sql[METADATA_KINDS];

/* meta.json as a crash's copy: ?2 the bucket's number or 0, ?3 whether the
 * input is there, ?4 now. */
extern const char rebuild_from_meta[];

/* At the end: what decisions say of rows that may have come after them. */
extern const char rebuild_decisions[];

/* job.json as a job's copy: ?2 now. */
extern const char rebuild_from_view[];

#endif
