/*
 * lib/archive/build over any bytes: it unpacks or refuses, keeps its limits,
 * and never makes anything outside of its folder.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/archive/build.h"
#include "lib/base/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct build_limits limits = {16, 256 << 10, 64 << 10};
static int home = -1; /* holds "out" and "beside", and nothing else */

static void
open_home(void)
{
	char path[] = "/tmp/archive-fuzz-XXXXXX";
	struct err e;

	if (mkdtemp(path) == NULL)
		abort();
	home = fs_open_dir(AT_FDCWD, path, NULL);
	assert(home != -1);
	assert(fs_replace(home, "beside", "1", 1, 0600, false, &e) == 0);
}

struct found {
	uint64_t files, bytes;
};

static int
look(void *arg, int dirfd, const char *name)
{
	struct found *f = arg;
	struct stat st;
	int fd;

	assert(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	if (S_ISDIR(st.st_mode)) {
		assert((st.st_mode & 07777) == 0700);
		fd = fs_open_dir(dirfd, name, NULL);
		assert(fd != -1 && fs_each(fd, look, f, NULL) == 0);
		close(fd);
		return 0;
	}
	assert(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
	f->files++;
	if (!S_ISREG(st.st_mode))
		return 0;
	assert((uint64_t)st.st_size <= limits.file_bytes);
	assert((st.st_mode & 07077) == 0);
	if (st.st_nlink == 1)
		f->bytes += (uint64_t)st.st_size;
	return 0;
}

static int
count(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	++*(int *)arg;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found found = {0, 0};
	struct build_count n;
	struct err e;
	int fd, to, rc, beside = 0;

	if (home == -1)
		open_home();
	fd = memfd_create("archive", MFD_CLOEXEC);
	assert(fd != -1 && fs_write_all(fd, data, size) == 0);
	lseek(fd, 0, SEEK_SET);
	to = fs_make_dir_open(home, "out", 0700, &e);
	assert(to != -1);
	err_clear(&e);
	rc = archive_build(fd, to, &limits, &n, &e);
	close(fd);
	assert(rc == 0 || (rc == -1 && e.text[0] != '\0'));
	/* What cannot be written here is a name too long for the disk. */
	assert(rc == 0 || e.cls == ERR_REFUSED || e.sys != 0);
	assert(n.bytes <= limits.bytes && n.files <= limits.files + 1);
	assert(fs_each(to, look, &found, NULL) == 0);
	assert(found.bytes <= n.bytes);
	assert(rc == -1 || found.files == n.files);
	close(to);
	assert(fs_each(home, count, &beside, NULL) == 0 && beside == 2);
	fs_remove_tree(home, "out", NULL);
	return 0;
}
