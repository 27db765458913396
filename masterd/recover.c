/*
 * Start-up's few questions to the past.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/ids.h"
#include "masterd/db/facts.h"
#include "masterd/db/leases.h"
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

int
recover_leases(struct db *db, struct err *e)
{
	struct lease_turn turn = {clock_wall_ms(), clock_up_ms(), NULL, NULL};
	struct lease_recovery done;

	if (db_begin(db, e) == -1)
		return -1;
	if (leases_recover(db, &turn, &done, e) == -1 ||
	    db_commit(db, e) == -1) {
		db_rollback(db);
		return -1;
	}
	log_info("leases.recovered", LOG_N("kept", done.kept),
	    LOG_N("cancelled", done.cancelled), LOG_N("ready", done.ready),
	    LOG_N("taken", done.taken), LOG_N("over", done.over),
	    LOG_N("checks", done.checks));
	return 0;
}

struct highest {
	struct db *db;
	uint64_t number;
};

/* "17", or "17.json" in metadata/. */
static int
see_number(void *arg, int dirfd, const char *name)
{
	struct highest *h = arg;
	char number[24];
	uint64_t n;

	(void)dirfd;
	if (strlen(name) >= sizeof(number))
		return 0;
	text_copy(number, sizeof(number), name);
	number[strcspn(number, ".")] = '\0';
	if (text_to_u64(&n, number) == 0 && n < INT64_MAX && n > h->number)
		h->number = n;
	return 0;
}

static int
see_project(void *arg, int dirfd, const char *name)
{
	struct highest *h = arg;
	int dir, result;

	if ((!name_ok(name) && strcmp(name, PROJECT_LOST) != 0) ||
	    (dir = fs_open_dir(dirfd, name, NULL)) == -1)
		return 0;
	h->number = 0;
	result = fs_each(dir, see_number, h, NULL);
	close(dir);
	return result == -1
	    ? 0
	    : facts_reserve_bucket(h->db, name, h->number, NULL);
}

static int
see_folder(int root, const char *folder, struct highest *h, struct err *e)
{
	int dir = fs_open_dir(root, folder, e), result;

	if (dir == -1)
		return errno == ENOENT ? 0 : -1;
	result = fs_each(dir, see_project, h, e);
	close(dir);
	return result;
}

int
recover_buckets(int root, struct db *db, struct err *e)
{
	struct highest h = {db, 0};

	if (db_begin(db, e) == -1)
		return -1;
	if (see_folder(root, "buckets", &h, e) == 0 &&
	    see_folder(root, "metadata/buckets", &h, e) == 0)
		return db_commit(db, e);
	db_rollback(db);
	return -1;
}
