/*
 * What lies below ROOT, and whose it is.  Every step may be done again on what
 * is there already: that is how a set-up that was killed is completed.
 *
 * ROOT and each folder down to an account's are root's and writable by nobody
 * else: sshd refuses any other chroot, and the master could otherwise be made
 * to lead root's own steps elsewhere.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "tools/pf-account/site.h"

#define ROOT_USER "root"

/* What packaging/systemd's tmpfiles.d says, too; a test compares the two. */
/* clang-format off */
const struct site_folder site_folders[] = {
	{ "accounts",		0750,	NULL,		NULL },
	{ "buckets",		02750,	NULL,		GROUP_READ },
	{ "builds",		0750,	NULL,		NULL },
	{ "corpus",		02750,	NULL,		GROUP_READ },
	{ "crashes",		02750,	NULL,		GROUP_READ },
	{ "data",		0750,	NULL,		NULL },
	{ "held",		0750,	NULL,		NULL },
	{ "jobs",		0750,	NULL,		NULL },
	{ "logs",		0750,	NULL,		NULL },
	{ "metadata",		0750,	NULL,		NULL },
	{ "rejected",		0750,	NULL,		NULL },
	{ "run",		0755,	NULL,		NULL },
	{ "segments",		0750,	NULL,		NULL },
	{ "spool",		0755,	ROOT_USER,	ROOT_USER },
	/* What is made here keeps its group under its name in the store. */
	{ "stage",		02700,	NULL,		GROUP_READ },
};
/* clang-format on */
const size_t site_folder_count = sizeof(site_folders) / sizeof(site_folders[0]);

/* A file, because the master may make none in ROOT itself. */
#define LOCK "lock"

int
site_check_path(const char *path, struct err *e)
{
	const char *p;

	if (path[0] != '/')
		return err_set(
		    e, ERR_REFUSED, "'%s' is not an absolute path", path);
	for (p = path; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f ||
		    strchr("\"'\\%#$`", *p) != NULL)
			return err_set(e, ERR_REFUSED,
			    "'%s' holds a character that sshd's files cannot",
			    path);
	return 0;
}

void
site_print_folders(const struct site *s, struct buf *out)
{
	const struct site_folder *f;
	size_t i;

	buf_printf(out, "d %s 0755 root root -\n", s->root);
	for (i = 0; i < site_folder_count; i++) {
		f = &site_folders[i];
		buf_printf(out, "d %s/%s %04o %s %s -\n", s->root, f->name,
		    f->mode, f->owner == NULL ? s->user : f->owner,
		    f->group == NULL ? s->user : f->group);
	}
	buf_printf(
	    out, "f %s/" LOCK " 0640 %s %s -\n", s->root, s->user, s->user);
}

int
site_folder(int at, const char *name, const struct site_mark *m, struct err *e)
{
	struct stat st;
	int fd, rc = 0;

	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "cannot make '%s'", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "cannot open '%s'", name);
	/* A chown takes the setgid bit away, so the mode comes last. */
	if (fstat(fd, &st) == -1 ||
	    ((st.st_uid != m->uid || st.st_gid != m->gid) &&
		fchown(fd, m->uid, m->gid) == -1) ||
	    fchmod(fd, m->mode) == -1)
		rc = err_sys(e, "cannot set owner and mode of '%s'", name);
	close(fd);
	return rc;
}

static int
group_gid(const struct site *s, const char *name, gid_t *gid, struct err *e)
{
	struct group *g;

	if (name == NULL) {
		*gid = s->gid;
		return 0;
	}
	if ((g = getgrnam(name)) == NULL)
		return err_set(
		    e, ERR_NOT_FOUND, "there is no group '%s'", name);
	*gid = g->gr_gid;
	return 0;
}

static int
make_folders(const struct site *s, struct err *e)
{
	const struct site_folder *f;
	struct site_mark m;
	size_t i;

	for (i = 0; i < site_folder_count; i++) {
		f = &site_folders[i];
		m.uid = f->owner == NULL ? s->uid : 0;
		m.mode = f->mode;
		if (group_gid(s, f->group, &m.gid, e) == -1 ||
		    site_folder(s->dir, f->name, &m, e) == -1)
			return -1;
	}
	return 0;
}

static int
make_lock(const struct site *s, struct err *e)
{
	int fd, rc = 0;

	fd = openat(
	    s->dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "cannot make '" LOCK "'");
	if (fchown(fd, s->uid, s->gid) == -1)
		rc = err_sys(e, "cannot set the owner of '" LOCK "'");
	close(fd);
	return rc;
}

static int
find_user(struct site *s, struct err *e)
{
	struct passwd *pw = getpwnam(s->user);

	if (pw == NULL)
		return err_set(e, ERR_NOT_FOUND,
		    "there is no user '%s': run `pf-account setup`", s->user);
	if (pw->pw_uid == 0)
		return err_set(
		    e, ERR_REFUSED, "the master is not to be '%s'", s->user);
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return 0;
}

