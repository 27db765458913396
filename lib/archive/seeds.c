/*
 * A target's `_seed_corpus.zip` into a session's seeds/ folder.  The archive
 * comes from a build, and a build from anybody: members get names of ours,
 * what is not a plain file is skipped, and everything has a limit, also what
 * is only inflated to be thrown away.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/archive/seeds.h"
#include "lib/base/fs.h"

#define READ_BLOCK 65536

/* A tar of 512-byte headers without a file in it ends somewhere, too. */
#define HEADERS_PER_ENTRY 16
/* Inflated bytes for each byte that may be taken. */
#define INFLATED_PER_BYTE 4

const struct seeds_limits SEEDS_LIMITS = {
    .entries = 20000,
    .bytes = 1ull << 30,
    .file_bytes = 1ull << 20,
};

const char *const SEEDS_SUFFIXES[] = {
    "_seed_corpus.zip",
    "_seed_corpus.tar.gz",
    "_seed_corpus.tgz",
    "_seed_corpus.tar",
    NULL,
};

struct unpack {
	struct archive *archive;
	int to;
	const struct seeds_limits *limits;
	struct seeds_count *count;
	uint64_t headers;
};

/* What became of one member. */
enum member { MEMBER_TAKEN, MEMBER_SKIPPED, MEMBER_BAD, MEMBER_FAILED };

static bool
too_much_inflated(const struct unpack *u)
{
	int64_t bytes = archive_filter_bytes(u->archive, 0);

	return bytes > 0 &&
	    (uint64_t)bytes / INFLATED_PER_BYTE > u->limits->bytes;
}

/*
 * Write a member's data.  The size in its header is a claim, so the limits
 * are kept while it is read; a member with holes is written without them.
 */
static enum member
copy_data(struct unpack *u, int fd, uint64_t *size, struct err *e)
{
	char bytes[READ_BLOCK];
	la_ssize_t n;

	*size = 0;
	while ((n = archive_read_data(u->archive, bytes, sizeof(bytes))) > 0) {
		if (*size + (uint64_t)n > u->limits->file_bytes)
			return MEMBER_SKIPPED;
		if (fs_write_all(fd, bytes, (size_t)n) == -1) {
			err_sys(e, "cannot write a seed");
			return MEMBER_FAILED;
		}
		*size += (uint64_t)n;
	}
	if (n == ARCHIVE_FATAL)
		return MEMBER_BAD;
	/* A bad checksum or a wrong password: bytes that nobody meant. */
	return n < 0 || *size == 0 ? MEMBER_SKIPPED : MEMBER_TAKEN;
}

static enum member
take_member(struct unpack *u, struct err *e)
{
	enum member outcome;
	uint64_t size;
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "%016ju", (uintmax_t)u->count->taken);
	fd = openat(u->to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1) {
		err_sys(e, "cannot make seed '%s'", name);
		return MEMBER_FAILED;
	}
	outcome = copy_data(u, fd, &size, e);
	close(fd);
	if (outcome == MEMBER_TAKEN &&
	    u->count->bytes + size > u->limits->bytes)
		outcome = MEMBER_BAD;
	if (outcome != MEMBER_TAKEN) {
		unlinkat(u->to, name, 0);
		return outcome;
	}
	u->count->taken++;
	u->count->bytes += size;
	return outcome;
}

/* A plain file with bytes of its own, and not longer than allowed? */
static bool
wanted(const struct unpack *u, struct archive_entry *entry)
{
	if (archive_entry_filetype(entry) != AE_IFREG)
		return false;
	if (archive_entry_hardlink(entry) != NULL ||
	    archive_entry_is_encrypted(entry))
		return false;
	if (!archive_entry_size_is_set(entry))
		return true;
	return archive_entry_size(entry) >= 0 &&
	    (uint64_t)archive_entry_size(entry) <= u->limits->file_bytes;
}

/* Returns 1 to go on, 0 at the end, -1 with "e". */
static int
next_member(struct unpack *u, struct err *e)
{
	struct archive_entry *entry;
	enum member outcome;
	int rc;

	rc = archive_read_next_header(u->archive, &entry);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
		u->count->cut = true;
		return u->headers > 0
		    ? 0
		    : err_set(e, ERR_REFUSED, "it is no zip or tar archive");
	}
	/* Plain, or in one gzip: what is packed twice is a bomb. */
	if (u->headers++ == 0 && archive_filter_count(u->archive) > 2)
		return err_set(
		    e, ERR_REFUSED, "the archive is packed more than once");
	if (u->count->taken == u->limits->entries || too_much_inflated(u) ||
	    u->headers / HEADERS_PER_ENTRY > u->limits->entries) {
		u->count->cut = true;
		return 0;
	}
	outcome = wanted(u, entry) ? take_member(u, e) : MEMBER_SKIPPED;
	if (outcome == MEMBER_FAILED)
		return -1;
	if (outcome == MEMBER_SKIPPED)
		u->count->skipped++;
	if (outcome == MEMBER_BAD)
		u->count->cut = true;
	return outcome != MEMBER_BAD;
}

int
archive_seeds(int fd, int to_dirfd, const struct seeds_limits *limits,
    struct seeds_count *count, struct err *e)
{
	struct unpack u = {NULL, to_dirfd, limits, count, 0};
	int rc;

	*count = (struct seeds_count){0, 0, 0, false};
	if ((u.archive = archive_read_new()) == NULL)
		return err_set(e, ERR_AGAIN, "libarchive has no memory");
	/* One by one: each format is more of somebody else's parser. */
	archive_read_support_filter_gzip(u.archive);
	archive_read_support_format_tar(u.archive);
	archive_read_support_format_zip(u.archive);
	if (archive_read_open_fd(u.archive, fd, READ_BLOCK) != ARCHIVE_OK)
		rc = err_set(e, ERR_REFUSED, "it is no zip or tar archive");
	else
		do
			rc = next_member(&u, e);
		while (rc == 1);
	archive_read_free(u.archive);
	return rc;
}
