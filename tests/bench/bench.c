/*
 * Figures, time and a folder: what every bench needs.
 */
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "tests/bench/bench.h"

#define MEMORY_ROOM (1536ull << 20)

static char folder[PATH_MAX];

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void
bench_die_err(const struct err *e)
{
	bench_die("%s", e->text);
}

void
bench_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("  ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* ---- figures --------------------------------------------------------- */

static void
put_number(const char *key, double v)
{
	if (v == NO_FIGURE)
		printf("\"%s\":null,", key);
	else
		printf("\"%s\":%.6g,", key, v);
}

static bool
is_met(const struct figure *f, double v)
{
	if (f->sense == AT_LEAST)
		return v >= f->bar;
	return f->sense == AT_MOST ? v <= f->bar : v < f->bar;
}

void
bench_figure(const struct figure *f)
{
	double ratio = f->ratio;

	if (ratio == NO_FIGURE && f->reference != NO_FIGURE)
		ratio = f->value / f->reference;
	printf("{\"name\":\"%s\",", f->name);
	put_number("value", f->value);
	printf("\"unit\":\"%s\",", f->unit);
	put_number("reference", f->reference);
	put_number("ratio", ratio);
	put_number("bar", f->bar);
	if (f->bar == NO_FIGURE)
		printf("\"met\":null}\n");
	else
		printf("\"met\":%s}\n",
		    is_met(f, ratio == NO_FIGURE ? f->value : ratio) ? "true"
								     : "false");
	fflush(stdout);
}

/* ---- time ------------------------------------------------------------ */

double
bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
bench_sleep(double seconds)
{
	struct timespec ts = {
	    (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
bench_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_size);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The smallest value that at least this share of all does not exceed. */
double
bench_share(double *v, int n, double share)
{
	int at = (int)(share * n);

	qsort(v, (size_t)n, sizeof(*v), by_size);
	if ((double)at == share * n && at > 0)
		at--;
	return v[at < n ? at : n - 1];
}

/* ---- places ---------------------------------------------------------- */

static const char *
build_folder(void)
{
	const char *b = getenv("B");

	return b == NULL || b[0] == '\0' ? "build" : b;
}

static void
remove_folder(void)
{
	char path[PATH_MAX];
	int fd;

	/* By name: an account's incoming/ may be read-only, even for us. */
	if ((fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	snprintf(path, sizeof(path), "%s", folder + 1);
	fs_remove_tree(fd, path, NULL);
	close(fd);
}

static const char *
make_folder(const char *parent, int *fd)
{
	struct err e;

	if (snprintf(folder, sizeof(folder), "%s/tmp.XXXXXX", parent) >=
		(int)sizeof(folder) ||
	    mkdtemp(folder) == NULL)
		bench_die("cannot make a folder in '%s'", parent);
	atexit(remove_folder);
	if ((*fd = fs_open_dir(AT_FDCWD, folder, &e)) == -1)
		bench_die_err(&e);
	return folder;
}

const char *
bench_folder(int *fd)
{
	char parent[PATH_MAX - 16], real[PATH_MAX];
	struct err e;

	snprintf(parent, sizeof(parent), "%s/bench", build_folder());
	if (fs_make_dirs(AT_FDCWD, parent, 0755, &e) == -1)
		bench_die_err(&e);
	if (realpath(parent, real) == NULL)
		bench_die("cannot find '%s': %s", parent, strerror(errno));
	return make_folder(real, fd);
}

const char *
bench_folder_in_memory(int *fd)
{
	struct statvfs v;

	if (statvfs("/dev/shm", &v) == -1 || access("/dev/shm", W_OK) == -1 ||
	    (uint64_t)v.f_bavail * v.f_frsize < MEMORY_ROOM)
		return bench_folder(fd);
	return make_folder("/dev/shm", fd);
}

const char *
bench_program(const char *name)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/bin/%s", build_folder(), name);
	return buf_detach(&path);
}

void
bench_settle(int fd)
{
	if (syncfs(fd) == -1)
		bench_die("cannot sync: %s", strerror(errno));
}
