/*
 * spool: every system call fails, for every N; and a kill in place of every
 * system call.  What holds afterwards is the table of spool/DESIGN.
 */
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

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "spool/spool.h"
#include "tests/unit/faultsys.h"
#include "tests/unit/scratch.h"

#define PAYLOAD    "payload that is more than one byte"
#define LEN        strlen(PAYLOAD)
#define MOST_CALLS 200

static const int errors[] = {EIO, ENOSPC, EINTR, EACCES, FAULT_SHORT};

static bool
any_name(const char *name)
{
	(void)name;
	return true;
}

static const struct spool_names names = {any_name, strcmp};

static struct spool *
open_spool(const struct scratch *s)
{
	struct err e = {0};
	struct spool *sp = spool_open(s->fd, "spool", &names, true, &e);

	if (sp == NULL)
		fail_msg("%s", e.text);
	return sp;
}

static bool
exists(const struct scratch *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Whole in new/, or not there at all.  With a spool of its own, as after a
 * restart: the next scan finds all that is in new/, and nothing else.
 */
static bool
assert_spool_sound(const struct scratch *s)
{
	struct spool *sp = open_spool(s);
	bool there = exists(s, "spool/new/a");
	const char *name;

	if (there)
		assert_true(scratch_holds(s->fd, "spool/new/a", PAYLOAD, LEN));
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	name = spool_next(sp);
	assert_int_equal(name != NULL, there);
	if (there)
		assert_string_equal(name, "a");
	assert_null(spool_next(sp));
	spool_close(sp);
	return there;
}

/* A scenario: makes its spool, fails once or from N on, judges. */
typedef void scenario_fn(struct scratch *s, int error, bool sticky);

static bool sticky_now;

static void
arm(int n, int error)
{
	if (sticky_now)
		faultsys_fail_from(n, error);
	else
		faultsys_fail_at(n, error);
}

static int fault_n, fault_error;

/* Run it with every N until none is hit any more. */
static void
for_every_call(struct scratch *s, scenario_fn *fn, bool sticky, int least)
{
	size_t i;
	int fds = scratch_open_fds();

	sticky_now = sticky;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault_error = errors[i];
		/* An EINTR for ever is no fault of any machine. */
		if (sticky && fault_error == EINTR)
			continue;
		for (fault_n = 1; fault_n < MOST_CALLS; fault_n++) {
			fn(s, fault_error, sticky);
			if (scratch_open_fds() != fds)
				fail_msg("a descriptor is left after %s",
				    faultsys_call());
			assert_int_equal(
			    fs_remove_tree(s->fd, "spool", NULL), 0);
			if (!faultsys_hit())
				break;
		}
		assert_in_range(fault_n, least + 1, MOST_CALLS - 1);
	}
}

/* ---- filling --------------------------------------------------------- */

/* These cannot fail as seen from outside: the call is made again, or what it
 * said means nothing. */
static bool
harmless(const char *call, int error)
{
	if (error == FAULT_SHORT)
		return true;
	return error == EINTR &&
	    (strcmp(call, "write") == 0 || strcmp(call, "close") == 0);
}

static void
judge_put(struct scratch *s, struct spool *sp, int rc, const struct err *e,
    int error, bool sticky)
{
	bool there = assert_spool_sound(s);
	const char *call = faultsys_call();

	if (rc == 0) {
		assert_true(there);
		assert_false(spool_broken(sp));
	} else if (spool_broken(sp)) {
		assert_true(sticky || strcmp(call, "fsync") == 0);
		assert_int_equal(e->cls, ERR_AGAIN);
		assert_int_equal(e->sys, error);
		assert_int_equal(spool_put(sp, "b", "b", 1, NULL), -1);
		assert_false(exists(s, "spool/tmp/b"));
	} else {
		assert_false(there);
		assert_int_equal(e->sys, error);
		if (!sticky)
			assert_false(exists(s, "spool/tmp/a"));
	}
	if (!sticky && harmless(call, error))
		assert_int_equal(rc, 0);
}

static void
put_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};
	int rc;

	arm(fault_n, error);
	rc = spool_put(sp, "a", PAYLOAD, LEN, &e);
	faultsys_off();
	judge_put(s, sp, rc, &e, error, sticky);
	spool_close(sp);
}

static void
put_by_link_scenario(struct scratch *s, int error, bool sticky)
{
	faultsys_fail_call("renameat2", EINVAL);
	put_scenario(s, error, sticky);
}

static void
put_is_whole_or_not_there_whichever_call_fails(void **state)
{
	for_every_call(*state, put_scenario, false, 6);
}

static void
put_is_whole_or_not_there_when_all_calls_fail_from_one_on(void **state)
{
	for_every_call(*state, put_scenario, true, 6);
}

