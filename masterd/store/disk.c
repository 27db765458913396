/*
 * The watch over free space: marks, levels, and the reserve file, which is
 * all that a full disk has to offer to a crash that comes late.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "masterd/store/disk.h"

#define LOOK_MS      1000
#define LAST_MOST    (16ull << 20) /* below: the reserve is given up */
#define RESERVE_PART 100           /* of the disk, at most */

const struct disk_policy DISK_POLICY = {
    {2ull << 30, 10}, {1ull << 30, 5}, 64ull << 20};

struct disk {
	int data; /* ROOT/data */
	struct disk_policy policy;
	struct disk_state state;
	uint64_t looked_ms;
};

const char *
disk_level_name(enum disk_level level)
{
	static const char *const names[] = {"roomy", "soft", "hard", "full"};

	return names[level];
}

static uint64_t
mark(const struct disk_mark *m, uint64_t total)
{
	uint64_t part = total / 100 * m->percent;

	if (m->percent == 0)
		return m->bytes;
	return m->bytes == 0 || part < m->bytes ? part : m->bytes;
}

void
disk_marks(const struct disk_policy *p, uint64_t total, struct disk_state *s)
{
	s->soft = mark(&p->soft, total);
	s->hard = mark(&p->hard, total);
}

/* Next to nothing: half of the hard mark, at most 16 MiB. */
static uint64_t
last(const struct disk_state *s)
{
	return s->hard / 2 < LAST_MOST ? s->hard / 2 : LAST_MOST;
}

enum disk_level
disk_judge(const struct disk_state *s)
{
	if (s->free_bytes < last(s) && s->reserve == 0)
		return DISK_FULL;
	if (s->free_bytes < s->hard)
		return DISK_HARD;
	return s->free_bytes < s->soft ? DISK_SOFT : DISK_ROOMY;
}

/* ---- the reserve file ------------------------------------------------ */

static void
give_up_reserve(struct disk *d)
{
	if (unlinkat(d->data, "reserve", 0) == -1 && errno != ENOENT)
		return;
	log_warn("disk.reserve_given_up", LOG_N("bytes", d->state.reserve));
	d->state.reserve = 0;
}

/* Failure is no more than having none: looked at again a second later. */
static void
make_reserve(struct disk *d, uint64_t bytes)
{
	int fd;

	fd = openat(d->data, "reserve",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	if (posix_fallocate(fd, 0, (off_t)bytes) == 0)
		d->state.reserve = bytes;
	else
		(void)unlinkat(d->data, "reserve", 0);
	close(fd);
}

static uint64_t
wanted(const struct disk *d)
{
	uint64_t most = d->state.total / RESERVE_PART;

	return d->policy.reserve < most ? d->policy.reserve : most;
}

static void
tend_reserve(struct disk *d)
{
	struct disk_state *s = &d->state;
	uint64_t bytes = wanted(d);

	if (s->reserve > 0 && s->free_bytes < last(s)) {
		give_up_reserve(d);
		(void)fs_space(d->data, &s->free_bytes, &s->total, NULL);
	} else if (s->reserve != bytes && s->free_bytes > s->hard + bytes) {
		if (bytes > 0)
			make_reserve(d, bytes);
		else
			give_up_reserve(d);
	}
}

/* ---- looking --------------------------------------------------------- */

static void
look(struct disk *d)
{
	enum disk_level before = d->state.level;
	struct disk_state *s = &d->state;

	d->looked_ms = clock_up_ms();
	if (fs_space(d->data, &s->free_bytes, &s->total, NULL) == -1)
		return;
	disk_marks(&d->policy, s->total, s);
	tend_reserve(d);
	s->level = disk_judge(s);
	if (s->level > before)
		log_warn("disk.low", LOG_T("mark", disk_level_name(s->level)),
		    LOG_N("free", s->free_bytes), LOG_N("soft", s->soft),
		    LOG_N("hard", s->hard));
	else if (s->level < before)
		log_info("disk.enough",
		    LOG_T("mark", disk_level_name(s->level)),
		    LOG_N("free", s->free_bytes));
}

enum disk_level
disk_level(struct disk *d)
{
	if (d->looked_ms == 0 || clock_up_ms() - d->looked_ms >= LOOK_MS)
		look(d);
	return d->state.level;
}

const struct disk_state *
disk_state(const struct disk *d)
{
	return &d->state;
}

void
disk_set_policy(struct disk *d, const struct disk_policy *p)
{
	d->policy = *p;
	look(d);
}

struct disk *
disk_open(int root, const struct disk_policy *p, struct err *e)
{
	struct disk *d = mem_alloc(sizeof(*d));
	uint64_t size;
	int fd;

	d->policy = *p;
	if ((d->data = fs_make_dir_open(root, "data", 0750, e)) == -1) {
		free(d);
		return NULL;
	}
	if ((fd = fs_open_foreign(d->data, "reserve", &size, NULL)) != -1) {
		d->state.reserve = size;
		close(fd);
	}
	look(d);
	return d;
}

void
disk_close(struct disk *d)
{
	if (d == NULL)
		return;
	close(d->data);
	free(d);
}
