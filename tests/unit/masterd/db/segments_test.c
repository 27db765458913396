/* Which units go into which segment (PROTOCOL 33). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/segments.h"
#include "tests/unit/masterd/farm.h"

/* "count" new units of "bytes" each. */
static void
add_units(struct farm *f, int target, int count, int bytes)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO unit (target, sha256, bytes, features, "
	    "bot, added_ms) SELECT %d, randomblob(32), %d, 1, 1, 1 FROM n",
	    count, target, bytes);
	farm_sql(f, sql);
}

/* Make the next segment; its number of units, 0 when none is due. */
static int
pack(struct farm *f)
{
	struct segment_plan p;
	struct segment s = {.bytes = 100};
	uint64_t newest;
	int count;

	assert_int_equal(segments_newest(f->db, &newest, NULL), 0);
	if (segments_next(f->db, newest, 0, &p, NULL) == 0)
		return 0;
	s.first = p.first;
	s.last = (uint64_t)p.units[p.count - 1].serial;
	assert_int_equal(segments_add(f->db, &p, &s, NULL), 0);
	count = p.count;
	free(p.units);
	return count;
}

static const char *
segments(struct farm *f)
{
	return farm_text(f,
	    "SELECT coalesce(group_concat(first || '-' || last || ':' || "
	    "units), '') FROM (SELECT * FROM segment ORDER BY target, first)");
}

static void
nothing_is_packed_that_nobody_works_on(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	add_units(f, 1, 5, 10);
	farm_sql(f, "UPDATE job SET status = 'paused'");
	assert_int_equal(pack(f), 0);
	farm_sql(f, "UPDATE job SET status = 'running'");
	assert_int_equal(pack(f), 5);
	assert_int_equal(pack(f), 0);
}

static void
small_segments_are_taken_in_again(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	add_units(f, 1, 100, 10);
	assert_int_equal(pack(f), 100);
	/* 100 > 2 * 40: left alone. */
	add_units(f, 1, 40, 10);
	assert_int_equal(pack(f), 40);
	assert_string_equal(segments(f), "1-100:100,101-140:40");
	/* 40 <= 2 * 30: taken in; then 100 <= 2 * 70: that, too. */
	add_units(f, 1, 30, 10);
	assert_int_equal(pack(f), 170);
	assert_string_equal(segments(f), "1-170:170");
	add_units(f, 1, 1000, 10);
	assert_int_equal(pack(f), 1000);
	assert_string_equal(segments(f), "1-170:170,171-1170:1000");
}

static void
a_segment_has_at_most_1024_units_or_8_mib(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	add_units(f, 1, 1500, 10);
	assert_int_equal(pack(f), 1024);
	assert_int_equal(pack(f), 476);
	assert_int_equal(pack(f), 0);
	add_units(f, 1, 30, 1 << 20);
	assert_int_equal(pack(f), 8);
	assert_int_equal(pack(f), 8);
	assert_int_equal(pack(f), 8);
	assert_int_equal(pack(f), 6);
	assert_int_equal(pack(f), 0);
	/* One that is larger than a segment is a segment. */
	add_units(f, 1, 2, 64 << 20);
	assert_int_equal(pack(f), 1);
	assert_int_equal(pack(f), 1);
	assert_int_equal(pack(f), 0);
}

static void
a_segment_that_does_not_fit_whole_is_left_alone(void **state)
{
	struct farm *f = *state;
	int rounds;

	/* 500 units that deflate to nothing, and 300 more: packed, they are
	 * small; as they are, 800 are over 8 MiB. */
	farm_job(f);
	add_units(f, 1, 200, 40000);
	assert_int_equal(pack(f), 200);
	add_units(f, 1, 150, 40000);
	for (rounds = 0; pack(f) != 0; rounds++)
		assert_true(rounds < 10);
	assert_int_equal(farm_number(f, "SELECT sum(units) FROM segment"), 350);
}

