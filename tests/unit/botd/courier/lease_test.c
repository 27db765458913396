/* botd/courier/lease: tickets, files, job files and segments (PROTOCOL 25). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "tests/unit/botd/courier/scene.h"

#define LEASE   UINT64_C(0xaaaa000000000001)
#define JOB     UINT64_C(0x9999000000000001)
#define TICKET  "root/inbox/tickets/aaaa000000000001.json"
#define JOBFILE "root/inbox/jobs/9999000000000001.json"
#define BLOBS   "account/outgoing/b1/blobs/"

static bool
cached(struct scene *w, const struct ticket_file *f, const char *text)
{
	struct digest_hex hex = digest_hex(&f->sha256);
	char path[160];

	snprintf(path, sizeof(path), "root/builds/%.2s/%s", hex.text, hex.text);
	return scene_holds(w, path, text);
}

/* As if the backoff had passed. */
static void
turn_now(struct scene *w)
{
	size_t i;

	for (i = 0; i < w->courier->lease_count; i++)
		w->courier->leases[i].try_at = 0;
	for (i = 0; i < w->courier->job_count; i++)
		w->courier->jobs[i].look_at = 0;
	scene_turn(w);
}

static void
a_ticket_is_placed_with_its_files_in_the_cache(void **state)
{
	struct scene *w = *state;
	struct ticket_file f[2];

	f[0] = scene_blob(w, "the program");
	f[1] = scene_blob(w, "the dictionary");
	scene_ticket(w, LEASE, 0, f, 2);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_true(cached(w, &f[0], "the program"));
	assert_true(cached(w, &f[1], "the dictionary"));
	assert_int_equal(scene_count(w, "root/builds/tmp"), 0);
}

static void
the_check_of_a_build_needs_no_job(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	const uint64_t never = UINT64_MAX;

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_int_equal(w->courier->job_count, 0);
	assert_int_equal(scene_count(w, "root/inbox/jobs"), 0);
	assert_true(lease_due(w->courier) == never);
	/* Nor after a restart, when it is found in the inbox. */
	scene_restart(w);
	scene_turn(w);
	assert_int_equal(w->courier->job_count, 0);
	assert_true(scene_has(w, TICKET));
}

static void
a_ticket_whose_job_has_no_file_is_placed(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_false(scene_has(w, JOBFILE));
}

static void
an_empty_file_is_a_file(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "");

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_true(cached(w, &f, ""));
}

static void
without_a_blob_the_ticket_waits_and_the_status_is_read_again(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	char path[160];

	snprintf(path, sizeof(path), BLOBS "%s", digest_hex(&f.sha256).text);
	scene_remove(w, "%s", path);
	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	w->config.poll_ms = 3600000;
	scene_turn(w);
	assert_false(scene_has(w, TICKET));
	assert_true(w->courier->poll_at == 0);
	assert_true(link_up(w->courier->link));
	scene_write(w, path, "the program");
	turn_now(w);
	assert_true(scene_has(w, TICKET));
}

static void
a_damaged_blob_is_never_placed(void **state)
{
	static const char *const damaged[] = {
	    "the porgram", "the prog", "the program, and more", ""};
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	char path[160];
	size_t i;

	snprintf(path, sizeof(path), BLOBS "%s", digest_hex(&f.sha256).text);
	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		scene_write(w, path, damaged[i]);
		turn_now(w);
		assert_false(scene_has(w, TICKET));
		assert_false(cached(w, &f, damaged[i]));
		assert_int_equal(scene_count(w, "root/builds/tmp"), 0);
	}
	scene_write(w, path, "the program");
	turn_now(w);
	assert_true(scene_has(w, TICKET));
}

/* What a power cut leaves of an unsynced rename. */
static void
a_cached_file_with_other_bytes_is_fetched_again(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	struct digest_hex hex = digest_hex(&f.sha256);
	char path[160], dir[64];

	snprintf(dir, sizeof(dir), "root/builds/%.2s", hex.text);
	snprintf(path, sizeof(path), "%s/%s", dir, hex.text);
	assert_int_equal(fs_make_dirs(w->fd, dir, 0750, NULL), 0);
	scene_write(w, path, "the porgram");
	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(cached(w, &f, "the program"));
}

