/*
 * Settled files out of the engine's folders.  Engines create their files in
 * place and write them then, so one is taken only when it is closed and has
 * not changed for two looks, or when the engine has ended.  It is copied, units
 * into memory and crashing inputs into crashes/: what is sealed is the copy that
 * was hashed, named by its SHA-256.
 *
 * A folder is read when its time has changed, each second at most, and less
 * often when reading it takes long.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "botd/runner/session.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define LOOK_APART_MS 200
#define SCAN_SHARE    200 /* a scan of 10 ms is not done again for 2 s */
#define SEAL_BYTES    (8ull << 20)
#define SEAL_UNITS    1023 /* and the header: 1,024 records */
#define STAGING       ".new"
#define FULL_SAID_MS  60000

static int64_t
mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* ---- settled? -------------------------------------------------------- */

void
looks_release(struct looks *l)
{
	int i;

	for (i = 0; i < l->count; i++)
		free(l->list[i].name);
	free(l->list);
	*l = (struct looks){NULL, 0};
}

static void
looks_forget(struct looks *l, int i)
{
	free(l->list[i].name);
	l->list[i] = l->list[--l->count];
}

/* Does anybody have it open for writing?  A read lease is only granted when
 * nobody has; file systems without leases say nothing. */
static bool
is_being_written(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == -1)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* True at the second look that finds it as it was. */
static bool
looked_twice(struct looks *l, const char *name, const struct stat *st)
{
	struct look *look;
	uint64_t now = clock_up_ms();
	int i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->list[i].name, name) == 0)
			break;
	if (i < l->count) {
		look = &l->list[i];
		if (look->size == st->st_size &&
		    look->mtime_ns == mtime_ns(st) &&
		    now - look->at_ms >= LOOK_APART_MS) {
			looks_forget(l, i);
			return true;
		}
		if (look->size == st->st_size && look->mtime_ns == mtime_ns(st))
			return false;
	} else {
		l->list = mem_resize(
		    l->list, (size_t)l->count + 1, sizeof(l->list[0]));
		l->list[l->count++].name = mem_strdup(name);
	}
	l->list[i].size = st->st_size;
	l->list[i].mtime_ns = mtime_ns(st);
	l->list[i].at_ms = now;
	return false;
}

/*
 * Open a file that the engine wrote, if it is one and settled.  -1 when not
 * now; with *never when not at all (a link, a pipe, a folder).
 */
static int
open_settled(
    int dirfd, const char *name, struct looks *looks, bool all, bool *never)
{
	struct stat st;
	struct err e;
	int fd;

	*never = false;
	err_clear(&e);
	if (!all &&
	    (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		!looked_twice(looks, name, &st)))
		return -1;
	fd = fs_open_foreign(dirfd, name, NULL, &e);
	if (fd == -1)
		*never = e.cls == ERR_REFUSED || e.cls == ERR_DENIED;
	if (fd == -1 || all || !is_being_written(fd))
		return fd;
	/* Looked at again, though its folder may not change any more. */
	(void)looked_twice(looks, name, &st);
	close(fd);
	return -1;
}

static void
say_full(struct session *s, const struct err *e)
{
	uint64_t now = clock_up_ms();

	if (now - s->runner->said_full_ms < FULL_SAID_MS)
		return;
	s->runner->said_full_ms = now;
	log_warn("collect.failed", LOG_T("lease", s->lease),
	    LOG_T("reason", e->text));
}

/* ---- units ----------------------------------------------------------- */

/* Sealed or received before, or pending in a session of the same corpus. */
static bool
unit_is_known(const struct session *s, const struct digest *d)
{
	struct digest_hex hex = digest_hex(d);
	const struct session *o;
	int i;

	for (o = s->runner->sessions; o != NULL; o = o->next) {
		if (strcmp(o->ticket.corpus.text, s->ticket.corpus.text) != 0 ||
		    strcmp(o->ticket.project.text, s->ticket.project.text) != 0)
			continue;
		for (i = 0; i < o->unit_count; i++)
			if (digest_equal(&o->units[i].digest, d))
				return true;
		if (names_has(&o->sealed_units, hex.text))
			return true;
	}
	return faccessat(s->cache, hex.text, F_OK, 0) == 0;
}

/* Takes "bytes". */
static void
add_unit(struct session *s, const struct digest *d, char *bytes, uint64_t size)
{
	struct err e;

	if (s->unit_count == 0)
		s->pending_since_ms = clock_up_ms();
	s->units = mem_resize(
	    s->units, (size_t)s->unit_count + 1, sizeof(s->units[0]));
	s->units[s->unit_count++] = (struct unit){*d, bytes, size};
	s->unit_bytes += size;
	s->corpus_bytes += size;
	if (s->unit_bytes < SEAL_BYTES && s->unit_count < SEAL_UNITS)
		return;
	if (seal_units(s, &e) == -1)
		say_full(s, &e);
}

