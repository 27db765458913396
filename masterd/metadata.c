/*
 * RESTING --timer--> WRITING (turns) --store_sync()--> SYNCING --> COMMIT
 *    ^                                                               |
 *    +---------------------------------------------------------------+
 *
 * A kill anywhere leaves the marks, and the files are written again.
 */
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "masterd/db/metadata.h"
#include "masterd/metadata.h"
#include "masterd/store/disk.h"
#include "masterd/store/metadata.h"

#define BATCH_MOST 512
#define TURN_MOST  32
#define TURN_MS    5
#define REST_MS    1000
#define LATER_MS   60000 /* after a failure that may pass */

struct metadata {
	struct loop_source *timer;
	struct db *db;
	struct store *store;
	const bool *on;
	void (*fatal)(void *arg, const struct err *e);
	void *arg;
	int64_t marks[BATCH_MOST]; /* of files that are written, not synced */
	int count;
	bool syncing, closed;
};

static void
postpone(struct metadata *m, const struct err *e)
{
	log_warn("metadata.postponed", LOG_T("reason", e->text));
	m->count = 0;
	loop_timer_set(m->timer, LATER_MS, NULL);
}

static int
write_one(
    void *arg, int64_t mark, const char *path, const char *json, struct err *e)
{
	struct metadata *m = arg;

	if (path != NULL && store_put_metadata(m->store, path, json, e) == -1)
		return -1;
	m->marks[m->count++] = mark;
	return 0;
}

static int
forget_marks(struct metadata *m, struct err *e)
{
	if (db_begin(m->db, e) == -1)
		return -1;
	if (metadata_written(m->db, m->marks, m->count, e) == -1 ||
	    db_commit(m->db, e) == -1) {
		db_rollback(m->db);
		return -1;
	}
	return 0;
}

static void
synced(void *arg)
{
	struct metadata *m = arg;
	bool more = m->count == BATCH_MOST;
	struct err e;

	m->syncing = false;
	if (m->closed) {
		free(m);
		return;
	}
	if (forget_marks(m, &e) == -1) {
		if (e.cls == ERR_AGAIN)
			postpone(m, &e);
		else
			m->fatal(m->arg, &e);
		return;
	}
	m->count = 0;
	loop_timer_set(m->timer, more ? TURN_MS : REST_MS, NULL);
}

static void
sync_batch(struct metadata *m)
{
	m->syncing = true;
	store_sync(m->store, synced, m);
}

static void
on_timer(void *arg)
{
	struct metadata *m = arg;
	int64_t after = m->count == 0 ? 0 : m->marks[m->count - 1];
	int got, most = BATCH_MOST - m->count;
	struct err e;

	if (!*m->on || disk_level(store_disk(m->store)) >= DISK_HARD) {
		m->count = 0;
		loop_timer_set(m->timer, LATER_MS, NULL);
		return;
	}
	most = most > TURN_MOST ? TURN_MOST : most;
	got = metadata_each(m->db, after, most, write_one, m, &e);
	if (got == -1) {
		if (e.cls == ERR_BUG)
			m->fatal(m->arg, &e);
		else
			postpone(m, &e);
	} else if (got == TURN_MOST && m->count < BATCH_MOST) {
		loop_timer_set(m->timer, TURN_MS, NULL);
	} else if (m->count > 0) {
		sync_batch(m);
	} else {
		loop_timer_set(m->timer, REST_MS, NULL);
	}
}

struct metadata *
metadata_open(struct loop *loop, struct db *db, struct store *store,
    const bool *on, void (*fatal)(void *arg, const struct err *e), void *arg,
    struct err *e)
{
	struct metadata *m = mem_alloc(sizeof(*m));

	m->db = db;
	m->store = store;
	m->on = on;
	m->fatal = fatal;
	m->arg = arg;
	if ((m->timer = loop_timer(loop, on_timer, m, e)) == NULL ||
	    loop_timer_set(m->timer, REST_MS, e) == -1) {
		metadata_close(m);
		return NULL;
	}
	return m;
}

void
metadata_close(struct metadata *m)
{
	if (m == NULL)
		return;
	loop_drop(m->timer);
	m->closed = true;
	if (!m->syncing)
		free(m);
}
