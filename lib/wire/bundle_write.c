/*
 * The writing half of a bundle: lines and payloads through deflate into a
 * file.  Level 1: bots have better things to do, and inputs are small.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "lib/base/fs.h"
#include "lib/wire/bundle.h"

#define CHUNK (64 * 1024)

const struct bundle_limits BUNDLE_LIMITS = {
    .file = 256ull << 20,
    .inflated = 1ull << 30,
    .payload = 64ull << 20,
    .records = 65536,
};

struct bundle_writer {
	int fd;
	const struct bundle_limits *limits;
	z_stream z;
	struct hasher *hash;
	uint64_t records;
	uint64_t inflated;
	uint8_t out[CHUNK];
};

/* Most that deflate can make of "n" bytes, with gzip's head and tail. */
static uint64_t
deflated_most(uint64_t n)
{
	return n + (n >> 9) + 4096;
}

static int
pump(struct bundle_writer *w, const void *bytes, size_t len, int flush,
    struct err *e)
{
	int status;
	size_t n;

	w->z.next_in = (Bytef *)(uintptr_t)bytes;
	w->z.avail_in = (uInt)len;
	do {
		w->z.next_out = w->out;
		w->z.avail_out = CHUNK;
		status = deflate(&w->z, flush);
		if (status == Z_STREAM_ERROR)
			return err_set(e, ERR_BUG, "zlib's state is broken");
		n = CHUNK - w->z.avail_out;
		if (n > 0 && fs_write_all(w->fd, w->out, n) == -1)
			return err_sys(e, "cannot write a bundle");
	} while (w->z.avail_out == 0);
	return 0;
}

static int
emit(struct bundle_writer *w, const void *bytes, size_t len, struct err *e)
{
	hasher_add(w->hash, bytes, len);
	w->inflated += len;
	return pump(w, bytes, len, Z_NO_FLUSH, e);
}

static int
emit_line(struct bundle_writer *w, const struct buf *line, struct err *e)
{
	w->records++;
	return emit(w, line->data, line->len, e);
}

struct bundle_writer *
bundle_writer_new(int fd, const struct bundle_header *header,
    const struct bundle_limits *limits, struct err *e)
{
	struct bundle_writer *w = mem_alloc(sizeof(*w));
	struct buf line = BUF_INIT;

	w->fd = fd;
	w->limits = limits;
	w->hash = hasher_new();
	if (deflateInit2(
		&w->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		err_set(e, ERR_BUG, "zlib cannot start");
		goto fail;
	}
	if (header_format(&line, header, e) == -1 ||
	    emit_line(w, &line, e) == -1)
		goto fail;
	buf_release(&line);
	return w;
fail:
	buf_release(&line);
	bundle_writer_free(w);
	return NULL;
}

bool
bundle_writer_fits(const struct bundle_writer *w, uint64_t payload)
{
	uint64_t after;

	if (payload > w->limits->payload)
		return false;
	/* This record's line, its newline, and the end record still to come. */
	after = w->inflated + BUNDLE_LINE_MAX + payload + 1 + BUNDLE_LINE_MAX;
	return w->records + 1 <= w->limits->records &&
	    after <= w->limits->inflated &&
	    deflated_most(after) <= w->limits->file;
}

/* The record's line, after all that could refuse it was asked. */
static int
begin(struct bundle_writer *w, const struct record *r, bool payload,
    uint64_t size, struct err *e)
{
	struct record full = *r;
	struct buf line = BUF_INIT;
	int result;

	if (!bundle_writer_fits(w, payload ? size : 0))
		return err_set(e, ERR_REFUSED,
		    "a '%s' record of %ju bytes "
		    "does not fit the limits of a bundle",
		    record_name(r->type), (uintmax_t)size);
	full.has_payload = payload;
	full.size = payload ? size : 0;
	result = record_format(&line, &full, e);
	if (result == 0)
		result = emit_line(w, &line, e);
	buf_release(&line);
	return result;
}

int
bundle_write(struct bundle_writer *w, const struct record *r,
    const void *payload, uint64_t size, struct err *e)
{
	if (begin(w, r, payload != NULL, size, e) == -1)
		return -1;
	if (payload == NULL)
		return 0;
	if (emit(w, payload, size, e) == -1)
		return -1;
	return emit(w, "\n", 1, e);
}

int
bundle_write_file(struct bundle_writer *w, const struct record *r, int fd,
    uint64_t size, struct err *e)
{
	uint8_t piece[CHUNK];
	uint64_t done;
	size_t want;
	ssize_t n;

	if (begin(w, r, true, size, e) == -1)
		return -1;
	for (done = 0; done < size; done += (uint64_t)n) {
		want = size - done < CHUNK ? (size_t)(size - done) : CHUNK;
		n = fs_read_at(fd, piece, want, done);
		if (n == -1)
			return err_sys(e, "cannot read a payload");
		if ((size_t)n < want)
			return err_set(e, ERR_AGAIN,
			    "a payload became shorter "
			    "while it was sealed");
		if (emit(w, piece, want, e) == -1)
			return -1;
	}
	return emit(w, "\n", 1, e);
}

uint64_t
bundle_writer_records(const struct bundle_writer *w)
{
	return w->records;
}

uint64_t
bundle_writer_bytes(const struct bundle_writer *w)
{
	return w->inflated;
}

int
bundle_writer_finish(
    struct bundle_writer *w, struct bundle_end *end, struct err *e)
{
	struct buf line = BUF_INIT;
	struct bundle_end own;
	int result;

	own.records = w->records;
	hasher_end(w->hash, &own.sha256);
	end_format(&line, &own);
	result = pump(w, line.data, line.len, Z_FINISH, e);
	buf_release(&line);
	if (end != NULL)
		*end = own;
	return result;
}

void
bundle_writer_free(struct bundle_writer *w)
{
	if (w == NULL)
		return;
	deflateEnd(&w->z);
	hasher_free(w->hash);
	free(w);
}
