/*
 * Folders as people have them: what is taken, and what is refused with a
 * sentence.
 */
#include <sys/stat.h>

#include <dirent.h>
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
#include "tools/pfadm/build_folder.h"
#include "tools/pfadm/hashing.h"

struct folder {
	char path[64];
	int fd;
};

static int
setup(void **state)
{
	struct folder *f = mem_alloc(sizeof(*f));

	snprintf(f->path, sizeof(f->path), "/tmp/pf-folder.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct folder *f = *state;

	close(f->fd);
	fs_remove_tree(AT_FDCWD, f->path, NULL);
	free(f);
	return 0;
}

static void
put(struct folder *f, const char *name, const char *text, mode_t mode)
{
	struct err e;

	assert_int_equal(
	    fs_replace(f->fd, name, text, strlen(text), mode, false, &e), 0);
}

static void
expect_refusal(struct folder *f, const char *sentence)
{
	struct build_folder b;
	struct err e;

	assert_int_equal(build_folder_read(&b, f->path, &e), -1);
	if (strstr(e.text, sentence) == NULL)
		fail_msg("%s", e.text);
	build_folder_release(&b);
}

static void
a_folder_is_read_sorted(void **state)
{
	struct folder *f = *state;
	const struct ticket_file *file;
	struct build_folder b;
	struct err e;
	int sub;

	put(f, "read", "program", 0700);
	put(f, "read.dict", "words", 0600);
	put(f, ".hidden", "x", 0644);
	assert_int_not_equal(
	    sub = fs_make_dir_open(f->fd, "sub/deep", 0755, &e), -1);
	assert_int_equal(fs_replace(sub, "x", "y", 1, 0644, false, &e), 0);
	close(sub);
	assert_int_equal(build_folder_read(&b, f->path, &e), 0);
	assert_int_equal(b.manifest.count, 3);
	assert_int_equal(b.hidden, 1);
	file = manifest_find(&b.manifest, "read");
	assert_int_equal(file->mode, 0755);
	assert_int_equal(file->size, 7);
	assert_int_equal(manifest_find(&b.manifest, "read.dict")->mode, 0644);
	assert_non_null(manifest_find(&b.manifest, "sub/deep/x"));
	build_folder_release(&b);
}

static void
digests_come_in_order_from_a_child(void **state)
{
	struct folder *f = *state;
	struct build_folder b;
	struct hashing *h;
	struct digest d;
	struct err e;
	char name[16];
	int i;

	/* More than a pipe holds, so that the child has to wait. */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%03d", i);
		put(f, name, name, 0644);
	}
	assert_int_equal(build_folder_read(&b, f->path, &e), 0);
	assert_non_null(h = hashing_start(&b, &e));
	for (i = 0; i < 300; i++) {
		assert_int_equal(hashing_next(h, &b.manifest.files[i], &e), 0);
		digest_of(&d, b.manifest.files[i].path, 4);
		assert_true(digest_equal(&d, &b.manifest.files[i].sha256));
		assert_int_equal(b.manifest.files[i].size, 4);
	}
	assert_int_equal(hashing_next(h, &b.manifest.files[0], &e), -1);
	hashing_stop(h);
	/* Stopped in the middle. */
	assert_non_null(h = hashing_start(&b, &e));
	assert_int_equal(hashing_next(h, &b.manifest.files[0], &e), 0);
	hashing_stop(h);
	/* And what has gone meanwhile has its sentence. */
	unlinkat(f->fd, "f000", 0);
	assert_non_null(h = hashing_start(&b, &e));
	assert_int_equal(hashing_next(h, &b.manifest.files[0], &e), -1);
	assert_non_null(strstr(e.text, "cannot read 'f000'"));
	hashing_stop(h);
	build_folder_release(&b);
}

static void
links_inside_are_resolved(void **state)
{
	struct folder *f = *state;
	struct build_folder b;
	struct err e;
	char text[8];
	int fd;

	put(f, "read-1.0", "program", 0755);
	assert_int_equal(symlinkat("read-1.0", f->fd, "read"), 0);
	assert_int_equal(build_folder_read(&b, f->path, &e), 0);
	assert_int_equal(manifest_find(&b.manifest, "read")->mode, 0755);
	fd = build_folder_open(&b, manifest_find(&b.manifest, "read"), &e);
	assert_int_equal(read(fd, text, sizeof(text)), 7);
	close(fd);
	build_folder_release(&b);
	/* A folder behind a link is in the build twice. */
	assert_int_equal(mkdirat(f->fd, "lib", 0755), 0);
	close(openat(f->fd, "lib/x", O_WRONLY | O_CREAT, 0644));
	assert_int_equal(symlinkat("lib", f->fd, "lib64"), 0);
	assert_int_equal(build_folder_read(&b, f->path, &e), 0);
	assert_int_equal(b.manifest.count, 4);
	assert_non_null(manifest_find(&b.manifest, "lib64/x"));
	build_folder_release(&b);
}

