/* Bundles in memory, good and odd. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tests/unit/lib/wire/bundles.h"

struct bundle_header
sample_header(enum bundle_kind kind)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = kind,
	    .account = {"local"},
	    .bot = {"b-1"},
	    .epoch = 0x5f3c9a01d2e4b677,
	    .seq = 17,
	    .lease = 0xaa,
	    .job = 0xbb,
	    .has_build = true,
	    .project = {"png"},
	    .target = {"read@v1.2"},
	    .has_target = true,
	    .sealed_ms = 1795352981746,
	    .trace = "t-1"};

	memset(&h.build, 0xab, sizeof(h.build));
	return h;
}

struct record
sample_record(enum record_type type)
{
	struct record r = {.type = type,
	    .lease = 0xaa,
	    .epoch = 0x5f3c9a01d2e4b677,
	    .generation = 0xcc,
	    .word = "libfuzzer",
	    .word2 = "address"};
	size_t i;

	/* A lease's result is one of three words. */
	if (type == REC_COMPLETE)
		text_copy(r.word2, sizeof(r.word2), "failed");
	/* And a check has one of three verdicts. */
	if (type == REC_CHECK)
		text_copy(r.word, sizeof(r.word), "incompatible");
	for (i = 0; i < sizeof(r.n) / sizeof(r.n[0]); i++)
		r.n[i] = 1000 + i;
	return r;
}

void
gzip_bytes(struct buf *out, const void *bytes, size_t len, int level)
{
	z_stream z = {0};

	if (deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort();
	buf_grow(out, deflateBound(&z, len) + 64);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (uInt)(out->cap - out->len);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->len += z.total_out;
	deflateEnd(&z);
}

void
seal_lines(struct buf *out, const char *lines, size_t len, int records)
{
	struct bundle_end end = {0};
	struct buf all = BUF_INIT;
	size_t i;

	buf_add(&all, lines, len);
	end.records = records >= 0 ? (uint64_t)records : 0;
	for (i = 0; records == -1 && i < len; i++)
		end.records +=
		    lines[i] == '{' && (i == 0 || lines[i - 1] == '\n');
	digest_of(&end.sha256, lines, len);
	end_format(&all, &end);
	gzip_bytes(out, all.data, all.len, 6);
	buf_release(&all);
}

int
memory_file(void)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	if (fd == -1)
		abort();
	return fd;
}

void
fetch_file(struct buf *out, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		abort();
	buf_reset(out);
	buf_grow(out, (size_t)st.st_size + 1);
	if (fs_read_at(fd, out->data, (size_t)st.st_size, 0) != st.st_size)
		abort();
	out->len = (size_t)st.st_size;
}

void
sample_bundle(struct buf *out)
{
	struct bundle_header h = sample_header(KIND_CORPUS);
	struct record r = sample_record(REC_UNIT);
	struct bundle_writer *w;
	int fd = memory_file(), i;
	char bytes[300];
	const size_t sizes[] = {5, 0, sizeof(bytes)};

	for (i = 0; i < (int)sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	memcpy(bytes, "alpha", 5);
	if ((w = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, NULL)) == NULL)
		abort();
	for (i = 0; i < 3; i++) {
		digest_of(&r.sha256, bytes, sizes[i]);
		if (bundle_write(w, &r, bytes, sizes[i], NULL) == -1)
			abort();
	}
	if (bundle_writer_finish(w, NULL, NULL) == -1)
		abort();
	bundle_writer_free(w);
	fetch_file(out, fd);
	close(fd);
}

struct memory_source {
	const char *bytes;
	size_t left, step;
};

static long
read_memory(void *arg, void *bytes, size_t len)
{
	struct memory_source *m = arg;
	size_t n = m->left;

	if (n > len)
		n = len;
	if (m->step != 0 && n > m->step)
		n = m->step;
	if (n > 0)
		memcpy(bytes, m->bytes, n);
	m->bytes += n;
	m->left -= n;
	return (long)n;
}

static void
add_content(struct hasher *h, const struct bundle_item *item)
{
	struct buf line = BUF_INIT;

	if (item->step == STEP_HEADER &&
	    header_format(&line, &item->header, NULL) == -1)
		abort();
	if (item->step == STEP_RECORD &&
	    record_format(&line, &item->record, NULL) == -1)
		abort();
	if (item->step == STEP_PAYLOAD)
		hasher_add(h, item->bytes, item->len);
	else
		hasher_add(h, buf_text(&line), line.len);
	buf_release(&line);
}

enum bundle_step
judge(const struct buf *bundle, const struct bundle_limits *limits, size_t step,
    struct digest *content, struct err *why)
{
	struct memory_source m = {bundle->data, bundle->len, step};
	struct bundle_item *item = mem_alloc(sizeof(*item));
	struct hasher *h = hasher_new();
	struct bundle_reader *r;
	struct digest d;
	enum bundle_step end;

	r = bundle_reader_new(
	    read_memory, &m, limits == NULL ? &BUNDLE_LIMITS : limits);
	do {
		if (bundle_read(r, item, NULL) == -1)
			abort();
		if (item->step < STEP_OK)
			add_content(h, item);
	} while (item->step < STEP_OK);
	end = item->step;
	if (why != NULL)
		*why = item->why;
	hasher_end(h, &d);
	if (content != NULL)
		*content = d;
	hasher_free(h);
	bundle_reader_free(r);
	free(item);
	return end;
}

const char *
step_name(enum bundle_step step)
{
	static const char *const names[] = {
	    "header", "record", "payload", "ok", "damaged", "refused", "held"};

	return names[step];
}
