/*
 * Segments into units/.  The courier has verified each file's digest; each
 * unit's is verified here again, because its digest becomes its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/segments.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/bundle.h"

#define JOB_BYTES    (4u << 20)
#define SERIAL_BYTES 128

/* ---- how far it went ------------------------------------------------- */

static void
serial_name(char *name, size_t size, const struct segments *g)
{
	snprintf(
	    name, size, "state/serial/%s", text_hex64(g->ticket->job).text);
}

/* Pruning raises the generation: then everything is read anew. */
static uint64_t
read_serial(const struct segments *g, uint64_t generation)
{
	struct buf text = BUF_INIT;
	uint64_t of, serial = 0;
	char name[48], *blank;

	serial_name(name, sizeof(name), g);
	if (fs_read_file(g->root, name, &text, SERIAL_BYTES, NULL) == 0 &&
	    (blank = strchr(buf_text(&text), ' ')) != NULL) {
		*blank++ = '\0';
		blank[strcspn(blank, "\n")] = '\0';
		if (text_to_u64(&of, text.data) == -1 || of != generation ||
		    text_to_u64(&serial, blank) == -1)
			serial = 0;
	}
	buf_release(&text);
	return serial;
}

static int
write_serial(const struct segments *g, uint64_t generation, uint64_t serial,
    struct err *e)
{
	struct buf text = BUF_INIT;
	char name[48];
	int dir, rc;

	dir = fs_make_dir_open(g->root, "state/serial", 0755, e);
	if (dir == -1)
		return -1;
	serial_name(name, sizeof(name), g);
	buf_printf(
	    &text, "%ju %ju\n", (uintmax_t)generation, (uintmax_t)serial);
	rc = fs_replace(
	    dir, strrchr(name, '/') + 1, text.data, text.len, 0644, false, e);
	buf_release(&text);
	close(dir);
	return rc;
}

/* ---- one segment ----------------------------------------------------- */

struct unpacking {
	struct segments *g;
	bool also;
	int fd; /* of the unit in hand, -1 when none */
	char tmp[40];
	struct digest want;
	struct hasher *hash;
};

/* A copy for the running engine, who may do with it as it likes. */
static int
give(const struct unpacking *u, int fd, const char *name, struct err *e)
{
	uint64_t size;

	if (!u->also)
		return 0;
	if (fs_copy(fd, u->g->also, name, 0644, NULL, &size, e) == 0) {
		u->g->given += size;
		return 0;
	}
	return faccessat(u->g->also, name, F_OK, 0);
}

/* The unit in hand is complete: its bytes decide its name. */
static int
end_unit(struct unpacking *u, struct err *e)
{
	struct digest_hex hex;
	struct digest have;
	int fd;

	if (u->fd == -1)
		return 0;
	hasher_end(u->hash, &have);
	fd = u->fd;
	u->fd = -1;
	if (!digest_equal(&have, &u->want)) {
		close(fd);
		unlinkat(u->g->cache, u->tmp, 0);
		return err_set(
		    e, ERR_REFUSED, "a unit is not what its digest says");
	}
	hex = digest_hex(&have);
	if (give(u, fd, hex.text, e) == -1) {
		close(fd);
		return -1;
	}
	close(fd);
	if (renameat(u->g->cache, u->tmp, u->g->cache, hex.text) == -1)
		return err_sys(e, "cannot keep a unit");
	return 0;
}

/*
 * 1 when the cache has it: most units of a segment are what this bot found
 * itself, and to write them again costs more than all else that it does.
 */
static int
have_unit(const struct unpacking *u, const struct record *r, struct err *e)
{
	struct digest_hex hex = digest_hex(&r->sha256);
	uint64_t size;
	int fd, rc = 1;

	fd = fs_open_foreign(u->g->cache, hex.text, &size, NULL);
	if (fd == -1)
		return 0;
	if (size != r->size)
		rc = 0; /* a power cut left it so */
	else if (give(u, fd, hex.text, e) == -1)
		rc = -1;
	close(fd);
	return rc;
}

