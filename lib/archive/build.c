/*
 * A build that came as one file, into a folder of its own.  The archive comes
 * from CI, and CI builds what anybody wrote: each name passes one gate, all
 * that has a size is counted while it comes, and links are made when nothing
 * more is written.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/archive/build.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"

#define READ_BLOCK 65536
#define PATH_BYTES 255 /* of a file of a build */
#define SHOWN      80  /* of a name in a sentence */

const struct build_limits BUILD_LIMITS = {
    .files = 20000,
    .bytes = 20ull << 30,
    .file_bytes = 2ull << 30,
};

struct link {
	char *path, *to;
};

struct unpack {
	struct archive *archive;
	int to;
	const struct build_limits *limits;
	struct build_count *count;
	uint64_t folders, headers;
	struct link *links;
	size_t link_count;
};

/* A name as a sentence may hold it. */
struct shown {
	char text[SHOWN + 4];
};

static struct shown
shown(const char *name)
{
	struct buf clean = BUF_INIT;
	struct shown s;

	text_clean_line(&clean, name, strlen(name), SHOWN);
	text_copy(s.text, sizeof(s.text), buf_text(&clean));
	buf_release(&clean);
	return s;
}

static int
damaged(const struct unpack *u, struct err *e)
{
	const char *why = archive_error_string(u->archive);

	return err_set(e, ERR_REFUSED, "the archive is damaged: %s",
	    shown(why == NULL ? "nobody knows how" : why).text);
}

/* ---- names ----------------------------------------------------------- */

/*
 * "./a//b/" -> "a/b", "" for the top itself.  What would lead elsewhere is
 * refused, not bent until it fits.
 */
static int
clean_path(char out[PATH_BYTES + 1], const char *name, struct err *e)
{
	const char *part;
	size_t n, len = 0;

	if (name[0] == '/')
		return err_set(e, ERR_REFUSED,
		    "the archive holds the absolute name '%s'",
		    shown(name).text);
	for (part = name; *part != '\0'; part += n + (part[n] == '/')) {
		n = strcspn(part, "/");
		if (n == 0 || (n == 1 && part[0] == '.'))
			continue;
		if (n == 2 && part[0] == '.' && part[1] == '.')
			return err_set(e, ERR_REFUSED,
			    "the archive's '%s' leads out of it",
			    shown(name).text);
		if (len + n + 1 > PATH_BYTES)
			return err_set(e, ERR_REFUSED,
			    "the archive's '%s' is longer than %d bytes",
			    shown(name).text, PATH_BYTES);
		if (len > 0)
			out[len++] = '/';
		memcpy(out + len, part, n);
		len += n;
	}
	out[len] = '\0';
	return 0;
}

static bool
has_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* Does the link's text lead out of the archive?  Links on its way are the
 * file system's to follow. */
static bool
leaves(const char *path, const char *to)
{
	int depth = 0;
	size_t n;

	if (to[0] == '/')
		return true;
	for (; *path != '\0'; path++)
		depth += *path == '/';
	for (; *to != '\0'; to += n + (to[n] == '/')) {
		n = strcspn(to, "/");
		if (n == 0 || (n == 1 && to[0] == '.'))
			continue;
		depth += n == 2 && to[0] == '.' && to[1] == '.' ? -1 : 1;
		if (depth < 0)
			return true;
	}
	return false;
}

static int
make_folders(const struct unpack *u, const char *path, struct err *e)
{
	if (fs_make_dirs(u->to, path, 0700, e) == 0)
		return 0;
	if (e->cls == ERR_REFUSED || e->sys == ENOTDIR)
		return err_set(e, ERR_REFUSED,
		    "a name in '%s' is a file and a folder in the archive",
		    shown(path).text);
	return -1;
}

static int
make_parents(const struct unpack *u, const char *path, struct err *e)
{
	char folder[PATH_BYTES + 1];
	char *slash;

	text_copy(folder, sizeof(folder), path);
	if ((slash = strrchr(folder, '/')) == NULL)
		return 0;
	*slash = '\0';
	return make_folders(u, folder, e);
}

static int
named_twice(const char *path, struct err *e)
{
	return err_set(
	    e, ERR_REFUSED, "the archive names '%s' twice", shown(path).text);
}

/* ---- what is in it --------------------------------------------------- */

