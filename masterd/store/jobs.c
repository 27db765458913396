/*
 * jobs/<id>/: the per-job view for people: job.json, log, and links to the
 * corpus and the crashes of its target.  Derived; never trusted, never synced.
 */
#include <errno.h>
#include <fcntl.h>
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
store_job_folder(struct store *s, const char *job, const char *project,
    const char *target, const char *json, struct err *e)
{
	int dir = folder_of(s, job, e), result = -1;

	if (dir == -1)
		return -1;
	if (link_to(dir, "corpus", "corpus", project, target, e) == 0 &&
	    link_to(dir, "crashes", "crashes", project, target, e) == 0)
		result = fs_replace(
		    dir, "job.json", json, strlen(json), 0640, false, e);
	close(dir);
	return result;
}

int
store_job_log(struct store *s, const char *job, const char *text, size_t len,
    struct err *e)
{
	int dir = folder_of(s, job, e), fd, result = 0;

	if (dir == -1)
		return -1;
	fd = openat(dir, "log",
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd == -1) {
		close(dir);
		return err_sys(e, "cannot open the log of job '%s'", job);
	}
	if (fs_write_all(fd, text, len) == -1)
		result = err_sys(e, "cannot write the log of job '%s'", job);
	if (lseek(fd, 0, SEEK_END) > LOG_MAX)
		(void)renameat(dir, "log", dir, "log.1");
	close(fd);
	close(dir);
	return result;
}
