#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/digest.h"
#include "lib/base/err.h"

/*
 * A durable hand-over folder: tmp/ and new/ below one root.  Whoever fills it
 * stages in tmp/, syncs, renames to new/, syncs new/; whoever empties it scans
 * new/.  Entries are opaque bytes with a name; what a name may look like and
 * which comes first is told by the caller, once, at spool_open().
 *
 * Everything works on directory descriptors taken at spool_open(), so a folder
 * that is moved away stays the folder we look at until spool_reopen().
 */
struct spool;

struct spool_names {
	/* May this be an entry?  Foreign names pass here before anything. */
	bool (*gate)(const char *name);
	/* As strcmp(): which of two entries is taken first. */
	int (*order)(const char *a, const char *b);
};

#define SPOOL_NAME_MAX 127

/*
 * Open ROOT/tmp and ROOT/new below "at"; they must exist unless "make".
 * "e" says which is missing.  spool_close(NULL) is fine.
 */
struct spool *spool_open(int at, const char *root,
    const struct spool_names *names, bool make, struct err *e);
void spool_close(struct spool *s);

/* Look the folders up by path again, after they were moved or replaced. */
int spool_reopen(struct spool *s, struct err *e);

int spool_new_fd(const struct spool *s); /* borrowed: to watch it */
int spool_tmp_fd(const struct spool *s);

/* ---- filling ---- */
/*
 * spool_stage() opens a new file for the caller to write; the name in tmp/ is
 * "name" itself.  spool_commit() syncs it, renames it to new/ (CONFLICT when
 * there is such a name already: nothing is replaced) and syncs new/; the
 * descriptor is closed in any case.  spool_unstage() gives up.
 * The rename is the commit: whole in new/, or not there at all.  When a sync
 * fails the result is ERR_AGAIN with e->sys set and the process must end
 * (the staged file is left as debris).
 */
int spool_stage(struct spool *s, const char *name, struct err *e);
int spool_commit(struct spool *s, int fd, const char *name, struct err *e);
void spool_unstage(struct spool *s, int fd, const char *name);

/* True after a failed sync; this spool then takes nothing more: end the
 * process.  Other failures (a full disk at the write or the rename) leave
 * nothing staged and may be tried again. */
bool spool_broken(const struct spool *s);

/* All three in one, for bytes in memory. */
int spool_put(struct spool *s, const char *name, const void *bytes, size_t len,
    struct err *e);

/* ---- emptying ---- */
/*
 * Look at new/ again.  A scan only adds: names that pass the gate and are not
 * known yet become entries.  Nothing is forgotten because a scan missed it.
 * Names that the gate refuses are reported to "odd" (may be NULL) each time;
 * it may unlink them through spool_new_fd().  Hidden names (".x") and those
 * over SPOOL_NAME_MAX are refused without asking the gate.
 */
typedef void spool_odd_fn(void *arg, const char *name);
int spool_scan(struct spool *s, spool_odd_fn *odd, void *arg, struct err *e);

/*
 * Next entry in order that is not in hand.  It is then in hand until
 * spool_done() (its file is unlinked and it is forgotten), spool_back() (it
 * is offered again), or spool_forget() (the file is no longer there).
 * The name is the caller's to read until then.  NULL when there is none.
 * A file that is gone already is fine for spool_done(); when it fails the
 * entry stays in hand.  spool_forget() and spool_done() also take names that
 * still wait.
 */
const char *spool_next(struct spool *s);
const char *spool_peek(const struct spool *s); /* same, not taken */
void spool_back(struct spool *s, const char *name);
void spool_forget(struct spool *s, const char *name);
int spool_done(struct spool *s, const char *name, struct err *e);

size_t spool_waiting(const struct spool *s); /* known, not in hand */
size_t spool_in_hand(const struct spool *s);

/*
 * Copy an entry to "to_at"/"to_name" in one pass, hashing (rejected/, held/):
 * never linked, never moved.  Not synced; the caller's batch does that.
 */
int spool_copy(struct spool *s, const char *name, int to_at,
    const char *to_name, struct digest *digest, uint64_t *size, struct err *e);

/*
 * Remove debris in tmp/ older than "age_ms" by the file system's own clock
 * (a file of ours is made there and its time compared), unless that clock and
 * "now_ms" differ by more than an hour: then nothing is removed and CONFLICT
 * says so.  Returns the number removed.
 */
#define SPOOL_DEBRIS_MS (36ull * 60 * 60 * 1000)
int spool_sweep(
    struct spool *s, uint64_t age_ms, uint64_t now_ms, struct err *e);

#endif
