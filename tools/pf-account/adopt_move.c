/*
 * What `adopt` does to files.  The old owner is somebody who is not root and
 * may be there while we walk: folders are entered by descriptor, links are
 * never followed, and what is not his is not touched.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/spawn.h"
#include "tools/pf-account/adopt_move.h"

static bool
exists(int at, const char *name)
{
	return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whole under another name first. */
static int
copy_entry(const struct move *m, const char *name, struct err *e)
{
	struct buf from = BUF_INIT, to = BUF_INIT, said = BUF_INIT;
	char half[300];
	const char *const argv[] = {
	    "cp", "-a", "--reflink=auto", "--", NULL, NULL, NULL};
	const char *args[7];
	struct spawn s = {.argv = args, .in = -1, .out = -1, .err = -1};
	int status;

	snprintf(half, sizeof(half), ".adopt.%.255s", name);
	buf_printf(&from, "%s/%s", m->from_path, name);
	buf_printf(&to, "%s/%s", m->to_path, half);
	memcpy(args, argv, sizeof(args));
	args[4] = from.data;
	args[5] = to.data;
	status = fs_remove_tree(m->to, half, e);
	if (status == 0)
		status = spawn_run(&s, &said, 1024, 0, e);
	if (status > 0)
		err_set(e, ERR_AGAIN, "cannot copy '%s': %.*s", from.data,
		    (int)strcspn(buf_text(&said), "\n"), buf_text(&said));
	if (status == 0 && syncfs(m->to) == -1)
		status = err_sys(e, "cannot sync '%s'", m->to_path);
	if (status == 0 && renameat(m->to, half, m->to, name) == -1)
		status = err_sys(e, "cannot rename '%s'", to.data);
	buf_release(&from);
	buf_release(&to);
	buf_release(&said);
	return status == 0 ? fs_remove_tree(m->from, name, e) : -1;
}

int
move_entry(const struct move *m, const char *name, struct err *e)
{
	if (!exists(m->from, name))
		return 0;
	if (exists(m->to, name) && unlinkat(m->to, name, AT_REMOVEDIR) == -1) {
		if (m->again)
			return fs_remove_tree(m->from, name, e);
		return err_set(
		    e, ERR_CONFLICT, "'%s/%s' is not empty", m->to_path, name);
	}
	if (renameat(m->from, name, m->to, name) == 0)
		return 0;
	if (errno != EXDEV)
		return err_sys(e, "cannot move '%s/%s'", m->from_path, name);
	return copy_entry(m, name, e);
}

/* ---- owners ---------------------------------------------------------- */

struct walk {
	const struct owner *owner;
	struct err *e;
};

static int
own_below(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg;

	return move_owner(dirfd, name, w->owner, w->e);
}

static int
own_folder(
    int at, const char *name, const struct owner *o, mode_t mode, struct err *e)
{
	struct walk w = {o, e};
	int fd, rc = 0;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "cannot open '%s'", name);
	mode = (mode & 0700) | (o->share ? 02050 : 0050);
	if (fchown(fd, o->uid, o->gid) == -1 || fchmod(fd, mode) == -1)
		rc = err_sys(e, "cannot set the owner of '%s'", name);
	if (rc == 0)
		rc = fs_each(fd, own_below, &w, e);
	close(fd);
	return rc;
}

int
move_owner(int at, const char *name, const struct owner *o, struct err *e)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT
		    ? 0
		    : err_sys(e, "cannot look at '%s'", name);
	if (st.st_uid != o->was && st.st_uid != o->uid)
		return err_set(e, ERR_REFUSED,
		    "'%s' belongs to neither the old nor the new user (uid "
		    "%u)",
		    name, (unsigned)st.st_uid);
	if (S_ISDIR(st.st_mode))
		return own_folder(at, name, o, st.st_mode, e);
	if (fchownat(at, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "cannot set the owner of '%s'", name);
	return 0;
}
