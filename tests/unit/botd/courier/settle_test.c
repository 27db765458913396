/* botd/courier/settle: covered, refused, noted, kept, brought back
 * (PROTOCOL 12, 24, 27). */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/botd/courier/scene.h"

#define NEW   "root/outbox/new"
#define ACKED "root/outbox/acked"
#define HELD  "root/outbox/held"
#define NOTED "root/outbox/noted/5f3c9a01d2e4b677"

static void
refuse(struct scene *w, uint64_t seq)
{
	struct status_epoch *ep = &w->status->epochs[0];

	w->status->epoch_count = 1;
	ep->epoch = SCENE_EPOCH;
	ep->refused[ep->refused_count].seq = seq;
	snprintf(ep->refused[ep->refused_count++].reason, STATUS_REASON_MAX,
	    "an unknown key");
}

static void
covered_bundles_of_every_kind_are_kept(void **state)
{
	struct scene *w = *state;

	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 10);
	scene_seal(w, KIND_STATS, SCENE_EPOCH, 3, 0);
	scene_seal(w, KIND_COMPLETE, SCENE_EPOCH, 4, 0);
	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 5, 10);
	scene_turn(w);
	scene_cover(w, 4);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 4);
	assert_int_equal(scene_count(w, NEW), 1);
	assert_int_equal(w->courier->parcel_count, 1);
}

static void
ranges_above_count_and_gaps_do_not(void **state)
{
	struct scene *w = *state;
	uint64_t seq;

	for (seq = 1; seq <= 6; seq++)
		scene_seal(w, KIND_CRASH, SCENE_EPOCH, seq, 10);
	scene_turn(w);
	w->status->epochs[0].above_count = 1;
	w->status->epochs[0].above[0] = (struct seq_range){3, 4};
	scene_cover(w, 1);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 3);
	assert_int_equal(scene_count(w, NEW), 3);
}

static void
what_is_not_mentioned_stays(void **state)
{
	struct scene *w = *state;

	scene_seal(w, KIND_CRASH, 0xabc, 1, 10);
	scene_turn(w);
	scene_cover(w, 100); /* of another epoch */
	scene_turn(w);
	assert_int_equal(scene_count(w, NEW), 1);
}

static void
a_refused_crash_is_held_and_other_refused_ones_are_unlinked(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_seal(w, KIND_CORPUS, SCENE_EPOCH, 2, 10);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	refuse(w, 1);
	refuse(w, 2);
	scene_cover(w, 2); /* covers them too: refused comes first */
	scene_turn(w);
	assert_true(scene_has(w, HELD "/%s", name));
	assert_int_equal(scene_count(w, HELD), 1);
	assert_int_equal(scene_count(w, ACKED), 0);
	assert_int_equal(scene_count(w, NEW), 0);
	assert_true(scene_holds(w, NOTED, "1\n2\n"));
}

static void
a_refusal_is_noted_also_when_its_file_was_moved_before_a_kill(void **state)
{
	struct scene *w = *state;

	refuse(w, 7);
	scene_cover(w, 0);
	scene_turn(w);
	assert_true(scene_holds(w, NOTED, "7\n"));
}

static void
a_note_goes_when_the_status_no_longer_lists_it(void **state)
{
	struct scene *w = *state;

	refuse(w, 7);
	refuse(w, 9);
	scene_cover(w, 0);
	scene_turn(w);
	w->status->epochs[0].refused_count = 1;
	scene_cover(w, 0);
	scene_turn(w);
	assert_true(scene_holds(w, NOTED, "7\n"));
	w->status->epoch_count = 0;
	scene_publish(w);
	scene_turn(w);
	assert_false(scene_has(w, NOTED));
}

static void
another_generation_brings_all_back_before_its_status_is_placed(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	scene_cover(w, 1);
	scene_turn(w);
	scene_remove(w, "account/incoming/new/%s", name); /* taken */
	assert_int_equal(scene_count(w, ACKED), 1);
	w->status->generation = 0x2222;
	scene_cover(w, 0);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 0);
	assert_true(scene_has(w, NEW "/%s", name));
	scene_turn(w);
	assert_true(scene_has(w, "account/incoming/new/%s", name));
	assert_true(w->courier->status->generation == 0x2222);
}

/* A serial that went back is believed only with another generation. */
static void
a_restored_master_may_have_a_lower_serial(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_turn(w);
	w->status->generation = 0x2222;
	w->status->serial = 10;
	scene_publish(w);
	scene_turn(w);
	assert_true(w->courier->status->generation == 0x2222);
}

static void
a_kill_between_bringing_back_and_placing_repeats_the_step(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	scene_cover(w, 1);
	scene_turn(w);
	scene_remove(w, "account/incoming/new/%s", name);
	/* Brought back, and killed before the new status.json was placed. */
	w->courier->fresh->generation = 0x2222;
	assert_int_equal(settle_generation(w->courier, NULL), 0);
	assert_true(scene_has(w, NEW "/%s", name));
	scene_restart(w);
	w->status->generation = 0x2222;
	scene_cover(w, 0);
	scene_turn(w);
	assert_true(scene_has(w, NEW "/%s", name));
	assert_true(scene_has(w, "account/incoming/new/%s", name));
}

