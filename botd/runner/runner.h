#ifndef BOTD_RUNNER_RUNNER_H
#define BOTD_RUNNER_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/ids.h"

/*
 * The runner: tickets -> engine sessions in a cage -> settled files -> sealed
 * bundles in the outbox.  Runs as a process of its own until SIGTERM; then it
 * ends its sessions, seals what they found and leaves within 10 s.
 */

/* Is the machine to be left alone now? */
struct runner_off {
	bool off;
	uint64_t seconds; /* until it is not any more; 0: cannot say */
	char why[240];
};

struct runner_config {
	const char *root; /* the bot's folder */
	struct name bot;
	struct name account;
	unsigned slots;        /* 0: DESIGN 2's default */
	char *const *tags;     /* ends in NULL; NULL: none */
	struct name pool;      /* of an ephemeral bot; "" else */
	int nice;              /* of engines, 0 to 19 */
	bool sched_idle;       /* and whether only idle time is theirs */
	bool no_sandbox;       /* "sandbox: none": take leases without bwrap */
	uint64_t outbox_bytes; /* quota; default 4 GiB */
	uint64_t seal_ms;      /* bundles close after this, default 60 s */
	uint64_t stats_ms;     /* one stats bundle a bot, default 60 s */
	uint64_t memory_mb;    /* per session, default 2560 (facts 5.3) */
	uint64_t work_bytes;   /* written below one work folder, 2 GiB */
	uint64_t processes;    /* in one cage, default 64 */
	uint64_t cache_bytes;  /* builds/, default 20 GiB */
	/* Asked each second, with the number of sessions that run; NULL:
	 * never off.  Then sessions end and leases are handed back, beats go
	 * on, and so does everything when it is over. */
	void (*off)(void *arg, unsigned busy, struct runner_off *out);
	void *off_arg;
	/* On SIGHUP: fill "c" anew; may be NULL.  Folders, names, slots and
	 * the sandbox stay as they were, and so do the sessions in hand. */
	void (*reload)(void *arg, struct runner_config *c);
	void *reload_arg;
};

/* The body of the runner's process; returns its exit code. */
int runner_run(const struct runner_config *c);

#endif
