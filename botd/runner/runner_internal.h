#ifndef BOTD_RUNNER_RUNNER_INTERNAL_H
#define BOTD_RUNNER_RUNNER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "botd/runner/runner.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/wire/bundle.h"
#include "lib/wire/status.h"
#include "spool/spool.h"

/*
 * What the parts of the runner share; only they include this.  States and one
 * line per file: botd/runner/DESIGN.
 */
struct session;

/* What outbox/ holds, as the last scan saw it (P.12). */
struct outbox_epoch {
	uint64_t epoch;
	uint64_t oldest, highest; /* 0: none */
};

struct outbox {
	uint64_t bytes, files;
	struct outbox_epoch *epochs;
	int epoch_count;
	struct seq_range *drops; /* undeclared drops, with drop_epochs[] */
	uint64_t *drop_epochs;
	int drop_count;
};

struct runner {
	const struct runner_config *config;
	struct runner_config *live; /* the same, to be filled anew (SIGHUP) */
	char *root_path;            /* absolute */
	struct loop *loop;
	unsigned slots;

	int root, outbox_fd, held, dropped, noted;
	int inbox, tickets, jobs, builds, work, units, serial;
	struct spool *spool;

	/* P.4: used up by the rename into outbox/new, from 1 per epoch. */
	uint64_t epoch, next_seq, next_beat;
	struct outbox outbox;

	struct status *status;
	bool have_status;
	int64_t status_stamp[3]; /* mtime seconds and nanoseconds, inode */
	int64_t tickets_stamp[2];
	bool status_odd; /* it could not be parsed the last time */
	bool look_again;

	bool sandbox; /* cages can be made, or are not wanted */
	char sandbox_why[256];
	char hold_why[320]; /* "" when leases are welcome */
	struct runner_off off;

#define ENGINES_MOST 8
	bool probed; /* what register says of this host: */
	struct buf engine_facts[ENGINES_MOST], sanitizers;

	struct session *sessions;
	uint64_t *done; /* leases of this epoch that are over */
	int done_count;
	uint64_t odd_tickets; /* hash of the last that could not be read */

	bool stopping; /* SIGTERM, or the master says stop */
	bool ended;    /* the last bundles are sealed */
	uint64_t said_full_ms;

	struct loop_source *tick, *beat, *stats, *evict;
	struct loop_source *watch_inbox, *watch_tickets, *watch_jobs;
	struct loop_source *term, *intr, *hup;
};

/* ---- runner.c ---- */
/* A failed sync and what else cannot be gone on from: the process ends, its
 * supervisor starts it again, and work/ is salvaged (crash-only). */
__attribute__((noreturn)) void runner_die(
    const char *event, const struct err *e);
void runner_stop(struct runner *r);      /* seal all, then leave */
void runner_new_epoch(struct runner *r); /* conflict or clash */
void runner_session_over(struct runner *r, struct session *s);
const char *runner_why_hold(struct runner *r); /* NULL: leases welcome */
unsigned runner_busy(const struct runner *r);  /* leases in hand */

/* ---- seal.c: bundles into the outbox ---- */
struct seal {
	struct runner *runner;
	struct bundle_name name;
	uint64_t seq;
	enum bundle_class cls;
	int fd;
	struct bundle_writer *writer;
};

/* Start a bundle; "s" gives lease, job, build and target, or is NULL. */
int seal_begin(struct seal *b, struct runner *r, enum bundle_kind kind,
    const struct session *s, struct err *e);
int seal_record(struct seal *b, const struct record *rec, const void *payload,
    uint64_t size, struct err *e);
int seal_text(struct seal *b, enum record_type type, uint64_t lease,
    const void *text, size_t len, struct err *e);
void seal_give_up(struct seal *b);

/*
 * Commit it (P.8).  A bundle that cannot be written (disk full) is -1 and may
 * be tried again under the same seq; a failed sync does not return.
 */
int seal_commit(struct seal *b, struct err *e);

/* ---- beat.c ---- */
void beat_now(struct runner *r);        /* heartbeat (P.11, P.12) */
void beat_every(struct runner *r);      /* and again after the interval */
void beat_forget_old(struct runner *r); /* a starting runner deletes all */

/* ---- register.c ---- */
int beat_register(struct runner *r, struct err *e);
int beat_deregister(struct runner *r, struct err *e);
void beat_probe(struct runner *r); /* ask the host's programs, once */
void beat_probe_release(struct runner *r);
uint64_t machine_cores(void);
uint64_t machine_memory(void);

/* ---- cpu.c ---- */
/*
 * The processor's model for people and for telling kinds of hosts apart: the
 * "model name" of a text like /proc/cpuinfo, else "aarch64 0x41/0xd0c" of its
 * implementer and part, else "arch".  One clean line.
 */
void cpu_model(
    struct buf *out, const char *cpuinfo, size_t len, const char *arch);
void machine_cpu(struct buf *out); /* of this host */

/* ---- outbox.c ---- */
void outbox_scan(struct runner *r);
void outbox_release(struct outbox *o);
bool outbox_nearly_full(const struct runner *r); /* 80 % of the quota */
void outbox_make_room(struct runner *r);         /* P.21: drop in order */
/* At start: debris of a kill in tmp/, files of declared drops in new/. */
void outbox_recover(struct runner *r);
/* Ranges that "below" has passed need no declaring any more. */
void outbox_confirmed(struct runner *r);

/* ---- tickets.c: what the courier has brought ---- */
void tickets_look(struct runner *r); /* status.json, then tickets */
bool tickets_listed(const struct runner *r, uint64_t lease);
void tickets_done(struct runner *r, uint64_t lease);

/* ---- bot_log.c: the tail of ROOT/log, for the master ---- */
struct bot_log {
	struct buf text;     /* what has not been sent, clean */
	uint64_t inode, end; /* up to where */
	bool worth;          /* says more than that bundles travel */
};
void bot_log_read(const struct runner *r, struct bot_log *l);
void bot_log_sent(const struct runner *r, const struct bot_log *l);
void bot_log_release(struct bot_log *l);

/* ---- cache.c ---- */
void cache_evict(struct runner *r);

/* ---- salvage.c ---- */
void salvage(struct runner *r);

#endif
