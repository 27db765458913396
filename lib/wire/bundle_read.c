/*
 * The reading half of a bundle, a total function over any bytes.
 *
 * While all is well each line and payload is handed on as it comes.  At the
 * first breach of the grammar nothing is handed on any more, and the rest is
 * only scanned for its last line: if that is an end record whose digest holds,
 * the file is what was sealed and is REFUSED (or HELD); if not, it was damaged
 * on its way and will be pushed again (PROTOCOL 14).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "lib/base/buf.h"
#include "lib/wire/bundle.h"

#define CHUNK    (64 * 1024)
#define TAIL_MAX (2 * BUNDLE_LINE_MAX)

enum reader_state {
	READ_HEADER,
	READ_LINE,
	READ_PAYLOAD,
	READ_PAYLOAD_END,
	READ_SCAN,
	READ_OVER
};

struct bundle_reader {
	bundle_source_fn *source;
	void *arg;
	const struct bundle_limits *limits;
	enum reader_state state;
	z_stream z;
	bool stream_ended;
	struct hasher *hash; /* inflated bytes, last line excepted */
	struct hasher *payload_hash;
	bool check_payload;
	struct digest claimed;
	uint64_t file_bytes, inflated, records, left;
	enum bundle_kind kind;
	enum bundle_step scan_verdict; /* if the end holds */
	struct err why;
	char line[BUNDLE_LINE_MAX];
	size_t line_len;
	char tail[TAIL_MAX]; /* READ_SCAN: not yet hashed */
	size_t tail_len;
	uint8_t *next; /* inflated, not yet looked at */
	size_t avail;
	uint8_t in[CHUNK];
	uint8_t out[CHUNK];
};

/* Results of fill(). */
enum { FILL_BYTES, FILL_END, FILL_BROKEN, FILL_LIMIT, FILL_IO };

struct bundle_reader *
bundle_reader_new(
    bundle_source_fn *source, void *arg, const struct bundle_limits *limits)
{
	struct bundle_reader *r = mem_alloc(sizeof(*r));

	r->source = source;
	r->arg = arg;
	r->limits = limits;
	r->hash = hasher_new();
	r->payload_hash = hasher_new();
	/* 31: gzip and nothing else, never auto-detection. */
	if (inflateInit2(&r->z, 31) != Z_OK)
		abort();
	return r;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	inflateEnd(&r->z);
	hasher_free(r->hash);
	hasher_free(r->payload_hash);
	free(r);
}

long
bundle_source_fd(void *arg, void *bytes, size_t len)
{
	ssize_t n;

	do
		n = read(*(int *)arg, bytes, len);
	while (n == -1 && errno == EINTR);
	return n;
}

static int
broken(struct bundle_reader *r, const char *what)
{
	err_set(&r->why, ERR_REFUSED, "%s", what);
	return FILL_BROKEN;
}

static int
over_limit(struct bundle_reader *r, const char *what, uint64_t limit)
{
	err_set(
	    &r->why, ERR_REFUSED, "%s, limit is %ju", what, (uintmax_t)limit);
	return FILL_LIMIT;
}

/* Bytes of the file into in[]; FILL_END at its end. */
static int
fill_input(struct bundle_reader *r)
{
	long n = r->source(r->arg, r->in, CHUNK);

	if (n < 0)
		return FILL_IO;
	if (n == 0)
		return FILL_END;
	r->file_bytes += (uint64_t)n;
	if (r->file_bytes > r->limits->file)
		return over_limit(
		    r, "the bundle is longer than allowed", r->limits->file);
	r->z.next_in = r->in;
	r->z.avail_in = (uInt)n;
	return FILL_BYTES;
}

/* After the gzip member nothing may follow. */
static int
check_no_more(struct bundle_reader *r)
{
	int got;

	if (r->z.avail_in == 0 && (got = fill_input(r)) != FILL_BYTES)
		return got;
	return broken(r, "there are bytes after the end of the bundle");
}

static int
inflate_some(struct bundle_reader *r)
{
	int got, status;

	if (r->z.avail_in == 0 && (got = fill_input(r)) != FILL_BYTES)
		return got == FILL_END ? broken(r, "the bundle is cut short")
				       : got;
	r->z.next_out = r->out;
	r->z.avail_out = CHUNK;
	status = inflate(&r->z, Z_NO_FLUSH);
	if (status == Z_MEM_ERROR)
		abort();
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return broken(r, "the bundle does not inflate");
	r->stream_ended = status == Z_STREAM_END;
	r->next = r->out;
	r->avail = CHUNK - r->z.avail_out;
	r->inflated += r->avail;
	if (r->inflated > r->limits->inflated)
		return over_limit(r, "the bundle inflates to more than allowed",
		    r->limits->inflated);
	return FILL_BYTES;
}

/* Make sure that there are inflated bytes to look at. */
static int
fill(struct bundle_reader *r)
{
	int got;

	while (r->avail == 0) {
		if (r->stream_ended)
			return check_no_more(r);
		if ((got = inflate_some(r)) != FILL_BYTES)
			return got;
	}
	return FILL_BYTES;
}

/* ---- scanning what is no longer understood --------------------------- */

