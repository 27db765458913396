#ifndef TESTS_UNIT_FAULTSYS_H
#define TESTS_UNIT_FAULTSYS_H

#include <stdbool.h>

/*
 * System calls that fail, or kill, on demand (STYLE 18).  A test that links
 * this is linked with --wrap for each call of FAULTSYS_WRAP in the Makefile.
 * Calls are counted from faultsys_*_at() on; n is from 1.
 *
 * A call that fails is not made, but for close(): the descriptor is gone
 * whatever close says.
 */
#define FAULT_SHORT (-1) /* write(2) takes only half, others do all */

void faultsys_fail_at(int n, int error);
/* That call and all after it. */
void faultsys_fail_from(int n, int error);
/* Every call of that name; n still counts. */
void faultsys_fail_call(const char *call, int error);
/* SIGKILL to ourselves in place of the n-th call. */
void faultsys_kill_at(int n);
void faultsys_off(void);
/* No failure: append the name of each call and a blank to "names", until
 * faultsys_off(). */
struct buf;
void faultsys_trace(struct buf *names);

/* Was the n-th call reached (since the last faultsys_*_at)? */
bool faultsys_hit(void);
const char *faultsys_call(void); /* its name */
int faultsys_count(void);        /* calls so far */

#endif
