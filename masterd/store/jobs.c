/*
 * jobs/<id>/: the per-job view for people: job.json, log, and links to the
 * corpus and the crashes of its target.  Derived; never trusted, never synced.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/store/store_internal.h"

#define LOG_MAX (4 << 20) /* then it starts anew, the old one kept once */

static int
folder_of(struct store *s, const char *job, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "jobs/%.16s", job);
	return fs_make_dir_open(s->root, path, 0750, e);
}

static int
link_to(int dir, const char *name, const char *what, const char *project,
    const char *target, struct err *e)
{
	char to[STORE_PATH_MAX];

	snprintf(to, sizeof(to), "../../%s/%s/%s", what, project, target);
	if (symlinkat(to, dir, name) == -1 && errno != EEXIST)
		return err_sys(e, "cannot link '%s' of a job", name);
	return 0;
}

int
store_job_folder(struct store *s, const struct store_job *job, struct err *e)
{
	int dir = folder_of(s, job->job, e), result = -1;

	if (dir == -1)
		return -1;
	if (link_to(dir, "corpus", "corpus", job->project, job->corpus, e) ==
		0 &&
	    link_to(dir, "crashes", "crashes", job->project, job->target, e) ==
		0)
		result = fs_replace(dir, "job.json", job->json,
		    strlen(job->json), 0640, false, e);
	close(dir);
	return result;
}

static struct store_log
log_of(const char *job)
{
	struct store_log l = {.name = "log", .max = LOG_MAX};

	snprintf(l.folder, sizeof(l.folder), "jobs/%.16s", job);
	return l;
}

int
store_job_log(struct store *s, const char *job, const char *text, size_t len,
    struct err *e)
{
	const struct store_log l = log_of(job);

	return store_log_add(s, &l, text, len, e);
}

int
store_job_log_tail(struct store *s, const char *job, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e)
{
	const struct store_log l = log_of(job);

	return store_log_tail(s, &l, lines, out, next, e);
}

int
store_job_log_after(struct store *s, const char *job,
    struct store_log_place *place, struct buf *out, struct err *e)
{
	const struct store_log l = log_of(job);

	return store_log_after(s, &l, place, out, e);
}
