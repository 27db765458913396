/*
 * dir:/path: the account's folder on this machine, on a relay or a shared
 * file system.  The same steps in the same order as over SFTP, so that the
 * master cannot tell which link a bundle came by (P.9).
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/courier/link.h"

struct dir_link {
	struct link link;
	char *path;
	int fd; /* the account's folder, -1 when closed */
};

static struct dir_link *
dir_of(struct link *l)
{
	return (struct dir_link *)l;
}

static int
dir_open(struct link *l, struct err *e)
{
	static const char *const needed[] = {"incoming/tmp", "incoming/new"};
	struct dir_link *d = dir_of(l);
	struct stat st;
	size_t i;

	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd == -1)
		return err_sys(e, "cannot open folder '%s'", d->path);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (fstatat(d->fd, needed[i], &st, 0) == -1)
			return err_sys(
			    e, "cannot find '%s' in '%s'", needed[i], d->path);
	return 0;
}

static void
dir_close(struct link *l)
{
	struct dir_link *d = dir_of(l);

	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
}

static void
dir_free(struct link *l)
{
	free(dir_of(l)->path);
	free(l);
}

static int
dir_stat(struct link *l, const char *path, struct link_stat *out, struct err *e)
{
	struct stat st;

	if (fstatat(dir_of(l)->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "cannot examine '%s'", path);
	}
	out->exists = true;
	out->size = (uint64_t)st.st_size;
	out->mtime = (uint64_t)st.st_mtim.tv_sec;
	return 0;
}

static int
create(struct dir_link *d, const char *path, struct err *e)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	fd = openat(d->fd, path, flags, 0640);
	if (fd == -1 && errno == EEXIST && unlinkat(d->fd, path, 0) == 0)
		fd = openat(d->fd, path, flags, 0640);
	if (fd != -1)
		return fd;
	/* The folder was moved away or replaced: look it up again. */
	if (errno == ENOENT)
		d->link.up = false;
	return err_sys(e, "cannot create '%s'", path);
}

/* One slice from "fd" at "offset" to "to"; returns its length. */
static ssize_t
copy_slice(
    int fd, int to, char *bytes, size_t most, uint64_t offset, uint64_t size)
{
	uint64_t left = size - offset;
	ssize_t n;

	n = fs_read_at(fd, bytes, left < most ? (size_t)left : most, offset);
	if (n > 0 && fs_write_all(to, bytes, (size_t)n) == -1)
		return -1;
	return n;
}

static int
dir_put(struct link *l, const char *path, int fd, uint64_t size, struct err *e)
{
	struct dir_link *d = dir_of(l);
	uint64_t done = 0;
	ssize_t n = 0;
	char *bytes;
	int to, rc = 0;

	if ((to = create(d, path, e)) == -1)
		return -1;
	bytes = mem_alloc(LINK_SLICE);
	while (rc == 0 && done < size) {
		n = copy_slice(
		    fd, to, bytes, link_piece(l, LINK_SLICE), done, size);
		if (n == -1)
			rc = err_sys(e, "cannot write '%s'", path);
		else if (n == 0)
			rc = err_set(e, ERR_AGAIN,
			    "what becomes '%s' is shorter than it was", path);
		else
			done += (uint64_t)n;
		if (rc == 0)
			rc = link_moved(l, (size_t)n, e);
		if (rc == 0 && done < size)
			rc = link_pause(l, e);
	}
	free(bytes);
	if (close(to) == -1 && rc == 0)
		rc = err_sys(e, "cannot write '%s'", path);
	if (rc == -1)
		unlinkat(d->fd, path, 0);
	return rc;
}

static int
dir_rename(struct link *l, const char *from, const char *to, struct err *e)
{
	struct dir_link *d = dir_of(l);

	if (renameat2(d->fd, from, d->fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* Not on every shared file system; then as sftp-server does it. */
	if (errno == EINVAL || errno == ENOSYS) {
		if (linkat(d->fd, from, d->fd, to, 0) == 0) {
			unlinkat(d->fd, from, 0);
			return 0;
		}
	}
	if (errno == EEXIST)
		return err_set(e, ERR_CONFLICT, "there is a '%s' already", to);
	if (errno == ENOENT)
		d->link.up = false;
	return err_sys(e, "cannot rename '%s' to '%s'", from, to);
}

static int
dir_unlink(struct link *l, const char *path, struct err *e)
{
	if (unlinkat(dir_of(l)->fd, path, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '%s'", path);
	return 0;
}

static int
dir_get(struct link *l, const char *path, uint64_t expect,
    const struct link_sink *sink, struct err *e)
{
	uint64_t done = 0;
	ssize_t n = 1;
	char *bytes;
	size_t most;
	int fd, rc = 0;

	(void)expect;
	if ((fd = fs_open_foreign(dir_of(l)->fd, path, NULL, e)) == -1)
		return -1;
	bytes = mem_alloc(LINK_SLICE);
	while (rc == 0 && n > 0) {
		most = link_piece(l, LINK_SLICE);
		n = fs_read_at(fd, bytes, most, done);
		if (n == -1)
			rc = err_sys(e, "cannot read '%s'", path);
		else if (n > 0)
			rc = sink->fn(sink->arg, bytes, (size_t)n, e);
		if (rc == 0 && n > 0)
			rc = link_moved(l, (size_t)n, e);
		if (rc == 0 && n == (ssize_t)most)
			rc = link_pause(l, e);
		done += n > 0 ? (uint64_t)n : 0;
	}
	free(bytes);
	close(fd);
	return rc;
}

static const struct link_ops dir_ops = {
    .open = dir_open,
    .close = dir_close,
    .free = dir_free,
    .stat = dir_stat,
    .put = dir_put,
    .rename = dir_rename,
    .unlink = dir_unlink,
    .get = dir_get,
};

struct link *
link_dir_new(const char *path, struct err *e)
{
	struct dir_link *d;

	if (path[0] != '/') {
		err_set(
		    e, ERR_REFUSED, "link 'dir:%s' has no absolute path", path);
		return NULL;
	}
	d = mem_alloc(sizeof(*d));
	d->link.ops = &dir_ops;
	d->path = mem_strdup(path);
	d->fd = -1;
	return &d->link;
}
