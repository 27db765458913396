#ifndef BOTD_CAGE_CAGE_H
#define BOTD_CAGE_CAGE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * The sandbox around engines and targets: bubblewrap with no network, uid
 * 65534, no capabilities, its own /tmp, /dev and /proc, and only the folders
 * it is lent.  Works for root and for plain users.
 *
 * Limits: processes and memory by cgroup where one can be made (v2 or v1),
 * else processes by RLIMIT_NPROC inside (plain users) and both by looking:
 * cage_look() says what is used, and its caller kills.
 *
 *	cage_start()  ->  cage_look() each second  ->  the child ends  ->
 *	cage_ended()
 */
struct cage;

struct cage_bind {
	const char *from; /* on the host */
	const char *to;   /* in the cage, below /work */
	bool writable;
};

struct cage_spec {
	const char *name; /* of its cgroup; unique on this host */
	const struct cage_bind *binds;
	int bind_count;
	const char *dir; /* working folder, in the cage */
	const char *const *argv;
	const char *const *env; /* all of it */
	uint64_t memory;        /* bytes, 0: no limit */
	uint64_t processes;     /* 0: no limit */
	uint64_t file_size;     /* of one file, 0: no limit */
	uint64_t tmp_bytes;     /* of /tmp */
	bool none;              /* "sandbox: none": only limits, no walls */
	bool talks; /* its input comes from "out", too, which is a socket */
	int nice;   /* at least so nice; 0: as we are */
	bool idle;  /* SCHED_IDLE: what nobody else wants */
};

/*
 * Start it with its output (1 and 2) to "out".  Whoever starts it waits for
 * the pid's end, as for any child, and then calls cage_ended().
 */
struct cage *cage_start(const struct cage_spec *s, int out, struct err *e);
pid_t cage_pid(const struct cage *c);

/* What it uses now, and has used. */
struct cage_usage {
	uint64_t memory; /* resident, all processes */
	uint64_t cpu_ms; /* used so far; never goes back */
	unsigned processes;
};

void cage_look(struct cage *c, struct cage_usage *u);

/*
 * CPU time so far, a little more than the truth: bubblewrap does not wait for
 * its namespace, so what was used since the last look is taken to be all of
 * that time.
 */
uint64_t cage_cpu_ms(const struct cage *c);

/* True when "u" is over a limit of the cage; "what" names it. */
bool cage_over(
    const struct cage *c, const struct cage_usage *u, const char **what);

/* A signal for the program inside, not for its walls. */
void cage_signal(struct cage *c, int signo);

/* End everything in it at once. */
void cage_kill(struct cage *c);

/* How it ended: the program's own exit code or signal. */
struct cage_end {
	int code;
	int signo;          /* 0: it exited with "code" */
	bool out_of_memory; /* the kernel killed something for its limit */
};

/*
 * After the child was reaped: waits until nothing in the cage lives any more
 * (milliseconds), and cleans up.  Takes the cage.
 */
struct cage_end cage_ended(struct cage *c, int status);

/*
 * Can there be cages on this machine?  -1 with a sentence that names what to
 * change (a package, a sysctl).
 */
int cage_probe(struct err *e);

#endif
