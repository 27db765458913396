/* botd/runner/beat: what a heartbeat and a registration say (P.11, P.12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/version.h"
#include "tests/unit/botd/runner/world.h"

static void
keep_record(void *arg, const struct record *r, const char *payload)
{
	(void)payload;
	*(struct record *)arg = *r;
}

static void
keep_text(void *arg, const struct record *r, const char *payload)
{
	(void)r;
	snprintf(arg, 512, "%s", payload);
}

static void
only_the_newest_beat_is_there(void **state)
{
	struct world *w = *state;

	beat_now(&w->r);
	assert_string_equal(world_beat(w), "b1-5f3c9a01d2e4b677-1-h.pfb");
	beat_now(&w->r);
	beat_now(&w->r);
	assert_string_equal(world_beat(w), "b1-5f3c9a01d2e4b677-3-h.pfb");
	/* Their counter is their own. */
	assert_int_equal(world_seal(w, KIND_STATS, 1), 1);
}

static void
a_start_forgets_all_beats_and_nothing_else(void **state)
{
	struct world *w = *state;

	beat_now(&w->r);
	world_seal(w, KIND_STATS, 1);
	beat_forget_old(&w->r);
	assert_int_equal(scratch_count(w->scratch->fd, "outbox/new"), 1);
	assert_true(world_has(w, 1, 'b'));
}

static void
a_beat_names_slots_leases_epochs_and_generation(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct record rec;

	world_session(w, 0xc2)->salvage = true;
	s->execs_before = 1234;
	w->r.status = status_new();
	w->r.status->generation = 0xa1;
	w->r.have_status = true;
	world_seal(w, KIND_CRASH, 1);
	world_seal(w, KIND_CORPUS, 1);
	beat_now(&w->r);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_BEAT, keep_record, &rec), 1);
	assert_int_equal(rec.generation, 0xa1);
	assert_int_equal(rec.n[BEAT_SLOTS], 2);
	assert_int_equal(rec.n[BEAT_FREE], 1);
	assert_int_equal(rec.n[BEAT_HOLD], 0);
	assert_int_equal(rec.n[BEAT_OUTBOX_FILES], 2);
	assert_true(rec.n[BEAT_DISK_FREE] > 0);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_HOLDING, keep_record, &rec), 1);
	assert_int_equal(rec.lease, 0xc1);
	assert_int_equal(rec.n[HOLDING_EXECS], 1234);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_EPOCH, keep_record, &rec), 1);
	assert_int_equal(rec.epoch, WORLD_EPOCH);
	assert_int_equal(rec.n[EPOCH_OLDEST], 1);
	assert_int_equal(rec.n[EPOCH_HIGHEST], 2);
}

/* Off is said when the last lease is handed back, not before. */
static void
a_beat_says_that_it_is_off_and_until_when(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct record rec;
	char text[512] = "";

	w->r.off = (struct runner_off){true, 3600, "outside its hours"};
	beat_now(&w->r);
	world_records(w, world_beat(w), REC_BEAT, keep_record, &rec);
	assert_int_equal(rec.n[BEAT_HOLD], 1);
	assert_int_equal(rec.n[BEAT_OFF], 0);
	assert_int_equal(rec.n[BEAT_OFF_SECONDS], 0);
	s->state = SESSION_OVER;
	beat_now(&w->r);
	world_records(w, world_beat(w), REC_BEAT, keep_record, &rec);
	assert_int_equal(rec.n[BEAT_OFF], 1);
	assert_int_equal(rec.n[BEAT_OFF_SECONDS], 3600);
	world_records(w, world_beat(w), REC_WHY, keep_text, text);
	assert_string_equal(text, "outside its hours");
	w->r.off.seconds = UINT64_C(1) << 60;
	beat_now(&w->r);
	world_records(w, world_beat(w), REC_BEAT, keep_record, &rec);
	assert_int_equal(rec.n[BEAT_OFF_SECONDS], 0);
}

static void
why_says(struct world *w, const char *words)
{
	char text[512] = "";
	struct record rec;

	beat_now(&w->r);
	world_records(w, world_beat(w), REC_BEAT, keep_record, &rec);
	assert_int_equal(rec.n[BEAT_HOLD], 1);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_WHY, keep_text, text), 1);
	if (strstr(text, words) == NULL)
		fail_msg("'%s' does not say '%s'", text, words);
}

