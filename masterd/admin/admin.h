#ifndef MASTERD_ADMIN_ADMIN_H
#define MASTERD_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/histogram.h"
#include "lib/base/loop.h"
#include "masterd/db/db.h"
#include "masterd/plan/templates.h"
#include "masterd/store/store.h"

/*
 * The admin socket (DESIGN 8): HTTP/1.1 with JSON on a Unix socket, served
 * from masterd's loop.  Changes are made in transactions of their own between
 * the batches of ingest; the master's other parts hear of them by changed().
 *
 * A database that fails here for good ends the loop with code 1, as it does
 * elsewhere in masterd: the answer to a lost write is to start again.
 */
struct admin;

/* What only main knows; asked for by status, metrics and readyz. */
struct admin_gauges {
	uint64_t started_ms;         /* wall time of this process's start */
	uint64_t incoming;           /* files waiting, all accounts */
	uint64_t in_hand;            /* being decoded or in the batch */
	uint64_t oldest_ms;          /* age of the oldest that waits */
	uint64_t bundles_per_minute; /* recorded in the last one */
	uint64_t disk_free, disk_total, disk_soft, disk_hard;
	const char *disk_level;      /* masterd/store/disk.h; static */
	uint64_t generation, serial; /* PROTOCOL 26 */
	struct histogram took;       /* ms from new/ to the COMMIT */
	char hold[200];              /* why no new bundles are taken; "" */
	char config_problem[200];    /* what is wrong with the settings; "" */
	char template_problem[200];  /* and with the templates */
	char hook_problem[200];      /* and with the folder of hooks */
	char rules_problem[300];     /* and with the rules of triage */
};

/* One thing that was looked at (`system check`). */
struct admin_check {
	const char *name; /* "disk" */
	bool good;
	bool counted;         /* other problems of status tell it already */
	const char *severity; /* "error", "warning", "note", when not good */
	const char *text, *fix;
};
typedef void admin_check_fn(void *to, const struct admin_check *c);

/* Who wants the files read again; "master" for a signal. */
struct admin_reload {
	const char *who, *reason, *trace;
};

struct admin_hooks {
	void *arg;
	/* Jobs or builds changed: plan and publish soon. */
	void (*changed)(void *arg);
	/* Take rejected/<account>/<file> in again (PROTOCOL 14). */
	int (*spool_retry)(
	    void *arg, const char *account, const char *file, struct err *e);
	/* "g" comes zeroed. */
	void (*gauges)(void *arg, struct admin_gauges *g);
	/* Templates of jobs, as they are now; NULL: what is built in. */
	const struct templates *(*templates)(void *arg);
	/* Why the job of this row has the slots that it has, as JSON. */
	int (*why)(void *arg, int64_t job, struct buf *out, struct err *e);
	/* Calls fn(to, ...) for each thing that only main can look at; NULL. */
	void (*checks)(void *arg, admin_check_fn *fn, void *to);
	/* As SIGHUP; members of an object into "out": what changed, what is
	 * wrong.  That a file is wrong is no failure. */
	int (*reload)(void *arg, const struct admin_reload *how,
	    struct buf *out, struct err *e);
	/* Why the bot of this row is idle: members of an open object, as of
	 * tick_why_bot(); NULL: nobody plans here. */
	int (*why_bot)(void *arg, int64_t bot, struct buf *out, struct err *e);
};

/* What accounts need of whoever keeps sshd's side (masterd/accounts). */
struct invitation;
struct account_hooks {
	void *arg;
	/* An account of this name is about to be added: its folder.  REFUSED
	 * with what to run first. */
	int (*prepare)(
	    void *arg, const char *name, const char *kind, struct err *e);
	/* URL, user and fingerprint of an invitation. */
	int (*invitation)(void *arg, struct invitation *i, struct err *e);
	/* Rows were committed: key files are rewritten when it returns. */
	void (*changed)(void *arg);
	uint64_t invitation_ms; /* how long one is good; 0: a week */
};

/*
 * Listen on "name" in the folder "at" (a descriptor, so that the path may be
 * of any length).  CONFLICT when somebody else listens there; a socket that
 * nobody listens on is replaced.  Mode 0660 and group pandafuzz-admin where
 * that group exists; 0666 where the group pandafuzz-read exists too, for its
 * members must get as far as the check of each request.  The hooks are
 * copied; store and database are borrowed.
 */
struct admin *admin_open(struct loop *loop, struct db *db, struct store *store,
    int at, const char *name, const struct admin_hooks *hooks, struct err *e);
/* How long a request may be silent while it is sent; 30 s. */
void admin_set_timeout(struct admin *a, uint64_t ms);
void admin_set_accounts(struct admin *a, const struct account_hooks *hooks);

/*
 * A further socket, "name.sock" in the folder "at", for the ci account of that
 * name: its peers are that account, if they run as the master's user, root or
 * the Unix user of that name.  Closing it ends their connections.
 */
int admin_open_door(struct admin *a, int at, const char *name, struct err *e);
void admin_close_door(struct admin *a, const char *name);

void admin_close(struct admin *a); /* removes the socket; NULL is fine */

/* Is a build's COMMIT still to come, and does this file wait for one?  What is
 * collected meanwhile would be missing (masterd/retire.h). */
bool admin_adds_builds(const struct admin *a);
bool admin_holds_file(const struct admin *a, const struct digest *sha256);

/*
 * Long reads are done by a child that runs this same program anew with
 * "--read-child" as its first argument.  main() calls this before anything
 * else and returns what it gives when that is not -1.
 */
int admin_read_child(int argc, char **argv);

#endif
