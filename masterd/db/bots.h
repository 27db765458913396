#ifndef MASTERD_DB_BOTS_H
#define MASTERD_DB_BOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/record.h"
#include "lib/wire/status.h"
#include "masterd/db/db.h"
#include "masterd/db/leases.h"

/*
 * Accounts and bots, what they say of themselves, and what they are told
 * (PROTOCOL 3, 12, 23-28).
 */
int bots_account(struct db *db, const char *name, uint64_t now_ms, int64_t *id,
    struct err *e);

/* The row of (account, bot): 1 found, 0 not, -1. */
int bots_find(struct db *db, const char *account, const char *name, int64_t *id,
    struct err *e);

/* As bots_find(), made when missing; owner when no account used the name. */
int bots_get(struct db *db, const char *account, const char *name,
    uint64_t now_ms, int64_t *id, struct err *e);

/* ---- what it says ---- */
struct bot_facts { /* of a register bundle */
	uint64_t cores, memory, slots, wire_max;
	const char *sandbox, *arch, *os, *cpu, *tags, *engines; /* cleaned */
	const char *program, *pool; /* "": it is no ephemeral one */
	const char *sanitizers;     /* words; "": it did not say */
	const char *engine_facts;   /* {"libfuzzer":"14.0.6, -fork", ...} */
};
/* "arch os cpu" is its host class: what makes two hosts alike. */
int bots_register(
    struct db *db, int64_t bot, const struct bot_facts *f, struct err *e);
/* It says goodbye.  Nothing when another epoch of it is alive, or when it is
 * forgotten: only beats bring it back. */
int bots_deregister(struct db *db, int64_t bot, uint64_t epoch,
    const char *reason, struct err *e);

struct beat_epoch {
	uint64_t epoch, oldest, highest;
};

struct beat_outcome {
	const char *event; /* that it caused: "bot.back"; or NULL */
	bool moved;        /* what the planner knows of it is another now */
};

/* One heartbeat, whole. */
struct beat {
	int64_t bot;
	uint64_t epoch, number; /* of the h file */
	uint64_t now_ms, up_ms; /* the master's */
	uint64_t generation;
	uint64_t n[12];  /* of REC_BEAT */
	const char *why; /* cleaned */
	const struct beat_epoch *epochs;
	int epoch_count;
	/* Told of bots whose leases changed by it; may be NULL. */
	leases_changed_fn *changed;
	void *arg;
	struct beat_outcome *outcome; /* comes zeroed; may be NULL */
};

enum beat_sense {
	BEAT_LIVE,      /* of the current epoch: leases may be named */
	BEAT_NEW_EPOCH, /* the first of an epoch: it superseded another */
	BEAT_STALE,     /* older than what was seen: changes nothing */
	BEAT_CLASHED    /* two are alive under one name */
};

/* Apply it.  On BEAT_NEW_EPOCH the leases of the old epoch have ended. */
int bots_beat(
    struct db *db, const struct beat *b, enum beat_sense *sense, struct err *e);

/*
 * late, lost, and clashes that are over, by the times of leases.h.  Each is an
 * event in this transaction; "changed" is called for each, too.
 */
struct bots_turn {
	uint64_t now_ms, up_ms, heartbeat_ms;
	void (*changed)(void *arg, int64_t bot, const char *event);
	void *arg;
};
int bots_tick(struct db *db, const struct bots_turn *turn, struct err *e);

/* After a restart of the master: nobody is late for the time it was away. */
int bots_forgive(struct db *db, uint64_t up_ms, struct err *e);

int bots_want_new_epoch(struct db *db, int64_t bot, struct err *e);

/* An event about it: "bot.lost". */
int bots_tell(struct db *db, int64_t bot, const char *who, const char *what,
    const char *detail, struct err *e);

/* ---- what it is told ---- */
/*
 * The serial that the next status.json of "bot" will have, stored now
 * (PROTOCOL 23, 26): max(now in seconds, last + 1).
 */
int bots_next_serial(
    struct db *db, int64_t bot, uint64_t now_ms, struct err *e);

/* The next one will be higher than "serial". */
int bots_raise_serial(
    struct db *db, int64_t bot, uint64_t serial, struct err *e);

struct bot_place { /* where its outgoing folder is */
	char account[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + 1];
};
int bots_place(struct db *db, int64_t bot, struct bot_place *p, struct err *e);

/* Everything of status.json but wire versions and heartbeat. */
int bots_status(struct db *db, int64_t bot, const char *generation,
    struct status *s, struct err *e);

/* May its folder in outgoing/ go?  It is forgotten, and what lies there under
 * "serial" was written before that; or for late bundles, but is "old". */
int bots_gone(struct db *db, const struct bot_place *p, uint64_t serial,
    bool old, bool *gone, struct err *e);

/* Call "fn" for the id of each bot that is not forgotten. */
int bots_each(
    struct db *db, int (*fn)(void *arg, int64_t bot), void *arg, struct err *e);

/* The serial the database knows for (account, bot): 1, 0 unknown bot, -1. */
int bots_serial(struct db *db, const char *account, const char *name,
    uint64_t *serial, struct err *e);

#endif
