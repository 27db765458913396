/* A temporary folder for each test, and questions about what lies in it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

int
scratch_setup(void **state)
{
	struct scratch *s = mem_alloc(sizeof(*s));

	strcpy(s->path, "/tmp/pf-unit-XXXXXX");
	if (mkdtemp(s->path) == NULL)
		return -1;
	s->fd = fs_open_dir(AT_FDCWD, s->path, NULL);
	s->open_fds = scratch_open_fds();
	*state = s;
	return s->fd == -1 ? -1 : 0;
}

int
scratch_teardown(void **state)
{
	struct scratch *s = *state;
	int rc;

	close(s->fd);
	rc = fs_remove_tree(AT_FDCWD, s->path, NULL);
	free(s);
	return rc;
}

static int
count(DIR *dir)
{
	struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		abort();
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			n++;
	closedir(dir);
	return n;
}

int
scratch_open_fds(void)
{
	return count(opendir("/proc/self/fd"));
}

int
scratch_count(int at, const char *folder)
{
	return count(fdopendir(fs_open_dir(at, folder, NULL)));
}

int
scratch_holds(int at, const char *name, const void *bytes, size_t len)
{
	struct buf b = BUF_INIT;
	int same;

	same = fs_read_file(at, name, &b, len + 1, NULL) == 0 && b.len == len &&
	    memcmp(b.data, bytes, len) == 0;
	buf_release(&b);
	return same;
}

void
scratch_file(int at, const char *name, const void *bytes, size_t len)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd == -1 || fs_write_all(fd, bytes, len) == -1)
		abort();
	close(fd);
}
