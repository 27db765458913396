#ifndef LIB_BASE_SPAWN_H
#define LIB_BASE_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * Children.  Each starts with default signal handlers, an empty signal mask,
 * PR_SET_PDEATHSIG SIGKILL (it dies with us) and no descriptor but 0, 1, 2
 * and those asked for.
 */
struct spawn {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *env;  /* NULL: ours */
	const char *dir;         /* working folder; NULL: ours */
	int in, out, err;        /* -1: /dev/null for 0 and 1, ours for 2 */
	bool own_group;          /* a process group of its own */
	bool own_session;        /* a session, and so a group, of its own */
	const int *keep;         /* further fds kept at their numbers */
	int keep_count;
	uint64_t file_size; /* RLIMIT_FSIZE, 0: as it is */
	int nice;           /* 0: as it is */
};

/* Returns the pid, or -1.  exec failing is reported here, not as a child
 * that ends at once.  Nothing is inherited by accident. */
pid_t spawn(const struct spawn *s, struct err *e);

/*
 * A child that runs "fn" of our own program instead of another (decode
 * children).  The loop and its sources must not be touched there; "fn"
 * ends the process by returning its exit code.  "in" becomes fd 0, "out"
 * fd 1; every other descriptor but 2 is closed.
 */
pid_t spawn_call(
    int (*fn)(void *arg), void *arg, int in, int out, struct err *e);

/*
 * Run to the end and collect what it writes to 1 and 2 together in "output"
 * (reset first, may be NULL; at most "cap" bytes, the rest is read and
 * dropped).  Killed after "limit_ms" (0: never); with "own_group" whatever is
 * left of the group is killed at the end in any case.
 * Returns the wait status, or -1 with "e" (AGAIN and "took longer than" when
 * the time was up).
 */
int spawn_run(const struct spawn *s, struct buf *output, size_t cap,
    uint64_t limit_ms, struct err *e);

#endif
