/* jobs/<id>/: the view for people, and the log as it grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "masterd/store/store.h"
#include "tests/unit/scratch.h"

#define JOB "aaaaaaaaaaaaaaaa"

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct store *store;
	struct buf out;
	struct store_log_place place;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct err e;

	if (scratch_setup((void **)&w->scratch) == -1 ||
	    (w->loop = loop_new(&e)) == NULL ||
	    (w->store = store_open(w->scratch->fd, w->loop, false, &e)) == NULL)
		return -1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc;

	buf_release(&w->out);
	store_close(w->store);
	loop_free(w->loop);
	rc = scratch_teardown((void **)&w->scratch);
	free(w);
	return rc;
}

static void
expect_link(struct world *w, const char *name, const char *to)
{
	char path[64], text[200];
	ssize_t n;

	snprintf(path, sizeof(path), "jobs/" JOB "/%s", name);
	n = readlinkat(w->scratch->fd, path, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, to);
}

static void
the_view_links_its_corpus_and_its_targets_crashes(void **state)
{
	struct world *w = *state;
	struct store_job job = {
	    JOB, "zlib", "inflate", "inflate@own-aaaaaaaa", "{}\n"};
	struct err e;

	assert_int_equal(store_job_folder(w->store, &job, &e), 0);
	expect_link(w, "corpus", "../../corpus/zlib/inflate@own-aaaaaaaa");
	expect_link(w, "crashes", "../../crashes/zlib/inflate");
	assert_true(
	    scratch_holds(w->scratch->fd, "jobs/" JOB "/job.json", "{}\n", 3));
	/* Again is harmless. */
	assert_int_equal(store_job_folder(w->store, &job, &e), 0);
}

/* ---- the log --------------------------------------------------------- */

static void
add(struct world *w, const char *text)
{
	struct err e;

	assert_int_equal(
	    store_job_log(w->store, JOB, text, strlen(text), &e), 0);
}

static const char *
tail(struct world *w, uint64_t lines)
{
	struct err e;

	buf_reset(&w->out);
	assert_int_equal(
	    store_job_log_tail(w->store, JOB, lines, &w->out, &w->place, &e),
	    0);
	return buf_text(&w->out);
}

static const char *
after(struct world *w)
{
	struct err e;

	buf_reset(&w->out);
	assert_int_equal(
	    store_job_log_after(w->store, JOB, &w->place, &w->out, &e), 0);
	return buf_text(&w->out);
}

static void
a_job_without_a_log_has_an_empty_one(void **state)
{
	struct world *w = *state;

	assert_string_equal(tail(w, 10), "");
	assert_int_equal(w->place.file, 0);
	assert_string_equal(after(w), "");
	/* Its first line is not missed. */
	add(w, "one\n");
	assert_string_equal(after(w), "one\n");
	assert_string_equal(after(w), "");
}

static void
the_tail_has_as_many_lines_as_asked_for(void **state)
{
	struct world *w = *state;

	add(w, "one\ntwo\nthree\n");
	assert_string_equal(tail(w, 2), "two\nthree\n");
	assert_string_equal(tail(w, 1), "three\n");
	assert_string_equal(tail(w, 9), "one\ntwo\nthree\n");
	assert_string_equal(tail(w, 0), "");
	add(w, "four");
	assert_string_equal(after(w), "four");
	assert_string_equal(tail(w, 1), "four");
}

static void
what_comes_is_read_once(void **state)
{
	struct world *w = *state;

	add(w, "one\n");
	tail(w, 0);
	add(w, "two\n");
	add(w, "three\n");
	assert_string_equal(after(w), "two\nthree\n");
	assert_string_equal(after(w), "");
}

/* 5 MiB, so that the log starts anew in the middle. */
static void
a_log_that_starts_anew_is_followed_without_a_gap(void **state)
{
	struct world *w = *state;
	char line[1025], *at;
	long wanted = 0, seen = 0, written;

	memset(line, 'x', sizeof(line));
	line[1023] = '\n';
	line[1024] = '\0';
	tail(w, 1);
	for (written = 0; written < 5 * 1024; written++) {
		snprintf(line, sizeof(line), "%08ld", written);
		line[8] = ' ';
		line[1023] = '\n';
		line[1024] = '\0';
		add(w, line);
		if (written % 200 != 0 && written != 5 * 1024 - 1)
			continue;
		do {
			after(w);
			for (at = w->out.data; w->out.len > 0 && *at != '\0';
			     at = strchr(at, '\n') + 1, seen++)
				if (atol(at) != wanted++)
					fail_msg("line %.8s, not %ld", at,
					    wanted - 1);
		} while (w->out.len > 0);
	}
	assert_int_equal(seen, 5 * 1024);
	assert_int_equal(scratch_count(w->scratch->fd, "jobs/" JOB), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(the_view_links_its_corpus_and_its_targets_crashes),
	    TEST(a_job_without_a_log_has_an_empty_one),
	    TEST(the_tail_has_as_many_lines_as_asked_for),
	    TEST(what_comes_is_read_once),
	    TEST(a_log_that_starts_anew_is_followed_without_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