static void
tail_add(struct bundle_reader *r, const void *bytes, size_t len)
{
	const char *p = bytes;
	size_t n;

	while (len > 0) {
		if (r->tail_len == TAIL_MAX) {
			hasher_add(r->hash, r->tail, TAIL_MAX / 2);
			memmove(r->tail, r->tail + TAIL_MAX / 2, TAIL_MAX / 2);
			r->tail_len = TAIL_MAX / 2;
		}
		n = TAIL_MAX - r->tail_len;
		if (n > len)
			n = len;
		memcpy(r->tail + r->tail_len, p, n);
		r->tail_len += n;
		p += n;
		len -= n;
	}
}

/* The bytes of the line in hand are not hashed yet: they go to the tail. */
static void
start_scan(struct bundle_reader *r, enum bundle_step verdict)
{
	r->state = READ_SCAN;
	r->scan_verdict = verdict;
	tail_add(r, r->line, r->line_len);
	r->line_len = 0;
}

static int
refuse_later(struct bundle_reader *r, const char *what)
{
	err_set(&r->why, ERR_REFUSED, "%s", what);
	start_scan(r, STEP_REFUSED);
	return 0;
}

/* Does the last line in the tail prove all before it? */
static bool
tail_proves(struct bundle_reader *r, struct bundle_end *end)
{
	struct digest d;
	size_t start;

	if (r->tail_len == 0 || r->tail[r->tail_len - 1] != '\n')
		return false;
	for (start = r->tail_len - 1; start > 0; start--)
		if (r->tail[start - 1] == '\n')
			break;
	if (end_parse(end, r->tail + start, r->tail_len - 1 - start, NULL) ==
	    -1)
		return false;
	hasher_add(r->hash, r->tail, start);
	hasher_end(r->hash, &d);
	return digest_equal(&d, &end->sha256);
}

static void
finish(struct bundle_reader *r, struct bundle_item *item, enum bundle_step step)
{
	r->state = READ_OVER;
	item->step = step;
	item->why = r->why;
}

static void
finish_broken(struct bundle_reader *r, struct bundle_item *item, int got)
{
	finish(r, item, got == FILL_LIMIT ? STEP_REFUSED : STEP_DAMAGED);
}

static int
read_scan(struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	int got;

	while ((got = fill(r)) == FILL_BYTES) {
		tail_add(r, r->next, r->avail);
		r->avail = 0;
	}
	if (got == FILL_IO)
		return err_sys(e, "cannot read a bundle");
	if (got != FILL_END) {
		finish_broken(r, item, got);
		return 0;
	}
	item->has_end = tail_proves(r, &item->end);
	finish(r, item, item->has_end ? r->scan_verdict : STEP_DAMAGED);
	return 0;
}

/* ---- lines ----------------------------------------------------------- */

/*
 * Collect a line into line[], its newline included.  Returns a FILL_ code;
 * FILL_BYTES with line_len 0 means that the line is too long (and a scan has
 * been started).
 */
static int
read_line(struct bundle_reader *r)
{
	uint8_t *newline;
	size_t n;
	int got;

	r->line_len = 0;
	for (;;) {
		if ((got = fill(r)) != FILL_BYTES)
			return got;
		newline = memchr(r->next, '\n', r->avail);
		n = newline == NULL ? r->avail
				    : (size_t)(newline - r->next) + 1;
		if (n > BUNDLE_LINE_MAX - r->line_len) {
			refuse_later(r, "a line is longer than 4096 bytes");
			return FILL_BYTES;
		}
		memcpy(r->line + r->line_len, r->next, n);
		r->line_len += n;
		r->next += n;
		r->avail -= n;
		if (newline != NULL)
			return FILL_BYTES;
	}
}

/* Count and hash the line in hand; it is understood. */
static void
accept_line(struct bundle_reader *r)
{
	hasher_add(r->hash, r->line, r->line_len);
	r->line_len = 0;
	r->records++;
}

static int
take_header(struct bundle_reader *r, struct bundle_item *item)
{
	int known =
	    header_parse(&item->header, r->line, r->line_len - 1, &r->why);

	if (known == 1) {
		err_set(&r->why, ERR_REFUSED,
		    "the bundle is of wire version "
		    "%ju, this master knows %d",
		    (uintmax_t)item->header.pfb, WIRE_VERSION);
		start_scan(r, STEP_HELD);
	} else if (known == -1) {
		start_scan(r, STEP_REFUSED);
	} else {
		accept_line(r);
		r->kind = item->header.kind;
		r->state = READ_LINE;
		item->step = STEP_HEADER;
	}
	return 0;
}

