#ifndef MASTERD_DB_REBUILD_H
#define MASTERD_DB_REBUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/wire/ids.h"
#include "masterd/db/db.h"
#include "masterd/db/metadata.h"

/*
 * Rows of a new database (db_open_new()) from what files say; masterd/rebuild.c
 * reads the files.  Call rebuild_begin() first, then rebuild_take() for the
 * kinds in their order, then what the store holds, rebuild_end() last; all in
 * transactions.  What a file gets wrong is ERR_CONFLICT or ERR_REFUSED and
 * leaves no trace; the rest can go on.
 */
int rebuild_begin(struct db *db, struct err *e);

/* One file of metadata/.  Text that is no JSON is REFUSED. */
int rebuild_take(
    struct db *db, enum metadata_kind kind, const char *json, struct err *e);

/* ---- builds ---------------------------------------------------------- */
/* 1 and its row and whether its files are meant to be there, 0, -1. */
int rebuild_build(struct db *db, const struct digest *id, int64_t *row,
    bool *files, struct err *e);
/* What the build's metadata say of a file: 1 and *traits, 0 nothing more than
 * that it was seen, 2 they say nothing of any file, -1. */
int rebuild_traits(struct db *db, const char *json, const struct digest *file,
    uint32_t *traits, struct err *e);
int rebuild_build_file(struct db *db, int64_t build, const struct digest *file,
    uint64_t bytes, uint32_t traits, struct err *e);
/* Its files are not all there: it is removed, and can be added again. */
int rebuild_build_lost(
    struct db *db, int64_t build, const char *reason, struct err *e);

/* ---- findings -------------------------------------------------------- */
/* Its row, made when missing. */
int rebuild_target(struct db *db, const char *project, const char *target,
    int64_t *row, struct err *e);

int rebuild_unit(struct db *db, int64_t target, const struct digest *sha256,
    uint64_t bytes, uint64_t added_ms, struct err *e);

/* Is there a crash of this input whose signature begins with these 8 digits?
 * "": with any.  1, 0, -1. */
int rebuild_has_crash(struct db *db, int64_t target,
    const struct digest *sha256, const char *signature8, struct err *e);

int rebuild_has_bucket(
    struct db *db, const char *project, uint64_t number, struct err *e);

/*
 * A crash of which only its folder's meta.json is left.  "number" is that of
 * the bucket in whose folder it is linked, 0 when in none: then it goes where
 * its signature belongs, or into a new one.
 */
int rebuild_crash_meta(struct db *db, const char *json, uint64_t number,
    bool has_input, struct err *e);

/* Whether its input is there is said by the files. */
int rebuild_input(struct db *db, int64_t target, const struct digest *sha256,
    bool there, struct err *e);

/* An input that somebody handed in: it waits to be run. */
int rebuild_submission(struct db *db, int64_t target,
    const struct digest *sha256, uint64_t bytes, struct err *e);

/* A job of which only jobs/<id>/job.json is left: it is paused, and says why.
 * 1 made, 0 it has a row, -1. */
int rebuild_job_view(struct db *db, const char *json, struct err *e);

/* ---- bots ------------------------------------------------------------ */
/* What a bot was told last: the serial, and up to which seq an epoch was
 * answered. */
int rebuild_bot(struct db *db, const char *account, const char *bot,
    uint64_t serial, int64_t *row, struct err *e);
int rebuild_epoch(
    struct db *db, int64_t bot, uint64_t epoch, uint64_t last, struct err *e);

/* ---- the end --------------------------------------------------------- */
struct rebuild_counts {
	int64_t projects, targets, builds, jobs, bots, buckets, crashes, units;
};
/* A new generation for bots and corpora, and an event. */
int rebuild_end(struct db *db, struct db_id *generation,
    struct rebuild_counts *counts, struct err *e);

#endif
