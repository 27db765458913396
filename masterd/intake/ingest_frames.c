/*
 * What a decode child says about the bundle at the head of the queue: records
 * are kept, payloads staged and hashed, and the verdict makes its fate, as far
 * as the bundle alone can tell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "masterd/intake/decoder.h"
#include "masterd/intake/ingest_internal.h"

static bool
goes_to_store(enum record_type type)
{
	return type == REC_UNIT || type == REC_CRASH || type == REC_REPORT ||
	    type == REC_MINIMISED;
}

static void
stage_failed(struct ingest *g, const struct err *e)
{
	if (e->sys != ENOSPC && e->sys != EDQUOT && e->sys != EMFILE) {
		ingest_fatal(g, e);
		return;
	}
	/* Out of space: this bundle is taken again later, no attempt counts. */
	g->discard = true;
}

static void
on_header(void *arg, const struct bundle_header *h)
{
	struct ingest *g = arg;

	g->pending->header = *h;
	g->pending->has_header = true;
	g->pending->records = 1;
}

/* How much of a payload is taken that is text. */
static size_t
text_max(const struct item *i)
{
	return i->r.type == REC_BOT_LOG ? BOT_LOG_MAX : ITEM_TEXT_MAX;
}

/* The payload of the last record is whole. */
static void
close_item(struct ingest *g, struct taken *t)
{
	struct buf clean = BUF_INIT;
	struct item *i;
	struct err e;

	if (t->count == 0)
		return;
	i = &t->items[t->count - 1];
	if (i->file != NULL && !g->discard &&
	    store_stage_end(i->file, &i->sha256, &i->bytes, &e) == -1)
		stage_failed(g, &e);
	if (i->text.len > 0) {
		text_clean(&clean, i->text.data, i->text.len, text_max(i));
		buf_release(&i->text);
		i->text = clean;
	}
}

static void
on_record(void *arg, const struct record *r)
{
	struct ingest *g = arg;
	struct taken *t = g->pending;
	struct item *i;
	struct err e;

	close_item(g, t);
	i = taken_add(t, r);
	if (g->discard || !r->has_payload || !goes_to_store(r->type))
		return;
	if ((i->file = store_stage(g->store, &e)) == NULL)
		stage_failed(g, &e);
}

/* Small records can bring large texts, and thousands of them fit a bundle. */
static bool
has_room(struct taken *t, size_t len)
{
	t->text_bytes += len;
	return t->text_bytes <= TAKEN_TEXT_MAX;
}

static void
on_payload(void *arg, const void *bytes, size_t len)
{
	struct ingest *g = arg;
	struct taken *t = g->pending;
	struct item *i;
	struct err e;
	size_t room;

	if (g->discard || t->count == 0)
		return;
	i = &t->items[t->count - 1];
	if (i->file != NULL) {
		if (store_stage_add(i->file, bytes, len, &e) == -1)
			stage_failed(g, &e);
		return;
	}
	room = text_max(i) - i->text.len;
	len = len < room ? len : room;
	if (has_room(t, len))
		buf_add(&i->text, bytes, len);
}

static void
on_facts(void *arg, const struct frame_facts *facts, const char *text)
{
	struct ingest *g = arg;
	struct taken *t = g->pending;
	struct item *i;

	if (t->count == 0 || t->items[t->count - 1].r.type != REC_REPORT)
		return;
	i = &t->items[t->count - 1];
	buf_reset(&i->facts);
	if (!has_room(t, facts->len))
		return;
	buf_add(&i->facts, text, facts->len);
	i->has_address = facts->has_address != 0;
	i->address = facts->address;
}

/* One that brings no trace has that of its content, the same each time. */
static void
give_trace(struct taken *t)
{
	struct bundle_header *h = &t->header;

	if (h->trace[0] == '\0')
		snprintf(h->trace, sizeof(h->trace), "%.32s",
		    digest_hex(&t->digest).text);
}

/* The end holds; does the bundle belong where it lay? */
static void
judge_ok(struct taken *t)
{
	const struct bundle_header *h = &t->header;
	const struct bundle_id *id = &t->id;
	const char *why = NULL;

	if (strcmp(h->account.text, t->account_name) != 0)
		why = "it names another account than the folder it lay in";
	else if (strcmp(h->bot.text, id->bot.text) != 0 ||
	    h->epoch != id->epoch || h->seq != id->seq)
		why = "its first line and its name disagree";
	else if (bundle_kind_class(h->kind) != id->cls)
		why = "its kind and the letter in its name disagree";
	else if (t->text_bytes > TAKEN_TEXT_MAX)
		why = "its reports and texts are more than 64 MiB";
	taken_judge(t, why == NULL ? FATE_INGESTED : FATE_REFUSED,
	    why == NULL ? "" : why);
}

static void
judge(struct taken *t, const struct frame_verdict *v)
{
	t->has_digest = v->has_end != 0;
	if (t->has_digest) {
		t->digest = v->end.sha256;
		t->records = v->end.records;
	}
	switch ((enum bundle_step)v->step) {
	case STEP_OK:
		give_trace(t);
		judge_ok(t);
		break;
	case STEP_HELD:
		taken_judge(t, FATE_HELD, v->reason);
		break;
	case STEP_DAMAGED:
		taken_judge(t, FATE_DAMAGED, v->reason);
		break;
	default:
		taken_judge(t, FATE_REFUSED, v->reason);
		break;
	}
}

static void
on_verdict(void *arg, const struct frame_verdict *v)
{
	struct ingest *g = arg;
	struct taken *t;

	close_item(g, g->pending);
	t = ingest_pending_take(g);
	if (g->discard) {
		g->discard = false;
		g->backoff = clock_up_ms() + INGEST_RETRY_MS;
		log_warn("ingest.postponed", LOG_T("bundle", t->name),
		    LOG_T("reason", "the disk is full"));
		ingest_give_back(t);
		loop_timer_set(g->pump, INGEST_RETRY_MS, NULL);
		return;
	}
	judge(t, v);
	ingest_into_batch(g, t);
	ingest_wake(g);
}

static void
on_died(void *arg, enum decoder_blame blame, const char *why)
{
	struct ingest *g = arg;
	struct taken *t = g->pending;
	struct err e;

	g->discard = false;
	log_warn("decode.died", LOG_T("bundle", t == NULL ? "" : t->name),
	    LOG_T("blame", blame == BLAME_BUNDLE ? "bundle" : "nobody"),
	    LOG_T("reason", why));
	if (blame == BLAME_NOBODY) {
		/* Whatever kills them (or cannot read the file) may go on. */
		g->backoff = clock_up_ms() + INGEST_DIED_MS;
		loop_timer_set(g->pump, INGEST_DIED_MS, NULL);
	}
	if (t != NULL && blame == BLAME_BUNDLE &&
	    (db_begin(g->db, &e) == -1 ||
		ledger_add_attempt(g->db, t->account_name, t->name, NULL,
		    clock_wall_ms(), &e) == -1 ||
		db_commit(g->db, &e) == -1)) {
		db_rollback(g->db);
		if (e.sys != ENOSPC) /* then the attempt is not counted */
			ingest_fatal(g, &e);
	}
	while ((t = ingest_pending_take(g)) != NULL)
		ingest_give_back(t);
	ingest_wake(g);
}

const struct decoder_calls ingest_decoder_calls = {
    on_header, on_record, on_payload, on_facts, on_verdict, on_died};
