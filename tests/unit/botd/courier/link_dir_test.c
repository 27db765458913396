/* botd/courier/link_dir: the same promises as over SFTP. */
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

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "botd/courier/link.h"
#include "tests/unit/scratch.h"

static struct link *
new_link(struct scratch *s)
{
	struct link_config c = {NULL, NULL, NULL, 1000, NULL};
	char url[96];
	struct link *l;

	fs_make_dirs(s->fd, "incoming/tmp", 0750, NULL);
	fs_make_dirs(s->fd, "incoming/new", 0750, NULL);
	fs_make_dirs(s->fd, "outgoing/b1", 0750, NULL);
	snprintf(url, sizeof(url), "dir:%s", s->path);
	c.url = url;
	l = link_new(&c, NULL);
	assert_non_null(l);
	return l;
}

static struct link *
open_link(struct scratch *s)
{
	struct link *l = new_link(s);

	assert_int_equal(link_open(l, NULL), 0);
	return l;
}

static int
put_text(struct scratch *s, struct link *l, const char *path, const char *text)
{
	int fd, rc;

	scratch_file(s->fd, "source", text, strlen(text));
	fd = openat(s->fd, "source", O_RDONLY | O_CLOEXEC);
	rc = link_put(l, path, fd, strlen(text), NULL);
	close(fd);
	return rc;
}

static void
urls_that_mean_nothing_are_refused(void **state)
{
	static const char *const urls[] = {"", "dir:", "dir:relative",
	    "/srv/account", "ssh://a@b", "sftp://", "sftp://host",
	    "sftp://@host", "sftp://u@", "sftp://u@h:0", "sftp://u@h:65536",
	    "sftp://u@h:22x", "sftp://u@h/path", "sftp://u@[::1",
	    "sftp://u@h:"};
	struct link_config c = {NULL, "/key", "/hosts", 1000, NULL};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		c.url = urls[i];
		if (link_new(&c, &e) != NULL)
			fail_msg("'%s' was taken", urls[i]);
		assert_int_equal(e.cls, ERR_REFUSED);
	}
}

static void
urls_that_are_meant_are_taken(void **state)
{
	static const char *const urls[] = {"dir:/", "sftp://u@h",
	    "sftp://u@h:2222", "sftp://u@[::1]", "sftp://u@[2001:db8::1]:22"};
	struct link_config c = {NULL, "/key", "/hosts", 1000, NULL};
	struct link *l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		c.url = urls[i];
		l = link_new(&c, NULL);
		assert_non_null(l);
		link_free(l);
	}
}

static void
a_folder_without_incoming_is_not_opened(void **state)
{
	struct scratch *s = *state;
	struct link *l = new_link(s);
	struct err e;

	unlinkat(s->fd, "incoming/new", AT_REMOVEDIR);
	assert_int_equal(link_open(l, &e), -1);
	assert_non_null(strstr(e.text, "incoming/new"));
	assert_false(link_up(l));
	link_free(l);
}

static void
a_missing_file_is_no_failure_of_stat_and_unlink(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);
	struct link_stat st;

	assert_int_equal(link_stat(l, "incoming/new/x", &st, NULL), 0);
	assert_false(st.exists);
	assert_int_equal(link_unlink(l, "incoming/new/x", NULL), 0);
	link_free(l);
}

static void
rename_replaces_nothing(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);
	struct err e;

	scratch_file(s->fd, "incoming/new/x", "old", 3);
	assert_int_equal(put_text(s, l, "incoming/tmp/x", "new one"), 0);
	assert_int_equal(
	    link_rename(l, "incoming/tmp/x", "incoming/new/x", &e), -1);
	assert_int_equal(e.cls, ERR_CONFLICT);
	assert_true(scratch_holds(s->fd, "incoming/new/x", "old", 3));
	assert_true(link_up(l));
	link_free(l);
}

