#ifndef MASTERD_PUBLISH_PUBLISH_H
#define MASTERD_PUBLISH_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "masterd/db/db.h"
#include "masterd/store/store.h"

/*
 * outgoing/: what each bot is told (PROTOCOL 23-27).  A cache, rebuilt from
 * the database at start.  Order: blobs, tickets, job files, status.json last.
 */
struct publish;

struct publish_config {
	int root;
	struct db *db;
	struct store *store;
	uint64_t heartbeat_ms;
};

struct publish *publish_open(const struct publish_config *c, struct err *e);
void publish_close(struct publish *p);

/* From the next status.json on. */
void publish_set_heartbeat(struct publish *p, uint64_t ms);

/*
 * Start-up (PROTOCOL 26): when some outgoing status.json has a higher serial
 * than the database knows, the database is an older one: a new generation is
 * drawn and committed before anything is published.  Then publishes all.
 */
int publish_recover(struct publish *p, bool draw, struct err *e);

/* In a transaction: what this bot is told will change; draws its next
 * serial. */
int publish_mark(struct publish *p, int64_t bot, struct err *e);
/* The same, and its tickets and job files are as they were: after each beat
 * status.json alone is written. */
int publish_mark_word(struct publish *p, int64_t bot, struct err *e);

/*
 * What bots need not send (lib/wire/known.h) is made of these: the text of the
 * rules, and how many crashes of a bucket are enough.  Looked at again by
 * publish_known_refresh(), once a minute or after a person's change; bots of
 * jobs whose list is another one then get it soon.
 */
void publish_set_known(
    struct publish *p, const char *rules, size_t len, uint64_t saturated);
void publish_known_refresh(struct publish *p);

/* Its job files are others now.  Bots read those apart from status.json, and
 * the bots of a job are many: each has them written with what it is told
 * next, after its next beat at the latest. */
void publish_later(struct publish *p, int64_t bot);

/* After the COMMIT, before another transaction begins: write what was marked
 * in it.  Failures are logged; the bot's next mark tries again. */
void publish_marked(struct publish *p);

/* Mark every bot that is not forgotten (hold for all, disk low). */
int publish_mark_all(struct publish *p, struct err *e);

/* All bots are told to hold, with this reason; NULL lifts it. */
void publish_hold(struct publish *p, const char *reason);

/* Why the bots of an account are to hold, or NULL; asked for each status. */
typedef const char *publish_hold_fn(void *arg, const char *account);
void publish_hold_accounts(struct publish *p, publish_hold_fn *fn, void *arg);

/*
 * Files of tickets that were withdrawn over 15 minutes ago: each bot's about
 * once a minute.  Bots are many, so a call sweeps one part of "parts", 0 first;
 * with part 0 segments and the folders of forgotten bots, too.
 */
void publish_sweep(
    struct publish *p, uint64_t now_ms, unsigned part, unsigned parts);
void publish_sweep_forgotten(struct publish *p, uint64_t now_ms);

const char *publish_generation(const struct publish *p);

#endif
