/*
 * From one schema to the next, and back; and how one database takes another's
 * place.
 *
 * data/ holds pandafuzz.db, and beside it
 *   .before-<N>            as it was before its step to schema N: the copy
 *                          that --downgrade-to N-1 puts back
 *   .new                   being made; nothing until it is renamed
 *   .schema-<N>-<date>     put aside by a downgrade
 *   .before-rebuild-<date> put aside by a rebuild
 *
 * pandafuzz.db itself is there at every instant: it is linked to its new name
 * first, and then replaced by rename.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/db_internal.h"

#define TMP ".tmp"

/* ---- files ----------------------------------------------------------- */

/* "/proc/self/fd/<dir>/<name>", for SQLite. */
struct path {
	char text[160];
};

static struct path
path_of(int dir, const char *name)
{
	struct path p;

	snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d/%s", dir, name);
	return p;
}

static int
unlink_all(int dir, const char *name, struct err *e)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char full[128];
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(full, sizeof(full), "%s%s", name, suffixes[i]);
		if (unlinkat(dir, full, 0) == -1 && errno != ENOENT)
			return err_sys(e, "cannot remove '%s'", full);
	}
	return 0;
}

static int
sync_file(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd == -1 || fsync(fd) == -1)
		result = err_sys(e, "cannot sync '%s'", name);
	if (fd != -1)
		close(fd);
	return result;
}

static int
rename_synced(int dir, const char *from, const char *to, struct err *e)
{
	if (sync_file(dir, from, e) == -1)
		return -1;
	if (renameat(dir, from, dir, to) == -1)
		return err_sys(e, "cannot rename '%s' to '%s'", from, to);
	return fs_sync_dir(dir, e);
}

/* ---- the copy before a step ------------------------------------------ */

static int
backup(struct db *db, const char *to_path)
{
	sqlite3_backup *b;
	sqlite3 *to = NULL;
	int status = SQLITE_ERROR;

	if (sqlite3_open_v2(to_path, &to,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		NULL) == SQLITE_OK &&
	    (b = sqlite3_backup_init(to, "main", db->handle, "main")) != NULL) {
		sqlite3_backup_step(b, -1);
		status = sqlite3_backup_finish(b);
	}
	sqlite3_close(to);
	return status == SQLITE_OK ? 0 : -1;
}

/* Whole under its name or not there: the name is what a downgrade trusts. */
static int
keep_copy(struct db *db, int dir, int64_t version, struct err *e)
{
	char name[64], tmp[80];

	snprintf(
	    name, sizeof(name), DB_FILE ".before-%jd", (intmax_t)(version + 1));
	snprintf(tmp, sizeof(tmp), "%s" TMP, name);
	if (unlink_all(dir, tmp, e) == -1)
		return -1;
	if (backup(db, path_of(dir, tmp).text) == -1) {
		(void)unlink_all(dir, tmp, NULL);
		return err_set(e, ERR_AGAIN,
		    "cannot keep a copy of the database as '%s' before its "
		    "migration: %s",
		    name, sqlite3_errmsg(db->handle));
	}
	return rename_synced(dir, tmp, name, e);
}

/* ---- forward --------------------------------------------------------- */

/* Steps from version i to i + 1. */
static const char *const *const migrations[DB_SCHEMA] = {
    db_schema_1, db_schema_2, db_schema_3, db_schema_4};

/* A step makes tables anew, so it keeps its references by itself. */
static int
check_references(struct db *db, struct err *e)
{
	sqlite3_stmt *row;
	int got = db_query(db, e, &row, "PRAGMA foreign_key_check", "");

	if (got == 1) {
		err_set(e, ERR_BUG,
		    "after its migration '%s' of the database refers to rows "
		    "that are not there",
		    db_text(row, 0));
		db_end(row);
	}
	return got == 0 ? 0 : -1;
}

