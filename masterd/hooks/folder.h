#ifndef MASTERD_HOOKS_FOLDER_H
#define MASTERD_HOOKS_FOLDER_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

/*
 * FOLDER/<event>/<program>: which programs there are, and whether they may be
 * run.  A program and both folders must belong to root or to us, and nobody
 * else may write to them: what runs is what an administrator put there.
 *
 * Names are letters, digits, '-', '_' and '.', as run-parts(8) takes them, and
 * do not begin with '.'; others, and files that nobody may execute, are no
 * programs (a README, an editor's copy).
 */

/* Call "fn" for each program of "event", sorted by name, with
 * "<event>/<program>".  A folder that is not there, or that may not be used,
 * has none; one that could not be read now is AGAIN.  A non-zero return of
 * "fn" ends the walk and is returned. */
typedef int folder_fn(void *arg, const char *hook);
int folder_each(const char *folder, const char *event, folder_fn *fn, void *arg,
    struct err *e);

/* May it be run?  REFUSED with what to change, NOT_FOUND when it is gone. */
int folder_check(const char *folder, const char *hook, struct err *e);

/* Everything below "folder" that may not be run, a sentence each line. */
void folder_troubles(const char *folder, struct buf *out);

#endif
