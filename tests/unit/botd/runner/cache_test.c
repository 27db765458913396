/* botd/runner/cache: what may go from builds/, and in which order. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "tests/unit/botd/runner/world.h"

static char bytes[400000];

/* A file of 400,000 bytes that was last used "age" seconds ago. */
static struct digest
cached(struct world *w, char first, long age)
{
	struct timespec times[2];
	struct digest d;
	char path[128];

	bytes[0] = first;
	digest_of(&d, bytes, sizeof(bytes));
	snprintf(path, sizeof(path), "builds/%.2s", digest_hex(&d).text);
	assert_int_equal(fs_make_dirs(w->scratch->fd, path, 0755, NULL), 0);
	snprintf(path, sizeof(path), "builds/%.2s/%s", digest_hex(&d).text,
	    digest_hex(&d).text);
	scratch_file(w->scratch->fd, path, bytes, sizeof(bytes));
	times[0].tv_sec = times[1].tv_sec = time(NULL) - age;
	times[0].tv_nsec = times[1].tv_nsec = 0;
	assert_int_equal(utimensat(w->scratch->fd, path, times, 0), 0);
	return d;
}

static bool
is_there(struct world *w, const struct digest *d)
{
	char path[128];

	snprintf(path, sizeof(path), "builds/%.2s/%s", digest_hex(d).text,
	    digest_hex(d).text);
	return faccessat(w->scratch->fd, path, F_OK, 0) == 0;
}

static void
the_least_recently_used_goes_first(void **state)
{
	struct world *w = *state;
	struct digest a = cached(w, 'a', 5000), b = cached(w, 'b', 9000),
		      c = cached(w, 'c', 7000);

	cache_evict(&w->r); /* 1.2 MB in a cache of 1 MiB */
	assert_false(is_there(w, &b));
	assert_true(is_there(w, &a));
	assert_true(is_there(w, &c));
}

static void
what_a_ticket_or_a_job_names_stays(void **state)
{
	struct world *w = *state;
	struct digest a = cached(w, 'a', 9000), b = cached(w, 'b', 8000),
		      c = cached(w, 'c', 5000);
	struct segment segment = {b, 1, 2, sizeof(bytes)};
	struct job_file job = {0xb1, 1, 1, &segment};
	struct buf text = BUF_INIT;
	struct ticket t;

	world_ticket(&t, 0xc1);
	t.files[0].sha256 = a;
	ticket_format(&text, &t);
	ticket_release(&t);
	scratch_file(w->scratch->fd, "inbox/tickets/00000000000000c1.json",
	    text.data, text.len);
	buf_reset(&text);
	job_file_format(&text, &job);
	scratch_file(w->scratch->fd, "inbox/jobs/00000000000000b1.json",
	    text.data, text.len);
	buf_release(&text);
	cache_evict(&w->r);
	assert_true(is_there(w, &a));
	assert_true(is_there(w, &b));
	assert_false(is_there(w, &c));
}

static void
what_was_fetched_a_moment_ago_stays(void **state)
{
	struct world *w = *state;
	struct digest a = cached(w, 'a', 5), b = cached(w, 'b', 10),
		      c = cached(w, 'c', 20);

	cache_evict(&w->r);
	assert_true(is_there(w, &a) && is_there(w, &b) && is_there(w, &c));
}

static void
below_its_limit_nothing_goes(void **state)
{
	struct world *w = *state;
	struct digest a = cached(w, 'a', 5000), b = cached(w, 'b', 5000);

	cache_evict(&w->r);
	assert_true(is_there(w, &a) && is_there(w, &b));
}

int
main(void)
{
	/* clang-format off */
#define WORLD(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    WORLD(the_least_recently_used_goes_first),
	    WORLD(what_a_ticket_or_a_job_names_stays),
	    WORLD(what_was_fetched_a_moment_ago_stays),
	    WORLD(below_its_limit_nothing_goes),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name(
	    "botd/runner/cache", tests, NULL, NULL);
}
