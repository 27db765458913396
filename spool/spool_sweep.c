/*
 * Debris: what a kill left in tmp/.  Its age is told by the clock of the file
 * system that it lies on, which may be another machine's; and when that clock
 * and ours disagree, nobody knows how old anything is.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "spool/spool_internal.h"

#define CLOCKS_AGREE_MS (60ull * 60 * 1000)

static uint64_t
mtime_ms(const struct stat *st)
{
	if (st->st_mtim.tv_sec < 0)
		return 0;
	return (uint64_t)st->st_mtim.tv_sec * 1000 +
	    (uint64_t)st->st_mtim.tv_nsec / 1000000;
}

/* A file of ours, made now: its time is the file system's. */
static int
file_system_now(const struct spool *s, uint64_t *now, struct err *e)
{
	struct stat st;
	char name[40];
	int fd, rc;

	snprintf(
	    name, sizeof(name), ".sweep-%s", text_hex64(random_u64()).text);
	fd =
	    openat(s->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "cannot ask tmp/ of '%s' the time", s->root);
	rc = fstat(fd, &st);
	if (rc == -1)
		err_sys(e, "cannot examine '%s'", name);
	close(fd);
	(void)unlinkat(s->tmp, name, 0);
	if (rc == 0)
		*now = mtime_ms(&st);
	return rc;
}

struct sweep {
	uint64_t older_than;
	int removed, failed;
	struct err first; /* of those that failed */
};

static int
sweep_one(void *arg, int dirfd, const char *name)
{
	struct sweep *sw = arg;
	struct err e = {0};
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0; /* gone meanwhile: that is what we want */
	if (mtime_ms(&st) >= sw->older_than)
		return 0;
	if (fs_remove_tree(dirfd, name, &e) == 0)
		sw->removed++;
	else if (sw->failed++ == 0)
		sw->first = e;
	return 0;
}

int
spool_sweep(struct spool *s, uint64_t age_ms, uint64_t now_ms, struct err *e)
{
	struct sweep sw = {0};
	uint64_t now = 0, apart;

	if (file_system_now(s, &now, e) == -1)
		return -1;
	apart = now > now_ms ? now - now_ms : now_ms - now;
	if (apart > CLOCKS_AGREE_MS)
		return err_set(e, ERR_CONFLICT,
		    "the clock of tmp/ of '%s' is %ju s from ours, nothing is "
		    "swept",
		    s->root, (uintmax_t)(apart / 1000));
	sw.older_than = now > age_ms ? now - age_ms : 0;
	if (fs_each(s->tmp, sweep_one, &sw, e) == -1)
		return -1;
	if (sw.failed > 0) {
		if (e != NULL)
			*e = sw.first;
		return err_wrap(e, "debris in tmp/ of '%s'", s->root);
	}
	return sw.removed;
}
