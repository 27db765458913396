#ifndef MASTERD_INTAKE_INGEST_H
#define MASTERD_INTAKE_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/histogram.h"
#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/store/store.h"

/*
 * Taking in: incoming/new -> decode child -> stage -> names -> one sync -> one
 * COMMIT -> status.json -> unlink (DESIGN 1).  Two batches at a time: one is
 * filled while the other is synced and committed.
 */
struct ingest;

struct ingest_hooks {
	void *arg;
	/* In the transaction: this bot's status.json will change. */
	int (*will_publish)(void *arg, int64_t bot, struct err *e);
	/* After the COMMIT: publish those; "moved": slots came free. */
	void (*publish)(void *arg, bool moved);
	/* The master's observed up-time. */
	uint64_t (*up_ms)(void *arg);
	/* I/O error or broken invariant: the process must end. */
	void (*fatal)(void *arg, const struct err *e);
};

struct ingest_gauges {
	uint64_t bundles[6]; /* by fate, since start */
	uint64_t units, crashes, beats;
	uint64_t per_minute;   /* bundles of the last whole minute */
	uint64_t waiting;      /* files in incoming/new */
	uint64_t in_hand;      /* of these, in a batch */
	uint64_t oldest_ms;    /* age of the oldest that is in hand */
	struct histogram took; /* ms from a rename into new/ to the COMMIT */
};

struct ingest *ingest_open(int root, struct loop *loop, struct db *db,
    struct store *store, const struct ingest_hooks *hooks, bool unclean,
    struct err *e);

/* Stops taking new bundles; "done" is called when what is in hand is
 * committed. */
void ingest_stop(struct ingest *g, loop_fn *done, void *arg);
void ingest_close(struct ingest *g);

/* Limits of accounts (incoming.h); again: they may have changed. */
struct incoming_limits;
void ingest_limit(struct ingest *g, const struct incoming_limits *l);

/* The rules by which crashes are judged from the next batch on (masterd/db/
 * judge.h: "rules" is borrowed, "text" copied; NULL: the built-in ones). */
struct rules;
void ingest_rules(
    struct ingest *g, const struct rules *rules, const char *text);

/* Take a rejected bundle again (spool retry). */
int ingest_again(
    struct ingest *g, const char *account, const char *file, struct err *e);

void ingest_gauges(const struct ingest *g, struct ingest_gauges *out);

/* Debris, and what was refused longer than "keep_ms" ago; once an hour. */
void ingest_sweep(struct ingest *g, uint64_t keep_ms);

#endif
