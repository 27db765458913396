/*
 * Start-up's few questions to the past.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/db/facts.h"
#include "masterd/recover.h"

static int
note(struct db *db, const char *value, struct err *e)
{
	if (db_begin(db, e) == -1)
		return -1;
	if (db_set_setting(db, "stopped", value, e) == -1) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

int
recover_note_start(struct db *db, bool *unclean, struct err *e)
{
	struct buf value = BUF_INIT;
	int got = db_setting(db, "stopped", &value, e);

	*unclean = got == 0 && strcmp(buf_text(&value), "cleanly") != 0;
	buf_release(&value);
	return got == -1 ? -1 : note(db, "no", e);
}

int
recover_note_stop(struct db *db, struct err *e)
{
	return note(db, "cleanly", e);
}

struct highest {
	struct db *db;
	uint64_t number;
};

static int
see_number(void *arg, int dirfd, const char *name)
{
	struct highest *h = arg;
	uint64_t n;

	(void)dirfd;
	if (text_to_u64(&n, name) == 0 && n < INT64_MAX && n > h->number)
		h->number = n;
	return 0;
}

static int
see_project(void *arg, int dirfd, const char *name)
{
	struct highest *h = arg;
	int dir = fs_open_dir(dirfd, name, NULL), result;

	if (dir == -1)
		return 0;
	h->number = 0;
	result = fs_each(dir, see_number, h, NULL);
	close(dir);
	return result == -1
	    ? 0
	    : facts_reserve_bucket(h->db, name, h->number, NULL);
}

int
recover_buckets(int root, struct db *db, struct err *e)
{
	struct highest h = {db, 0};
	int dir = fs_open_dir(root, "buckets", e), result;

	if (dir == -1)
		return -1;
	result = db_begin(db, e);
	if (result == 0)
		result = fs_each(dir, see_project, &h, e);
	if (result == 0)
		result = db_commit(db, e);
	else
		db_rollback(db);
	close(dir);
	return result;
}
