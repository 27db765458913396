#ifndef MASTERD_INTAKE_INGEST_INTERNAL_H
#define MASTERD_INTAKE_INGEST_INTERNAL_H

#include "masterd/intake/batch.h"
#include "masterd/intake/ingest.h"

/* For the four ingest files only. */
#define INGEST_RETRY_MS 5000 /* after a full disk */
#define INGEST_DIED_MS  200  /* after a decode child was killed */

struct decoder;
struct decoder_calls;

struct ingest {
	struct db *db;
	struct store *store;
	struct ingest_hooks hooks;
	struct reject *reject;
	struct incoming *incoming;
	struct decoder *decoder;
	struct loop_source *pump, *batch_timer;
	struct taken *pending, **pending_last; /* submitted, in order */
	int pending_count;
	struct batch filling, committing;
	struct taken *again; /* spool retry, held */
	bool discard;        /* the bundle at the head of pending did not
				   fit on the disk: take it again later */
	size_t careful;      /* bundles to be taken one by one */
	uint64_t backoff;    /* up-time before which nothing is submitted */
	bool moved;          /* the batch that is committed frees slots */
	bool stopping, dead;
	loop_fn *stop_done;
	void *stop_arg;
	struct err apply_error;
	struct ingest_gauges gauges;
	uint64_t minute, this_minute; /* for gauges.per_minute */
};

extern const struct decoder_calls ingest_decoder_calls;

void ingest_wake(void *arg);
void ingest_fatal(struct ingest *g, const struct err *e);

/* The bundle at the head of the decoder's queue, or NULL. */
struct taken *ingest_pending_take(struct ingest *g);

/* It has its fate: into the batch that is being filled. */
void ingest_into_batch(struct ingest *g, struct taken *t);

/* The batch is full, or has waited long enough: commit it. */
void ingest_commit(struct ingest *g);

/* Not taken after all: back to where it came from; frees "t". */
void ingest_give_back(struct taken *t);

int ingest_take_again(struct ingest *g, enum reject_kind kind,
    const char *account, const char *file, struct err *e);

#endif
