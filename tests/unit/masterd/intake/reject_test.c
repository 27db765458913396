/* What did not pass is kept with its reason, once, and within its cap. */
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

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "masterd/intake/reject.h"
#include "tests/unit/scratch.h"

#define NAME "b1-000000000000000a-1-b.pfb"

static struct reject *
open_reject(void **state)
{
	struct scratch *s = *state;
	struct reject *r = reject_open(s->fd, NULL);

	assert_non_null(r);
	return r;
}

/* Keep these bytes; the name that they got. */
static const char *
keep(void **state, struct reject *r, enum reject_kind kind, const char *bytes)
{
	static struct reject_name as;
	struct scratch *s = *state;
	int fd;

	scratch_file(s->fd, "in", bytes, strlen(bytes));
	fd = openat(s->fd, "in", O_RDONLY);
	assert_int_equal(
	    reject_copy(r, kind, "local", NAME, fd, "the reason", &as, NULL),
	    0);
	close(fd);
	return as.text;
}

static int
holds(void **state, const char *path, const char *bytes)
{
	struct scratch *s = *state;

	return scratch_holds(s->fd, path, bytes, strlen(bytes));
}

static void
a_copy_lies_there_with_its_reason(void **state)
{
	struct reject *r = open_reject(state);

	assert_string_equal(keep(state, r, REJECT_REFUSED, "bytes"), NAME);
	assert_true(holds(state, "rejected/local/" NAME, "bytes"));
	assert_true(
	    holds(state, "rejected/local/" NAME ".reason", "the reason\n"));
	assert_string_equal(keep(state, r, REJECT_HELD, "newer"), NAME);
	assert_true(holds(state, "held/local/" NAME, "newer"));
	assert_true(holds(state, "held/local/" NAME ".reason", "the reason\n"));
	reject_close(r);
}

static void
nothing_is_replaced_and_nothing_kept_twice(void **state)
{
	struct reject *r = open_reject(state);

	assert_string_equal(keep(state, r, REJECT_REFUSED, "one"), NAME);
	assert_string_equal(keep(state, r, REJECT_REFUSED, "two"), NAME ".1");
	assert_string_equal(keep(state, r, REJECT_REFUSED, "one"), NAME);
	assert_string_equal(keep(state, r, REJECT_REFUSED, "two"), NAME ".1");
	assert_string_equal(keep(state, r, REJECT_REFUSED, "thr"), NAME ".2");
	assert_string_equal(
	    keep(state, r, REJECT_DAMAGED, "cut"), NAME ".damaged-1");
	assert_string_equal(
	    keep(state, r, REJECT_DAMAGED, "cut"), NAME ".damaged-1");
	assert_string_equal(
	    keep(state, r, REJECT_DAMAGED, "shorter"), NAME ".damaged-2");
	assert_true(holds(state, "rejected/local/" NAME, "one"));
	assert_true(holds(state, "rejected/local/" NAME ".1", "two"));
	reject_close(r);
}

static void
half_a_copy_of_a_kill_is_neither_seen_nor_in_the_way(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);

	keep(state, r, REJECT_REFUSED, "other");
	scratch_file(s->fd, "rejected/local/." NAME ".1.copy", "ha", 2);
	assert_string_equal(keep(state, r, REJECT_REFUSED, "half"), NAME ".1");
	assert_true(holds(state, "rejected/local/" NAME ".1", "half"));
	assert_int_equal(scratch_count(s->fd, "rejected/local"), 4);
	reject_close(r);
}

static void
a_rejected_one_can_be_opened_again_and_dropped(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	struct err e;
	int fd;

	keep(state, r, REJECT_REFUSED, "bytes");
	fd = reject_reopen(r, REJECT_REFUSED, "local", NAME, &e);
	assert_int_not_equal(fd, -1);
	close(fd);
	reject_drop(r, REJECT_REFUSED, "local", NAME);
	assert_int_equal(scratch_count(s->fd, "rejected/local"), 0);
	assert_int_equal(
	    reject_reopen(r, REJECT_REFUSED, "local", NAME, &e), -1);
	assert_int_equal(e.cls, ERR_NOT_FOUND);
	reject_drop(r, REJECT_REFUSED, "nobody", NAME);
	reject_close(r);
}