/* The job's limit: what comes now is counted, and neither kept nor sealed. */
static bool
corpus_is_full(struct session *s)
{
	uint64_t most = s->ticket.limits.corpus_bytes;

	if (most == 0 || s->corpus_bytes < most)
		return false;
	if (s->units_over++ == 0)
		log_info("corpus.full", LOG_T("lease", s->lease),
		    LOG_T("target", s->ticket.target.text),
		    LOG_N("bytes", s->corpus_bytes), LOG_N("limit", most));
	return true;
}

/* False when it has to be looked at again. */
static bool
take_unit(struct session *s, int fd)
{
	struct digest d;
	struct stat st;
	ssize_t n;
	char *bytes;

	/* What waits while the disk is full is bounded. */
	if (s->unit_bytes > 2 * SEAL_BYTES || s->unit_count > 2 * SEAL_UNITS) {
		s->left_out = true;
		return false;
	}
	if (fstat(fd, &st) == -1)
		return false;
	if (st.st_size == 0 || (uint64_t)st.st_size > BUNDLE_LIMITS.payload)
		return true;
	bytes = mem_alloc((size_t)st.st_size);
	n = fs_read_at(fd, bytes, (size_t)st.st_size, 0);
	if (n > 0) {
		digest_of(&d, bytes, (size_t)n);
		if (!unit_is_known(s, &d) && !corpus_is_full(s)) {
			add_unit(s, &d, bytes, (uint64_t)n);
			return true;
		}
	}
	free(bytes);
	return n >= 0;
}

struct scan {
	struct session *session;
	bool all;
};

static int
see_unit(void *arg, int dirfd, const char *name)
{
	struct scan *scan = arg;
	struct session *s = scan->session;
	struct digest d;
	bool never;
	int fd;

	if (names_has(&s->known_units, name))
		return 0;
	/* A segment's unit, which the runner put there itself. */
	if (digest_parse(&d, name) == 0 &&
	    faccessat(s->cache, name, F_OK, 0) == 0) {
		names_add(&s->known_units, name);
		return 0;
	}
	fd = open_settled(dirfd, name, &s->unit_looks, scan->all, &never);
	if (fd == -1) {
		if (never)
			names_add(&s->known_units, name);
		return 0;
	}
	if (take_unit(s, fd))
		names_add(&s->known_units, name);
	close(fd);
	return 0;
}

static int
keep_unit(void *arg, int dirfd, const char *name)
{
	struct session *s = arg;
	struct digest_hex hex;
	struct digest d;
	int fd;

	fd = fs_open_foreign(dirfd, name, NULL, NULL);
	if (fd == -1)
		return 0;
	if (fs_hash(fd, &d, NULL, NULL) == 0) {
		hex = digest_hex(&d);
		if (names_has(&s->sealed_units, hex.text) &&
		    renameat(dirfd, name, s->cache, hex.text) == 0)
			(void)fchmod(fd, 0444);
	}
	close(fd);
	return 0;
}

/*
 * Nobody who could write to these files lives any more, so they themselves
 * move, under the digest that they have now.  To make a file for each when it
 * is found would cost more than all the rest of the runner.
 */
void
collect_keep(struct session *s)
{
	if (s->sealed_units.count > 0)
		fs_each(s->corpus, keep_unit, s, NULL);
}

/* ---- crashing inputs ------------------------------------------------- */

/* Copy into crashes/ under its digest, in one pass. */
static int
copy_in(struct session *s, int fd, struct digest *d, uint64_t *size)
{
	struct err e;

	err_set(&e, ERR_AGAIN, "cannot rename a crashing input");
	(void)unlinkat(s->crashes, STAGING, 0); /* of a copy that failed */
	if (fs_copy(fd, s->crashes, STAGING, 0444, d, size, &e) == -1 ||
	    renameat(s->crashes, STAGING, s->crashes, digest_hex(d).text) ==
		-1) {
		say_full(s, &e);
		return -1;
	}
	return 0;
}

/* What the engine printed is this crash's report, if it died of one. */
static void
take_report(struct session *s, struct find *f)
{
	const char *text = buf_text(&s->run.text);
	size_t len = s->run.text.len, at;

	f->code = s->run.end.code;
	f->signo = s->run.end.signo;
	if (s->salvage)
		return;
	at = engine_report_start(text, len);
	buf_add(&f->report, text + at, len - at);
	s->engine->parents(&f->parents, text, len);
	buf_add(&f->parents, buf_text(&s->strategies), s->strategies.len);
}

static struct find *
new_find(struct session *s, const char *name, int fd)
{
	struct find *f = mem_alloc(sizeof(*f));
	struct stat st;

	if (fstat(fd, &st) == 0)
		f->mtime_ns = mtime_ns(&st);
	if (copy_in(s, fd, &f->digest, &f->size) == -1) {
		free(f);
		return NULL;
	}
	f->artifact = mem_strdup(name);
	f->found_ms = clock_wall_ms();
	take_report(s, f);
	return f;
}

static bool
is_queued(const struct session *s, const char *artifact)
{
	const struct find *f;

	for (f = s->finds; f != NULL; f = f->next)
		if (f->artifact != NULL && strcmp(f->artifact, artifact) == 0)
			return true;
	return false;
}

