/* botd/runner/known: what is known is counted, once, across kills. */
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

#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

#define BUNDLE(seq) "b1-5f3c9a01d2e4b677-" #seq "-c.pfb"
#define LIST        "inbox/jobs/00000000000000b1.known"
#define REPORT                                                           \
	"==1==ERROR: AddressSanitizer: heap-buffer-overflow on address " \
	"0x602000000056 at pc 0x55 bp 0x7f sp 0x7e\n"                    \
	"READ of size 1 at 0x602000000056 thread T0\n"                   \
	"    #0 0x55aac75d0d9d in png_read /src/png.c:5:11 (/b/t+0x1)\n" \
	"    #1 0x55aac75d0d9d in png_main /src/png.c:6:2 (/b/t+0x2)\n"

static struct shown
signature(struct session *s)
{
	struct buf report = BUF_INIT;
	struct shown shown = {.reproduced = 0};

	buf_adds(&report, REPORT);
	shown_judge(s, &shown, &report);
	buf_release(&report);
	return shown;
}

static void
put_list(struct world *w, struct session *s, const char *rules)
{
	struct known_signature one;
	struct known k = {.count = 1, .list = &one};
	struct buf text = BUF_INIT;
	struct shown shown = signature(s);

	one = (struct known_signature){shown.signature, shown.security};
	strcpy(k.project, "png");
	k.rules = (char *)(uintptr_t)rules;
	k.rules_len = strlen(rules);
	known_format(&text, &k);
	assert_int_equal(fs_replace(w->scratch->fd, LIST, text.data, text.len,
			     0644, false, NULL),
	    0);
	buf_release(&text);
	known_look(s);
}

/* The engine has died of that input and said so. */
static void
crash(struct session *s, const char *name, const char *bytes)
{
	s->now.ready = true;
	buf_reset(&s->run.text);
	buf_adds(&s->run.text, REPORT);
	scratch_file(s->artifacts, name, bytes, strlen(bytes));
	collect(s, true);
}

static bool
is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, 0) == 0;
}

static void
sum_up(void *arg, const struct record *r, const char *payload)
{
	(void)payload;
	*(struct record *)arg = *r;
}

static void
known_crashes_are_counted_and_sealed_as_a_number(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct shown shown = signature(s);
	struct record rec;
	struct err e;

	put_list(w, s, "");
	assert_true(s->has_known);
	crash(s, "crash-1", "a");
	crash(s, "crash-2", "b");
	crash(s, "crash-3", "a"); /* the same bytes are a hit, too */
	assert_null(s->finds);
	assert_false(is_there(s->artifacts, "crash-1"));
	assert_true(is_there(s->dir, "seen"));
	assert_int_equal(known_seal(s, true, &e), 0);
	assert_false(is_there(s->dir, "seen"));
	assert_int_equal(
	    world_records(w, BUNDLE(1), REC_SEEN, sum_up, &rec), 1);
	assert_int_equal(rec.n[SEEN_COUNT], 3);
	assert_int_equal(rec.n[SEEN_SECURITY], shown.security);
	assert_true(digest_equal(&rec.sha256, &shown.signature));
	assert_true(rec.n[SEEN_FIRST_MS] > 0);
	assert_true(rec.n[SEEN_FIRST_MS] <= rec.n[SEEN_LAST_MS]);
	/* All is sealed, and within a minute not again. */
	assert_int_equal(known_seal(s, true, &e), 0);
	crash(s, "crash-4", "c");
	assert_int_equal(known_seal(s, false, &e), 0);
	assert_false(world_has(w, 2, 'c'));
	assert_int_equal(known_seal(s, true, &e), 0);
	assert_true(world_has(w, 2, 'c'));
}

static void
without_a_list_everything_is_sent(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);

	crash(s, "crash-1", "a");
	assert_non_null(s->finds);
	assert_true(is_there(s->artifacts, "crash-1"));
	/* Nor when its rules cannot be read, or it is damaged. */
	put_list(w, s, "ignore nonsense\n");
	assert_false(s->has_known);
	scratch_file(w->scratch->fd, LIST ".new", "known 9\n", 8);
	assert_int_equal(
	    renameat(w->scratch->fd, LIST ".new", w->scratch->fd, LIST), 0);
	known_look(s);
	assert_false(s->has_known);
	assert_null(s->rules);
}

