/* botd/runner/segments: bundles of units into the bot's copy (P.33). */
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

#include "botd/runner/segments.h"
#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

/* A segment with "count" units named by "word"; its file goes to builds/. */
static struct digest
segment(struct world *w, const char *target, const char *word, int count)
{
	struct bundle_header h = {.pfb = WIRE_VERSION,
	    .kind = KIND_CORPUS,
	    .epoch = 1,
	    .seq = 1,
	    .has_target = true};
	struct bundle_writer *writer;
	struct record rec;
	struct digest d;
	char text[64], path[128];
	int fd, i;

	strcpy(h.account.text, "local");
	strcpy(h.bot.text, "master");
	strcpy(h.project.text, "png");
	strcpy(h.target.text, target);
	fd =
	    openat(w->scratch->fd, "segment", O_RDWR | O_CREAT | O_TRUNC, 0644);
	writer = bundle_writer_new(fd, &h, &BUNDLE_LIMITS, NULL);
	assert_non_null(writer);
	for (i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%s-%d", word, i);
		memset(&rec, 0, sizeof(rec));
		rec.type = REC_UNIT;
		digest_of(&rec.sha256, text, strlen(text));
		if (strcmp(word, "wrong") == 0 && i == 1)
			rec.sha256.bytes[0] ^= 1;
		assert_int_equal(
		    bundle_write(writer, &rec, text, strlen(text), NULL), 0);
	}
	assert_int_equal(bundle_writer_finish(writer, NULL, NULL), 0);
	bundle_writer_free(writer);
	assert_int_equal(fs_hash(fd, &d, NULL, NULL), 0);
	close(fd);
	snprintf(path, sizeof(path), "builds/%.2s", digest_hex(&d).text);
	assert_int_equal(fs_make_dirs(w->scratch->fd, path, 0755, NULL), 0);
	snprintf(path, sizeof(path), "builds/%.2s/%s", digest_hex(&d).text,
	    digest_hex(&d).text);
	assert_int_equal(
	    renameat(w->scratch->fd, "segment", w->scratch->fd, path), 0);
	return d;
}

static void
list(struct world *w, uint64_t generation, struct segment *all, int count)
{
	struct job_file job = {0xb1, generation, count, all};
	struct buf text = BUF_INIT;

	job_file_format(&text, &job);
	unlinkat(w->scratch->fd, "inbox/jobs/00000000000000b1.json", 0);
	scratch_file(w->scratch->fd, "inbox/jobs/00000000000000b1.json",
	    text.data, text.len);
	buf_release(&text);
}

static int
unpack(
    struct world *w, int also, uint64_t from, struct segments *g, struct err *e)
{
	struct ticket t;
	int rc;

	world_ticket(&t, 0xc1);
	*g = (struct segments){.root = w->scratch->fd,
	    .cache =
		fs_make_dir_open(w->scratch->fd, "units/png/read", 0755, NULL),
	    .ticket = &t,
	    .also = also,
	    .from = from};
	err_clear(e);
	rc = segments_unpack(g, e);
	close(g->cache);
	ticket_release(&t);
	return rc;
}

static int
units(struct world *w)
{
	return scratch_count(w->scratch->fd, "units/png/read");
}

static void
listed_segments_become_units_once(void **state)
{
	struct world *w = *state;
	struct segment all[2] = {{segment(w, "read", "a", 3), 1, 3, 1},
	    {segment(w, "read", "b", 2), 4, 5, 1}};
	struct segments g;
	struct digest d;
	struct err e;

	list(w, 1, all, 1);
	assert_int_equal(unpack(w, -1, 0, &g, &e), 0);
	assert_int_equal(g.last, 3);
	assert_int_equal(units(w), 3);
	digest_of(&d, "a-2", 3);
	assert_int_equal(
	    fs_remove_tree(w->scratch->fd, "units/png/read", NULL), 0);
	/* What was unpacked is not unpacked again, only what is new. */
	list(w, 1, all, 2);
	assert_int_equal(unpack(w, -1, 0, &g, &e), 0);
	assert_int_equal(g.last, 5);
	assert_int_equal(units(w), 2);
	/* Pruning raises the generation: all of it anew. */
	list(w, 2, all, 2);
	assert_int_equal(unpack(w, -1, 0, &g, &e), 0);
	assert_int_equal(units(w), 5);
}

