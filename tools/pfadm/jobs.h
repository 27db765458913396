#ifndef TOOLS_PFADM_JOBS_H
#define TOOLS_PFADM_JOBS_H

#include "tools/pfadm/pfadm.h"

/* POST a job for a target, with --slots and --for of the command line; of a
 * certain build, or (NULL) of the newest. */
int job_create(struct pfadm *pf, const char *target, const char *build,
    struct reply *r, struct err *e);

/*
 * Send the folder "dir" as a build with --project, --branch and --revision,
 * or the folder's name as the project.  0 and the master's answer in "r"; else
 * the exit code, after a complaint.
 */
int build_send(struct pfadm *pf, const char *dir, struct reply *r);

/* Say what the master made of it: its targets, and what it skipped. */
void build_tell(FILE *out, const struct reply *r);

#endif
