/*
 * The addresses, one line each, and how a path is matched with them.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "lib/wire/ticket.h"
#include "masterd/admin/admin_internal.h"
#include "masterd/admin/permit.h"

#define SMALL     (64 * 1024)
#define MANIFEST  MANIFEST_MAX_BYTES
#define FILE_MAX  (2ull << 30)
#define INPUT_MAX TICKET_INPUT_MAX
#define RULES_MAX (516 * 1024)

/* clang-format off */
#define PAGE	"after limit order sort"
#define REASON	"reason expect"

static const struct route routes[] = {
	/*
	 * Method, path below /api/v1, who may and what it is about (permit.h),
	 * parameters it knows, longest body, route, begin, piece.
	 */
	{"GET",	"status", ROLE_READ | OF_SEEN, "", 0, show_status, NULL, NULL},
	{"GET",	"metrics", ROLE_READ | OF_SEEN, "", 0, metrics, NULL, NULL},
	{"GET",	"healthz", ROLE_READ | OF_SEEN | FOR_CI, "", 0, healthz, NULL, NULL},
	{"GET",	"readyz", ROLE_READ | OF_SEEN | FOR_CI, "", 0, readyz, NULL, NULL},

	{"GET",	"builds", ROLE_READ | OF_SEEN | FOR_CI, PAGE " project status branch",
	    0, list_builds, NULL, NULL},
	{"POST", "builds", ROLE_ADMIN | OF_QUERY | FOR_CI,
	    "project branch revision engine sanitizer order reason", MANIFEST,
	    build_add, NULL, NULL},
	{"POST", "builds/missing", ROLE_ADMIN | OF_FILES | FOR_CI, "", MANIFEST,
	    build_missing, NULL, NULL},
	{"PUT",	"builds/files/*", ROLE_ADMIN | OF_FILES | FOR_CI, "", FILE_MAX,
	    build_file_end, build_file_begin, build_file_piece},
	{"GET",	"builds/*/manifest", ROLE_READ | OF_BUILD, "", 0, build_manifest,
	    NULL, NULL},
	{"GET",	"builds/*/files/*", ROLE_READ | OF_BUILD, "", 0, build_file_get,
	    NULL, NULL},
	{"GET",	"builds/*", ROLE_READ | OF_BUILD | FOR_CI, "", 0, show_build,
	    NULL, NULL},
	{"DELETE", "builds/*", ROLE_ADMIN | OF_BUILD, "reason", 0, build_remove,
	    NULL, NULL},

	{"GET",	"targets", ROLE_READ | OF_SEEN, PAGE " project all", 0,
	    list_targets, NULL, NULL},
	{"GET",	"targets/*", ROLE_READ | OF_TARGET, "", 0, show_target, NULL, NULL},

	{"GET",	"jobs", ROLE_READ | OF_SEEN, PAGE " status target project tag", 0,
	    list_jobs, NULL, NULL},
	{"POST", "jobs", ROLE_ADMIN | OF_BODY, "", SMALL, job_create, NULL, NULL},
	{"PUT",	"jobs/*/pause", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_pause,
	    NULL, NULL},
	{"PUT",	"jobs/*/resume", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_resume,
	    NULL, NULL},
	{"PUT",	"jobs/*/cancel", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_cancel,
	    NULL, NULL},
	{"PUT",	"jobs/*/retry", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_retry,
	    NULL, NULL},
	{"PUT",	"jobs/*/boost", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_boost,
	    NULL, NULL},
	{"PUT",	"jobs/*/settings", ROLE_ADMIN | OF_JOB, REASON, SMALL, job_change,
	    NULL, NULL},
	{"POST", "jobs/*/clone", ROLE_ADMIN | OF_JOB, "", SMALL, clone_job,
	    NULL, NULL},
	{"GET",	"jobs/*/logs", ROLE_READ | OF_JOB, "after lines", 0, job_logs,
	    NULL, NULL},
	{"GET",	"jobs/*/why", ROLE_READ | OF_JOB, "", 0, job_why, NULL, NULL},
	{"GET",	"jobs/*", ROLE_READ | OF_JOB, "explain", 0, show_job, NULL, NULL},

	{"GET",	"bots", ROLE_READ, PAGE " state account pool all", 0, list_bots,
	    NULL, NULL},
	{"GET",	"bots/*/logs", ROLE_READ, "after lines", 0, bot_logs, NULL, NULL},
	{"PUT",	"bots/*/drain", ROLE_ADMIN, "reason", SMALL, bot_drain, NULL, NULL},
	{"PUT",	"bots/*/resume", ROLE_ADMIN, "reason", SMALL, bot_resume, NULL,
	    NULL},
	{"PUT",	"bots/*/forget", ROLE_ADMIN, "reason", SMALL, bot_forget, NULL,
	    NULL},
	{"PUT",	"bots/*/write-off", ROLE_ADMIN, "reason", SMALL, bot_write_off,
	    NULL, NULL},
	{"GET",	"bots/*", ROLE_READ, "", 0, show_bot, NULL, NULL},

	{"GET",	"accounts", ROLE_READ, PAGE " kind state", 0, list_accounts,
	    NULL, NULL},
	{"POST", "accounts", ROLE_ADMIN, "", SMALL, account_add, NULL, NULL},
	{"POST", "accounts/*/keys", ROLE_ADMIN, "", SMALL, account_key_add,
	    NULL, NULL},
	{"PUT",	"accounts/*/settings", ROLE_ADMIN, "", SMALL, account_set,
	    NULL, NULL},
	{"PUT",	"accounts/*/invite", ROLE_ADMIN, "", SMALL, account_invite,
	    NULL, NULL},
	{"PUT",	"accounts/*/approve", ROLE_ADMIN, "", SMALL, account_approve,
	    NULL, NULL},
	{"PUT",	"accounts/*/disable", ROLE_ADMIN, "", SMALL, account_disable,
	    NULL, NULL},
	{"PUT",	"accounts/*/rotate", ROLE_ADMIN, "", SMALL, account_rotate,
	    NULL, NULL},
	{"GET",	"accounts/*", ROLE_READ, "", 0, show_account, NULL, NULL},
	{"DELETE", "accounts/*", ROLE_ADMIN, "reason", SMALL, account_remove,
	    NULL, NULL},

	{"GET",	"crashes", ROLE_READ | OF_SEEN, PAGE " project target bucket", 0,
	    list_crashes, NULL, NULL},
	{"POST", "crashes", ROLE_ADMIN | OF_BODY, "target name reason", INPUT_MAX,
	    crash_add_end, crash_add_begin, crash_add_piece},
	{"GET",	"crashes/*/input", ROLE_READ | OF_CRASH, "target minimised", 0,
	    crash_input, NULL, NULL},
	{"GET",	"crashes/*/series/*", ROLE_READ | OF_CRASH, "target", 0,
	    crash_series, NULL, NULL},
	{"GET",	"crashes/*/report", ROLE_READ | OF_CRASH, "target", 0,
	    crash_report, NULL, NULL},
	{"GET",	"crashes/*", ROLE_READ | OF_CRASH, "target", 0, show_crash,
	    NULL, NULL},

	{"GET",	"buckets", ROLE_READ | OF_SEEN, PAGE " project status class all", 0,
	    list_buckets, NULL, NULL},
	{"POST", "buckets/regroup", ROLE_ADMIN, "", SMALL, bucket_regroup,
	    NULL, NULL},
	{"GET",	"buckets/*/why", ROLE_READ | OF_BUCKET, "other", 0, bucket_why,
	    NULL, NULL},
	{"PUT",	"buckets/*/merge", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_merge, NULL, NULL},
	{"PUT",	"buckets/*/split", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_split, NULL, NULL},
	{"PUT",	"buckets/*/mute", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_mute, NULL, NULL},
	{"PUT",	"buckets/*/unmute", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_unmute, NULL, NULL},
	{"PUT",	"buckets/*/note", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_note, NULL, NULL},
	{"PUT",	"buckets/*/undo", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_undo, NULL, NULL},
	{"PUT",	"buckets/*", ROLE_ADMIN | OF_BUCKET, "reason", SMALL,
	    bucket_change, NULL, NULL},
	{"GET",	"buckets/*", ROLE_READ | OF_BUCKET, "", 0, show_bucket,
	    NULL, NULL},

	{"GET",	"decisions", ROLE_READ | OF_SEEN, PAGE " project bucket verb", 0,
	    list_decisions, NULL, NULL},

	{"GET",	"submissions", ROLE_READ | OF_SEEN, PAGE " target state", 0,
	    list_submissions, NULL, NULL},
	{"GET",	"submissions/*", ROLE_READ | OF_SEEN, "", 0, show_submission,
	    NULL, NULL},

	{"POST", "rules/test", ROLE_ADMIN, "", RULES_MAX, rules_test, NULL, NULL},

	{"GET",	"corpus", ROLE_READ | OF_SEEN, PAGE " target all", 0, list_corpus,
	    NULL, NULL},

	{"GET",	"spool", ROLE_READ, "account", 0, spool_list, NULL, NULL},
	{"POST", "spool/retry", ROLE_ADMIN, "", SMALL, spool_retry, NULL, NULL},
	{"POST", "spool/drop", ROLE_ADMIN, "", SMALL, spool_drop, NULL, NULL},
	{"GET",	"spool/*", ROLE_READ, "", 0, spool_show, NULL, NULL},

	{"GET",	"ledger/check", ROLE_READ, "", 0, ledger_report, NULL, NULL},
	{"GET",	"ledger", ROLE_READ, PAGE " bot epoch outcome", 0, list_epochs,
	    NULL, NULL},

	{"GET",	"events", ROLE_READ, PAGE " what who subject follow", 0,
	    list_events, NULL, NULL},

	{"GET",	"log/check", ROLE_READ, "", 0, log_check, NULL, NULL},
	{"GET",	"log", ROLE_READ, PAGE " who what subject", 0, list_changes,
	    NULL, NULL},

	{"GET",	"system/check", ROLE_READ, "", 0, system_check, NULL, NULL},
	{"POST", "system/reload", ROLE_ADMIN, "", SMALL, system_reload,
	    NULL, NULL},
};
/* clang-format on */

/* Take the part that a star stands for.  A last star takes all that is left:
 * names may hold a '/'. */
static bool
take_part(struct request *r, const char **path, bool last)
{
	size_t n = last ? strlen(*path) : strcspn(*path, "/");
	char *part = r->part[r->parts];

	if (n == 0 || n > VIEW_KEY_MAX || r->parts == 2)
		return false;
	memcpy(part, *path, n);
	part[n] = '\0';
	r->parts++;
	*path += n;
	return true;
}

static bool
matches(struct request *r, const char *pattern, const char *path)
{
	r->parts = 0;
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '*') {
			if (!take_part(r, &path, pattern[1] == '\0'))
				return false;
		} else if (*path++ != *pattern) {
			return false;
		}
	}
	return *path == '\0';
}

const struct route *
routes_all(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}

const struct route *
route_find(const char *method, const char *path, struct request *r)
{
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, method) == 0 &&
		    matches(r, routes[i].path, path))
			return &routes[i];
	return NULL;
}