static int
count_bytes(struct unpack *u, const char *path, uint64_t before, uint64_t more,
    struct err *e)
{
	if (more > u->limits->file_bytes ||
	    before > u->limits->file_bytes - more)
		return err_set(e, ERR_REFUSED,
		    "'%s' in the archive has over %s, the most a file may have",
		    shown(path).text, text_size(u->limits->file_bytes).text);
	if (more > u->limits->bytes ||
	    u->count->bytes > u->limits->bytes - more)
		return err_set(e, ERR_REFUSED,
		    "the archive holds over %s, the most a build may have",
		    text_size(u->limits->bytes).text);
	u->count->bytes += more;
	return 0;
}

/* Holes are read as zeros, but for one at the end. */
static int
add_last_hole(struct unpack *u, int fd, struct archive_entry *entry,
    const char *path, uint64_t written, struct err *e)
{
	int64_t size = archive_entry_size(entry);

	if (!archive_entry_size_is_set(entry) || size == (int64_t)written)
		return 0;
	if (size < (int64_t)written || archive_entry_sparse_count(entry) == 0)
		return err_set(e, ERR_REFUSED,
		    "'%s' has %ju bytes in the archive, and %jd by its header",
		    shown(path).text, (uintmax_t)written, (intmax_t)size);
	if (count_bytes(u, path, written, (uint64_t)size - written, e) == -1)
		return -1;
	if (ftruncate(fd, size) == -1)
		return err_sys(e, "cannot write '%s'", shown(path).text);
	return 0;
}

static int
copy_data(struct unpack *u, int fd, struct archive_entry *entry,
    const char *path, struct err *e)
{
	char bytes[READ_BLOCK];
	uint64_t written = 0;
	la_ssize_t n;

	while ((n = archive_read_data(u->archive, bytes, sizeof(bytes))) > 0) {
		if (count_bytes(u, path, written, (uint64_t)n, e) == -1)
			return -1;
		if (fs_write_all(fd, bytes, (size_t)n) == -1)
			return err_sys(
			    e, "cannot write '%s'", shown(path).text);
		written += (uint64_t)n;
	}
	/* Also a bad checksum, which libarchive calls a warning. */
	if (n < 0)
		return damaged(u, e);
	return add_last_hole(u, fd, entry, path, written, e);
}

static int
take_file(struct unpack *u, struct archive_entry *entry, const char *path,
    struct err *e)
{
	mode_t mode = (archive_entry_perm(entry) & 0100) != 0 ? 0700 : 0600;
	int fd, got;

	if (archive_entry_is_encrypted(entry))
		return err_set(e, ERR_REFUSED,
		    "'%s' in the archive is encrypted", shown(path).text);
	if (make_parents(u, path, e) == -1)
		return -1;
	fd = openat(u->to, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd == -1 && errno == EEXIST)
		return named_twice(path, e);
	if (fd == -1)
		return err_sys(e, "cannot make '%s'", shown(path).text);
	got = copy_data(u, fd, entry, path, e);
	if (close(fd) == -1 && got == 0)
		got = err_sys(e, "cannot write '%s'", shown(path).text);
	return got;
}

static int
take_hard_link(
    struct unpack *u, const char *target, const char *path, struct err *e)
{
	char from[PATH_BYTES + 1];
	struct stat st;

