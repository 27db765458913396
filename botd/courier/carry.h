#ifndef BOTD_COURIER_CARRY_H
#define BOTD_COURIER_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/base/retry.h"
#include "lib/wire/ids.h"
#include "lib/wire/record.h"
#include "lib/wire/status.h"
#include "spool/spool.h"
#include "botd/courier/courier.h"
#include "botd/courier/line.h"
#include "botd/courier/link.h"

/*
 * The courier's state and its steps, each in the file of its name.  Only the
 * folders are remembered over a restart: what is here can be lost at any
 * instant and is found again by asking (DESIGN in this folder).
 */

/* One c or b bundle, or beat, in outbox/new. */
enum parcel_state {
	PARCEL_UNSURE,  /* may lie in incoming/new: ask first (P.10) */
	PARCEL_WAITING, /* to be pushed */
	PARCEL_SENT,    /* pushed, not acknowledged */
	PARCEL_ABSENT,  /* not in incoming/new: taken, or to be pushed again */
	PARCEL_ODD      /* no file, or cannot be read: again in a minute */
};

struct parcel {
	char name[BUNDLE_NAME_MAX];
	struct bundle_id id;
	enum parcel_state state;
	uint64_t asked; /* pass of confirm.c that asked for it last */
	enum bundle_kind kind;
	bool kind_known;
};

/* A lease of the last status.json. */
struct lease {
	uint64_t id;
	uint64_t job; /* known once its ticket is */
	bool placed;  /* its ticket lies in inbox/tickets */
	uint64_t try_at;
	uint32_t failures;
	char said[160]; /* last failure that was logged */
};

struct job {
	uint64_t id;
	struct link_stat seen;  /* of the file that lies in inbox/jobs */
	struct link_stat known; /* and of the known list beside it */
	bool known_gone;        /* there is none, and none lies there */
	uint64_t look_at;
};

struct courier {
	const struct courier_config *config;
	struct line *line; /* the link, and who else is on it */
	struct link *link; /* its */
	struct courier *peer;
	bool own_line;
	uint64_t connects; /* of the line, when we last greeted */
	int root, acked, held, noted, inbox, tickets, jobs_dir, builds;

	struct spool *outbox;
	struct parcel *parcels; /* h, c, b: bundle_id_order() */
	size_t parcel_count, parcel_room;
	struct timespec looked; /* mtime of outbox/new at the last look */
	bool scanned;           /* all of an earlier life are UNSURE */

	struct status *status; /* last that was parsed; generation 0: none */
	struct status *fresh;  /* room to parse the next one */
	struct link_stat status_seen;
	bool status_missing; /* the master does not know us yet (P.23) */
	bool status_clipped; /* so full that ranges may be left out */

	struct lease *leases;
	size_t lease_count;
	struct job *jobs;
	size_t job_count;
	bool leases_stale; /* a newer status.json has come */

	char last_beat[BUNDLE_NAME_MAX]; /* last one in incoming/new */
	uint64_t pass;                   /* of confirm.c */

	/* Up-times at which something is due. */
	uint64_t push_at, poll_at, confirm_at, tidy_at;
	uint64_t rest_until; /* after trouble on this machine */
	uint32_t push_failures;
	bool more;      /* bundles wait only for others' turns */
	bool broken;    /* a sync failed: it has to be begun anew */
	char said[256]; /* last reason that was logged */
};

#define CARRY_LATER UINT64_MAX

/* ---- carry.c --------------------------------------------------------- */
/* With a line of its own, or on another's, which lives longer. */
struct courier *courier_new(const struct courier_config *c, struct err *e);
struct courier *courier_join(
    const struct courier_config *c, struct line *line, struct err *e);
void courier_free(struct courier *c);

/*
 * Do all that is due.  Returns the milliseconds until something will be, and
 * CARRY_LATER when the process has to end: broken, gave up, or leaving and
 * done.
 */
uint64_t courier_turn(struct courier *c);

/* The same without the line, which its owner opens. */
uint64_t courier_work(struct courier *c);

/* Its line went up or down: into inbox/link.json. */
void courier_told(struct courier *c, bool up, const char *text);

/* The outbox's folder below the root. */
const char *courier_outbox(const struct courier_config *config);