static int
begin_unit(struct unpacking *u, const struct record *r, struct err *e)
{
	int had;

	if (r->type != REC_UNIT || !r->has_payload)
		return 0;
	if ((had = have_unit(u, r, e)) != 0)
		return had == -1 ? -1 : 0;
	u->want = r->sha256;
	hasher_reset(u->hash);
	snprintf(
	    u->tmp, sizeof(u->tmp), ".new-%s", text_hex64(random_u64()).text);
	u->fd = openat(u->g->cache, u->tmp,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	return u->fd == -1 ? err_sys(e, "cannot make a unit") : 0;
}

static int
take_piece(struct unpacking *u, const struct bundle_item *item, struct err *e)
{
	if (u->fd == -1)
		return 0;
	hasher_add(u->hash, item->bytes, item->len);
	if (fs_write_all(u->fd, item->bytes, item->len) == -1)
		return err_sys(e, "cannot write a unit");
	return 0;
}

/* Of the target, or of the corpus that the job has for itself. */
static bool
is_ours(const struct segments *g, const struct bundle_header *h)
{
	const struct ticket *t = g->ticket;

	return h->kind == KIND_CORPUS && h->has_target &&
	    strcmp(h->project.text, t->project.text) == 0 &&
	    (strcmp(h->target.text, t->target.text) == 0 ||
		strcmp(h->target.text, t->corpus.text) == 0);
}

/* Returns 1 to go on, 0 at a good end, -1 with "e". */
static int
take_item(struct unpacking *u, const struct bundle_item *item, struct err *e)
{
	switch (item->step) {
	case STEP_HEADER:
		return is_ours(u->g, &item->header)
		    ? 1
		    : err_set(e, ERR_REFUSED, "it is of another target");
	case STEP_RECORD:
		if (end_unit(u, e) == -1 ||
		    begin_unit(u, &item->record, e) == -1)
			return -1;
		return 1;
	case STEP_PAYLOAD:
		return take_piece(u, item, e) == -1 ? -1 : 1;
	case STEP_OK:
		return end_unit(u, e);
	case STEP_DAMAGED:
	case STEP_REFUSED:
	case STEP_HELD:
		break;
	}
	return err_set(e, ERR_REFUSED, "%s", item->why.text);
}

static int
read_all(struct unpacking *u, int fd, struct err *e)
{
	struct bundle_reader *reader;
	struct bundle_item *item = mem_alloc(sizeof(*item));
	int rc;

	reader = bundle_reader_new(bundle_source_fd, &fd, &BUNDLE_LIMITS);
	do
		rc = bundle_read(reader, item, e) == -1 ? -1
							: take_item(u, item, e);
	while (rc == 1);
	bundle_reader_free(reader);
	free(item);
	return rc;
}

static int
unpack(struct segments *g, const struct segment *s, struct err *e)
{
	struct unpacking u = {.g = g, .fd = -1};
	struct digest_hex hex = digest_hex(&s->sha256);
	char name[96];
	int fd, rc;

	snprintf(name, sizeof(name), "builds/%.2s/%s", hex.text, hex.text);
	fd = fs_open_foreign(g->root, name, NULL, e);
	if (fd == -1)
		return -1;
	u.also = g->also != -1 && s->last > g->from;
	u.hash = hasher_new();
	rc = read_all(&u, fd, e);
	if (u.fd != -1) {
		close(u.fd);
		unlinkat(g->cache, u.tmp, 0);
	}
	hasher_free(u.hash);
	close(fd);
	return rc == -1 ? err_wrap(e, "segment '%.16s'", hex.text) : 0;
}

/* ---- all of them ----------------------------------------------------- */

static int
read_job(const struct segments *g, struct job_file *job, struct err *e)
{
	struct buf text = BUF_INIT;
	char name[48];
	int rc;

	snprintf(name, sizeof(name), "inbox/jobs/%s.json",
	    text_hex64(g->ticket->job).text);
	rc = fs_read_file(g->root, name, &text, JOB_BYTES, e);
	if (rc == 0)
		rc = job_file_parse(job, text.data, text.len, e);
	buf_release(&text);
	return rc;
}

int
segments_unpack(struct segments *g, struct err *e)
{
	struct job_file job;
	uint64_t unpacked;
	struct err why;
	int i, rc = 0;

	g->last = g->from;
	err_clear(&why);
	if (read_job(g, &job, &why) == -1) {
		if (why.cls == ERR_NOT_FOUND)
			return 0;
		return err_set(e, why.cls, "%s", why.text);
	}
	unpacked = read_serial(g, job.generation);
	for (i = 0; i < job.segment_count && rc == 0; i++) {
		/* "also" was fed from memory; the cache from state/serial. */
		if (job.segments[i].last <= unpacked &&
		    (g->also == -1 || job.segments[i].last <= g->from)) {
			if (job.segments[i].last > g->last)
				g->last = job.segments[i].last;
			continue;
		}
		rc = unpack(g, &job.segments[i], e);
		if (rc == 0 && job.segments[i].last > g->last)
			g->last = job.segments[i].last;
	}
	if (g->last > unpacked)
		(void)write_serial(g, job.generation, g->last, NULL);
	job_file_release(&job);
	return rc;
}