static void
a_running_session_gets_only_what_is_new_to_it(void **state)
{
	struct world *w = *state;
	struct segment all[2] = {{segment(w, "read", "a", 3), 1, 3, 1},
	    {segment(w, "read", "b", 2), 4, 5, 1}};
	struct segments g;
	struct err e;
	int also = fs_make_dir_open(w->scratch->fd, "also", 0755, NULL);

	list(w, 1, all, 2);
	assert_int_equal(unpack(w, also, 3, &g, &e), 0);
	assert_int_equal(g.last, 5);
	assert_int_equal(g.given, 6); /* "b-0" and "b-1" */
	assert_int_equal(units(w), 5);
	assert_int_equal(scratch_count(w->scratch->fd, "also"), 2);
	/* Another session of the same job has unpacked them meanwhile. */
	fs_remove_tree(w->scratch->fd, "also", NULL);
	close(also);
	also = fs_make_dir_open(w->scratch->fd, "also", 0755, NULL);
	assert_int_equal(unpack(w, also, 3, &g, &e), 0);
	assert_int_equal(scratch_count(w->scratch->fd, "also"), 2);
	close(also);
}

static void
a_job_without_segments_is_fine(void **state)
{
	struct world *w = *state;
	struct segments g;
	struct err e;

	assert_int_equal(unpack(w, -1, 0, &g, &e), 0);
	list(w, 1, NULL, 0);
	assert_int_equal(unpack(w, -1, 0, &g, &e), 0);
	assert_int_equal(units(w), 0);
}

/* A corpus of the job's own: its segments may bear either name. */
static void
segments_of_the_jobs_own_corpus_are_taken(void **state)
{
	struct world *w = *state;
	struct segment all = {segment(w, "read@own", "a", 3), 1, 3, 1};
	struct segments g;
	struct ticket t;
	struct err e;

	world_ticket(&t, 0xc1);
	strcpy(t.corpus.text, "read@own");
	g = (struct segments){.root = w->scratch->fd,
	    .cache = fs_make_dir_open(
		w->scratch->fd, "units/png/read@own", 0755, NULL),
	    .ticket = &t,
	    .also = -1};
	list(w, 1, &all, 1);
	assert_int_equal(segments_unpack(&g, &e), 0);
	assert_int_equal(
	    scratch_count(w->scratch->fd, "units/png/read@own"), 3);
	close(g.cache);
	ticket_release(&t);
}

static void
bad_segments_are_refused_with_a_sentence(void **state)
{
	struct world *w = *state;
	struct segment other = {segment(w, "write", "a", 1), 1, 1, 1};
	struct segment wrong = {segment(w, "read", "wrong", 3), 1, 3, 1};
	struct segment missing = {other.sha256, 1, 1, 1};
	struct segments g;
	struct err e;

	list(w, 1, &other, 1);
	assert_int_equal(unpack(w, -1, 0, &g, &e), -1);
	assert_non_null(strstr(e.text, "another target"));
	list(w, 1, &wrong, 1);
	assert_int_equal(unpack(w, -1, 0, &g, &e), -1);
	assert_non_null(strstr(e.text, "digest"));
	/* The good unit before it may stay; nothing half-made does. */
	assert_int_equal(units(w), 1);
	missing.sha256.bytes[5] ^= 1;
	list(w, 1, &missing, 1);
	assert_int_equal(unpack(w, -1, 0, &g, &e), -1);
	assert_int_equal(
	    faccessat(w->scratch->fd, "state/serial/00000000000000b1", F_OK, 0),
	    -1);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(listed_segments_become_units_once),
	    WORLD(a_running_session_gets_only_what_is_new_to_it),
	    WORLD(a_job_without_segments_is_fine),
	    WORLD(segments_of_the_jobs_own_corpus_are_taken),
	    WORLD(bad_segments_are_refused_with_a_sentence),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/segments", tests, NULL, NULL);
}
