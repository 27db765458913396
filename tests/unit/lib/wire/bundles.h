#ifndef TESTS_UNIT_LIB_WIRE_BUNDLES_H
#define TESTS_UNIT_LIB_WIRE_BUNDLES_H

#include "lib/base/buf.h"
#include "lib/wire/bundle.h"

/*
 * Bundles in memory for tests: real ones through the writer, and odd ones that
 * the writer would never make but that are sealed as if it had.
 */
struct bundle_header sample_header(enum bundle_kind kind);

/* A sound record of that type with every field set; size is 0. */
struct record sample_record(enum record_type type);

/* The lines as they stand, an end record that proves them, gzip.  "records"
 * -1: as many as begin with '{'. */
void seal_lines(struct buf *out, const char *lines, size_t len, int records);

/* gzip and nothing else. */
void gzip_bytes(struct buf *out, const void *bytes, size_t len, int level);

/* A corpus bundle of units "alpha", "" and 300 bytes, by the writer. */
void sample_bundle(struct buf *out);

/* Start a writer on an unnamed file of memory, and fetch what it became. */
int memory_file(void);
void fetch_file(struct buf *out, int fd);

/*
 * Read all of it.  Returns the end; "content" is a digest of all that was
 * handed on, so that two bundles can be compared.  "step" (source's bytes per
 * call) 0: as many as asked for.  NULL for what does not matter.
 */
enum bundle_step judge(const struct buf *bundle,
    const struct bundle_limits *limits, size_t step, struct digest *content,
    struct err *why);

const char *step_name(enum bundle_step step);

#endif
