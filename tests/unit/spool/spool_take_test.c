/* spool_take: a scan adds, next orders, done forgets. */
#include <sys/stat.h>

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

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "spool/spool.h"
#include "tests/unit/scratch.h"

static bool
digits(const char *name)
{
	return strspn(name, ".0123456789") == strlen(name);
}

/* By value, so that 10 comes after 9. */
static int
by_value(const char *a, const char *b)
{
	long va = atol(a), vb = atol(b);

	return (va > vb) - (va < vb);
}

static const struct spool_names names = {digits, by_value};

static struct spool *
open_spool(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = spool_open(s->fd, "in", &names, true, NULL);

	assert_non_null(sp);
	return sp;
}

static void
put(struct spool *sp, const char *name)
{
	assert_int_equal(spool_put(sp, name, name, strlen(name), NULL), 0);
}

static void
scan(struct spool *sp)
{
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
}

static void
entries_come_in_the_callers_order(void **state)
{
	struct spool *sp = open_spool(state);

	put(sp, "10");
	put(sp, "9");
	put(sp, "100");
	assert_null(spool_peek(sp));
	scan(sp);
	assert_string_equal(spool_peek(sp), "9");
	assert_string_equal(spool_next(sp), "9");
	assert_string_equal(spool_next(sp), "10");
	put(sp, "1");
	scan(sp);
	assert_string_equal(spool_next(sp), "1");
	assert_string_equal(spool_next(sp), "100");
	assert_null(spool_next(sp));
	spool_close(sp);
}

static void
names_of_equal_rank_come_by_their_bytes(void **state)
{
	struct spool *sp = open_spool(state);

	put(sp, "7");
	put(sp, "007");
	put(sp, "07");
	scan(sp);
	assert_string_equal(spool_next(sp), "007");
	assert_string_equal(spool_next(sp), "07");
	assert_string_equal(spool_next(sp), "7");
	spool_close(sp);
}

static void
what_is_in_hand_is_not_offered_twice(void **state)
{
	struct spool *sp = open_spool(state);

	put(sp, "1");
	scan(sp);
	assert_string_equal(spool_next(sp), "1");
	scan(sp);
	scan(sp);
	assert_null(spool_next(sp));
	assert_int_equal(spool_waiting(sp), 0);
	assert_int_equal(spool_in_hand(sp), 1);
	spool_back(sp, "1");
	spool_back(sp, "1");
	assert_int_equal(spool_waiting(sp), 1);
	assert_string_equal(spool_next(sp), "1");
	assert_null(spool_next(sp));
	spool_close(sp);
}

static void
done_unlinks_and_forgets(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	const char *name;

	put(sp, "1");
	scan(sp);
	name = spool_next(sp);
	assert_int_equal(spool_done(sp, name, NULL), 0);
	assert_int_equal(scratch_count(s->fd, "in/new"), 0);
	assert_int_equal(spool_in_hand(sp), 0);
	/* The same name once more is a new entry. */
	put(sp, "1");
	scan(sp);
	name = spool_next(sp);
	assert_string_equal(name, "1");
	/* A file that the other side took back is as good as done. */
	assert_int_equal(unlinkat(s->fd, "in/new/1", 0), 0);
	assert_int_equal(spool_done(sp, name, NULL), 0);
	spool_close(sp);
}

static void
done_that_fails_keeps_the_entry_in_hand(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct err e = {0};

	assert_int_equal(mkdirat(s->fd, "in/new/1", 0700), 0);
	scan(sp);
	assert_string_equal(spool_next(sp), "1");
	assert_int_equal(spool_done(sp, "1", &e), -1);
	assert_int_equal(e.sys, EISDIR);
	assert_int_equal(spool_in_hand(sp), 1);
	spool_forget(sp, "1");
	assert_int_equal(spool_in_hand(sp), 0);
	spool_close(sp);
}

/* A scan that does not see a file proves nothing. */
static void
nothing_is_forgotten_because_a_scan_missed_it(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	put(sp, "1");
	scan(sp);
	assert_int_equal(unlinkat(s->fd, "in/new/1", 0), 0);
	scan(sp);
	assert_int_equal(spool_waiting(sp), 1);
	spool_forget(sp, "1");
	spool_forget(sp, "1");
	assert_null(spool_next(sp));
	spool_close(sp);
}

static void
next_after_a_crash_returns_the_same_entry(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);

	put(sp, "1");
	scan(sp);
	assert_string_equal(spool_next(sp), "1");
	spool_close(sp);
	sp = open_spool(state);
	scan(sp);
	assert_string_equal(spool_next(sp), "1");
	assert_true(scratch_holds(s->fd, "in/new/1", "1", 1));
	spool_close(sp);
}

static void
collect_odd(void *arg, const char *name)
{
	buf_printf(arg, "%s;", name);
}

