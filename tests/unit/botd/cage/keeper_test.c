/*
 * botd/cage/keeper: whoever is killed, and however early, nobody lives on in a
 * cage.  The program is sleep(1); bubblewrap is known by a folder of this
 * test's among its words.
 */
#include <sys/wait.h>

#include <dirent.h>
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

#include "botd/cage/cage.h"
#include "lib/base/clock.h"

#define STARTS  40
#define STEP_US 500

struct fixture {
	char root[64];
	struct cage_bind bind;
	struct cage_spec spec;
};

static int
setup(void **state)
{
	static const char *const argv[] = {"/usr/bin/sleep", "600", NULL};
	static const char *const env[] = {NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->root, "/tmp/keeper-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->bind = (struct cage_bind){f->root, "/work", false};
	f->spec = (struct cage_spec){.name = "keeper",
	    .binds = &f->bind,
	    .bind_count = 1,
	    .dir = "/work",
	    .argv = argv,
	    .env = env,
	    .tmp_bytes = 1 << 20};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rmdir(f->root);
	free(f);
	return 0;
}

static bool
has_word(const char *pid, const char *word)
{
	char path[300], words[16384];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, words, sizeof(words));
	close(fd);
	return n > 0 && memmem(words, (size_t)n, word, strlen(word)) != NULL;
}

static int
count_alive(const struct fixture *f)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int alive = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		alive +=
		    atoi(entry->d_name) > 0 && has_word(entry->d_name, f->root);
	closedir(dir);
	return alive;
}

static bool
alive_before(const struct fixture *f, uint64_t limit_ms, int wanted)
{
	uint64_t until = clock_up_ms() + limit_ms;
	int alive;

	while ((alive = count_alive(f)) != wanted && clock_up_ms() < until)
		usleep(1000);
	return alive == wanted;
}

static struct cage *
begin(struct fixture *f)
{
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct cage *c;
	struct err e;

	c = cage_start(&f->spec, out, &e);
	close(out);
	return c;
}

static struct cage_end
finish(struct cage *c)
{
	int status = -1;

	assert_int_equal(waitpid(cage_pid(c), &status, 0), cage_pid(c));
	return cage_ended(c, status);
}

static void
a_cage_that_is_killed_while_it_starts_leaves_nobody(void **state)
{
	struct fixture *f = *state;
	struct cage *c;
	int i;

	for (i = 0; i < STARTS; i++) {
		c = begin(f);
		assert_non_null(c);
		usleep((useconds_t)i * STEP_US);
		cage_kill(c);
		finish(c);
		assert_int_equal(count_alive(f), 0);
	}
}

/* Starts a cage, says so, and is killed with no time for anything. */
__attribute__((noreturn)) static void
be_a_runner(struct fixture *f, int ready)
{
	if (begin(f) == NULL || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void
who_is_killed_while_a_cage_starts_leaves_nobody(void **state)
{
	struct fixture *f = *state;
	int i, ends[2];
	char byte;
	pid_t pid;

	for (i = 0; i < STARTS; i++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			be_a_runner(f, ends[1]);
		close(ends[1]);
		assert_int_equal(read(ends[0], &byte, 1), 1);
		close(ends[0]);
		usleep((useconds_t)i * STEP_US);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_true(alive_before(f, 5000, 0));
	}
}

/* As the kernel does it for want of memory. */
static void
a_bubblewrap_that_is_killed_takes_all_with_it(void **state)
{
	struct fixture *f = *state;
	struct cage *c = begin(f);
	struct cage_end end;
	char path[64], text[64];
	ssize_t n;
	int fd;

	assert_non_null(c);
	/* bubblewrap and its init. */
	assert_true(alive_before(f, 5000, 2));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)cage_pid(c), (int)cage_pid(c));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(kill((pid_t)atoi(text), SIGKILL), 0);
	end = finish(c);
	assert_int_equal(end.signo, SIGKILL);
	assert_int_equal(count_alive(f), 0);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define CAGED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	    CAGED(a_cage_that_is_killed_while_it_starts_leaves_nobody),
	    CAGED(who_is_killed_while_a_cage_starts_leaves_nobody),
	    CAGED(a_bubblewrap_that_is_killed_takes_all_with_it),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/cage/keeper", tests, NULL, NULL);
}