static int
step_to(struct db *db, int64_t version, struct err *e)
{
	char sql[64];

	if (db_exec(db, "PRAGMA foreign_keys=OFF", e) == -1 ||
	    db_exec(db, "BEGIN IMMEDIATE", e) == -1 ||
	    db_exec_all(db, migrations[version - 1], e) == -1 ||
	    check_references(db, e) == -1)
		return -1;
	snprintf(
	    sql, sizeof(sql), "PRAGMA user_version=%jd", (intmax_t)version);
	if (db_exec(db, sql, e) == -1)
		return -1;
	snprintf(
	    sql, sizeof(sql), "PRAGMA application_id=%d", DB_APPLICATION_ID);
	if (db_exec(db, sql, e) == -1 || db_exec(db, "COMMIT", e) == -1)
		return -1;
	return db_exec(db, "PRAGMA foreign_keys=ON", e);
}

int
db_migrate(struct db *db, int dir, struct err *e)
{
	int64_t version, app;

	if (db_pragma(db, "PRAGMA user_version", &version, e) == -1 ||
	    db_pragma(db, "PRAGMA application_id", &app, e) == -1)
		return -1;
	if (version != 0 && app != DB_APPLICATION_ID)
		return err_set(e, ERR_REFUSED,
		    "'data/" DB_FILE "' is not a database of PandaFuzz");
	if (version > DB_SCHEMA)
		return err_set(e, ERR_REFUSED,
		    "'data/" DB_FILE "' has schema %jd, this program knows "
		    "%d: it was written by a newer version",
		    (intmax_t)version, DB_SCHEMA);
	for (; version < DB_SCHEMA; version++) {
		if (version > 0 && keep_copy(db, dir, version, e) == -1)
			return -1;
		if (step_to(db, version + 1, e) == -1)
			return -1;
	}
	return 0;
}

/* ---- one in another's place ------------------------------------------ */

/*
 * Move the WAL into the file, as far as that can be done: what is damaged is
 * put aside as it is.  The last connection that closes removes the WAL.
 */
