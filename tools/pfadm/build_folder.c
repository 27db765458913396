/*
 * Walking a build folder.  Links are followed by the kernel only inside the
 * folder (openat2(2), RESOLVE_BENEATH), so that what is checked is what is
 * read.
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
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/build_folder.h"

#define DEPTH_MAX 16
#define FILE_MAX  (2ull << 30)

struct walk {
	struct build_folder *b;
	char prefix[TICKET_PATH_MAX + 2]; /* "sub/", or "" */
	int depth;
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

/* The file behind "path", which may be a link to it. */
static int
open_file(struct walk *w, const char *path, bool link, struct stat *st)
{
	int fd = open_beneath(w->b->fd, path, O_RDONLY);

	if (fd == -1 && errno == EXDEV)
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is a link that leaves the build folder", path);
	if (fd == -1 && link && errno == ENOENT)
		return err_set(
		    w->e, ERR_REFUSED, "'%s' is a link to nothing", path);
	if (fd == -1 || fstat(fd, st) == -1) {
		err_sys(w->e, "cannot read '%s'", path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (S_ISREG(st->st_mode))
		return fd;
	close(fd);
	return err_set(w->e, ERR_REFUSED, "'%s' is %s%s, not a file", path,
	    link ? "a link to " : "", kind_of(st->st_mode));
}

static int
add_file(struct walk *w, const char *path, bool link)
{
	struct ticket_file f;
	struct stat st;
	int fd, got;

	memset(&f, 0, sizeof(f));
	if (!ticket_path_ok(path) || !text_copy(f.path, sizeof(f.path), path))
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is no name for a file of a build", path);
	if ((fd = open_file(w, path, link, &st)) == -1)
		return -1;
	if ((uint64_t)st.st_size > FILE_MAX) {
		close(fd);
		return err_set(w->e, ERR_REFUSED, "'%s' has %s, limit is %s",
		    path, text_size((uint64_t)st.st_size).text,
		    text_size(FILE_MAX).text);
	}
	f.mode = (st.st_mode & 0100) != 0 ? 0755 : 0644;
	got = fs_hash(fd, &f.sha256, &f.size, w->e);
	close(fd);
	if (got == -1)
		return err_wrap(w->e, "cannot read '%s'", path);
	manifest_add(&w->b->manifest, &f);
	return 0;
}

static int walk_folder(struct walk *w, const char *path);

static int
visit(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg;
	char path[sizeof(w->prefix) + NAME_MAX + 1];
	struct stat st;

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
	if (S_ISDIR(st.st_mode))
		return walk_folder(w, path);
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return add_file(w, path, S_ISLNK(st.st_mode));
	return err_set(w->e, ERR_REFUSED, "'%s' is %s, not a file", path,
	    kind_of(st.st_mode));
}

static int
walk_folder(struct walk *w, const char *path)
{
	struct walk below = *w;
	int fd, got;

	if (++below.depth > DEPTH_MAX)
		return err_set(w->e, ERR_REFUSED,
		    "'%s' is too deep in the build folder", path);
	snprintf(below.prefix, sizeof(below.prefix), "%s%s", path,
	    *path == '\0' ? "" : "/");
	fd = open_beneath(w->b->fd, *path == '\0' ? "." : path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd == -1)
		return err_sys(w->e, "cannot open the folder '%s'",
		    *path == '\0' ? "." : path);
	got = fs_each(fd, visit, &below, w->e);
	close(fd);
	return got;
}

struct name
build_folder_project(const char *name)
{
	struct name p;
	size_t n = 0;

	memset(&p, 0, sizeof(p));
	for (; *name != '\0' && n < NAME_MAX_LEN; name++) {
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
	struct walk w = {.b = b, .e = e};

	memset(b, 0, sizeof(*b));
	b->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd == -1)
		return err_sys(e, "cannot open the folder '%s'", path);
	name_project(b, path);
	if (walk_folder(&w, "") != 0)
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
