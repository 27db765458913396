#ifndef MASTERD_DB_AUDIT_H
#define MASTERD_DB_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "masterd/db/db.h"

/*
 * The log of changes: who changed what, from what to what, and why (the verb
 * `pfadm log`).  It is only ever added to; the tables refuse anything else.
 *
 * Each row's hash is SHA-256 over the 32 bytes of the row before's hash (zero
 * bytes for the first) and the row's own id, at_ms, who, what, subject,
 * before, after, reason and trace, each as its text followed by a zero byte.
 * Whoever keeps one hash elsewhere can prove later that nothing before it was
 * altered.
 */
struct audit_entry {
	const char *who;     /* "user:alice", "account:ci-zlib", "master" */
	const char *what;    /* "job.paused": a noun and the state reached */
	const char *subject; /* "job:7f3...", "bot:b07", "account:office" */
	const char *before;  /* JSON object of what changed, or "" */
	const char *after;   /* the same keys */
	const char *reason;  /* as the person gave it; "" */
	const char *trace;   /* of the request; "" */
};

/* In the caller's transaction, together with the change itself. */
int audit_add(struct db *db, const struct audit_entry *a, struct err *e);

struct audit_state {
	uint64_t rows;
	int64_t broken;     /* id of the first row whose hash is wrong; 0 */
	struct digest head; /* hash of the last row */
};

/* Reckon every hash anew; reads the whole table. */
int audit_check(struct db *db, struct audit_state *s, struct err *e);

#endif
