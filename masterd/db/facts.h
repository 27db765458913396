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

/* Which files of a crash's folder have their row, and are not to be touched. */
struct facts_crash_files {
	bool input, report;
};
int facts_crash_files(struct db *db, int64_t target,
    const struct digest *sha256, const struct digest *signature,
    struct facts_crash_files *f, struct err *e);

struct facts_crash {
	const struct facts_place *place;
	const struct bundle_header *header;
	const struct record *record; /* REC_CRASH */
	const struct triage *triage;
	uint64_t line; /* record's number in the bundle */
	int64_t bot;
	bool has_input;
	uint64_t now_ms;
};

struct facts_bucket {
	int64_t number;
	bool new_crash, new_bucket;
};

/* One observation, and the crash and bucket it belongs to. */
int facts_add_crash(struct db *db, const struct facts_crash *c,
    struct facts_bucket *b, struct err *e);

int facts_coverage(
    struct db *db, int64_t target, const struct record *r, struct err *e);

/* The state's lines as one text, newline between. */
struct facts_state {
	char text[TRIAGE_STATE_LINES * TRIAGE_LINE_MAX];
};
struct facts_state facts_state(const struct triage *t);

/* Call "fn" for each crash: where its input lies, and its bucket's number. */
typedef int facts_crash_fn(void *arg, const struct facts_place *place,
    const struct digest *sha256, uint64_t bucket);
int facts_each_crash(
    struct db *db, facts_crash_fn *fn, void *arg, struct err *e);

/* No bucket of "project" will get a number up to "number" any more. */
int facts_reserve_bucket(
    struct db *db, const char *project, uint64_t number, struct err *e);

#endif
