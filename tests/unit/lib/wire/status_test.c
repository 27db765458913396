/* lib/wire/status: never too long, never more than is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/wire/status.h"

#define EPOCH 0x5f3c9a01d2e4b677

static struct status *
sample(void)
{
	struct status *s = status_new();

	s->generation = 0x1111;
	s->serial = 1795352981;
	s->wire_max = s->wire_min = 1;
	s->heartbeat_ms = 10000;
	s->hold = true;
	text_copy(s->reason, sizeof(s->reason), "disk of the master is full");
	s->epoch = EPOCH;
	s->lease_count = 2;
	s->leases[0] = 0xaa;
	s->leases[1] = UINT64_MAX;
	s->epoch_count = 1;
	s->epochs[0].epoch = EPOCH;
	s->epochs[0].below = 10;
	s->epochs[0].above_count = 2;
	s->epochs[0].above[0] = (struct seq_range){12, 14};
	s->epochs[0].above[1] = (struct seq_range){20, 20};
	s->epochs[0].refused_count = 1;
	s->epochs[0].refused[0].seq = 13;
	text_copy(s->epochs[0].refused[0].reason, STATUS_REASON_MAX,
	    "an unknown key in a 'unit' record");
	return s;
}

static struct status *
through(const struct status *s)
{
	struct status *got = status_new();
	struct buf text = BUF_INIT;
	struct err e;

	status_format(&text, s);
	assert_true(text.len <= STATUS_MAX_BYTES);
	if (status_parse(got, text.data, text.len, &e) == -1)
		fail_msg("%s in %s", e.text, text.data);
	buf_release(&text);
	return got;
}

static void
a_status_is_read_as_it_was_written(void **state)
{
	struct status *s = sample(), *got = through(s);

	(void)state;
	assert_memory_equal(s, got, sizeof(*s));
	status_free(got);
	s->stop = s->new_epoch = true;
	s->epoch = 0;
	s->lease_count = s->epoch_count = 0;
	memset(s->leases, 0, sizeof(s->leases));
	memset(s->epochs, 0, sizeof(s->epochs));
	got = through(s);
	assert_memory_equal(s, got, sizeof(*s));
	status_free(got);
	status_free(s);
}

static void
the_keys_stand_in_the_order_of_the_protocol(void **state)
{
	static const char *const order[] = {"\"generation\"", "\"serial\"",
	    "\"wire_max\"", "\"wire_min\"", "\"heartbeat_ms\"", "\"hold\"",
	    "\"stop\"", "\"new_epoch\"", "\"reason\"", "\"epoch\"",
	    "\"leases\"", "\"epochs\"", "\"below\"", "\"above\"",
	    "\"refused\""};
	struct status *s = sample();
	struct buf text = BUF_INIT;
	const char *at, *next;
	size_t i;

	(void)state;
	status_format(&text, s);
	for (i = 0, at = text.data; i < 15; i++, at = next) {
		next = strstr(at, order[i]);
		assert_non_null(next);
	}
	buf_release(&text);
	status_free(s);
}

static void
one_bundle_is_covered_refused_or_not_mentioned(void **state)
{
	static const struct {
		uint64_t epoch, seq;
		enum status_word want;
	} cases[] = {
	    {EPOCH, 1, WORD_COVERED},
	    {EPOCH, 10, WORD_COVERED},
	    {EPOCH, 11, WORD_NOTHING},
	    {EPOCH, 12, WORD_COVERED},
	    {EPOCH, 13, WORD_REFUSED},
	    {EPOCH, 14, WORD_COVERED},
	    {EPOCH, 15, WORD_NOTHING},
	    {EPOCH, 20, WORD_COVERED},
	    {EPOCH, 21, WORD_NOTHING},
	    {EPOCH, 0, WORD_NOTHING},
	    {EPOCH + 1, 1, WORD_NOTHING},
	};
	struct status *s = sample();
	const char *reason = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    status_of(s, cases[i].epoch, cases[i].seq, &reason),
		    cases[i].want);
	assert_string_equal(reason, "an unknown key in a 'unit' record");
	assert_true(status_has_lease(s, 0xaa));
	assert_false(status_has_lease(s, 0xab));
	status_free(s);
}

/* As much as a struct can hold, and reasons that JSON makes longer. */
static void
fill(struct status *s, uint64_t spread)
{
	uint64_t seq = 0;
	int i, k;

	memset(s->reason, '"', STATUS_REASON_MAX);
	s->lease_count = STATUS_MAX_LEASES;
	for (i = 0; i < STATUS_MAX_LEASES; i++)
		s->leases[i] = random_u64();
	s->epoch_count = STATUS_MAX_EPOCHS;
	for (i = 0; i < STATUS_MAX_EPOCHS; i++) {
		struct status_epoch *ep = &s->epochs[i];

		ep->epoch = random_u64();
		ep->below = seq = 1 + random_below(spread);
		ep->above_count = (int)random_below(STATUS_MAX_RANGES + 1);
		for (k = 0; k < ep->above_count; k++) {
			ep->above[k].first = seq += 2 + random_below(spread);
			ep->above[k].last = seq += random_below(spread);
		}
		ep->refused_count = (int)random_below(STATUS_MAX_REFUSED + 1);
		seq = 0;
		for (k = 0; k < ep->refused_count; k++) {
			ep->refused[k].seq = seq += 1 + random_below(spread);
			memset(ep->refused[k].reason, "\\\x01\xff\"x"[k % 5],
			    random_below(STATUS_REASON_MAX + 1));
		}
	}
}

