#ifndef TESTS_BENCH_FLEET_H
#define TESTS_BENCH_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/loop.h"
#include "lib/wire/bundle.h"
#include "lib/wire/status.h"
#include "lib/wire/ticket.h"
#include "tests/bench/master.h"

/*
 * A fleet of simulated bots in one process, and a real masterd.  Each bot is a
 * timer: every FLEET_BEAT_S it beats, and seals what is due; what masterd says
 * in its status.json is read as soon as it is there.  Bundles are real, links
 * are `dir:`: written in incoming/tmp, renamed to incoming/new.
 *
 * When is a bundle committed?  Findings: when status.json covers them.  Beats
 * have no acknowledgement: when masterd unlinks them, which is the last it does
 * with a bundle, after COMMIT and publication.
 */
#define FLEET_SLOTS    2
#define FLEET_ACCOUNTS 10
#define FLEET_BEAT_S   10.0
#define FLEET_STATS_S  60.0 /* one bundle a minute and bot (DESIGN 5) */
#define FLEET_CORPUS_S 60.0
#define FLEET_CRASH_S  3600.0
#define FLEET_LEASE_S  300.0
#define FLEET_PENDING  64

struct fleet;

struct fleet_lease {
	uint64_t lease, job;
	struct digest build;
	struct name project;
	struct target_name target;
	double since, until;
};

struct fleet_bot {
	struct fleet *fleet;
	struct fleet_account *account;
	struct name name;
	uint64_t epoch, seq, beat;
	uint64_t generation; /* of the last status.json */
	struct loop_source *timer;
	int outgoing; /* -1 until masterd has made it */
	bool registered;
	struct {
		uint64_t seq;
		double pushed;
	} pending[FLEET_PENDING]; /* findings not yet covered, by seq */
	int pending_count;
	struct bundle_name beat_name; /* in incoming/new, since */
	double beat_pushed;           /* 0: none */
	struct fleet_lease leases[FLEET_SLOTS];
	int lease_count;
	uint64_t done[4 * FLEET_SLOTS]; /* completed; may still be listed */
	unsigned done_at;
	double next_stats, next_corpus, next_crash;
};

struct fleet_account {
	char name[NAME_MAX_LEN + 1];
	int tmp, fresh, outgoing;
};

struct fleet_times { /* milliseconds */
	double *v;
	int count, room;
};

/* What a watch descriptor stands for. */
struct fleet_watch {
	struct fleet_account *account;
	struct fleet_bot *bot; /* its folder in outgoing/; NULL: another */
	bool fresh;            /* incoming/new, else outgoing/ */
};

struct fleet {
	struct loop *loop;
	struct master master;
	const char *path;
	struct fleet_bot *bots;
	int count;
	struct fleet_account accounts[FLEET_ACCOUNTS];
	int account_count;
	int inotify;
	struct fleet_watch *watches; /* by descriptor */
	int watch_room;
	struct status *status; /* scratch */
	bool measuring, lost;
	struct fleet_times beats, findings;
	int overtaken; /* beats that the next one replaced */
	int taken, completed, statuses;
};

/* fleet_scene.c: ROOT with a build and jobs for everybody, and masterd. */
void fleet_open(struct fleet *f, int count);
void fleet_close(struct fleet *f);

/* fleet_bot.c */
void fleet_bot_start(struct fleet *f, int number);
void fleet_bot_told(struct fleet_bot *b); /* read status.json */
void fleet_bot_beaten(struct fleet_bot *b, const struct bundle_id *id);
void fleet_note(struct fleet *f, struct fleet_times *t, double since);

/* fleet_eyes.c: what masterd does, by inotify. */
void fleet_watch_all(struct fleet *f);

/* Do the rows say what was pushed?  Beats and findings of every bot. */
void fleet_verify(struct fleet *f);

#endif
