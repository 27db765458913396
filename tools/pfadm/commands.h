#ifndef TOOLS_PFADM_COMMANDS_H
#define TOOLS_PFADM_COMMANDS_H

#include "tools/pfadm/change.h"
#include "tools/pfadm/fetch.h"

/* What the table of commands calls, by file. */
int cmd_status(struct pfadm *pf);       /* cmd_status.c */
int cmd_ledger_check(struct pfadm *pf); /* cmd_ledger.c */
int cmd_ledger_show(struct pfadm *pf);
int cmd_run(struct pfadm *pf);        /* cmd_run.c */
int cmd_build_add(struct pfadm *pf);  /* cmd_build.c */
int cmd_job_create(struct pfadm *pf); /* cmd_job.c */
int cmd_job_show(struct pfadm *pf);
int cmd_job_clone(struct pfadm *pf);
int cmd_job_boost(struct pfadm *pf);
int cmd_job_set(struct pfadm *pf);
int cmd_job_logs(struct pfadm *pf); /* cmd_job_watch.c */
int cmd_bot_logs(struct pfadm *pf);
int cmd_job_wait(struct pfadm *pf);
int cmd_job_top(struct pfadm *pf);
int cmd_job_why(struct pfadm *pf);   /* cmd_why.c */
int cmd_crash_get(struct pfadm *pf); /* cmd_crash.c */
int cmd_crash_list(struct pfadm *pf);
int cmd_crash_show(struct pfadm *pf);  /* cmd_crash_show.c */
int cmd_crash_add(struct pfadm *pf);   /* cmd_crash_add.c */
int cmd_bucket_list(struct pfadm *pf); /* cmd_bucket_show.c */
int cmd_bucket_show(struct pfadm *pf);
void buckets_tell_hidden(struct pfadm *pf, const struct json_value *root);
int cmd_bucket_why(struct pfadm *pf);   /* cmd_bucket_why.c */
int cmd_bucket_merge(struct pfadm *pf); /* cmd_bucket.c */
int cmd_bucket_split(struct pfadm *pf);
int cmd_bucket_mute(struct pfadm *pf);
int cmd_bucket_set(struct pfadm *pf);
int cmd_bucket_note(struct pfadm *pf);
int cmd_bucket_undo(struct pfadm *pf);
int cmd_bucket_regroup(struct pfadm *pf); /* cmd_rules.c */
int cmd_rules_test(struct pfadm *pf);
int cmd_corpus_list(struct pfadm *pf);
int cmd_crash_kit(struct pfadm *pf); /* cmd_kit.c */
int cmd_crash_repro(struct pfadm *pf);
int cmd_spool_list(struct pfadm *pf);  /* cmd_spool.c */
int cmd_events(struct pfadm *pf);      /* cmd_events.c */
int cmd_log_check(struct pfadm *pf);   /* cmd_log.c */
int cmd_account_add(struct pfadm *pf); /* cmd_account.c */
int cmd_account_set(struct pfadm *pf);
int cmd_account_invite(struct pfadm *pf);
int cmd_account_approve(struct pfadm *pf);
int cmd_account_disable(struct pfadm *pf);
int cmd_account_rotate(struct pfadm *pf);
int cmd_system_check(struct pfadm *pf); /* cmd_system.c */
int cmd_system_reload(struct pfadm *pf);
int cmd_system_stdio(struct pfadm *pf);
int cmd_version(struct pfadm *pf);
int cmd_completion(struct pfadm *pf); /* completion.c */
int cmd_complete(struct pfadm *pf);
int cmd_help(struct pfadm *pf); /* grammar.c */

/* changes.c: what is done to things by their names */
extern const struct change change_job_pause, change_job_resume,
    change_job_cancel, change_job_retry, change_bot_drain, change_bot_resume,
    change_bot_forget, change_bot_write_off, change_build_remove,
    change_spool_retry, change_spool_drop, change_account_remove,
    change_bucket_unmute;

/* sheets.c, sheets_farm.c: what of each noun is shown */
extern const struct listing list_builds, list_targets, list_jobs, list_bots,
    list_crashes, list_buckets, list_epochs, list_bundles, list_accounts,
    list_log, list_submissions;
extern const struct sheet sheet_build, sheet_target, sheet_job,
    sheet_job_values, sheet_bot, sheet_crash, sheet_bucket, sheet_spool,
    sheet_account;
extern const struct column signature_columns[], decision_columns[],
    sibling_columns[];
extern const struct column top_columns[], unit_columns[], incoming_columns[],
    kept_columns[], gap_columns[], dead_columns[], spool_columns[],
    event_columns[];

#endif