static void
a_file_that_is_cached_is_not_fetched(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	scene_remove(w, BLOBS "%s", digest_hex(&f.sha256).text);
	scene_ticket(w, LEASE + 1, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_int_equal(scene_count(w, "root/inbox/tickets"), 2);
}

static void
a_withdrawn_lease_takes_its_ticket_and_job_file_with_it(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_job(w, JOB, NULL, 0);
	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_true(scene_has(w, JOBFILE));
	w->status->lease_count = 0;
	scene_publish(w);
	scene_turn(w);
	scene_turn(w);
	assert_false(scene_has(w, TICKET));
	assert_false(scene_has(w, JOBFILE));
	assert_true(cached(w, &f, "the program")); /* the runner evicts */
}

static void
a_missing_status_withdraws_nothing(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	scene_remove(w, "account/outgoing/b1/status.json");
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
}

/* The list is parsed, the ticket is on its way, the lease is withdrawn. */
static struct scene *stage;

static int
withdraw_between(void *arg, struct err *e)
{
	stage->status->lease_count = 0;
	scene_publish(stage);
	return courier_between(arg, e);
}

static void
a_lease_withdrawn_while_its_files_come_is_not_placed(void **state)
{
	struct scene *w = *state;
	struct ticket_file f;
	char *big = mem_alloc(3000001);

	memset(big, 'x', 3000000);
	f = scene_blob(w, big);
	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	stage = w;
	link_between(w->courier->link, withdraw_between, w->courier);
	scene_turn(w);
	assert_false(scene_has(w, TICKET));
	assert_int_equal(w->courier->status->lease_count, 0);
	free(big);
}

static void
a_ticket_of_another_epoch_or_lease_is_not_placed(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	w->status->epoch = 0xbad;
	scene_ticket(w, LEASE, 0, &f, 1);
	w->status->epoch = SCENE_EPOCH;
	scene_ticket(w, LEASE + 1, 0, &f, 1);
	w->status->leases[1] = LEASE + 2; /* its name, not what it says */
	assert_int_equal(renameat(w->fd,
			     "account/outgoing/b1/tickets/"
			     "aaaa000000000002.json",
			     w->fd,
			     "account/outgoing/b1/tickets/"
			     "aaaa000000000003.json"),
	    0);
	scene_publish(w);
	scene_turn(w);
	assert_int_equal(w->courier->lease_count, 2);
	assert_int_equal(scene_count(w, "root/inbox/tickets"), 0);
}

static void
a_torn_ticket_of_an_earlier_life_is_brought_again(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	scene_write(w, TICKET, "");
	scene_restart(w);
	scene_turn(w);
	assert_true(scene_has(w, TICKET));
	assert_false(scene_holds(w, TICKET, ""));
}

static void
segments_come_before_the_job_file_and_that_before_the_ticket(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program"), seg[2];

	seg[0] = scene_blob(w, "segment one");
	seg[1] = scene_blob(w, "segment two");
	scene_job(w, JOB, seg, 2);
	scene_remove(w, BLOBS "%s", digest_hex(&seg[1].sha256).text);
	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(cached(w, &seg[0], "segment one"));
	assert_false(scene_has(w, JOBFILE));
	assert_false(scene_has(w, TICKET));
	scene_blob(w, "segment two");
	turn_now(w);
	assert_true(cached(w, &seg[1], "segment two"));
	assert_true(scene_has(w, JOBFILE));
	assert_true(scene_has(w, TICKET));
}

static void
segments_that_the_runner_has_unpacked_are_not_fetched(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program"), seg[2];

	seg[0] = scene_blob(w, "segment one");
	seg[1] = scene_blob(w, "segment two");
	scene_job(w, JOB, seg, 2);
	scene_write(w, "root/state/serial/9999000000000001", "1 1\n");
	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, JOBFILE));
	assert_false(cached(w, &seg[0], "segment one"));
	assert_true(cached(w, &seg[1], "segment two"));
}

/* Pruning has raised the generation: serials begin anew. */
static void
serials_of_another_generation_say_nothing(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program"), seg;

	seg = scene_blob(w, "segment one");
	scene_job(w, JOB, &seg, 1);
	scene_write(w, "root/state/serial/9999000000000001", "7 1\n");
	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_true(cached(w, &seg, "segment one"));
}

static void
a_job_file_that_grows_is_fetched_again(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program"), seg[2];

	seg[0] = scene_blob(w, "segment one");
	scene_job(w, JOB, seg, 1);
	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_publish(w);
	scene_turn(w);
	seg[1] = scene_blob(w, "segment two");
	w->status->serial++;
	scene_job(w, JOB, seg, 2);
	turn_now(w);
	assert_true(cached(w, &seg[1], "segment two"));
}

static void
files_that_the_cache_has_lost_are_fetched_again(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	struct digest_hex hex = digest_hex(&f.sha256);

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	scene_remove(w, "root/builds/%.2s/%s", hex.text, hex.text);
	lease_recheck(w->courier);
	scene_turn(w);
	assert_true(cached(w, &f, "the program"));
}

/* One lease that cannot be served does not keep the others waiting. */
/* ---- inputs to run again --------------------------------------------- */

/* The ticket that scene_ticket() wrote, of kind reproduce with this input
 * after that one. */
static void
add_input(struct scene *w, const struct ticket_file *input,
    const struct ticket_file *before)
{
	static const char at[] =
	    "account/outgoing/b1/tickets/aaaa000000000001.json";
	struct buf text = BUF_INIT;
	struct ticket_input *in;
	struct ticket t;

	assert_int_equal(
	    fs_read_file(w->fd, at, &text, TICKET_MAX_BYTES, NULL), 0);
	assert_int_equal(ticket_parse(&t, text.data, text.len, NULL), 0);
	text_copy(t.kind, sizeof(t.kind), "reproduce");
	in = ticket_add_input(&t, &input->sha256, input->size, NULL);
	assert_non_null(in);
	assert_int_equal(ticket_input_add_series(in, &before->sha256, NULL), 0);
	buf_reset(&text);
	ticket_format(&text, &t);
	scene_write(w, at, text.data);
	ticket_release(&t);
	buf_release(&text);
}

