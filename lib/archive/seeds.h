#ifndef LIB_ARCHIVE_SEEDS_H
#define LIB_ARCHIVE_SEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * Seed corpora in: zip, tar and tar.gz unpacked flat into a folder, each
 * member under a name of ours ("%016d"), so that no path of the archive ever
 * reaches the file system.  The only door to libarchive.  Total over hostile
 * archives: bombs, archives in archives, cut or altered ones.
 */
struct seeds_limits {
	uint64_t entries;    /* files taken */
	uint64_t bytes;      /* of all files taken */
	uint64_t file_bytes; /* a longer member is skipped */
};

/* 20,000 files, 1 GiB, 1 MiB each. */
extern const struct seeds_limits SEEDS_LIMITS;

struct seeds_count {
	uint64_t taken;
	uint64_t bytes;
	uint64_t skipped; /* folders, links, specials, empty or too long */
	bool cut;         /* over a limit, or damaged: the rest was left */
};

/*
 * Unpack the archive that "fd" is open on into the folder "to_dirfd".
 * REFUSED when it is no archive, or one packed more than once, and nothing
 * was taken; an archive that goes bad later gives what came before ("cut").
 * AGAIN when a file cannot be written.  Nothing is synced.
 */
int archive_seeds(int fd, int to_dirfd, const struct seeds_limits *limits,
    struct seeds_count *count, struct err *e);

/* Endings of seed archives, in order of preference; NULL ends the list. */
extern const char *const SEEDS_SUFFIXES[];

#endif
