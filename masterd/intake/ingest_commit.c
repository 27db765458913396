/*
 * A batch on its way: names, sync, transaction, publish, unlink.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/leases.h"
#include "masterd/intake/apply.h"
#include "masterd/intake/ingest_internal.h"
#include "masterd/intake/naming.h"

/* Nothing of it happened: all is taken again later. */
static void
discard(struct ingest *g, struct batch *b, const struct err *why)
{
	struct taken *t;

	log_warn("ingest.postponed", LOG_N("bundles", b->count),
	    LOG_T("reason", why->text));
	while ((t = b->first) != NULL) {
		b->first = t->next;
		ingest_give_back(t);
	}
	batch_init(b);
	g->backoff = clock_up_ms() + INGEST_RETRY_MS;
	loop_timer_set(g->pump, INGEST_RETRY_MS, NULL);
}

static bool
is_full(const struct err *e)
{
	return e->cls == ERR_AGAIN &&
	    (e->sys == ENOSPC || e->sys == EDQUOT || e->sys == EBUSY);
}

static void
touched(void *arg, int64_t bot)
{
	struct ingest *g = arg;
	struct err e;

	if (g->hooks.will_publish(g->hooks.arg, bot, &e) == -1)
		g->apply_error = e;
}

static void
moved(void *arg)
{
	((struct ingest *)arg)->moved = true;
}

/* What is done from here on is done for this bundle; NULL: for none. */
static void
work_for(struct ingest *g, const struct taken *t)
{
	const char *trace = t == NULL || !t->has_header ? "" : t->header.trace;

	log_set_trace(trace);
	db_set_trace(g->db, trace);
}

/*
 * One bundle in its own savepoint: what the database's rules refuse is undone
 * and refused in a later batch, the rest of this one goes on.
 */
static int
apply_one(
    struct ingest *g, const struct apply *a, struct taken *t, struct err *e)
{
	if (db_mark(g->db, e) == -1)
		return -1;
	if (apply_taken(a, t, e) == 0 && g->apply_error.cls == ERR_NONE) {
		t->state = TAKEN_RECORDED;
		return db_mark_keep(g->db, e);
	}
	if (g->apply_error.cls != ERR_NONE)
		*e = g->apply_error;
	if (e->cls != ERR_CONFLICT)
		return -1;
	log_error("bundle.unrecordable", LOG_T("bundle", t->name),
	    LOG_T("reason", e->text));
	text_copy(t->reason, sizeof(t->reason), e->text);
	return db_mark_undo(g->db, e);
}

static int
record(struct ingest *g, struct err *e)
{
	struct apply a = {.db = g->db,
	    .now_ms = clock_wall_ms(),
	    .up_ms = g->hooks.up_ms(g->hooks.arg),
	    .touched = touched,
	    .moved = moved,
	    .arg = g};
	struct taken *t;
	int got = 0;

	g->moved = false;
	err_clear(&g->apply_error);
	if (db_begin(g->db, e) == -1)
		return -1;
	for (t = g->committing.first; t != NULL && got == 0; t = t->next) {
		work_for(g, t);
		got = apply_one(g, &a, t, e);
	}
	work_for(g, NULL);
	return got == 0 ? db_commit(g->db, e) : -1;
}

static void
count(struct ingest *g, const struct taken *t)
{
	uint64_t minute = clock_up_ms() / 60000, now;
	int i;

	if (minute != g->minute) {
		g->gauges.per_minute =
		    minute == g->minute + 1 ? g->this_minute : 0;
		g->minute = minute;
		g->this_minute = 0;
	}
	g->this_minute++;
	now = clock_wall_ms();
	if (!t->again && t->arrived_ms != 0)
		histogram_add(&g->gauges.took,
		    now > t->arrived_ms ? now - t->arrived_ms : 0);
	if (t->id.cls == BUNDLE_BEAT) {
		g->gauges.beats++;
		return;
	}
	g->gauges.bundles[t->fate]++;
	for (i = 0; i < t->count; i++) {
		g->gauges.units += t->items[i].r.type == REC_UNIT;
		g->gauges.crashes += t->items[i].r.type == REC_CRASH;
	}
}

static void
tell(const struct taken *t)
{
	char event[32];

	if (t->id.cls == BUNDLE_BEAT && t->fate == FATE_INGESTED)
		return;
	/* events: bundle.ingested bundle.duplicate bundle.conflict
	 * bundle.refused bundle.held bundle.damaged */
	snprintf(event, sizeof(event), "bundle.%s", fate_name(t->fate));
	log_event(t->fate == FATE_INGESTED ? LEVEL_INFO : LEVEL_WARN, event,
	    (struct log_field[]){LOG_T("account", t->account_name),
		LOG_T("bundle", t->name),
		LOG_T("kind",
		    t->has_header ? bundle_kind_name(t->header.kind)
				  : "unknown"),
		LOG_N("records", t->records), LOG_N("bytes", t->size),
		LOG_T("reason", t->reason)},
	    t->reason[0] == '\0' ? 5 : 6);
}