static void
no_path_leads_out_of_the_folder(void **state)
{
	static const char *const names[] = {
	    "../in", ".hidden", "a/b", "..", ".", ""};
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	struct err e;
	size_t i;

	scratch_file(s->fd, "in", "x", 1);
	keep(state, r, REJECT_REFUSED, "bytes");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
		    reject_reopen(r, REJECT_REFUSED, "local", names[i], &e),
		    -1);
	assert_int_equal(reject_reopen(r, REJECT_REFUSED, "..", "in", &e), -1);
	reject_close(r);
}

static void
what_is_no_bundle_leaves_a_reason_only(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	int new = fs_make_dir_open(s->fd, "new", 0755, NULL);

	scratch_file(new, "od\nd", "x", 1);
	assert_int_equal(symlinkat("/etc/passwd", new, "link"), 0);
	assert_int_equal(mkdirat(new, "folder", 0755), 0);
	scratch_file(new, "folder/file", "x", 1);
	reject_odd(r, "local", new, "od\nd", "it is odd");
	reject_odd(r, "local", new, "link", "it is odd");
	reject_odd(r, "local", new, "folder", "it is odd");
	reject_odd(r, "local", new, "gone", "it is odd");
	assert_int_equal(scratch_count(s->fd, "new"), 0);
	/* Four reasons, and the folder as it was. */
	assert_int_equal(scratch_count(s->fd, "rejected/local"), 5);
	close(new);
	reject_close(r);
}

static void
set_size(int at, const char *name, off_t size)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT, 0644);

	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void
over_its_cap_only_the_reason_is_kept(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	struct buf reason = BUF_INIT;

	close(fs_make_dir_open(s->fd, "rejected/local", 0755, NULL));
	close(fs_make_dir_open(s->fd, "held/local", 0755, NULL));
	set_size(s->fd, "rejected/local/large", 1 << 30);
	set_size(s->fd, "held/local/large", 1 << 30);
	keep(state, r, REJECT_REFUSED, "bytes");
	assert_false(holds(state, "rejected/local/" NAME, "bytes"));
	assert_int_equal(fs_read_file(s->fd, "rejected/local/" NAME ".reason",
			     &reason, 4096, NULL),
	    0);
	assert_non_null(strstr(buf_text(&reason), "the reason\n"));
	assert_non_null(strstr(buf_text(&reason), "not kept"));
	/* What is held was acknowledged: it is kept whatever it takes. */
	keep(state, r, REJECT_HELD, "bytes");
	assert_true(holds(state, "held/local/" NAME, "bytes"));
	/* Another account has room. */
	buf_release(&reason);
	reject_close(r);
}

static void
after_its_time_it_is_forgotten(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	const uint64_t day = 24 * 60 * 60 * 1000;

	keep(state, r, REJECT_REFUSED, "bytes");
	keep(state, r, REJECT_HELD, "bytes");
	reject_sweep(r, clock_wall_ms() - day);
	assert_int_equal(scratch_count(s->fd, "rejected/local"), 2);
	reject_sweep(r, clock_wall_ms() + day);
	assert_int_equal(scratch_count(s->fd, "rejected/local"), 0);
	/* Held ones wait for the upgrade, however long it takes. */
	assert_int_equal(scratch_count(s->fd, "held/local"), 2);
	reject_close(r);
}

static void
list(void *arg, const char *account, const char *name)
{
	buf_printf(arg, "%s/%s ", account, name);
}

static void
each_held_bundle_is_named_without_its_reason(void **state)
{
	struct scratch *s = *state;
	struct reject *r = open_reject(state);
	struct buf out = BUF_INIT;

	reject_each_held(r, list, &out);
	assert_string_equal(buf_text(&out), "");
	keep(state, r, REJECT_HELD, "bytes");
	scratch_file(s->fd, "held/local/.hidden", "x", 1);
	reject_each_held(r, list, &out);
	assert_string_equal(buf_text(&out), "local/" NAME " ");
	buf_release(&out);
	reject_close(r);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_copy_lies_there_with_its_reason),
	    T(nothing_is_replaced_and_nothing_kept_twice),
	    T(half_a_copy_of_a_kill_is_neither_seen_nor_in_the_way),
	    T(a_rejected_one_can_be_opened_again_and_dropped),
	    T(no_path_leads_out_of_the_folder),
	    T(what_is_no_bundle_leaves_a_reason_only),
	    T(over_its_cap_only_the_reason_is_kept),
	    T(after_its_time_it_is_forgotten),
	    T(each_held_bundle_is_named_without_its_reason),
	};

	return cmocka_run_group_tests_name("reject", tests, NULL, NULL);
}
