/*
 * jobs/<id>/: the per-job view for people: job.json, log, and links to the
 * corpus and the crashes of its target.  Derived; never trusted, never synced.
 */
#include <sys/stat.h>

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

/* ---- reading --------------------------------------------------------- */

/* A log of the job and its inode; -1 without "e" when there is none. */
static int
open_log(struct store *s, const char *job, const char *name, uint64_t *file,
    uint64_t *size, struct err *e)
{
	char path[64];
	struct stat st;
	int fd;

	err_clear(e);
	snprintf(path, sizeof(path), "jobs/%.16s/%s", job, name);
	fd = openat(s->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && errno != ENOENT)
		return err_sys(e, "cannot open the log of job '%s'", job);
	if (fd != -1 && fstat(fd, &st) == -1) {
		close(fd);
		return err_sys(e, "cannot read the log of job '%s'", job);
	}
	if (fd != -1) {
		*file = (uint64_t)st.st_ino;
		*size = (uint64_t)st.st_size;
	}
	return fd;
}

/* Up to "len" bytes from "at"; what is there of them. */
static int
read_piece(int fd, uint64_t at, size_t len, struct buf *out, struct err *e)
{
	ssize_t n;

	buf_grow(out, len);
	n = pread(fd, out->data + out->len, len, (off_t)at);
	if (n == -1)
		return err_sys(e, "cannot read the log of a job");
	out->len += (size_t)n;
	out->data[out->len] = '\0';
	return 0;
}

/* A piece that was cut ends with its last whole line, if it has one. */
static void
cut_line(struct buf *out, size_t from)
{
	size_t len = out->len;

	while (len > from && out->data[len - 1] != '\n')
		len--;
	if (len > from)
		out->len = len;
	out->data[out->len] = '\0';
}

/* Only the last "lines" of what "out" holds. */
static void
keep_lines(struct buf *out, uint64_t lines)
{
	size_t at = out->len;

	if (at > 0 && out->data[at - 1] == '\n')
		at--;
	for (; at > 0; at--)
		if (out->data[at - 1] == '\n' && --lines == 0)
			break;
	buf_consume(out, at);
}

int
store_job_log_tail(struct store *s, const char *job, uint64_t lines,
    struct buf *out, struct store_log_place *next, struct err *e)
{
	uint64_t size = 0, from;
	int fd, result;

	*next = (struct store_log_place){0, 0};
	fd = open_log(s, job, "log", &next->file, &size, e);
	if (fd == -1)
		return e->cls == ERR_NONE ? 0 : -1;
	next->at = size;
	from = size > STORE_LOG_PIECE ? size - STORE_LOG_PIECE : 0;
	result = lines == 0
	    ? 0
	    : read_piece(fd, from, (size_t)(size - from), out, e);
	if (result == 0 && lines > 0 && out->len > 0)
		keep_lines(out, lines);
	close(fd);
	return result;
}

int
store_job_log_after(struct store *s, const char *job,
    struct store_log_place *place, struct buf *out, struct err *e)
{
	static const char *const names[] = {"log", "log.1"};
	uint64_t file = 0, size = 0, newest = 0;
	int i, fd, result = 0;

	for (i = 0; i < 2; i++) {
		fd = open_log(s, job, names[i], &file, &size, e);
		if (fd == -1 && e->cls != ERR_NONE)
			return -1;
		if (fd == -1)
			continue;
		if (i == 0)
			newest = file;
		if (file == place->file && (i == 0 || place->at < size))
			break;
		close(fd);
		fd = -1;
	}
	if (i == 2) { /* another log by now, or the first one */
		*place = (struct store_log_place){newest, 0};
		fd = newest == 0
		    ? -1
		    : open_log(s, job, "log", &place->file, &size, e);
		if (fd == -1)
			return newest == 0 || e->cls == ERR_NONE ? 0 : -1;
	}
	if (size > place->at) {
		result = read_piece(fd, place->at, STORE_LOG_PIECE, out, e);
		if (result == 0 && out->len == STORE_LOG_PIECE)
			cut_line(out, 0);
		place->at += out->len;
	}
	close(fd);
	return result;
}
