#ifndef LIB_WIRE_BUNDLE_H
#define LIB_WIRE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/record.h"

/*
 * A bundle: one gzip member of lines and payloads (PROTOCOL 6-8).  Reader and
 * writer stream; each needs well under 1 MiB however large the bundle is.
 */
struct bundle_limits {
	uint64_t file; /* bytes on disk */
	uint64_t inflated;
	uint64_t payload;
	uint64_t records; /* lines, header included, end not */
};

/* DESIGN 5: 256 MiB, 1 GiB, 64 MiB, 65,536.  Both sides keep these. */
extern const struct bundle_limits BUNDLE_LIMITS;

#define BUNDLE_LINE_MAX 4096 /* with its newline */

/* ---- writer ---------------------------------------------------------- */
struct bundle_writer;

/*
 * Start a bundle in an open file, which the caller owns, syncs and closes.
 * The header is written at once.
 */
struct bundle_writer *bundle_writer_new(int fd,
    const struct bundle_header *header, const struct bundle_limits *limits,
    struct err *e);

/*
 * Room for one more record with that payload, whatever it deflates to?  A
 * writer that answers no is closed by its owner, who starts another.
 */
bool bundle_writer_fits(const struct bundle_writer *w, uint64_t payload);

/*
 * Append a record.  has_payload and size are taken from "payload" and "size"
 * (NULL: none).  REFUSED when it would break a limit; the bundle is then
 * unchanged and can be closed.
 */
int bundle_write(struct bundle_writer *w, const struct record *r,
    const void *payload, uint64_t size, struct err *e);

/*
 * As bundle_write(), with the payload read from "fd" at offset 0.  A file that
 * is shorter than "size" is AGAIN and leaves the bundle unusable: free it.
 */
int bundle_write_file(struct bundle_writer *w, const struct record *r, int fd,
    uint64_t size, struct err *e);

uint64_t bundle_writer_records(const struct bundle_writer *w);
uint64_t bundle_writer_bytes(const struct bundle_writer *w); /* inflated */

/* Write the end record and the gzip trailer; "end" may be NULL. */
int bundle_writer_finish(
    struct bundle_writer *w, struct bundle_end *end, struct err *e);
void bundle_writer_free(struct bundle_writer *w); /* NULL is fine */

/* ---- reader ---------------------------------------------------------- */
/*
 * What comes next.  HEADER and RECORD leave a struct, PAYLOAD a piece of the
 * payload of the record before (pieces add up to its size; none when it has
 * no payload or an empty one).  OK ends a good bundle.  The other three end
 * a bundle with a reason (PROTOCOL 14):
 *   DAMAGED  it is not what was sealed: truncated, altered, bytes after it
 *   REFUSED  it is what was sealed, and against the rules; or over a limit
 *   HELD     it is what was sealed, by a newer version
 * Nothing that came before a bad end may be acted on.
 */
enum bundle_step {
	STEP_HEADER,
	STEP_RECORD,
	STEP_PAYLOAD,
	STEP_OK,
	STEP_DAMAGED,
	STEP_REFUSED,
	STEP_HELD
};

struct bundle_item {
	enum bundle_step step;
	struct bundle_header header; /* STEP_HEADER */
	struct record record;        /* STEP_RECORD */
	const uint8_t *bytes;        /* STEP_PAYLOAD; valid until next call */
	size_t len;
	struct bundle_end end; /* verified, when has_end */
	bool has_end;
	struct err why; /* bad ends */
};

/* read(2)-like source of the file's bytes. */
typedef long bundle_source_fn(void *arg, void *bytes, size_t len);

struct bundle_reader;
struct bundle_reader *bundle_reader_new(
    bundle_source_fn *source, void *arg, const struct bundle_limits *limits);
void bundle_reader_free(struct bundle_reader *r);

/* A source for bundle_reader_new() over a descriptor: &fd as "arg". */
long bundle_source_fd(void *arg, void *bytes, size_t len);

/*
 * Next step.  Returns 0, or -1 with "e" when the source cannot be read (I/O
 * error: says nothing about the bundle).  Not to be called after an end.
 */
int bundle_read(
    struct bundle_reader *r, struct bundle_item *item, struct err *e);

#endif
