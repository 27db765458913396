#ifndef LIB_BASE_FS_H
#define LIB_BASE_FS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/base/err.h"

/*
 * Files and folders below a directory descriptor.  Nothing here follows a
 * symbolic link in the last component.  Functions that return a descriptor
 * set O_CLOEXEC; the caller closes it.
 *
 * The commit idiom of the project is that of fs_replace(): write beside, sync,
 * rename, sync the folder.  A failed sync is never tried again; it is reported
 * with ERR_AGAIN, and daemons end on it.
 */

int fs_open_dir(int at, const char *path, struct err *e);

/* mkdir -p below "at" with "mode" for what is new; syncs nothing. */
int fs_make_dirs(int at, const char *path, mode_t mode, struct err *e);

/* fs_make_dirs() and fs_open_dir(). */
int fs_make_dir_open(int at, const char *path, mode_t mode, struct err *e);

/*
 * Open a regular file for reading that somebody else may have put there:
 * O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, fstat S_ISREG.  REFUSED when it is not a
 * regular file, DENIED when it cannot be opened.  "size" may be NULL.
 */
int fs_open_foreign(int at, const char *name, uint64_t *size, struct err *e);

/* write(2) until all is written.  -1 with errno set. */
int fs_write_all(int fd, const void *bytes, size_t len);

/* pread(2) until "len" or end of file; returns bytes read, -1 with errno. */
ssize_t fs_read_at(int fd, void *bytes, size_t len, uint64_t offset);

/* Whole file into "out" (which is reset first); REFUSED when over "cap". */
int fs_read_file(
    int at, const char *name, struct buf *out, size_t cap, struct err *e);

/*
 * Replace "name" by "bytes" atomically: ".name.<random>.tmp", rename.  With
 * "durable" the file is synced before and the folder after the rename.
 */
int fs_replace(int at, const char *name, const void *bytes, size_t len,
    mode_t mode, bool durable, struct err *e);

int fs_sync_dir(int dirfd, struct err *e);

/*
 * Copy one file in a single pass into a new file of ours, hashing what is
 * written: the only way bytes cross a trust boundary.  "to_name" must not
 * exist and is removed again on failure.  From offset 0, and no further than
 * the file was long at the start.  Not synced.  "digest" and "size" may be
 * NULL.
 */
int fs_copy(int from_fd, int to_at, const char *to_name, mode_t mode,
    struct digest *digest, uint64_t *size, struct err *e);

/* SHA-256 of a whole open file, from offset 0. */
int fs_hash(int fd, struct digest *d, uint64_t *size, struct err *e);

/* rm -r of "name" below "at", whatever its depth and modes; a missing name is
 * fine.  Never follows a link. */
int fs_remove_tree(int at, const char *name, struct err *e);

/*
 * Call "fn" for every entry but "." and "..".  All names are read first, so
 * "fn" may rename and unlink.  Order is the folder's own.  A non-zero return
 * of "fn" ends the walk and is returned; -1 with "e" when it cannot be read.
 */
typedef int fs_entry_fn(void *arg, int dirfd, const char *name);
int fs_each(int dirfd, fs_entry_fn *fn, void *arg, struct err *e);

/* Free bytes for us and total bytes of the file system behind "fd". */
int fs_space(int fd, uint64_t *free_bytes, uint64_t *total, struct err *e);

/* Lengths of all files, and entries, below "name"; unreadable parts are
 * skipped.  More than 128 levels count as 2^62 bytes: nobody honest makes them,
 * and nothing can hide there. */
void fs_usage(int at, const char *name, uint64_t *bytes, uint64_t *entries);

/*
 * Take the exclusive lock of a root folder: "name" is created, flock(2)ed and
 * kept open for the life of the process.  CONFLICT when somebody holds it.
 */
int fs_lock(int at, const char *name, struct err *e);

#endif