static void
the_same_without_rename_noreplace(void **state)
{
	for_every_call(*state, put_by_link_scenario, false, 7);
	for_every_call(*state, put_by_link_scenario, true, 7);
}

/* What a power cut would undo is synced before yes is said. */
static void
put_syncs_the_file_then_renames_then_syncs_the_folder(void **state)
{
	struct spool *sp = open_spool(*state);
	struct buf calls = BUF_INIT;

	faultsys_trace(&calls);
	assert_int_equal(spool_put(sp, "a", PAYLOAD, LEN, NULL), 0);
	faultsys_off();
	assert_string_equal(
	    buf_text(&calls), "openat write fsync close renameat2 fsync ");
	buf_release(&calls);
	spool_close(sp);
}

/* ---- emptying -------------------------------------------------------- */

static void
scan_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};
	int rc;

	(void)sticky;
	scratch_file(s->fd, "spool/new/a", "a", 1);
	scratch_file(s->fd, "spool/new/b", "b", 1);
	arm(fault_n, error);
	rc = spool_scan(sp, NULL, NULL, &e);
	faultsys_off();
	if (rc == 0)
		assert_int_equal(spool_waiting(sp), 2);
	else
		assert_int_equal(e.sys, error);
	/* The next one finds what this one missed, and nothing twice. */
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	assert_int_equal(spool_waiting(sp), 2);
	spool_close(sp);
}

static void
done_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};
	const char *name;
	int rc;

	(void)sticky;
	scratch_file(s->fd, "spool/new/a", "a", 1);
	assert_int_equal(spool_scan(sp, NULL, NULL, NULL), 0);
	name = spool_next(sp);
	arm(fault_n, error);
	rc = spool_done(sp, name, &e);
	faultsys_off();
	if (rc == -1) {
		assert_int_equal(e.sys, error);
		assert_int_equal(spool_in_hand(sp), 1);
		assert_int_equal(spool_done(sp, name, &e), 0);
	}
	assert_int_equal(spool_in_hand(sp), 0);
	assert_false(exists(s, "spool/new/a"));
	spool_close(sp);
}

static void
copy_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct digest d, want;
	struct err e = {0};
	uint64_t size;
	int rc;

	scratch_file(s->fd, "spool/new/a", PAYLOAD, LEN);
	arm(fault_n, error);
	rc = spool_copy(sp, "a", s->fd, "spool/copy", &d, &size, &e);
	faultsys_off();
	if (rc == 0) {
		digest_of(&want, PAYLOAD, LEN);
		assert_true(digest_equal(&d, &want));
		assert_int_equal(size, LEN);
		assert_true(scratch_holds(s->fd, "spool/copy", PAYLOAD, LEN));
	} else if (!sticky) {
		assert_false(exists(s, "spool/copy"));
	}
	assert_true(scratch_holds(s->fd, "spool/new/a", PAYLOAD, LEN));
	spool_close(sp);
}

static void
nothing_is_missed_taken_twice_or_torn_on_the_way_out(void **state)
{
	for_every_call(*state, scan_scenario, false, 4);
	for_every_call(*state, done_scenario, false, 1);
	for_every_call(*state, copy_scenario, false, 5);
	for_every_call(*state, copy_scenario, true, 5);
}

/* ---- opening, sweeping ----------------------------------------------- */

static void
open_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp;
	struct err e = {0};

	(void)sticky;
	arm(fault_n, error);
	sp = spool_open(s->fd, "spool", &names, true, &e);
	faultsys_off();
	if (sp == NULL)
		assert_int_not_equal(e.text[0], '\0');
	spool_close(sp);
}

static void
reopen_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};

	(void)sticky;
	arm(fault_n, error);
	if (spool_reopen(sp, &e) == -1)
		assert_int_equal(e.sys, error);
	faultsys_off();
	/* On the old folders or on the new ones, never on one of each. */
	assert_int_equal(spool_put(sp, "a", PAYLOAD, LEN, NULL), 0);
	assert_true(assert_spool_sound(s));
	spool_close(sp);
}

static void
age(const struct scratch *s, const char *path)
{
	struct timespec old[2] = {{0}};

	old[0].tv_sec = old[1].tv_sec =
	    (time_t)(clock_wall_ms() / 1000) - 40 * 60 * 60;
	assert_int_equal(utimensat(s->fd, path, old, AT_SYMLINK_NOFOLLOW), 0);
}

