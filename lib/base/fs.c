/*
 * Files and folders below a directory descriptor: what every step of the ring
 * stands on.  Nothing is ever opened by a path that somebody else can bend.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"

#define COPY_BUFFER (256 * 1024)
#define NAME_BYTES  256

int
fs_open_dir(int at, const char *path, struct err *e)
{
	int fd;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "cannot open folder '%s'", path);
	return fd;
}

/* A name that exists is fine when it is a folder, or, inside a path, a link
 * to one. */
static int
make_dir(int at, const char *path, mode_t mode, bool last, struct err *e)
{
	struct stat st;
	int saved;

	if (mkdirat(at, path, mode) == 0)
		return 0;
	saved = errno;
	if (fstatat(at, path, &st, last ? AT_SYMLINK_NOFOLLOW : 0) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(e, ERR_REFUSED, "'%s' is not a folder", path);
	}
	errno = saved;
	return err_sys(e, "cannot make folder '%s'", path);
}

int
fs_make_dirs(int at, const char *path, mode_t mode, struct err *e)
{
	char *copy = mem_strdup(path), *end = copy;
	bool last = false;
	char saved;
	int rc = 0;

	while (rc == 0 && !last) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		last = end[strspn(end, "/")] == '\0';
		saved = *end;
		*end = '\0';
		if (copy[0] != '\0')
			rc = make_dir(at, copy, mode, last, e);
		*end = saved;
	}
	free(copy);
	return rc;
}

int
fs_make_dir_open(int at, const char *path, mode_t mode, struct err *e)
{
	if (fs_make_dirs(at, path, mode, e) == -1)
		return -1;
	return fs_open_dir(at, path, e);
}

int
fs_open_foreign(int at, const char *name, uint64_t *size, struct err *e)
{
	struct stat st;
	int fd;

	/* O_NONBLOCK: a FIFO without a writer must not hold us up. */
	fd = openat(at, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		if (errno == ELOOP || errno == ENXIO || errno == ENODEV)
			return err_set(
			    e, ERR_REFUSED, "'%s' is not a regular file", name);
		return err_sys(e, "cannot open '%s'", name);
	}
	if (fstat(fd, &st) == -1) {
		err_sys(e, "cannot examine '%s'", name);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(
		    e, ERR_REFUSED, "'%s' is not a regular file", name);
	}
	if (size != NULL)
		*size = (uint64_t)st.st_size;
	return fd;
}

int
fs_write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t
fs_read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(
		    fd, (char *)bytes + got, len - got, (off_t)(offset + got));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int
fs_read_file(
    int at, const char *name, struct buf *out, size_t cap, struct err *e)
{
	uint64_t size;
	size_t step;
	ssize_t n;
	int fd;

	buf_reset(out);
	if ((fd = fs_open_foreign(at, name, &size, e)) == -1)
		return -1;
	/* The size is only a hint: files of /proc say 0, others grow.  One
	 * byte more than is allowed shows whether there is more. */
	step = size < cap ? (size_t)size + 1 : cap + 1;
	do {
		buf_grow(out, step);
		n = fs_read_at(fd, out->data + out->len, step, out->len);
		if (n == -1) {
			err_sys(e, "cannot read '%s'", name);
			close(fd);
			return -1;
		}
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len > cap) {
			close(fd);
			return err_set(e, ERR_REFUSED,
			    "'%s' is longer than %zu bytes", name, cap);
		}
		n = (size_t)n < step ? 0 : n;
		step = cap + 1 - out->len < 65536 ? cap + 1 - out->len : 65536;
	} while (n > 0);
	close(fd);
	return 0;
}

/* Write and, when durable, sync a new file; closes "fd". */
static int
fill(int fd, const void *bytes, size_t len, bool durable)
{
	int rc = 0, saved;

	if (fs_write_all(fd, bytes, len) == -1 || (durable && fsync(fd) == -1))
		rc = -1;
	saved = errno;
	if (close(fd) == -1 && rc == 0)
		return -1;
	errno = saved;
	return rc;
}

/* fs_replace() in the folder that holds "name". */
static int
replace_in(int dirfd, const char *name, const void *bytes, size_t len,
    mode_t mode, bool durable, struct err *e)
{
	char temp[NAME_BYTES];
	int fd;

	snprintf(temp, sizeof(temp), ".%.200s.%016jx.tmp", name,
	    (uintmax_t)random_u64());
	fd = openat(dirfd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd == -1)
		return err_sys(e, "cannot stage '%s'", name);
	if (fill(fd, bytes, len, durable) == -1) {
		err_sys(e, "cannot write '%s'", name);
		goto unstage;
	}
	/* The rename is the commit: the old bytes or the new ones. */
	if (renameat(dirfd, temp, dirfd, name) == -1) {
		err_sys(e, "cannot commit '%s'", name);
		goto unstage;
	}
	return durable ? fs_sync_dir(dirfd, e) : 0;

unstage:
	unlinkat(dirfd, temp, 0);
	return -1;
}

