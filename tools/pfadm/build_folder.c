/*
 * Walking a build folder, which may have come as an archive.  Links are
 * followed by the kernel only inside the folder (openat2(2), RESOLVE_BENEATH),
 * so that what is checked is what is read.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/archive/build.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/build_folder.h"

#define DEPTH_MAX 16

struct walk {
	struct build_folder *b;
	char prefix[TICKET_PATH_MAX + 2]; /* "sub/", or "" */
	int depth;
	const struct walk *above; /* the folder it is in */
	dev_t dev;
	ino_t ino;
	uint64_t *folders; /* of all */
	struct err *e;
};

static int
open_beneath(int fd, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));
}

static const char *
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	case S_IFDIR:
		return "a folder";
	default:
		return "no file";
	}
}

/* What is behind "path", which may be a link to it. */
static int
open_behind(struct walk *w, const char *path, bool link, struct stat *st)
{
	int fd = open_beneath(w->b->fd, path, O_RDONLY);

	if (fd == -1 && errno == EXDEV)
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is a link that leaves the build folder", path);
	if (fd == -1 && link && errno == ENOENT)
		return err_set(
		    w->e, ERR_REFUSED, "'%s' is a link to nothing", path);
	if (fd == -1 && link && errno == ELOOP)
		return err_set(
		    w->e, ERR_REFUSED, "'%s' is a link to itself", path);
	if (fd == -1 || fstat(fd, st) == -1) {
		err_sys(w->e, "cannot read '%s'", path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

/* All that has a limit is refused before anything is read. */
static int
count_file(struct walk *w, const char *path, uint64_t size)
{
	struct build_folder *b = w->b;

	if ((uint64_t)b->manifest.count == BUILD_LIMITS.files)
		return err_set(w->e, ERR_REFUSED,
		    "there are over %ju files, the most a build may have",
		    (uintmax_t)BUILD_LIMITS.files);
	if (size > BUILD_LIMITS.file_bytes)
		return err_set(w->e, ERR_REFUSED, "'%s' has %s, limit is %s",
		    path, text_size(size).text,
		    text_size(BUILD_LIMITS.file_bytes).text);
	b->bytes += size;
	if (b->bytes > BUILD_LIMITS.bytes)
		return err_set(w->e, ERR_REFUSED,
		    "the files have over %s, the most a build may have",
		    text_size(BUILD_LIMITS.bytes).text);
	return 0;
}

static int
add_file(struct walk *w, const char *path, const struct stat *st)
{
	struct ticket_file f;

	memset(&f, 0, sizeof(f));
	if (!ticket_path_ok(path) || !text_copy(f.path, sizeof(f.path), path))
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is no name for a file of a build", path);
	if (count_file(w, path, (uint64_t)st->st_size) == -1)
		return -1;
	f.mode = (st->st_mode & 0100) != 0 ? 0755 : 0644;
	f.size = (uint64_t)st->st_size;
	manifest_add(&w->b->manifest, &f);
	return 0;
}

static int walk_folder(
    const struct walk *w, const char *path, int fd, const struct stat *st);

static int
visit(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg;
	char path[sizeof(w->prefix) + NAME_MAX + 1];
	struct stat st;
	int fd, got;
	bool link;

	if (name[0] == '.') {
		w->b->hidden++;
		return 0;
	}
	snprintf(path, sizeof(path), "%s%s", w->prefix, name);
	if (strlen(path) > TICKET_PATH_MAX)
		return err_set(w->e, ERR_REFUSED,
		    "'%.60s...' is too deep in the build folder", path);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(w->e, "cannot look at '%s'", path);
	link = S_ISLNK(st.st_mode);
	/* Opening may be an act: only files, folders and links are. */
	if (!link && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(w->e, ERR_REFUSED, "'%s' is %s, not a file",
		    path, kind_of(st.st_mode));
	if ((fd = open_behind(w, path, link, &st)) == -1)
		return -1;
	if (S_ISDIR(st.st_mode))
		got = walk_folder(w, path, fd, &st);
	else if (S_ISREG(st.st_mode))
		got = add_file(w, path, &st);
	else
		got = err_set(w->e, ERR_REFUSED,
		    "'%s' is a link to %s, not to a file", path,
		    kind_of(st.st_mode));
	close(fd);
	return got;
}

/* A link back to a folder that holds it has no end. */
static bool
holds_itself(const struct walk *w, const struct stat *st)
{
	for (; w != NULL; w = w->above)
		if (w->dev == st->st_dev && w->ino == st->st_ino)
			return true;
	return false;
}

static int
walk_folder(
    const struct walk *w, const char *path, int fd, const struct stat *st)
{
	struct walk below = *w;

	if (++below.depth > DEPTH_MAX || ++*below.folders > BUILD_LIMITS.files)
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is too deep in the build folder, or there are too "
		    "many",
		    path);
	if (holds_itself(w, st))
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is a link to a folder that holds it", path);
	below.above = w;
	below.dev = st->st_dev;
	below.ino = st->st_ino;
	snprintf(
	    below.prefix, sizeof(below.prefix), "%.*s/", TICKET_PATH_MAX, path);
	return fs_each(fd, visit, &below, w->e);
}

static int
walk_all(struct build_folder *b, struct err *e)
{
	uint64_t folders = 0;
	struct walk w = {.b = b, .folders = &folders, .e = e};
	struct stat st;

	if (fstat(b->fd, &st) == -1)
		return err_sys(e, "cannot look at the build folder");
	w.dev = st.st_dev;
	w.ino = st.st_ino;
	return fs_each(b->fd, visit, &w, e);
}

/* Bytes of a name before what says that it is an archive. */
static size_t
stem(const char *name)
{
	static const char *const ends[] = {
	    ".zip", ".tar.gz", ".tgz", ".tar", NULL};
	size_t len = strlen(name), n;
	int i;

	for (i = 0; ends[i] != NULL; i++) {
		n = strlen(ends[i]);
		if (len > n && strcasecmp(name + len - n, ends[i]) == 0)
			return len - n;
	}
	return len;
}

struct name
build_folder_project(const char *name)
{
	const char *end = name + stem(name);
	struct name p;
	size_t n = 0;

	memset(&p, 0, sizeof(p));
	for (; name < end && n < NAME_MAX_LEN; name++) {
		if (isalnum((unsigned char)*name) && isascii(*name))
			p.text[n++] = (char)tolower((unsigned char)*name);
		else if (n > 0 && p.text[n - 1] != '-')
			p.text[n++] = '-';
	}
	while (n > 0 && p.text[n - 1] == '-')
		p.text[--n] = '\0';
	if (n == 0)
		text_copy(p.text, sizeof(p.text), "project");
	return p;
}

static void
name_project(struct build_folder *b, const char *path)
{
	char *whole = realpath(path, NULL);
	const char *slash = whole == NULL ? NULL : strrchr(whole, '/');

	b->project = build_folder_project(slash == NULL ? path : slash + 1);
	free(whole);
}

int
build_folder_read(struct build_folder *b, const char *path, struct err *e)
{
	const char *folder = path;
	struct stat st;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	if (stat(path, &st) == -1)
		return err_sys(e, "cannot open the build '%s'", path);
	if (!S_ISDIR(st.st_mode)) {
		if ((b->unpacked = unpack_build(path, e)) == NULL)
			return -1;
		folder = b->unpacked;
	}
	b->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd == -1)
		return err_sys(e, "cannot open the folder '%s'", folder);
	name_project(b, path);
	if (walk_all(b, e) != 0)
		return -1;
	if (b->manifest.count == 0)
		return err_set(
		    e, ERR_REFUSED, "there is no file in '%s'", path);
	return manifest_sort(&b->manifest, e);
}

void
build_folder_release(struct build_folder *b)
{
	manifest_release(&b->manifest);
	if (b->fd != -1)
		close(b->fd);
	b->fd = -1;
	if (b->unpacked != NULL)
		unpack_remove(b->unpacked);
	free(b->unpacked);
	b->unpacked = NULL;
}

int
build_folder_open(
    const struct build_folder *b, const struct ticket_file *f, struct err *e)
{
	int fd = open_beneath(b->fd, f->path, O_RDONLY);

	if (fd == -1)
		return err_sys(e, "cannot read '%s'", f->path);
	return fd;
}
