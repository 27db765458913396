/* botd/runner/outbox and seal: seqs, the quota, declared drops (P.4, P.21). */
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

#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

static void
only_a_commit_uses_a_seq_up(void **state)
{
	struct world *w = *state;
	struct seal b;
	struct err e;

	assert_int_equal(world_seal(w, KIND_STATS, 10), 1);
	assert_int_equal(seal_begin(&b, &w->r, KIND_CORPUS, NULL, &e), 0);
	seal_give_up(&b);
	assert_int_equal(world_seal(w, KIND_CRASH, 10), 2);
	assert_int_equal(world_seal(w, KIND_CORPUS, 10), 3);
	assert_true(world_has(w, 1, 'b'));
	assert_true(world_has(w, 2, 'c'));
	assert_true(world_has(w, 3, 'b'));
	assert_int_equal(scratch_count(w->scratch->fd, "outbox/tmp"), 0);
}

static void
a_scan_knows_epochs_bytes_and_bounds(void **state)
{
	struct world *w = *state;

	world_seal(w, KIND_STATS, 1000);
	world_seal(w, KIND_CRASH, 1000);
	world_seal(w, KIND_CORPUS, 1000);
	w->r.epoch++;
	w->r.next_seq = 1;
	world_seal(w, KIND_CORPUS, 1000);
	unlinkat(w->scratch->fd, "outbox/new/b1-5f3c9a01d2e4b677-1-b.pfb", 0);
	outbox_scan(&w->r);
	assert_int_equal(w->r.outbox.files, 3);
	assert_in_range(w->r.outbox.bytes, 3000, 5000);
	assert_int_equal(w->r.outbox.epoch_count, 2);
	/* Our own comes first, and is there even when it holds nothing. */
	assert_int_equal(w->r.outbox.epochs[0].epoch, w->r.epoch);
	assert_int_equal(w->r.outbox.epochs[0].highest, 1);
	assert_int_equal(w->r.outbox.epochs[1].oldest, 2);
	assert_int_equal(w->r.outbox.epochs[1].highest, 3);
}

static void
over_its_quota_it_drops_stats_then_corpus_and_never_a_crash(void **state)
{
	struct world *w = *state;
	uint64_t stats, crash, complete, corpus[12], reg;
	int i, left = 0;

	reg = world_seal(w, KIND_REGISTER, 20000);
	for (i = 0; i < 4; i++)
		corpus[i] = world_seal(w, KIND_CORPUS, 100000);
	stats = world_seal(w, KIND_STATS, 200000);
	crash = world_seal(w, KIND_CRASH, 200000);
	complete = world_seal(w, KIND_COMPLETE, 20000);
	assert_true(outbox_nearly_full(&w->r));
	assert_int_equal(scratch_count(w->scratch->fd, "outbox/dropped"), 0);
	for (; i < 12; i++)
		corpus[i] = world_seal(w, KIND_CORPUS, 100000);
	assert_true(w->r.outbox.bytes <= w->config.outbox_bytes);
	assert_false(world_has(w, stats, 'b'));
	assert_true(world_has(w, crash, 'c'));
	assert_true(world_has(w, complete, 'b'));
	assert_true(world_has(w, reg, 'b'));
	/* The oldest units go first. */
	assert_false(world_has(w, corpus[0], 'b'));
	assert_true(world_has(w, corpus[11], 'b'));
	for (i = 0; i < 12; i++)
		left += world_has(w, corpus[i], 'b');
	outbox_scan(&w->r);
	assert_int_equal(w->r.outbox.drop_count, 12 - left + 1);
	assert_int_equal(w->r.outbox.epochs[0].highest, w->r.next_seq - 1);
}

static void
what_cannot_be_dropped_stays_over_the_quota(void **state)
{
	struct world *w = *state;
	int i;

	for (i = 1; i <= 8; i++)
		world_seal(w, KIND_CRASH, 200000);
	for (i = 1; i <= 8; i++)
		assert_true(world_has(w, (uint64_t)i, 'c'));
}

static void
a_drop_is_declared_until_below_has_passed_it(void **state)
{
	static const char ranges[] = "3 5\n9 9\n";
	struct world *w = *state;
	const char *name = "outbox/dropped/5f3c9a01d2e4b677";

	scratch_file(w->scratch->fd, name, ranges, strlen(ranges));
	w->r.status = status_new();
	w->r.have_status = true;
	w->r.status->epoch_count = 1;
	w->r.status->epochs[0].epoch = WORLD_EPOCH;
	w->r.status->epochs[0].below = 8;
	outbox_confirmed(&w->r);
	outbox_scan(&w->r);
	assert_int_equal(w->r.outbox.drop_count, 2);
	assert_int_equal(w->r.outbox.drops[0].first, 3);
	assert_int_equal(w->r.outbox.drops[0].last, 5);
	w->r.status->epochs[0].below = 9;
	outbox_confirmed(&w->r);
	outbox_scan(&w->r);
	assert_int_equal(w->r.outbox.drop_count, 0);
	assert_int_equal(faccessat(w->scratch->fd, name, F_OK, 0), -1);
}

static void
a_start_finishes_declared_drops_and_sweeps_debris(void **state)
{
	struct world *w = *state;

	world_seal(w, KIND_CORPUS, 10);
	world_seal(w, KIND_CORPUS, 10);
	world_seal(w, KIND_CRASH, 10);
	scratch_file(
	    w->scratch->fd, "outbox/dropped/5f3c9a01d2e4b677", "2 3\nodd\n", 8);
	scratch_file(
	    w->scratch->fd, "outbox/tmp/b1-5f3c9a01d2e4b677-4-b.pfb", "x", 1);
	outbox_recover(&w->r);
	assert_true(world_has(w, 1, 'b'));
	assert_false(world_has(w, 2, 'b'));
	assert_true(world_has(w, 3, 'c')); /* never a crash */
	assert_int_equal(scratch_count(w->scratch->fd, "outbox/tmp"), 0);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(only_a_commit_uses_a_seq_up),
	    WORLD(a_scan_knows_epochs_bytes_and_bounds),
	    WORLD(over_its_quota_it_drops_stats_then_corpus_and_never_a_crash),
	    WORLD(what_cannot_be_dropped_stays_over_the_quota),
	    WORLD(a_drop_is_declared_until_below_has_passed_it),
	    WORLD(a_start_finishes_declared_drops_and_sweeps_debris),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/outbox", tests, NULL, NULL);
}
