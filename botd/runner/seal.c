/*
 * Sealing: a bundle is written in outbox/tmp, synced, renamed to outbox/new,
 * and that folder synced (P.8).  A seq is used up by the rename and by nothing
 * else (P.4), so a bundle is written in one go, when its turn has come.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

static void
fill_header(struct bundle_header *h, const struct seal *b,
    enum bundle_kind kind, const struct session *s)
{
	const struct runner *r = b->runner;

	memset(h, 0, sizeof(*h));
	h->pfb = WIRE_VERSION;
	h->kind = kind;
	h->account = r->config->account;
	h->bot = r->config->bot;
	h->epoch = r->epoch;
	h->seq = b->seq;
	h->sealed_ms = clock_wall_ms();
	if (s == NULL) { /* of several leases or none: a trace of its own */
		snprintf(h->trace, sizeof(h->trace), "%016jx%016jx",
		    (uintmax_t)random_u64(), (uintmax_t)random_u64());
		return;
	}
	/* P.7: only a bundle of one lease names it in its header. */
	h->lease = s->ticket.lease;
	h->job = s->ticket.job;
	h->build = s->ticket.build;
	h->has_build = true;
	h->project = s->ticket.project;
	h->target = s->ticket.target;
	h->has_target = true;
	text_copy(h->trace, sizeof(h->trace), s->ticket.trace);
}

int
seal_begin(struct seal *b, struct runner *r, enum bundle_kind kind,
    const struct session *s, struct err *e)
{
	struct bundle_header header;
	struct bundle_id id;

	b->runner = r;
	b->cls = bundle_kind_class(kind);
	b->seq = b->cls == BUNDLE_BEAT ? r->next_beat : r->next_seq;
	id = (struct bundle_id){r->config->bot, r->epoch, b->seq, b->cls};
	b->name = bundle_id_format(&id);
	b->fd = spool_stage(r->spool, b->name.text, e);
	if (b->fd == -1)
		return -1;
	fill_header(&header, b, kind, s);
	b->writer = bundle_writer_new(b->fd, &header, &BUNDLE_LIMITS, e);
	if (b->writer == NULL) {
		spool_unstage(r->spool, b->fd, b->name.text);
		return -1;
	}
	return 0;
}

int
seal_record(struct seal *b, const struct record *rec, const void *payload,
    uint64_t size, struct err *e)
{
	return bundle_write(b->writer, rec, payload, size, e);
}

int
seal_text(struct seal *b, enum record_type type, uint64_t lease,
    const void *text, size_t len, struct err *e)
{
	struct record rec;

	memset(&rec, 0, sizeof(rec));
	rec.type = type;
	rec.lease = lease;
	return bundle_write(b->writer, &rec, text, len, e);
}

void
seal_give_up(struct seal *b)
{
	bundle_writer_free(b->writer);
	spool_unstage(b->runner->spool, b->fd, b->name.text);
}

int
seal_commit(struct seal *b, struct err *e)
{
	struct runner *r = b->runner;
	struct stat st;
	struct err why;

	if (bundle_writer_finish(b->writer, NULL, e) == -1) {
		seal_give_up(b);
		return -1;
	}
	bundle_writer_free(b->writer);
	if (fstat(b->fd, &st) == -1)
		st.st_size = 0;
	if (spool_commit(r->spool, b->fd, b->name.text, &why) == -1)
		runner_die("bundle.unsealed", &why);
	if (b->cls == BUNDLE_BEAT) {
		r->next_beat++;
		return 0;
	}
	r->next_seq++;
	r->outbox.bytes += (uint64_t)st.st_size;
	r->outbox.files++;
	log_info("bundle.sealed", LOG_T("bundle", b->name.text),
	    LOG_N("bytes", st.st_size));
	outbox_make_room(r);
	return 0;
}
