#ifndef TOOLS_PF_LOCAL_ADMIT_H
#define TOOLS_PF_LOCAL_ADMIT_H

#include "lib/base/err.h"
#include "tools/pf-local/local.h"

/*
 * The account of our own bots and their keys, told to a master that runs.  A
 * key that it knows stays what it is there: one that somebody has disabled is
 * not let in again.
 */
int admit_bots(const struct local *l, struct err *e);

#endif
