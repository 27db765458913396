/* lib/archive/build: real archives, made here, good ones and hostile ones. */
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

#include "lib/archive/build.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

enum form { ZIP, TAR, TAR_GZ, TAR_GZ_GZ, ZIP_GZ, TAR_XZ };

static struct archive *
begin(int fd, enum form form)
{
	struct archive *a = archive_write_new();

	if (form == ZIP || form == ZIP_GZ)
		archive_write_set_format_zip(a);
	else
		archive_write_set_format_gnutar(a);
	if (form == TAR_GZ || form == TAR_GZ_GZ || form == ZIP_GZ)
		archive_write_add_filter_gzip(a);
	if (form == TAR_GZ_GZ)
		archive_write_add_filter_gzip(a);
	if (form == TAR_XZ)
		archive_write_add_filter_xz(a);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	return a;
}

static void
finish(struct archive *a)
{
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static void
add(struct archive *a, const char *name, mode_t mode, const void *bytes,
    size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, (la_int64_t)len);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (len > 0)
		assert_int_equal(archive_write_data(a, bytes, len), len);
	archive_entry_free(entry);
}

static void
add_link(struct archive *a, const char *name, const char *to, bool hard)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, (hard ? AE_IFREG : AE_IFLNK) | 0777);
	if (hard)
		archive_entry_set_hardlink(entry, to);
	else
		archive_entry_set_symlink(entry, to);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	archive_entry_free(entry);
}

static int
memory_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd != -1);
	return fd;
}

/* Into "out" of the scratch folder, from the beginning. */
static int
unpack(struct scratch *s, int fd, const struct build_limits *limits,
    struct build_count *count, struct err *e)
{
	int to, got;

