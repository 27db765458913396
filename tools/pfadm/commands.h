#ifndef TOOLS_PFADM_COMMANDS_H
#define TOOLS_PFADM_COMMANDS_H

#include "tools/pfadm/fetch.h"

/* What the table of commands calls, by file. */
int cmd_status(struct pfadm *pf); /* cmd_status.c */
int cmd_ledger_check(struct pfadm *pf);
int cmd_ledger_show(struct pfadm *pf);
int cmd_run(struct pfadm *pf);          /* cmd_run.c */
int cmd_build_add(struct pfadm *pf);    /* cmd_build.c */
int cmd_build_remove(struct pfadm *pf); /* build_wait.c */
int cmd_job_create(struct pfadm *pf);   /* cmd_job.c */
int cmd_job_show(struct pfadm *pf);
int cmd_job_pause(struct pfadm *pf);
int cmd_job_resume(struct pfadm *pf);
int cmd_job_cancel(struct pfadm *pf);
int cmd_job_retry(struct pfadm *pf);
int cmd_job_clone(struct pfadm *pf);
int cmd_job_boost(struct pfadm *pf);
int cmd_job_set(struct pfadm *pf);
int cmd_job_logs(struct pfadm *pf); /* cmd_job_watch.c */
int cmd_job_wait(struct pfadm *pf);
int cmd_job_top(struct pfadm *pf);
int cmd_job_why(struct pfadm *pf);   /* cmd_why.c */
int cmd_crash_get(struct pfadm *pf); /* cmd_crash.c */
int cmd_corpus_list(struct pfadm *pf);
int cmd_spool_list(struct pfadm *pf); /* cmd_spool.c */
int cmd_spool_retry(struct pfadm *pf);
int cmd_events(struct pfadm *pf); /* cmd_events.c */

/* sheets.c: what of each noun is shown */
extern const struct listing list_builds, list_targets, list_jobs, list_bots,
    list_crashes, list_buckets, list_epochs, list_bundles;
extern const struct sheet sheet_build, sheet_target, sheet_job,
    sheet_job_values, sheet_bot, sheet_crash, sheet_bucket, sheet_spool;
extern const struct column top_columns[], unit_columns[], incoming_columns[],
    kept_columns[], gap_columns[];

#endif
