#ifndef MASTERD_STORE_STORE_H
#define MASTERD_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "masterd/store/disk.h"

/*
 * The master's bytes: files named by their digests below ROOT (DESIGN 4).
 *
 * Order of one batch: stage everything, name everything, store_sync(), and
 * only when that has called back: COMMIT.  A name without its row is debris
 * of a kill and is replaced by rename; a name with its row is never touched,
 * so the caller asks the database before it names.
 */
struct store;

/*
 * Open ROOT; makes what is missing, empties stage/ of other boots, starts the
 * sync child.  stage/ and the store folders must share one file system
 * (REFUSED if not).  "nosync" is for the power-cut harness only: syncs are
 * left out, and it must be seen to fail.
 */
struct store *store_open(
    int root, struct loop *loop, bool nosync, struct err *e);
void store_close(struct store *s);

/* ---- staging ---- */
struct staged; /* a file in stage/ with its running digest */

struct staged *store_stage(struct store *s, struct err *e);
int store_stage_add(
    struct staged *f, const void *bytes, size_t len, struct err *e);
/* Close it: no more bytes.  "digest" and "size" may be NULL. */
int store_stage_end(
    struct staged *f, struct digest *digest, uint64_t *size, struct err *e);
void store_stage_drop(struct staged *f); /* unlink and free; NULL is fine */

/*
 * ---- naming: take "f" (ended) and rename it to its place ----
 * Each frees "f" whatever happens and returns 0 or -1.
 */
int store_name_unit(struct store *s, struct staged *f, const char *project,
    const char *target, const struct digest *sha256, struct err *e);

/* crashes/<project>/<target>/<sha256>/<file>, file as "input", "input.min",
 * "report-<sig8>.txt", "meta.json". */
int store_name_crash(struct store *s, struct staged *f, const char *project,
    const char *target, const struct digest *sha256, const char *file,
    struct err *e);
int store_name_build_file(struct store *s, struct staged *f,
    const struct digest *sha256, struct err *e);
int store_name_manifest(struct store *s, struct staged *f,
    const struct digest *build, struct err *e);
int store_name_segment(struct store *s, struct staged *f,
    const struct digest *sha256, struct err *e);

/*
 * ---- syncing ----
 * One syncfs(2) of the store's file system by the sync child, for everything
 * named before this call.  "done" is called from the loop.  A failed sync, or
 * a dead sync child, ends the process (exit 1) after logging: the answer to a
 * lost write is to redo it from its source.  Calls queue up.
 */
void store_sync(struct store *s, loop_fn *done, void *arg);

/*
 * ---- letting go ----
 * Closes "fd" (-1: none), in a child that does nothing else: to free the blocks
 * of a file that has no name any more may take as long as a sync.
 */
void store_let_go(struct store *s, int fd);
/* For that, what lies under a name that is about to be replaced; -1: nothing. */
int store_hold(int at, const char *name);

/* ---- reading and publishing ---- */
/* Open a file of the store for reading; NOT_FOUND when missing. */
int store_open_unit(struct store *s, const char *project, const char *target,
    const struct digest *sha256, struct err *e);
int store_open_crash(struct store *s, const char *project, const char *target,
    const struct digest *sha256, const char *file, struct err *e);
int store_open_build_file(
    struct store *s, const struct digest *sha256, struct err *e);
int store_open_manifest(
    struct store *s, const struct digest *build, struct err *e);

/*
 * Hard-link a build file or segment (mode 0444) as "name" into "to"; a copy
 * where the file system has no more links for it.  An existing name stays.
 */
enum store_kind { STORE_BUILD_FILE, STORE_SEGMENT };
int store_publish(struct store *s, enum store_kind kind,
    const struct digest *sha256, int to, const char *name, struct err *e);

/* The same for the input of a crash, or a unit of a target: bots run them
 * again.  The file is made 0444 first; NOT_FOUND when there is none. */
enum store_input { STORE_CRASH_INPUT, STORE_UNIT };
int store_publish_input(struct store *s, enum store_input kind,
    const char *project, const char *target, const struct digest *sha256,
    int to, const char *name, struct err *e);

/* Symbolic link buckets/<project>/<number>/<sha256> into crashes/. */
int store_link_bucket(struct store *s, const char *project, uint64_t number,
    const char *target, const struct digest *sha256, struct err *e);
/* It is gone afterwards, whether it was there or not.  The folder stays: its
 * number is not given again. */
int store_unlink_bucket(struct store *s, const char *project, uint64_t number,
    const struct digest *sha256, struct err *e);

/* jobs/<job>/: links to its corpus and its target's crashes, and job.json. */
struct store_job {
	const char *job; /* 16 hex digits */
	const char *project, *target;
	const char *corpus; /* the target, or a corpus of its own */
	const char *json;
};
int store_job_folder(
    struct store *s, const struct store_job *job, struct err *e);
/* Append to jobs/<job>/log; a long one starts anew. */
int store_job_log(struct store *s, const char *job, const char *text,
    size_t len, struct err *e);

/*
 * Read it: "out" gets whole lines where there are any, at most
 * STORE_LOG_PIECE bytes.  The tail has the last "lines"; after() goes on where
 * a place says, also in the log that was started anew since.  A job without a
 * log has an empty one, at place {0, 0}.
 */
#define STORE_LOG_PIECE (256 * 1024)
struct store_log_place {
	uint64_t file; /* its inode */
	uint64_t at;
};
int store_job_log_tail(struct store *s, const char *job, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e);
int store_job_log_after(struct store *s, const char *job,
    struct store_log_place *place, struct buf *out, struct err *e);

/* logs/bots/<account>/<bot>.log: the same, 1 MiB and the one before it. */
struct store_bot {
	const char *account, *bot;
};
int store_bot_log(struct store *s, const struct store_bot *bot,
    const char *text, size_t len, struct err *e);
int store_bot_log_tail(struct store *s, const struct store_bot *bot,
    uint64_t lines, struct buf *out, struct store_log_place *next,
    struct err *e);
int store_bot_log_after(struct store *s, const struct store_bot *bot,
    struct store_log_place *place, struct buf *out, struct err *e);

/* Call "fn" for the digest of each file in segments/ that is older than
 * "before_s"; those for which it says 0 are unlinked. */
int store_sweep_segments(struct store *s, uint64_t before_s,
    int (*fn)(void *arg, const struct digest *sha256), void *arg,
    struct err *e);

/*
 * ---- builds on their way out ----
 * One that is not there is fine.  Nothing is synced: what comes back after a
 * power cut is found again.
 */
int store_drop_manifest(
    struct store *s, const struct digest *build, struct err *e);
int store_drop_build_file(
    struct store *s, const struct digest *sha256, struct err *e);

int store_read_manifest(struct store *s, const struct digest *build,
    struct buf *out, size_t cap, struct err *e);

/* Call "fn" for each manifest, and for each file in builds/files/<folder>/
 * that is older than "before_s"; not 0 ends it and is returned. */
int store_each_manifest(struct store *s,
    int (*fn)(void *arg, const struct digest *build), void *arg, struct err *e);
int store_each_build_file(struct store *s, unsigned folder, uint64_t before_s,
    int (*fn)(void *arg, const struct digest *sha256), void *arg,
    struct err *e);

/* Room on the store's file system. */
struct disk *store_disk(struct store *s);

/* Unlink an input that the database has let go of, and its folder when nothing
 * else is in it; one that is not there is fine. */
int store_drop_input(struct store *s, const char *project, const char *target,
    const struct digest *sha256, struct err *e);

int store_root(const struct store *s); /* borrowed descriptor */

#endif