	fs_remove_tree(s->fd, "out", NULL);
	assert_int_not_equal(to = fs_make_dir_open(s->fd, "out", 0700, e), -1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	err_clear(e);
	got = archive_build(
	    fd, to, limits == NULL ? &BUILD_LIMITS : limits, count, e);
	close(to);
	return got;
}

/* Closes "fd". */
static void
expect_refusal(struct scratch *s, int fd, const struct build_limits *limits,
    const char *sentence)
{
	struct build_count count;
	struct err e;

	if (unpack(s, fd, limits, &count, &e) != -1)
		fail_msg("it was taken: %s", sentence);
	if (e.cls != ERR_REFUSED || strstr(e.text, sentence) == NULL)
		fail_msg("%s", e.text);
	close(fd);
	/* Whatever it was, nothing lies beside the folder. */
	assert_int_equal(scratch_count(s->fd, "."), 1);
}

static mode_t
mode_of(struct scratch *s, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void
files_keep_their_places_and_who_may_run_them(void **state)
{
	static const enum form forms[] = {ZIP, TAR, TAR_GZ};
	struct scratch *s = *state;
	struct build_count count;
	struct archive *a;
	struct err e;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		a = begin(fd = memory_file(), forms[i]);
		add(a, "./", AE_IFDIR | 0755, NULL, 0);
		add(a, "./read", AE_IFREG | 0755, "program", 7);
		add(a, "lib//deep/x.so", AE_IFREG | 04644, "library", 7);
		add(a, "empty/", AE_IFDIR | 0755, NULL, 0);
		add(a, "none", AE_IFREG | 0600, "", 0);
		finish(a);
		if (unpack(s, fd, NULL, &count, &e) == -1)
			fail_msg("%s", e.text);
		assert_int_equal(count.files, 3);
		assert_int_equal(count.bytes, 14);
		assert_true(scratch_holds(s->fd, "out/read", "program", 7));
		assert_true(
		    scratch_holds(s->fd, "out/lib/deep/x.so", "library", 7));
		assert_true(scratch_holds(s->fd, "out/none", "", 0));
		assert_int_equal(mode_of(s, "out/read"), 0700);
		assert_int_equal(mode_of(s, "out/lib/deep/x.so"), 0600);
		assert_int_equal(mode_of(s, "out/lib"), 0700);
		close(fd);
	}
}

static void
links_inside_are_made(void **state)
{
	struct scratch *s = *state;
	struct build_count count;
	struct archive *a;
	char to[32] = "";
	struct err e;
	int fd;

	a = begin(fd = memory_file(), TAR);
	add_link(a, "first", "bin/read", false);
	add(a, "bin/read", AE_IFREG | 0755, "program", 7);
	add_link(a, "again", "./bin/read", true);
	add_link(a, "bin/up", "../first", false);
	finish(a);
	if (unpack(s, fd, NULL, &count, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(count.files, 4);
	assert_true(scratch_holds(s->fd, "out/again", "program", 7));
	assert_int_equal(mode_of(s, "out/again"), 0700);
	assert_int_equal(
	    readlinkat(s->fd, "out/bin/up", to, sizeof(to) - 1), 8);
	assert_string_equal(to, "../first");
	close(fd);
}

static void
links_that_leave_are_refused(void **state)
{
	static const struct {
		const char *name, *to;
	} bad[] = {{"up", "../x"}, {"abs", "/etc/passwd"}, {"a/up", "../../x"},
	    {"a/b", "c/../../../x"}, {"nothing", ""}};
	struct archive *a;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = begin(fd = memory_file(), TAR);
		add_link(a, bad[i].name, bad[i].to, false);
		finish(a);
		expect_refusal(
		    *state, fd, NULL, "is a link that leaves the archive");
	}
}

static void
hard_links_mean_a_file_before_them(void **state)
{
	struct archive *a;
	int fd;

	a = begin(fd = memory_file(), TAR);
	add_link(a, "x", "/etc/passwd", true);
	finish(a);
	expect_refusal(*state, fd, NULL, "absolute name '/etc/passwd'");

	a = begin(fd = memory_file(), TAR);
	add_link(a, "x", "../../etc/passwd", true);
	finish(a);
	expect_refusal(*state, fd, NULL, "leads out of it");

	a = begin(fd = memory_file(), TAR);
	add(a, "dir", AE_IFDIR | 0755, NULL, 0);
	add_link(a, "x", "later", true);
	add(a, "later", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "'x' is a link to 'later'");

	a = begin(fd = memory_file(), TAR);
	add(a, "dir", AE_IFDIR | 0755, NULL, 0);
	add_link(a, "x", "dir", true);
	finish(a);
	expect_refusal(*state, fd, NULL, "no file before it");
}

/* The old trick: a link, and then a file through it. */
static void
nothing_is_written_through_a_link(void **state)
{
	struct scratch *s = *state;
	struct archive *a;
	int fd;

	a = begin(fd = memory_file(), TAR);
	add_link(a, "a/b/top", "../..", false);
	add_link(a, "a/b/out", "top/../evil", false);
	add(a, "a/b/out/x", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(s, fd, NULL, "names 'a/b/out' twice");

	a = begin(fd = memory_file(), TAR);
	add_link(a, "l", "sub", false);
	add(a, "l", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(s, fd, NULL, "names 'l' twice");

	/* And no link through a link either. */
	a = begin(fd = memory_file(), TAR);
	add_link(a, "a/b/top", "../..", false);
	add_link(a, "a/b/top/x", "y", false);
	finish(a);
	expect_refusal(s, fd, NULL, "names 'a/b/top' twice");
}

static void
names_that_lead_out_are_refused(void **state)
{
	static const struct {
		const char *name, *sentence;
	} bad[] = {{"../x", "'../x' leads out of it"},
	    {"a/../../x", "leads out of it"}, {"a/..", "leads out of it"},
	    {"/etc/x", "absolute name '/etc/x'"},
	    {"a\nb", "has no name that a file of a build may have"}};
	struct archive *a;
	char longer[400];
	size_t i, form;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (form = ZIP; form <= TAR; form++) {
			a = begin(fd = memory_file(), (enum form)form);
			add(a, bad[i].name, AE_IFREG | 0644, "1", 1);
			finish(a);
			expect_refusal(*state, fd, NULL, bad[i].sentence);
		}
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	a = begin(fd = memory_file(), TAR);
	add(a, longer, AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "longer than 255 bytes");
}

static void
a_name_has_one_meaning(void **state)
{
	struct archive *a;
	int fd;

	a = begin(fd = memory_file(), TAR);
	add(a, "read", AE_IFREG | 0644, "1", 1);
	add(a, "./read", AE_IFREG | 0644, "2", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "names 'read' twice");

	a = begin(fd = memory_file(), TAR);
	add(a, "read", AE_IFREG | 0644, "1", 1);
	add(a, "read/x", AE_IFREG | 0644, "2", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "is a file and a folder");
}

static void
devices_and_fifos_are_refused(void **state)
{
	static const struct {
		mode_t type;
		const char *sentence;
	} bad[] = {{AE_IFIFO, "'x' in the archive is a FIFO"},
	    {AE_IFCHR, "'x' in the archive is a device"},
	    {AE_IFBLK, "'x' in the archive is a device"}};
	struct archive *a;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = begin(fd = memory_file(), TAR);
		add(a, "x", bad[i].type | 0644, NULL, 0);
		finish(a);
		expect_refusal(*state, fd, NULL, bad[i].sentence);
	}
}

/* A GiB of zeros in a MiB: what is counted is what comes out. */
static void
bombs_end_at_the_limit(void **state)
{
	const struct build_limits small = {100, 8 << 20, 4 << 20};
	static char zeros[1 << 20];
	struct scratch *s = *state;
	struct build_count count;
	struct archive *a;
	struct err e;
	int fd, i;

	a = begin(fd = memory_file(), TAR_GZ);
	for (i = 0; i < 32; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		add(a, name, AE_IFREG | 0644, zeros, sizeof(zeros));
	}
	finish(a);
	assert_int_equal(unpack(s, fd, &small, &count, &e), -1);
	assert_true(count.bytes <= small.bytes);
	expect_refusal(s, fd, &small, "holds over 8.0 MiB");

	a = begin(fd = memory_file(), ZIP);
	add(a, "big", AE_IFREG | 0644, NULL, 0);
	finish(a);
	assert_int_equal(unpack(s, fd, &small, &count, &e), 0);
	close(fd);

	a = begin(fd = memory_file(), TAR_GZ);
	{
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, "one");
		archive_entry_set_mode(entry, AE_IFREG | 0644);
		archive_entry_set_size(entry, 5 << 20);
		archive_write_header(a, entry);
		for (i = 0; i < 5; i++)
			archive_write_data(a, zeros, sizeof(zeros));
		archive_entry_free(entry);
	}
	finish(a);
	expect_refusal(s, fd, &small, "'one' in the archive has over 4.0 MiB");
}

static void
too_many_files_end_at_the_limit(void **state)
{
	struct archive *a;
	char name[32];
	int fd, i;

	a = begin(fd = memory_file(), TAR_GZ);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "d%d/%d", i % 7, i);
		add(a, name, AE_IFREG | 0644, "", 0);
	}
	finish(a);
	expect_refusal(*state, fd, NULL, "holds over 20000 files");

