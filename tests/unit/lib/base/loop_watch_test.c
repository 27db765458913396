/* lib/base/loop: what happens in a folder is a hint, and no watch dies
 * unseen. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/loop.h"
#include "tests/unit/lib/base/loop_fixture.h"

struct watcher {
	struct loop_source *source;
	int hints, lost;
};

static void
hint(void *arg, bool lost)
{
	struct watcher *w = arg;

	w->hints++;
	w->lost += lost;
}

static int
folder(const char *name)
{
	int fd = fs_make_dir_open(root, name, 0700, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void
create(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
a_file_made_linked_or_moved_in_is_a_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in"), out = folder("out");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_non_null(w.source);
	create(in, "made");
	turn(10);
	assert_int_equal(w.hints, 1);
	create(out, "a");
	create(out, "b");
	turn(10);
	assert_int_equal(w.hints, 1);
	assert_int_equal(linkat(out, "a", in, "a", 0), 0);
	turn(10);
	assert_int_equal(w.hints, 2);
	assert_int_equal(renameat(out, "b", in, "b"), 0);
	turn(10);
	assert_int_equal(w.hints, 3);
	/* Going away is no news. */
	assert_int_equal(unlinkat(in, "b", 0), 0);
	turn(10);
	assert_int_equal(w.hints, 3);
	assert_int_equal(w.lost, 0);
	close(in);
	close(out);
}

static void
many_files_are_one_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in"), i;
	char name[32];

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		create(in, name);
	}
	turn(10);
	assert_int_equal(w.hints, 1);
	close(in);
}

static void
a_folder_that_moves_is_lost(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_int_equal(renameat(root, "in", root, "elsewhere"), 0);
	turn(10);
	assert_int_equal(w.hints, 1);
	assert_int_equal(w.lost, 1);
	close(in);
}

static void
a_folder_that_is_removed_is_lost(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, hint, &w, NULL);
	assert_int_equal(unlinkat(root, "in", AT_REMOVEDIR), 0);
	close(in); /* only then the inode goes, and the event comes */
	turn(10);
	assert_true(w.hints >= 1);
	assert_true(w.lost >= 1);
	loop_drop(w.source);
}

static void
watch_anew(void *arg, bool lost)
{
	struct watcher *w = arg;
	int fd;

	hint(arg, lost);
	if (!lost)
		return;
	loop_drop(w->source);
	fd = folder("in");
	w->source = loop_watch(loop, fd, watch_anew, w, NULL);
	close(fd);
}

static void
a_lost_folder_can_be_watched_anew_in_its_hint(void **state)
{
	struct watcher w = {0};
	int in = folder("in");

	(void)state;
	w.source = loop_watch(loop, in, watch_anew, &w, NULL);
	close(in);
	assert_int_equal(renameat(root, "in", root, "elsewhere"), 0);
	turn(10);
	assert_int_equal(w.lost, 1);
	in = folder("in");
	create(in, "x");
	turn(10);
	assert_int_equal(w.hints, 2);
	assert_int_equal(w.lost, 1);
	close(in);
}

static void
two_may_watch_one_folder(void **state)
{
	struct watcher a = {0}, b = {0};
	int in = folder("in");

	(void)state;
	a.source = loop_watch(loop, in, hint, &a, NULL);
	b.source = loop_watch(loop, in, hint, &b, NULL);
	create(in, "x");
	turn(10);
	assert_int_equal(a.hints, 1);
	assert_int_equal(b.hints, 1);
	loop_drop(a.source);
	create(in, "y");
	turn(10);
	assert_int_equal(a.hints, 1);
	assert_int_equal(b.hints, 2);
	assert_int_equal(b.lost, 0);
	loop_drop(b.source);
	create(in, "z");
	turn(10);
	assert_int_equal(b.hints, 2);
	close(in);
}

/* 16384 unless an administrator changed it. */
static int
queue_length(void)
{
	static int length;
	FILE *f;

	if (length != 0)
		return length;
	f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	if (f == NULL || fscanf(f, "%d", &length) != 1)
		length = 16384;
	if (f != NULL)
		fclose(f);
	return length;
}

static void
an_overflow_is_told_to_every_watch(void **state)
{
	struct watcher full = {0}, quiet = {0}, gone = {0};
	int in = folder("in"), other = folder("other"), i;
	char name[32];

	(void)state;
	full.source = loop_watch(loop, in, hint, &full, NULL);
	quiet.source = loop_watch(loop, other, hint, &quiet, NULL);
	gone.source = loop_watch(loop, other, hint, &gone, NULL);
	loop_drop(gone.source);
	/* Removed at once: what counts is the queue of events. */
	for (i = 0; i < queue_length() + 600; i++) {
		snprintf(name, sizeof(name), "%d", i);
		create(in, name);
		assert_int_equal(unlinkat(in, name, 0), 0);
	}
	turn(10);
	assert_int_equal(full.hints, 1);
	assert_int_equal(full.lost, 1);
	assert_int_equal(quiet.hints, 1);
	assert_int_equal(quiet.lost, 1);
	assert_int_equal(gone.hints, 0);
	/* The watch itself goes on. */
	create(in, "after");
	turn(10);
	assert_int_equal(full.hints, 2);
	assert_int_equal(full.lost, 1);
	close(in);
	close(other);
}

static void
a_link_or_file_cannot_be_watched(void **state)
{
	struct err e;
	int fd;

	(void)state;
	create(root, "file");
	fd = openat(root, "file", O_RDONLY);
	assert_null(loop_watch(loop, fd, hint, NULL, &e));
	assert_int_equal(e.sys, ENOTDIR);
	close(fd);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_made_linked_or_moved_in_is_a_hint),
	    TEST(many_files_are_one_hint),
	    TEST(a_folder_that_moves_is_lost),
	    TEST(a_folder_that_is_removed_is_lost),
	    TEST(a_lost_folder_can_be_watched_anew_in_its_hint),
	    TEST(two_may_watch_one_folder),
	    TEST(an_overflow_is_told_to_every_watch),
	    TEST(a_link_or_file_cannot_be_watched),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/loop: folders", tests, NULL, NULL);
}
