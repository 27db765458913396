/* lib/base/fs: files below a descriptor, whole or not at all. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
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
	strcpy(root_path, "/tmp/pf-fs-test-XXXXXX");
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

static void
assert_holds(const char *name, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(fs_read_file(root, name, &b, 1 << 20, NULL), 0);
	assert_string_equal(buf_text(&b), text);
	buf_release(&b);
}

static int
count_one(void *arg, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	++*(int *)arg;
	return 0;
}

static int
entries(int dirfd)
{
	int n = 0;

	assert_int_equal(fs_each(dirfd, count_one, &n, NULL), 0);
	return n;
}

static void
folders_are_made_along_a_path(void **state)
{
	struct stat st;
	struct err e;
	int fd;

	(void)state;
	fd = fs_make_dir_open(root, "a/b//c/", 0750, &e);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
	assert_int_equal(fstatat(root, "a/b/c", &st, 0), 0);
	assert_int_equal(fs_make_dirs(root, "a/b/c", 0750, &e), 0);
	assert_int_equal(fs_make_dirs(AT_FDCWD, root_path, 0750, &e), 0);
	put("a/file", "x");
	assert_int_equal(fs_make_dirs(root, "a/file", 0750, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(fs_make_dirs(root, "a/file/b", 0750, &e), -1);
	assert_int_equal(symlinkat("b", root, "a/link"), 0);
	assert_int_equal(fs_make_dirs(root, "a/link", 0750, &e), -1);
	assert_int_equal(fs_make_dirs(root, "a/link/d", 0750, &e), 0);
}

static void
a_link_is_no_folder(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(symlinkat("/tmp", root, "link"), 0);
	assert_int_equal(fs_open_dir(root, "link", &e), -1);
	assert_int_equal(fs_open_dir(root, "none", &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
make_socket(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", root_path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
}

static void
only_regular_files_of_others_are_opened(void **state)
{
	static const char *const odd[] = {
	    "link", "dangling", "fifo", "folder", "socket"};
	uint64_t size;
	struct err e;
	size_t i;
	int fd;

	(void)state;
	put("file", "12345");
	assert_int_equal(symlinkat("file", root, "link"), 0);
	assert_int_equal(symlinkat("nowhere", root, "dangling"), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(mkdirat(root, "folder", 0700), 0);
	make_socket("socket");
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		err_clear(&e);
		assert_int_equal(fs_open_foreign(root, odd[i], &size, &e), -1);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
	assert_int_equal(fs_open_foreign(root, "none", &size, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	fd = fs_open_foreign(root, "file", &size, &e);
	assert_true(fd >= 0);
	assert_int_equal(size, 5);
	close(fd);
}

/* In a child that is nobody, if we are root. */
static int
open_as_nobody(const char *name)
{
	struct err e;
	int status;
	pid_t pid;

	err_clear(&e);
	pid = fork();
	if (pid == 0) {
		if (getuid() == 0 &&
		    (setgid(65534) == -1 || setuid(65534) == -1))
			_exit(99);
		fs_open_foreign(root, name, NULL, &e);
		_exit((int)e.cls);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void
a_file_without_permission_is_denied(void **state)
{
	(void)state;
	put("closed", "x");
	assert_int_equal(fchmodat(root, "closed", 0, 0), 0);
	assert_int_equal(fchmod(root, 0755), 0);
	assert_int_equal(open_as_nobody("closed"), ERR_DENIED);
}

static void
reading_stops_at_the_cap(void **state)
{
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	put("file", "12345");
	assert_int_equal(fs_read_file(root, "file", &b, 5, &e), 0);
	assert_string_equal(b.data, "12345");
	assert_int_equal(fs_read_file(root, "file", &b, 4, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	put("empty", "");
	assert_int_equal(fs_read_file(root, "empty", &b, 0, &e), 0);
	assert_int_equal(b.len, 0);
	/* Files whose size is not told beforehand. */
	assert_int_equal(
	    fs_read_file(AT_FDCWD, "/proc/self/maps", &b, 1 << 20, &e), 0);
	assert_true(b.len > 1000);
	assert_non_null(strstr(b.data, "[stack]"));
	buf_release(&b);
}

static void
replace_leaves_one_file_with_the_new_bytes(void **state)
{
	struct stat st;
	struct err e;
	int old;

	(void)state;
	umask(022);
	assert_int_equal(fs_replace(root, "file", "one", 3, 0644, true, &e), 0);
	old = openat(root, "file", O_RDONLY);
	assert_int_equal(
	    fs_replace(root, "file", "three", 5, 0444, true, &e), 0);
	assert_holds("file", "three");
	assert_int_equal(fstatat(root, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(fstat(old, &st), 0);
	assert_int_equal(st.st_size, 3); /* who had it open keeps the old */
	close(old);
	assert_int_equal(entries(root), 1);
}

static void
replace_puts_a_file_in_place_of_a_link(void **state)
{
	struct stat st;

	(void)state;
	put("victim", "untouched");
	assert_int_equal(symlinkat("victim", root, "name"), 0);
	put("name", "new");
	assert_holds("victim", "untouched");
	assert_int_equal(fstatat(root, "name", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void
replace_that_fails_leaves_nothing(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(mkdirat(root, "name", 0700), 0);
	assert_int_equal(fs_replace(root, "name", "x", 1, 0600, true, &e), -1);
	assert_int_equal(entries(root), 1);
	assert_int_equal(
	    fs_replace(root, "none/name", "x", 1, 0600, true, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
replace_takes_paths_and_long_names(void **state)
{
	char name[256], path[400];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	put(name, "long");
	assert_holds(name, "long");
	assert_int_equal(fs_make_dirs(root, "a/b", 0700, NULL), 0);
	put("a/b/file", "deep");
	assert_holds("a/b/file", "deep");
	snprintf(path, sizeof(path), "%s/top", root_path);
	assert_int_equal(
	    fs_replace(AT_FDCWD, path, "top", 3, 0600, true, NULL), 0);
	assert_holds("top", "top");
}

static void
copy_hashes_what_it_writes(void **state)
{
	size_t len = 700001;
	char *bytes = malloc(len);
	struct digest want, got;
	struct stat st;
	uint64_t size;
	int from;

	(void)state;
	memset(bytes, 'b', len);
	digest_of(&want, bytes, len);
	assert_int_equal(
	    fs_replace(root, "from", bytes, len, 0600, false, NULL), 0);
	from = openat(root, "from", O_RDONLY);
	assert_int_equal(lseek(from, 5, SEEK_SET), 5); /* of no consequence */
	assert_int_equal(fs_copy(from, root, "to", 0440, &got, &size, NULL), 0);
	assert_true(digest_equal(&want, &got));
	assert_int_equal(size, len);
	assert_int_equal(fstatat(root, "to", &st, 0), 0);
	assert_int_equal(st.st_size, len);
	assert_int_equal(fs_hash(from, &got, &size, NULL), 0);
	assert_true(digest_equal(&want, &got));
	assert_int_equal(fs_copy(from, root, "too", 0440, NULL, NULL, NULL), 0);
	close(from);
	free(bytes);
}

static void
copy_never_writes_over_or_through_anything(void **state)
{
	struct err e;
	int from;

	(void)state;
	put("from", "new");
	put("there", "old");
	assert_int_equal(symlinkat("elsewhere", root, "link"), 0);
	from = openat(root, "from", O_RDONLY);
	assert_int_equal(
	    fs_copy(from, root, "there", 0600, NULL, NULL, &e), -1);
	assert_int_equal(e.sys, EEXIST);
	assert_int_equal(fs_copy(from, root, "link", 0600, NULL, NULL, &e), -1);
	assert_holds("there", "old");
	assert_int_equal(faccessat(root, "elsewhere", F_OK, 0), -1);
	close(from);
}

static void
a_copy_that_fails_is_removed(void **state)
{
	struct err e;

	(void)state;
	/* A folder can be opened but not read. */
	assert_int_equal(fs_copy(root, root, "to", 0600, NULL, NULL, &e), -1);
	assert_int_equal(entries(root), 0);
}

static void
read_at_and_write_all_go_to_the_end(void **state)
{
	char bytes[16];
	int fd;

	(void)state;
	fd = openat(root, "file", O_RDWR | O_CREAT, 0600);
	assert_int_equal(fs_write_all(fd, "0123456789", 10), 0);
	assert_int_equal(fs_read_at(fd, bytes, 4, 3), 4);
	assert_memory_equal(bytes, "3456", 4);
	assert_int_equal(fs_read_at(fd, bytes, sizeof(bytes), 8), 2);
	assert_int_equal(fs_read_at(fd, bytes, sizeof(bytes), 10), 0);
	close(fd);
	assert_int_equal(fs_write_all(fd, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fs_read_at(fd, bytes, 1, 0), -1);
}

static void
space_is_that_of_the_file_system(void **state)
{
	uint64_t left, total;

	(void)state;
	assert_int_equal(fs_space(root, &left, &total, NULL), 0);
	assert_true(left > 0 && left <= total);
	assert_int_equal(fs_space(-1, &left, &total, NULL), -1);
}

static void
a_root_is_locked_by_one(void **state)
{
	struct err e;
	int first, again;

	(void)state;
	first = fs_lock(root, "lock", &e);
	assert_true(first >= 0);
	assert_int_equal(fs_lock(root, "lock", &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	close(first);
	again = fs_lock(root, "lock", &e);
	assert_true(again >= 0);
	close(again);
	assert_int_equal(symlinkat("x", root, "link"), 0);
	assert_int_equal(fs_lock(root, "link", &e), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(folders_are_made_along_a_path),
	    TEST(a_link_is_no_folder),
	    TEST(only_regular_files_of_others_are_opened),
	    TEST(a_file_without_permission_is_denied),
	    TEST(reading_stops_at_the_cap),
	    TEST(replace_leaves_one_file_with_the_new_bytes),
	    TEST(replace_puts_a_file_in_place_of_a_link),
	    TEST(replace_that_fails_leaves_nothing),
	    TEST(replace_takes_paths_and_long_names),
	    TEST(copy_hashes_what_it_writes),
	    TEST(copy_never_writes_over_or_through_anything),
	    TEST(a_copy_that_fails_is_removed),
	    TEST(read_at_and_write_all_go_to_the_end),
	    TEST(space_is_that_of_the_file_system),
	    TEST(a_root_is_locked_by_one),
	};

	return cmocka_run_group_tests_name("lib/base/fs", tests, NULL, NULL);
}