	a = begin(fd = memory_file(), TAR_GZ);
	for (i = 0; i < 30000; i++) {
		snprintf(name, sizeof(name), "d%d/", i);
		add(a, name, AE_IFDIR | 0755, NULL, 0);
	}
	finish(a);
	expect_refusal(*state, fd, NULL, "holds over 20000 folders");
}

static void
what_is_no_archive_is_refused(void **state)
{
	static const char *const none[] = {"", "x", "#!/bin/sh\nexit 0\n",
	    "\037\213\010\0\0\0\0\0\0\003", "PK\003\004nothing"};
	struct archive *a;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		fd = memory_file();
		assert_int_equal(fs_write_all(fd, none[i], strlen(none[i])), 0);
		expect_refusal(*state, fd, NULL, "");
	}
	a = begin(fd = memory_file(), TAR_GZ_GZ);
	add(a, "x", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "packed more than once");
	a = begin(fd = memory_file(), ZIP_GZ);
	add(a, "x", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "packed more than once");
	a = begin(fd = memory_file(), TAR_XZ);
	add(a, "x", AE_IFREG | 0644, "1", 1);
	finish(a);
	expect_refusal(*state, fd, NULL, "no zip, tar or tar.gz archive");
	a = begin(fd = memory_file(), TAR);
	add(a, "x/", AE_IFDIR | 0755, NULL, 0);
	finish(a);
	expect_refusal(*state, fd, NULL, "there is no file in the archive");
}

