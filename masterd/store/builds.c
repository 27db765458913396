/*
 * Manifests and files of builds on their way out, and what a kill left of
 * them.  Whether one may go is the caller's to know.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/store/store_internal.h"

static void
path_manifest(char out[STORE_PATH_MAX], const struct digest *build)
{
	snprintf(
	    out, STORE_PATH_MAX, "builds/%s.manifest", digest_hex(build).text);
}

static int
drop(struct store *s, const char *path, struct err *e)
{
	if (unlinkat(s->root, path, 0) == -1 && errno != ENOENT)
		return err_sys(e, "cannot remove '%s'", path);
	return 0;
}

int
store_drop_manifest(struct store *s, const struct digest *build, struct err *e)
{
	char path[STORE_PATH_MAX];

	path_manifest(path, build);
	return drop(s, path, e);
}

int
store_drop_build_file(
    struct store *s, const struct digest *sha256, struct err *e)
{
	char path[STORE_PATH_MAX];

	snprintf(path, sizeof(path), "builds/files/%.2s/%s",
	    digest_hex(sha256).text, digest_hex(sha256).text);
	return drop(s, path, e);
}

int
store_read_manifest(struct store *s, const struct digest *build,
    struct buf *out, size_t cap, struct err *e)
{
	char path[STORE_PATH_MAX];

	path_manifest(path, build);
	return fs_read_file(s->root, path, out, cap, e);
}

struct each {
	int (*fn)(void *arg, const struct digest *d);
	void *arg;
	uint64_t before_s;
};

static int
visit_manifest(void *arg, int dirfd, const char *name)
{
	struct each *w = arg;
	char id[DIGEST_HEX + 1];
	struct digest d;

	(void)dirfd;
	if (strlen(name) != DIGEST_HEX + strlen(".manifest") ||
	    strcmp(name + DIGEST_HEX, ".manifest") != 0)
		return 0;
	memcpy(id, name, DIGEST_HEX);
	id[DIGEST_HEX] = '\0';
	return digest_parse(&d, id) == -1 ? 0 : w->fn(w->arg, &d);
}

int
store_each_manifest(struct store *s,
    int (*fn)(void *arg, const struct digest *build), void *arg, struct err *e)
{
	struct each w = {.fn = fn, .arg = arg};
	int dir = fs_open_dir(s->root, "builds", e), got;

	if (dir == -1)
		return -1;
	got = fs_each(dir, visit_manifest, &w, e);
	close(dir);
	return got;
}

static int
visit_file(void *arg, int dirfd, const char *name)
{
	struct each *w = arg;
	struct digest d;
	struct stat st;

	if (digest_parse(&d, name) == -1 ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || (uint64_t)st.st_ctim.tv_sec >= w->before_s)
		return 0;
	return w->fn(w->arg, &d);
}

int
store_each_build_file(struct store *s, unsigned folder, uint64_t before_s,
    int (*fn)(void *arg, const struct digest *sha256), void *arg, struct err *e)
{
	struct each w = {fn, arg, before_s};
	char path[32];
	struct stat st;
	int dir, got;

	snprintf(path, sizeof(path), "builds/files/%02x", folder & 0xff);
	/* Made when its first file comes. */
	if (fstatat(s->root, path, &st, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return 0;
	if ((dir = fs_open_dir(s->root, path, e)) == -1)
		return -1;
	got = fs_each(dir, visit_file, &w, e);
	close(dir);
	return got;
}
