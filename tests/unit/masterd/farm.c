/* A database with next to nothing in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "masterd/db/db_internal.h"
#include "tests/unit/masterd/farm.h"

int
farm_setup(void **state)
{
	struct farm *f = mem_alloc(sizeof(*f));
	struct err e;

	if (scratch_setup((void **)&f->scratch) == -1)
		return -1;
	if ((f->db = db_open(f->scratch->fd, &e)) == NULL ||
	    db_begin(f->db, &e) == -1 ||
	    bots_get(f->db, "local", "b1", FARM_NOW, &f->bot, &e) == -1) {
		fprintf(stderr, "farm: %s\n", e.text);
		return -1;
	}
	*state = f;
	return 0;
}

int
farm_teardown(void **state)
{
	struct farm *f = *state;
	int rc;

	db_rollback(f->db);
	db_close(f->db);
	rc = scratch_teardown((void **)&f->scratch);
	free(f);
	return rc;
}

void
farm_sql(struct farm *f, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(f->db->handle, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
}

const char *
farm_text(struct farm *f, const char *sql)
{
	static char text[4096];
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(f->db->handle, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(f->db->handle));
	snprintf(text, sizeof(text), "%s", "-1");
	if (sqlite3_step(s) == SQLITE_ROW)
		text_copy(text, sizeof(text), db_text(s, 0));
	sqlite3_finalize(s);
	return text;
}

int64_t
farm_number(struct farm *f, const char *sql)
{
	return atoll(farm_text(f, sql));
}

int64_t
farm_bot(struct farm *f, const char *account, const char *name)
{
	int64_t id;

	assert_int_equal(
	    bots_get(f->db, account, name, FARM_NOW, &id, NULL), 0);
	return id;
}

int64_t
farm_epoch(struct farm *f, uint64_t epoch)
{
	int64_t id;

	assert_int_equal(
	    ledger_epoch(f->db, f->bot, epoch, FARM_NOW, &id, NULL), 0);
	return id;
}

void
farm_record(struct farm *f, int64_t epoch, uint64_t seq, const char *outcome,
    const char *content)
{
	struct digest d;
	struct ledger_entry n = {.epoch = epoch,
	    .seq = seq,
	    .digest = &d,
	    .kind = "corpus",
	    .outcome = outcome,
	    .reason = "",
	    .file = "",
	    .trace = "",
	    .taken_ms = FARM_NOW};

	digest_of(&d, content, strlen(content));
	assert_int_equal(ledger_record(f->db, &n, false, NULL), 0);
}

enum beat_sense
farm_beat(struct farm *f, int64_t bot, uint64_t epoch, uint64_t number,
    uint64_t up_ms)
{
	struct beat_epoch named = {epoch, 0, 0};
	struct beat b = {.bot = bot,
	    .epoch = epoch,
	    .number = number,
	    .now_ms = FARM_NOW,
	    .up_ms = up_ms,
	    .why = "",
	    .epochs = &named,
	    .epoch_count = 1};
	enum beat_sense sense;

	assert_int_equal(bots_beat(f->db, &b, &sense, NULL), 0);
	return sense;
}

int64_t
farm_job(struct farm *f)
{
	farm_sql(f,
	    "INSERT OR IGNORE INTO project (id, name, added_ms) VALUES "
	    "(1, 'zlib', 1);"
	    "INSERT OR IGNORE INTO target (id, project, name, generation, "
	    "added_ms) VALUES (1, 1, 'inflate', 7, 1);"
	    "INSERT OR IGNORE INTO build (id, sha256, project, engine, "
	    "sanitizer, files, bytes, added_by, added_ms) VALUES (1, "
	    "zeroblob(32), 1, 'libfuzzer', 'address', 1, 1, 'user:x', 1);"
	    "INSERT OR IGNORE INTO build_target (build, target, program) "
	    "VALUES (1, 1, 'inflate');"
	    "INSERT INTO job (job, target, build, current, engine, sanitizer, "
	    "created_by, created_ms) VALUES (lower(hex(randomblob(8))), 1, 1, "
	    "1, 'libfuzzer', 'address', 'user:x', 1);");
	return farm_number(f, "SELECT max(id) FROM job");
}