/* A build that is only half there must not look like one. */
static void
cut_and_altered_archives_are_refused(void **state)
{
	struct scratch *s = *state;
	char noise[20000];
	struct archive *a;
	unsigned seed = 1;
	size_t i;
	off_t size;
	int fd, form;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
	for (form = ZIP; form <= TAR_GZ; form++) {
		a = begin(fd = memory_file(), (enum form)form);
		add(a, "first", AE_IFREG | 0755, noise, sizeof(noise));
		add(a, "second", AE_IFREG | 0755, noise, sizeof(noise));
		finish(a);
		size = lseek(fd, 0, SEEK_END);
		assert_int_equal(ftruncate(fd, size / 3), 0);
		expect_refusal(s, fd, NULL, "");
	}
	a = begin(fd = memory_file(), ZIP);
	add(a, "first", AE_IFREG | 0755, noise, sizeof(noise));
	finish(a);
	assert_int_equal(pwrite(fd, "XXXX", 4, 9000), 4);
	expect_refusal(s, fd, NULL, "the archive is damaged");
}

/* What cat(1) joined is read to its end; what is no tar there is refused. */
static void
joined_tars_are_one(void **state)
{
	struct scratch *s = *state;
	struct build_count count;
	struct archive *a;
	struct err e;
	int fd;

	fd = memory_file();
	a = begin(fd, TAR);
	add(a, "first", AE_IFREG | 0755, "1", 1);
	finish(a);
	a = begin(fd, TAR);
	add(a, "second", AE_IFREG | 0755, "2", 1);
	finish(a);
	assert_int_equal(unpack(s, fd, NULL, &count, &e), 0);
	assert_int_equal(count.files, 2);
	assert_true(scratch_holds(s->fd, "out/second", "2", 1));
	lseek(fd, 0, SEEK_END);
	assert_int_equal(fs_write_all(fd, "garbage", 7), 0);
	expect_refusal(s, fd, NULL, "the archive is damaged");
}

/* Holes count as the zeros they are read as, also one at the end. */
static void
sparse_files_are_as_long_as_they_say(void **state)
{
	const struct build_limits small = {10, 64 << 10, 64 << 10};
	struct archive_entry *entry;
	struct scratch *s = *state;
	struct build_count count;
	struct archive *a;
	struct stat st;
	struct err e;
	int fd;

	fd = memory_file();
	a = archive_write_new();
	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	entry = archive_entry_new();
	archive_entry_set_pathname(entry, "holes");
	archive_entry_set_mode(entry, AE_IFREG | 0644);
	archive_entry_set_size(entry, 1 << 20);
	archive_entry_sparse_add_entry(entry, 4096, 4096);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	archive_write_data(a, (char[8192]){0}, 8192);
	archive_entry_free(entry);
	finish(a);
	if (unpack(s, fd, NULL, &count, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(fstatat(s->fd, "out/holes", &st, 0), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_int_equal(count.bytes, 1 << 20);
	expect_refusal(s, fd, &small, "over 64.0 KiB");
}

int
main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(files_keep_their_places_and_who_may_run_them),
	    TEST(links_inside_are_made),
	    TEST(links_that_leave_are_refused),
	    TEST(hard_links_mean_a_file_before_them),
	    TEST(nothing_is_written_through_a_link),
	    TEST(names_that_lead_out_are_refused),
	    TEST(a_name_has_one_meaning),
	    TEST(devices_and_fifos_are_refused),
	    TEST(bombs_end_at_the_limit),
	    TEST(too_many_files_end_at_the_limit),
	    TEST(what_is_no_archive_is_refused),
	    TEST(cut_and_altered_archives_are_refused),
	    TEST(joined_tars_are_one),
	    TEST(sparse_files_are_as_long_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
