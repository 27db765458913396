/* Databases of any schema, looked at by connections of their own. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/masterd/db/schemas.h"

#define FIXTURE "tests/unit/masterd/db/schema-%d.sql"

int schemas_from = 1;

const char *
schemas_kept(void)
{
	return schemas_from == 1 ? COPY : schemas_from == 2 ? COPY_2 : COPY_3;
}

sqlite3 *
schemas_open(struct scratch *s, const char *name)
{
	sqlite3 *handle;
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", s->path, name);
	assert_int_equal(sqlite3_open(path.data, &handle), SQLITE_OK);
	buf_release(&path);
	return handle;
}

void
schemas_run(sqlite3 *handle, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(handle, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s in: %.200s", why, sql);
}

int64_t
schemas_number(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = -1;

	if (sqlite3_prepare_v2(handle, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s in: %s", sqlite3_errmsg(handle), sql);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

int64_t
schemas_number_in(struct scratch *s, const char *name, const char *sql)
{
	sqlite3 *handle = schemas_open(s, name);
	int64_t n = schemas_number(handle, sql);

	sqlite3_close(handle);
	return n;
}

/* Every table, every row, every value, as one digest. */
struct digest
schemas_content(struct scratch *s, const char *name)
{
	sqlite3 *handle = schemas_open(s, name);
	struct hasher *h = hasher_new();
	sqlite3_stmt *tables, *rows;
	struct digest d;
	char sql[256];
	const char *text;
	int i;

	assert_int_equal(
	    sqlite3_prepare_v2(handle,
		"SELECT name, sql FROM sqlite_master WHERE type = 'table' "
		"ORDER BY name",
		-1, &tables, NULL),
	    SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(tables, 1);
		hasher_add(h, text, strlen(text));
		snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY 1, 2",
		    (const char *)sqlite3_column_text(tables, 0));
		assert_int_equal(
		    sqlite3_prepare_v2(handle, sql, -1, &rows, NULL),
		    SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW)
			for (i = 0; i < sqlite3_column_count(rows); i++) {
				hasher_add(h, sqlite3_column_blob(rows, i),
				    (size_t)sqlite3_column_bytes(rows, i));
				hasher_add(h, "|", 1);
			}
		sqlite3_finalize(rows);
	}
	sqlite3_finalize(tables);
	sqlite3_close(handle);
	hasher_end(h, &d);
	hasher_free(h);
	return d;
}

bool
schemas_same(struct scratch *s, const char *name, const struct digest *d)
{
	struct digest now = schemas_content(s, name);

	return digest_equal(&now, d);
}

/* The fixture in data/, as a program of its schema that was stopped left it. */
static void
load(struct scratch *s)
{
	struct buf text = BUF_INIT;
	sqlite3 *handle;
	char path[80];

	snprintf(path, sizeof(path), FIXTURE, schemas_from);
	close(fs_make_dir_open(s->fd, "data", 0755, NULL));
	assert_int_equal(fs_read_file(AT_FDCWD, path, &text, 1 << 20, NULL), 0);
	handle = schemas_open(s, DATA);
	schemas_run(handle, buf_text(&text));
	schemas_run(handle, "PRAGMA journal_mode=WAL");
	sqlite3_close(handle);
	buf_release(&text);
}

void
schemas_copy(struct scratch *s, const char *from, const char *to)
{
	int fd = openat(s->fd, from, O_RDONLY);

	(void)unlinkat(s->fd, to, 0);
	assert_int_equal(fs_copy(fd, s->fd, to, 0644, NULL, NULL, NULL), 0);
	close(fd);
}

struct db *
schemas_db(struct scratch *s)
{
	struct err e = {.text = ""};
	struct db *db = db_open(s->fd, &e);

	if (db == NULL)
		fail_msg("%s", e.text);
	return db;
}

static int
set_up(void **state, int schema)
{
	int rc = scratch_setup(state);

	schemas_from = schema;
	if (rc == 0)
		load(*state);
	return rc;
}

int
schemas_setup(void **state)
{
	return set_up(state, 1);
}

int
schemas_setup_2(void **state)
{
	return set_up(state, 2);
}

int
schemas_setup_3(void **state)
{
	return set_up(state, 3);
}
