/*
 * Opening: two descriptors, taken once.  All else works on them, so whoever
 * moves a folder away can neither make us write elsewhere nor lose an entry.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "spool/spool_internal.h"

#define FOLDER_MODE 0750

/* ROOT/tmp and ROOT/new below "at" into fds[]. */
static int
open_folders(int at, const char *root, bool make, int fds[2], struct err *e)
{
	int dir;

	dir = make ? fs_make_dir_open(at, root, FOLDER_MODE, e)
		   : fs_open_dir(at, root, e);
	if (dir == -1)
		return -1;
	fds[0] = make ? fs_make_dir_open(dir, "tmp", FOLDER_MODE, e)
		      : fs_open_dir(dir, "tmp", e);
	if (fds[0] == -1)
		goto no_tmp;
	fds[1] = make ? fs_make_dir_open(dir, "new", FOLDER_MODE, e)
		      : fs_open_dir(dir, "new", e);
	if (fds[1] == -1)
		goto no_new;
	close(dir);
	return 0;

no_new:
	close(fds[0]);
no_tmp:
	close(dir);
	return err_wrap(e, "spool '%s'", root);
}

struct spool *
spool_open(int at, const char *root, const struct spool_names *names, bool make,
    struct err *e)
{
	struct spool *s;
	int fds[2], own = AT_FDCWD;

	if (at != AT_FDCWD && (own = fcntl(at, F_DUPFD_CLOEXEC, 3)) == -1) {
		err_sys(e, "cannot keep the folder of spool '%s'", root);
		return NULL;
	}
	if (open_folders(at, root, make, fds, e) == -1) {
		if (own != AT_FDCWD)
			close(own);
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->at = own;
	s->root = mem_strdup(root);
	s->tmp = fds[0];
	s->fresh = fds[1];
	s->names = *names;
	spool_entries_init(&s->entries, names->order);
	return s;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	spool_entries_release(&s->entries);
	close(s->tmp);
	close(s->fresh);
	if (s->at != AT_FDCWD)
		close(s->at);
	free(s->root);
	free(s);
}

int
spool_reopen(struct spool *s, struct err *e)
{
	int fds[2];

	/* Either both are the new ones or both are as before. */
	if (open_folders(s->at, s->root, false, fds, e) == -1)
		return -1;
	close(s->tmp);
	close(s->fresh);
	s->tmp = fds[0];
	s->fresh = fds[1];
	return 0;
}

int
spool_new_fd(const struct spool *s)
{
	return s->fresh;
}

int
spool_tmp_fd(const struct spool *s)
{
	return s->tmp;
}

bool
spool_broken(const struct spool *s)
{
	return s->broken;
}

bool
spool_name_ok(const struct spool *s, const char *name)
{
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return false;
	return strlen(name) <= SPOOL_NAME_MAX && s->names.gate(name);
}
