/* Decode children: parked between their account's turns, replaced when they
 * die, gone with masterd's side. */
#include <sys/mman.h>
#include <sys/wait.h>

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

#include "lib/base/buf.h"
#include "masterd/intake/decoder.h"

struct world {
	struct loop *loop;
	struct decoder *decoder;
	int verdicts, deaths;
	enum decoder_blame blame;
};

static void
on_verdict(void *arg, const struct frame_verdict *v)
{
	struct world *w = arg;

	assert_int_equal(v->step, STEP_DAMAGED);
	w->verdicts++;
	loop_quit(w->loop, 0);
}

static void
on_died(void *arg, enum decoder_blame blame, const char *why)
{
	struct world *w = arg;

	(void)why;
	w->deaths++;
	w->blame = blame;
	loop_quit(w->loop, 0);
}

static const struct decoder_calls calls = {
    NULL, NULL, NULL, NULL, on_verdict, on_died};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->loop = loop_new(NULL);
	w->decoder = decoder_new(w->loop, &calls, w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	decoder_free(w->decoder);
	loop_free(w->loop);
	free(w);
	return 0;
}

/* Our children, those that nobody waited for yet, too. */
static int
children(pid_t pids[], int room)
{
	char path[64];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	assert_non_null(f = fopen(path, "r"));
	while (n < room && fscanf(f, "%d", &pids[n]) == 1)
		n++;
	fclose(f);
	return n;
}

static void
submit(struct world *w, const char *account)
{
	assert_true(decoder_takes(w->decoder, account));
	assert_int_equal(decoder_submit(w->decoder, account,
			     memfd_create("empty", MFD_CLOEXEC), NULL),
	    0);
}

/* A bundle of that account has its verdict. */
static void
decode(struct world *w, const char *account)
{
	int before = w->verdicts;

	submit(w, account);
	assert_int_equal(loop_run(w->loop, NULL), 0);
	assert_int_equal(w->verdicts, before + 1);
}

static void
each_account_has_a_child_of_its_own_and_keeps_it(void **state)
{
	struct world *w = *state;
	pid_t first[32], then[32];

	decode(w, "one");
	decode(w, "two");
	assert_int_equal(children(first, 32), 2);
	decode(w, "one");
	decode(w, "two");
	decode(w, "one");
	assert_int_equal(children(then, 32), 2);
	assert_memory_equal(first, then, 2 * sizeof(first[0]));
}

static void
of_many_accounts_a_few_keep_their_child(void **state)
{
	struct world *w = *state;
	char account[16];
	pid_t pids[64];
	int i;

	for (i = 0; i < 40; i++) {
		snprintf(account, sizeof(account), "a%d", i);
		decode(w, account);
	}
	assert_in_range(children(pids, 64), 2, 16);
	decode(w, "a0");
	assert_in_range(children(pids, 64), 2, 16);
}

static void
a_parked_child_that_was_killed_is_nobodys_death(void **state)
{
	struct world *w = *state;
	siginfo_t info;
	pid_t pids[8];

	decode(w, "one");
	assert_int_equal(children(pids, 8), 1);
	decode(w, "two");
	kill(pids[0], SIGSEGV);
	assert_int_equal(
	    waitid(P_PID, (id_t)pids[0], &info, WEXITED | WNOWAIT), 0);
	decode(w, "two");
	decode(w, "one");
	assert_int_equal(w->deaths, 0);
	assert_int_equal(children(pids, 8), 2);
}

static void
one_that_was_parked_and_dies_at_work_is_told_once(void **state)
{
	struct world *w = *state;
	pid_t pids[8];

	decode(w, "one");
	assert_int_equal(children(pids, 8), 1);
	decode(w, "two");
	kill(pids[0], SIGSTOP);
	submit(w, "one");
	submit(w, "one");
	kill(pids[0], SIGSEGV);
	kill(pids[0], SIGCONT);
	assert_int_equal(loop_run(w->loop, NULL), 0);
	assert_int_equal(w->deaths, 1);
	assert_int_equal(w->blame, BLAME_BUNDLE);
	decode(w, "one");
	assert_int_equal(w->deaths, 1);
}

static void
none_is_left_at_the_end(void **state)
{
	struct world *w = *state;
	pid_t pids[8];

	decode(w, "one");
	decode(w, "two");
	submit(w, "three");
	decoder_free(w->decoder);
	w->decoder = NULL;
	assert_int_equal(children(pids, 8), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_account_has_a_child_of_its_own_and_keeps_it),
	    T(of_many_accounts_a_few_keep_their_child),
	    T(a_parked_child_that_was_killed_is_nobodys_death),
	    T(one_that_was_parked_and_dies_at_work_is_told_once),
	    T(none_is_left_at_the_end),
	};

	return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
