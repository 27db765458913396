#ifndef BOTD_COURIER_COURIER_H
#define BOTD_COURIER_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/retry.h"
#include "lib/wire/ids.h"

/*
 * The courier: outbox -> master, master -> inbox, over a link.  Runs as a
 * process of its own until SIGTERM; then it pushes what the outbox holds for
 * up to "drain_ms" and leaves.  It retries for ever unless "retry" says else.
 */
struct courier_config {
	const char *root; /* the bot's folder */
	struct name bot;
	const char *link;        /* sftp://user@host:port or dir:/path */
	const char *key;         /* private key file, ed25519 (sftp) */
	const char *known_hosts; /* pinned host key; nothing else is taken */
	const char *account;     /* the other name to log in as; may be NULL */
	uint64_t poll_ms;      /* one stat of status.json each, default 1000 */
	uint64_t timeout_ms;   /* libssh2 session timeout, default 30 s */
	uint64_t operation_ms; /* one request or 1 MiB, default 5 min */
	uint64_t confirm_ms;   /* PROTOCOL 10, default 60 s */
	uint64_t drain_ms;     /* on SIGTERM, default 20 s */
	uint64_t acked_bytes;  /* outbox/acked, default 1 GiB */
	uint64_t acked_ms;     /* 24 h */
	/* All zero: RETRY_COURIER, BREAKER_DEFAULT. */
	struct retry_policy retry;
	struct breaker_policy breaker;
	/* Bytes a second, now; 0: no limit.  NULL: never one.  Beats and
	 * crashes do not wait for it (P.9), but count. */
	uint64_t (*rate)(void *arg);
	void *rate_arg;
	/* Of deliver.h only: bundles of "bot" go, nothing comes; with "bare"
	 * the root is itself the outbox; with "stranger" inbox/status.json is
	 * another bot's, or nobody's. */
	bool deliver, bare, stranger;
	/* On SIGHUP: fill this struct anew; may be NULL.  Folders, names and
	 * the link stay as they were. */
	void (*reload)(void *arg);
	void *reload_arg;
};

#define COURIER_GAVE_UP 4

/*
 * Whoever carries for a root holds this lock, be it the bot's own courier, a
 * relay or a delivery, so that there is never but one.
 */
#define COURIER_LOCK "courier.lock"

/*
 * Take it below the folder "root"; CONFLICT when it is still another's after
 * "wait_ms".  Returns a descriptor that holds it until it is closed.
 */
int courier_lock(int root, uint64_t wait_ms, struct err *e);

/*
 * The body of the courier's process; returns its exit code, COURIER_GAVE_UP
 * when the retry policy is used up.
 */
int courier_run(const struct courier_config *c);

#endif
