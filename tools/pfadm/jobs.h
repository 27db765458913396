#ifndef TOOLS_PFADM_JOBS_H
#define TOOLS_PFADM_JOBS_H

#include "tools/pfadm/pfadm.h"

/* POST a job for a target, or with --all-targets for each of a project, with
 * what the command line says of it; of a certain build, or (NULL) of the
 * newest.  0, -1, or EXIT_USAGE after a complaint. */
int job_create(struct pfadm *pf, const char *target, const char *build,
    struct reply *r, struct err *e);

/* A line about a job, or with --quiet its id. */
void tell_job(struct pfadm *pf, const struct json_value *job);

/* Neither pending nor running nor paused. */
bool job_is_over(const char *status);

/*
 * Send the folder or archive "dir" as a build with --project, --branch,
 * --revision, --order, --engine and --sanitizer; its name is the project where
 * none is given.  0 and the master's answer in "r"; else
 * the exit code, after a complaint.
 */
int build_send(struct pfadm *pf, const char *dir, struct reply *r);

/* Say what the master made of it: its targets, and what it skipped. */
void build_tell(struct pfadm *pf, FILE *out, const struct reply *r);

/* Until the build was judged, or for --timeout (10 minutes): EXIT_DONE when it
 * is good, EXIT_FINDINGS when it is bad, EXIT_TIMEOUT. */
int build_wait(struct pfadm *pf, const char *id);

#endif
