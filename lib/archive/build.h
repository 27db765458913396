#ifndef LIB_ARCHIVE_BUILD_H
#define LIB_ARCHIVE_BUILD_H

#include <stdint.h>

#include "lib/base/err.h"

/*
 * A build as one file: zip, tar or tar.gz unpacked into a folder, which is
 * then read as any other folder.  Total over hostile archives; what is odd is
 * refused with a sentence, never skipped, so that nobody wonders later where
 * a file of his is.
 */
struct build_limits {
	uint64_t files;      /* and links, and as many folders again */
	uint64_t bytes;      /* of all files, counted while they come */
	uint64_t file_bytes; /* of one */
};

/* 20,000 files, 20 GiB, 2 GiB each: those of a folder, too. */
extern const struct build_limits BUILD_LIMITS;

struct build_count {
	uint64_t files; /* and links */
	uint64_t bytes;
};

/*
 * Unpack what "fd" is open on into "to_dirfd", an empty folder that nobody
 * else may enter.  Modes are 0700 for what its owner may run, else 0600.
 *
 * Symbolic links are made last, so that nothing is ever written through one;
 * one that leads out is refused here as far as its text tells, and by the
 * reader of the folder as far as the file system does.  A hard link must mean
 * a file that came before it.  Tars that were joined are read to the end.
 *
 * REFUSED: no such archive, damaged, over a limit, packed twice; absolute
 * names, "..", a name twice, devices, FIFOs, encrypted files.  What was
 * written until then stays: the caller removes the folder.  AGAIN when a file
 * cannot be written.  Nothing is synced.
 */
int archive_build(int fd, int to_dirfd, const struct build_limits *limits,
    struct build_count *count, struct err *e);

#endif
