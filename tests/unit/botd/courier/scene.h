#ifndef TESTS_UNIT_BOTD_COURIER_SCENE_H
#define TESTS_UNIT_BOTD_COURIER_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/record.h"
#include "lib/wire/status.h"
#include "lib/wire/ticket.h"
#include "botd/courier/carry.h"

/*
 * A bot's root and its account's folder on one file system, with a real
 * courier over a dir: link between them.  The master's side is played by hand.
 * Every turn polls and confirms: both periods are 0.
 */
#define SCENE_EPOCH 0x5f3c9a01d2e4b677

struct scene {
	char path[64], link[96], root[96];
	int fd; /* of "path": names below are "root/..." and "account/..." */
	struct courier_config config;
	struct courier *courier;
	struct status *status; /* what scene_publish() will write */
};

/* A cmocka pair: *state is then a struct scene *. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* The same in a folder of one's own, which stays. */
struct scene *scene_open(const char *path);
void scene_close(struct scene *w);

/* One turn; what courier_turn() says. */
uint64_t scene_turn(struct scene *w);
/* The process is killed, and started again.  No turn is taken yet. */
void scene_restart(struct scene *w);

/* A real bundle in outbox/new with "bytes" of payload that does not deflate;
 * returns its name, valid until the next call. */
const char *scene_seal(struct scene *w, enum bundle_kind kind, uint64_t epoch,
    uint64_t seq, size_t bytes);

/* status.json of the bot, one serial later. */
void scene_publish(struct scene *w);
/* ... that says below for SCENE_EPOCH, and publish it. */
void scene_cover(struct scene *w, uint64_t below);

/* Files below the scene's folder; the name is printf'd. */
bool scene_has(struct scene *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void scene_write(struct scene *w, const char *path, const char *text);
void scene_remove(struct scene *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int scene_count(struct scene *w, const char *folder);
bool scene_holds(struct scene *w, const char *path, const char *text);

/* A blob in outgoing/b1/blobs; its digest and size. */
struct ticket_file scene_blob(struct scene *w, const char *text);
/* outgoing/b1/tickets/<lease>.json with these files, and the lease in the
 * status to be published.  Without a job (0) it is the check of a build. */
void scene_ticket(struct scene *w, uint64_t lease, uint64_t job,
    const struct ticket_file *files, int count);
/* outgoing/b1/jobs/<job>.json with one segment a blob, serials 1, 2, ... */
void scene_job(
    struct scene *w, uint64_t job, const struct ticket_file *blobs, int count);

#endif