static void
links_that_leave_are_refused(void **state)
{
	struct folder *f = *state;

	put(f, "read", "program", 0755);
	assert_int_equal(symlinkat("../../etc/passwd", f->fd, "up"), 0);
	expect_refusal(f, "'up' is a link that leaves the build folder");
	unlinkat(f->fd, "up", 0);
	assert_int_equal(symlinkat("/etc/passwd", f->fd, "abs"), 0);
	expect_refusal(f, "'abs' is a link that leaves the build folder");
	unlinkat(f->fd, "abs", 0);
	assert_int_equal(symlinkat("nothing", f->fd, "dangling"), 0);
	expect_refusal(f, "'dangling' is a link to nothing");
	unlinkat(f->fd, "dangling", 0);
	assert_int_equal(symlinkat(".", f->fd, "loop"), 0);
	expect_refusal(f, "'loop' is a link to a folder that holds it");
	unlinkat(f->fd, "loop", 0);
	assert_int_equal(symlinkat("itself", f->fd, "itself"), 0);
	expect_refusal(f, "'itself' is a link to itself");
}

static void
devices_fifos_and_sockets_are_refused(void **state)
{
	struct folder *f = *state;

	put(f, "read", "program", 0755);
	assert_int_equal(mkfifoat(f->fd, "fifo", 0644), 0);
	expect_refusal(f, "'fifo' is a FIFO, not a file");
	unlinkat(f->fd, "fifo", 0);
	if (mknodat(f->fd, "null", S_IFCHR | 0644, 0x103) == 0)
		expect_refusal(f, "'null' is a device, not a file");
}

static void
odd_names_and_nothing_are_refused(void **state)
{
	struct folder *f = *state;

	expect_refusal(f, "there is no file");
	put(f, "a\nb", "x", 0644);
	expect_refusal(f, "is no name for a file of a build");
}

static void
too_many_files_are_refused_unread(void **state)
{
	struct folder *f = *state;
	char name[16];
	int i;

	for (i = 0; i <= 20000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		close(openat(f->fd, name, O_WRONLY | O_CREAT, 0600));
	}
	expect_refusal(f, "there are over 20000 files");
}

static void
an_archive_is_a_folder_for_a_while(void **state)
{
	static const char path[] = "tests/fuzz/seeds/archive/good.tar.gz";
	struct folder *f = *state;
	struct build_folder b;
	struct err e;
	DIR *dir;
	int n = 0;

	setenv("TMPDIR", f->path, 1);
	if (build_folder_read(&b, path, &e) == -1)
		fail_msg("%s", e.text);
	assert_string_equal(b.project.text, "good");
	assert_non_null(manifest_find(&b.manifest, "read"));
	assert_non_null(manifest_find(&b.manifest, "d/up"));
	assert_int_equal(manifest_find(&b.manifest, "read")->mode, 0755);
	build_folder_release(&b);
	assert_int_equal(
	    build_folder_read(&b, "tests/fuzz/seeds/archive/cut.tar", &e), -1);
	assert_non_null(strstr(e.text, "cut.tar: the archive is damaged"));
	build_folder_release(&b);
	unsetenv("TMPDIR");
	assert_non_null(dir = opendir(f->path));
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	assert_int_equal(n, 2); /* "." and ".." */
}

static void
an_endless_path_is_refused(void **state)
{
	struct folder *f = *state;
	int at = dup(f->fd), next, i;

	for (i = 0; i < 40; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	expect_refusal(f, "is too deep");
}

static void
a_project_is_made_from_any_name(void **state)
{
	(void)state;
	assert_string_equal(build_folder_project("out").text, "out");
	assert_string_equal(
	    build_folder_project("My_Project.v2").text, "my-project-v2");
	assert_string_equal(build_folder_project("--a--").text, "a");
	assert_string_equal(build_folder_project("\xff\xfe").text, "project");
	assert_string_equal(build_folder_project("").text, "project");
	assert_true(name_ok(
	    build_folder_project("a-very-long-name-that-goes-on-and-on-and-on")
		.text));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_folder_is_read_sorted),
	    TEST(digests_come_in_order_from_a_child),
	    TEST(links_inside_are_resolved),
	    TEST(an_archive_is_a_folder_for_a_while),
	    TEST(too_many_files_are_refused_unread),
	    TEST(links_that_leave_are_refused),
	    TEST(devices_fifos_and_sockets_are_refused),
	    TEST(odd_names_and_nothing_are_refused),
	    TEST(an_endless_path_is_refused),
	    TEST(a_project_is_made_from_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
