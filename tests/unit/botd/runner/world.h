#ifndef TESTS_UNIT_BOTD_RUNNER_WORLD_H
#define TESTS_UNIT_BOTD_RUNNER_WORLD_H

#include "botd/runner/runner_internal.h"
#include "botd/runner/session.h"
#include "lib/wire/ticket.h"
#include "tests/unit/scratch.h"

/*
 * A runner without its boot and loop's turns: folders, spool, settings and an
 * epoch, on a scratch folder.  A cmocka pair; *state is a struct world *.
 */
#define WORLD_EPOCH UINT64_C(0x5f3c9a01d2e4b677)

struct world {
	struct scratch *scratch;
	struct runner_config config;
	struct runner r;
};

int world_setup(void **state);
int world_teardown(void **state);

/* A session as after its ticket: folder made, nothing started. */
struct session *world_session(struct world *w, uint64_t lease);
void world_ticket(struct ticket *t, uint64_t lease);

/* A sealed bundle of that kind with "bytes" of a payload that does not
 * deflate; returns its seq. */
uint64_t world_seal(struct world *w, enum bundle_kind kind, size_t bytes);

/* Is there such a bundle in outbox/new? */
bool world_has(struct world *w, uint64_t seq, char cls);

/*
 * Records of one type in a bundle of outbox/new; "each" sees each of them
 * with its payload (at most 4 KiB of it, NUL after it).  Fails the test
 * unless the bundle ends well.
 */
typedef void world_record_fn(
    void *arg, const struct record *r, const char *payload);
int world_records(struct world *w, const char *name, enum record_type type,
    world_record_fn *each, void *arg);

/* The one heartbeat of the outbox. */
const char *world_beat(struct world *w);

#endif
