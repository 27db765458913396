/*
 * Filling: stage in tmp/, sync, rename to new/, sync new/; then, and only
 * then, say yes.  What a kill between any two steps leaves is in DESIGN.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "spool/spool_internal.h"

#define FILE_MODE 0640

static int
refuse_broken(const struct spool *s, struct err *e)
{
	return err_set(e, ERR_AGAIN,
	    "spool '%s' takes nothing more after a failed sync", s->root);
}

int
spool_stage(struct spool *s, const char *name, struct err *e)
{
	int fd;

	if (s->broken)
		return refuse_broken(s, e);
	if (!spool_name_ok(s, name))
		return err_set(e, ERR_REFUSED,
		    "'%s' is no name for an entry of spool '%s'", name,
		    s->root);
	fd = openat(
	    s->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd == -1 && errno == EEXIST)
		/* Never taken over: its writer may be alive. */
		return err_set(e, ERR_CONFLICT,
		    "'%s' is being staged already, or is debris of a kill",
		    name);
	if (fd == -1)
		return err_sys(e, "cannot stage '%s'", name);
	return fd;
}

/* link+unlink refuses a name that exists too, where the file system does not
 * know RENAME_NOREPLACE. */
static int
rename_by_link(struct spool *s, const char *name)
{
	if (linkat(s->tmp, name, s->fresh, name, 0) == -1)
		return -1;
	/* Committed: what is left in tmp/ is debris for the sweep. */
	(void)unlinkat(s->tmp, name, 0);
	return 0;
}

static int
rename_to_new(struct spool *s, const char *name)
{
	int rc;

	rc = renameat2(s->tmp, name, s->fresh, name, RENAME_NOREPLACE);
	if (rc == -1 && (errno == EINVAL || errno == ENOSYS))
		rc = rename_by_link(s, name);
	return rc;
}

/* A failed sync is never tried again: the kernel may have dropped the pages
 * and would say yes. */
static int
sync_failed(struct spool *s, const char *what, const char *name, struct err *e)
{
	s->broken = true;
	err_sys(e, "cannot sync %s '%s'", what, name);
	if (e != NULL)
		e->cls = ERR_AGAIN;
	return -1;
}

int
spool_commit(struct spool *s, int fd, const char *name, struct err *e)
{
	if (s->broken) {
		close(fd);
		return refuse_broken(s, e);
	}
	if (fsync(fd) == -1) {
		sync_failed(s, "entry", name, e);
		close(fd);
		return -1;
	}
	/* Some file systems tell of a failed write only here. */
	if (close(fd) == -1 && errno != EINTR) {
		err_sys(e, "cannot close '%s'", name);
		goto unstage;
	}
	/* The rename is the commit: whole in new/, or not there at all. */
	if (rename_to_new(s, name) == -1) {
		if (errno == EEXIST)
			err_set(e, ERR_CONFLICT,
			    "'%s' is in spool '%s' already", name, s->root);
		else
			err_sys(e, "cannot commit '%s'", name);
		goto unstage;
	}
	if (fsync(s->fresh) == -1)
		return sync_failed(s, "new/ of spool", s->root, e);
	return 0;

unstage:
	(void)unlinkat(s->tmp, name, 0);
	return -1;
}

void
spool_unstage(struct spool *s, int fd, const char *name)
{
	close(fd);
	(void)unlinkat(s->tmp, name, 0);
}

int
spool_put(struct spool *s, const char *name, const void *bytes, size_t len,
    struct err *e)
{
	int fd;

	if ((fd = spool_stage(s, name, e)) == -1)
		return -1;
	if (fs_write_all(fd, bytes, len) == -1) {
		err_sys(e, "cannot write '%s'", name);
		spool_unstage(s, fd, name);
		return -1;
	}
	return spool_commit(s, fd, name, e);
}