/* What is said after leaving out must be a part of what was to be said. */
static void
assert_says_no_more(const struct status *got, const struct status *s)
{
	const struct status_epoch *ep;
	enum status_word said, meant;
	uint64_t seq;
	int i, k;

	for (i = 0; i < got->epoch_count; i++) {
		ep = &s->epochs[i];
		assert_int_equal(got->epochs[i].epoch, ep->epoch);
		for (seq = 1; seq < 400; seq++) {
			said = status_of(got, ep->epoch, seq, NULL);
			meant = status_of(s, ep->epoch, seq, NULL);
			if (said != WORD_NOTHING && said != meant)
				fail_msg("epoch %d seq %ju", i, (uintmax_t)seq);
		}
		for (k = 0; k < ep->refused_count; k++)
			assert_int_not_equal(
			    status_of(got, ep->epoch, ep->refused[k].seq, NULL),
			    WORD_COVERED);
	}
}

static void
what_has_no_room_is_left_out_and_nothing_is_covered_wrongly(void **state)
{
	struct status *s, *got;
	int round;

	(void)state;
	for (round = 0; round < 200; round++) {
		s = sample();
		fill(s, round % 2 ? 5 : 1ull << 40);
		got = through(s);
		assert_int_equal(got->lease_count, STATUS_MAX_LEASES);
		assert_memory_equal(got->leases, s->leases, sizeof(s->leases));
		assert_true(got->epoch_count < STATUS_MAX_EPOCHS);
		assert_true(got->epoch_count > 0);
		assert_says_no_more(got, s);
		status_free(got);
		status_free(s);
	}
}

static void
reasons_are_cleaned_for_people(void **state)
{
	struct status *s = sample(), *got;

	(void)state;
	text_copy(s->reason, sizeof(s->reason), "a\nb\x1b[1m\xff");
	got = through(s);
	assert_string_equal(got->reason, "a\\x0ab\\x1b[1m\\xff");
	status_free(got);
	status_free(s);
}

static void
keys_of_a_newer_master_are_ignored(void **state)
{
	struct status *s = sample(), *got = status_new();
	struct buf text = BUF_INIT, more = BUF_INIT;
	char *at;

	(void)state;
	status_format(&text, s);
	at = strstr(text.data, "\"below\"");
	buf_adds(&more, "{\"colours\":[{\"a\":[1]}],");
	buf_add(&more, text.data + 1, (size_t)(at - text.data) - 1);
	buf_adds(&more, "\"shape\":null,");
	buf_adds(&more, at);
	assert_int_equal(status_parse(got, more.data, more.len, NULL), 0);
	assert_memory_equal(s, got, sizeof(*s));
	buf_release(&text);
	buf_release(&more);
	status_free(got);
	status_free(s);
}

static void
assert_refused(struct status *s, const struct buf *text)
{
	static const struct status none;
	struct err e = {0};

	memset(s, 0x55, sizeof(*s));
	if (status_parse(s, text->data, text->len, &e) == 0)
		fail_msg("taken: %.300s", text->data);
	assert_int_equal(e.cls, ERR_REFUSED);
	assert_memory_equal(s, &none, sizeof(*s));
}

/* "with" in place of the first "what". */
static void
replace(
    struct buf *out, const struct buf *text, const char *what, const char *with)
{
	const char *at = strstr(text->data, what);

	assert_non_null(at);
	buf_reset(out);
	buf_add(out, text->data, (size_t)(at - text->data));
	buf_adds(out, with);
	buf_adds(out, at + strlen(what));
}

