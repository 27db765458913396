#ifndef MASTERD_REBUILD_INTERNAL_H
#define MASTERD_REBUILD_INTERNAL_H

#include "lib/base/buf.h"
#include "lib/wire/status.h"
#include "masterd/db/rebuild.h"

/* For rebuild.c and rebuild_store.c only. */
#define REBUILD_PATH_MAX 640
#define REBUILD_FILE_MAX (16u << 20)

struct rebuild {
	int root;
	struct db *db;
	bool verify;
	struct buf problems; /* a line each */
	unsigned problem_count;
	unsigned rows;                /* since the last COMMIT */
	unsigned kept;                /* files in rejected/ and held/ */
	bool look_again, second_look; /* at crashes in several buckets */
	struct status *status;
	int64_t target; /* row of target_name, 0: none yet */
	char target_name[NAME_MAX_LEN + TARGET_MAX_LEN + 2];
	struct err failed; /* what ends it */
};

/*
 * What "e" says of "path" is noted, and the rest goes on; but what is no word
 * of the file's ends the rebuild: -1.
 */
int rebuild_problem(struct rebuild *r, const char *path, const struct err *e);
int rebuild_note(struct rebuild *r, const char *path, const char *why);

/* Some rows were made: now and then a COMMIT. */
int rebuild_made(struct rebuild *r);

/*
 * Call "fn" for what lies "depth" folders below "folder"; names that begin
 * with a dot are left out.  A folder that is missing is empty.
 */
typedef int rebuild_fn(
    struct rebuild *r, const char *path, int dirfd, const char *name);
int rebuild_walk(
    struct rebuild *r, const char *folder, int depth, rebuild_fn *fn);

/* 0 and the text, 1 when it was a problem (noted), -1. */
int rebuild_read(struct rebuild *r, const char *path, struct buf *text);

/* The files of a build whose metadata are taken. */
int rebuild_build_files(
    struct rebuild *r, const struct digest *id, const char *json);
/* Is the input of metadata/crashes/P/T/<sha256>-<sig8>.json there? */
int rebuild_crash_input(struct rebuild *r, const char *path);

/* What the store holds, and the spool. */
int rebuild_store(struct rebuild *r);
int rebuild_spool(struct rebuild *r);

/* A file beside an input that says what its crash is (rebuild_meta.c); number:
 * of its bucket, 0: any. */
int rebuild_meta(struct rebuild *r, const char *folder, const char *name,
    uint64_t number, bool has_input);
/* meta-<8 digits>.json, of other crashes of the input that have no row yet. */
int rebuild_other_metas(struct rebuild *r, const char *folder, int64_t target,
    const struct digest *sha256, bool has_input);
/* An input that people handed in: 1 when the folder holds nothing else, and it
 * waits again or is noted, or nothing at all; 0, -1. */
int rebuild_lone_input(struct rebuild *r, const char *folder, int64_t target,
    const struct digest *sha256);

#endif
