/*
 * Heartbeats, with everything that the master must know to let go of bundles
 * and leases (P.11, P.12).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define BEAT_DEFAULT_MS 10000
#define BEAT_LEAST_MS   200
#define BEAT_MOST_MS    300000
#define NOTED_MOST      4096
#define NOTED_BYTES     (1u << 20)
#define OFF_MOST_S      (8ull * 24 * 3600)

static void
record_init(struct record *rec, enum record_type type)
{
	memset(rec, 0, sizeof(*rec));
	rec->type = type;
}

/* ---- heartbeat ------------------------------------------------------- */

static uint64_t
load_percent(void)
{
	double load;

	if (getloadavg(&load, 1) != 1 || load < 0)
		return 0;
	return (uint64_t)(load * 100.0);
}

unsigned
runner_busy(const struct runner *r)
{
	const struct session *s;
	unsigned n = 0;

	for (s = r->sessions; s != NULL; s = s->next)
		if (session_holds_lease(s))
			n++;
	return n;
}

static int
add_beat(struct seal *b, const char *why, struct err *e)
{
	struct runner *r = b->runner;
	uint64_t free_bytes = 0, total;
	unsigned busy = runner_busy(r);
	struct record rec;

	fs_space(r->root, &free_bytes, &total, NULL);
	record_init(&rec, REC_BEAT);
	rec.generation = r->have_status ? r->status->generation : 0;
	rec.n[BEAT_SLOTS] = r->slots;
	rec.n[BEAT_FREE] = busy < r->slots ? r->slots - busy : 0;
	rec.n[BEAT_LOAD_PERCENT] = load_percent();
	rec.n[BEAT_DISK_FREE] = free_bytes;
	rec.n[BEAT_HOLD] = why != NULL;
	rec.n[BEAT_OUTBOX_BYTES] = r->outbox.bytes;
	rec.n[BEAT_OUTBOX_FILES] = r->outbox.files;
	/* Off is said once the last lease is handed back. */
	rec.n[BEAT_OFF] = r->off.off && busy == 0;
	rec.n[BEAT_OFF_SECONDS] =
	    rec.n[BEAT_OFF] != 0 && r->off.seconds < OFF_MOST_S ? r->off.seconds
								: 0;
	if (seal_record(b, &rec, NULL, 0, e) == -1)
		return -1;
	return why == NULL ? 0 : seal_text(b, REC_WHY, 0, why, strlen(why), e);
}

static int
add_leases(struct seal *b, struct err *e)
{
	const struct session *s;
	struct record rec;

	for (s = b->runner->sessions; s != NULL; s = s->next) {
		if (!session_holds_lease(s))
			continue;
		record_init(&rec, REC_HOLDING);
		rec.lease = s->ticket.lease;
		rec.n[HOLDING_SECONDS] = session_seconds(s);
		rec.n[HOLDING_EXECS] = session_execs(s);
		if (seal_record(b, &rec, NULL, 0, e) == -1)
			return -1;
	}
	return 0;
}

/* P.12: each epoch with files or undeclared drops, and always our own. */
static int
add_epochs(struct seal *b, struct err *e)
{
	const struct outbox *o = &b->runner->outbox;
	struct record rec;
	int i;

	for (i = 0; i < o->epoch_count; i++) {
		record_init(&rec, REC_EPOCH);
		rec.epoch = o->epochs[i].epoch;
		rec.n[EPOCH_OLDEST] = o->epochs[i].oldest;
		rec.n[EPOCH_HIGHEST] = o->epochs[i].highest;
		if (seal_record(b, &rec, NULL, 0, e) == -1)
			return -1;
	}
	for (i = 0; i < o->drop_count; i++) {
		record_init(&rec, REC_DROP);
		rec.epoch = o->drop_epochs[i];
		rec.n[RANGE_FIRST] = o->drops[i].first;
		rec.n[RANGE_LAST] = o->drops[i].last;
		if (seal_record(b, &rec, NULL, 0, e) == -1)
			return -1;
	}
	return 0;
}

struct noted {
	struct seal *b;
	struct err *e;
	int count;
};

/* outbox/noted/<epoch>, by the courier: a refused seq a line (P.24). */
static int
add_noted_file(void *arg, int dirfd, const char *name)
{
	struct noted *n = arg;
	struct buf text = BUF_INIT;
	char *line, *next;
	struct record rec;
	int rc = 0;

	record_init(&rec, REC_NOTED);
	if (text_to_hex64(&rec.epoch, name) == -1 ||
	    fs_read_file(dirfd, name, &text, NOTED_BYTES, NULL) == -1)
		goto out;
	for (line = text.data; line != NULL && rc == 0; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (text_to_u64(&rec.n[NOTED_SEQ], line) == -1 ||
		    n->count++ >= NOTED_MOST)
			continue;
		rc = seal_record(n->b, &rec, NULL, 0, n->e);
	}
out:
	buf_release(&text);
	return rc;
}

static int
fill_beat(struct seal *b, struct err *e)
{
	struct noted noted = {b, e, 0};

	if (add_beat(b, runner_why_hold(b->runner), e) == -1 ||
	    add_leases(b, e) == -1 || add_epochs(b, e) == -1)
		return -1;
	return fs_each(b->runner->noted, add_noted_file, &noted, e);
}

static int
forget_beat(void *arg, int dirfd, const char *name)
{
	const struct seal *newest = arg;
	struct bundle_id id;

	if (bundle_id_parse(&id, name, NULL) == -1 || id.cls != BUNDLE_BEAT)
		return 0;
	if (newest != NULL && strcmp(name, newest->name.text) == 0)
		return 0;
	(void)unlinkat(dirfd, name, 0); /* the courier may have been first */
	return 0;
}

void
beat_forget_old(struct runner *r)
{
	fs_each(spool_new_fd(r->spool), forget_beat, NULL, NULL);
}

void
beat_now(struct runner *r)
{
	struct seal b;
	struct err e;

	outbox_scan(r);
	if (seal_begin(&b, r, KIND_HEARTBEAT, NULL, &e) == -1)
		goto failed;
	if (fill_beat(&b, &e) == -1) {
		seal_give_up(&b);
		goto failed;
	}
	if (seal_commit(&b, &e) == -1)
		goto failed;
	/* P.11: only the newest. */
	fs_each(spool_new_fd(r->spool), forget_beat, &b, NULL);
	return;
failed:
	log_warn("beat.failed", LOG_T("reason", e.text));
}

void
beat_every(struct runner *r)
{
	uint64_t ms = BEAT_DEFAULT_MS;

	if (r->have_status && r->status->heartbeat_ms != 0)
		ms = r->status->heartbeat_ms;
	if (ms < BEAT_LEAST_MS)
		ms = BEAT_LEAST_MS;
	if (ms > BEAT_MOST_MS)
		ms = BEAT_MOST_MS;
	beat_now(r);
	loop_timer_set(r->beat, ms, NULL);
}
