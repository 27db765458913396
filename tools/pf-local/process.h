#ifndef TOOLS_PF_LOCAL_PROCESS_H
#define TOOLS_PF_LOCAL_PROCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * Processes that outlive pf-local, known by ROOT/local/pids/<name>.json: pid,
 * start time in clock ticks and boot id.  A pid that the kernel has given to
 * somebody else since, or in another boot, is never taken for ours.
 */
struct process {
	pid_t pid;
	uint64_t started; /* ticks since boot: field 22 of /proc/PID/stat */
};

/* 1 and "p" when "name" runs, 0 when it does not. */
int process_find(const struct local *l, const char *name, struct process *p);
bool process_alive(const struct process *p);
uint64_t process_age_ms(const struct process *p);

/*
 * Start argv[0] (looked up in PATH) in a session of its own, both outputs
 * appended to local/logs/<name>.log.  "before" (may be NULL) runs in the child
 * first; it returns -1 with "e" to give up.  The child writes its own pid file
 * before it becomes the program, so that none ever runs unknown.
 */
typedef int process_before_fn(const struct local *l, struct err *e);
int process_start(const struct local *l, const char *name,
    const char *const *argv, process_before_fn *before, struct err *e);

/*
 * TERM to all "names" (NULL-terminated), wait until they and every process
 * they had started are gone; KILL what is left after "grace_ms".  Returns the
 * number that had to be killed.
 */
int process_stop(
    const struct local *l, const char *const *names, uint64_t grace_ms);

/* As process_stop(), and what they had started gets a TERM, too: sshd's
 * sessions do not end with it. */
int process_stop_all(
    const struct local *l, const char *const *names, uint64_t grace_ms);

/* Up to the last "lines" lines of its log, for a complaint.  Caller frees. */
char *process_log_tail(const struct local *l, const char *name, int lines);

#endif
