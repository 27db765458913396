#ifndef TESTS_UNIT_LIB_BASE_LOOP_FIXTURE_H
#define TESTS_UNIT_LIB_BASE_LOOP_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/loop.h"

/*
 * A loop and a temporary folder for each test of the two programs that test
 * lib/base/loop; a loop that hangs ends with 99 after a minute.
 */
static struct loop *loop;
static struct loop_source *guard;
static char root_path[64];
static int root;

static inline void
too_long(void *arg)
{
	(void)arg;
	loop_quit(loop, 99);
}

static inline int
setup(void **state)
{
	(void)state;
	/* In memory where possible: a test makes 17,000 files. */
	snprintf(root_path, sizeof(root_path), "%s/pf-loop-test-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(root_path) == NULL)
		return -1;
	root = fs_make_dir_open(AT_FDCWD, root_path, 0700, NULL);
	loop = loop_new(NULL);
	if (root == -1 || loop == NULL)
		return -1;
	guard = loop_timer(loop, too_long, NULL, NULL);
	return loop_timer_set(guard, 60000, NULL);
}

static inline int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	loop_free(NULL);
	close(root);
	return fs_remove_tree(AT_FDCWD, root_path, NULL);
}

static inline void
quit(void *arg)
{
	loop_quit(loop, *(int *)arg);
}

/* Run the loop for a while. */
static inline void
turn(uint64_t ms)
{
	struct loop_source *t;
	int code = 1;

	t = loop_timer(loop, quit, &code, NULL);
	assert_non_null(t);
	assert_int_equal(loop_timer_set(t, ms, NULL), 0);
	assert_int_equal(loop_run(loop, NULL), 1);
	loop_drop(t);
}

#endif
