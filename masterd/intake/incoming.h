#ifndef MASTERD_INTAKE_INCOMING_H
#define MASTERD_INTAKE_INCOMING_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/wire/ids.h"
#include "masterd/intake/meter.h"
#include "spool/spool.h"

/*
 * All accounts' incoming/ folders: found, watched, scanned, and drained in a
 * fair order (DESIGN 5): h before c before b, but for a turn now and then that
 * beats leave to the others; within a class round robin over
 * accounts, a few bundles each, and within an account over bots.
 *
 * An account is a folder of spool/ with incoming/{tmp,new}, but for the one in
 * which machines enrol (masterd/accounts).
 *
 * Each account has limits.  Over its rate its bundles wait their turn; over
 * what may lie there its bots are told to hold, and when they go on all the
 * same it is shut (meter.h).
 */
struct incoming;
struct reject;

struct account {
	struct name name;
	struct spool *spool;
	struct loop_source *watch;
	struct incoming *incoming;
	struct fair *fair; /* names taken from the spool, in hand */
	struct account *next;
	bool watched_lost;
	struct limits limits;
	struct meter meter;
	struct usage usage; /* as counted last */
	enum usage_level level;
	bool starved;   /* its bucket was empty since the last count */
	char hold[160]; /* why its bots are to hold; "" */
};

struct incoming_limits {
	void *arg;
	/* Limits of an account as they are now. */
	void (*limits)(void *arg, const char *account, struct limits *l);
	/* It was counted: usage, level and hold of "a" may be others now. */
	void (*counted)(void *arg, const struct account *a);
};

/* From now on there are limits; again: they may have changed. */
void incoming_limit(struct incoming *in, const struct incoming_limits *l);

/* "wake" is called from the loop when something may have come in. */
struct incoming *incoming_open(int root, struct loop *loop,
    struct reject *reject, loop_fn *wake, void *arg, struct err *e);
void incoming_close(struct incoming *in);

/*
 * Next bundle: its account and name (in hand until incoming_done() or
 * incoming_back()), or false.
 */
bool incoming_next(
    struct incoming *in, struct account **account, const char **name);

/* Only heartbeats and crashes from now on: there is little room. */
void incoming_only_urgent(struct incoming *in, bool only);

/* The account that incoming_next() would serve, or NULL: it keeps its turn
 * until it can be served. */
struct account *incoming_turn(struct incoming *in);

/* Its fate is committed and published: unlink it (PROTOCOL 13). */
void incoming_done(struct account *a, const char *name);
/* Not taken after all: offer it again. */
void incoming_back(struct account *a, const char *name);
/* The file vanished. */
void incoming_forget(struct account *a, const char *name);

/* Files that wait or are in hand, over all accounts. */
size_t incoming_count(const struct incoming *in);

/* Debris of tmp/ folders; once an hour. */
void incoming_sweep(struct incoming *in);

#endif
