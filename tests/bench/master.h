#ifndef TESTS_BENCH_MASTER_H
#define TESTS_BENCH_MASTER_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/wire/status.h"
#include "tests/bench/feed.h"

/*
 * A real masterd with one account and one bot that the bench plays.  Bundles
 * lie in ROOT/spool/local/incoming/tmp until master_push() renames them.
 */
struct master {
	pid_t pid;
	int root, tmp, fresh; /* ROOT, incoming/tmp, incoming/new */
	int outgoing;         /* outgoing/<bot>, -1 until the bot is known */
	int notify;
	struct status *status; /* as last read */
	const struct feed *feed;
};

/* Start it in "root" and wait until its admin socket answers. */
void master_start(struct master *m, const char *root, const struct feed *f);
void master_stop(struct master *m);

void master_push(struct master *m, const struct bundle_name *name);

/* Has status.json the bot's epoch acknowledged up to seq?  Waits for it. */
void master_wait_acked(struct master *m, uint64_t seq);

/* Until incoming/new is empty: what was acknowledged is unlinked. */
void master_wait_empty(struct master *m);

/* "VmRSS", "VmHWM" of /proc/PID/status, in KiB. */
uint64_t master_memory(const struct master *m, const char *key);

#endif