static void
every_beat_says_why_it_holds(void **state)
{
	struct world *w = *state;
	int i;

	w->r.status = status_new();
	w->r.have_status = true;
	w->r.status->hold = true;
	strcpy(w->r.status->reason, "two bots of one name");
	why_says(w, "two bots of one name");
	w->r.status->hold = false;
	for (i = 0; i < 9; i++)
		world_seal(w, KIND_CRASH, 100000);
	why_says(w, "outbox");
	w->r.sandbox = false;
	strcpy(w->r.sandbox_why, "bubblewrap is missing");
	why_says(w, "bubblewrap is missing");
	w->r.stopping = true;
	why_says(w, "leaving");
}

static void
sum(void *arg, const struct record *r, const char *payload)
{
	(void)payload;
	*(uint64_t *)arg += r->epoch + r->n[0] * 100 + r->n[1];
}

static void
drops_and_noted_refusals_are_declared(void **state)
{
	struct world *w = *state;
	uint64_t drops = 0, noted = 0;

	scratch_file(
	    w->scratch->fd, "outbox/dropped/00000000000000aa", "3 5\n9 9\n", 8);
	scratch_file(
	    w->scratch->fd, "outbox/noted/00000000000000bb", "7\nx\n8\n", 6);
	scratch_file(w->scratch->fd, "outbox/noted/odd", "7\n", 2);
	beat_now(&w->r);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_DROP, sum, &drops), 2);
	assert_int_equal(drops, 2 * 0xaa + 305 + 909);
	assert_int_equal(
	    world_records(w, world_beat(w), REC_NOTED, sum, &noted), 2);
	assert_int_equal(noted, 2 * 0xbb + 1500);
	/* An epoch of which only drops are left is named as well. */
	assert_int_equal(
	    world_records(w, world_beat(w), REC_EPOCH, NULL, NULL), 2);
}

static void
a_registration_names_host_engines_and_wire(void **state)
{
	struct world *w = *state;
	const char *name = "b1-5f3c9a01d2e4b677-1-b.pfb";
	char text[512] = "";
	struct record rec;
	struct err e;

	assert_int_equal(beat_register(&w->r, &e), 0);
	assert_int_equal(
	    world_records(w, name, REC_HOST, keep_record, &rec), 1);
	assert_true(rec.n[HOST_CORES] >= 1);
	assert_true(rec.n[HOST_MEMORY] > 0);
	assert_int_equal(rec.n[HOST_SLOTS], 2);
	assert_string_equal(rec.word, "bwrap");
	assert_int_equal(world_records(w, name, REC_OS, keep_text, text), 1);
	assert_non_null(strstr(text, "Linux"));
	assert_int_equal(world_records(w, name, REC_CPU, keep_text, text), 1);
	assert_true(text[0] != '\0');
	assert_int_equal(
	    world_records(w, name, REC_ENGINE, keep_record, &rec), 1);
	assert_string_equal(rec.word, "libfuzzer");
	assert_int_equal(
	    world_records(w, name, REC_ENGINE, keep_text, text), 1);
	assert_int_equal(strncmp(text, "built into its targets", 22), 0);
	assert_int_equal(
	    world_records(w, name, REC_PROGRAM, keep_text, text), 1);
	assert_string_equal(text, "pandafuzz-botd " PANDAFUZZ_VERSION);
	assert_int_equal(
	    world_records(w, name, REC_SANITIZERS, keep_text, text), 1);
	assert_non_null(strstr(text, "undefined"));
	assert_int_equal(world_records(w, name, REC_POOL, NULL, NULL), 0);
	assert_int_equal(
	    world_records(w, name, REC_WIRE, keep_record, &rec), 1);
	assert_int_equal(rec.n[WIRE_N], WIRE_VERSION);
}

static void
an_ephemeral_bot_names_its_pool(void **state)
{
	struct world *w = *state;
	char text[512] = "";
	struct err e;

	strcpy(w->config.pool.text, "nightly");
	assert_int_equal(beat_register(&w->r, &e), 0);
	assert_int_equal(world_records(w, "b1-5f3c9a01d2e4b677-1-b.pfb",
			     REC_POOL, keep_text, text),
	    1);
	assert_string_equal(text, "nightly");
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(only_the_newest_beat_is_there),
	    WORLD(a_start_forgets_all_beats_and_nothing_else),
	    WORLD(a_beat_names_slots_leases_epochs_and_generation),
	    WORLD(every_beat_says_why_it_holds),
	    WORLD(drops_and_noted_refusals_are_declared),
	    WORLD(a_beat_says_that_it_is_off_and_until_when),
	    WORLD(an_ephemeral_bot_names_its_pool),
	    WORLD(a_registration_names_host_engines_and_wire),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/beat", tests, NULL, NULL);
}
