#ifndef LIB_WIRE_STATUS_H
#define LIB_WIRE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * status.json: the master's whole word to a bot (PROTOCOL 23, 24).  At most
 * 16 KiB; the writer stops where it would grow longer, for a range or epoch
 * left out says nothing.
 */
#define STATUS_MAX_BYTES   (16 * 1024)
#define STATUS_MAX_EPOCHS  32
#define STATUS_MAX_RANGES  64
#define STATUS_MAX_REFUSED 64
#define STATUS_MAX_LEASES  256
#define STATUS_REASON_MAX  160

struct seq_range {
	uint64_t first, last;
};

struct status_refused {
	uint64_t seq;
	char reason[STATUS_REASON_MAX + 1];
};

struct status_epoch {
	uint64_t epoch;
	uint64_t below;  /* all seqs <= below may be dropped */
	int above_count; /* and these ranges beyond it */
	struct seq_range above[STATUS_MAX_RANGES];
	int refused_count; /* listed; see below */
	struct status_refused refused[STATUS_MAX_REFUSED];
};

struct status {
	uint64_t generation;
	uint64_t serial;             /* also the file's mtime, in seconds */
	uint64_t wire_max, wire_min; /* versions the master takes */
	uint64_t heartbeat_ms;
	bool hold;      /* take no new leases */
	bool stop;      /* seal, push, leave */
	bool new_epoch; /* conflict or clash: draw a new epoch */
	char reason[STATUS_REASON_MAX + 1]; /* for hold and stop */
	uint64_t epoch; /* whose leases follow; 0: none known */
	int lease_count;
	uint64_t leases[STATUS_MAX_LEASES]; /* complete when parsed */
	int epoch_count;
	struct status_epoch epochs[STATUS_MAX_EPOCHS]; /* oldest first */
};

/* A struct status is about 600 KiB: allocate it. */
struct status *status_new(void);
void status_free(struct status *s);

/*
 * Who fills a struct lists the lowest refused seqs of an epoch first, and when
 * there are more than STATUS_MAX_REFUSED lets "below" and "above" end before
 * the first that is not listed: what is covered may be deleted.  The writer
 * does the same where the file's size makes it leave refusals out.
 */
void status_format(struct buf *out, const struct status *s);
/* Taken whole or not at all; unknown keys are a newer master's. */
int status_parse(
    struct status *s, const void *bytes, size_t len, struct err *e);

/* What "s" says of one bundle. */
enum status_word { WORD_NOTHING, WORD_COVERED, WORD_REFUSED };
enum status_word status_of(
    const struct status *s, uint64_t epoch, uint64_t seq, const char **reason);
bool status_has_lease(const struct status *s, uint64_t lease);

#endif
