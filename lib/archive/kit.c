/*
 * Kits out: the one place that writes an archive.  Two kits of one crash from
 * one machine are equal, so that a digest in a ticket means something.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/archive/kit.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"

#define BLOCK     65536
#define DEPTH_MAX 64
/* 2020-01-01: tar complains of files of 1970. */
#define ONE_TIME 1577836800

struct pack {
	struct archive *archive;
	int depth;
};

struct names {
	char **list;
	size_t count;
};

static int add_folder(
    struct pack *p, int dirfd, const char *path, struct err *e);

static int
failed(struct pack *p, const char *path, struct err *e)
{
	const char *why = archive_error_string(p->archive);

	return err_set(e, ERR_AGAIN, "cannot write '%s' into the kit: %s", path,
	    why == NULL ? "nobody knows why" : why);
}

static int
add_head(struct pack *p, const char *path, const struct stat *st, struct err *e)
{
	struct archive_entry *entry = archive_entry_new();
	bool folder = S_ISDIR(st->st_mode);
	int got = 0;

	if (entry == NULL)
		return err_set(e, ERR_AGAIN, "no memory for an archive");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(
	    entry, folder || (st->st_mode & S_IXUSR) != 0 ? 0755 : 0644);
	archive_entry_set_size(entry, folder ? 0 : st->st_size);
	archive_entry_set_mtime(entry, ONE_TIME, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (archive_write_header(p->archive, entry) != ARCHIVE_OK)
		got = failed(p, path, e);
	archive_entry_free(entry);
	return got;
}

static int
add_file(struct pack *p, int fd, const char *path, const struct stat *st,
    struct err *e)
{
	uint64_t at, size = (uint64_t)st->st_size;
	char bytes[BLOCK];
	ssize_t n;

	if (add_head(p, path, st, e) == -1)
		return -1;
	for (at = 0; at < size; at += (uint64_t)n) {
		n = fs_read_at(fd, bytes,
		    size - at < BLOCK ? (size_t)(size - at) : BLOCK, at);
		if (n <= 0)
			return err_sys(e, "cannot read '%s'", path);
		if (archive_write_data(p->archive, bytes, (size_t)n) != n)
			return failed(p, path, e);
	}
	return 0;
}

static int
add_one(
    struct pack *p, int at, const char *name, const char *path, struct err *e)
{
	int fd =
	    openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int got;

	if (fd == -1 || fstat(fd, &st) == -1)
		got = err_sys(e, "cannot open '%s'", path);
	else if (S_ISDIR(st.st_mode))
		got = add_head(p, path, &st, e) == -1
		    ? -1
		    : add_folder(p, fd, path, e);
	else if (S_ISREG(st.st_mode))
		got = add_file(p, fd, path, &st, e);
	else
		got = err_set(e, ERR_REFUSED,
		    "'%s' is neither a file nor a folder", path);
	if (fd != -1)
		close(fd);
	return got;
}

static int
note_name(void *arg, int dirfd, const char *name)
{
	struct names *names = arg;

	(void)dirfd;
	names->list =
	    mem_resize(names->list, names->count + 1, sizeof(names->list[0]));
	names->list[names->count++] = mem_strdup(name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_folder(struct pack *p, int dirfd, const char *path, struct err *e)
{
	struct names names = {NULL, 0};
	struct buf inner = BUF_INIT;
	int got;
	size_t i;

	if (++p->depth > DEPTH_MAX)
		return err_set(e, ERR_REFUSED, "'%s' lies too deep", path);
	got = fs_each(dirfd, note_name, &names, e);
	if (names.count > 1)
		qsort(names.list, names.count, sizeof(names.list[0]), by_name);
	for (i = 0; i < names.count; i++) {
		buf_reset(&inner);
		buf_printf(&inner, "%s/%s", path, names.list[i]);
		if (got == 0)
			got = add_one(p, dirfd, names.list[i], inner.data, e);
		free(names.list[i]);
	}
	free(names.list);
	buf_release(&inner);
	p->depth--;
	return got;
}

int
archive_kit(int dirfd, const char *top, int fd, struct err *e)
{
	struct pack p = {archive_write_new(), 0};
	int got = 0;

	if (p.archive == NULL)
		return err_set(e, ERR_AGAIN, "no memory for an archive");
	if (archive_write_set_format_pax_restricted(p.archive) != ARCHIVE_OK ||
	    archive_write_add_filter_none(p.archive) != ARCHIVE_OK ||
	    archive_write_open_fd(p.archive, fd) != ARCHIVE_OK)
		got = failed(&p, top, e);
	if (got == 0)
		got = add_one(&p, dirfd, ".", top, e);
	if (archive_write_close(p.archive) != ARCHIVE_OK && got == 0)
		got = failed(&p, top, e);
	archive_write_free(p.archive);
	return got;
}
