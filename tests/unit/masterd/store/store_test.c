/* The store: staged, named, synced, published. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "masterd/store/store.h"
#include "tests/unit/scratch.h"

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct store *store;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct err e;

	if (scratch_setup((void **)&w->scratch) == -1 ||
	    (w->loop = loop_new(&e)) == NULL ||
	    (w->store = store_open(w->scratch->fd, w->loop, false, &e)) == NULL)
		return -1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	store_close(w->store);
	loop_free(w->loop);
	rc = scratch_teardown((void **)&w->scratch);
	free(w);
	return rc;
}

static struct staged *
stage(struct world *w, const char *bytes, struct digest *d)
{
	struct staged *f = store_stage(w->store, NULL);
	size_t half = strlen(bytes) / 2;

	assert_non_null(f);
	assert_int_equal(store_stage_add(f, bytes, half, NULL), 0);
	assert_int_equal(
	    store_stage_add(f, bytes + half, strlen(bytes) - half, NULL), 0);
	assert_int_equal(store_stage_end(f, d, NULL, NULL), 0);
	return f;
}

/* Name a unit; its path below the root. */
static const char *
name_unit(struct world *w, const char *bytes)
{
	static char path[200];
	struct digest d;
	struct staged *f = stage(w, bytes, &d);

	assert_int_equal(
	    store_name_unit(w->store, f, "png", "read", &d, NULL), 0);
	snprintf(path, sizeof(path), "corpus/png/read/%.2s/%s",
	    digest_hex(&d).text, digest_hex(&d).text);
	return path;
}

static int
staged_files(struct world *w)
{
	uint64_t bytes, entries;

	fs_usage(w->scratch->fd, "stage", &bytes, &entries);
	return (int)bytes;
}

/* ---- staging and naming ---------------------------------------------- */

static void
a_unit_is_named_by_what_was_written(void **state)
{
	struct world *w = *state;
	const char *path = name_unit(w, "some bytes");
	struct stat st;

	assert_true(scratch_holds(w->scratch->fd, path, "some bytes", 10));
	assert_int_equal(fstatat(w->scratch->fd, path, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0444 & ~022);
	assert_int_equal(staged_files(w), 0);
}

static void
a_name_without_a_row_is_replaced(void **state)
{
	struct world *w = *state;
	char path[200];

	snprintf(path, sizeof(path), "%s", name_unit(w, "right"));
	assert_int_equal(unlinkat(w->scratch->fd, path, 0), 0);
	scratch_file(w->scratch->fd, path, "wrong", 5);
	name_unit(w, "right");
	assert_true(scratch_holds(w->scratch->fd, path, "right", 5));
}

static void
what_is_dropped_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct staged *f = store_stage(w->store, NULL);

	store_stage_add(f, "half a", 6, NULL);
	assert_int_equal(staged_files(w), 6);
	store_stage_drop(f);
	store_stage_drop(stage(w, "whole", NULL));
	store_stage_drop(NULL);
	assert_int_equal(staged_files(w), 0);
}

static void
the_size_and_the_digest_are_those_of_the_bytes(void **state)
{
	struct world *w = *state;
	struct staged *f = store_stage(w->store, NULL);
	struct digest got, wanted;
	uint64_t size;

	digest_of(&wanted, "", 0);
	assert_int_equal(store_stage_end(f, &got, &size, NULL), 0);
	assert_true(digest_equal(&got, &wanted));
	assert_int_equal(size, 0);
	store_stage_drop(f);
}

