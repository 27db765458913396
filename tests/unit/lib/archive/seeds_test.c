/* lib/archive/seeds: real archives, made here, good ones and hostile ones. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "lib/archive/seeds.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

enum form { ZIP, TAR, TAR_GZ, TAR_GZ_GZ };

static struct archive *
begin(int fd, enum form form)
{
	struct archive *a = archive_write_new();

	if (form == ZIP) {
		archive_write_set_format_zip(a);
	} else {
		archive_write_set_format_pax_restricted(a);
		if (form == TAR_GZ || form == TAR_GZ_GZ)
			archive_write_add_filter_gzip(a);
		if (form == TAR_GZ_GZ)
			archive_write_add_filter_gzip(a);
	}
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	return a;
}

static void
add(struct archive *a, const char *name, int type, const void *bytes,
    size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, (unsigned)type);
	archive_entry_set_perm(entry, 0644);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, "/etc/passwd");
	if (type == AE_IFREG)
		archive_entry_set_size(entry, (la_int64_t)len);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (len > 0)
		assert_int_equal(archive_write_data(a, bytes, len), len);
	archive_entry_free(entry);
}

static void
finish(struct archive *a)
{
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static int
memory_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd != -1);
	return fd;
}

static int
unpack(int fd, struct scratch *s, const struct seeds_limits *limits,
    struct seeds_count *n, struct err *e)
{
	int rc, to;

	fs_remove_tree(s->fd, "seeds", NULL);
	to = fs_make_dir_open(s->fd, "seeds", 0755, NULL);
	assert_true(to != -1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	err_clear(e);
	rc = archive_seeds(
	    fd, to, limits == NULL ? &SEEDS_LIMITS : limits, n, e);
	close(to);
	return rc;
}

static void
members_come_out_flat_under_our_names(void **state)
{
	static const enum form forms[] = {ZIP, TAR, TAR_GZ};
	struct scratch *s = *state;
	struct seeds_count n;
	struct archive *a;
	struct err e;
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		fd = memory_file();
		a = begin(fd, forms[i]);
		add(a, "one", AE_IFREG, "first", 5);
		add(a, "deep/er/two", AE_IFREG, "second", 6);
		add(a, "../../three", AE_IFREG, "third", 5);
		add(a, "/etc/four", AE_IFREG, "fourth", 6);
		finish(a);
		assert_int_equal(unpack(fd, s, NULL, &n, &e), 0);
		assert_int_equal(n.taken, 4);
		assert_int_equal(n.bytes, 22);
		assert_false(n.cut);
		assert_int_equal(scratch_count(s->fd, "seeds"), 4);
		assert_true(
		    scratch_holds(s->fd, "seeds/0000000000000000", "first", 5));
		assert_true(scratch_holds(
		    s->fd, "seeds/0000000000000003", "fourth", 6));
		close(fd);
	}
}

static void
what_is_no_plain_file_is_skipped(void **state)
{
	struct scratch *s = *state;
	int fd = memory_file();
	struct archive *a = begin(fd, TAR);
	struct seeds_count n;
	struct err e;

	add(a, "folder", AE_IFDIR, NULL, 0);
	add(a, "link", AE_IFLNK, NULL, 0);
	add(a, "pipe", AE_IFIFO, NULL, 0);
	add(a, "empty", AE_IFREG, NULL, 0);
	add(a, "seed", AE_IFREG, "x", 1);
	finish(a);
	assert_int_equal(unpack(fd, s, NULL, &n, &e), 0);
	assert_int_equal(n.taken, 1);
	assert_int_equal(n.skipped, 4);
	assert_int_equal(scratch_count(s->fd, "seeds"), 1);
	close(fd);
}

static void
limits_on_a_file_on_files_and_on_bytes_hold(void **state)
{
	const struct seeds_limits limits = {3, 2500, 1000};
	char long_one[1001] = "", one[1000] = "";
	struct scratch *s = *state;
	int fd = memory_file(), i;
	struct archive *a = begin(fd, ZIP);
	struct seeds_count n;
	struct err e;

	add(a, "long", AE_IFREG, long_one, sizeof(long_one));
	for (i = 0; i < 3; i++)
		add(a, "a", AE_IFREG, one, sizeof(one));
	finish(a);
	assert_int_equal(unpack(fd, s, &limits, &n, &e), 0);
	assert_int_equal(n.taken, 2);
	assert_int_equal(n.skipped, 1);
	assert_true(n.cut);
	close(fd);

	fd = memory_file();
	a = begin(fd, TAR_GZ);
	for (i = 0; i < 5; i++)
		add(a, "a", AE_IFREG, one, 1);
	finish(a);
	assert_int_equal(unpack(fd, s, &limits, &n, &e), 0);
	assert_int_equal(n.taken, 3);
	assert_true(n.cut);
	assert_int_equal(scratch_count(s->fd, "seeds"), 3);
	close(fd);
}

static void
what_is_packed_twice_is_refused(void **state)
{
	struct scratch *s = *state;
	int fd = memory_file();
	struct archive *a = begin(fd, TAR_GZ_GZ);
	struct seeds_count n;
	struct err e;

	add(a, "seed", AE_IFREG, "x", 1);
	finish(a);
	assert_int_equal(unpack(fd, s, NULL, &n, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(scratch_count(s->fd, "seeds"), 0);
	close(fd);
}

static void
what_is_no_archive_is_refused(void **state)
{
	static const char *const texts[] = {"", "PK", "no archive at all",
	    "7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07"};
	struct scratch *s = *state;
	struct seeds_count n;
	struct err e;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fd = memory_file();
		assert_int_equal(
		    fs_write_all(fd, texts[i], strlen(texts[i])), 0);
		if (unpack(fd, s, NULL, &n, &e) == -1)
			assert_int_equal(e.cls, ERR_REFUSED);
		assert_int_equal(n.taken, 0);
		close(fd);
	}
}

/* Two members of 3,000 bytes that do not deflate well. */
static int
sample(enum form form)
{
	int fd = memory_file(), i;
	struct archive *a = begin(fd, form);
	char bytes[3000];

	srand(1);
	for (i = 0; i < (int)sizeof(bytes); i++)
		bytes[i] = (char)rand();
	add(a, "a", AE_IFREG, bytes, sizeof(bytes));
	add(a, "b", AE_IFREG, bytes, sizeof(bytes));
	finish(a);
	return fd;
}

