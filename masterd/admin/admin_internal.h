#ifndef MASTERD_ADMIN_ADMIN_INTERNAL_H
#define MASTERD_ADMIN_ADMIN_INTERNAL_H

#include "masterd/admin/admin.h"
#include "masterd/admin/http.h"
#include "masterd/admin/request.h"
#include "masterd/admin/uploads.h"
#include "masterd/plan/templates.h"

struct admin {
	struct loop *loop;
	struct db *db;
	struct store *store;
	struct admin_hooks hooks;
	struct templates *built_in; /* for templates_now() */
	struct uploads *uploads;    /* files of builds that have no row yet */
	int additions;              /* builds whose bytes are being synced */
	struct follows *follows;    /* streams of events */
	struct http *http;
	struct account_hooks accounts;
	struct admin_door *doors; /* of ci accounts: doors.c */
	int read_children;        /* running now */
	struct again *again;      /* a regroup under way: routes_regroup.c */
	int at;                   /* folder of the socket */
	char name[64];
};

/* Listen on at/name with the modes of admin.h; a descriptor, or -1. */
int socket_listen(int at, const char *name, struct err *e);

/*
 * A change: "fn" between BEGIN and COMMIT, then the changed() hook.  What fn
 * returns is returned; anything but 0 rolls back.
 */
int admin_change(struct request *r,
    int (*fn)(struct request *r, void *arg, struct err *e), void *arg,
    struct err *e);

/* The templates of the hooks, or what is built in. */
const struct templates *templates_now(struct admin *a);

/*
 * The target or project that "typed" names is not there: put the nearest ones
 * into the hint.  Returns -1, "e" is as it was.
 */
int hint_target(struct request *r, const char *typed);
int hint_project(struct request *r, const char *typed);

/* Gauges of the hooks, zero when there are none. */
void admin_gauges(struct admin *a, struct admin_gauges *g);

/*
 * The row that part i of the path means; "within" as in view_find().  An
 * ambiguous one gets its own code.
 */
int request_find(struct request *r, enum view v, const char *key,
    const char *within, struct view_key *found, struct err *e);

/* Is there room for a body of that length, and are bytes taken at all?  AGAIN
 * otherwise. */
int request_check_room(struct request *r, struct err *e);

/* Answer with one row. */
int reply_item(struct request *r, enum view v, int64_t id, struct err *e);

/* Close what is left of the doors. */
void doors_close(struct admin *a);

/* Stop a regroup between two of its slices. */
void again_close(struct admin *a);

/* The answer of a bucket, with "asked" where its number leads elsewhere. */
int bucket_reply(struct request *r, int64_t id, struct err *e);

/* ---- routes, by file ---- */
route_fn list_builds, list_targets, list_jobs, list_bots, list_buckets,
    list_crashes, list_events, list_epochs, list_corpus; /* routes_list.c */
route_fn show_build, show_target, show_bot, show_bucket, show_crash;
route_fn build_missing, build_add;       /* routes_build.c */
route_fn build_remove;                   /* routes_remove.c */
route_fn build_manifest, build_file_get; /* routes_build_get.c */
route_fn build_file_begin, build_file_end;
piece_fn build_file_piece;
route_fn job_create, clone_job; /* routes_job.c */
route_fn job_pause, job_resume, job_cancel, job_retry, job_boost,
    job_change;              /* routes_job_change.c */
route_fn show_job, job_logs; /* routes_job_show.c */
route_fn job_why;            /* routes_why.c */
route_fn bot_logs, bot_drain, bot_resume, bot_forget,
    bot_write_off;                                /* routes_bot.c */
route_fn crash_input, crash_series, crash_report; /* routes_crash.c */
route_fn crash_add_begin, crash_add_end;          /* routes_submission.c */
piece_fn crash_add_piece;
route_fn list_submissions, show_submission, list_decisions;
route_fn rules_test;                          /* routes_rules.c */
route_fn spool_list, spool_show, spool_retry; /* routes_spool.c */
route_fn spool_drop, list_changes;
route_fn system_check, system_reload, log_check;      /* routes_system.c */
route_fn show_status, healthz, readyz, ledger_report; /* routes_status.c */
route_fn account_add, account_key_add, account_set,
    account_remove; /* routes_account.c */
route_fn list_accounts, show_account;
route_fn account_invite, account_approve, account_disable,
    account_rotate; /* routes_account_key.c */
route_fn bucket_why, bucket_merge, bucket_split, bucket_mute, bucket_unmute,
    bucket_change, bucket_note, bucket_undo; /* routes_bucket.c */
route_fn bucket_regroup;                     /* routes_regroup.c */
route_fn metrics;                            /* metrics.c */

#endif