static void
inputs_to_run_again_come_with_their_ticket(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");
	struct ticket_file input = scene_blob(w, "the crashing input");
	struct ticket_file before = scene_blob(w, "what was run before it");
	char path[160];

	scene_ticket(w, LEASE, 0, &f, 1);
	add_input(w, &input, &before);
	snprintf(
	    path, sizeof(path), BLOBS "%s", digest_hex(&before.sha256).text);
	scene_write(w, path, "some other bytes, not those");
	scene_publish(w);
	scene_turn(w);
	assert_false(scene_has(w, TICKET));
	assert_true(cached(w, &input, "the crashing input"));
	scene_write(w, path, "what was run before it");
	turn_now(w);
	assert_true(scene_has(w, TICKET));
	assert_true(cached(w, &before, "what was run before it"));
	/* They are evicted under its feet: it is brought again. */
	scene_remove(w, "root/builds/%.2s/%s", digest_hex(&input.sha256).text,
	    digest_hex(&input.sha256).text);
	lease_recheck(w->courier);
	turn_now(w);
	assert_true(cached(w, &input, "the crashing input"));
	assert_true(scene_has(w, TICKET));
}

/* ---- what need not be sent ------------------------------------------- */

#define KNOWN    "root/inbox/jobs/9999000000000001.known"
#define KNOWN_AT "account/outgoing/b1/jobs/9999000000000001.known"
#define DIGEST   "0123456789abcdef0123456789abcdef"

static void
signatures_that_are_known_follow_the_master(void **state)
{
	static const char one[] = "known 1 png\n" DIGEST DIGEST " 1\nrules\n";
	static const char two[] = "known 1 png\nrules\nstate 2\n";
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_write(w, KNOWN_AT, one);
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_holds(w, KNOWN, one));
	scene_write(w, KNOWN_AT, two);
	turn_now(w);
	assert_true(scene_holds(w, KNOWN, two));
	scene_remove(w, "%s", KNOWN_AT);
	turn_now(w);
	assert_false(scene_has(w, KNOWN));
}

static void
a_known_list_that_is_odd_is_none(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_write(w, KNOWN_AT, "known 1 png\nrules\n");
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, KNOWN));
	scene_write(w, KNOWN_AT, "known 1 png\nnonsense\n");
	turn_now(w);
	assert_false(scene_has(w, KNOWN));
	assert_true(scene_has(w, TICKET));
}

static void
a_known_list_goes_with_its_job(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, JOB, &f, 1);
	scene_write(w, KNOWN_AT, "known 1 png\nrules\n");
	scene_publish(w);
	scene_turn(w);
	assert_true(scene_has(w, KNOWN));
	w->status->lease_count = 0;
	scene_publish(w);
	scene_turn(w);
	assert_false(scene_has(w, KNOWN));
}

static void
a_bad_ticket_does_not_hinder_the_next(void **state)
{
	struct scene *w = *state;
	struct ticket_file f = scene_blob(w, "the program");

	scene_ticket(w, LEASE, 0, &f, 1);
	scene_write(w, "account/outgoing/b1/tickets/aaaa000000000001.json",
	    "{\"not\":\"a ticket\"}");
	scene_ticket(w, LEASE + 1, 0, &f, 1);
	scene_publish(w);
	scene_turn(w);
	assert_false(scene_has(w, TICKET));
	assert_int_equal(scene_count(w, "root/inbox/tickets"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_ticket_is_placed_with_its_files_in_the_cache),
	    TEST(the_check_of_a_build_needs_no_job),
	    TEST(a_ticket_whose_job_has_no_file_is_placed),
	    TEST(an_empty_file_is_a_file),
	    TEST(without_a_blob_the_ticket_waits_and_the_status_is_read_again),
	    TEST(a_damaged_blob_is_never_placed),
	    TEST(a_cached_file_with_other_bytes_is_fetched_again),
	    TEST(a_file_that_is_cached_is_not_fetched),
	    TEST(a_withdrawn_lease_takes_its_ticket_and_job_file_with_it),
	    TEST(a_missing_status_withdraws_nothing),
	    TEST(a_lease_withdrawn_while_its_files_come_is_not_placed),
	    TEST(a_ticket_of_another_epoch_or_lease_is_not_placed),
	    TEST(a_torn_ticket_of_an_earlier_life_is_brought_again),
	    TEST(segments_come_before_the_job_file_and_that_before_the_ticket),
	    TEST(segments_that_the_runner_has_unpacked_are_not_fetched),
	    TEST(serials_of_another_generation_say_nothing),
	    TEST(a_job_file_that_grows_is_fetched_again),
	    TEST(files_that_the_cache_has_lost_are_fetched_again),
	    TEST(inputs_to_run_again_come_with_their_ticket),
	    TEST(signatures_that_are_known_follow_the_master),
	    TEST(a_known_list_that_is_odd_is_none),
	    TEST(a_known_list_goes_with_its_job),
	    TEST(a_bad_ticket_does_not_hinder_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