static void
a_lost_inbox_counts_as_another_generation(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	scene_cover(w, 1);
	scene_turn(w);
	scene_write(w, "root/inbox/status.json", ""); /* a power cut */
	scene_restart(w);
	w->status->epochs[0].below = 0;
	scene_publish(w);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 0);
	assert_int_equal(scene_count(w, NEW), 1);
}

static void
what_a_newer_status_no_longer_covers_is_pushed_again(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 5, 10);
	scene_turn(w);
	scene_cover(w, 5);
	scene_turn(w);
	scene_remove(w, "account/incoming/new/%s", name);
	assert_int_equal(scene_count(w, ACKED), 1);
	scene_cover(w, 4); /* the same generation */
	scene_turn(w);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 0);
	assert_true(scene_has(w, "account/incoming/new/%s", name));
}

static void
an_epoch_left_out_says_nothing_about_what_was_acknowledged(void **state)
{
	struct scene *w = *state;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 5, 10);
	scene_turn(w);
	scene_cover(w, 5);
	scene_turn(w);
	w->status->epoch_count = 0;
	scene_publish(w);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 1);
}

static void
a_full_list_of_ranges_says_nothing_beyond_its_end(void **state)
{
	struct scene *w = *state;
	struct status_epoch *ep = &w->status->epochs[0];
	uint64_t i;

	scene_cover(w, 0);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1000, 10);
	scene_seal(w, KIND_CRASH, SCENE_EPOCH, 13, 10);
	scene_turn(w);
	scene_cover(w, 1000);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 2);
	ep->above_count = STATUS_MAX_RANGES;
	for (i = 0; i < STATUS_MAX_RANGES; i++)
		ep->above[i] = (struct seq_range){10 + 2 * i, 10 + 2 * i};
	scene_cover(w, 8);
	scene_turn(w);
	assert_int_equal(scene_count(w, ACKED), 1); /* 13 lies in a gap */
}

static void
set_age(struct scene *w, const char *name, long seconds)
{
	struct timespec t[2];
	char path[160];

	snprintf(path, sizeof(path), ACKED "/%s", name);
	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= seconds;
	t[1] = t[0];
	assert_int_equal(utimensat(w->fd, path, t, 0), 0);
}

static void
acknowledged_ones_are_kept_for_a_day(void **state)
{
	struct scene *w = *state;
	const char *name;

	scene_cover(w, 0);
	name = scene_seal(w, KIND_CRASH, SCENE_EPOCH, 1, 10);
	scene_turn(w);
	scene_cover(w, 1);
	scene_turn(w);
	set_age(w, name, 23 * 3600);
	settle_trim(w->courier);
	assert_int_equal(scene_count(w, ACKED), 1);
	set_age(w, name, 25 * 3600);
	settle_trim(w->courier);
	assert_int_equal(scene_count(w, ACKED), 0);
}

static void
over_the_quota_the_oldest_go_first(void **state)
{
	struct scene *w = *state;
	char name[4][BUNDLE_NAME_MAX];
	int i;

	scene_cover(w, 0);
	for (i = 0; i < 4; i++)
		snprintf(name[i], sizeof(name[i]), "%s",
		    scene_seal(
			w, KIND_CORPUS, SCENE_EPOCH, (uint64_t)i + 1, 100000));
	scene_turn(w);
	scene_cover(w, 4);
	scene_turn(w);
	for (i = 0; i < 4; i++)
		set_age(w, name[i], i == 2 ? 1000 : 100 - i);
	w->config.acked_bytes = 250000;
	settle_trim(w->courier);
	assert_int_equal(scene_count(w, ACKED), 2);
	assert_false(scene_has(w, ACKED "/%s", name[2]));
	assert_false(scene_has(w, ACKED "/%s", name[0]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(covered_bundles_of_every_kind_are_kept),
	    TEST(ranges_above_count_and_gaps_do_not),
	    TEST(what_is_not_mentioned_stays),
	    TEST(a_refused_crash_is_held_and_other_refused_ones_are_unlinked),
	    TEST(a_refusal_is_noted_also_when_its_file_was_moved_before_a_kill),
	    TEST(a_note_goes_when_the_status_no_longer_lists_it),
	    TEST(
		another_generation_brings_all_back_before_its_status_is_placed),
	    TEST(a_restored_master_may_have_a_lower_serial),
	    TEST(a_kill_between_bringing_back_and_placing_repeats_the_step),
	    TEST(a_lost_inbox_counts_as_another_generation),
	    TEST(what_a_newer_status_no_longer_covers_is_pushed_again),
	    TEST(an_epoch_left_out_says_nothing_about_what_was_acknowledged),
	    TEST(a_full_list_of_ranges_says_nothing_beyond_its_end),
	    TEST(acknowledged_ones_are_kept_for_a_day),
	    TEST(over_the_quota_the_oldest_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
