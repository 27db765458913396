/*
 * The conductor of intake.  One function per step; pump() looks at what can go
 * on and is called whenever something may have changed.
 *
 *   submit   next bundle to the decode child        TAKEN_DECODING
 *   on_...   its frames: records, payloads, verdict TAKEN_JUDGED
 *   commit   names, copies                          TAKEN_NAMED
 *            sync, transaction                      TAKEN_RECORDED
 *   finish   publish, unlink
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/db/judge.h"
#include "masterd/intake/apply.h"
#include "masterd/intake/decoder.h"
#include "masterd/intake/ingest_internal.h"
#include "masterd/intake/naming.h"

#define ATTEMPTS_MOST 3
#define BATCH_WAIT_MS 20
#define BEATS_WAIT_MS 50 /* nobody waits for an answer to a beat */

void
ingest_fatal(struct ingest *g, const struct err *e)
{
	g->stopping = g->dead = true;
	g->hooks.fatal(g->hooks.arg, e);
}

void
ingest_wake(void *arg)
{
	struct ingest *g = arg;

	if (!g->dead)
		loop_timer_set(g->pump, 0, NULL);
}

/* With little room only what is urgent is taken, with none nothing. */
static enum disk_level
room(struct ingest *g)
{
	enum disk_level level = disk_level(store_disk(g->store));

	incoming_only_urgent(g->incoming, level >= DISK_HARD);
	return level;
}

/* ---- submit ---------------------------------------------------------- */

static void
pending_add(struct ingest *g, struct taken *t)
{
	t->next = NULL;
	*g->pending_last = t;
	g->pending_last = &t->next;
	g->pending_count++;
}

struct taken *
ingest_pending_take(struct ingest *g)
{
	struct taken *t = g->pending;

	if (t == NULL)
		return NULL;
	g->pending = t->next;
	if (g->pending == NULL)
		g->pending_last = &g->pending;
	g->pending_count--;
	t->next = NULL;
	return t;
}

void
ingest_into_batch(struct ingest *g, struct taken *t)
{
	struct batch *b = &g->filling;

	batch_add(b, t, clock_up_ms());
	if (t->id.cls != BUNDLE_BEAT && b->findings == 1)
		loop_timer_set(g->batch_timer, BATCH_WAIT_MS, NULL);
	else if (b->count == 1)
		loop_timer_set(g->batch_timer, BEATS_WAIT_MS, NULL);
}

/* The file cannot be opened as a regular file (PROTOCOL 13). */
static void
unopenable(
    struct ingest *g, struct account *a, const char *name, const struct err *e)
{
	if (e->cls == ERR_NOT_FOUND) {
		incoming_forget(a, name);
		return;
	}
	if (e->cls == ERR_AGAIN && e->sys != ELOOP) {
		/* EMFILE and such: not the file's fault. */
		incoming_back(a, name);
		loop_timer_set(g->pump, INGEST_RETRY_MS, NULL);
		g->backoff = clock_up_ms() + INGEST_RETRY_MS;
		return;
	}
	reject_odd(
	    g->reject, a->name.text, spool_new_fd(a->spool), name, e->text);
	incoming_forget(a, name);
}

static int
hand_over(struct ingest *g, struct taken *t, struct err *e)
{
	int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);

	if (fd == -1)
		return err_sys(e, "cannot hand over '%s'", t->name);
	if (lseek(fd, 0, SEEK_SET) == -1 ||
	    decoder_submit(g->decoder, t->account_name, fd, e) == -1)
		return -1;
	t->state = TAKEN_DECODING;
	pending_add(g, t);
	return 0;
}

