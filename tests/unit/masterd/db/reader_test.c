/*
 * The reader sees one snapshot, writes nothing, leaves the WAL alone.  It runs
 * in this same program, started anew, as it does in masterd.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/spawn.h"
#include "masterd/db/db_internal.h"
#include "masterd/db/reader.h"
#include "masterd/db/views.h"
#include "tests/unit/masterd/world.h"

/* In the new program: exit 0 when all is as it should be. */
static int
reader(const char *root)
{
	struct view_page page = {
	    .view = VIEW_UNIT, .filter = {"zlib/inflate"}, .limit = 10};
	struct buf out = BUF_INIT;
	struct db *db;
	int64_t next;
	struct err e;

	if ((db = db_open_reader(atoi(root), &e)) == NULL) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	if (view_rows(db, &page, &out, &next, &e) != 2)
		return 3;
	if (db_run(db, &e, "DELETE FROM unit", "") == 0)
		return 4;
	if (sqlite3_wal_checkpoint_v2(db->handle, NULL,
		SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
		return 5;
	buf_release(&out);
	db_close(db);
	return 0;
}

static long
wal_size(struct world *w)
{
	struct stat st;

	assert_int_equal(fstatat(w->root, "data/pandafuzz.db-wal", &st, 0), 0);
	return (long)st.st_size;
}

static void
a_reader_reads_and_nothing_else(void **state)
{
	struct world *w = world_new();
	char number[16];
	const char *argv[] = {"/proc/self/exe", "reader", number, NULL};
	struct spawn s = {.argv = argv,
	    .in = -1,
	    .out = -1,
	    .err = -1,
	    .keep = &w->root,
	    .keep_count = 1};
	long before = wal_size(w);
	struct err e;
	int status;

	(void)state;
	assert_true(before > 0);
	snprintf(number, sizeof(number), "%d", w->root);
	status = spawn_run(&s, NULL, 0, 10000, &e);
	assert_int_equal(status, 0);
	assert_int_equal(wal_size(w), before);
	/* The writer goes on as if nobody had been there. */
	world_sql(w, "DELETE FROM unit");
	assert_int_equal(world_number(w, "SELECT count(*) FROM unit"), 0);
	world_free(w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_reader_reads_and_nothing_else),
	};

	if (argc == 3 && strcmp(argv[1], "reader") == 0)
		return reader(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
