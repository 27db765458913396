/*
 * Limits of an account: what comes is metered, what lies there is counted.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "masterd/intake/meter.h"

#define LIKE_A_TENTH_LESS(limit) ((limit) - (limit) / 10)
#define SHUT_AT                  2 /* times the limit */

/* ---- what comes ------------------------------------------------------ */

static uint64_t
level(const struct meter *m, enum meter_what what, uint64_t now_ms)
{
	const struct bucket *b = &m->buckets[what];
	uint64_t full = m->rate * METER_UNIT, past = now_ms - b->at_ms;

	/* A minute fills it, whatever it holds. */
	if (now_ms < b->at_ms)
		past = 0;
	if (past >= METER_UNIT || b->level + past * m->rate > full)
		return full;
	return b->level + past * m->rate;
}

void
meter_set(struct meter *m, uint64_t rate, uint64_t now_ms)
{
	bool fresh = m->rate == 0;
	int i;

	if (rate == m->rate)
		return;
	for (i = 0; i < 2; i++) {
		m->buckets[i].level =
		    fresh ? rate * METER_UNIT : level(m, i, now_ms);
		m->buckets[i].at_ms = now_ms;
	}
	m->rate = rate;
}

bool
meter_may(const struct meter *m, enum meter_what what, uint64_t now_ms)
{
	return m->rate == 0 || level(m, what, now_ms) >= METER_UNIT;
}

void
meter_take(struct meter *m, enum meter_what what, uint64_t now_ms)
{
	uint64_t now = level(m, what, now_ms);

	if (m->rate == 0)
		return;
	m->buckets[what].level = now < METER_UNIT ? 0 : now - METER_UNIT;
	m->buckets[what].at_ms = now_ms;
}

uint64_t
meter_wait(const struct meter *m, enum meter_what what, uint64_t now_ms)
{
	uint64_t now;

	if (meter_may(m, what, now_ms))
		return 0;
	now = level(m, what, now_ms);
	return (METER_UNIT - now + m->rate - 1) / m->rate;
}

/* ---- what lies there ------------------------------------------------- */

static void
count_folder(struct usage *u, int folder, uint64_t most)
{
	struct dirent *d;
	struct stat st;
	DIR *dir;
	int fd;

	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0 ||
		    fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		u->files++;
		if (st.st_size > 0)
			u->bytes += (uint64_t)st.st_size;
		if (u->files >= most) {
			u->counting_stopped = true;
			break;
		}
	}
	closedir(dir);
}

void
usage_count(struct usage *u, int tmp, int fresh, uint64_t most)
{
	*u = (struct usage){0, 0, false};
	count_folder(u, fresh, most);
	if (!u->counting_stopped)
		count_folder(u, tmp, most);
}

static enum usage_level
judge(uint64_t value, uint64_t limit, enum usage_level was)
{
	uint64_t hold = limit, shut = limit * SHUT_AT;

	if (limit == 0)
		return USAGE_OPEN;
	if (was >= USAGE_HOLD)
		hold = LIKE_A_TENTH_LESS(hold);
	if (was == USAGE_SHUT)
		shut = LIKE_A_TENTH_LESS(shut);
	return value > shut ? USAGE_SHUT
	    : value > hold  ? USAGE_HOLD
			    : USAGE_OPEN;
}

enum usage_level
usage_judge(const struct usage *u, const struct limits *l, enum usage_level was,
    char *reason, unsigned size)
{
	enum usage_level bytes = judge(u->bytes, l->bytes, was);
	enum usage_level files = judge(u->files, l->files, was);

	reason[0] = '\0';
	if (bytes != USAGE_OPEN && bytes >= files)
		snprintf(reason, size,
		    "%s of this account wait for the master, its limit is %s",
		    text_size(u->bytes).text, text_size(l->bytes).text);
	else if (files != USAGE_OPEN)
		snprintf(reason, size,
		    "%s%ju files of this account wait for the master, its "
		    "limit is %ju",
		    u->counting_stopped ? "more than " : "",
		    (uintmax_t)u->files, (uintmax_t)l->files);
	return bytes > files ? bytes : files;
}