static void
take_artifact(struct session *s, const char *name, int fd)
{
	struct find *f = new_find(s, name, fd);
	struct digest_hex hex;

	if (f == NULL)
		return; /* stays, and is seen again */
	if (s->salvage && known_had(s, name, f->mtime_ns)) {
		/* Killed before this could go. */
		(void)unlinkat(s->artifacts, name, 0);
		find_free(f);
		return;
	}
	s->crashes_seen++;
	hex = digest_hex(&f->digest);
	if (!s->salvage && !s->now.ready)
		collect_remove_input(s, f);
	/* The same bytes once more are only counted. */
	f->same_bytes = !names_add(&s->known_inputs, hex.text);
	find_take(s, f);
}

static int
see_artifact(void *arg, int dirfd, const char *name)
{
	struct scan *scan = arg;
	struct session *s = scan->session;
	bool never;
	int fd;

	if (s->engine->artifact(name) == ARTIFACT_IGNORED) {
		if (scan->all)
			(void)fs_remove_tree(dirfd, name, NULL);
		return 0;
	}
	if (is_queued(s, name))
		return 0;
	fd = open_settled(dirfd, name, &s->artifact_looks, scan->all, &never);
	if (fd == -1) {
		if (never)
			(void)fs_remove_tree(dirfd, name, NULL);
		return 0;
	}
	take_artifact(s, name, fd);
	close(fd);
	return 0;
}

/* ---- inputs that bring the target down at its start ------------------ */

struct culprit {
	struct session *session;
	const struct find *find;
	bool longer; /* second try: the engine cut it to -max_len */
	char *bytes;
};

static bool
same_bytes(const struct culprit *c, int dirfd, const char *name)
{
	size_t n = (size_t)c->find->size;
	struct stat st;
	char *bytes;
	bool same;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) ||
	    (c->longer ? (uint64_t)st.st_size <= c->find->size
		       : (uint64_t)st.st_size != c->find->size))
		return false;
	fd = fs_open_foreign(dirfd, name, NULL, NULL);
	if (fd == -1)
		return false;
	bytes = mem_alloc(n + 1);
	same = fs_read_at(fd, bytes, n, 0) == (ssize_t)n &&
	    memcmp(bytes, c->bytes, n) == 0;
	free(bytes);
	close(fd);
	return same;
}

static int
remove_if_same(void *arg, int dirfd, const char *name)
{
	struct culprit *c = arg;

	if (same_bytes(c, dirfd, name) && unlinkat(dirfd, name, 0) == 0)
		c->session->removed_input = true;
	return 0;
}

/*
 * A unit or seed that crashes the target must not keep it from starting: it
 * goes from this session's folders.  It is reported as the crash it is.
 */
void
collect_remove_input(struct session *s, const struct find *f)
{
	struct digest_hex hex = digest_hex(&f->digest);
	struct culprit c = {s, f, false, NULL};
	int fd;

	if (f->size == 0 || f->size > BUNDLE_LIMITS.payload)
		return;
	if (unlinkat(s->inputs, hex.text, 0) == 0)
		s->removed_input = true;
	fd = openat(s->crashes, hex.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	c.bytes = mem_alloc((size_t)f->size + 1);
	if (fs_read_at(fd, c.bytes, (size_t)f->size, 0) == (ssize_t)f->size) {
		fs_each(s->corpus, remove_if_same, &c, NULL);
		fs_each(s->seed_files, remove_if_same, &c, NULL);
		c.longer = true;
		if (!s->removed_input) {
			fs_each(s->seed_files, remove_if_same, &c, NULL);
			fs_each(s->corpus, remove_if_same, &c, NULL);
			fs_each(s->inputs, remove_if_same, &c, NULL);
		}
	}
	free(c.bytes);
	close(fd);
}

/* ---- both folders ---------------------------------------------------- */

/* Changed since it was read?  A time of this very moment proves nothing. */
static bool
has_changed(int dirfd, int64_t *seen)
{
	struct stat st;
	bool changed;
	int64_t now = (int64_t)clock_wall_ms() * 1000000;

	if (fstat(dirfd, &st) == -1)
		return true;
	changed = *seen != mtime_ns(&st);
	*seen = now - mtime_ns(&st) > 100000000 ? mtime_ns(&st) : 0;
	return changed;
}

void
collect_left_out(struct session *s)
{
	struct scan scan = {s, true};

	s->left_out = false;
	fs_each(s->corpus, see_unit, &scan, NULL);
}

void
collect(struct session *s, bool all)
{
	struct scan scan = {s, all};
	uint64_t before = clock_up_ms();

	if (!all && before < s->scan_next_ms)
		return;
	if (has_changed(s->corpus, &s->corpus_mtime_ns) || all ||
	    s->unit_looks.count > 0)
		fs_each(s->corpus, see_unit, &scan, NULL);
	if (has_changed(s->artifacts, &s->artifacts_mtime_ns) || all ||
	    s->artifact_looks.count > 0)
		fs_each(s->artifacts, see_artifact, &scan, NULL);
	s->scan_next_ms = before + (clock_up_ms() - before) * SCAN_SHARE;
	/* Names that went away between two looks. */
	if (all) {
		looks_release(&s->unit_looks);
		looks_release(&s->artifact_looks);
	}
}