static void
an_archive_cut_or_altered_anywhere_ends_well(void **state)
{
	static const enum form forms[] = {ZIP, TAR, TAR_GZ};
	struct scratch *s = *state;
	struct seeds_count n;
	struct stat st;
	struct err e;
	char byte;
	off_t at;
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		fd = sample(forms[i]);
		assert_int_equal(fstat(fd, &st), 0);
		for (at = 0; at < st.st_size; at += 37) {
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			byte = (char)(byte ^ 0xff);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			(void)unpack(fd, s, NULL, &n, &e);
			assert_true(n.taken <= 2);
			byte = (char)(byte ^ 0xff);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		for (at = st.st_size; at > 0; at -= at > 97 ? 97 : at) {
			assert_int_equal(ftruncate(fd, at), 0);
			if (unpack(fd, s, NULL, &n, &e) == -1)
				assert_int_equal(e.cls, ERR_REFUSED);
			assert_int_equal(
			    scratch_count(s->fd, "seeds"), n.taken);
		}
		close(fd);
	}
}

static void
a_bomb_costs_no_more_than_its_limit(void **state)
{
	const struct seeds_limits limits = {100, 1 << 20, 1 << 16};
	struct scratch *s = *state;
	int fd = memory_file(), i;
	struct archive *a = begin(fd, TAR_GZ);
	char *zeros = calloc(1, 8 << 20);
	struct seeds_count n;
	struct err e;

	for (i = 0; i < 16; i++)
		add(a, "zeros", AE_IFREG, zeros, 8 << 20);
	add(a, "seed", AE_IFREG, "x", 1);
	finish(a);
	free(zeros);
	assert_int_equal(unpack(fd, s, &limits, &n, &e), 0);
	/* It gave up on the way: the seed behind the zeros is not reached. */
	assert_int_equal(n.taken, 0);
	assert_true(n.cut);
	close(fd);
}

int
main(void)
{
	/* clang-format off */
#define SCRATCH(t) \
	cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    SCRATCH(members_come_out_flat_under_our_names),
	    SCRATCH(what_is_no_plain_file_is_skipped),
	    SCRATCH(limits_on_a_file_on_files_and_on_bytes_hold),
	    SCRATCH(what_is_packed_twice_is_refused),
	    SCRATCH(what_is_no_archive_is_refused),
	    SCRATCH(an_archive_cut_or_altered_anywhere_ends_well),
	    SCRATCH(a_bomb_costs_no_more_than_its_limit),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "lib/archive/seeds", tests, NULL, NULL);
}