/* Nobody but root may be able to put something else in the way. */
static int
check_above(const char *root, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(path, sizeof(path), "%s", root);
	for (;;) {
		if (lstat(path, &st) == -1)
			return err_sys(e, "cannot look at '%s'", path);
		if (!S_ISDIR(st.st_mode) || st.st_uid != 0 ||
		    (st.st_mode & 022) != 0)
			return err_set(e, ERR_REFUSED,
			    "'%s' is not a folder that only root can change, "
			    "which sshd insists on (owner %u, mode %03o)",
			    path, (unsigned)st.st_uid,
			    (unsigned)(st.st_mode & 0777));
		if (strcmp(path, "/") == 0)
			return 0;
		slash = strrchr(path, '/');
		slash[slash == path ? 1 : 0] = '\0';
	}
}

static int
make_top(const char *path, struct err *e)
{
	struct site_mark m = {0, 0, 0755};
	char above[PATH_MAX], *slash;
	int at, rc;

	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	slash[slash == above ? 1 : 0] = '\0';
	at = fs_make_dir_open(AT_FDCWD, above, 0755, e);
	if (at == -1)
		return -1;
	rc = site_folder(at, strrchr(path, '/') + 1, &m, e);
	close(at);
	return rc;
}

static int
open_folders(struct site *s, struct err *e)
{
	char keys[PATH_MAX + 8];

	snprintf(keys, sizeof(keys), "%s/keys", s->etc);
	s->dir = fs_open_dir(AT_FDCWD, s->root, e);
	if (s->dir == -1 || check_above(s->root, e) == -1)
		return -1;
	s->keys = fs_open_dir(AT_FDCWD, keys, e);
	return s->keys == -1 ? -1 : 0;
}

int
site_make(struct site *s, struct err *e)
{
	char keys[PATH_MAX + 8];

	snprintf(keys, sizeof(keys), "%s/keys", s->etc);
	if (find_user(s, e) == -1 || make_top(s->root, e) == -1 ||
	    make_top(s->etc, e) == -1 || make_top(keys, e) == -1 ||
	    open_folders(s, e) == -1 || make_folders(s, e) == -1 ||
	    make_lock(s, e) == -1)
		return -1;
	s->spool = fs_open_dir(s->dir, "spool", e);
	return s->spool == -1 ? -1 : 0;
}

int
site_open(struct site *s, struct err *e)
{
	if (find_user(s, e) == -1)
		return -1;
	if (open_folders(s, e) == -1 ||
	    (s->spool = fs_open_dir(s->dir, "spool", e)) == -1) {
		if (e->cls == ERR_NOT_FOUND)
			err_wrap(e, "run `pf-account setup` first");
		return -1;
	}
	return 0;
}

/* ---- an account's ---------------------------------------------------- */

/* incoming/ is root's, so that an account cannot move new/ away; files in new/
 * get the master's group from its folder. */
static int
make_incoming(const struct site *s, int dir, uid_t uid, struct err *e)
{
	struct site_mark root = {0, 0, 0755}, own = {uid, s->gid, 02770};
	int fd, rc;

	if (site_folder(dir, "incoming", &root, e) == -1 ||
	    (fd = fs_open_dir(dir, "incoming", e)) == -1)
		return -1;
	rc = site_folder(fd, "tmp", &own, e);
	if (rc == 0)
		rc = site_folder(fd, "new", &own, e);
	close(fd);
	return rc;
}

int
site_make_spool(const struct site *s, const char *account, uid_t uid, gid_t gid,
    struct err *e)
{
	struct site_mark root = {0, 0, 0755}, out = {s->uid, gid, 02750};
	int fd, rc;

	if (site_folder(s->spool, account, &root, e) == -1 ||
	    (fd = fs_open_dir(s->spool, account, e)) == -1)
		return -1;
	rc = make_incoming(s, fd, uid, e);
	if (rc == 0)
		rc = site_folder(fd, "outgoing", &out, e);
	if (rc == 0)
		rc = fs_sync_dir(fd, e);
	close(fd);
	return rc == -1 ? -1 : fs_sync_dir(s->spool, e);
}

void
site_drop_spool(const struct site *s, const char *account)
{
	static const char *const names[] = {
	    "incoming/tmp", "incoming/new", "incoming", "outgoing"};
	int fd = fs_open_dir(s->spool, account, NULL);
	size_t i;

	if (fd == -1)
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(fd, names[i], AT_REMOVEDIR);
	close(fd);
	(void)unlinkat(s->spool, account, AT_REMOVEDIR);
}

int
site_remove_spool(const struct site *s, const char *account, struct err *e)
{
	return fs_remove_tree(s->spool, account, e);
}
