/* Hits by the hour: packed, added, never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "masterd/db/crash_json.h"
#include "masterd/db/hits.h"
#include "tests/unit/masterd/farm.h"

#define HOUR 3600000ull
#define DAY  (24 * HOUR)

static void
what_is_packed_comes_out_again(void **state)
{
	uint64_t in[HITS_HOURS] = {0, 1, 127, 128, 300, 1ull << 40, UINT64_MAX};
	uint64_t out[HITS_HOURS];
	uint8_t bytes[HITS_BYTES];
	size_t len;

	(void)state;
	in[23] = 9;
	len = hits_pack(bytes, in);
	assert_in_range(len, 24, HITS_BYTES);
	hits_unpack(out, bytes, len);
	assert_memory_equal(in, out, sizeof(in));
	memset(in, 0, sizeof(in));
	assert_int_equal(hits_pack(bytes, in), 24);
	/* Cut or odd: the rest is zeros, nothing is read behind it. */
	memset(bytes, 0xff, sizeof(bytes));
	hits_unpack(out, bytes, sizeof(bytes));
	hits_unpack(out, bytes, 1);
	assert_int_equal(out[0], 127);
	assert_int_equal(out[1], 0);
	hits_unpack(out, bytes, 0);
	assert_int_equal(out[0], 0);
}

static const char *
hours(struct farm *f)
{
	return farm_text(f,
	    "SELECT group_concat(d.day || '-' || h.key || ':' || h.value, ' ')"
	    " FROM signature_day d, json_each(hits_json(d.hours)) h"
	    " WHERE h.value > 0");
}

static void
hits_are_of_their_hour_and_of_all(void **state)
{
	struct farm *f = *state;
	const uint64_t now = 20000 * DAY + 5 * HOUR + 7;

	farm_job(f);
	farm_sql(f,
	    "INSERT INTO bucket (id, project, number, type, state, security,"
	    " first_ms, last_ms) VALUES (1, 1, 1, 'T', 's', 0, 1, 1);"
	    "INSERT INTO signature (id, project, signature, security, bucket)"
	    " VALUES (1, 1, zeroblob(32), 0, 1)");
	assert_int_equal(hits_add(f->db, 1, 1, now, now, NULL), 0);
	assert_int_equal(hits_add(f->db, 1, 300, now, now, NULL), 0);
	assert_int_equal(hits_add(f->db, 1, 2, now - 5 * HOUR, now, NULL), 0);
	assert_int_equal(hits_add(f->db, 1, 4, now - 6 * HOUR, now, NULL), 0);
	assert_string_equal(hours(f), "19999-23:4 20000-0:2 20000-5:301");
	/* A bot's clock that is a year off. */
	assert_int_equal(hits_add(f->db, 1, 1, now + 1, now, NULL), 0);
	assert_int_equal(hits_add(f->db, 1, 1, 5, now, NULL), 0);
	assert_string_equal(hours(f), "19999-23:4 20000-0:2 20000-5:303");
	assert_int_equal(farm_number(f, "SELECT hits FROM signature"), 309);
	assert_int_equal(
	    farm_number(f, "SELECT sum(hits_sum(hours)) FROM signature_day"),
	    309);
}

/* ---- how sure -------------------------------------------------------- */

static void
a_rate_has_wilsons_bounds(void **state)
{
	double low, high;

	(void)state;
	crash_rate(0, 0, &low, &high);
	assert_true(low == 0 && high == 1);
	crash_rate(10, 10, &low, &high);
	assert_true(low > 0.722 && low < 0.723 && high == 1);
	crash_rate(10, 5, &low, &high);
	assert_true(low > 0.236 && low < 0.237);
	assert_true(high > 0.763 && high < 0.764);
	crash_rate(10, 0, &low, &high);
	assert_true(low == 0 && high > 0.277 && high < 0.278);
	crash_rate(3, 9, &low, &high); /* no bot's word is trusted */
	assert_true(low > 0 && high <= 1);
}

static void
options_of_sanitizers_are_told_apart(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	crash_json_options(&out, NULL,
	    "PATH=/bin\nASAN_OPTIONS=a=1:b=\"2\"\nSAN_OPTIONS=x\nnothing\n"
	    "UBSAN_OPTIONS=");
	assert_string_equal(buf_text(&out),
	    "{\"ASAN_OPTIONS\":\"a=1:b=\\\"2\\\"\",\"UBSAN_OPTIONS\":\"\"}");
	buf_reset(&out);
	crash_json_lines(&out, NULL, "\na\n\nb");
	assert_string_equal(buf_text(&out), "[\"a\",\"b\"]");
	buf_release(&out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, farm_setup, farm_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_packed_comes_out_again),
	    T(hits_are_of_their_hour_and_of_all),
	    cmocka_unit_test(a_rate_has_wilsons_bounds),
	    cmocka_unit_test(options_of_sanitizers_are_told_apart),
	};

	return cmocka_run_group_tests_name("hits", tests, NULL, NULL);
}
