/*
 * Emptying: a scan adds what it finds and forgets nothing, for a folder that
 * others change while it is read may hide a name.  An entry goes when the one
 * who has it in hand says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "spool/spool_internal.h"

struct scan {
	struct spool *s;
	spool_odd_fn *odd;
	void *arg;
};

static int
see(void *arg, int dirfd, const char *name)
{
	struct scan *scan = arg;

	(void)dirfd;
	if (spool_name_ok(scan->s, name))
		(void)spool_entries_add(&scan->s->entries, name);
	else if (scan->odd != NULL)
		scan->odd(scan->arg, name);
	return 0;
}

int
spool_scan(struct spool *s, spool_odd_fn *odd, void *arg, struct err *e)
{
	struct scan scan = {s, odd, arg};

	if (fs_each(s->fresh, see, &scan, e) == -1)
		return err_wrap(e, "spool '%s'", s->root);
	return 0;
}

const char *
spool_next(struct spool *s)
{
	return spool_entries_take(&s->entries);
}

const char *
spool_peek(const struct spool *s)
{
	return spool_entries_first(&s->entries);
}

void
spool_back(struct spool *s, const char *name)
{
	spool_entries_back(&s->entries, name);
}

void
spool_forget(struct spool *s, const char *name)
{
	spool_entries_drop(&s->entries, name);
}

int
spool_done(struct spool *s, const char *name, struct err *e)
{
	if (unlinkat(s->fresh, name, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot unlink '%s'", name);
	spool_entries_drop(&s->entries, name);
	return 0;
}

size_t
spool_waiting(const struct spool *s)
{
	return s->entries.waiting;
}

size_t
spool_in_hand(const struct spool *s)
{
	return s->entries.known - s->entries.waiting;
}

int
spool_copy(struct spool *s, const char *name, int to_at, const char *to_name,
    struct digest *digest, uint64_t *size, struct err *e)
{
	int fd, rc;

	if ((fd = fs_open_foreign(s->fresh, name, NULL, e)) == -1)
		return -1;
	rc = fs_copy(fd, to_at, to_name, 0640, digest, size, e);
	close(fd);
	return rc;
}
