/*
 * The addresses, one line each, and how a path is matched with them.
 */
#include <string.h>

#include "lib/base/text.h"
#include "lib/wire/manifest.h"
#include "masterd/admin/admin_internal.h"

#define SMALL    (64 * 1024)
#define MANIFEST MANIFEST_MAX_BYTES
#define FILE_MAX (2ull << 30)

/* clang-format off */
static const struct route routes[] = {
	/* method, path below /api/v1, who, body, route, begin, piece */
	{"GET",	"status",		ROLE_READ,	0, show_status,	NULL, NULL},
	{"GET",	"metrics",		ROLE_READ,	0, metrics,	NULL, NULL},
	{"GET",	"healthz",		ROLE_READ,	0, healthz,	NULL, NULL},
	{"GET",	"readyz",		ROLE_READ,	0, readyz,	NULL, NULL},

	{"GET",	"builds",		ROLE_READ,	0, list_builds,	NULL, NULL},
	{"POST", "builds",		ROLE_ADMIN,	MANIFEST, build_add, NULL, NULL},
	{"POST", "builds/missing",	ROLE_ADMIN,	MANIFEST, build_missing, NULL, NULL},
	{"PUT",	"builds/files/*",	ROLE_ADMIN,	FILE_MAX, build_file_end,
	    build_file_begin, build_file_piece},
	{"GET",	"builds/*",		ROLE_READ,	0, show_build,	NULL, NULL},
	{"DELETE", "builds/*",		ROLE_ADMIN,	0, build_remove, NULL, NULL},

	{"GET",	"targets",		ROLE_READ,	0, list_targets, NULL, NULL},
	{"GET",	"targets/*",		ROLE_READ,	0, show_target,	NULL, NULL},

	{"GET",	"jobs",			ROLE_READ,	0, list_jobs,	NULL, NULL},
	{"POST", "jobs",		ROLE_ADMIN,	SMALL, job_create, NULL, NULL},
	{"PUT",	"jobs/*/pause",		ROLE_ADMIN,	SMALL, job_pause, NULL, NULL},
	{"PUT",	"jobs/*/resume",	ROLE_ADMIN,	SMALL, job_resume, NULL, NULL},
	{"PUT",	"jobs/*/cancel",	ROLE_ADMIN,	SMALL, job_cancel, NULL, NULL},
	{"PUT",	"jobs/*/retry",		ROLE_ADMIN,	SMALL, job_retry, NULL, NULL},
	{"PUT",	"jobs/*/boost",		ROLE_ADMIN,	SMALL, job_boost, NULL, NULL},
	{"PUT",	"jobs/*/settings",	ROLE_ADMIN,	SMALL, job_change, NULL, NULL},
	{"POST", "jobs/*/clone",	ROLE_ADMIN,	SMALL, clone_job, NULL, NULL},
	{"GET",	"jobs/*/logs",		ROLE_READ,	0, job_logs,	NULL, NULL},
	{"GET",	"jobs/*/why",		ROLE_READ,	0, job_why,	NULL, NULL},
	{"GET",	"jobs/*",		ROLE_READ,	0, show_job,	NULL, NULL},

	{"GET",	"bots",			ROLE_READ,	0, list_bots,	NULL, NULL},
	{"GET",	"bots/*",		ROLE_READ,	0, show_bot,	NULL, NULL},

	{"GET",	"crashes",		ROLE_READ,	0, list_crashes, NULL, NULL},
	{"GET",	"crashes/*/input",	ROLE_READ,	0, crash_input,	NULL, NULL},
	{"GET",	"crashes/*/report",	ROLE_READ,	0, crash_report, NULL, NULL},
	{"GET",	"crashes/*",		ROLE_READ,	0, show_crash,	NULL, NULL},

	{"GET",	"buckets",		ROLE_READ,	0, list_buckets, NULL, NULL},
	{"GET",	"buckets/*",		ROLE_READ,	0, show_bucket,	NULL, NULL},

	{"GET",	"corpus",		ROLE_READ,	0, list_corpus,	NULL, NULL},

	{"GET",	"spool",		ROLE_READ,	0, spool_list,	NULL, NULL},
	{"POST", "spool/retry",		ROLE_ADMIN,	SMALL, spool_retry, NULL, NULL},
	{"GET",	"spool/*",		ROLE_READ,	0, spool_show,	NULL, NULL},

	{"GET",	"ledger/check",		ROLE_READ,	0, ledger_report, NULL, NULL},
	{"GET",	"ledger",		ROLE_READ,	0, list_epochs,	NULL, NULL},

	{"GET",	"events",		ROLE_READ,	0, list_events,	NULL, NULL},
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
route_find(const char *method, const char *path, struct request *r)
{
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, method) == 0 &&
		    matches(r, routes[i].path, path))
			return &routes[i];
	return NULL;
}
