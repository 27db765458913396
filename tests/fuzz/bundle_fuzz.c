/*
 * Any bytes are a bundle of some verdict.  The first byte says what the rest
 * is: the file itself; its inflated text, which is deflated here; or that
 * text without its end record, which is sealed here so that the grammar is
 * reached.  Whatever is ok can be written again and reads the same.
 */
#include <sys/mman.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "lib/base/buf.h"
#include "lib/wire/bundle.h"

static const struct bundle_limits limits = {2 << 20, 1 << 20, 1 << 16, 64};

struct source {
	const uint8_t *bytes;
	size_t left, step;
};

static long
read_source(void *arg, void *bytes, size_t len)
{
	struct source *s = arg;
	size_t n = s->left < len ? s->left : len;

	if (n > s->step)
		n = s->step;
	if (n > 0)
		memcpy(bytes, s->bytes, n);
	s->bytes += n;
	s->left -= n;
	return (long)n;
}

static void
deflate_all(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};

	if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	buf_grow(out, deflateBound(&z, len) + 64);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out->data;
	z.avail_out = (uInt)out->cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->len = z.total_out;
	deflateEnd(&z);
}

/* The end record that proves these lines, counted as the reader counts. */
static void
seal(struct buf *text)
{
	struct bundle_end end = {0};
	size_t i;

	for (i = 0; i + 7 < text->len; i++)
		end.records += (i == 0 || text->data[i - 1] == '\n') &&
		    (memcmp(text->data + i, "{\"rec\":", 7) == 0 ||
			memcmp(text->data + i, "{\"pfb\":", 7) == 0);
	digest_of(&end.sha256, buf_text(text), text->len);
	end_format(text, &end);
}

struct verdict {
	enum bundle_step end;
	struct digest content;
};

/* What was read, and, when "w" is given, written again. */
struct pass {
	struct hasher *hash;
	struct bundle_writer *w;
	int fd;
	struct record record;
	struct buf payload;
	bool pending;
};

static void
flush_record(struct pass *p)
{
	struct err e;

	if (!p->pending)
		return;
	p->pending = false;
	assert(!p->record.has_payload || p->payload.len == p->record.size);
	if (p->w != NULL &&
	    bundle_write(p->w, &p->record,
		p->record.has_payload ? buf_text(&p->payload) : NULL,
		p->payload.len, &e) == -1)
		abort();
	buf_reset(&p->payload);
}

static void
take(struct pass *p, const struct bundle_item *item)
{
	struct buf line = BUF_INIT;

	if (item->step == STEP_PAYLOAD) {
		assert(p->pending && p->record.has_payload);
		assert(item->len > 0);
		buf_add(&p->payload, item->bytes, item->len);
		hasher_add(p->hash, item->bytes, item->len);
		return;
	}
	flush_record(p);
	if (item->step == STEP_HEADER) {
		if (header_format(&line, &item->header, NULL) == -1)
			abort();
		if (p->fd != -1)
			p->w = bundle_writer_new(
			    p->fd, &item->header, &BUNDLE_LIMITS, NULL);
	} else if (item->step == STEP_RECORD) {
		if (record_format(&line, &item->record, NULL) == -1)
			abort();
		p->record = item->record;
		p->pending = true;
	}
	hasher_add(p->hash, buf_text(&line), line.len);
	buf_release(&line);
}

/* "again": a file to which what is read is written, or -1. */
static struct verdict
judge(const struct buf *bundle, size_t step, int again)
{
	struct source s = {(const uint8_t *)bundle->data, bundle->len, step};
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct pass p = {.hash = hasher_new(), .fd = again};
	struct bundle_reader *r;
	struct verdict v;

	r = bundle_reader_new(read_source, &s, &limits);
	do {
		if (bundle_read(r, item, NULL) == -1)
			abort();
		if (item->step <= STEP_OK)
			take(&p, item);
	} while (item->step < STEP_OK);
	v.end = item->step;
	assert(v.end != STEP_OK || item->has_end);
	assert(v.end == STEP_OK || item->why.text[0] != '\0');
	hasher_end(p.hash, &v.content);
	if (p.w != NULL && v.end == STEP_OK &&
	    bundle_writer_finish(p.w, NULL, NULL) == -1)
		abort();
	bundle_writer_free(p.w);
	hasher_free(p.hash);
	buf_release(&p.payload);
	bundle_reader_free(r);
	free(item);
	return v;
}

static void
write_again(const struct buf *bundle, const struct verdict *want)
{
	int fd = memfd_create("again", MFD_CLOEXEC);
	struct buf copy = BUF_INIT;
	struct verdict v;
	off_t len;

	judge(bundle, SIZE_MAX, fd);
	len = lseek(fd, 0, SEEK_END);
	buf_grow(&copy, (size_t)len);
	if (len < 0 || pread(fd, copy.data, (size_t)len, 0) != len)
		abort();
	copy.len = (size_t)len;
	v = judge(&copy, SIZE_MAX, -1);
	assert(v.end == STEP_OK);
	assert(digest_equal(&v.content, &want->content));
	buf_release(&copy);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT, bundle = BUF_INIT;
	struct verdict whole, bytewise;

	if (size == 0)
		return 0;
	buf_add(&text, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		buf_add(&bundle, buf_text(&text), text.len);
		break;
	case 2:
		seal(&text);
		/* fall through */
	default:
		deflate_all(&bundle, buf_text(&text), text.len);
	}
	whole = judge(&bundle, SIZE_MAX, -1);
	bytewise = judge(&bundle, 1, -1);
	/* How far a broken stream inflates depends on the pieces. */
	assert((whole.end == STEP_OK) == (bytewise.end == STEP_OK));
	if (whole.end == STEP_OK) {
		assert(digest_equal(&whole.content, &bytewise.content));
		write_again(&bundle, &whole);
	}
	buf_release(&text);
	buf_release(&bundle);
	return 0;
}
