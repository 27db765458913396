#ifndef MASTERD_HOOKS_CHILD_H
#define MASTERD_HOOKS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/loop.h"

/*
 * A program that is run beside the loop: bytes on its standard input, a
 * session of its own, a time limit, and what it wrote kept up to a cap.
 *
 * When the time is up its group gets SIGTERM and, CHILD_GRACE_MS later,
 * SIGKILL.  When the program itself ends, what is left of its group is killed:
 * who wants to go on in the background leaves the group (setsid).
 */
#define CHILD_OUTPUT_MAX (64 * 1024)
#define CHILD_GRACE_MS   2000

struct child_command {
	const char *const *argv, *const *env;
	const char *dir;
	const void *input;
	size_t input_len;
	int keep;    /* a further descriptor at its number; -1: none */
	size_t most; /* of output; 0: CHILD_OUTPUT_MAX */
	uint64_t limit_ms;
};

struct child_result {
	int status;             /* waitpid's */
	bool late;              /* the time was up */
	const struct buf *out;  /* standard output ... */
	const struct buf *said; /* ... and standard error, each capped */
};

struct child;

/* "fn" is called once, unless child_drop() comes first; "child" is gone
 * then. */
typedef void child_fn(void *arg, const struct child_result *r);
struct child *child_start(struct loop *loop, const struct child_command *c,
    child_fn *fn, void *arg, struct err *e);

/* Kill it and forget it; NULL is fine. */
void child_drop(struct child *c);

#endif
