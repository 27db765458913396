/*
 * What is in the folder of hooks.  Looked at anew each time: there is no list
 * that could be out of date.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/hooks/folder.h"

#define NAMES                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"-_."

static bool
plain_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 64 && name[0] != '.' &&
	    strspn(name, NAMES) == len;
}

/* Is what "st" is of in safe hands? */
static int
judge(const struct stat *st, const char *path, struct err *e)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, ERR_REFUSED,
		    "'%s' belongs to uid %u; run: chown root '%s'", path,
		    (unsigned)st->st_uid, path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(e, ERR_REFUSED,
		    "'%s' may be written by others; run: chmod go-w '%s'", path,
		    path);
	return 0;
}

static int
open_judged(int at, const char *name, const char *path, int more, struct err *e)
{
	int fd = openat(
	    at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | more);
	struct stat st;

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NOT_FOUND, "no folder '%s'", path);
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_sys(e, "cannot open folder '%s'", path);
	} else if (judge(&st, path, e) == 0) {
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

/* FOLDER/<event>, both judged. */
static int
open_event(const char *folder, const char *event, struct err *e)
{
	struct buf path = BUF_INIT;
	int base, fd;

	if (!plain_name(event))
		return err_set(e, ERR_NOT_FOUND, "no event '%s'", event);
	if ((base = open_judged(AT_FDCWD, folder, folder, 0, e)) == -1)
		return -1;
	buf_printf(&path, "%s/%s", folder, event);
	fd = open_judged(base, event, path.data, O_NOFOLLOW, e);
	close(base);
	buf_release(&path);
	return fd;
}

/* ---- one folder ------------------------------------------------------ */

struct names {
	char **list;
	size_t count;
};

static int
add_name(void *arg, int dirfd, const char *name)
{
	struct names *n = arg;
	struct stat st;

	if (!plain_name(name) ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    S_ISDIR(st.st_mode) || (st.st_mode & 0111) == 0)
		return 0;
	n->list = mem_resize(n->list, n->count + 1, sizeof(*n->list));
	n->list[n->count++] = mem_strdup(name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
folder_each(const char *folder, const char *event, folder_fn *fn, void *arg,
    struct err *e)
{
	struct names n = {NULL, 0};
	struct buf hook = BUF_INIT;
	size_t i;
	int fd, got;

	/* What a person must mend there, folder_troubles() says; what passes
	 * must not pass for an empty folder, or an event would be lost. */
	if ((fd = open_event(folder, event, e)) == -1)
		return e->cls == ERR_AGAIN ? -1 : 0;
	got = fs_each(fd, add_name, &n, e);
	close(fd);
	if (n.count > 0)
		qsort(n.list, n.count, sizeof(*n.list), by_name);
	for (i = 0; i < n.count; i++) {
		buf_reset(&hook);
		buf_printf(&hook, "%s/%s", event, n.list[i]);
		if (got == 0)
			got = fn(arg, hook.data);
		free(n.list[i]);
	}
	free(n.list);
	buf_release(&hook);
	return got;
}

int
folder_check(const char *folder, const char *hook, struct err *e)
{
	struct buf event = BUF_INIT, path = BUF_INIT;
	const char *name = strchr(hook, '/');
	struct stat st;
	int fd, rc = -1;

	if (name == NULL)
		return err_set(e, ERR_NOT_FOUND, "no hook '%s'", hook);
	buf_add(&event, hook, (size_t)(name++ - hook));
	buf_printf(&path, "%s/%s", folder, hook);
	fd = open_event(folder, buf_text(&event), e);
	if (fd == -1)
		goto out;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		err_set(e, ERR_NOT_FOUND, "no file '%s'", path.data);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_REFUSED,
		    "'%s' is no regular file; put the program itself there",
		    path.data);
	else
		rc = judge(&st, path.data, e);
	close(fd);
out:
	buf_release(&event);
	buf_release(&path);
	return rc;
}

/* ---- all of them ----------------------------------------------------- */

struct troubles {
	const char *folder;
	struct buf *out;
};

static void
add_trouble(struct buf *out, const struct err *e)
{
	buf_printf(out, "%s%s", out->len > 0 ? "\n" : "", e->text);
}

static int
check_one(void *arg, const char *hook)
{
	struct troubles *t = arg;
	struct err e;

	if (folder_check(t->folder, hook, &e) == -1 && e.cls != ERR_NOT_FOUND)
		add_trouble(t->out, &e);
	return 0;
}

static int
check_event(void *arg, int dirfd, const char *name)
{
	struct troubles *t = arg;
	struct stat st;
	struct err e;
	int fd;

	if (!plain_name(name) ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    S_ISREG(st.st_mode))
		return 0;
	if ((fd = open_event(t->folder, name, &e)) == -1) {
		add_trouble(t->out, &e);
		return 0;
	}
	close(fd);
	if (folder_each(t->folder, name, check_one, t, &e) == -1)
		add_trouble(t->out, &e);
	return 0;
}

void
folder_troubles(const char *folder, struct buf *out)
{
	struct troubles t = {folder, out};
	struct err e;
	int fd = open_judged(AT_FDCWD, folder, folder, 0, &e);

	if (fd == -1) {
		if (e.cls != ERR_NOT_FOUND)
			add_trouble(out, &e);
		return;
	}
	fs_each(fd, check_event, &t, &e);
	close(fd);
}
