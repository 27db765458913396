/*
 * The linker sends each wrapped call here first; see FAULTSYS_WRAP in the
 * Makefile.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "tests/unit/faultsys.h"

static struct {
	enum { OFF, FAIL_AT, FAIL_FROM, KILL_AT } mode;
	int at, error, count;
	bool hit;
	const char *call;   /* that was hit */
	const char *always; /* fails each time */
	int always_error;
	struct buf *trace;
} fault;

static void
start(int mode, int n, int error)
{
	const char *always = fault.always;
	int always_error = fault.always_error;

	memset(&fault, 0, sizeof(fault));
	fault.mode = mode;
	fault.at = n;
	fault.error = error;
	fault.always = always;
	fault.always_error = always_error;
}

void
faultsys_fail_at(int n, int error)
{
	start(FAIL_AT, n, error);
}

void
faultsys_fail_from(int n, int error)
{
	start(FAIL_FROM, n, error);
}

void
faultsys_kill_at(int n)
{
	start(KILL_AT, n, 0);
}

void
faultsys_fail_call(const char *call, int error)
{
	fault.always = call;
	fault.always_error = error;
}

void
faultsys_off(void)
{
	fault.mode = OFF;
	fault.always = NULL;
	fault.trace = NULL;
}

void
faultsys_trace(struct buf *names)
{
	start(OFF, 0, 0);
	fault.trace = names;
}

bool
faultsys_hit(void)
{
	return fault.hit;
}

const char *
faultsys_call(void)
{
	return fault.hit ? fault.call : "none";
}

int
faultsys_count(void)
{
	return fault.count;
}

/* 0: make the call.  Else the errno to fail with, or FAULT_SHORT. */
static int
verdict(const char *call)
{
	bool now;

	if (fault.always != NULL && strcmp(fault.always, call) == 0)
		return fault.always_error;
	if (fault.trace != NULL)
		buf_printf(fault.trace, "%s ", call);
	if (fault.mode == OFF)
		return 0;
	fault.count++;
	now = fault.mode == FAIL_FROM ? fault.count >= fault.at
				      : fault.count == fault.at;
	if (!now)
		return 0;
	if (!fault.hit)
		fault.call = call;
	fault.hit = true;
	if (fault.mode == KILL_AT)
		raise(SIGKILL);
	return fault.error;
}

static int
failed(const char *call)
{
	int error = verdict(call);

	if (error <= 0)
		return 0;
	errno = error;
	return 1;
}

int __real_openat(int, const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
int
__wrap_openat(int at, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return failed("openat") ? -1 : __real_openat(at, path, flags, mode);
}

ssize_t __real_write(int, const void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);
ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
	int error = verdict("write");

	if (error > 0) {
		errno = error;
		return -1;
	}
	if (error == FAULT_SHORT && len > 1)
		len /= 2;
	return __real_write(fd, bytes, len);
}

int __real_close(int);
int __wrap_close(int);
int
__wrap_close(int fd)
{
	int error = verdict("close");
	int rc = __real_close(fd);

	if (error <= 0)
		return rc;
	errno = error;
	return -1;
}

DIR *__real_fdopendir(int);
DIR *__wrap_fdopendir(int);
DIR *
__wrap_fdopendir(int fd)
{
	return failed("fdopendir") ? NULL : __real_fdopendir(fd);
}

struct dirent *__real_readdir(DIR *);
struct dirent *__wrap_readdir(DIR *);
struct dirent *
__wrap_readdir(DIR *dir)
{
	return failed("readdir") ? NULL : __real_readdir(dir);
}

#define WRAP(type, name, params, args)                                \
	type __real_##name params;                                    \
	type __wrap_##name params;                                    \
	type __wrap_##name params                                     \
	{                                                             \
		return failed(#name) ? (type)-1 : __real_##name args; \
	}

/* clang-format off */
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, fstatat, (int at, const char *p, struct stat *st, int flags),
    (at, p, st, flags))
WRAP(ssize_t, pread, (int fd, void *b, size_t n, off_t o), (fd, b, n, o))
WRAP(int, renameat2, (int a, const char *f, int b, const char *t, unsigned x),
    (a, f, b, t, x))
WRAP(int, linkat, (int a, const char *f, int b, const char *t, int x),
    (a, f, b, t, x))
WRAP(int, unlinkat, (int at, const char *p, int flags), (at, p, flags))
WRAP(int, mkdirat, (int at, const char *p, mode_t mode), (at, p, mode))
/* clang-format on */
