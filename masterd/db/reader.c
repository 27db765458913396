/*
 * Opening the database to read.  No migration is made here: masterd has done
 * that before anybody asks for a read.
 */
#include <stdio.h>

#include "lib/base/fs.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/reader.h"

static int
configure(struct db *db, struct err *e)
{
	static const char settings[] = "PRAGMA mmap_size=0;"
				       "PRAGMA cache_size=-8192;"
				       "PRAGMA temp_store=MEMORY";
	const char *const *view;
	int status;

	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_wal_autocheckpoint(db->handle, 0);
	sqlite3_busy_timeout(db->handle, 5000);
	status = sqlite3_exec(db->handle, settings, NULL, NULL, NULL);
	if (status == SQLITE_OK && viewer_register(db, e) == -1)
		return -1;
	for (view = db_views; status == SQLITE_OK && *view != NULL; view++)
		status = sqlite3_exec(db->handle, *view, NULL, NULL, NULL);
	if (status == SQLITE_OK)
		status = sqlite3_exec(db->handle, "PRAGMA query_only=ON; BEGIN",
		    NULL, NULL, NULL);
	if (status != SQLITE_OK)
		return db_err(db, e, "open the database to read");
	return 0;
}

struct db *
db_open_reader(int root, struct err *e)
{
	struct db *db = mem_alloc(sizeof(*db));
	char path[64];

	snprintf(
	    path, sizeof(path), "/proc/self/fd/%d/data/pandafuzz.db", root);
	if (sqlite3_open_v2(path, &db->handle,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE,
		NULL) != SQLITE_OK) {
		db_err(db, e, "open the database to read");
		db_close(db);
		return NULL;
	}
	if (configure(db, e) == -1) {
		db_close(db);
		return NULL;
	}
	return db;
}
