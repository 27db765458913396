#ifndef MASTERD_DB_FACTS_H
#define MASTERD_DB_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/triage/triage.h"
#include "lib/wire/record.h"
#include "masterd/db/db.h"

/*
 * What fuzzing found: units, crashes, buckets, coverage.  Nothing is refused
 * for what it refers to (PROTOCOL 15): facts of a target that nobody added go
 * to the project lost+found.
 */
struct facts_place {    /* where the facts of a header go */
	int64_t target; /* 0: no row yet */
	struct name project;
	struct target_name name;
};

/* Reads only.  Bundles of kind corpus go to the corpus of their job's own,
 * where it has one. */
int facts_find_target(struct db *db, const struct bundle_header *h,
    struct facts_place *p, struct err *e);
/* Makes the row of lost+found when there is none. */
int facts_make_target(
    struct db *db, struct facts_place *p, uint64_t now_ms, struct err *e);

/* 1 when the row is there, 0 when not, -1. */
int facts_has_unit(
    struct db *db, int64_t target, const struct digest *sha256, struct err *e);
/* *added is false when it was known. */
int facts_add_unit(struct db *db, int64_t target, const struct digest *sha256,
    uint64_t bytes, uint64_t features, int64_t bot, uint64_t now_ms,
    bool *added, struct err *e);

/*
 * Which files of a crash's folder have their row, and are not to be touched.
 * report: of this signature, or of the same normalised report under another
 * (judged by other rules); others: crashes of this input with another one.
 */
struct facts_crash_files {
	bool input, report, others;
};
int facts_crash_files(struct db *db, int64_t target,
    const struct digest *sha256, const struct digest *signature,
    const struct digest *stack, struct facts_crash_files *f, struct err *e);

struct facts_crash {
	const struct facts_place *place;
	const struct bundle_header *header;
	const struct record *record; /* REC_CRASH */
	const struct triage *triage;
	uint64_t line; /* record's number in the bundle */
	int64_t bot;
	bool has_input;
	uint64_t now_ms;
	const char *ruleset; /* name; NULL: of the rules in force */
	const char *facts;   /* normalised report, or NULL */
	const char *command, *environment; /* a word a line, or NULL */
	const char *series, *parents;   /* payloads of these records, or NULL */
	const struct digest *minimised; /* or NULL */
	uint64_t minimised_bytes;
};

struct facts_bucket {
	int64_t number;
	int64_t crash; /* row */
	bool new_crash, new_bucket;
	bool regrouped; /* buckets.h */
};

/*
 * One observation, and the crash and bucket it belongs to.  Counts a hit and
 * what the bot's tries showed.  An input that is known with the same normalised
 * report stays the crash it is, whatever newer rules call it.
 */
int facts_add_crash(struct db *db, const struct facts_crash *c,
    struct facts_bucket *b, struct err *e);

/* Of what one record says it has counted this much is believed, so that no
 * number of records makes a sum that is none. */
#define FACTS_COUNT_MAX 1000000000ull
uint64_t facts_count(uint64_t said);

/* Crashes of a signature that a bot counted and did not send (REC_SEEN).  Of
 * one that no crash has brought yet they are kept until one does. */
int facts_seen(struct db *db, int64_t target, const struct record *seen,
    uint64_t now_ms, struct err *e);

/*
 * A bot ran the input of crash row "crash" again; "build" may be NULL.  below,
 * above: as records have them (CRASH_BELOW).  Adds to what this bot tried with
 * this build before, and to the crash's sums.
 */
struct facts_tries {
	int64_t crash, bot;
	const struct digest *build;
	uint64_t tries, reproduced, below, above;
	uint64_t now_ms;
};
int facts_tried(struct db *db, const struct facts_tries *t, struct err *e);

/* 1 when crashes of it have come, 0, -1. */
int facts_knows_signature(struct db *db, int64_t target,
    const struct digest *signature, bool security, struct err *e);

/* Revision of a build, "" when it is unknown: 0, or -1. */
int facts_revision(struct db *db, const struct digest *build, char *out,
    size_t size, struct err *e);

/* REC_PARENTS apart: what it was made from and how, and "strategy NAME" lines
 * as names; a line each. */
void facts_split_parents(
    const char *text, struct buf *parents, struct buf *strategies);

int facts_coverage(
    struct db *db, int64_t target, const struct record *r, struct err *e);

/* The state's lines as one text, newline between. */
struct facts_state {
	char text[TRIAGE_STATE_LINES * TRIAGE_LINE_MAX];
};
struct facts_state facts_state(const struct triage *t);

/* Call "fn" for each crash with a row above "after": where its input lies, and
 * its bucket's number.  *last: the highest row. */
typedef int facts_crash_fn(void *arg, const struct facts_place *place,
    const struct digest *sha256, uint64_t bucket);
int facts_each_crash(struct db *db, int64_t after, int64_t *last,
    facts_crash_fn *fn, void *arg, struct err *e);

/* No bucket of "project" will get a number up to "number" any more. */
int facts_reserve_bucket(
    struct db *db, const char *project, uint64_t number, struct err *e);

#endif