	if (clean_path(from, target, e) == -1)
		return -1;
	if (from[0] == '\0' ||
	    fstatat(u->to, from, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED,
		    "'%s' is a link to '%s', which is no file before it in the "
		    "archive",
		    shown(path).text, shown(target).text);
	if (make_parents(u, path, e) == -1)
		return -1;
	if (linkat(u->to, from, u->to, path, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return named_twice(path, e);
	return err_sys(e, "cannot link '%s'", shown(path).text);
}

static int
keep_link(struct unpack *u, const char *to, const char *path, struct err *e)
{
	if (to == NULL || to[0] == '\0' || leaves(path, to))
		return err_set(e, ERR_REFUSED,
		    "'%s' is a link that leaves the archive", shown(path).text);
	/* Now, while no link can stand in a path. */
	if (make_parents(u, path, e) == -1)
		return -1;
	u->links = mem_resize(u->links, u->link_count + 1, sizeof(*u->links));
	u->links[u->link_count++] =
	    (struct link){mem_strdup(path), mem_strdup(to)};
	return 0;
}

static const char *
kind_of(mode_t type)
{
	switch (type) {
	case AE_IFIFO:
		return "a FIFO";
	case AE_IFSOCK:
		return "a socket";
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	default:
		return "neither file nor folder";
	}
}

static int
take_folder(struct unpack *u, const char *path, struct err *e)
{
	if (path[0] == '\0')
		return 0;
	if (u->folders++ == u->limits->files)
		return err_set(e, ERR_REFUSED,
		    "the archive holds over %ju folders",
		    (uintmax_t)u->limits->files);
	return make_folders(u, path, e);
}

static int
take_entry(struct unpack *u, struct archive_entry *entry, struct err *e)
{
	const char *name = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);
	char path[PATH_BYTES + 1];

	if (name == NULL || has_controls(name))
		return err_set(e, ERR_REFUSED,
		    "entry %ju of the archive has no name that a file of a "
		    "build may have",
		    (uintmax_t)u->headers);
	if (clean_path(path, name, e) == -1)
		return -1;
	if (type == AE_IFDIR)
		return take_folder(u, path, e);
	if (path[0] == '\0')
		return err_set(e, ERR_REFUSED,
		    "entry %ju of the archive has no name",
		    (uintmax_t)u->headers);
	if (u->count->files++ == u->limits->files)
		return err_set(e, ERR_REFUSED,
		    "the archive holds over %ju files, the most a build may "
		    "have",
		    (uintmax_t)u->limits->files);
	if (archive_entry_hardlink(entry) != NULL)
		return take_hard_link(
		    u, archive_entry_hardlink(entry), path, e);
	if (type == AE_IFLNK)
		return keep_link(u, archive_entry_symlink(entry), path, e);
	if (type == AE_IFREG)
		return take_file(u, entry, path, e);
	return err_set(e, ERR_REFUSED, "'%s' in the archive is %s",
	    shown(path).text, kind_of(type));
}

/* ---- all of it ------------------------------------------------------- */

/* Their folders are there and real, so that none is made through another. */
static int
make_links(const struct unpack *u, struct err *e)
{
	const struct link *l;
	size_t i;

	for (i = 0; i < u->link_count; i++) {
		l = &u->links[i];
		if (symlinkat(l->to, u->to, l->path) == 0)
			continue;
		if (errno == EEXIST)
			return named_twice(l->path, e);
		return err_sys(e, "cannot link '%s'", shown(l->path).text);
	}
	return 0;
}

/* Returns 1 to go on, 0 at the end, -1 with "e". */
static int
next_entry(struct unpack *u, struct err *e)
{
	struct archive_entry *entry;
	int rc, packings, most;

	rc = archive_read_next_header(u->archive, &entry);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return u->headers > 0
		    ? damaged(u, e)
		    : err_set(e, ERR_REFUSED,
			  "it is no zip, tar or tar.gz archive");
	/* A gzip round a zip hides its modes, which stand at its end. */
	packings = archive_filter_count(u->archive) - 1;
	most = archive_format(u->archive) == ARCHIVE_FORMAT_ZIP ? 0 : 1;
	if (u->headers++ == 0 && packings > most)
		return err_set(
		    e, ERR_REFUSED, "the archive is packed more than once");
	return take_entry(u, entry, e) == -1 ? -1 : 1;
}

static struct archive *
open_reader(void)
{
	struct archive *a = archive_read_new();

	if (a == NULL)
		return NULL;
	/* One by one: each format is more of somebody else's parser. */
	archive_read_support_filter_gzip(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
	/* What was joined with cat(1) would be left out without a word. */
	archive_read_set_option(a, "tar", "read_concatenated_archives", "1");
	return a;
}

int
archive_build(int fd, int to_dirfd, const struct build_limits *limits,
    struct build_count *count, struct err *e)
{
	struct unpack u = {.to = to_dirfd, .limits = limits, .count = count};
	size_t i;
	int rc;

	*count = (struct build_count){0, 0};
	if ((u.archive = open_reader()) == NULL)
		return err_set(e, ERR_AGAIN, "libarchive has no memory");
	if (archive_read_open_fd(u.archive, fd, READ_BLOCK) != ARCHIVE_OK)
		rc = err_set(
		    e, ERR_REFUSED, "it is no zip, tar or tar.gz archive");
	else
		do
			rc = next_entry(&u, e);
		while (rc == 1);
	if (rc == 0)
		rc = make_links(&u, e);
	if (rc == 0 && count->files == 0)
		rc = err_set(e, ERR_REFUSED, "there is no file in the archive");
	archive_read_free(u.archive);
	for (i = 0; i < u.link_count; i++) {
		free(u.links[i].path);
		free(u.links[i].to);
	}
	free(u.links);
	return rc;
}