static void
anything_else_is_no_status(void **state)
{
	static const char *const changes[][2] = {
	    {"\"generation\":\"0000000000001111\"", "\"generation\":null"},
	    {"\"0000000000001111\"", "\"1111\""},
	    {"\"generation\"", "\"degeneration\""},
	    {"\"serial\":1795352981", "\"serial\":-1"},
	    {"\"serial\":1795352981", "\"serial\":1.5"},
	    {"\"serial\":1795352981", "\"serial\":18446744073709551615"},
	    {"\"wire_min\":1", "\"wire_min\":2"},
	    {"\"wire_min\":1", "\"wire_min\":0"},
	    {"\"heartbeat_ms\":10000", "\"heartbeat_ms\":0"},
	    {"\"hold\":true", "\"hold\":1"},
	    {"\"stop\":false", "\"stop\":null"},
	    {"\"new_epoch\"", "\"old_epoch\""},
	    {"\"leases\":[", "\"leases\":[null,"},
	    {"\"leases\":[", "\"leases\":{},\"x\":["},
	    {"\"00000000000000aa\"", "\"00000000000000AA\""},
	    {"\"below\":10", "\"below\":\"10\""},
	    {"[12,14]", "[14,12]"},
	    {"[12,14]", "[0,14]"},
	    {"[12,14]", "[12]"},
	    {"[12,14]", "[12,14,16]"},
	    {"[12,14]", "12"},
	    {"\"seq\":13", "\"seq\":0"},
	    {"\"refused\":[", "\"refused\":[1,"},
	    {"\"epochs\":[", "\"epochs\":[[],"},
	    {"\"epochs\":[", "\"epochs\":[[[[[[[[[[]]]]]]]]],"},
	};
	struct status *s = sample();
	struct buf text = BUF_INIT, odd = BUF_INIT;
	size_t i;

	(void)state;
	status_format(&text, s);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		replace(&odd, &text, changes[i][0], changes[i][1]);
		assert_refused(s, &odd);
	}
	/* Without its last byte, the newline, it is whole. */
	for (odd.len = 0; odd.len < text.len - 1; odd.len++) {
		struct buf cut = {text.data, odd.len, 0};

		assert_refused(s, &cut);
	}
	buf_release(&text);
	buf_release(&odd);
	status_free(s);
}

static void
lists_over_their_limits_are_no_status(void **state)
{
	static const struct {
		const char *list, *item;
		int limit;
	} lists[] = {
	    {"\"leases\":[", "\"00000000000000aa\",", STATUS_MAX_LEASES - 2},
	    {"\"above\":[", "[1,1],", STATUS_MAX_RANGES - 2},
	    {"\"refused\":[", "{\"seq\":1,\"reason\":\"\"},",
		STATUS_MAX_REFUSED - 1},
	};
	struct status *s = sample();
	struct buf text = BUF_INIT, more = BUF_INIT, odd = BUF_INIT;
	size_t i;
	int k;

	(void)state;
	status_format(&text, s);
	for (i = 0; i < 3; i++) {
		buf_reset(&more);
		buf_adds(&more, lists[i].list);
		for (k = 0; k < lists[i].limit; k++)
			buf_adds(&more, lists[i].item);
		replace(&odd, &text, lists[i].list, buf_text(&more));
		assert_int_equal(status_parse(s, odd.data, odd.len, NULL), 0);
		buf_adds(&more, lists[i].item);
		replace(&odd, &text, lists[i].list, buf_text(&more));
		assert_refused(s, &odd);
	}
	buf_reset(&odd);
	buf_add(&odd, text.data, text.len);
	while (odd.len <= STATUS_MAX_BYTES)
		buf_addc(&odd, ' ');
	assert_refused(s, &odd);
	buf_release(&text);
	buf_release(&more);
	buf_release(&odd);
	status_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_status_is_read_as_it_was_written),
	    cmocka_unit_test(the_keys_stand_in_the_order_of_the_protocol),
	    cmocka_unit_test(one_bundle_is_covered_refused_or_not_mentioned),
	    cmocka_unit_test(
		what_has_no_room_is_left_out_and_nothing_is_covered_wrongly),
	    cmocka_unit_test(reasons_are_cleaned_for_people),
	    cmocka_unit_test(keys_of_a_newer_master_are_ignored),
	    cmocka_unit_test(anything_else_is_no_status),
	    cmocka_unit_test(lists_over_their_limits_are_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
