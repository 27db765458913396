/*
 * A crash that does not come alone may need what its process had run before:
 * a target with state.  The session's newest units are run before it, in the
 * engine's order and in one process; when it crashes so, pieces of that list
 * are left out as long as it still does: halves, quarters, single units.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"

#define SERIES_MS   30000
#define SERIES_RUNS 100
#define STAGING     ".series"

/* ---- the newest units -------------------------------------------------- */

struct unit_file {
	int64_t mtime_ns;
	char *name;
};

struct listing {
	struct unit_file *list;
	int count;
};

static int
see_unit(void *arg, int dirfd, const char *name)
{
	struct listing *l = arg;
	struct stat st;

	if (name[0] == '.' ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (uint64_t)st.st_size > BUNDLE_LIMITS.payload)
		return 0;
	l->list = mem_resize(l->list, (size_t)l->count + 1, sizeof(l->list[0]));
	l->list[l->count++] = (struct unit_file){
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
	    mem_strdup(name)};
	return 0;
}

/* Newest first; of one moment by name. */
static int
by_age(const void *a, const void *b)
{
	const struct unit_file *x = a, *y = b;

	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? 1 : -1;
	return strcmp(y->name, x->name);
}

/* Into crashes/, where a caged program can read it, under its digest. */
static bool
copy_unit(struct session *s, int dirfd, const char *name, struct digest *d)
{
	int fd = fs_open_foreign(dirfd, name, NULL, NULL);
	bool good;

	if (fd == -1)
		return false;
	(void)unlinkat(s->crashes, STAGING, 0);
	good = fs_copy(fd, s->crashes, STAGING, 0444, d, NULL, NULL) == 0 &&
	    renameat(s->crashes, STAGING, s->crashes, digest_hex(d).text) == 0;
	close(fd);
	return good;
}

/* From the newest back, in front of what is there already. */
static void
take_newest(struct session *s, int dirfd)
{
	struct series *r = &s->series;
	struct listing l = {NULL, 0};
	struct digest d;
	int i;

	fs_each(dirfd, see_unit, &l, NULL);
	if (l.count > 0)
		qsort(l.list, (size_t)l.count, sizeof(l.list[0]), by_age);
	for (i = 0; i < l.count; i++) {
		if (r->count < TICKET_MAX_SERIES &&
		    copy_unit(s, dirfd, l.list[i].name, &d)) {
			memmove(r->list + 1, r->list,
			    (size_t)r->count * sizeof(r->list[0]));
			r->list[0] = d;
			r->count++;
		}
		free(l.list[i].name);
	}
	free(l.list);
}

bool
series_begin(struct session *s)
{
	struct series *r = &s->series;

	series_end(s);
	if (s->corpus == -1)
		return false;
	r->list = mem_array(TICKET_MAX_SERIES, sizeof(r->list[0]));
	take_newest(s, s->corpus);
	/* It may have begun with these. */
	if (r->count < TICKET_MAX_SERIES)
		take_newest(s, s->inputs);
	if (r->count == 0) {
		series_end(s);
		return false;
	}
	r->on = true;
	r->began_ms = clock_up_ms();
	log_debug(
	    "series.tried", LOG_T("lease", s->lease), LOG_N("units", r->count));
	return true;
}

/* ---- smaller ------------------------------------------------------------- */

int
series_next(const struct session *s, struct digest *list)
{
	const struct series *r = &s->series;
	int i, n = 0;

	for (i = 0; i < r->count; i++)
		if (!r->good || i < r->at || i >= r->at + r->chunk)
			list[n++] = r->list[i];
	return n;
}

static void
leave_out(struct series *r)
{
	int end = r->at + r->chunk < r->count ? r->at + r->chunk : r->count;

	memmove(r->list + r->at, r->list + end,
	    (size_t)(r->count - end) * sizeof(r->list[0]));
	r->count -= end - r->at;
}

bool
series_tell(struct session *s, bool crashed)
{
	struct series *r = &s->series;

	r->runs++;
	if (!r->good) {
		r->good = crashed;
		r->at = 0;
		r->chunk = (r->count + 1) / 2;
		if (!crashed)
			return false;
	} else if (crashed) {
		leave_out(r);
	} else {
		r->at += r->chunk;
	}
	while (r->at >= r->count && r->chunk > 0) {
		r->at = 0;
		r->chunk = r->chunk == 1 ? 0 : (r->chunk + 1) / 2;
	}
	/* To leave out the only one is to run it alone: that was done. */
	return r->chunk > 0 && r->count > 1 && r->runs < SERIES_RUNS &&
	    clock_up_ms() - r->began_ms < SERIES_MS;
}

void
series_end(struct session *s)
{
	free(s->series.list);
	s->series = (struct series){.on = false};
}
