/*
 * outgoing/<bot>/blobs/<sha256> -> builds/<aa>/<sha256>: hashed while it is
 * written beside, renamed only when it is what its name says.  Nothing is
 * synced: a power cut can leave a name with other bytes, so what is there
 * already is hashed again before a ticket or job that names it is placed.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/wire/ticket.h"
#include "botd/courier/carry.h"

#define CACHE_TMP "tmp" /* builds/tmp */

void
outgoing_path(
    const struct courier *c, char out[PATH_ROOM], const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(out, PATH_ROOM, "outgoing/%s/", c->config->bot.text);
	va_start(args, fmt);
	vsnprintf(out + n, PATH_ROOM - (size_t)n, fmt, args);
	va_end(args);
}

static int
remove_one(void *arg, int dirfd, const char *name)
{
	(void)arg;
	unlinkat(dirfd, name, 0);
	return 0;
}

int
fetch_open(struct courier *c, struct err *e)
{
	int fd, rc;

	if ((fd = fs_make_dir_open(c->builds, CACHE_TMP, 0750, e)) == -1)
		return -1;
	rc = fs_each(fd, remove_one, NULL, e);
	close(fd);
	return rc;
}

/* ---- small files ----------------------------------------------------- */

struct text_sink {
	struct buf *out;
	size_t cap;
	const char *path;
};

static int
take_text(void *arg, const void *bytes, size_t len, struct err *e)
{
	struct text_sink *t = arg;

	if (t->out->len + len > t->cap)
		return err_set(e, ERR_REFUSED, "'%s' is longer than %zu bytes",
		    t->path, t->cap);
	buf_add(t->out, bytes, len);
	return 0;
}

int
fetch_text(struct courier *c, const char *path, size_t cap, struct buf *out,
    struct err *e)
{
	struct text_sink t = {out, cap, path};
	struct link_sink sink = {take_text, &t};
	int rc;

	buf_reset(out);
	link_urgent(c->link, true); /* small, and waited for */
	rc = link_get(c->link, path, 0, &sink, e);
	link_urgent(c->link, false);
	return rc;
}

/* ---- blobs ----------------------------------------------------------- */

struct blob_sink {
	int fd;
	uint64_t size, done;
	struct hasher *hash;
	const char *name;
};

static int
take_blob(void *arg, const void *bytes, size_t len, struct err *e)
{
	struct blob_sink *b = arg;

	uint64_t most = b->size == FETCH_ANY_SIZE ? TICKET_INPUT_MAX : b->size;

	b->done += len;
	if (b->done > most)
		return err_set(e, ERR_REFUSED,
		    "blob '%s' is longer than %ju bytes", b->name,
		    (uintmax_t)most);
	if (fs_write_all(b->fd, bytes, len) == -1) {
		err_sys(e, "cannot write blob '%s'", b->name);
		if (e != NULL)
			e->cls = ERR_AGAIN;
		return -1;
	}
	hasher_add(b->hash, bytes, len);
	return 0;
}

static int
receive(struct courier *c, struct blob_sink *b, const struct digest *wanted,
    struct err *e)
{
	struct link_sink sink = {take_blob, b};
	bool any = b->size == FETCH_ANY_SIZE;
	char path[PATH_ROOM];
	struct digest got;

	outgoing_path(c, path, "blobs/%s", b->name);
	if (link_get(c->link, path, any ? 0 : b->size, &sink, e) == -1)
		return -1;
	hasher_end(b->hash, &got);
	if ((!any && b->done != b->size) || !digest_equal(&got, wanted))
		return err_set(e, ERR_REFUSED,
		    "blob '%s' is not what its name says", b->name);
	/* Hard links of it lie in build folders: nobody writes it again. */
	if (fchmod(b->fd, 0444) == -1)
		return err_sys(e, "cannot finish blob '%s'", b->name);
	return 0;
}

static bool
have(struct courier *c, const char *path, const struct digest *wanted,
    uint64_t wanted_size, bool verify)
{
	struct digest got;
	uint64_t size;
	bool good;
	int fd;

	if ((fd = fs_open_foreign(c->builds, path, &size, NULL)) == -1)
		return false;
	good = wanted_size == FETCH_ANY_SIZE || size == wanted_size;
	if (good && verify)
		good = fs_hash(fd, &got, NULL, NULL) == 0 &&
		    digest_equal(&got, wanted);
	close(fd);
	return good;
}

bool
fetch_have(struct courier *c, const struct digest *d, uint64_t size)
{
	struct digest_hex name = digest_hex(d);
	char path[DIGEST_HEX + 8];

	snprintf(path, sizeof(path), "%.2s/%s", name.text, name.text);
	return have(c, path, d, size, false);
}

int
fetch_blob(struct courier *c, const struct digest *d, uint64_t size,
    bool verify, struct err *e)
{
	struct digest_hex name = digest_hex(d);
	struct blob_sink b = {-1, size, 0, NULL, name.text};
	char path[DIGEST_HEX + 8], tmp[DIGEST_HEX + 8], dir[3];
	int rc;

	snprintf(dir, sizeof(dir), "%.2s", name.text);
	snprintf(path, sizeof(path), "%s/%s", dir, name.text);
	snprintf(tmp, sizeof(tmp), CACHE_TMP "/%s", name.text);
	if (have(c, path, d, size, verify))
		return 0;
	if (fs_make_dirs(c->builds, dir, 0750, e) == -1)
		return -1;
	b.fd = openat(c->builds, tmp,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (b.fd == -1)
		return err_sys(e, "cannot create '%s'", tmp);
	b.hash = hasher_new();
	rc = receive(c, &b, d, e);
	hasher_free(b.hash);
	if (close(b.fd) == -1 && rc == 0)
		rc = err_sys(e, "cannot write blob '%s'", name.text);
	if (rc == 0 && renameat(c->builds, tmp, c->builds, path) == -1)
		rc = err_sys(e, "cannot place blob '%s'", name.text);
	if (rc == -1) {
		unlinkat(c->builds, tmp, 0);
		return -1;
	}
	log_info(
	    "file.fetched", LOG_T("sha256", name.text), LOG_N("bytes", b.done));
	return 0;
}
