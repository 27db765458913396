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
#define TICKET_MAX_WORDS    64    /* arguments, and as many of environment */
#define TICKET_WORD_MAX     2047  /* bytes of one */
#define TICKET_WORDS_BYTES  65536 /* of all arguments, and of all variables */

struct ticket_file {
	char path[TICKET_PATH_MAX + 1]; /* below the build's folder, no ".." */
	uint32_t mode;                  /* 0755 or 0644 */
	uint64_t size;
	struct digest sha256; /* blobs/<sha256>, builds/<aa>/<sha256> */
};

/* What the job's settings say (masterd/plan/values.h); 0: no limit of the
 * job's, the bot's own holds. */
struct ticket_limits {
	uint64_t memory_mb;    /* of a target */
	uint64_t timeout_ms;   /* of one input */
	uint64_t cpu_ms;       /* of the session */
	uint64_t corpus_bytes; /* grown to this, the session keeps no more */
};

/* An input to be run: blobs/<sha256>, kept beside the build's files. */
#define TICKET_MAX_INPUTS 64
struct ticket_input {
	struct digest sha256;
	uint64_t size;
	bool has_signature; /* a crash that is to be seen again */
	struct digest signature;
	/* Units that have to be run before it, in order; the same blobs. */
	int series_count;
	struct digest *series;
};
#define TICKET_MAX_SERIES 32
#define TICKET_INPUT_MAX  (64 * 1024 * 1024) /* bytes, as of a payload */

struct ticket {
	uint64_t version; /* 1 */
	uint64_t lease, task;
	uint64_t job; /* 0: the master's own work, as "check" is */
	uint64_t epoch;
	char kind[WORD_MAX_LEN + 1]; /* "fuzz", "check", "reproduce" */
	struct name bot, project;
	struct target_name target;
	/* Whose units it reads and grows: "target" (also when this is empty),
	 * or the name of a corpus of the job's own; the bot's cache is kept
	 * under it. */
	struct target_name corpus;
	struct digest build;
	char engine[WORD_MAX_LEN + 1];    /* "libfuzzer" */
	char sanitizer[WORD_MAX_LEN + 1]; /* "address", "undefined" ... */
	uint64_t slice_ms;                /* longest session, wall clock */
	char trace[65];
	char program[TICKET_PATH_MAX + 1]; /* the target: one of the files */
	struct ticket_limits limits;
	/* For the engine, over its defaults; what the bot forces still wins.
	 * "-max_len=100"; "NAME=value", sanitizer options among them. */
	int argument_count, environment_count;
	char **arguments, **environment;
	int file_count;
	struct ticket_file *files; /* what this target needs, no more */
	int input_count;           /* of kind "reproduce" */
	struct ticket_input *inputs;
};

/* A path that may be made below a folder: relative, no "", ".", "..",
 * printable, at most TICKET_PATH_MAX. */
bool ticket_path_ok(const char *untrusted);

/* Taken whole or not at all (nothing to release then); unknown keys are a
 * newer master's. */
void ticket_release(struct ticket *t);
/* Copies of "text" are added; REFUSED past TICKET_MAX_WORDS, when one or all
 * of them are too long, or when it is not clean text. */
int ticket_add_argument(struct ticket *t, const char *text, struct err *e);
int ticket_add_environment(struct ticket *t, const char *text, struct err *e);

/*
 * The input is the ticket's, good until the next is added.  NULL, REFUSED,
 * past TICKET_MAX_INPUTS, when it is longer than TICKET_INPUT_MAX and when it
 * is named already; -1 past TICKET_MAX_SERIES.
 */
struct ticket_input *ticket_add_input(struct ticket *t,
    const struct digest *sha256, uint64_t size, struct err *e);
int ticket_input_add_series(
    struct ticket_input *in, const struct digest *sha256, struct err *e);

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