static void
sweep_scenario(struct scratch *s, int error, bool sticky)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};
	int rc;

	(void)sticky;
	scratch_file(s->fd, "spool/tmp/old", "x", 1);
	age(s, "spool/tmp/old");
	scratch_file(s->fd, "spool/tmp/fresh", "x", 1);
	arm(fault_n, error);
	rc = spool_sweep(sp, SPOOL_DEBRIS_MS, clock_wall_ms(), &e);
	faultsys_off();
	assert_true(exists(s, "spool/tmp/fresh"));
	if (rc == 1)
		assert_false(exists(s, "spool/tmp/old"));
	if (rc == -1)
		assert_int_equal(e.sys, error);
	spool_close(sp);
}

static void
opening_and_sweeping_fail_without_harm(void **state)
{
	for_every_call(*state, open_scenario, false, 6);
	for_every_call(*state, reopen_scenario, false, 4);
	for_every_call(*state, sweep_scenario, false, 7);
}

/* ---- kills ----------------------------------------------------------- */

/* True when the child was killed, false when it came to its end. */
static bool
killed(pid_t pid)
{
	int status;

	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_int_equal(status, 0);
	return false;
}

/* What a kill left in tmp/ stands in nobody's way for ever. */
static void
assert_can_go_on(struct scratch *s, bool there)
{
	struct spool *sp = open_spool(s);
	struct err e = {0};

	if (exists(s, "spool/tmp/a")) {
		assert_int_equal(spool_put(sp, "a", PAYLOAD, LEN, &e), -1);
		assert_int_equal(e.cls, ERR_CONFLICT);
		age(s, "spool/tmp/a");
		assert_int_equal(
		    spool_sweep(sp, SPOOL_DEBRIS_MS, clock_wall_ms(), &e), 1);
	}
	assert_int_equal(spool_put(sp, "a", PAYLOAD, LEN, &e), there ? -1 : 0);
	if (there)
		assert_int_equal(e.cls, ERR_CONFLICT);
	assert_true(assert_spool_sound(s));
	assert_int_equal(scratch_count(s->fd, "spool/tmp"), 0);
	spool_close(sp);
}

static void
kill_every_put(struct scratch *s, bool by_link, int least)
{
	bool was_killed = true, there = false, before;
	struct spool *sp;
	pid_t pid;
	int n;

	for (n = 1; was_killed && n < MOST_CALLS; n++) {
		if ((pid = fork()) == 0) {
			if (by_link)
				faultsys_fail_call("renameat2", EINVAL);
			sp = open_spool(s);
			faultsys_kill_at(n);
			_exit(spool_put(sp, "a", PAYLOAD, LEN, NULL) == 0 ? 0
									  : 1);
		}
		was_killed = killed(pid);
		before = there;
		there = assert_spool_sound(s);
		/* Once a step commits, every later one finds it so. */
		assert_true(there || !before);
		assert_can_go_on(s, there);
		assert_int_equal(fs_remove_tree(s->fd, "spool", NULL), 0);
	}
	assert_true(there);
	assert_in_range(n, least, MOST_CALLS - 1);
}

static void
a_kill_at_any_call_of_put_leaves_it_whole_or_not_there(void **state)
{
	kill_every_put(*state, false, 6);
	kill_every_put(*state, true, 7);
}

static void
a_kill_at_any_call_of_taking_loses_no_entry(void **state)
{
	struct scratch *s = *state;
	bool was_killed = true;
	struct spool *sp;
	pid_t pid;
	int n;

	for (n = 1; was_killed && n < MOST_CALLS; n++) {
		sp = open_spool(s);
		assert_int_equal(spool_put(sp, "a", PAYLOAD, LEN, NULL), 0);
		if ((pid = fork()) == 0) {
			faultsys_kill_at(n);
			if (spool_scan(sp, NULL, NULL, NULL) == -1)
				_exit(1);
			_exit(
			    spool_done(sp, spool_next(sp), NULL) == 0 ? 0 : 1);
		}
		was_killed = killed(pid);
		/* Killed before done() said yes: it is found again. */
		assert_int_equal(assert_spool_sound(s), was_killed);
		spool_close(sp);
		assert_int_equal(fs_remove_tree(s->fd, "spool", NULL), 0);
	}
	assert_in_range(n, 5, MOST_CALLS - 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(put_is_whole_or_not_there_whichever_call_fails),
	    TEST(put_is_whole_or_not_there_when_all_calls_fail_from_one_on),
	    TEST(the_same_without_rename_noreplace),
	    TEST(put_syncs_the_file_then_renames_then_syncs_the_folder),
	    TEST(nothing_is_missed_taken_twice_or_torn_on_the_way_out),
	    TEST(opening_and_sweeping_fail_without_harm),
	    TEST(a_kill_at_any_call_of_put_leaves_it_whole_or_not_there),
	    TEST(a_kill_at_any_call_of_taking_loses_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
