#ifndef MASTERD_HOOKS_HOOKS_H
#define MASTERD_HOOKS_HOOKS_H

#include <stdint.h>

#include "lib/base/loop.h"
#include "lib/base/retry.h"
#include "masterd/db/db.h"

/*
 * Programs of an administrator that run when something happened: what is in
 * FOLDER/<event>/ runs once for each event of that name (pandafuzz-masterd(8)).
 * At least once: a kill of masterd between a program's end and the COMMIT that
 * says so makes it run again.
 */
struct hooks;

/* Borrowed, and looked at anew each time. */
struct hooks_config {
	const char *folder;
	const char *socket; /* absolute path, for PANDAFUZZ_SOCKET; or "" */
	uint64_t timeout_ms;
	struct retry_policy retry;
};

struct hooks *hooks_open(struct loop *loop, struct db *db,
    const struct hooks_config *config,
    void (*fatal)(void *arg, const struct err *e), void *arg, struct err *e);

/* Kills what runs; it runs again after the next start.  NULL is fine. */
void hooks_close(struct hooks *h);

/* The first thing that is wrong in the folder, for status; "": nothing. */
const char *hooks_problem(const struct hooks *h);

#endif
