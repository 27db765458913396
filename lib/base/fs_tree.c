/*
 * Whole folders: walk, remove, count.  Trees may come from a program under
 * test: deep without end, full of links, without permissions.  So a link is
 * never followed, one component is opened at a time, and the number of
 * descriptors in use has a bound.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"

#define REMOVE_DEPTH 32
#define USAGE_DEPTH  128
#define TOO_DEEP     (UINT64_C(1) << 62)

/* All names of a folder, each with its NUL, into "names". */
static int
read_names(int dirfd, struct buf *names, struct err *e)
{
	struct dirent *entry;
	int fd, saved;
	DIR *dir;

	/* A descriptor of our own: its offset is not shared. */
	if ((fd = fs_open_dir(dirfd, ".", e)) == -1)
		return -1;
	if ((dir = fdopendir(fd)) == NULL) {
		err_sys(e, "cannot read a folder");
		close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			buf_add(
			    names, entry->d_name, strlen(entry->d_name) + 1);
	saved = errno;
	closedir(dir);
	errno = saved;
	return saved == 0 ? 0 : err_sys(e, "cannot read a folder");
}

int
fs_each(int dirfd, fs_entry_fn *fn, void *arg, struct err *e)
{
	struct buf names = BUF_INIT;
	size_t i;
	int rc;

	rc = read_names(dirfd, &names, e);
	for (i = 0; rc == 0 && i < names.len; i += strlen(names.data + i) + 1)
		rc = fn(arg, dirfd, names.data + i);
	buf_release(&names);
	return rc;
}

struct removal {
	int topfd;     /* the tree itself; what is too deep moves up to it */
	int depth;     /* below topfd */
	bool moved_up; /* another pass is needed */
	struct err *e;
};

/* Open a folder to empty it, giving ourselves the right if need be. */
static int
open_to_empty(int dirfd, const char *name, struct err *e)
{
	char self[64];
	int fd, path;

	fd = fs_open_dir(dirfd, name, NULL);
	if (fd != -1 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return fd;
	/* Through O_PATH, because chmod by name would follow a link. */
	path =
	    openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (path != -1) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", path);
		(void)chmod(self, 0700); /* seen by what comes next */
		close(path);
	}
	return fd != -1 ? fd : fs_open_dir(dirfd, name, e);
}

static int
remove_entry(void *arg, int dirfd, const char *name)
{
	struct removal *r = arg;
	char up[32];
	int fd, rc;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(r->e, "cannot remove '%s'", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES)
		return err_sys(r->e, "cannot remove '%s'", name);
	if (r->depth == REMOVE_DEPTH) {
		snprintf(up, sizeof(up), "%016jx", (uintmax_t)random_u64());
		r->moved_up = true;
		if (renameat(dirfd, name, r->topfd, up) == -1)
			return err_sys(r->e, "cannot move '%s' up", name);
		return 0;
	}
	if ((fd = open_to_empty(dirfd, name, r->e)) == -1)
		return -1;
	r->depth++;
	rc = fs_each(fd, remove_entry, r, r->e);
	r->depth--;
	close(fd);
	if (rc == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) == -1 &&
	    errno != ENOENT)
		rc = err_sys(r->e, "cannot remove '%s'", name);
	return rc;
}

int
fs_remove_tree(int at, const char *name, struct err *e)
{
	struct removal r = {-1, 1, true, e};
	const char *last = strrchr(name, '/');
	int rc = 0;

	last = last == NULL ? name : last + 1;
	if (last[0] == '\0' || strcmp(last, ".") == 0 ||
	    strcmp(last, "..") == 0)
		return err_set(
		    e, ERR_BUG, "'%s' is no name to be removed", name);
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "cannot remove '%s'", name);
	if ((r.topfd = open_to_empty(at, name, e)) == -1)
		return -1;
	while (rc == 0 && r.moved_up) {
		r.moved_up = false;
		rc = fs_each(r.topfd, remove_entry, &r, e);
	}
	close(r.topfd);
	if (rc == 0 && unlinkat(at, name, AT_REMOVEDIR) == -1 &&
	    errno != ENOENT)
		rc = err_sys(e, "cannot remove '%s'", name);
	return rc;
}

struct usage {
	uint64_t bytes, entries;
	int depth;
};

static int
count_entry(void *arg, int dirfd, const char *name)
{
	struct usage *u = arg;
	struct stat st;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	u->entries++;
	if (S_ISREG(st.st_mode))
		u->bytes += (uint64_t)st.st_size;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (u->depth == USAGE_DEPTH) {
		/* Nobody honest builds this: every limit shall be hit. */
		if (u->bytes < TOO_DEEP)
			u->bytes += TOO_DEEP;
		return 0;
	}
	if ((fd = fs_open_dir(dirfd, name, NULL)) == -1)
		return 0;
	u->depth++;
	fs_each(fd, count_entry, u, NULL);
	u->depth--;
	close(fd);
	return 0;
}

void
fs_usage(int at, const char *name, uint64_t *bytes, uint64_t *entries)
{
	struct usage u = {0, 0, 0};
	int fd;

	fd = fs_open_dir(at, name, NULL);
	if (fd != -1) {
		fs_each(fd, count_entry, &u, NULL);
		close(fd);
	}
	*bytes = u.bytes;
	*entries = u.entries;
}
