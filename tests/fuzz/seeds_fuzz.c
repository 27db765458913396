/*
 * lib/archive/seeds over any bytes: it unpacks or refuses, keeps its limits,
 * and what it says it took is what lies there.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/archive/seeds.h"
#include "lib/base/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seeds_limits limits = {8, 64 << 10, 16 << 10};
static int folder = -1;

static void
open_folder(void)
{
	char path[] = "/tmp/seeds-fuzz-XXXXXX";

	if (mkdtemp(path) == NULL)
		abort();
	folder = fs_open_dir(AT_FDCWD, path, NULL);
	assert(folder != -1);
}

struct found {
	uint64_t files, bytes;
};

static int
count(void *arg, int dirfd, const char *name)
{
	struct found *f = arg;
	struct stat st;

	assert(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	assert(S_ISREG(st.st_mode) && st.st_size > 0);
	assert((uint64_t)st.st_size <= limits.file_bytes);
	f->files++;
	f->bytes += (uint64_t)st.st_size;
	assert(unlinkat(dirfd, name, 0) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found found = {0, 0};
	struct seeds_count n;
	struct err e;
	int fd, rc;

	if (folder == -1)
		open_folder();
	fd = memfd_create("archive", MFD_CLOEXEC);
	assert(fd != -1 && fs_write_all(fd, data, size) == 0);
	lseek(fd, 0, SEEK_SET);
	err_clear(&e);
	rc = archive_seeds(fd, folder, &limits, &n, &e);
	close(fd);
	assert(rc == 0 || (e.cls == ERR_REFUSED && n.taken == 0));
	assert(n.taken <= limits.entries && n.bytes <= limits.bytes);
	fs_each(folder, count, &found, NULL);
	assert(found.files == n.taken && found.bytes == n.bytes);
	return 0;
}
