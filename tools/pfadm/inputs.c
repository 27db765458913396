/*
 * A walk over folders of fuzzers: names first, so that a folder is known for
 * what it is before one of its files is taken.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pfadm/inputs.h"

#define DEPTH 10

static bool
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool
ends(const char *name, const char *with)
{
	size_t n = strlen(name), m = strlen(with);

	return n >= m && strcmp(name + n - m, with) == 0;
}

static bool
is_crash_name(const char *name)
{
	static const char *const beginnings[] = {"crash-", "leak-", "oom-",
	    "timeout-", "minimized-from-", "id:", "id_"};
	size_t i;

	for (i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (begins(name, beginnings[i]))
			return true;
	return begins(name, "SIG") && strstr(name, ".PC.") != NULL;
}

/* Files that are no inputs wherever they lie; NULL: it may be one. */
static const char *
never(const char *name)
{
	if (name[0] == '.')
		return "hidden";
	if (ends(name, ".part") || ends(name, ".tmp"))
		return "being written";
	if (strcmp(name, "README.txt") == 0)
		return "AFL++'s note";
	if (strcmp(name, "HONGGFUZZ.REPORT.TXT") == 0)
		return "honggfuzz's report";
	if (begins(name, "slow-unit-"))
		return "slow, and no crash";
	return NULL;
}

static int
add(struct inputs *in, const char *folder, const char *name,
    const char *skipped, struct err *e)
{
	struct buf path = BUF_INIT;

	if (in->count == INPUTS_MOST)
		return err_set(e, ERR_REFUSED,
		    "more than %d files: give folders one by one", INPUTS_MOST);
	if (in->count == in->room) {
		in->room = in->room == 0 ? 64 : in->room * 2;
		in->list = mem_resize(in->list, in->room, sizeof(*in->list));
	}
	if (folder != NULL)
		buf_printf(&path, "%s%s", folder, ends(folder, "/") ? "" : "/");
	buf_adds(&path, name);
	in->list[in->count++] =
	    (struct input){.path = buf_detach(&path), .skipped = skipped};
	return 0;
}

void
inputs_release(struct inputs *in)
{
	while (in->count > 0)
		free(in->list[--in->count].path);
	free(in->list);
	memset(in, 0, sizeof(*in));
}

/* ---- one folder ------------------------------------------------------ */

struct names {
	char **list;
	size_t count, room;
	bool stats, queue, crashes, named; /* what kind of folder it is */
};

static int
on_name(void *arg, int dirfd, const char *name)
{
	struct names *n = arg;

	(void)dirfd;
	if (n->count == n->room) {
		n->room = n->room == 0 ? 64 : n->room * 2;
		n->list = mem_resize(n->list, n->room, sizeof(*n->list));
	}
	n->list[n->count++] = mem_strdup(name);
	n->stats = n->stats || strcmp(name, "fuzzer_stats") == 0;
	n->queue = n->queue || strcmp(name, "queue") == 0;
	n->crashes = n->crashes || strcmp(name, "crashes") == 0;
	n->named = n->named || is_crash_name(name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_release(struct names *n)
{
	while (n->count > 0)
		free(n->list[--n->count]);
	free(n->list);
}

static int walk(
    struct inputs *in, const char *folder, int depth, struct err *e);

/* Of AFL++'s own folder only what crashed. */
static bool
is_output(const struct names *n)
{
	return n->stats || (n->queue && n->crashes);
}

static int
take_folder(struct inputs *in, const struct names *n, const char *folder,
    const char *name, int depth, struct err *e)
{
	struct buf path = BUF_INIT;
	int got;

	if (name[0] == '.')
		return 0;
	if (is_output(n) && !begins(name, "crashes"))
		return begins(name, "hangs")
		    ? add(in, folder, name,
			  "hangs: name the folder to take "
			  "them",
			  e)
		    : 0;
	if (depth == DEPTH)
		return add(in, folder, name, "too deep", e);
	buf_printf(&path, "%s%s%s", folder, ends(folder, "/") ? "" : "/", name);
	got = walk(in, path.data, depth + 1, e);
	buf_release(&path);
	return got;
}

static const char *
why_not(const struct names *n, const char *name, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a file";
	if (never(name) != NULL)
		return never(name);
	if (n->named && !is_crash_name(name))
		return "not called as a crash";
	return st->st_size > (off_t)INPUT_MOST ? "over 64 MiB" : NULL;
}

static int
take(struct inputs *in, const struct names *n, int fd, const char *folder,
    const char *name, int depth, struct err *e)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0; /* it has gone since */
	if (S_ISDIR(st.st_mode))
		return take_folder(in, n, folder, name, depth, e);
	/* Dozens of AFL++'s own are not worth a line each. */
	if (is_output(n))
		return 0;
	return add(in, folder, name, why_not(n, name, &st), e);
}

static int
walk(struct inputs *in, const char *folder, int depth, struct err *e)
{
	struct names n = {NULL, 0, 0, false, false, false, false};
	int fd, got = -1;
	size_t i;

	/* What was named may be a link; what is found below is not followed. */
	fd = depth > 0 ? fs_open_dir(AT_FDCWD, folder, e)
		       : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return depth > 0 ? -1
				 : err_sys(e, "cannot read '%.200s'", folder);
	if (fs_each(fd, on_name, &n, e) == -1)
		goto close_folder;
	if (n.count > 1)
		qsort(n.list, n.count, sizeof(*n.list), by_name);
	got = 0;
	for (i = 0; i < n.count && got == 0; i++)
		got = take(in, &n, fd, folder, n.list[i], depth, e);
close_folder:
	names_release(&n);
	close(fd);
	return got;
}

int
inputs_add(struct inputs *in, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_set(
			    e, ERR_NOT_FOUND, "there is no '%.200s'", path);
		return err_sys(e, "cannot read '%.200s'", path);
	}
	if (S_ISDIR(st.st_mode))
		return walk(in, path, 0, e);
	return add(in, NULL, path,
	    !S_ISREG(st.st_mode)                 ? "not a file"
		: st.st_size > (off_t)INPUT_MOST ? "over 64 MiB"
						 : NULL,
	    e);
}
