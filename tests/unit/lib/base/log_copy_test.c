/* lib/base/log_copy: a file that several processes write to. */
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

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "tests/unit/scratch.h"

static void
quietly(void (*fn)(void))
{
	int old = dup(2), null = open("/dev/null", O_WRONLY);

	dup2(null, 2);
	fn();
	dup2(old, 2);
	close(old);
	close(null);
}

static int
lines_of(int at, const char *name)
{
	struct buf text = BUF_INIT;
	int n = 0;
	size_t i;

	if (fs_read_file(at, name, &text, 16 << 20, NULL) == -1)
		return -1;
	for (i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	buf_release(&text);
	return n;
}

static void
say_one(void)
{
	log_set_component("courier");
	log_info("link.up", LOG_T("link", "dir:/a b"));
	log_debug("link.detail", LOG_T("link", "x"));
}

static void
a_line_is_copied_with_its_component(void **state)
{
	struct scratch *s = *state;
	struct buf text = BUF_INIT;

	log_copy_to(s->fd, "log");
	quietly(say_one);
	log_copy_to(-1, NULL);
	quietly(say_one); /* no more */
	assert_int_equal(fs_read_file(s->fd, "log", &text, 4096, NULL), 0);
	assert_non_null(
	    strstr(text.data, "Z info courier link.up link=\"dir:/a b\"\n"));
	assert_int_equal(lines_of(s->fd, "log"), 1);
	buf_release(&text);
}

static void
one_that_has_grown_is_put_aside_once(void **state)
{
	struct scratch *s = *state;
	struct stat st;
	char *big = mem_alloc(LOG_COPY_MOST + 2);

	memset(big, 'x', LOG_COPY_MOST + 1);
	scratch_file(s->fd, "log", big, LOG_COPY_MOST + 1);
	scratch_file(s->fd, "log.1", "old\n", 4);
	log_copy_to(s->fd, "log");
	quietly(say_one);
	quietly(say_one);
	log_copy_to(-1, NULL);
	assert_int_equal(fstatat(s->fd, "log.1", &st, 0), 0);
	assert_int_equal(st.st_size, LOG_COPY_MOST + 1);
	assert_int_equal(lines_of(s->fd, "log"), 2);
	free(big);
}

static void
say_much(void)
{
	static char words[600];
	int i;

	memset(words, 'y', sizeof(words) - 1);
	for (i = 0; i < 1500; i++)
		log_info("link.up", LOG_T("link", words));
}

/* 3,750,000 bytes by four: what is put aside is whole, and only once each. */
static void
many_may_write_while_it_is_put_aside(void **state)
{
	struct scratch *s = *state;
	struct buf text = BUF_INIT;
	struct stat st;
	int i, status;

	log_copy_to(s->fd, "log");
	for (i = 0; i < 4; i++)
		if (fork() == 0) {
			quietly(say_much);
			_exit(0);
		}
	for (i = 0; i < 4; i++)
		assert_true(wait(&status) > 0 && status == 0);
	log_copy_to(-1, NULL);
	assert_int_equal(fstatat(s->fd, "log.1", &st, 0), 0);
	assert_in_range(
	    st.st_size, LOG_COPY_MOST, LOG_COPY_MOST + LOG_COPY_MOST / 8);
	assert_int_equal(fs_read_file(s->fd, "log.1", &text, 4 << 20, NULL), 0);
	assert_int_equal(text.data[text.len - 1], '\n');
	buf_release(&text);
}

static void
a_folder_that_is_gone_hinders_nobody(void **state)
{
	struct scratch *s = *state;
	int fd;

	assert_int_equal(mkdirat(s->fd, "gone", 0755), 0);
	fd = fs_open_dir(s->fd, "gone", NULL);
	assert_int_equal(unlinkat(s->fd, "gone", AT_REMOVEDIR), 0);
	log_copy_to(fd, "log");
	quietly(say_one);
	log_copy_to(-1, NULL);
	close(fd);
	assert_int_equal(scratch_count(s->fd, "."), 0);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_line_is_copied_with_its_component),
	    TEST(one_that_has_grown_is_put_aside_once),
	    TEST(many_may_write_while_it_is_put_aside),
	    TEST(a_folder_that_is_gone_hinders_nobody),
	};

	return cmocka_run_group_tests_name(
	    "lib/base/log_copy", tests, NULL, NULL);
}