/* Straight to the decode child, unless it failed there too often. */
static void
submit(struct ingest *g, struct taken *t)
{
	int64_t attempts = 0;
	struct err e;

	if (!t->again &&
	    ledger_attempts(
		g->db, t->account_name, t->name, NULL, &attempts, &e) == -1) {
		taken_free(t);
		ingest_fatal(g, &e);
		return;
	}
	if (attempts >= ATTEMPTS_MOST) {
		taken_judge(t, FATE_REFUSED, "decoding it failed three times");
		ingest_into_batch(g, t);
		return;
	}
	if (hand_over(g, t, &e) == 0)
		return;
	log_error(
	    "decode.failed", LOG_T("bundle", t->name), LOG_T("reason", e.text));
	ingest_give_back(t);
	g->backoff = clock_up_ms() + INGEST_RETRY_MS;
	loop_timer_set(g->pump, INGEST_RETRY_MS, NULL);
}

/* One that came apart from incoming/new: retry and held. */
static bool
submit_again(struct ingest *g)
{
	struct taken *t = g->again;

	if (t == NULL || !decoder_takes(g->decoder, t->account_name))
		return false;
	g->again = t->next;
	t->next = NULL;
	submit(g, t);
	return true;
}

static bool
submit_next(struct ingest *g)
{
	struct account *a;
	const char *name;
	struct taken *t;
	uint64_t size;
	struct err e;
	int fd;

	a = incoming_turn(g->incoming);
	if (a == NULL || !decoder_takes(g->decoder, a->name.text) ||
	    !incoming_next(g->incoming, &a, &name))
		return false;
	fd = fs_open_foreign(spool_new_fd(a->spool), name, &size, &e);
	if (fd == -1) {
		unopenable(g, a, name, &e);
		return true;
	}
	t = taken_new(a->name.text, name, fd, size);
	t->account = a;
	t->entry = name;
	submit(g, t);
	return true;
}

static bool
may_submit(struct ingest *g)
{
	if (g->dead || g->stopping || batch_full(&g->filling) ||
	    clock_up_ms() < g->backoff)
		return false;
	/* After an unclean stop one by one: if a bundle can bring us down, it
	 * is alone when it does (PROTOCOL 16). */
	if (g->careful > 0 &&
	    (g->pending_count > 0 || g->filling.count > 0 ||
		g->committing.count > 0))
		return false;
	return room(g) < DISK_FULL;
}

static void
submit_all(struct ingest *g)
{
	/* One view of the attempts for all: see naming_batch(). */
	bool reading = db_begin_reading(g->db, NULL) == 0;

	while (may_submit(g) && (submit_again(g) || submit_next(g)))
		;
	if (reading)
		db_rollback(g->db);
}

/*
 * A COMMIT is a sync of the disk, whatever is in it.  Who sealed a finding
 * waits for it; beats are gathered, for a thousand bots beat a hundred times a
 * second.
 */
static bool
may_commit(const struct ingest *g)
{
	const struct batch *b = &g->filling;
	uint64_t waited = clock_up_ms() - b->started_ms;

	if (g->dead || g->committing.count > 0 || b->count == 0)
		return false;
	if (batch_full(b) || g->stopping || g->careful > 0)
		return true;
	if (b->findings == 0)
		return waited >= BEATS_WAIT_MS;
	return g->pending_count == 0 || waited >= BATCH_WAIT_MS;
}

/* A wake that came too early must not be the last one. */
static void
wait_longer(struct ingest *g)
{
	uint64_t now = clock_up_ms();

	if (g->dead || g->stopping)
		return;
	if (now < g->backoff)
		loop_timer_set(g->pump, g->backoff - now, NULL);
	else if (room(g) >= DISK_HARD)
		loop_timer_set(g->pump, INGEST_RETRY_MS, NULL);
}

static void
pump(void *arg)
{
	struct ingest *g = arg;

	submit_all(g);
	if (may_commit(g))
		ingest_commit(g);
	if (g->stopping && !g->dead && g->stop_done != NULL &&
	    g->pending_count == 0 && g->filling.count == 0 &&
	    g->committing.count == 0) {
		loop_fn *done = g->stop_done;

		g->stop_done = NULL;
		done(g->stop_arg);
	}
	wait_longer(g);
}