static void
every_unit_is_in_exactly_one_segment_whatever_comes(void **state)
{
	struct farm *f = *state;
	unsigned seed = 7;
	int i;

	farm_job(f);
	for (i = 0; i < 60; i++) {
		add_units(
		    f, 1, 1 + rand_r(&seed) % 300, 1 + rand_r(&seed) % 60000);
		if (rand_r(&seed) % 3 == 0)
			continue;
		pack(f);
	}
	while (pack(f) != 0)
		;
	assert_int_equal(farm_number(f,
			     "SELECT count(*) FROM unit u WHERE 1 <> (SELECT "
			     "count(*) FROM segment s WHERE u.id BETWEEN "
			     "s.first AND s.last)"),
	    0);
	assert_int_equal(
	    farm_number(f,
		"SELECT (SELECT sum(units) FROM segment) = (SELECT count(*) "
		"FROM unit)"),
	    1);
	assert_in_range(
	    farm_number(f, "SELECT max(units) FROM segment"), 1, SEGMENT_UNITS);
}

static void
a_target_that_never_rests_does_not_starve_another(void **state)
{
	struct farm *f = *state;
	int i;

	farm_job(f);
	farm_sql(f,
	    "INSERT INTO target (id, project, name, generation, added_ms) "
	    "VALUES (2, 1, 'deflate', 1, 1); INSERT INTO job (job, target, "
	    "build, current, engine, sanitizer, created_by, created_ms) "
	    "VALUES ('bbbbbbbbbbbbbbbb', 2, 1, 1, 'libfuzzer', 'address', "
	    "'user:x', 1)");
	add_units(f, 1, 10, 10);
	add_units(f, 2, 10, 10);
	for (i = 0; i < 3; i++) {
		assert_int_not_equal(pack(f), 0);
		add_units(f, 1, 10, 10);
	}
	assert_int_equal(farm_number(f,
			     "SELECT sum(units) FROM segment WHERE target = "
			     "2"),
	    10);
}

static void
a_target_that_cannot_be_packed_can_be_passed_over(void **state)
{
	struct farm *f = *state;
	struct segment_plan p;

	farm_job(f);
	add_units(f, 1, 10, 10);
	assert_int_equal(segments_next(f->db, 100, 1, &p, NULL), 0);
	/* And units that came later wait for the next time. */
	assert_int_equal(segments_next(f->db, 0, 0, &p, NULL), 0);
	assert_int_equal(segments_next(f->db, 1, 0, &p, NULL), 1);
	assert_int_equal(p.count, 10);
	assert_string_equal(p.project.text, "zlib");
	assert_string_equal(p.name.text, "inflate");
	free(p.units);
}

/* "first-last" of each segment that the job's file lists. */
static const char *
listed(struct farm *f)
{
	struct job_file j = {.job = 0xabcdefabcdefabcd};
	static char text[200];
	size_t used = 0;
	int i;

	text[0] = '\0';
	assert_int_equal(segments_job_file(f->db, &j, NULL), 0);
	for (i = 0; i < j.segment_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%ju-%ju ", (uintmax_t)j.segments[i].first,
		    (uintmax_t)j.segments[i].last);
	job_file_release(&j);
	return text;
}

static void
a_job_file_lists_the_segments_of_its_generation(void **state)
{
	struct farm *f = *state;

	farm_job(f);
	farm_sql(f, "UPDATE job SET job = 'abcdefabcdefabcd'");
	assert_string_equal(listed(f), "");
	add_units(f, 1, 1024, 10);
	pack(f);
	add_units(f, 1, 3, 10);
	pack(f);
	assert_string_equal(listed(f), "1-1024 1025-1027 ");
	/* After pruning: another generation, nothing packed yet. */
	farm_sql(f, "UPDATE target SET generation = generation + 1");
	assert_string_equal(listed(f), "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(nothing_is_packed_that_nobody_works_on),
	    T(small_segments_are_taken_in_again),
	    T(a_segment_has_at_most_1024_units_or_8_mib),
	    T(a_segment_that_does_not_fit_whole_is_left_alone),
	    T(every_unit_is_in_exactly_one_segment_whatever_comes),
	    T(a_target_that_never_rests_does_not_starve_another),
	    T(a_target_that_cannot_be_packed_can_be_passed_over),
	    T(a_job_file_lists_the_segments_of_its_generation),
	};

	return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