int
fs_replace(int at, const char *name, const void *bytes, size_t len, mode_t mode,
    bool durable, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char *folder;
	int dirfd, rc;

	if (slash == NULL && at != AT_FDCWD)
		return replace_in(at, name, bytes, len, mode, durable, e);
	folder = mem_strdup(slash == NULL ? "." : name);
	if (slash != NULL)
		folder[slash - name + (slash == name)] = '\0';
	dirfd = fs_open_dir(at, folder, e);
	free(folder);
	if (dirfd == -1)
		return -1;
	rc = replace_in(dirfd, slash == NULL ? name : slash + 1, bytes, len,
	    mode, durable, e);
	close(dirfd);
	return rc;
}

int
fs_sync_dir(int dirfd, struct err *e)
{
	if (fsync(dirfd) == -1) {
		/* Never to be tried again, whatever errno says. */
		err_sys(e, "cannot sync a folder");
		if (e != NULL)
			e->cls = ERR_AGAIN;
		return -1;
	}
	return 0;
}

/*
 * Read "from" from offset 0, at most "limit" bytes, into "hash" and, unless
 * it is -1, the file "to".  -1 with errno set.
 */
static int
pump(int from, int to, uint64_t limit, struct hasher *hash, uint64_t *size)
{
	char *bytes = mem_alloc(COPY_BUFFER);
	uint64_t done = 0, left;
	ssize_t n = 1;
	int saved;

	while (n > 0) {
		left = limit - done;
		n = fs_read_at(from, bytes,
		    left < COPY_BUFFER ? (size_t)left : COPY_BUFFER, done);
		if (n > 0 && to != -1 &&
		    fs_write_all(to, bytes, (size_t)n) == -1)
			n = -1;
		if (n > 0) {
			hasher_add(hash, bytes, (size_t)n);
			done += (uint64_t)n;
		}
	}
	saved = errno;
	free(bytes);
	errno = saved;
	*size = done;
	return n == -1 ? -1 : 0;
}

int
fs_copy(int from_fd, int to_at, const char *to_name, mode_t mode,
    struct digest *digest, uint64_t *size, struct err *e)
{
	struct hasher *hash;
	struct digest d;
	struct stat st;
	uint64_t done;
	int to, rc = 0;

	if (fstat(from_fd, &st) == -1)
		return err_sys(e, "cannot examine what becomes '%s'", to_name);
	to = openat(to_at, to_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (to == -1)
		return err_sys(e, "cannot create '%s'", to_name);
	hash = hasher_new();
	/* Somebody may still be appending: the size at the start holds. */
	if (pump(from_fd, to, (uint64_t)st.st_size, hash, &done) == -1)
		rc = err_sys(e, "cannot copy to '%s'", to_name);
	hasher_end(hash, &d);
	hasher_free(hash);
	if (close(to) == -1 && rc == 0)
		rc = err_sys(e, "cannot copy to '%s'", to_name);
	if (rc == -1) {
		unlinkat(to_at, to_name, 0);
		return -1;
	}
	if (digest != NULL)
		*digest = d;
	if (size != NULL)
		*size = done;
	return 0;
}

int
fs_hash(int fd, struct digest *d, uint64_t *size, struct err *e)
{
	struct hasher *hash = hasher_new();
	uint64_t done;
	int rc = 0;

	if (pump(fd, -1, UINT64_MAX, hash, &done) == -1)
		rc = err_sys(e, "cannot read a file to hash it");
	hasher_end(hash, d);
	hasher_free(hash);
	if (size != NULL)
		*size = done;
	return rc;
}

int
fs_space(int fd, uint64_t *free_bytes, uint64_t *total, struct err *e)
{
	struct statvfs st;

	if (fstatvfs(fd, &st) == -1)
		return err_sys(e, "cannot examine the file system");
	*free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	*total = (uint64_t)st.f_blocks * st.f_frsize;
	return 0;
}

int
fs_lock(int at, const char *name, struct err *e)
{
	int fd;

	fd = openat(at, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "cannot open lock '%s'", name);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set(
		    e, ERR_CONFLICT, "'%s' is locked by another process", name);
	else
		err_sys(e, "cannot lock '%s'", name);
	close(fd);
	return -1;
}