/* ---- opening, closing ------------------------------------------------ */

static void
take_held(void *arg, const char *account, const char *name)
{
	struct err e;

	if (ingest_take_again(arg, REJECT_HELD, account, name, &e) == -1)
		log_warn("held.stays", LOG_T("bundle", name),
		    LOG_T("reason", e.text));
}

static int
link_crash(void *arg, const struct facts_place *place,
    const struct digest *sha256, uint64_t bucket)
{
	struct err e;

	if (store_link_bucket(arg, place->project.text, bucket,
		place->name.text, sha256, &e) == -1)
		log_warn("bucket.unlinked", LOG_T("reason", e.text));
	return 0;
}

/*
 * What a kill left out are links of crashes that came since the last start; of
 * a new, rebuilt or restored database, or without the folder, it may be all.
 */
static int
link_all(struct db *db, int root, struct store *store, struct err *e)
{
	struct buf value = BUF_INIT;
	uint64_t after = 0;
	char text[24];
	int64_t last;
	int got = db_setting(db, "linked_crash", &value, e);

	if (got == 0 && faccessat(root, "buckets", F_OK, 0) == 0)
		(void)text_to_u64(&after, buf_text(&value));
	buf_release(&value);
	if (got == -1 ||
	    facts_each_crash(db, (int64_t)after, &last, link_crash, store, e) ==
		-1)
		return -1;
	if ((uint64_t)last == after && got == 0)
		return 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)last);
	return db_set_setting(db, "linked_crash", text, e);
}

/* From what nobody notices to what a full disk makes of it. */
static const uint64_t took_ms[] = {
    10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 60000, 600000};

struct ingest *
ingest_open(int root, struct loop *loop, struct db *db, struct store *store,
    const struct ingest_hooks *hooks, bool unclean, struct err *e)
{
	struct ingest *g = mem_alloc(sizeof(*g));

	g->db = db;
	g->store = store;
	g->hooks = *hooks;
	g->pending_last = &g->pending;
	g->gauges.took = (struct histogram){
	    .limits = took_ms, .count = sizeof(took_ms) / sizeof(took_ms[0])};
	batch_init(&g->filling);
	batch_init(&g->committing);
	g->decoder = decoder_new(loop, &ingest_decoder_calls, g);
	if ((g->pump = loop_timer(loop, pump, g, e)) == NULL ||
	    (g->batch_timer = loop_timer(loop, pump, g, e)) == NULL ||
	    (g->reject = reject_open(root, e)) == NULL ||
	    (g->incoming = incoming_open(
		 root, loop, g->reject, ingest_wake, g, e)) == NULL) {
		ingest_close(g);
		return NULL;
	}
	if (link_all(db, root, store, e) == -1) {
		ingest_close(g);
		return NULL;
	}
	if (unclean)
		g->careful = incoming_count(g->incoming);
	reject_each_held(g->reject, take_held, g);
	ingest_wake(g);
	return g;
}

void
ingest_limit(struct ingest *g, const struct incoming_limits *l)
{
	incoming_limit(g->incoming, l);
}

void
ingest_rules(struct ingest *g, const struct rules *rules, const char *text)
{
	judge_use(g->db, rules, text);
}

void
ingest_stop(struct ingest *g, loop_fn *done, void *arg)
{
	g->stopping = true;
	g->stop_done = done;
	g->stop_arg = arg;
	ingest_wake(g);
}

static void
free_all(struct taken *t)
{
	struct taken *next;

	for (; t != NULL; t = next) {
		next = t->next;
		taken_free(t);
	}
}

void
ingest_close(struct ingest *g)
{
	if (g == NULL)
		return;
	decoder_free(g->decoder);
	free_all(g->pending);
	free_all(g->filling.first);
	free_all(g->committing.first);
	free_all(g->again);
	incoming_close(g->incoming);
	reject_close(g->reject);
	loop_drop(g->pump);
	loop_drop(g->batch_timer);
	free(g);
}
