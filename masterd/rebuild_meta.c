/*
 * Crashes of which metadata/ has no copy: what stands beside their inputs.  An
 * input with nothing beside it was handed in, and waits again.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "masterd/rebuild_internal.h"

int
rebuild_meta(struct rebuild *r, const char *folder, const char *name,
    uint64_t number, bool has_input)
{
	char path[REBUILD_PATH_MAX + 32];
	struct buf text = BUF_INIT;
	struct err e;
	int result;

	snprintf(path, sizeof(path), "%s/%.24s", folder, name);
	result = rebuild_read(r, path, &text);
	if (result == 0 &&
	    rebuild_crash_meta(r->db, text.data, number, has_input, &e) == -1)
		result = rebuild_problem(r, path, &e);
	buf_release(&text);
	return result == -1 ? -1 : rebuild_made(r);
}

struct metas {
	struct rebuild *r;
	const char *folder;
	int64_t target;
	const struct digest *sha256;
	bool has_input;
};

static int
see_meta(void *arg, int dirfd, const char *name)
{
	struct metas *m = arg;
	char sig[9];
	int got;

	(void)dirfd;
	if (strncmp(name, "meta-", 5) != 0 || strlen(name) != 18)
		return 0;
	snprintf(sig, sizeof(sig), "%.8s", name + 5);
	got = rebuild_has_crash(
	    m->r->db, m->target, m->sha256, sig, &m->r->failed);
	if (got != 0)
		return got == 1 ? 0 : -1;
	return rebuild_meta(m->r, m->folder, name, 0, m->has_input);
}

int
rebuild_other_metas(struct rebuild *r, const char *folder, int64_t target,
    const struct digest *sha256, bool has_input)
{
	struct metas m = {r, folder, target, sha256, has_input};
	int dir = fs_open_dir(r->root, folder, NULL), result;

	if (dir == -1)
		return 0;
	result = fs_each(dir, see_meta, &m, NULL);
	close(dir);
	return result == -1 && r->failed.cls != ERR_NONE ? -1 : 0;
}

/* ---- handed in ------------------------------------------------------- */

static int
see_other(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	if (name[0] != '.' && strcmp(name, "input") != 0)
		*(bool *)arg = true;
	return 0;
}

/* Nobody says what is in it but its name. */
static int
is_named_well(int fd, const struct digest *sha256, struct err *e)
{
	struct digest now;

	if (fs_hash(fd, &now, NULL, e) == -1)
		return -1;
	return digest_equal(&now, sha256)
	    ? 0
	    : err_set(e, ERR_REFUSED, "has not the content that its name says");
}

int
rebuild_lone_input(struct rebuild *r, const char *folder, int64_t target,
    const struct digest *sha256)
{
	char path[REBUILD_PATH_MAX + 8];
	bool others = false;
	struct stat st;
	struct err e;
	int fd, got;

	if ((fd = fs_open_dir(r->root, folder, NULL)) == -1)
		return 0;
	got = fs_each(fd, see_other, &others, &e);
	close(fd);
	snprintf(path, sizeof(path), "%s/input", folder);
	if (got == -1 || others)
		return 0;
	if ((fd = fs_open_foreign(r->root, path, NULL, &e)) == -1)
		return e.cls == ERR_NOT_FOUND; /* let go of, and no more */
	got = is_named_well(fd, sha256, &e);
	if (fstat(fd, &st) == -1)
		st.st_size = 0;
	close(fd);
	if (got == -1)
		return rebuild_note(r, path, e.text) == -1 ? -1 : 1;
	if (rebuild_submission(
		r->db, target, sha256, (uint64_t)st.st_size, &r->failed) == -1)
		return -1;
	return rebuild_made(r) == -1 ? -1 : 1;
}