static void
settle(int dir)
{
	sqlite3 *handle = NULL;

	if (sqlite3_open_v2(path_of(dir, DB_FILE).text, &handle,
		SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		sqlite3_wal_checkpoint_v2(
		    handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(handle);
}

/* 20261122T100211Z, and a number from the second try on. */
static void
name_kept(char kept[96], const char *why, int n)
{
	struct clock_text now = clock_rfc3339(clock_wall_ms());
	char date[sizeof(now.text)], *to = date, number[16] = "";
	const char *p;

	for (p = now.text; *p != '\0'; p++)
		if (*p != '-' && *p != ':')
			*to++ = *p;
	*to = '\0';
	if (n > 0)
		snprintf(number, sizeof(number), "-%d", n);
	snprintf(kept, 96, DB_FILE ".%s-%s%s", why, date, number);
}

/* Give pandafuzz.db, and a WAL that could not be moved over, another name. */
static int
keep_present(int dir, const char *why, char kept[96], struct err *e)
{
	char wal[112];
	int n = 0;

	do
		name_kept(kept, why, n++);
	while (linkat(dir, DB_FILE, dir, kept, 0) == -1 && errno == EEXIST &&
	    n < 100);
	if (faccessat(dir, kept, F_OK, 0) == -1) {
		kept[0] = '\0';
		return faccessat(dir, DB_FILE, F_OK, 0) == -1
		    ? 0
		    : err_sys(e, "cannot keep '" DB_FILE "'");
	}
	snprintf(wal, sizeof(wal), "%s-wal", kept);
	if (linkat(dir, DB_FILE "-wal", dir, wal, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot keep '" DB_FILE "-wal'");
	if (fs_sync_dir(dir, e) == -1)
		return -1;
	/* Another file's WAL would be played into the new one. */
	if (unlinkat(dir, DB_FILE "-wal", 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot move '" DB_FILE "-wal'");
	if (unlinkat(dir, DB_FILE "-shm", 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '" DB_FILE "-shm'");
	return 0;
}

static int
put_in_place(int dir, const char *why, char kept[96], struct err *e)
{
	settle(dir);
	if (sync_file(dir, DB_NEW, e) == -1 ||
	    keep_present(dir, why, kept, e) == -1)
		return -1;
	return rename_synced(dir, DB_NEW, DB_FILE, e);
}

int
db_clear_new(int root, struct err *e)
{
	int dir = fs_make_dir_open(root, "data", 0750, e), result;

	if (dir == -1)
		return -1;
	result = unlink_all(dir, DB_NEW, e);
	close(dir);
	return result;
}

int
db_put_in_place(
    struct db *db, int root, const char *why, char kept[96], struct err *e)
{
	int dir, result;

	/* In one file: a WAL beside would not be renamed with it. */
	result = db_exec(db, "PRAGMA journal_mode=DELETE", e);
	db_close(db);
	if (result == -1 || (dir = fs_open_dir(root, "data", e)) == -1)
		return -1;
	result = put_in_place(dir, why, kept, e);
	close(dir);
	return result;
}

/* ---- back ------------------------------------------------------------ */

/* The schema of a file, without leaving anything beside it ("immutable") or
 * with its WAL; 0 when it is none of ours, or damaged. */
static int
schema_of(int dir, const char *name, bool alone)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *s = NULL;
	char uri[192];
	int version = 0;

	snprintf(uri, sizeof(uri), "file:%s%s", path_of(dir, name).text,
	    alone ? "?immutable=1" : "");
	if (sqlite3_open_v2(uri, &handle,
		(alone ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
		    SQLITE_OPEN_URI,
		NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(handle,
		"SELECT user_version FROM pragma_user_version,"
		" pragma_application_id, pragma_quick_check(1)"
		" WHERE application_id = ?1 AND quick_check = 'ok'",
		-1, &s, NULL) == SQLITE_OK &&
	    sqlite3_bind_int(s, 1, DB_APPLICATION_ID) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(handle);
	return version;
}

static int
find_copy(int dir, int to, char name[64], struct db_downgrade *d, struct err *e)
{
	struct stat st;

	snprintf(name, 64, DB_FILE ".before-%d", to + 1);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_set(e, ERR_REFUSED,
		    "there is no copy of schema %d: 'data/%s' is not there", to,
		    name);
	if (schema_of(dir, name, true) != to)
		return err_set(e, ERR_REFUSED,
		    "'data/%s' is no whole database of schema %d", name, to);
	d->copied_ms = (uint64_t)st.st_mtim.tv_sec * 1000;
	return 0;
}

/* The copy stays: nothing that is kept is ever used up. */
static int
copy_as_new(int dir, const char *name, struct err *e)
{
	int fd, result;

	if (unlink_all(dir, DB_NEW, e) == -1 ||
	    (fd = fs_open_foreign(dir, name, NULL, e)) == -1)
		return -1;
	result = fs_copy(fd, dir, DB_NEW, 0640, NULL, NULL, e);
	close(fd);
	return result;
}

static int
downgrade(int dir, int to, struct db_downgrade *d, struct err *e)
{
	char name[64], why[32];

	if (find_copy(dir, to, name, d, e) == -1)
		return -1;
	d->from = schema_of(dir, DB_FILE, false);
	if (d->from == to)
		return 0;
	if (d->from != 0 && d->from < to)
		return err_set(e, ERR_REFUSED,
		    "the database has schema %d, which is older than %d",
		    d->from, to);
	if (copy_as_new(dir, name, e) == -1)
		return -1;
	snprintf(why, sizeof(why), "schema-%d", d->from);
	return put_in_place(dir, d->from == 0 ? "damaged" : why, d->kept, e);
}

int
db_downgrade(int root, int to, struct db_downgrade *d, struct err *e)
{
	int dir, result;

	memset(d, 0, sizeof(*d));
	if (to < 1 || to >= DB_SCHEMA)
		return err_set(e, ERR_REFUSED,
		    "schema %d: this program can go back to 1 to %d", to,
		    DB_SCHEMA - 1);
	if ((dir = fs_open_dir(root, "data", e)) == -1)
		return -1;
	result = downgrade(dir, to, d, e);
	close(dir);
	return result;
}
