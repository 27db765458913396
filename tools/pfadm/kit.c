/*
 * The folder of a kit while it is made: every file passes here, and gets its
 * line in MANIFEST.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tools/pfadm/kit.h"

#define MODE(program) ((program) ? 0755 : 0644)
#define FROM_MAX      1024

void
kit_release(struct kit *k)
{
	int i;

	for (i = 0; i < k->line_count; i++)
		free(k->lines[i]);
	free(k->lines);
	buf_release(&k->missing);
}

static int
make_folder_of(struct kit *k, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[TICKET_PATH_MAX + 64];

	if (slash == NULL)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return err_set(e, ERR_REFUSED, "too long a path: '%s'", path);
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return fs_make_dirs(k->dir, folder, 0755, e);
}

int
kit_create(struct kit *k, const char *path, struct err *e)
{
	int fd;

	if (make_folder_of(k, path, e) == -1)
		return -1;
	fd = openat(k->dir, path,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd == -1 ? err_sys(e, "cannot make '%s' of the kit", path) : fd;
}

int
kit_note(struct kit *k, const char *path, bool program, int fd,
    const char *from, struct err *e)
{
	struct buf line = BUF_INIT;
	struct digest digest;
	uint64_t size;

	if (fchmod(fd, MODE(program)) == -1)
		return err_sys(e, "cannot set the mode of '%s'", path);
	if (fs_hash(fd, &digest, &size, e) == -1)
		return -1;
	k->bytes += size;
	/* Sorted by path in the end: the path first, and later taken off. */
	buf_printf(&line, "%s\n%s %04o %ju %s\t", path,
	    digest_hex(&digest).text, (unsigned)MODE(program), (uintmax_t)size,
	    path);
	kit_text(k, &line, from, strlen(from));
	k->lines = mem_resize(
	    k->lines, (size_t)k->line_count + 1, sizeof(k->lines[0]));
	k->lines[k->line_count++] = buf_detach(&line);
	return 0;
}

int
kit_put(struct kit *k, const char *path, const struct buf *text,
    const char *from, struct err *e)
{
	size_t len = strlen(path);
	bool program = len > 3 && strcmp(path + len - 3, ".sh") == 0;
	int fd = kit_create(k, path, e), got = 0;

	if (fd == -1)
		return -1;
	if (fs_write_all(fd, buf_text(text), text->len) == -1)
		got = err_sys(e, "cannot write '%s' of the kit", path);
	if (got == 0)
		got = kit_note(k, path, program, fd, from, e);
	close(fd);
	return got;
}

int
kit_copy(struct kit *k, const char *path, bool program, int fd,
    const char *from, struct err *e)
{
	int copy, got;

	if (make_folder_of(k, path, e) == -1 ||
	    fs_copy(fd, k->dir, path, 0600, NULL, NULL, e) == -1)
		return -1;
	copy = openat(k->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (copy == -1)
		return err_sys(e, "cannot open '%s' of the kit", path);
	got = kit_note(k, path, program, copy, from, e);
	close(copy);
	return got;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
kit_close(struct kit *k, struct err *e)
{
	struct buf text = BUF_INIT;
	int i, fd, got = 0;

	if (k->line_count > 1)
		qsort(k->lines, (size_t)k->line_count, sizeof(k->lines[0]),
		    by_path);
	for (i = 0; i < k->line_count; i++)
		buf_printf(&text, "%s\n", strchr(k->lines[i], '\n') + 1);
	fd = kit_create(k, "MANIFEST", e);
	if (fd == -1)
		got = -1;
	else if (fs_write_all(fd, buf_text(&text), text.len) == -1 ||
	    fchmod(fd, 0644) == -1)
		got = err_sys(e, "cannot write the kit's MANIFEST");
	if (fd != -1)
		close(fd);
	buf_release(&text);
	return got;
}

/* ---- which files of a build -------------------------------------------- */

static bool
is_side_file(const char *rest)
{
	static const char *const ends[] = {".dict", ".options", ".owners",
	    ".labels", "_seed_corpus.zip", NULL};
	int i;

	for (i = 0; ends[i] != NULL; i++)
		if (strcmp(rest, ends[i]) == 0)
			return true;
	return false;
}

bool
kit_needs(
    const char *path, const char *program, const char *const *others, int count)
{
	size_t len = strlen(program);
	int i;

	/* Seeds have nothing to do with the one input. */
	if (strncmp(path, program, len) == 0 &&
	    strncmp(path + len, "_seed_corpus.", 13) == 0)
		return false;
	for (i = 0; i < count; i++) {
		len = strlen(others[i]);
		if (strcmp(others[i], program) == 0 ||
		    strncmp(path, others[i], len) != 0)
			continue;
		if (path[len] == '\0' || is_side_file(path + len))
			return false;
	}
	return true;
}