static void
names_that_the_gate_refuses_are_odd_each_time(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct buf odd = BUF_INIT;
	char name[SPOOL_NAME_MAX + 20] = "in/new/";
	int round;

	scratch_file(s->fd, "in/new/x", "", 0);
	scratch_file(s->fd, "in/new/1", "", 0);
	for (round = 0; round < 2; round++) {
		buf_reset(&odd);
		assert_int_equal(spool_scan(sp, collect_odd, &odd, NULL), 0);
		assert_string_equal(buf_text(&odd), "x;");
		assert_int_equal(spool_waiting(sp), 1);
	}
	assert_int_equal(unlinkat(spool_new_fd(sp), "x", 0), 0);
	/* Hidden names and long ones do not even reach the gate. */
	scratch_file(s->fd, "in/new/.1", "", 0);
	memset(name + 7, '1', SPOOL_NAME_MAX + 1);
	scratch_file(s->fd, name, "", 0);
	buf_reset(&odd);
	assert_int_equal(spool_scan(sp, collect_odd, &odd, NULL), 0);
	assert_non_null(strstr(buf_text(&odd), ".1;"));
	assert_non_null(strstr(buf_text(&odd), name + 7));
	assert_int_equal(spool_waiting(sp), 1);
	buf_release(&odd);
	spool_close(sp);
}

static void
a_copy_is_hashed_and_not_a_link(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct digest d, want;
	struct stat from, to;
	struct err e = {0};
	uint64_t size;

	put(sp, "12345");
	assert_int_equal(
	    spool_copy(sp, "12345", s->fd, "copy", &d, &size, &e), 0);
	digest_of(&want, "12345", 5);
	assert_true(digest_equal(&d, &want));
	assert_int_equal(size, 5);
	assert_true(scratch_holds(s->fd, "copy", "12345", 5));
	assert_int_equal(fstatat(s->fd, "copy", &to, 0), 0);
	assert_int_equal(fstatat(s->fd, "in/new/12345", &from, 0), 0);
	assert_int_not_equal(from.st_ino, to.st_ino);
	/* Once only: what is there is not overwritten. */
	assert_int_equal(
	    spool_copy(sp, "12345", s->fd, "copy", NULL, NULL, &e), -1);
	spool_close(sp);
}

static void
what_is_no_regular_file_is_not_copied(void **state)
{
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	struct err e = {0};

	scratch_file(s->fd, "secret", "x", 1);
	assert_int_equal(symlinkat("../../secret", s->fd, "in/new/1"), 0);
	assert_int_equal(mkfifoat(s->fd, "in/new/2", 0600), 0);
	assert_int_equal(mkdirat(s->fd, "in/new/3", 0700), 0);
	assert_int_equal(
	    spool_copy(sp, "1", s->fd, "copy", NULL, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(
	    spool_copy(sp, "2", s->fd, "copy", NULL, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(
	    spool_copy(sp, "3", s->fd, "copy", NULL, NULL, &e), -1);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_int_equal(faccessat(s->fd, "copy", F_OK, 0), -1);
	spool_close(sp);
}

/* 20,000 entries, scanned twice, taken and put back in any order. */
static void
many_entries_are_no_burden(void **state)
{
	enum { MANY = 20000 };
	struct scratch *s = *state;
	struct spool *sp = open_spool(state);
	char path[32], name[32];
	uint64_t start;
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "in/new/%d", i * 7919 % MANY);
		scratch_file(s->fd, path, "", 0);
	}
	start = clock_up_ms();
	scan(sp);
	scan(sp);
	assert_int_equal(spool_waiting(sp), MANY);
	for (i = 0; i < MANY / 2; i++)
		assert_int_equal(atoi(spool_next(sp)), i);
	scan(sp);
	for (i = 0; i < MANY / 2; i += 2) {
		snprintf(name, sizeof(name), "%d", i);
		spool_back(sp, name);
		snprintf(name, sizeof(name), "%d", i + MANY / 2);
		spool_forget(sp, name);
	}
	for (i = 0; i < MANY; i++)
		if ((i < MANY / 2) == (i % 2 == 0))
			assert_int_equal(atoi(spool_next(sp)), i);
	assert_null(spool_next(sp));
	/* A few ms; a quadratic step would take a minute. */
	assert_true(clock_up_ms() - start < 5000);
	spool_close(sp);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(entries_come_in_the_callers_order),
	    TEST(names_of_equal_rank_come_by_their_bytes),
	    TEST(what_is_in_hand_is_not_offered_twice),
	    TEST(done_unlinks_and_forgets),
	    TEST(done_that_fails_keeps_the_entry_in_hand),
	    TEST(nothing_is_forgotten_because_a_scan_missed_it),
	    TEST(next_after_a_crash_returns_the_same_entry),
	    TEST(names_that_the_gate_refuses_are_odd_each_time),
	    TEST(a_copy_is_hashed_and_not_a_link),
	    TEST(what_is_no_regular_file_is_not_copied),
	    TEST(many_entries_are_no_burden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
