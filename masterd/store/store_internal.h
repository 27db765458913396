#ifndef MASTERD_STORE_STORE_INTERNAL_H
#define MASTERD_STORE_STORE_INTERNAL_H

#include "masterd/store/store.h"

/* For the files of this folder only. */
#define STORE_PATH_MAX 512

struct sync_child;
struct closer;

struct store {
	int root;
	int stage;       /* stage/<boot-id>/ */
	uint64_t staged; /* counter for names in stage/ */
	struct sync_child *sync;
	struct closer *closer;
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

/* A log for people: where it is, and how long it may grow. */
struct store_log {
	char folder[64], name[64];
	off_t max;
};
int store_log_add(struct store *s, const struct store_log *l, const char *text,
    size_t len, struct err *e);
int store_log_tail(struct store *s, const struct store_log *l, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e);
int store_log_after(struct store *s, const struct store_log *l,
    struct store_log_place *place, struct buf *out, struct err *e);

struct sync_child *sync_child_start(
    int root, struct loop *loop, bool nosync, struct err *e);
void sync_child_stop(struct sync_child *c);
void sync_child_ask(struct sync_child *c, loop_fn *done, void *arg);

struct closer *closer_start(struct err *e);
void closer_stop(struct closer *c);

#endif
