#ifndef MASTERD_DB_SUBMISSIONS_H
#define MASTERD_DB_SUBMISSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire/record.h"
#include "lib/wire/ticket.h"
#include "masterd/db/db.h"

/*
 * Inputs that bots run again: those of crashes, on another bot than the one
 * that found them, and those that people handed in (`crash add`).  Both are
 * tasks of kind "reproduce", at most TICKET_MAX_INPUTS inputs a task, of one
 * target and build.
 */

/* ---- handed in ---- */
struct submission {
	int64_t target;
	struct digest sha256;
	uint64_t bytes;
	const char *name; /* its file's, cleaned */
	const char *who, *trace;
	uint64_t now_ms;
};
/* Is its file in the store already?  1: then it is not to be touched, 0, -1:
 * AGAIN while it is let go of. */
int submissions_stored(
    struct db *db, int64_t target, const struct digest *sha256, struct err *e);

/* *fresh false: it was handed in before and is known; a quiet or failed one
 * waits again. */
int submissions_add(struct db *db, const struct submission *s, int64_t *id,
    bool *fresh, struct err *e);

int submissions_state(struct db *db, int64_t id, char state[16], struct err *e);

/* An input of "target" crashed: what was handed in is done. */
int submissions_crashed(struct db *db, int64_t target,
    const struct digest *sha256, const struct record *crash, uint64_t now_ms,
    struct err *e);

/* ---- tasks ---- */
/*
 * Make tasks for what waits, so that at most a few are open at a time (one, and
 * one more for every eight slots): handed-in inputs first, on the newest good
 * build of a sanitizer that did not run them yet; then crashes of open buckets
 * with an input, on the newest good build of their line:
 *
 *  - each that only one bot has run, where another bot could: the task avoids
 *    the one that had it;
 *  - of each bucket the likeliest and smallest one, when that build has not
 *    run it.
 *
 * What failed on a build is not tried again there.  At most "most" tasks; none
 * for a target that has one ready.  Looks at a part of all crashes, the newest
 * among them, and goes on from there the next time.  Returns how many.
 */
int reruns_make(struct db *db, int most, uint64_t now_ms, struct err *e);

/* At once, for what was handed in for one target: nothing while a task of it is
 * ready, so that a folder of inputs is not looked through for each of them. */
int reruns_make_for(
    struct db *db, int64_t target, uint64_t now_ms, struct err *e);

/* The inputs of a task for its ticket; "fn" may keep nothing. */
typedef int reruns_input_fn(
    void *arg, const struct ticket_input *input, struct err *e);
int reruns_inputs(struct db *db, uint64_t task, reruns_input_fn *fn, void *arg,
    struct err *e);

/* Which corpus has the unit "sha256" that comes before an input of "target":
 * that of the target, or of one of its jobs.  1, 0, -1. */
int reruns_unit(struct db *db, const struct name *project,
    const struct target_name *target, const struct digest *sha256,
    struct target_name *corpus, struct err *e);

/* The job whose limits, arguments and environment hold for a task: the newest
 * of its target that was not cancelled.  0: none. */
int reruns_job(struct db *db, uint64_t task, uint64_t *job, struct err *e);

/* A task is over: what it did not run and was handed in has failed.  "reason"
 * NULL: the task was done, and the bot did not say. */
int reruns_over(struct db *db, int64_t task, const char *reason,
    uint64_t now_ms, struct err *e);

/* A bot ran an input of its lease (REC_TRIED). */
int reruns_tried(struct db *db, int64_t bot, const struct bundle_header *h,
    const struct record *tried, uint64_t now_ms, struct err *e);

/* ---- what bots need not send ---- */
/*
 * Signatures of "target"'s project whose bucket is muted or has "saturated"
 * crashes, the most hit first, at most "most".
 */
typedef int known_fn(
    void *arg, const struct digest *signature, bool security, struct err *e);
int known_each(struct db *db, int64_t target, int saturated, int most,
    known_fn *fn, void *arg, struct err *e);

/* A target's row, by names. */
int known_target(struct db *db, const char *project, const char *target,
    int64_t *id, struct err *e);

/* Bots with an open lease of a job in the project of "target". */
int known_bots(struct db *db, int64_t target, int (*fn)(void *arg, int64_t bot),
    void *arg, struct err *e);

#endif
