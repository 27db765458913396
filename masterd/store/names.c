/*
 * Names: from stage/ to the place that digest, project and target give.  Every
 * part of a path was checked where it came in, and is made here and nowhere
 * else.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "masterd/store/store_internal.h"

void
store_path_unit(char *out, const char *project, const char *target,
    const struct digest *sha256)
{
	snprintf(out, STORE_PATH_MAX, "corpus/%s/%s/%.2s", project, target,
	    digest_hex(sha256).text);
}

void
store_path_crash(char *out, const char *project, const char *target,
    const struct digest *sha256)
{
	snprintf(out, STORE_PATH_MAX, "crashes/%s/%s/%s", project, target,
	    digest_hex(sha256).text);
}

static void
path_build_file(char *out, const struct digest *sha256)
{
	snprintf(
	    out, STORE_PATH_MAX, "builds/files/%.2s", digest_hex(sha256).text);
}

/*
 * Rename into place, over whatever lies there without a row.  The folder is
 * nearly always there: it is made when the rename misses it.
 */
static int
name(struct staged *f, const char *path, const char *as, struct err *e)
{
	struct store *s = f->store;
	char full[STORE_PATH_MAX + DIGEST_HEX + 32];
	int result;

	snprintf(full, sizeof(full), "%s/%s", path, as);
	result = renameat(s->stage, f->name, s->root, full);
	if (result == -1 && errno == ENOENT) {
		if (fs_make_dirs(s->root, path, 0750, e) == -1)
			goto drop;
		result = renameat(s->stage, f->name, s->root, full);
	}
	if (result == -1)
		err_sys(e, "cannot name '%s'", full);
	else
		f->name[0] = '\0';
drop:
	store_stage_drop(f);
	return result;
}

/* What outgoing/ links must be readable by an account of another group. */
static int
name_published(
    struct staged *f, const char *path, const char *as, struct err *e)
{
	if (fchmodat(f->store->stage, f->name, 0444, 0) == -1) {
		err_sys(e, "cannot open '%s' to all", as);
		store_stage_drop(f);
		return -1;
	}
	return name(f, path, as, e);
}

int
store_name_unit(struct store *s, struct staged *f, const char *project,
    const char *target, const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX];

	(void)s;
	store_path_unit(path, project, target, sha256);
	return name(f, path, digest_hex(sha256).text, e);
}

int
store_name_crash(struct store *s, struct staged *f, const char *project,
    const char *target, const struct digest *sha256, const char *file,
    struct err *e)
{
	char path[STORE_PATH_MAX];

	(void)s;
	store_path_crash(path, project, target, sha256);
	return name(f, path, file, e);
}

int
store_name_build_file(struct store *s, struct staged *f,
    const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX];

	(void)s;
	path_build_file(path, sha256);
	return name_published(f, path, digest_hex(sha256).text, e);
}

int
store_name_manifest(struct store *s, struct staged *f,
    const struct digest *build, struct err *e)
{
	char as[DIGEST_HEX + 16];

	(void)s;
	snprintf(as, sizeof(as), "%s.manifest", digest_hex(build).text);
	return name(f, "builds", as, e);
}

int
store_name_segment(struct store *s, struct staged *f,
    const struct digest *sha256, struct err *e)
{
	(void)s;
	return name_published(f, "segments", digest_hex(sha256).text, e);
}

static int
open_in(struct store *s, const char *path, const char *file, struct err *e)
{
	char full[STORE_PATH_MAX + 160];

	snprintf(full, sizeof(full), "%s/%s", path, file);
	return fs_open_foreign(s->root, full, NULL, e);
}

int
store_open_unit(struct store *s, const char *project, const char *target,
    const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX];

	store_path_unit(path, project, target, sha256);
	return open_in(s, path, digest_hex(sha256).text, e);
}

int
store_open_crash(struct store *s, const char *project, const char *target,
    const struct digest *sha256, const char *file, struct err *e)
{
	char path[STORE_PATH_MAX];

	store_path_crash(path, project, target, sha256);
	return open_in(s, path, file, e);
}

int
store_drop_input(struct store *s, const char *project, const char *target,
    const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX + 8];
	size_t n;

	store_path_crash(path, project, target, sha256);
	n = strlen(path);
	snprintf(path + n, sizeof(path) - n, "/input");
	if (unlinkat(s->root, path, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '%s'", path);
	path[n] = '\0';
	(void)unlinkat(s->root, path, AT_REMOVEDIR);
	return 0;
}

int
store_open_build_file(
    struct store *s, const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX];

	path_build_file(path, sha256);
	return open_in(s, path, digest_hex(sha256).text, e);
}

int
store_open_manifest(struct store *s, const struct digest *build, struct err *e)
{
	char as[DIGEST_HEX + 16];

	snprintf(as, sizeof(as), "%s.manifest", digest_hex(build).text);
	return open_in(s, "builds", as, e);
}

