/*
 * Opening the store: its folders, and stage/<boot-id>/ for bytes that have no
 * name yet.  What other boots left in stage/ was never committed and goes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "masterd/store/store_internal.h"

static const char *const folders[] = {"stage", "builds", "builds/files",
    "segments", "corpus", "crashes", "buckets", "jobs", "rejected", "held",
    "spool", NULL};

static int
remove_entry(void *arg, int dirfd, const char *name)
{
	(void)arg;
	return fs_remove_tree(dirfd, name, NULL);
}

static int
make_folders(struct store *s, struct err *e)
{
	struct stat all, one;
	int i;

	if (fstat(s->root, &all) == -1)
		return err_sys(e, "cannot look at the root");
	for (i = 0; folders[i] != NULL; i++) {
		if (fs_make_dirs(s->root, folders[i], 0750, e) == -1)
			return -1;
		if (fstatat(s->root, folders[i], &one, 0) == -1)
			return err_sys(e, "cannot look at '%s'", folders[i]);
		if (one.st_dev != all.st_dev)
			return err_set(e, ERR_REFUSED,
			    "'%s' is on another "
			    "file system than the root: stage/ and the store "
			    "must share one",
			    folders[i]);
	}
	return 0;
}

/* A folder of our own in stage/, all others emptied. */
static int
make_stage(struct store *s, struct err *e)
{
	char path[64];
	int dir, ok;

	if ((dir = fs_open_dir(s->root, "stage", e)) == -1)
		return -1;
	ok = fs_each(dir, remove_entry, NULL, e);
	close(dir);
	if (ok == -1)
		return -1;
	snprintf(path, sizeof(path), "stage/%s", clock_boot_id().text);
	s->stage = fs_make_dir_open(s->root, path, 0750, e);
	return s->stage == -1 ? -1 : 0;
}

struct store *
store_open(int root, struct loop *loop, bool nosync, struct err *e)
{
	struct store *s = mem_alloc(sizeof(*s));

	s->stage = -1;
	if ((s->root = fcntl(root, F_DUPFD_CLOEXEC, 3)) == -1) {
		err_sys(e, "cannot open the root");
		goto fail;
	}
	if (make_folders(s, e) == -1 || make_stage(s, e) == -1 ||
	    (s->disk = disk_open(s->root, &DISK_POLICY, e)) == NULL)
		goto fail;
	if ((s->sync = sync_child_start(s->root, loop, nosync, e)) == NULL ||
	    (s->closer = closer_start(e)) == NULL)
		goto fail;
	return s;
fail:
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	sync_child_stop(s->sync);
	closer_stop(s->closer);
	disk_close(s->disk);
	hasher_free(s->idle);
	if (s->stage != -1)
		close(s->stage);
	if (s->root != -1)
		close(s->root);
	free(s);
}

int
store_root(const struct store *s)
{
	return s->root;
}

struct disk *
store_disk(struct store *s)
{
	return s->disk;
}

void
store_sync(struct store *s, loop_fn *done, void *arg)
{
	sync_child_ask(s->sync, done, arg);
}
