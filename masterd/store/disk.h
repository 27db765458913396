#ifndef MASTERD_STORE_DISK_H
#define MASTERD_STORE_DISK_H

#include <stdint.h>

#include "lib/base/err.h"

/*
 * How much room the store's file system has, and what that means.
 *
 *   ROOMY
 *   SOFT   below the soft mark: what may go early goes (masterd/chores.c)
 *   HARD   below the hard mark: no fuzz leases, no corpus; crashes and
 *          heartbeats are still taken
 *   FULL   nothing is taken in; the admin socket lives
 *
 * A reserve file (ROOT/data/reserve) keeps room for crashes and the database:
 * it is given up when next to nothing is left past the hard mark, and made
 * again when there is room.
 */
enum disk_level { DISK_ROOMY, DISK_SOFT, DISK_HARD, DISK_FULL };

const char *disk_level_name(enum disk_level level); /* "soft" */

/* The smaller of both counts; 0 is not counted. */
struct disk_mark {
	uint64_t bytes;
	unsigned percent;
};

struct disk_policy {
	struct disk_mark soft, hard;
	uint64_t reserve; /* bytes of the file, at most 1 % of the disk */
};

/* soft: 2 GiB or 10 %; hard: 1 GiB or 5 % (DESIGN 11); reserve 64 MiB. */
extern const struct disk_policy DISK_POLICY;

struct disk_state {
	enum disk_level level;
	uint64_t free_bytes, total; /* of the file system */
	uint64_t soft, hard;        /* the marks in bytes, 0: none */
	uint64_t reserve;           /* bytes in the reserve file now */
};

/* What level so much room is: pure. */
enum disk_level disk_judge(const struct disk_state *s);
/* The marks in bytes for a disk of "total" bytes: pure. */
void disk_marks(
    const struct disk_policy *p, uint64_t total, struct disk_state *s);

struct disk;

struct disk *disk_open(int root, const struct disk_policy *p, struct err *e);
void disk_close(struct disk *d); /* the reserve stays; NULL is fine */

void disk_set_policy(struct disk *d, const struct disk_policy *p);

/* Looked at once a second at most; a change is logged, and the reserve file
 * given up or made again. */
enum disk_level disk_level(struct disk *d);
const struct disk_state *disk_state(const struct disk *d); /* as of then */

#endif
