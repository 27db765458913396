/* lib/base/fs_tree: whole folders, as a program under test may leave them. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"

static char root_path[64];
static int root;

static int
setup(void **state)
{
	(void)state;
	strcpy(root_path, "/tmp/pf-tree-test-XXXXXX");
	if (mkdtemp(root_path) == NULL)
		return -1;
	root = fs_open_dir(AT_FDCWD, root_path, NULL);
	return root == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(root);
	return fs_remove_tree(AT_FDCWD, root_path, NULL);
}

static void
put(const char *name, const char *text)
{
	assert_int_equal(
	    fs_replace(root, name, text, strlen(text), 0600, false, NULL), 0);
}

static bool
exists(const char *name)
{
	struct stat st;

	return fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
rename_and_count(void *arg, int dirfd, const char *name)
{
	char other[64];

	++*(int *)arg;
	snprintf(other, sizeof(other), "renamed-%s", name);
	return renameat(dirfd, name, dirfd, other);
}

static void
each_sees_every_name_once_while_they_change(void **state)
{
	char name[32];
	int n = 0, i;

	(void)state;
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(name, "");
	}
	assert_int_equal(fs_each(root, rename_and_count, &n, NULL), 0);
	assert_int_equal(n, 500);
	assert_true(exists("renamed-499"));
	assert_false(exists("499"));
}

static int
stop_at_three(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	return ++*(int *)arg == 3 ? 42 : 0;
}

static void
each_ends_when_told(void **state)
{
	struct err e;
	int n = 0;

	(void)state;
	put("a", "");
	put("b", "");
	put("c", "");
	put("d", "");
	assert_int_equal(fs_each(root, stop_at_three, &n, NULL), 42);
	assert_int_equal(n, 3);
	assert_int_equal(fs_each(-1, stop_at_three, &n, &e), -1);
}

static void
remove_takes_files_folders_and_nothing(void **state)
{
	struct err e;

	(void)state;
	put("file", "x");
	assert_int_equal(fs_make_dirs(root, "a/b/c", 0700, NULL), 0);
	put("a/b/file", "x");
	assert_int_equal(fs_remove_tree(root, "file", &e), 0);
	assert_int_equal(fs_remove_tree(root, "a", &e), 0);
	assert_int_equal(fs_remove_tree(root, "never", &e), 0);
	assert_false(exists("file") || exists("a"));
	assert_int_equal(fs_remove_tree(root, ".", &e), -1);
	assert_int_equal(fs_remove_tree(root, "a/..", &e), -1);
	assert_int_equal(fs_remove_tree(root, "", &e), -1);
}

static void
remove_never_follows_a_link(void **state)
{
	(void)state;
	assert_int_equal(fs_make_dirs(root, "outside/sub", 0700, NULL), 0);
	put("outside/precious", "x");
	assert_int_equal(mkdirat(root, "tree", 0700), 0);
	assert_int_equal(symlinkat("../outside", root, "tree/link"), 0);
	assert_int_equal(
	    symlinkat("../outside/precious", root, "tree/file"), 0);
	assert_int_equal(fs_remove_tree(root, "tree", NULL), 0);
	assert_false(exists("tree"));
	assert_true(exists("outside/precious"));
	assert_int_equal(symlinkat("outside", root, "toplink"), 0);
	assert_int_equal(fs_remove_tree(root, "toplink", NULL), 0);
	assert_false(exists("toplink"));
	assert_true(exists("outside/sub"));
}

/* Folders in each other, deeper than descriptors and path names reach. */
static void
dig(const char *name, int levels)
{
	int fd, next, i;

	assert_int_equal(mkdirat(root, name, 0700), 0);
	fd = fs_open_dir(root, name, NULL);
	for (i = 0; i < levels; i++) {
		assert_int_equal(mkdirat(fd, "deep", 0700), 0);
		next = fs_open_dir(fd, "deep", NULL);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	assert_int_equal(
	    fs_replace(fd, "bottom", "xyz", 3, 0600, false, NULL), 0);
	close(fd);
}

static void
remove_reaches_any_depth(void **state)
{
	struct rlimit few, old;
	struct err e;

	(void)state;
	dig("tree", 5000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 128;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(fs_remove_tree(root, "tree", &e), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_false(exists("tree"));
}

/* As a plain user, whom modes concern. */
static int
remove_as_nobody(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (getuid() == 0 &&
		    (setgid(65534) == -1 || setuid(65534) == -1))
			_exit(99);
		if (fs_make_dirs(root, "t/none/sub", 0700, NULL) == -1 ||
		    fs_make_dirs(root, "t/read/sub", 0700, NULL) == -1 ||
		    fchmodat(root, "t/none", 0, 0) == -1 ||
		    fchmodat(root, "t/read", 0555, 0) == -1 ||
		    fchmodat(root, "t", 0500, 0) == -1)
			_exit(98);
		_exit(fs_remove_tree(root, "t", NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void
remove_gets_past_modes(void **state)
{
	(void)state;
	assert_int_equal(fchmod(root, 0777), 0);
	assert_int_equal(remove_as_nobody(), 0);
	assert_false(exists("t"));
}

static void
usage_counts_bytes_and_entries(void **state)
{
	uint64_t bytes, count;

	(void)state;
	assert_int_equal(fs_make_dirs(root, "t/sub", 0700, NULL), 0);
	put("t/a", "12345");
	put("t/sub/b", "123");
	assert_int_equal(symlinkat("/usr", root, "t/link"), 0);
	fs_usage(root, "t", &bytes, &count);
	assert_int_equal(bytes, 8);
	assert_int_equal(count, 4);
	fs_usage(root, "none", &bytes, &count);
	assert_int_equal(bytes, 0);
	assert_int_equal(count, 0);
}

static void
nothing_hides_in_the_deep(void **state)
{
	uint64_t bytes, count;

	(void)state;
	dig("fine", 100);
	fs_usage(root, "fine", &bytes, &count);
	assert_int_equal(bytes, 3);
	assert_int_equal(count, 101);
	dig("tree", 400);
	fs_usage(root, "tree", &bytes, &count);
	assert_true(bytes >= UINT64_C(1) << 62);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_sees_every_name_once_while_they_change),
	    TEST(each_ends_when_told),
	    TEST(remove_takes_files_folders_and_nothing),
	    TEST(remove_never_follows_a_link),
	    TEST(remove_reaches_any_depth),
	    TEST(remove_gets_past_modes),
	    TEST(usage_counts_bytes_and_entries),
	    TEST(nothing_hides_in_the_deep),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/fs_tree", tests, NULL, NULL);
}
