/*
 * Files that are being written: hashed as they grow, nameless to the outside
 * until one of the store_name functions moves them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "masterd/store/store_internal.h"

/* One file after the other is hashed: one hasher does for nearly all. */
static struct hasher *
take_hasher(struct store *s)
{
	struct hasher *h = s->idle;

	s->idle = NULL;
	return h == NULL ? hasher_new() : h;
}

static void
give_hasher(struct store *s, struct hasher *h)
{
	if (s->idle != NULL)
		hasher_free(h);
	else
		s->idle = h;
}

struct staged *
store_stage(struct store *s, struct err *e)
{
	struct staged *f = mem_alloc(sizeof(*f));

	f->store = s;
	snprintf(f->name, sizeof(f->name), "%ju", (uintmax_t)++s->staged);
	/* 0444 from the start: the descriptor writes, nobody else does. */
	f->fd = openat(s->stage, f->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (f->fd == -1) {
		err_sys(e, "cannot stage a file");
		free(f);
		return NULL;
	}
	f->hash = take_hasher(s);
	return f;
}

int
store_stage_add(struct staged *f, const void *bytes, size_t len, struct err *e)
{
	if (fs_write_all(f->fd, bytes, len) == -1)
		return err_sys(e, "cannot write a staged file");
	hasher_add(f->hash, bytes, len);
	f->size += len;
	return 0;
}

int
store_stage_end(
    struct staged *f, struct digest *digest, uint64_t *size, struct err *e)
{
	int fd = f->fd;

	f->fd = -1;
	if (close(fd) == -1)
		return err_sys(e, "cannot close a staged file");
	hasher_end(f->hash, &f->digest);
	give_hasher(f->store, f->hash);
	f->hash = NULL;
	if (digest != NULL)
		*digest = f->digest;
	if (size != NULL)
		*size = f->size;
	return 0;
}

void
store_stage_drop(struct staged *f)
{
	if (f == NULL)
		return;
	if (f->fd != -1)
		close(f->fd);
	if (f->name[0] != '\0')
		unlinkat(f->store->stage, f->name, 0);
	hasher_free(f->hash);
	free(f);
}
