#ifndef TESTS_UNIT_MASTERD_WORLD_H
#define TESTS_UNIT_MASTERD_WORLD_H

#include "masterd/db/db.h"

/*
 * A real database in a folder of its own, with a row or more of every kind:
 * project "zlib" with targets "inflate" (a build, a job that runs on bot
 * "b1", two units, one crash in bucket zlib-1) and "inflate@v2", project
 * "png" with target "inflate", bots b1 and b2 of account "local".
 */
struct world {
	char path[128]; /* the folder */
	int root;       /* open on it */
	struct db *db;
};

#define WORLD_BUILD "11111111" /* its id begins so */
#define WORLD_JOB   "aaaaaaaaaaaaaaaa"
#define WORLD_CRASH "33333333"

struct world *world_new(void);
struct world *world_new_at(const char *path); /* a folder that is there */
void world_free(struct world *w);             /* removes the folder */

/* Any statements; ends the test program with a message when they fail. */
void world_sql(struct world *w, const char *sql);
/* The same, and whether they could be done. */
bool world_try(struct world *w, const char *sql);
/* First column of the first row, as a number; -1 when there is no row. */
long world_number(struct world *w, const char *sql);

/* All text columns that bots fill hold quotes, controls, bytes that are not
 * UTF-8, and a MiB of text. */
void world_make_hostile(struct world *w);

#endif