static void
put_unlinks_what_is_in_the_way(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);

	scratch_file(s->fd, "incoming/new/x", "taken", 5);
	assert_int_equal(
	    linkat(s->fd, "incoming/new/x", s->fd, "incoming/tmp/x", 0), 0);
	assert_int_equal(put_text(s, l, "incoming/tmp/x", "new one"), 0);
	assert_true(scratch_holds(s->fd, "incoming/new/x", "taken", 5));
	assert_true(scratch_holds(s->fd, "incoming/tmp/x", "new one", 7));
	link_free(l);
}

static void
a_source_that_shrank_leaves_nothing(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);
	int fd;

	scratch_file(s->fd, "source", "short", 5);
	fd = openat(s->fd, "source", O_RDONLY | O_CLOEXEC);
	assert_int_equal(link_put(l, "incoming/tmp/x", fd, 50, NULL), -1);
	assert_int_equal(scratch_count(s->fd, "incoming/tmp"), 0);
	close(fd);
	link_free(l);
}

static int
add_to(void *arg, const void *bytes, size_t len, struct err *e)
{
	(void)e;
	buf_add(arg, bytes, len);
	return 0;
}

static void
get_gives_all_bytes_and_only_of_files(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);
	struct buf got = BUF_INIT, sent = BUF_INIT;
	struct link_sink sink = {add_to, &got};
	struct err e;

	while (sent.len < 3000000)
		buf_printf(&sent, "%zu ", sent.len);
	scratch_file(s->fd, "outgoing/b1/x", sent.data, sent.len);
	assert_int_equal(link_get(l, "outgoing/b1/x", 0, &sink, NULL), 0);
	assert_int_equal(got.len, sent.len);
	assert_memory_equal(got.data, sent.data, sent.len);
	assert_int_equal(link_get(l, "outgoing/b1/y", 0, &sink, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	mkfifoat(s->fd, "outgoing/b1/fifo", 0600);
	assert_int_equal(link_get(l, "outgoing/b1/fifo", 0, &sink, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	buf_release(&got);
	buf_release(&sent);
	link_free(l);
}

/* A folder that was moved and made anew is found after a reconnect. */
static void
a_moved_folder_takes_the_link_down(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);

	renameat(s->fd, "incoming", s->fd, "incoming.old");
	assert_int_equal(put_text(s, l, "incoming/tmp/x", "text"), -1);
	assert_false(link_up(l));
	link_close(l);
	assert_int_equal(link_open(l, NULL), -1);
	renameat(s->fd, "incoming.old", s->fd, "incoming");
	assert_int_equal(link_open(l, NULL), 0);
	assert_int_equal(put_text(s, l, "incoming/tmp/x", "text"), 0);
	link_free(l);
}

static int
refuse_to_go_on(void *arg, struct err *e)
{
	++*(int *)arg;
	return err_set(e, ERR_AGAIN, "leaving");
}

static void
between_slices_a_transfer_can_be_ended(void **state)
{
	struct scratch *s = *state;
	struct link *l = open_link(s);
	char *big = mem_alloc(3 * LINK_SLICE + 1);
	int calls = 0;

	memset(big, 'x', 3 * LINK_SLICE);
	link_between(l, refuse_to_go_on, &calls);
	assert_int_equal(put_text(s, l, "incoming/tmp/x", big), -1);
	assert_int_equal(calls, 1);
	assert_int_equal(scratch_count(s->fd, "incoming/tmp"), 0);
	assert_true(link_up(l));
	free(big);
	link_free(l);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(urls_that_mean_nothing_are_refused),
	    TEST(urls_that_are_meant_are_taken),
	    TEST(a_folder_without_incoming_is_not_opened),
	    TEST(a_missing_file_is_no_failure_of_stat_and_unlink),
	    TEST(rename_replaces_nothing),
	    TEST(put_unlinks_what_is_in_the_way),
	    TEST(a_source_that_shrank_leaves_nothing),
	    TEST(get_gives_all_bytes_and_only_of_files),
	    TEST(a_moved_folder_takes_the_link_down),
	    TEST(between_slices_a_transfer_can_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