static void
files_of_a_crash_lie_together(void **state)
{
	struct world *w = *state;
	struct digest d, other;
	char path[200];

	store_name_crash(
	    w->store, stage(w, "input", &d), "png", "read", &d, "input", NULL);
	store_name_crash(w->store, stage(w, "report", &other), "png", "read",
	    &d, "report-01234567.txt", NULL);
	snprintf(
	    path, sizeof(path), "crashes/png/read/%s", digest_hex(&d).text);
	assert_int_equal(scratch_count(w->scratch->fd, path), 2);
	assert_int_not_equal(
	    store_open_crash(w->store, "png", "read", &d, "input", NULL), -1);
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct world *w = *state;
	struct digest d = {{1}};
	struct err e;

	assert_int_equal(store_open_unit(w->store, "png", "read", &d, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(store_open_build_file(w->store, &d, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	assert_int_equal(store_open_manifest(w->store, &d, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
}

static void
runs_over_many_folders_leak_nothing(void **state)
{
	struct world *w = *state;
	char text[20];
	int open_fds, i;

	name_unit(w, "first");
	open_fds = scratch_open_fds();
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "unit %d", i);
		name_unit(w, text);
	}
	assert_int_equal(scratch_open_fds(), open_fds);
}

/* ---- opening --------------------------------------------------------- */

static void
debris_of_a_kill_goes_at_the_next_start(void **state)
{
	struct world *w = *state;

	struct staged *f = stage(w, "never named", NULL);

	close(fs_make_dir_open(w->scratch->fd, "stage/other-boot", 0755, NULL));
	scratch_file(w->scratch->fd, "stage/other-boot/17", "x", 1);
	assert_int_equal(staged_files(w), 12);
	store_close(w->store);
	w->store = store_open(w->scratch->fd, w->loop, false, NULL);
	assert_non_null(w->store);
	assert_int_equal(staged_files(w), 0);
	assert_int_equal(scratch_count(w->scratch->fd, "stage"), 1);
	name_unit(w, "works");
	free(f); /* as a kill does: nothing is dropped */
}

/* ---- syncing --------------------------------------------------------- */

struct order {
	struct loop *loop;
	char text[16];
	int left;
};

struct wait {
	struct order *order;
	char letter;
};

static void
synced(void *arg)
{
	struct wait *wait = arg;
	struct order *o = wait->order;

	strncat(o->text, &wait->letter, 1);
	if (--o->left == 0)
		loop_quit(o->loop, 0);
}

static void
each_sync_calls_back_in_order(void **state)
{
	struct world *w = *state;
	struct order o = {w->loop, "", 3};
	struct wait a = {&o, 'a'}, b = {&o, 'b'}, c = {&o, 'c'};

	name_unit(w, "bytes");
	store_sync(w->store, synced, &a);
	store_sync(w->store, synced, &b);
	store_sync(w->store, synced, &c);
	assert_string_equal(o.text, ""); /* never at once */
	assert_int_equal(loop_run(w->loop, NULL), 0);
	assert_string_equal(o.text, "abc");
	/* And again, afterwards. */
	o.left = 1;
	store_sync(w->store, synced, &a);
	assert_int_equal(loop_run(w->loop, NULL), 0);
	assert_string_equal(o.text, "abca");
}

static void
kill_children(void)
{
	char path[64];
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if ((f = fopen(path, "r")) == NULL)
		_exit(70);
	while (fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(f);
}

static void
without_its_sync_child_the_process_ends(void **state)
{
	struct world *w = *state;
	struct order o = {NULL, "", 9};
	struct wait a = {&o, 'a'};
	struct store *s;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		fclose(stderr);
		signal(SIGPIPE, SIG_IGN); /* as masterd does */
		o.loop = loop_new(NULL);
		s = store_open(w->scratch->fd, o.loop, false, NULL);
		if (o.loop == NULL || s == NULL)
			_exit(71);
		kill_children();
		store_sync(s, synced, &a);
		loop_run(o.loop, NULL);
		_exit(72);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* ---- letting go ------------------------------------------------------- */

static int
open_here(void)
{
	struct stat st;
	int fd, n = 0;

	for (fd = 3; fd < 256; fd++)
		n += fstat(fd, &st) == 0;
	return n;
}

static void
let_go(struct world *w, int times)
{
	while (times-- > 0)
		store_let_go(w->store, dup(w->scratch->fd));
}

/* The other end of a pipe hears when the last one was closed. */
static void
what_is_let_go_is_closed(void **state)
{
	struct world *w = *state;
	int before = open_here(), pair[2];
	char byte;

	assert_int_equal(pipe(pair), 0);
	store_let_go(w->store, pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 0);
	close(pair[0]);
	store_let_go(w->store, -1);
	assert_int_equal(store_hold(w->scratch->fd, "nothing"), -1);
	/* More at once than it can take. */
	let_go(w, 3000);
	assert_int_equal(open_here(), before);
}

static void
without_the_closer_descriptors_are_closed_all_the_same(void **state)
{
	struct world *w = *state;
	int before = open_here(), i;

	kill_children();
	/* Its socket goes, too, with the first that finds it dead. */
	for (i = 0; i < 10000 && open_here() != before - 1; i++) {
		let_go(w, 1);
		usleep(1000);
	}
	let_go(w, 3);
	assert_int_equal(open_here(), before - 1);
}

/* ---- publishing ------------------------------------------------------ */

static void
a_build_file_is_published_as_a_link(void **state)
{
	struct world *w = *state;
	int to = fs_make_dir_open(w->scratch->fd, "spool/out", 0755, NULL);
	struct digest d;
	struct stat st;

	store_name_build_file(w->store, stage(w, "program", &d), &d, NULL);
	assert_int_equal(
	    store_publish(w->store, STORE_BUILD_FILE, &d, to, "file", NULL), 0);
	assert_int_equal(fstatat(to, "file", &st, 0), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mode & 0777, 0444);
	/* What is there stays. */
	assert_int_equal(unlinkat(to, "file", 0), 0);
	scratch_file(to, "file", "another", 7);
	assert_int_equal(
	    store_publish(w->store, STORE_BUILD_FILE, &d, to, "file", NULL), 0);
	assert_true(scratch_holds(to, "file", "another", 7));
	close(to);
}

static void
a_segment_is_published_as_a_copy_where_links_end(void **state)
{
	struct world *w = *state;
	char path[] = "/dev/shm/pf-store-XXXXXX";
	struct stat here, there;
	struct digest d;
	int to;

	if (mkdtemp(path) == NULL)
		skip();
	to = fs_open_dir(AT_FDCWD, path, NULL);
	fstat(to, &there);
	fstat(w->scratch->fd, &here);
	store_name_segment(w->store, stage(w, "segment", &d), &d, NULL);
	assert_int_equal(
	    store_publish(w->store, STORE_SEGMENT, &d, to, "copy", NULL), 0);
	assert_true(scratch_holds(to, "copy", "segment", 7));
	assert_int_equal(fstatat(to, "copy", &there, 0), 0);
	assert_int_equal(there.st_mode & 0777, 0444);
	assert_int_equal(
	    store_publish(w->store, STORE_SEGMENT, &d, to, "copy", NULL), 0);
	assert_int_equal(scratch_count(AT_FDCWD, path), 1);
	close(to);
	fs_remove_tree(AT_FDCWD, path, NULL);
}

static void
a_bucket_links_to_its_crashes(void **state)
{
	struct world *w = *state;
	struct digest d;
	char path[400], link[200];

	store_name_crash(
	    w->store, stage(w, "input", &d), "png", "read", &d, "input", NULL);
	assert_int_equal(
	    store_link_bucket(w->store, "png", 17, "read", &d, NULL), 0);
	assert_int_equal(
	    store_link_bucket(w->store, "png", 17, "read", &d, NULL), 0);
	snprintf(link, sizeof(link), "buckets/png/17/%s", digest_hex(&d).text);
	snprintf(path, sizeof(path), "%s/input", link);
	assert_int_equal(faccessat(w->scratch->fd, path, R_OK, 0), 0);
	memset(path, 0, sizeof(path));
	assert_true(readlinkat(w->scratch->fd, link, path, 300) > 0);
	assert_true(path[0] != '/');
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_unit_is_named_by_what_was_written),
	    T(a_name_without_a_row_is_replaced),
	    T(what_is_dropped_leaves_nothing),
	    T(the_size_and_the_digest_are_those_of_the_bytes),
	    T(files_of_a_crash_lie_together),
	    T(what_is_not_there_is_not_found),
	    T(runs_over_many_folders_leak_nothing),
	    T(debris_of_a_kill_goes_at_the_next_start),
	    T(each_sync_calls_back_in_order),
	    T(without_its_sync_child_the_process_ends),
	    T(what_is_let_go_is_closed),
	    T(without_the_closer_descriptors_are_closed_all_the_same),
	    T(a_build_file_is_published_as_a_link),
	    T(a_segment_is_published_as_a_copy_where_links_end),
	    T(a_bucket_links_to_its_crashes),
	};

	umask(022);
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
