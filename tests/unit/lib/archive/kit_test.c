/*
 * Kits out: the same folder is the same tar, and what comes out of it is what
 * went in.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/archive/build.h"
#include "lib/archive/kit.h"
#include "lib/base/digest.h"
#include "lib/base/fs.h"
#include "tests/unit/scratch.h"

#define BYTES(text) text, sizeof(text) - 1

static int
make_folder(struct scratch *s, const char *name)
{
	struct err e;

	return fs_make_dir_open(s->fd, name, 0700, &e);
}

static struct digest
pack(struct scratch *s, const char *folder, const char *tar)
{
	struct digest d;
	struct err e;
	int dir = openat(s->fd, folder, O_RDONLY | O_DIRECTORY);
	int fd = openat(s->fd, tar, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (archive_kit(dir, "crash-1", fd, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(fs_hash(fd, &d, NULL, &e), 0);
	close(dir);
	close(fd);
	return d;
}

static void
fill(int dir, bool other_way_round)
{
	static const char *const names[] = {"b", "a", "sub/z", "sub/y"};
	struct err e;
	int i, n;

	assert_int_equal(fs_make_dirs(dir, "sub", 0711, &e), 0);
	for (i = 0; i < 4; i++) {
		n = other_way_round ? 3 - i : i;
		scratch_file(dir, names[n], names[n], strlen(names[n]));
		assert_int_equal(
		    fchmodat(dir, names[n], n == 1 ? 0755 : 0600, 0), 0);
	}
}

static void
a_folder_is_the_same_tar_whoever_made_it_when(void **state)
{
	const struct timespec past[2] = {{1000000, 5}, {2000000, 7}};
	struct scratch *s = *state;
	struct digest one, two;
	int a = make_folder(s, "one"), b = make_folder(s, "two");

	fill(a, false);
	fill(b, true);
	assert_int_equal(utimensat(b, "a", past, 0), 0);
	assert_int_equal(fchmodat(b, "b", 0640, 0), 0);
	one = pack(s, "one", "one.tar");
	two = pack(s, "two", "two.tar");
	assert_true(digest_equal(&one, &two));
	scratch_file(b, "c", BYTES(""));
	two = pack(s, "two", "two.tar");
	assert_false(digest_equal(&one, &two));
	close(a);
	close(b);
}

static void
what_comes_out_is_what_went_in(void **state)
{
	struct scratch *s = *state;
	struct build_count count = {0, 0};
	char name[200] = "sub/";
	struct err e;
	struct stat st;
	int a = make_folder(s, "one"), out = make_folder(s, "out"), fd;

	fill(a, false);
	memset(name + 4, 'n', 190); /* longer than old tars may have */
	scratch_file(a, name, BYTES("long"));
	pack(s, "one", "one.tar");
	fd = openat(s->fd, "one.tar", O_RDONLY);
	if (archive_build(fd, out, &BUILD_LIMITS, &count, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(count.files, 5);
	assert_true(scratch_holds(out, "crash-1/b", BYTES("b")));
	assert_true(scratch_holds(out, "crash-1/sub/z", BYTES("sub/z")));
	assert_int_equal(fstatat(out, "crash-1/a", &st, 0), 0);
	assert_true((st.st_mode & S_IXUSR) != 0);
	assert_int_equal(fstatat(out, "crash-1/b", &st, 0), 0);
	assert_true((st.st_mode & S_IXUSR) == 0);
	close(fd);
	close(a);
	close(out);
}

static void
what_is_no_file_is_refused(void **state)
{
	struct scratch *s = *state;
	struct err e;
	int dir = make_folder(s, "one");
	int fd = openat(s->fd, "tar", O_RDWR | O_CREAT, 0600);

	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
	assert_int_equal(archive_kit(dir, "x", fd, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(unlinkat(dir, "pipe", 0), 0);
	/* A link is not followed, wherever it leads. */
	assert_int_equal(symlinkat("/etc/passwd", dir, "link"), 0);
	assert_int_equal(archive_kit(dir, "x", fd, &e), -1);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	assert_int_equal(unlinkat(dir, "link", 0), 0);
	scratch_file(dir, "a", BYTES("a"));
	assert_int_equal(archive_kit(dir, "x", fd, &e), -1);
	assert_int_equal(e.cls, ERR_AGAIN);
	close(fd);
	close(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_folder_is_the_same_tar_whoever_made_it_when, scratch_setup,
		scratch_teardown),
	    cmocka_unit_test_setup_teardown(what_comes_out_is_what_went_in,
		scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_no_file_is_refused, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