/* EMLINK: the inode has no room for one more name (65,000 on ext4). */
static int
copy_instead(
    struct store *s, const char *from, int to, const char *as, struct err *e)
{
	char tmp[DIGEST_HEX + 16];
	int fd = fs_open_foreign(s->root, from, NULL, e), result;

	if (fd == -1)
		return -1;
	snprintf(tmp, sizeof(tmp), ".%s", as);
	unlinkat(to, tmp, 0);
	result = fs_copy(fd, to, tmp, 0444, NULL, NULL, e);
	if (result == 0 && renameat(to, tmp, to, as) == -1)
		result = err_sys(e, "cannot publish '%s'", as);
	close(fd);
	return result;
}

static int
publish(
    struct store *s, const char *from, int to, const char *as, struct err *e)
{
	if (linkat(s->root, from, to, as, 0) == 0 || errno == EEXIST)
		return 0;
	if (errno == EMLINK || errno == EXDEV)
		return copy_instead(s, from, to, as, e);
	return err_sys(e, "cannot publish '%s'", from);
}

int
store_publish(struct store *s, enum store_kind kind,
    const struct digest *sha256, int to, const char *as, struct err *e)
{
	char from[STORE_PATH_MAX + DIGEST_HEX + 2];
	char dir[STORE_PATH_MAX];

	/* Mostly: link(2) would wait for the journal to say so. */
	if (faccessat(to, as, F_OK, 0) == 0)
		return 0;
	if (kind == STORE_BUILD_FILE)
		path_build_file(dir, sha256);
	else
		text_copy(dir, sizeof(dir), "segments");
	snprintf(from, sizeof(from), "%s/%s", dir, digest_hex(sha256).text);
	return publish(s, from, to, as, e);
}

int
store_publish_input(struct store *s, enum store_input kind, const char *project,
    const char *target, const struct digest *sha256, int to, const char *as,
    struct err *e)
{
	char from[STORE_PATH_MAX + DIGEST_HEX + 8];
	char dir[STORE_PATH_MAX];

	if (faccessat(to, as, F_OK, 0) == 0)
		return 0;
	if (kind == STORE_UNIT)
		store_path_unit(dir, project, target, sha256);
	else
		store_path_crash(dir, project, target, sha256);
	snprintf(from, sizeof(from), "%s/%s", dir,
	    kind == STORE_UNIT ? digest_hex(sha256).text : "input");
	/* An account of another group reads the link. */
	if (fchmodat(s->root, from, 0444, 0) == -1)
		return err_sys(e, "cannot open '%s' to all", from);
	return publish(s, from, to, as, e);
}

int
store_link_bucket(struct store *s, const char *project, uint64_t number,
    const char *target, const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX], to[STORE_PATH_MAX + 32];
	int dir;

	snprintf(
	    path, sizeof(path), "buckets/%s/%ju", project, (uintmax_t)number);
	snprintf(to, sizeof(to), "../../../crashes/%s/%s/%s", project, target,
	    digest_hex(sha256).text);
	if ((dir = fs_make_dir_open(s->root, path, 0750, e)) == -1)
		return -1;
	if (symlinkat(to, dir, digest_hex(sha256).text) == -1 &&
	    errno != EEXIST) {
		err_sys(e, "cannot link '%s'", path);
		close(dir);
		return -1;
	}
	close(dir);
	return 0;
}

int
store_unlink_bucket(struct store *s, const char *project, uint64_t number,
    const struct digest *sha256, struct err *e)
{
	char link[STORE_PATH_MAX + DIGEST_HEX + 2];

	snprintf(link, sizeof(link), "buckets/%s/%ju/%s", project,
	    (uintmax_t)number, digest_hex(sha256).text);
	if (unlinkat(s->root, link, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '%s'", link);
	return 0;
}

struct segment_sweep {
	uint64_t before_s;
	int (*fn)(void *arg, const struct digest *sha256);
	void *arg;
};

static int
sweep_segment(void *arg, int dirfd, const char *file)
{
	struct segment_sweep *w = arg;
	struct digest d;
	struct stat st;

	if (strlen(file) != DIGEST_HEX || digest_parse(&d, file) == -1 ||
	    fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (uint64_t)st.st_ctim.tv_sec >= w->before_s)
		return 0;
	if (w->fn(w->arg, &d) == 0)
		unlinkat(dirfd, file, 0);
	return 0;
}

int
store_sweep_segments(struct store *s, uint64_t before_s,
    int (*fn)(void *arg, const struct digest *sha256), void *arg, struct err *e)
{
	struct segment_sweep w = {before_s, fn, arg};
	int dir = fs_open_dir(s->root, "segments", e), result;

	if (dir == -1)
		return -1;
	result = fs_each(dir, sweep_segment, &w, e);
	close(dir);
	return result;
}