/* What the bot says itself: logs/bots/<account>/<bot>.log. */
static void
keep_bot_log(struct ingest *g, const struct taken *t, const struct item *item)
{
	const struct store_bot bot = {t->account_name, t->id.bot.text};
	struct err e;

	if (item->r.type == REC_BOT_LOG && item->text.len > 0 &&
	    store_bot_log(
		g->store, &bot, item->text.data, item->text.len, &e) == -1)
		log_warn("bot.log_lost", LOG_T("bot", t->id.bot.text),
		    LOG_T("reason", e.text));
}

/* Tails of engine logs go to jobs/<id>/log: for people, no fact. */
static void
keep_logs(struct ingest *g, const struct taken *t)
{
	const struct item *item;
	struct db_id job;
	struct err e;
	int i;

	for (i = 0; i < t->count; i++) {
		item = &t->items[i];
		keep_bot_log(g, t, item);
		if (item->r.type == REC_LOG && item->text.len > 0 &&
		    leases_job(g->db, item->r.lease, &job, NULL) == 1 &&
		    store_job_log(g->store, job.text, item->text.data,
			item->text.len, &e) == -1)
			log_warn("job.log_lost", LOG_T("job", job.text),
			    LOG_T("reason", e.text));
	}
}

/* buckets/ is derived from the rows, so it follows them (ingest_open() puts
 * right what a kill left out). */
static void
link_buckets(struct ingest *g, const struct taken *t)
{
	const struct item *item;
	struct err e;
	int i;

	for (i = 0; i < t->count; i++) {
		item = &t->items[i];
		if (item->bucket != 0 &&
		    store_link_bucket(g->store, t->place.project.text,
			item->bucket, t->place.name.text, &item->r.sha256,
			&e) == -1)
			log_warn("bucket.unlinked", LOG_T("reason", e.text));
	}
}

/* Published: the file may go (PROTOCOL 13). */
static void
release(struct ingest *g, struct taken *t)
{
	if (t->state != TAKEN_RECORDED) {
		/* Unrecordable: refused in the next batch. */
		taken_strip(t);
		t->fate = FATE_REFUSED;
		t->state = TAKEN_JUDGED;
		ingest_into_batch(g, t);
		return;
	}
	count(g, t);
	tell(t);
	keep_logs(g, t);
	link_buckets(g, t);
	if (t->again && t->fate != FATE_REFUSED && t->fate != FATE_HELD &&
	    t->fate != FATE_DAMAGED)
		reject_drop(g->reject, t->again_kind, t->account_name,
		    t->again_name.text);
	if (t->account != NULL) {
		if (g->careful > 0)
			g->careful--;
		incoming_done(t->account, t->entry);
	}
	store_let_go(g->store, t->fd);
	t->fd = -1;
	taken_free(t);
}

static void
synced(void *arg)
{
	struct ingest *g = arg;
	struct taken *t, *next;
	struct err e;

	if (g->dead)
		return;
	if (record(g, &e) == -1) {
		db_rollback(g->db);
		if (is_full(&e))
			discard(g, &g->committing, &e);
		else
			ingest_fatal(g, &e);
		return;
	}
	g->hooks.publish(g->hooks.arg, g->moved);
	t = g->committing.first;
	batch_init(&g->committing);
	for (; t != NULL; t = next) {
		next = t->next;
		work_for(g, t);
		release(g, t);
	}
	work_for(g, NULL);
	if (db_checkpoint_due(g->db) && db_checkpoint(g->db, &e) == -1)
		ingest_fatal(g, &e);
	ingest_wake(g);
}

void
ingest_commit(struct ingest *g)
{
	struct naming n = {g->db, g->store, g->reject};
	struct err e;

	g->committing = g->filling;
	if (g->committing.first == NULL)
		g->committing.last = &g->committing.first;
	batch_init(&g->filling);
	loop_timer_off(g->batch_timer);
	if (naming_batch(&n, &g->committing, &e) == -1) {
		if (is_full(&e))
			discard(g, &g->committing, &e);
		else
			ingest_fatal(g, &e);
		return;
	}
	if (g->committing.blobs)
		store_sync(g->store, synced, g);
	else
		synced(g);
}