/* Push what is there, for at most drain_ms, then end (SIGTERM). */
void courier_leave(struct courier *c);

/* Something has appeared in outbox/new; "lost": or the folder has moved. */
int courier_hint(struct courier *c, bool lost, struct err *e);

/*
 * What goes first, between any two steps of long work (P.9): a beat, a crash,
 * the poll.  -1 when the link went down or the time to leave is up.
 */
int courier_between(void *arg, struct err *e);

/* ---- outbox.c: what lies in outbox/new ------------------------------- */
int outbox_open(struct courier *c, struct err *e);
void outbox_close(struct courier *c);

/* Scan if the folder has changed; new finds get "state". */
int outbox_look(struct courier *c, enum parcel_state state, struct err *e);
void outbox_look_anew(struct courier *c); /* the next look does scan */

/* Of what a dead bot left: no beat, and of the courier's own bot. */
bool outbox_is_ours(const struct courier *c, const char *name);

struct parcel *outbox_find(struct courier *c, const char *name);

/* Known no more; the file stays.  Invalidates pointers to parcels. */
void outbox_forget(struct courier *c, const char *name);
/* Unlinked and known no more. */
int outbox_drop(struct courier *c, const char *name, struct err *e);
/* Renamed into "dir" (what is there already is the same) and forgotten. */
int outbox_move(struct courier *c, const char *name, int dir, struct err *e);

/* Those that could not be read are to be tried again. */
void outbox_retry_odd(struct courier *c);

/* First waiting one in order; only beats and crashes if "urgent". */
struct parcel *outbox_next(struct courier *c, bool urgent);

/* Read from its header once; KIND_COUNT when it cannot be read. */
enum bundle_kind outbox_kind(struct courier *c, struct parcel *p);

/* ---- push.c ---------------------------------------------------------- */
/* Everything, or only beats and crashes.  -1 when the link is down. */
int push_all(struct courier *c, bool urgent, struct err *e);

/* ---- confirm.c ------------------------------------------------------- */
int confirm_all(struct courier *c, struct err *e); /* P.10 */

/* ---- settle.c: what status.json says of the outbox ------------------- */
int settle(struct courier *c, struct err *e);
/* P.27: acked/ back to new/, synced, before the status is placed. */
int settle_generation(struct courier *c, struct err *e);
void settle_trim(struct courier *c); /* acked/: 24 h or 1 GiB */

/* ---- pull.c: status.json --------------------------------------------- */
int pull_status(struct courier *c, struct err *e);
void pull_remember(struct courier *c); /* what inbox/status.json says */

/* ---- lease.c: tickets and job files ---------------------------------- */
int lease_work(struct courier *c, struct err *e);
void lease_recheck(struct courier *c); /* builds/ may have lost files */
uint64_t lease_due(const struct courier *c);

/* ---- known.c: what need not be sent ---------------------------------- */
/* inbox/jobs/<job>.known as it is on the master: brought when it has changed,
 * removed when it is no more.  One that cannot be used counts as none: the bot
 * then sends everything. */
int known_bring(struct courier *c, struct job *j, struct err *e);
/* The id of "<16 hex>.known", 0 for any other name. */
uint64_t known_id(const char *name);

/* ---- fetch.c: blobs into builds/ ------------------------------------- */
/* Of a blob whose size nobody said: at most that of an input. */
#define FETCH_ANY_SIZE UINT64_MAX

/*
 * Have builds/<aa>/<sha256>, mode 0444, never written again.
 * One that is there is hashed again if "verify", else only its size is
 * looked at.  NOT_FOUND: read status.json again (P.25).
 */
int fetch_blob(struct courier *c, const struct digest *d, uint64_t size,
    bool verify, struct err *e);
/* It is there, by its size. */
bool fetch_have(struct courier *c, const struct digest *d, uint64_t size);
/* A small file of outgoing/<bot>/ into "out". */
int fetch_text(struct courier *c, const char *path, size_t cap, struct buf *out,
    struct err *e);
int fetch_open(struct courier *c, struct err *e); /* empties builds/tmp */

#define PATH_ROOM 256
/* "outgoing/<bot>/<formatted>" into "out". */
void outgoing_path(const struct courier *c, char out[PATH_ROOM],
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
