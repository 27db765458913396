/*
 * Segments: a bundle of kind corpus, written from the store's own files, named,
 * synced and committed as everything else is.
 */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/bundle.h"
#include "masterd/db/segments.h"
#include "masterd/publish/pack.h"

/* Bots that have their job file at once; the others with their next beat: a
 * target's bots may be thousands, and everything else would wait for them. */
#define AT_ONCE 8

struct pack {
	struct publish *publish;
	struct db *db;
	struct store *store;
	pack_fatal_fn *fatal;
	void *arg;
	bool busy;
	uint64_t up_to; /* serial: newer units wait for the next time */
	int64_t failed; /* a target that could not be packed this time */
	struct err *e;  /* for mark_bot() */
	int marked;     /* bots of this target so far */
	struct segment_plan plan;
	struct segment segment;
};

struct pack *
pack_open(struct publish *publish, struct db *db, struct store *store,
    pack_fatal_fn *fatal, void *arg)
{
	struct pack *p = mem_alloc(sizeof(*p));

	p->publish = publish;
	p->db = db;
	p->store = store;
	p->fatal = fatal;
	p->arg = arg;
	return p;
}

void
pack_close(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->busy)
		free(p->plan.units);
	free(p);
}

static int
write_unit(struct pack *p, struct bundle_writer *w,
    const struct segment_unit *u, struct err *e)
{
	struct record r = {.type = REC_UNIT, .sha256 = u->sha256};
	int fd, result;

	r.n[UNIT_FEATURES] = u->features;
	fd = store_open_unit(
	    p->store, p->plan.project.text, p->plan.name.text, &u->sha256, e);
	if (fd == -1)
		return -1;
	result = bundle_write_file(w, &r, fd, u->bytes, e);
	close(fd);
	return result;
}

/* The bundle's "bot" is the master, its epoch the corpus's generation. */
static void
fill_header(const struct pack *p, struct bundle_header *h)
{
	memset(h, 0, sizeof(*h));
	h->pfb = WIRE_VERSION;
	h->kind = KIND_CORPUS;
	text_copy(h->account.text, sizeof(h->account.text), "master");
	text_copy(h->bot.text, sizeof(h->bot.text), "master");
	h->epoch = p->plan.generation;
	h->seq = p->plan.first;
	h->has_target = true;
	h->project = p->plan.project;
	h->target = p->plan.name;
	h->sealed_ms = clock_wall_ms();
}

static int
write_segment(struct pack *p, int fd, struct err *e)
{
	struct bundle_header h;
	struct bundle_writer *w;
	int i, result = 0;

	fill_header(p, &h);
	if ((w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, e)) == NULL)
		return -1;
	for (i = 0; i < p->plan.count && result == 0; i++)
		result = write_unit(p, w, &p->plan.units[i], e);
	if (result == 0)
		result = bundle_writer_finish(w, NULL, e);
	bundle_writer_free(w);
	return result;
}

static int
stage_segment(struct pack *p, int fd, struct err *e)
{
	struct staged *f = store_stage(p->store, e);
	uint64_t offset = 0;
	char piece[65536];
	ssize_t n;

	if (f == NULL)
		return -1;
	while ((n = fs_read_at(fd, piece, sizeof(piece), offset)) > 0) {
		if (store_stage_add(f, piece, (size_t)n, e) == -1)
			break;
		offset += (uint64_t)n;
	}
	if (n != 0 ||
	    store_stage_end(f, &p->segment.sha256, &p->segment.bytes, e) ==
		-1) {
		store_stage_drop(f);
		return -1;
	}
	return store_name_segment(p->store, f, &p->segment.sha256, e);
}

static int
mark_bot(void *arg, int64_t bot)
{
	struct pack *p = arg;

	if (p->marked++ < AT_ONCE)
		return publish_mark(p->publish, bot, p->e);
	publish_later(p->publish, bot);
	return 0;
}

static int
record(struct pack *p, struct err *e)
{
	p->e = e;
	p->marked = 0;
	if (db_begin(p->db, e) == -1)
		return -1;
	if (segments_add(p->db, &p->plan, &p->segment, e) == 0 &&
	    segments_bots(p->db, p->plan.target, mark_bot, p, e) == 0 &&
	    db_commit(p->db, e) == 0)
		return 0;
	db_rollback(p->db);
	return -1;
}

static void step(struct pack *p);

static void
synced(void *arg)
{
	struct pack *p = arg;
	struct err e;

	p->busy = false;
	free(p->plan.units);
	if (record(p, &e) == -1) {
		if (e.cls != ERR_AGAIN)
			p->fatal(p->arg, &e);
		return;
	}
	log_info("segment.packed", LOG_T("project", p->plan.project.text),
	    LOG_T("target", p->plan.name.text), LOG_N("units", p->plan.count),
	    LOG_N("bytes", p->segment.bytes));
	publish_marked(p->publish);
	step(p);
}

static int
make_segment(struct pack *p, struct err *e)
{
	int fd = memfd_create("segment", MFD_CLOEXEC), result;

	if (fd == -1)
		return err_sys(e, "cannot make a segment");
	memset(&p->segment, 0, sizeof(p->segment));
	p->segment.first = p->plan.first;
	p->segment.last = (uint64_t)p->plan.units[p->plan.count - 1].serial;
	result = write_segment(p, fd, e);
	if (result == 0)
		result = stage_segment(p, fd, e);
	close(fd);
	return result;
}

static void
step(struct pack *p)
{
	struct err e;
	int got;

	while ((got = segments_next(
		    p->db, p->up_to, p->failed, &p->plan, &e)) == 1) {
		if (make_segment(p, &e) == 0) {
			p->busy = true;
			store_sync(p->store, synced, p);
			return;
		}
		/* A unit that cannot be read is no reason to stop the farm. */
		log_error("segment.failed", LOG_T("target", p->plan.name.text),
		    LOG_T("reason", e.text));
		free(p->plan.units);
		if (p->failed != 0)
			return;
		p->failed = p->plan.target;
	}
	if (got == -1)
		p->fatal(p->arg, &e);
}

void
pack_due(struct pack *p)
{
	struct err e;

	if (p->busy)
		return;
	p->failed = 0;
	if (segments_newest(p->db, &p->up_to, &e) == -1)
		p->fatal(p->arg, &e);
	else
		step(p);
}
