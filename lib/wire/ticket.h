#ifndef LIB_WIRE_TICKET_H
#define LIB_WIRE_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"

/*
 * tickets/<lease>.json: one grant of a task to one bot (PROTOCOL 25), and
 * jobs/<job>.json: the segments of a job's target (PROTOCOL 33).
 */
#define TICKET_MAX_FILES    900
#define TICKET_PATH_MAX     255
#define TICKET_MAX_BYTES    (1024 * 1024) /* of either file */
#define TICKET_MAX_SEGMENTS 1500

struct ticket_file {
	char path[TICKET_PATH_MAX + 1]; /* below the build's folder, no ".." */
	uint32_t mode;                  /* 0755 or 0644 */
	uint64_t size;
	struct digest sha256; /* blobs/<sha256>, builds/<aa>/<sha256> */
};

struct ticket {
	uint64_t version; /* 1 */
	uint64_t lease, task, job, epoch;
	char kind[WORD_MAX_LEN + 1]; /* "fuzz" */
	struct name bot, project;
	struct target_name target;
	struct digest build;
	char engine[WORD_MAX_LEN + 1];    /* "libfuzzer" */
	char sanitizer[WORD_MAX_LEN + 1]; /* "address", "undefined" ... */
	uint64_t slice_ms;                /* longest session, wall clock */
	char trace[65];
	char program[TICKET_PATH_MAX + 1]; /* the target: one of the files */
	int file_count;
	struct ticket_file *files; /* what this target needs, no more */
};

/* A path that may be made below a folder: relative, no "", ".", "..",
 * printable, at most TICKET_PATH_MAX. */
bool ticket_path_ok(const char *untrusted);

/* Taken whole or not at all (nothing to release then); unknown keys are a
 * newer master's. */
void ticket_release(struct ticket *t);
void ticket_format(struct buf *out, const struct ticket *t);
int ticket_parse(
    struct ticket *t, const void *bytes, size_t len, struct err *e);

struct segment {
	struct digest sha256; /* a bundle of kind corpus, in blobs/ */
	uint64_t first, last; /* serials of its units */
	uint64_t bytes;
};

struct job_file {
	uint64_t job;
	uint64_t generation; /* of the corpus; pruning raises it */
	int segment_count;
	struct segment *segments; /* in order of serials */
};

void job_file_release(struct job_file *j);
void job_file_format(struct buf *out, const struct job_file *j);
int job_file_parse(
    struct job_file *j, const void *bytes, size_t len, struct err *e);

#endif
