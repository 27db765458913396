/*
 * SQLite lets its system calls be replaced one by one; ours are wrapped by the
 * linker.  Only the child counts.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/masterd/db/killed.h"

static int left; /* calls until the end; 0: nobody counts */

static void
count(void)
{
	if (left > 0 && --left == 0)
		raise(SIGKILL);
}

/* ---- SQLite's -------------------------------------------------------- */

static ssize_t
counted_write(int fd, const void *bytes, size_t len)
{
	count();
	return write(fd, bytes, len);
}

static ssize_t
counted_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	count();
	return pwrite(fd, bytes, len, at);
}

static int
counted_ftruncate(int fd, off_t size)
{
	count();
	return ftruncate(fd, size);
}

static int
counted_unlink(const char *path)
{
	count();
	return unlink(path);
}

static int
counted_open(const char *path, int flags, int mode)
{
	if (flags & O_CREAT)
		count();
	return open(path, flags, mode);
}

static void
replace(const char *name, void (*fn)(void))
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (vfs->xSetSystemCall(vfs, name, fn) != SQLITE_OK)
		abort();
}

/* ---- ours ------------------------------------------------------------ */

int __real_renameat(int, const char *, int, const char *);
int __wrap_renameat(int, const char *, int, const char *);
int __real_linkat(int, const char *, int, const char *, int);
int __wrap_linkat(int, const char *, int, const char *, int);
int __real_unlinkat(int, const char *, int);
int __wrap_unlinkat(int, const char *, int);
ssize_t __real_write(int, const void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);

int
__wrap_renameat(int from, const char *a, int to, const char *b)
{
	count();
	return __real_renameat(from, a, to, b);
}

int
__wrap_linkat(int from, const char *a, int to, const char *b, int flags)
{
	count();
	return __real_linkat(from, a, to, b, flags);
}

int
__wrap_unlinkat(int at, const char *name, int flags)
{
	count();
	return __real_unlinkat(at, name, flags);
}

ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
	count();
	return __real_write(fd, bytes, len);
}

/* ---- the child ------------------------------------------------------- */

bool
killed_at(int n, void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		left = n;
		replace("write", (void (*)(void))counted_write);
		replace("pwrite", (void (*)(void))counted_pwrite);
		replace("pwrite64", (void (*)(void))counted_pwrite);
		replace("ftruncate", (void (*)(void))counted_ftruncate);
		replace("unlink", (void (*)(void))counted_unlink);
		replace("open", (void (*)(void))counted_open);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		assert_int_equal(WTERMSIG(status), SIGKILL);
	else
		assert_int_equal(status, 0);
	return WIFSIGNALED(status);
}
