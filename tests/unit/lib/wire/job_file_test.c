/* lib/wire/job_file: segments in the order of their serials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/ticket.h"

static struct job_file
sample(int segments)
{
	struct job_file j = {
	    .job = 0xcc, .generation = 3, .segment_count = segments};
	int i;

	j.segments = mem_array((size_t)segments + 1, sizeof(*j.segments));
	for (i = 0; i < segments; i++) {
		memset(&j.segments[i].sha256, i, sizeof(struct digest));
		j.segments[i].first = (uint64_t)i * 10 + 1;
		j.segments[i].last = (uint64_t)i * 10 + 10;
		j.segments[i].bytes = INT64_MAX;
	}
	return j;
}

static void
a_job_file_is_read_as_it_was_written(void **state)
{
	static const int counts[] = {0, 1, 7, TICKET_MAX_SEGMENTS};
	struct buf text = BUF_INIT;
	struct job_file j, got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		j = sample(counts[i]);
		buf_reset(&text);
		job_file_format(&text, &j);
		assert_true(text.len <= TICKET_MAX_BYTES);
		if (job_file_parse(&got, text.data, text.len, &e) == -1)
			fail_msg("%s", e.text);
		assert_int_equal(got.job, j.job);
		assert_int_equal(got.generation, j.generation);
		assert_int_equal(got.segment_count, counts[i]);
		assert_memory_equal(got.segments, j.segments,
		    (size_t)counts[i] * sizeof(*j.segments));
		job_file_release(&got);
		job_file_release(&j);
	}
	buf_release(&text);
}

static void
anything_else_is_no_job_file(void **state)
{
	static const char *const changes[][2] = {
	    {"{\"job\"", "[\"job\""},
	    {"\"00000000000000cc\"", "\"cc\""},
	    {"\"generation\":3", "\"generation\":-3"},
	    {"\"generation\":3,", ""},
	    {"\"segments\":[", "\"segments\":[1,"},
	    {"\"segments\":[", "\"segments\":{},\"x\":["},
	    {"\"sha256\":\"00", "\"sha256\":\"0"},
	    {"\"first\":1,", "\"first\":11,"},
	    {"\"first\":11,", "\"first\":10,"},
	    {"\"last\":20", "\"last\":9"},
	    {"\"bytes\":", "\"octets\":"},
	};
	struct buf text = BUF_INIT, odd = BUF_INIT;
	struct job_file j = sample(2), got;
	const char *at;
	struct err e;
	size_t i;

	(void)state;
	job_file_format(&text, &j);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		at = strstr(text.data, changes[i][0]);
		assert_non_null(at);
		buf_reset(&odd);
		buf_add(&odd, text.data, (size_t)(at - text.data));
		buf_adds(&odd, changes[i][1]);
		buf_adds(&odd, at + strlen(changes[i][0]));
		if (job_file_parse(&got, odd.data, odd.len, &e) == 0)
			fail_msg("taken: %s", odd.data);
		assert_int_equal(e.cls, ERR_REFUSED);
		assert_null(got.segments);
	}
	for (i = 0; i < text.len - 1; i++)
		assert_int_equal(job_file_parse(&got, text.data, i, NULL), -1);
	job_file_release(&j);
	buf_release(&text);
	buf_release(&odd);
}

static void
keys_of_a_newer_master_are_ignored(void **state)
{
	static const char text[] =
	    "{\"new\":{},\"job\":\"00000000000000cc\",\"generation\":0,"
	    "\"segments\":[{\"new\":[],\"sha256\":"
	    "\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48"
	    "81\",\"first\":1,\"last\":1,\"bytes\":0}]}";
	struct job_file got;

	(void)state;
	assert_int_equal(job_file_parse(&got, text, strlen(text), NULL), 0);
	assert_int_equal(got.segment_count, 1);
	job_file_release(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_job_file_is_read_as_it_was_written),
	    cmocka_unit_test(anything_else_is_no_job_file),
	    cmocka_unit_test(keys_of_a_newer_master_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