static int
take_end(struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	struct digest d;
	int got;

	if (end_parse(&item->end, r->line, r->line_len - 1, &r->why) == -1) {
		start_scan(r, STEP_REFUSED);
		return 0;
	}
	got = fill(r);
	if (got == FILL_BYTES)
		return refuse_later(r, "there are lines after the end record");
	if (got == FILL_IO)
		return err_sys(e, "cannot read a bundle");
	if (got != FILL_END) {
		finish_broken(r, item, got);
		return 0;
	}
	hasher_end(r->hash, &d);
	item->has_end = digest_equal(&d, &item->end.sha256);
	if (!item->has_end) {
		err_set(&r->why, ERR_REFUSED,
		    "the digest of the end record "
		    "does not hold");
		finish(r, item, STEP_DAMAGED);
	} else if (item->end.records != r->records) {
		err_set(&r->why, ERR_REFUSED,
		    "the end record counts %ju "
		    "lines, there are %ju",
		    (uintmax_t)item->end.records, (uintmax_t)r->records);
		finish(r, item, STEP_REFUSED);
	} else {
		finish(r, item, STEP_OK);
	}
	return 0;
}

static int
take_record(struct bundle_reader *r, struct bundle_item *item)
{
	struct record *rec = &item->record;

	if (record_parse(rec, r->line, r->line_len - 1, &r->why) == -1) {
		start_scan(r, STEP_REFUSED);
		return 0;
	}
	if (!record_allowed(r->kind, rec->type))
		return refuse_later(r,
		    "a record that this kind of bundle "
		    "does not hold");
	if (rec->has_payload && rec->size > r->limits->payload)
		return refuse_later(r, "a payload is larger than allowed");
	accept_line(r);
	if (r->records > r->limits->records) {
		over_limit(r, "too many records", r->limits->records);
		finish(r, item, STEP_REFUSED);
		return 0;
	}
	r->check_payload = rec->has_payload &&
	    (rec->type == REC_UNIT || rec->type == REC_CRASH ||
		rec->type == REC_MINIMISED);
	r->claimed = rec->sha256;
	r->left = rec->size;
	r->state = !rec->has_payload ? READ_LINE
	    : rec->size == 0         ? READ_PAYLOAD_END
				     : READ_PAYLOAD;
	item->step = STEP_RECORD;
	return 0;
}

static int
read_a_line(struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	static const char end[] = "{\"end\"";
	int got = read_line(r);

	if (got == FILL_IO)
		return err_sys(e, "cannot read a bundle");
	if (got == FILL_END) {
		/* Inflated bytes are over, and no end record was among them. */
		err_set(&r->why, ERR_REFUSED, "the bundle has no end record");
		finish(r, item, STEP_DAMAGED);
		return 0;
	}
	if (got != FILL_BYTES) {
		finish_broken(r, item, got);
		return 0;
	}
	if (r->state == READ_SCAN)
		return 0;
	if (r->state == READ_HEADER)
		return take_header(r, item);
	if (r->line_len > sizeof(end) - 1 &&
	    memcmp(r->line, end, sizeof(end) - 1) == 0)
		return take_end(r, item, e);
	return take_record(r, item);
}

/* ---- payloads -------------------------------------------------------- */

static int
no_bytes(
    struct bundle_reader *r, struct bundle_item *item, int got, struct err *e)
{
	if (got == FILL_IO)
		return err_sys(e, "cannot read a bundle");
	if (got == FILL_END)
		err_set(&r->why, ERR_REFUSED, "a payload is cut short");
	finish_broken(r, item, got);
	return 0;
}

static int
read_payload(struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	int got;

	if ((got = fill(r)) != FILL_BYTES)
		return no_bytes(r, item, got, e);
	item->step = STEP_PAYLOAD;
	item->bytes = r->next;
	item->len = r->avail < r->left ? r->avail : (size_t)r->left;
	hasher_add(r->hash, item->bytes, item->len);
	if (r->check_payload)
		hasher_add(r->payload_hash, item->bytes, item->len);
	r->next += item->len;
	r->avail -= item->len;
	r->left -= item->len;
	if (r->left == 0)
		r->state = READ_PAYLOAD_END;
	return 0;
}

static int
read_payload_end(
    struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	struct digest d;
	int got;

	if ((got = fill(r)) != FILL_BYTES)
		return no_bytes(r, item, got, e);
	if (r->next[0] != '\n')
		return refuse_later(
		    r, "a payload is not followed by a newline");
	hasher_add(r->hash, r->next, 1);
	r->next++;
	r->avail--;
	r->state = READ_LINE;
	if (!r->check_payload)
		return 0;
	hasher_end(r->payload_hash, &d);
	if (!digest_equal(&d, &r->claimed))
		return refuse_later(r,
		    "a payload has not the digest that its "
		    "line claims");
	return 0;
}

int
bundle_read(struct bundle_reader *r, struct bundle_item *item, struct err *e)
{
	const enum bundle_step none = (enum bundle_step) - 1;
	int result = 0;

	item->step = none;
	item->has_end = false;
	while (item->step == none && result == 0) {
		switch (r->state) {
		case READ_HEADER:
		case READ_LINE:
			result = read_a_line(r, item, e);
			break;
		case READ_PAYLOAD:
			result = read_payload(r, item, e);
			break;
		case READ_PAYLOAD_END:
			result = read_payload_end(r, item, e);
			break;
		case READ_SCAN:
			result = read_scan(r, item, e);
			break;
		case READ_OVER:
			return err_set(e, ERR_BUG,
			    "read after the end of a "
			    "bundle");
		}
	}
	return result;
}