static void
a_list_that_goes_away_is_forgotten(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);

	put_list(w, s, "");
	assert_true(s->has_known);
	assert_int_equal(unlinkat(w->scratch->fd, LIST, 0), 0);
	known_look(s);
	assert_false(s->has_known);
}

/* As after SIGKILL: another runner, the same folders. */
static struct session *
salvaged(struct world *w, struct session *s)
{
	struct ticket t;

	/* All that is left of it is its folder. */
	w->r.sessions = s->next;
	session_free(s);
	w->r.epoch++;
	w->r.next_seq = 1;
	world_ticket(&t, 0xc1);
	s = session_new(&w->r, &t);
	session_salvage(s);
	assert_true(s->salvage);
	return s;
}

static void
a_kill_loses_no_count(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct record rec;
	struct err e;

	put_list(w, s, "");
	crash(s, "crash-1", "a");
	crash(s, "crash-2", "b");
	s = salvaged(w, s);
	assert_int_equal(s->tally_count, 1);
	assert_int_equal(known_seal(s, true, &e), 0);
	world_records(w, "b1-5f3c9a01d2e4b678-1-c.pfb", REC_SEEN, sum_up, &rec);
	assert_int_equal(rec.n[SEEN_COUNT], 2);
}

static void
a_kill_before_the_file_went_counts_it_once(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);

	put_list(w, s, "");
	crash(s, "crash-1", "a");
	/* Counted, synced, and killed before the unlink: it is still there. */
	{
		struct buf line = BUF_INIT;
		struct timespec times[2] = {{500, 7}, {500, 7}};
		int fd;

		scratch_file(s->artifacts, "crash-2", "b", 1);
		assert_int_equal(
		    utimensat(s->artifacts, "crash-2", times, 0), 0);
		buf_printf(&line, "%s 1 1500 500000000007 crash-2\n",
		    digest_hex(&s->tallies[0].signature).text);
		fd = openat(s->dir, "seen", O_WRONLY | O_APPEND | O_CLOEXEC);
		assert_int_equal(fs_write_all(fd, line.data, line.len), 0);
		close(fd);
		buf_release(&line);
	}
	/* A third one was not counted yet. */
	scratch_file(s->artifacts, "crash-3", "c", 1);
	s = salvaged(w, s);
	collect(s, true);
	assert_false(is_there(s->artifacts, "crash-2"));
	assert_true(is_there(s->artifacts, "crash-3"));
	assert_non_null(s->finds);
	assert_null(s->finds->next);
}

static void
a_kill_after_the_seal_does_not_count_twice(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);
	struct err e;

	put_list(w, s, "");
	crash(s, "crash-1", "a");
	/* Sealed under its number, and killed before its file went. */
	assert_int_equal(
	    renameat(s->dir, "seen", s->dir, "seen.5f3c9a01d2e4b677-1"), 0);
	assert_int_equal(seal_tallies(s, &e), 0);
	assert_true(world_has(w, 1, 'c'));
	s = salvaged(w, s);
	assert_int_equal(s->tally_count, 0);
	assert_string_equal(s->tally_file, "");
}

static void
a_kill_before_the_seal_counts_still(void **state)
{
	struct world *w = *state;
	struct session *s = world_session(w, 0xc1);

	put_list(w, s, "");
	crash(s, "crash-1", "a");
	assert_int_equal(
	    renameat(s->dir, "seen", s->dir, "seen.5f3c9a01d2e4b677-1"), 0);
	s = salvaged(w, s);
	assert_int_equal(s->tally_count, 1);
	assert_int_equal(s->tallies[0].count, 1);
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(known_crashes_are_counted_and_sealed_as_a_number),
	    WORLD(without_a_list_everything_is_sent),
	    WORLD(a_list_that_goes_away_is_forgotten),
	    WORLD(a_kill_loses_no_count),
	    WORLD(a_kill_before_the_file_went_counts_it_once),
	    WORLD(a_kill_after_the_seal_does_not_count_twice),
	    WORLD(a_kill_before_the_seal_counts_still),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/known", tests, NULL, NULL);
}
