#ifndef MASTERD_STORE_STORE_INTERNAL_H
#define MASTERD_STORE_STORE_INTERNAL_H

#include "masterd/store/store.h"

/* For the files of this folder only. */
#define STORE_PATH_MAX 512

struct sync_child;

struct store {
	int root;
	int stage;       /* stage/<boot-id>/ */
	uint64_t staged; /* counter for names in stage/ */
	struct sync_child *sync;
	struct disk *disk;
	struct hasher *idle; /* NULL, or ready for the next file */
};

struct staged {
	struct store *store;
	int fd;
	char name[32];
	struct hasher *hash;
	struct digest digest;
	uint64_t size;
};

/* Relative paths, built from checked names only. */
void store_path_unit(char *out, const char *project, const char *target,
    const struct digest *sha256);
void store_path_crash(char *out, const char *project, const char *target,
    const struct digest *sha256);

struct sync_child *sync_child_start(
    int root, struct loop *loop, bool nosync, struct err *e);
void sync_child_stop(struct sync_child *c);
void sync_child_ask(struct sync_child *c, loop_fn *done, void *arg);

#endif
