#ifndef TOOLS_PFADM_EXPORT_SARIF_H
#define TOOLS_PFADM_EXPORT_SARIF_H

#include "tools/pfadm/pfadm.h"

/*
 * --sarif FILE: rows of "buckets" or "crashes" as SARIF 2.1.0 (sarif.h), to a
 * file that is complete or not there, or to standard output for "-".  What a
 * result needs besides its row is asked of the master, a crash each.
 * 0, or the exit code after a complaint.
 */
int export_sarif(struct pfadm *pf, const char *path, const struct rows *rows);

/* The same of one bucket. */
int export_sarif_of(struct pfadm *pf, const char *path, const char *address);

#endif
